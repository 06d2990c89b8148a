/* What `scan` asks (--checks), and with whose account it may log in (--smb-user and its kin). */
#ifndef WORMSIGN_CLI_SCAN_LOGIN_H
#define WORMSIGN_CLI_SCAN_LOGIN_H

#include <stdbool.h>

#include "cli/verbs.h"
#include "scan/probe.h"
#include "scan/smb_accounts.h"

enum { SCAN_PASSWORD_SIZE = 513 }; /* with its NUL; Windows takes 127 characters */

struct scan_login_options {
    const char *checks; /* NULL: all */
    const char *user, *domain, *password_file;
    bool ntlmv1;
};

/* Its rows, for a verb whose settings have it as `field`. */
#define SCAN_LOGIN_ROWS(settings, field)                                                           \
    {.name = "checks",                                                                             \
     .value = "LIST",                                                                              \
     .help = "what to ask, of p2p, smb and netbios, separated by commas; default: all",            \
     .kind = OPTION_TEXT,                                                                          \
     .into = offsetof(settings, field.checks)},                                                    \
        {.name = "smb-user",                                                                       \
         .value = "NAME",                                                                          \
         .help = "log in as this user where nobody else gets an answer; an infected host sees "    \
                 "the response to its challenge",                                                  \
         .kind = OPTION_TEXT,                                                                      \
         .into = offsetof(settings, field.user)},                                                  \
        {.name = "smb-domain",                                                                     \
         .value = "NAME",                                                                          \
         .help = "of this domain; default: the host's own accounts",                               \
         .kind = OPTION_TEXT,                                                                      \
         .into = offsetof(settings, field.domain)},                                                \
        {.name = "smb-password-file",                                                              \
         .value = "FILE",                                                                          \
         .help = "with the password in the first line of this file; else it is taken from "        \
                 "WORMSIGN_SMB_PASSWORD, or asked for on the terminal",                            \
         .kind = OPTION_TEXT,                                                                      \
         .into = offsetof(settings, field.password_file)},                                         \
    {                                                                                              \
        .name = "ntlmv1",                                                                          \
        .help = "answer by NTLMv1, for hosts older than NTLMv2: whoever hears "                    \
                "it can find the password",                                                        \
        .kind = OPTION_FLAG, .into = offsetof(settings, field.ntlmv1)                              \
    }

/* The probes that are named, in their own order. EXIT_DONE, or it is said what is wrong. */
enum exit_code scan_checks_read(const struct call *call, const struct scan_login_options *o,
                                const struct probe *out[PROBES_MAX], size_t *count);

/* Fills *out, which borrows the options and the password; user stays NULL without --smb-user. */
enum exit_code scan_login_read(const struct call *call, const struct scan_login_options *o,
                               char password[static SCAN_PASSWORD_SIZE], struct smb_accounts *out);

#endif
