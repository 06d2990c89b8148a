/* A password never stands on the command line, where everybody on the machine can read it. */
#include "cli/scan_login.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cli/running.h"

#define PASSWORD_VARIABLE "WORMSIGN_SMB_PASSWORD"

static bool is_word(const char *word, size_t size, const char *id)
{
    return strlen(id) == size && strncmp(word, id, size) == 0;
}

enum exit_code scan_checks_read(const struct call *call, const struct scan_login_options *o,
                                const struct probe *out[PROBES_MAX], size_t *count)
{
    bool chosen[PROBES_MAX] = {false};
    for (const char *at = o->checks; at != NULL;) {
        size_t size = strcspn(at, ",");
        unsigned found = 0;
        while (found < probe_count && !is_word(at, size, probes[found]->id))
            found++;
        if (found == probe_count)
            return call_is_wrong(call,
                                 "there is no check called '%.*s'; `wormsign list probes` "
                                 "names them",
                                 (int)size, at);
        chosen[found] = true;
        at = at[size] == ',' ? at + size + 1 : NULL;
    }
    *count = 0;
    for (unsigned i = 0; i < probe_count; i++)
        if (chosen[i] || o->checks == NULL)
            out[(*count)++] = probes[i];
    return EXIT_DONE;
}

/* The first line; false, which is said, where there is none or it is too long. */
static bool read_line(const struct call *call, FILE *in, const char *name,
                      char password[static SCAN_PASSWORD_SIZE])
{
    if (fgets(password, SCAN_PASSWORD_SIZE, in) == NULL) {
        console_complain(call->console, "%s: no password is there", name);
        return false;
    }
    size_t size = strcspn(password, "\r\n");
    bool whole = password[size] != '\0' || feof(in);
    password[size] = '\0';
    if (!whole)
        console_complain(call->console, "%s: the password is longer than %d bytes", name,
                         SCAN_PASSWORD_SIZE - 1);
    return whole;
}

static bool read_file(const struct call *call, const char *path,
                      char password[static SCAN_PASSWORD_SIZE])
{
    FILE *in = fopen(path, "re");
    if (in == NULL) {
        console_complain(call->console, "%s: %s", path, strerror(errno));
        return false;
    }
    bool good = read_line(call, in, path, password);
    (void)fclose(in);
    return good;
}

/* Asks on the terminal, without showing what is typed. */
static bool ask(const struct call *call, const char *user, char password[static SCAN_PASSWORD_SIZE])
{
    struct termios shown, hidden;
    FILE *terminal = fopen("/dev/tty", "r+e");
    if (terminal == NULL || tcgetattr(fileno(terminal), &shown) != 0) {
        console_complain(call->console, "there is no terminal to ask for the password on: use "
                                        "--smb-password-file or " PASSWORD_VARIABLE);
        if (terminal != NULL)
            (void)fclose(terminal);
        return false;
    }
    running_watch_signals(); /* Ctrl-C must not leave a terminal that shows nothing */
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    /* Before anything is asked: what is typed at once must be neither shown nor thrown away. */
    (void)tcsetattr(fileno(terminal), TCSAFLUSH, &hidden);
    (void)fprintf(terminal, "Password of ");
    for (const char *c = user; *c != '\0'; c++)
        (void)fputc((unsigned char)*c < ' ' || *c == 0x7f ? '?' : *c, terminal);
    (void)fprintf(terminal, ": ");
    (void)fflush(terminal);
    bool good = read_line(call, terminal, "the terminal", password);
    (void)tcsetattr(fileno(terminal), TCSAFLUSH, &shown);
    (void)fputc('\n', terminal);
    (void)fclose(terminal);
    return good;
}

static bool read_password(const struct call *call, const struct scan_login_options *o,
                          char password[static SCAN_PASSWORD_SIZE])
{
    const char *given = getenv(PASSWORD_VARIABLE);
    if (o->password_file != NULL)
        return read_file(call, o->password_file, password);
    if (given == NULL)
        return ask(call, o->user, password);
    int size = snprintf(password, SCAN_PASSWORD_SIZE, "%s", given);
    if (size < SCAN_PASSWORD_SIZE)
        return true;
    console_complain(call->console, PASSWORD_VARIABLE " is longer than %d bytes",
                     SCAN_PASSWORD_SIZE - 1);
    return false;
}

enum exit_code scan_login_read(const struct call *call, const struct scan_login_options *o,
                               char password[static SCAN_PASSWORD_SIZE], struct smb_accounts *out)
{
    *out = (struct smb_accounts){.user = o->user,
                                 .domain = o->domain != NULL ? o->domain : "",
                                 .password = password,
                                 .ntlmv1 = o->ntlmv1};
    if (o->user == NULL && (o->domain != NULL || o->password_file != NULL || o->ntlmv1))
        return call_is_wrong(call, "--smb-domain, --smb-password-file and --ntlmv1 go with "
                                   "--smb-user");
    if (o->user == NULL)
        return EXIT_DONE;
    if (!read_password(call, o, password))
        return EXIT_FAILED;
    console_note(call->console, "a host that is infected sees what is sent to log in: use an "
                                "account that has no rights elsewhere, and change its password "
                                "afterwards");
    return EXIT_DONE;
}
