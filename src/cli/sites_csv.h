/* --sites-csv: a list of whose networks these are, a line each: PREFIX,SITE,OWNER.
 *
 * Fields may stand in double quotes, in which two of them are one (RFC 4180); blanks round a field
 * are none of it. A first line that begins with "prefix" is a heading. */
#ifndef WORMSIGN_CLI_SITES_CSV_H
#define WORMSIGN_CLI_SITES_CSV_H

#include "cli/verbs.h"

struct store;

/* In place of the list that the store has, in the transaction that is open. EXIT_DONE, or it is
 * said what is wrong, and the transaction is to be given up. */
enum exit_code sites_csv_read(const struct call *call, const char *path, struct store *store);

#endif
