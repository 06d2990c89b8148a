/* What is said of a host: infected, suspicious, clean or unknown, and why. A pure function of
 * evidence.
 *
 * The rules and every weight are in verdict.c, in one place; but the points of signs that weigh the
 * same always are here, for their detectors. */
#ifndef WORMSIGN_EVIDENCE_VERDICT_H
#define WORMSIGN_EVIDENCE_VERDICT_H

#include "base/address.h"
#include "evidence/check.h"
#include "evidence/ports_asked.h"
#include "evidence/sign.h"

struct netbios_check;
struct smb_check;

#define VERDICT_ODD_ANSWER_POINTS 3.0
#define VERDICT_EXPLOIT_ELSEWHERE_POINTS 3.0
#define VERDICT_SMB_EMPTY_POINTS 6.0

/* In this order of gravity. */
enum verdict_kind {
    VERDICT_INFECTED,
    VERDICT_SUSPICIOUS,
    VERDICT_CLEAN,
    VERDICT_UNKNOWN,
    VERDICT_KINDS
};

enum {
    VERDICT_SAYS_SIZE = 800,
    VERDICT_REASON_SIZE = 240,
    VERDICT_ADVICE_SIZE = 320,
    VERDICT_NAMES_MAX = 4,
    VERDICT_STAYS_MAX = 8, /* addresses of a machine; the newest */
    VERDICT_BEHIND_MAX = 4,
    BEHIND_PORTS_MAX = 4, /* shown of each */
    HOST_NAME_SIZE = 64
};

/* An address that a machine had, and when it was first and last heard to have it. */
struct host_stay {
    struct address address;
    int64_t first_us, last_us;
};

/* A private address whose ports a host answered on: who stands behind it. */
struct host_behind {
    struct address address;
    unsigned port_count;
    struct behind_port {
        enum transport transport;
        uint16_t port;
    } ports[BEHIND_PORTS_MAX];
};

enum mac_source { MAC_BY_DHCP, MAC_BY_NETBIOS };

struct verdict {
    struct address host;
    bool home;
    const char *site;           /* NULL: none */
    const char *owner;          /* who looks after it, as people say; NULL: not told */
    bool acknowledged;          /* somebody knows of it, and said so */
    int32_t acknowledged_until; /* the last day on which that holds */
    const char *note;           /* what was said; NULL: nothing */
    unsigned name_count;
    char names[VERDICT_NAMES_MAX][HOST_NAME_SIZE]; /* as they came: writers escape them */
    uint64_t mac; /* of the machine that had the address at the last sign; 0: not known */
    enum mac_source mac_source;
    bool mac_changed; /* at the first sign it was another machine's */
    unsigned stay_count;
    struct host_stay stays[VERDICT_STAYS_MAX]; /* by DHCP, in their order */
    unsigned behind_count;
    struct host_behind behind[VERDICT_BEHIND_MAX]; /* those told by most ports first */
    enum verdict_kind kind;
    unsigned variants, marks; /* bits */
    bool exempt;
    bool proof;
    double weight; /* where there is no proof: the heaviest day's S + A */
    bool has_day;
    int32_t day; /* the heaviest day */
    int64_t first_us, last_us;
    char advice[VERDICT_ADVICE_SIZE]; /* what to know or do about it; may be empty */
    char says[VERDICT_SAYS_SIZE];     /* the gravest sign and the advice, printable */
    char reason[VERDICT_REASON_SIZE]; /* VERDICT_UNKNOWN only */
    size_t sign_count;
    const struct sign *signs;            /* borrowed; the gravest first */
    size_t check_count;                  /* what was asked of it; 0: nothing, so it was only seen */
    const struct check *checks;          /* borrowed, in the order in which they are shown */
    const struct ports_asked *ports;     /* borrowed; NULL: no others than the worm's */
    const struct smb_check *smb;         /* borrowed; NULL: not asked */
    const struct netbios_check *netbios; /* borrowed; NULL: it told none */
    enum hearing hearing;
};

/* How it fell, as far as it was seen; it weighs nothing. */
struct origin {
    struct address from;
    int64_t when_us;
    bool is_proof; /* it fetched the worm there; false: it was attacked, and may have fallen so */
};

/* What the rules need to know of a host besides its signs. */
struct circumstances {
    struct address host;
    bool home;
    bool exempt; /* named by --exempt: it asks, so it looks infected */
    const char *site;
    const struct check *checks; /* a scan's; NULL: it was not asked */
    size_t check_count;
    const struct ports_asked *ports;     /* NULL: no others than the worm's */
    const char *not_asked;               /* why it was asked nothing but whether it is there */
    const struct smb_check *smb;         /* NULL: not asked over SMB */
    const struct netbios_check *netbios; /* NULL: it told no names */
    enum hearing hearing;                /* of all that was asked */
    const struct origin *origin;         /* NULL: not known */
};

/* The chance, for one innocent home host and day, at which a statistical sign convicts: 10^-9. */
#define VERDICT_FALSE_PER_HOST_DAY 1e-9

/* How much a sign weighs by itself: what is let go last where evidence has no room. */
double sign_gravity(const struct sign *s);

/* Weighs the signs of one host, sorts them by gravity, and fills *out, which borrows them. With
 * count 0 the verdict is unknown. Signs that turn out to be a scanner's are rewritten to say so. */
void verdict_of(const struct circumstances *c, struct sign *signs, size_t count,
                struct verdict *out);

enum { MAC_TEXT_SIZE = 18 };

/* "00:11:22:33:44:55", in buffer, which is returned. */
const char *mac_text(uint64_t mac, char buffer[static MAC_TEXT_SIZE]);

/* "infected", "suspicious", "clean", "unknown". */
const char *verdict_kind_text(enum verdict_kind kind);

#endif
