/* The made-up afternoon behind samples/outbreak.pcap.gz, in parts: the tape that packets are put
 * on, the conversations made of packets, and the hosts that hold them.
 *
 * Everything is a pure function of the code: no clock, no randomness but the dice below with
 * fixed seeds, one set of dice an actor, so that a change to one leaves the others as they were.
 * Nobody here is real; nothing here works as an attack (the marker of infected B stands in
 * padding). */
#ifndef WORMSIGN_TESTS_RIG_OUTBREAK_H
#define WORMSIGN_TESTS_RIG_OUTBREAK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define MILLISECONDS INT64_C(1000)
#define SECONDS INT64_C(1000000)
#define MINUTES (60 * SECONDS)

/* 2009-04-21T16:00:00Z, a Tuesday. */
#define START_US (INT64_C(1240329600) * SECONDS)

enum {
    WEEK = 2050,
    TICK_US = 64, /* of the clock of the capturing machine; a finer one would pack worse */
    DATAGRAM_SIZE_MAX = 4096,
    FRAME_SIZE_MAX = 1600
};

/* An address of the site, 10.9.c.d. */
#define SITE(c, d) (0x0a090000U | (uint32_t)(c) << 8 | (uint32_t)(d))
/* Addresses that stand for servers outside: the three documentation networks. */
#define OUTSIDE_1(d) (0xc0000200U | (uint32_t)(d))
#define OUTSIDE_2(d) (0xc6336400U | (uint32_t)(d))
#define OUTSIDE_3(d) (0xcb007100U | (uint32_t)(d))

enum host {
    GATEWAY = SITE(0, 1),
    FILE_SERVER = SITE(0, 20),
    RESOLVER = SITE(0, 53),
    INTRANET = SITE(0, 80),
    ASKER = SITE(0, 98),
    SCANNER = SITE(0, 99),
    INFECTED_A = SITE(1, 11),
    SHARER = SITE(1, 60),
    INFECTED_B = SITE(2, 22),
    VICTIM = SITE(2, 57),
    OTHER_BOT = SITE(2, 61),
    INFECTED_D = SITE(3, 33),
    BROWSER = SITE(3, 62),
    QUIET_D = SITE(4, 44),
    UNLUCKY = SITE(4, 63),
    TAGGED = SITE(5, 70)
};

#define FORWARDER OUTSIDE_2(53)
#define SINKHOLE OUTSIDE_2(200)

struct dice {
    uint64_t state;
};

uint64_t dice_roll(struct dice *d);
/* 0 .. limit - 1. */
uint32_t dice_below(struct dice *d, uint32_t limit);
/* first .. last. */
uint32_t dice_between(struct dice *d, uint32_t first, uint32_t last);
int64_t dice_time(struct dice *d, int64_t limit_us);
/* A port as Windows XP takes it for its own end. */
uint16_t dice_own_port(struct dice *d);
/* An address of the public Internet: no private, reserved, shared or multicast one. */
uint32_t dice_public_address(struct dice *d);

/* A finished frame on the tape. */
struct record {
    int64_t when_us;
    size_t order; /* in which frames of the same microsecond were made */
    size_t at;    /* where its bytes begin */
    uint32_t size;
};

struct tape {
    struct record *records;
    size_t count, room;
    uint8_t *bytes;
    size_t used, size;
    uint16_t last_id; /* IP identification */
    uint16_t last_dns_id;
    uint16_t vlan; /* not 0: put into frames as an 802.1Q tag */
};

struct place {
    uint32_t address;
    uint16_t port;
};

enum tcp_flag { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16 };

struct segment {
    struct place from, to;
    uint32_t sequence, acknowledged;
    unsigned flags;
    const void *payload;
    size_t size;
};

/* A datagram over IPv4, or over IPv6 where six is set (addresses are then fd09::<address>). One
 * longer than a frame goes in fragments. */
struct datagram {
    struct place from, to;
    const void *payload;
    size_t size;
    bool six;
};

void tape_udp(struct tape *t, int64_t when_us, const struct datagram *d);
void tape_tcp(struct tape *t, int64_t when_us, const struct segment *s);
/* The last frame once more, a little later, as a mirror port does it. */
void tape_duplicate(struct tape *t, int64_t later_us);
/* Sorts by time and writes a classic pcap; false when the file did not take it. */
bool tape_write(struct tape *t, FILE *file);
void tape_free(struct tape *t);

/* The stage of one actor. */
struct stage {
    struct tape *tape;
    struct dice dice;
};

/* A TCP connection in the making; now_us moves on with every step. */
struct call {
    struct stage *stage;
    struct place client, server;
    uint32_t client_next, server_next;
    int64_t now_us;
};

enum speaker { CLIENT, SERVER };

struct call call_open(struct stage *s, int64_t when_us, struct place client, struct place server);
/* In segments of at most 1400 bytes; the client acknowledges what the server says. */
void call_say(struct call *c, enum speaker who, const void *bytes, size_t size);
void call_close(struct call *c);

enum outcome { SILENT, REFUSED };
/* A SYN that leads to nothing; silent ones are sent twice, as Windows does before the worm gives
 * up. */
void call_fails(struct stage *s, int64_t when_us, struct place client, struct place server,
                enum outcome outcome);

/* What a host asks of the resolver. */
struct question {
    uint32_t host;
    const char *name;
    uint32_t answer; /* 0: there is no such name */
    bool cached;     /* the resolver knows; it does not pass the question on */
};

void look_up(struct stage *s, int64_t when_us, const struct question *q);
/* The host asks a server outside by itself. */
void look_up_outside(struct stage *s, int64_t when_us, const struct question *q);
/* As look_up, but over IPv6, for an AAAA record, answered from the resolver's memory. */
void look_up_six(struct stage *s, int64_t when_us, uint32_t host, const char *name);

struct web_page {
    struct place client, server;
    const char *host, *path, *type, *body;
};

void fetch(struct stage *s, int64_t when_us, const struct web_page *page);

/* Negotiation, session and tree, then the client may say more; the caller closes. */
struct call smb_call(struct stage *s, int64_t when_us, uint32_t client, uint32_t server);
/* One SMB1 message: header with this command, then words (a count of 16-bit words), then bytes. */
struct smb_words {
    uint8_t command;
    const uint8_t *words;
    size_t word_bytes;
    const void *bytes;
    size_t size;
};
void smb_say(struct call *c, enum speaker who, const struct smb_words *m);

/* The actors. */
void play_infected_a(struct tape *t);
void play_infected_b(struct tape *t);
void play_infected_d(struct tape *t);
void play_quiet_d(struct tape *t);
void play_scanner(struct tape *t);
void play_asker(struct tape *t);
void play_sharer(struct tape *t);
void play_other_bot(struct tape *t);
void play_browser(struct tape *t);
void play_unlucky(struct tape *t);
void play_office(struct tape *t);

#endif
