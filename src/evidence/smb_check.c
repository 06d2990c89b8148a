/* What each end of a conversation means: its result, the words of 2009 and the reason.
 *
 * smb-check-vulns took "access denied" and "no such pipe" for likely clean; its successor tells
 * every failure as "not vulnerable". Neither was a test of anything, so here they are unknown. */
#include "evidence/smb_check.h"

#include <stddef.h>
#include <string.h>

#include "base/compiler.h"
#include "base/writer.h"
#include "evidence/sign.h"

struct cause {
    enum smb_result result;
    const char *words;  /* NULL: "UNKNOWN; got error ..." with the status or the stage */
    const char *reason; /* NULL: made of the status and the stage */
};

static const struct cause causes[SMB_CAUSES] = {
    [SMB_CAUSE_WORM_DE] = {SMB_INFECTED, "Likely INFECTED (by Conficker.D or higher)",
                           "its NetpwPathCanonicalize answers as that of Conficker D or E"},
    [SMB_CAUSE_WORM_DE_EMPTY] =
        {SMB_INFECTED, "Likely INFECTED (by Conficker.D or higher)",
         "its NetpwPathCanonicalize answers as that of Conficker D or E, but with an empty path, "
         "which is less certain"},
    [SMB_CAUSE_WORM_ABC] = {SMB_INFECTED, "Likely INFECTED (by Conficker.C or lower)",
                            "its NetpwPathCanonicalize answers as that of Conficker A, B or C"},
    [SMB_CAUSE_PATCHED] = {SMB_CLEAN, "Likely CLEAN",
                           "its NetpwPathCanonicalize answers as Microsoft's, with MS08-067"},
    [SMB_CAUSE_NOT_PATCHED] =
        {SMB_UNPATCHED, "Likely CLEAN",
         "its NetpwPathCanonicalize answers as Microsoft's, without MS08-067: it is open to the "
         "worm"},
    [SMB_CAUSE_OTHER_CODE] = {SMB_UNKNOWN, NULL, NULL},
    [SMB_CAUSE_NETWORK] = {SMB_UNKNOWN, NULL, NULL},
    [SMB_CAUSE_SMB1_OFF] = {SMB_UNKNOWN,
                            "UNKNOWN; got error Could not negotiate a connection:SMB: Failed to "
                            "receive bytes: EOF",
                            "SMB1 is off, and the question can only be asked over SMB1"},
    [SMB_CAUSE_NO_DIALECT] = {SMB_UNKNOWN, "UNKNOWN; got error Could not negotiate a connection",
                              "it speaks no dialect of SMB1 that the question can be asked in"},
    [SMB_CAUSE_NAME_REFUSED] =
        {SMB_UNKNOWN, "UNKNOWN; got error Could not negotiate a connection",
         "port 139 wants to be called by its NetBIOS name, and none that we know is its own"},
    [SMB_CAUSE_DENIED] = {SMB_UNKNOWN, "Likely CLEAN; access was denied.",
                          "access was denied to who is not logged in"},
    [SMB_CAUSE_DENIED_GIVEN] = {SMB_UNKNOWN, "Likely CLEAN; access was denied.",
                                "access was denied to the account that was given as well"},
    [SMB_CAUSE_LOGIN_FAILED] = {SMB_UNKNOWN, NULL, "it let nobody log in whom we tried"},
    [SMB_CAUSE_SIGNING] = {SMB_UNKNOWN, NULL,
                           "it demands that messages are signed, which this check does not do"},
    [SMB_CAUSE_NO_PIPE] = {SMB_UNKNOWN,
                           "UNKNOWN; not Windows, or Windows with disabled browser service "
                           "(CLEAN); or Windows with crashed browser service (possibly INFECTED).",
                           "no pipe leads to the service that would answer: no Windows, or a "
                           "service that is off or has crashed"},
    [SMB_CAUSE_PIPE_BUSY] =
        {SMB_UNKNOWN, "UNKNOWN; got error NT_STATUS_PIPE_NOT_AVAILABLE too many times; giving up.",
         "its pipes were busy each time they were asked for"},
    [SMB_CAUSE_SERVER_BUSY] = {SMB_UNKNOWN,
                               "UNKNOWN; got error SMB: ERROR: Server has too many active "
                               "connections; giving up.",
                               "it was busy each time it was asked"},
    [SMB_CAUSE_CROWDED] = {SMB_UNKNOWN,
                           "UNKNOWN; got error SMB: ERROR: Server has too many active "
                           "connections; giving up.",
                           "it takes no more connections"},
    [SMB_CAUSE_NO_SHARE] = {SMB_UNKNOWN,
                            "UNKNOWN; Network name not found (required service has crashed). "
                            "(Error NT_STATUS_BAD_NETWORK_NAME)",
                            "it has no IPC$: the service has crashed, or it is no Windows"},
    [SMB_CAUSE_STATUS] = {SMB_UNKNOWN, NULL, NULL},
    [SMB_CAUSE_BIND_REFUSED] = {SMB_UNKNOWN, "UNKNOWN; got error Bind() returned a fault",
                                "the service that would answer refused the interface"},
    [SMB_CAUSE_BIND_NAK] = {SMB_UNKNOWN, "UNKNOWN; got error Bind() returned a fault",
                            "the service that would answer refused to be bound"},
    [SMB_CAUSE_NO_CALL] = {SMB_UNKNOWN, "UNKNOWN; got error MSRPC call returned a fault",
                           "its service does not have the function that is asked about: no "
                           "Windows"},
    [SMB_CAUSE_FAULT] = {SMB_UNKNOWN, "UNKNOWN; got error MSRPC call returned a fault", NULL},
    [SMB_CAUSE_SHORT] = {SMB_UNKNOWN, NULL, "its answer to the question is too short to be read"},
    [SMB_CAUSE_GARBAGE] = {SMB_UNKNOWN, NULL, NULL},
    [SMB_CAUSE_ENDLESS] = {SMB_UNKNOWN, NULL, "its answers had no end, and were given up"},
};

static const char *const stages[SMB_STAGES] = {
    [SMB_STAGE_CONNECT] = "connecting",         [SMB_STAGE_NAME] = "calling it by its NetBIOS name",
    [SMB_STAGE_NEGOTIATE] = "negotiating",      [SMB_STAGE_LOGIN] = "logging in",
    [SMB_STAGE_TREE] = "opening IPC$",          [SMB_STAGE_PIPE] = "opening the pipe",
    [SMB_STAGE_BIND] = "binding the service",   [SMB_STAGE_FIRST] = "the first question",
    [SMB_STAGE_SECOND] = "the second question",
};

/* MS-ERREF 2.3.1; those that a server of the worm's days answers with. */
static const struct status {
    uint32_t number;
    const char *name;
} statuses[] = {
    {0xc0000002, "NT_STATUS_NOT_IMPLEMENTED"},
    {0xc000000d, "NT_STATUS_INVALID_PARAMETER"},
    {0xc0000022, "NT_STATUS_ACCESS_DENIED"},
    {0xc0000034, "NT_STATUS_OBJECT_NAME_NOT_FOUND"},
    {0xc000006d, "NT_STATUS_LOGON_FAILURE"},
    {0xc000006e, "NT_STATUS_ACCOUNT_RESTRICTION"},
    {0xc0000070, "NT_STATUS_INVALID_WORKSTATION"},
    {0xc0000071, "NT_STATUS_PASSWORD_EXPIRED"},
    {0xc0000072, "NT_STATUS_ACCOUNT_DISABLED"},
    {0xc00000ac, "NT_STATUS_PIPE_NOT_AVAILABLE"},
    {0xc00000ad, "NT_STATUS_PIPE_BUSY"},
    {0xc00000ba, "NT_STATUS_FILE_IS_A_DIRECTORY"},
    {0xc00000bb, "NT_STATUS_NOT_SUPPORTED"},
    {0xc00000ca, "NT_STATUS_NETWORK_ACCESS_DENIED"},
    {0xc00000cc, "NT_STATUS_BAD_NETWORK_NAME"},
    {0xc00000ce, "NT_STATUS_TOO_MANY_SESSIONS"},
    {0xc00000d0, "NT_STATUS_REQUEST_NOT_ACCEPTED"},
    {0xc000015b, "NT_STATUS_LOGON_TYPE_NOT_GRANTED"},
    {0xc000018d, "NT_STATUS_TRUSTED_RELATIONSHIP_FAILURE"},
    {0xc0000193, "NT_STATUS_ACCOUNT_EXPIRED"},
    {0xc0000203, "NT_STATUS_USER_SESSION_DELETED"},
    {0xc0000205, "NT_STATUS_INSUFF_SERVER_RESOURCES"},
    {0xc0000224, "NT_STATUS_PASSWORD_MUST_CHANGE"},
    {0xc0000234, "NT_STATUS_ACCOUNT_LOCKED_OUT"},
};

enum smb_result smb_result_of(const struct smb_check *c)
{
    return causes[c->cause].result;
}

const char *smb_result_text(enum smb_result result)
{
    static const char *const texts[SMB_RESULTS] = {[SMB_INFECTED] = "infected",
                                                   [SMB_CLEAN] = "clean",
                                                   [SMB_UNPATCHED] = "unpatched",
                                                   [SMB_UNKNOWN] = "unknown"};
    return texts[result];
}

unsigned smb_check_variants(const struct smb_check *c)
{
    if (smb_result_of(c) != SMB_INFECTED)
        return 0;
    return c->cause == SMB_CAUSE_WORM_ABC ? VARIANT_A | VARIANT_B | VARIANT_C
                                          : VARIANT_D | VARIANT_E;
}

bool smb_check_is_heard(const struct smb_check *c)
{
    return c->stage > SMB_STAGE_CONNECT;
}

bool smb_check_is_cut(const struct smb_check *c)
{
    const struct check check = {.transport = TRANSPORT_TCP, .cause = c->network};
    return check_result_of(&check) == CHECK_ERROR;
}

void smb_status_say(uint32_t status, struct text *out)
{
    for (size_t i = 0; i < COUNT_OF(statuses); i++) {
        if (statuses[i].number != status)
            continue;
        text_add(out, "%s", statuses[i].name);
        return;
    }
    text_add(out, "0x%08x", (unsigned)status);
}

/* What smb-check-vulns knew of a connection: it timed out, or it ended. */
static const char *network_words(enum check_cause network)
{
    return network == CAUSE_SILENT || network == CAUSE_MUTE
               ? "SMB: Failed to receive bytes: TIMEOUT"
           : network == CAUSE_REFUSED ? "Could not negotiate a connection:Couldn't connect"
                                      : "SMB: Failed to receive bytes: EOF";
}

void smb_check_say_words(const struct smb_check *c, struct text *out)
{
    const struct cause *cause = &causes[c->cause];
    if (cause->words != NULL) {
        text_add(out, "%s", cause->words);
        return;
    }
    text_add(out, "UNKNOWN; got error ");
    if (c->cause == SMB_CAUSE_NETWORK)
        text_add(out, "%s", network_words(c->network));
    else if (c->cause == SMB_CAUSE_OTHER_CODE)
        text_add(out, "NT_STATUS_UNKNOWN (0x%08x) (srvsvc.netpathcanonicalize)",
                 (unsigned)c->status);
    else if (c->status != 0)
        smb_status_say(c->status, out);
    else
        text_add(out, "SMB: ERROR: Server returned less data than it was supposed to");
}

static const char *silence_of(enum check_cause network, bool both)
{
    return network == CAUSE_REFUSED       ? (both ? "refuse" : "refuses")
           : network == CAUSE_UNREACHABLE ? "cannot be reached"
                                          : (both ? "do not answer" : "does not answer");
}

static void say_network(const struct smb_check *c, struct text *out)
{
    const struct check local = {.transport = TRANSPORT_TCP, .cause = c->network};
    const char *stage = stages[c->stage];
    if (smb_check_is_cut(c))
        text_add(out, "%s", check_reason(&local));
    else if (c->stage > SMB_STAGE_CONNECT)
        text_add(out, "it %s at %s%s",
                 c->network == CAUSE_MUTE    ? "fell silent"
                 : c->network == CAUSE_RESET ? "reset the connection"
                                             : "closed the connection",
                 stage,
                 c->network != CAUSE_MUTE && c->stage == SMB_STAGE_NEGOTIATE ? ": SMB1 may be off"
                                                                             : "");
    else if (c->network == c->network_139)
        text_add(out, "ports 445 and 139 %s", silence_of(c->network, true));
    else
        text_add(out, "port 445 %s, port 139 %s", silence_of(c->network, false),
                 silence_of(c->network_139, false));
}

void smb_check_say_reason(const struct smb_check *c, struct text *out)
{
    const struct cause *cause = &causes[c->cause];
    if (cause->reason != NULL) {
        text_add(out, "%s", cause->reason);
    } else if (c->cause == SMB_CAUSE_NETWORK) {
        say_network(c, out);
    } else if (c->cause == SMB_CAUSE_OTHER_CODE) {
        text_add(out,
                 "its answer to the second question is neither Microsoft's nor the worm's "
                 "(0x%x)",
                 (unsigned)c->status);
    } else if (c->cause == SMB_CAUSE_GARBAGE) {
        text_add(out, "what it sent at %s is no answer", stages[c->stage]);
    } else {
        text_add(out, "%s at %s: ", c->cause == SMB_CAUSE_FAULT ? "a fault" : "an error",
                 stages[c->stage]);
        smb_status_say(c->status, out);
    }
}

const char *smb_os_text(const char *os)
{
    return strcmp(os, "Windows 5.0") == 0   ? "Windows 2000"
           : strcmp(os, "Windows 5.1") == 0 ? "Windows XP"
                                            : os;
}
