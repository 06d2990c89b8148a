/* What the raw engine asks of a host, packet by packet: its knocks; how they are built, and which
 * answers prove that they answer one of them.
 *
 * Everything follows from the plan and the host: nothing is remembered of what was sent, so a scan
 * of millions of hosts needs no table of what is in flight.
 *
 *   TCP  SYN, its sequence number a cookie -> SYN-ACK or RST that acknowledges it
 *        ACK with the question             -> bytes, or an end                      then RST
 *   UDP  the question, its source port a cookie -> a datagram, or an ICMP error that quotes it
 *   ICMP an echo, identifier and number a cookie -> the same echo (a datagram's shot to port 0) */
#ifndef WORMSIGN_SCAN_RAW_PLAN_H
#define WORMSIGN_SCAN_RAW_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/reader.h"
#include "base/writer.h"
#include "scan/probe.h"
#include "scan/raw_cookie.h"

enum {
    RAW_PASSES = 3,
    KNOCKS_MAX = 16,      /* of a host; who has more is asked through sockets */
    RAW_PACKET_SIZE = 128 /* the longest that is sent, IP header and all */
};

struct raw_named;

struct raw_plan {
    const struct probe *probes[PROBES_MAX];
    size_t probe_count;
    bool finds_refusing;           /* a host that refuses is found too: it is there */
    const struct raw_named *named; /* ports that are asked besides; NULL: none */
    struct aim aim;                /* its time is the one that raw_state_when has for the host */
    struct raw_cookie_key key;
    uint32_t source;                /* the address that we send from */
    uint16_t tcp_ports[RAW_PASSES]; /* ours, one a pass: no pass meets what another left behind */
    uint16_t udp_first, udp_count;  /* ours; a power of two of them or not */
};

/* One port to be asked. */
struct knock {
    struct shot shot; /* its key is left 0: raw_shot */
    bool asks;        /* there is a question to it; else only whether it opens */
};

/* The knocks of a host, always in the same order; returns how many, KNOCKS_MAX + 1 where there are
 * more. */
size_t raw_knocks(const struct raw_plan *plan, uint32_t host, struct knock out[static KNOCKS_MAX]);

/* The same as of another time than the plan's. */
size_t raw_knocks_at(const struct raw_plan *plan, const struct aim *aim, uint32_t host,
                     struct knock out[static KNOCKS_MAX]);

/* Bytes of state a host: room for two bits for each knock of nearly all hosts until this time, 1, 2
 * or 4. sample: some of the hosts. */
unsigned raw_state_bytes(const struct raw_plan *plan, int64_t until_us, const uint32_t *sample,
                         size_t count);

/* Whether a host is asked on the ports of other weeks at these two times. */
bool raw_weeks_differ(const struct raw_plan *plan, int64_t a_us, int64_t b_us);

/* Whether it is an ICMP echo. */
bool raw_knock_is_echo(const struct knock *k);

/* The shot with the key of our message. */
struct shot raw_shot(const struct raw_plan *plan, const struct knock *k);

/* Each writes one IPv4 packet, at most RAW_PACKET_SIZE bytes. */

/* The knock itself, in this pass. */
void raw_build_knock(const struct raw_plan *plan, const struct knock *k, unsigned pass,
                     struct writer *w);

/* What came back for us: whoever sent it says so. */
enum raw_kind {
    RAW_OPENS,       /* SYN-ACK */
    RAW_RESETS,      /* RST */
    RAW_SPEAKS,      /* bytes on a connection */
    RAW_ENDS,        /* FIN without bytes */
    RAW_DATAGRAM,    /* maybe an empty one */
    RAW_ECHOES,      /* ICMP: what we sent, back again */
    RAW_PORT_CLOSED, /* ICMP: nobody listens there */
    RAW_NOBODY       /* ICMP: the host cannot be reached */
};

struct raw_answer {
    enum raw_kind kind;
    uint32_t host;            /* that was asked, also where a router speaks of it */
    enum transport transport; /* of an echo and its errors UDP, and port 0 */
    uint16_t port, own_port;
    uint32_t sequence, acknowledgement; /* RAW_*CLOSED, RAW_NOBODY: of the quote */
    bool of_echo;                       /* sequence is identifier and number of an echo */
    struct reader payload;              /* RAW_SPEAKS, RAW_DATAGRAM */
};

/* Reads one IPv4 packet; false when it is damaged, or nothing that answers us at this address. */
bool raw_answer_read(struct reader packet, uint32_t source, struct raw_answer *out);

/* Whether the answer proves that it answers this knock. */
bool raw_answer_is_true(const struct raw_plan *plan, const struct knock *k,
                        const struct raw_answer *a);

/* The third packet of a connection that was opened to us, with the question. */
void raw_build_question(const struct raw_plan *plan, const struct knock *k,
                        const struct raw_answer *opened, struct writer *w);

/* Says that the bytes of this answer came, so that more follow. */
void raw_build_receipt(const struct raw_plan *plan, const struct raw_answer *a, struct writer *w);

/* Ends the connection that this answer is part of. */
void raw_build_reset(const struct raw_plan *plan, const struct raw_answer *a, struct writer *w);

#endif
