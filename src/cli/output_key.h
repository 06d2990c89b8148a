/* The file of --anonymise, whose bytes choose the addresses that stand for others. */
#ifndef WORMSIGN_CLI_OUTPUT_KEY_H
#define WORMSIGN_CLI_OUTPUT_KEY_H

#include "cli/verbs.h"

struct anonymiser;

/* EXIT_DONE and *out, for anonymiser_free; or it is said what is wrong. */
enum exit_code output_key_read(const struct call *call, const char *path, struct anonymiser **out);

#endif
