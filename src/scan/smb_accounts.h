/* The account that a person gave to log in with, and how often it was refused.
 *
 * Wrong passwords lock accounts, so after SMB_FAILURES_MAX refusals over all hosts nobody is asked
 * with it any more; and never more are under way than could still be refused. */
#ifndef WORMSIGN_SCAN_SMB_ACCOUNTS_H
#define WORMSIGN_SCAN_SMB_ACCOUNTS_H

#include <stdbool.h>

enum { SMB_FAILURES_MAX = 3 };

struct smb_accounts {
    const char *user, *domain, *password; /* UTF-8; user NULL: none is given */
    bool ntlmv1;                          /* by the old answer, which is easily broken */
    unsigned failures, under_way;
};

#endif
