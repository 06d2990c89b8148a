/* What the parts of the responder share: the table of variants, and the sockets of one run.
 *
 * The responder plays hosts infected with Conficker D or E, and hosts that only look it, for tests
 * of scanners. It speaks to whoever has spoken to it, and to nobody else.
 *
 *   responder.c           arguments, and the loop that waits
 *   responder_answers.c   the table of variants, and the bytes that each answers
 *   responder_sockets.c   which ports are opened where, and which addresses are refused
 *   responder_tcp.c       connections: when and how an answer is sent
 *   responder_udp.c       datagrams, the same
 *
 * A variant is a row of data: zeros mean what a plain infected host does, so that a row names only
 * what is odd about it. */
#ifndef WORMSIGN_TESTS_RIG_RESPONDER_H
#define WORMSIGN_TESTS_RIG_RESPONDER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "base/reader.h"
#include "base/writer.h"
#include "conficker/message.h"
#include "conficker/ports.h"
#include "wakers.h"

enum {
    REQUEST_SIZE_MAX = 4096, /* a longer request is no request */
    ANSWER_SIZE_MAX = 8448,  /* the longest is `big` */
    CONNECTIONS_MAX = 4096,  /* at once; the oldest gives way */
    LATER_MAX = 1024,        /* datagrams to be answered later */
    SEEN_MAX = 4096,         /* peers whose first datagram was lost */
    FLOOD_BLOCK_SIZE = 65536,
    NOTES_MAX = 20 /* lines on stderr in one run */
};

struct variant;

/* What an answer is made for. */
struct occasion {
    enum transport transport;
    uint32_t address; /* that was asked */
    uint16_t port;
    struct reader request; /* empty where none is waited for */
    uint64_t request_key;
};

/* Writes the bytes that follow on an occasion. */
typedef void (*composer)(const struct variant *v, const struct occasion *o, struct writer *out);

/* What makes a variant act: a valid message, any bytes, the connection itself, or nothing. */
enum trigger { ON_REQUEST, ON_ANYTHING, AT_ACCEPT, ON_NOTHING };

/* What becomes of the connection when the answer is out. */
enum afterwards { STAYS_OPEN, CLOSES, RESETS, DRIPS, FLOODS };

enum answers_from { FROM_PORT_ASKED, FROM_OTHER_PORT, FROM_OTHER_HOST };

enum ports_opened { PORTS_OF_TIME, PORTS_WEEK_BEFORE, PORTS_WEEK_AFTER, PORTS_FIXED, PORT_ONE };

/* The message that compose_message writes: a bare valid one where all is zero. */
struct shape {
    uint16_t fields;      /* MESSAGE_HAS_...: the optional ones */
    uint16_t flags_xor;   /* flags made wrong */
    uint16_t data_length; /* of the data field */
    uint16_t noise;
    bool has_zero_key;
    bool is_cut;           /* half of the body */
    uint16_t prefix_more;  /* TCP: added to the prefix */
    uint16_t prefix_says;  /* TCP: stands there instead of the length */
    uint16_t trailing;     /* TCP: random bytes behind the message */
    uint32_t checksum_xor; /* a checksum made wrong */
};

struct tcp_manner {
    bool is_absent; /* nothing listens */
    enum trigger trigger;
    composer compose; /* NULL: compose_message */
    unsigned delay_ms;
    unsigned piece, gap_ms; /* bytes a segment, and the time between two; 0: all at once */
    enum afterwards then;
};

struct udp_manner {
    bool is_absent;
    enum trigger trigger;
    composer compose;
    unsigned delay_ms;
    unsigned more;          /* datagrams after the first */
    bool is_composed_anew;  /* else they are the same bytes */
    bool loses_first;       /* the first datagram of each peer is not heard */
    enum answers_from from; /* the source of the answer */
};

struct variant {
    const char *name, *sentence;
    struct shape shape;
    struct tcp_manner tcp;
    struct udp_manner udp;
    enum ports_opened ports;
    enum ports_reading reading;
};

/* A socket that takes requests. */
struct listener {
    int fd;
    int other_fd; /* UDP, FROM_OTHER_PORT: what answers; else -1 */
    enum transport transport;
    uint32_t address; /* numeric, first octet highest */
    uint16_t port;
    const struct variant *variant;
};

/* What plays where. */
struct role {
    uint32_t address;
    const struct variant *variant;
};

struct settings {
    int64_t when_us; /* the clock that the weeks are computed from */
    int64_t for_seconds;
    bool both_weeks;
    bool any;         /* addresses outside 127.0.0.0/8, in a namespace of a test */
    bool has_real_ip; /* else each address has its own ports */
    uint32_t real_ip;
    struct role *roles;
    size_t role_count, role_room;
};

struct connection;

/* A datagram to be answered when its time has come. */
struct later {
    int64_t due_us;
    const struct listener *listener;
    struct sockaddr_in peer;
    uint64_t request_key;
};

struct seen {
    const struct listener *listener;
    uint32_t address;
    uint16_t port;
};

struct rig {
    int epoll;
    struct listener *listeners;
    size_t listener_count, listener_room;
    struct connection *connections[CONNECTIONS_MAX];
    size_t connection_limit; /* what the limit of open files leaves */
    struct later later[LATER_MAX];
    size_t later_first, later_count;
    struct seen seen[SEEN_MAX];
    size_t seen_count;   /* ever */
    int64_t next_due_us; /* nothing of the connections is due before */
    uint8_t flood_block[FLOOD_BLOCK_SIZE];
    unsigned notes;
};

/* responder_answers.c */
const struct variant *variant_named(const char *name); /* NULL when there is none */
const struct variant *variant_at(size_t index);        /* NULL behind the last */
void answer_compose(const struct variant *v, composer compose, const struct occasion *o,
                    struct writer *out);
/* A message whose checksum holds; *is_cut tells that more bytes of a stream could make it one. */
bool request_holds(struct reader bytes, enum transport transport, uint64_t *key, bool *is_cut);
void random_fill(void *bytes, size_t size);
/* Random bytes that are no message, however they are read. */
void junk_fill(uint8_t *bytes, size_t size);

/* responder_sockets.c */
bool addresses_are_harmless(const struct settings *s, struct error *err) MUST_CHECK;
bool listeners_open(struct rig *rig, const struct settings *s, struct error *err) MUST_CHECK;
void listeners_close(struct rig *rig);

/* responder_tcp.c */
void tcp_accept(struct rig *rig, const struct listener *listener, int64_t now_us);
void tcp_event(struct rig *rig, size_t slot, uint32_t events, int64_t now_us);
void tcp_timers(struct rig *rig, int64_t now_us);
void tcp_close_all(struct rig *rig);

/* responder_udp.c */
void udp_receive(struct rig *rig, const struct listener *listener, int64_t now_us);
void udp_timers(struct rig *rig, int64_t now_us);
int64_t udp_due_us(const struct rig *rig);

/* responder.c: a line on stderr about something that tests should know; the first few are said. */
void note(struct rig *rig, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
