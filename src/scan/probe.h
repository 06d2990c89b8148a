/* What a probe is: a question to some ports of a host, and the judgement of what comes back.
 *
 * A probe knows nothing of sockets: it aims (which ports, of which week), builds the bytes to send,
 * says when enough has come, judges it, and turns the answers of one host into signs. An engine
 * does the rest. Where one question is not enough it has a dialogue instead. A probe is one file
 * and one row in probes.c. */
#ifndef WORMSIGN_SCAN_PROBE_H
#define WORMSIGN_SCAN_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/reader.h"
#include "base/writer.h"
#include "conficker/ports.h"
#include "evidence/check.h"
#include "evidence/sign.h"

enum {
    PROBES_MAX = 4,
    PROBE_SHOTS_MAX = 14, /* P2P: TCP and UDP; the fixed port, and three weeks in two readings */
    SHOTS_MAX = 16,       /* of all probes together */
    REQUEST_SIZE = 64,    /* the longest question */
    ANSWER_SIZE = 65537,  /* the longest answer: a TCP message and its prefix */
    ANSWER_HEAD = 32,     /* bytes of an answer that are kept for the person who checks */
    ANSWER_SYSTEM = 40
};

struct real_addresses;

/* What decides which ports are asked. */
struct aim {
    int64_t when_us; /* the time of asking, UTC */
    bool week_given; /* then the ports of this week, whatever the time */
    uint32_t week;
    bool slack;      /* the weeks before and after as well */
    bool real_given; /* the host knows itself by another address than the one that is asked */
    uint32_t real;
    const struct real_addresses *reals; /* of single hosts, before `real`; NULL: none */
};

struct probe;

/* One question to one port. */
struct shot {
    const struct probe *probe;
    uint32_t host; /* numeric, first octet highest */
    enum transport transport;
    uint16_t port;
    enum check_week week;
    uint64_t key; /* of our message: random, never 0 */
};

/* What came of it. */
struct answer {
    enum check_cause cause;
    uint32_t wanted, came; /* as in struct check */
    size_t size;           /* bytes that came */
    uint8_t head_size;
    uint8_t head[ANSWER_HEAD];
    uint16_t flags;
    char system[ANSWER_SYSTEM]; /* the version that its system information tells, or empty */
    /* What these probes found; made with malloc and given to the engine, which frees them behind
     * done. NULL: nothing. */
    struct smb_check *smb;
    struct netbios_check *netbios;
};

/* One host that was asked: shots[i] came to answers[i] at when_us[i]. */
struct asked {
    uint32_t host;
    size_t count;
    struct shot shots[SHOTS_MAX];
    struct answer answers[SHOTS_MAX];
    int64_t when_us[SHOTS_MAX]; /* UTC */
    void *mark;                 /* of the turn in which it was asked; NULL: none */
};

enum { PROBE_SIGNS_MAX = 2, PROBE_DOORS_MAX = 2 };

/* How long is waited, where a probe has times of its own. */
struct probe_times {
    unsigned repeats;     /* of a datagram that is not answered */
    int64_t repeat_us;    /* after so long */
    int64_t connect_us;   /* until a connection is given up */
    int64_t answer_us;    /* from the connection, the request or the first datagram on */
    int64_t last_wait_us; /* but at least so long after the last datagram */
};

struct probe {
    const char *id, *claim;
    const struct probe_times *times; /* NULL: the engine's */
    const struct dialogue *dialogue; /* NULL: one question, build to judge below */
    /* Of a dialogue: the TCP ports that it can begin on, in this order; 0 ends them. Whoever takes
     * no connection on any of them has no dialogue. */
    uint16_t doors[PROBE_DOORS_MAX];
    bool checks_ports;  /* each of its ports is a check of the host */
    bool tells_netbios; /* its answers are what dialogues call NetBIOS names by */
    size_t sign_count;
    enum sign_id signs[PROBE_SIGNS_MAX]; /* what it can find */
    /* The distinct ports to ask, in the order in which they are shown; returns how many. The keys
     * are left for the engine to draw. Of a dialogue one: it chooses its port by itself. */
    size_t (*aim)(const struct aim *aim, uint32_t host, struct shot shots[static PROBE_SHOTS_MAX]);
    /* At most REQUEST_SIZE bytes. NULL of TCP ports: whether they take a connection is all. */
    void (*build)(const struct shot *shot, struct writer *request);
    /* Whether more of a stream would change nothing. */
    bool (*is_whole)(struct reader came);
    /* What these bytes, at least one, amount to. Fills *out, which is zeroed. */
    void (*judge)(const struct shot *shot, struct reader came, struct answer *out);
    /* The signs of a host, which has this probe's shots alone; returns how many. */
    size_t (*report)(const struct asked *host, struct sign signs[static PROBE_SIGNS_MAX]);
};

/* All probes, probe_count of them. */
extern const struct probe *const probes[];
extern const unsigned probe_count;

/* The probe with this id; NULL: none. */
const struct probe *probe_named(const char *id);

/* On how many ports one shot of it can be asked: its doors, or 1. */
unsigned probe_door_count(const struct probe *probe);

#endif
