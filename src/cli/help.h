/* Help pages, the man page and shell completion: all made from the tables of verbs and options. */
#ifndef WORMSIGN_CLI_HELP_H
#define WORMSIGN_CLI_HELP_H

#include "cli/console.h"
#include "cli/verbs.h"

/* Columns of the left side, blanks included. */
enum { HELP_VERB_WIDTH = 14, HELP_OPTION_WIDTH = 18 };

/* The page without arguments: what this is, the verbs, where to go on. */
enum exit_code help_overview(struct console *c);

/* The page of one verb. */
enum exit_code help_of_verb(struct console *c, const struct verb *verb);

/* "-h, --help" or "--week N" or "-iL FILE" for a row, in buffer; returns buffer. */
enum { HELP_SPELLINGS_SIZE = 96 };
const char *help_spellings(const struct option *option, char buffer[static HELP_SPELLINGS_SIZE]);

/* The bounds that the table knows: " (0 to 65535)" or "", in buffer; returns buffer. */
enum { HELP_BOUNDS_SIZE = 96 };
const char *help_bounds(const struct option *option, char buffer[static HELP_BOUNDS_SIZE]);

#endif
