/* --real-ip-file: which host knows itself by which address, a pair a line. */
#ifndef WORMSIGN_CLI_SCAN_REAL_H
#define WORMSIGN_CLI_SCAN_REAL_H

#include "cli/verbs.h"
#include "scan/real_addresses.h"

/* EXIT_DONE, or it is said what is wrong. *out is NULL without a path; real_addresses_free. */
enum exit_code scan_real_read(const struct call *call, const char *path,
                              struct real_addresses **out);

#endif
