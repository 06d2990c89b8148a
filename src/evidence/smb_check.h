/* What a host told over SMB when it was asked the two harmless questions by which the worm's hook
 * of NetpwPathCanonicalize is known, and what it told of itself on the way there.
 *
 * The words are those of smb-check-vulns (with safe=1) of 2009, which people and scripts know; the
 * reason is ours and says what they hide: a host that could not be asked is unknown.
 * Source: the spec of asking, sections c and d. */
#ifndef WORMSIGN_EVIDENCE_SMB_CHECK_H
#define WORMSIGN_EVIDENCE_SMB_CHECK_H

#include <stdbool.h>
#include <stdint.h>
#include "evidence/check.h"

struct text;

/* The names are part of the JSON schema. */
enum smb_result { SMB_INFECTED, SMB_CLEAN, SMB_UNPATCHED, SMB_UNKNOWN, SMB_RESULTS };

/* Where the conversation was. */
enum smb_stage {
    SMB_STAGE_CONNECT,
    SMB_STAGE_NAME, /* port 139: by what name is it called? */
    SMB_STAGE_NEGOTIATE,
    SMB_STAGE_LOGIN,
    SMB_STAGE_TREE,
    SMB_STAGE_PIPE,
    SMB_STAGE_BIND,
    SMB_STAGE_FIRST,  /* the path "\" */
    SMB_STAGE_SECOND, /* the path "\..\" */
    SMB_STAGES
};

/* How it ended; each has a row in smb_check.c. */
enum smb_cause {
    SMB_CAUSE_WORM_DE,       /* the first answer is that of D and E */
    SMB_CAUSE_WORM_DE_EMPTY, /* the same with an empty path, which is less certain */
    SMB_CAUSE_WORM_ABC,      /* the second answer is that of A to C */
    SMB_CAUSE_PATCHED,
    SMB_CAUSE_NOT_PATCHED,
    SMB_CAUSE_OTHER_CODE, /* the second answer is neither: status has it */
    SMB_CAUSE_NETWORK,    /* the connection: network has it */
    SMB_CAUSE_SMB1_OFF,   /* it speaks SMB2 or later alone, or ends at the offer of SMB1 */
    SMB_CAUSE_NO_DIALECT,
    SMB_CAUSE_NAME_REFUSED, /* port 139: no name that we know is its own */
    SMB_CAUSE_DENIED,
    SMB_CAUSE_DENIED_GIVEN, /* to the account that a person gave as well */
    SMB_CAUSE_LOGIN_FAILED,
    SMB_CAUSE_SIGNING, /* it demands signatures */
    SMB_CAUSE_NO_PIPE, /* none of the pipes exists */
    SMB_CAUSE_PIPE_BUSY,
    SMB_CAUSE_SERVER_BUSY,
    SMB_CAUSE_CROWDED, /* it has too many connections */
    SMB_CAUSE_NO_SHARE,
    SMB_CAUSE_STATUS, /* another status: status has it */
    SMB_CAUSE_BIND_REFUSED,
    SMB_CAUSE_BIND_NAK,
    SMB_CAUSE_NO_CALL, /* the service does not have this operation */
    SMB_CAUSE_FAULT,   /* the call came back as a fault: status has it */
    SMB_CAUSE_SHORT,   /* the answer to the call is too short */
    SMB_CAUSE_GARBAGE, /* what came is no answer to what was asked */
    SMB_CAUSE_ENDLESS, /* it sent more than an answer can have, or took too many steps */
    SMB_CAUSES
};

enum { SMB_CHECK_NAME = 64, SMB_CHECK_LONG = 256 };

/* Texts are UTF-8 without control characters, but foreign: writers escape them. Empty: not told. */
struct smb_check {
    uint16_t port; /* 445 or 139: the one that it was asked on last; 0: none was */
    enum smb_stage stage;
    enum smb_cause cause;
    enum check_cause network;     /* SMB_CAUSE_NETWORK; of port 445, where no connection stood */
    enum check_cause network_139; /* the same of port 139 */
    uint32_t status;
    int64_t when_us; /* of the result, UTC */
    bool smb1_known, smb1;
    bool demands_signing;
    char os[SMB_CHECK_NAME], lanman[SMB_CHECK_NAME];
    char computer[SMB_CHECK_NAME];                          /* its NetBIOS name */
    char domain[SMB_CHECK_NAME], workgroup[SMB_CHECK_NAME]; /* one of the two, or neither */
    char dns_domain[SMB_CHECK_LONG], forest[SMB_CHECK_LONG], fqdn[SMB_CHECK_LONG];
    bool has_time, has_offset;
    int64_t time_us; /* its clock, UTC, when it was asked at asked_us */
    int64_t asked_us;
    int32_t offset_minutes; /* east of UTC */
};

/* SMB_CAUSE_WORM_DE_EMPTY counts as infected here; its sign weighs less. */
enum smb_result smb_result_of(const struct smb_check *c);

/* "infected", "clean", "unpatched", "unknown". */
const char *smb_result_text(enum smb_result result);

/* Bits of enum variant; 0 where the result is not infected. */
unsigned smb_check_variants(const struct smb_check *c);

/* True when a connection stood: somebody is there. */
bool smb_check_is_heard(const struct smb_check *c);

/* True when it ended for a reason of ours, which network has: somebody stopped it, say. */
bool smb_check_is_cut(const struct smb_check *c);

/* "NT_STATUS_ACCESS_DENIED", "0xc0000abc". */
void smb_status_say(uint32_t status, struct text *out);

/* What smb-check-vulns would have said behind "Conficker: ". */
void smb_check_say_words(const struct smb_check *c, struct text *out);

/* Why: one clause, the same for all hosts of which the same is true. */
void smb_check_say_reason(const struct smb_check *c, struct text *out);

/* "Windows XP" for "Windows 5.1", as smb-os-discovery writes it; else the text itself. */
const char *smb_os_text(const char *os);

#endif
