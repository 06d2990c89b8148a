/* A scene: what hosts do on a network, said in calls, becomes a capture that is hunted over.
 *
 *   talk(&s, "10.0.0.5", "10.0.0.7", 445, request, answer);      a whole TCP connection
 *   try_tcp(&s, from, to, 445);                                  a SYN that nobody answers
 *   ask_udp(&s, from, to, 53, question, answer);
 *
 * A millisecond passes with every packet; scene_wait(&s, seconds) lets more of it pass. */
#ifndef WORMSIGN_TESTS_SCENE_H
#define WORMSIGN_TESTS_SCENE_H

#include "hunting.h"

#include <stdio.h>

#include "base/time.h"
#include "conficker/domains.h"
#include "conficker/message.h"
#include "conficker/ports.h"
#include "observe/packet.h"
#include "wire/build.h"
#include "wire/dns.h"

enum { SEGMENT = 1400, SCENE_FRAME = 2048 };

struct scene {
    struct reel *reel;
    int64_t now_us;
    uint16_t ip_id, port;
    uint64_t keys;
};

static inline struct scene scene_at(const char *time)
{
    struct scene s = {.reel = reel_new(), .port = 49152};
    assert_true(time_parse(time, &s.now_us, NULL));
    return s;
}

static inline void scene_wait(struct scene *s, int64_t seconds)
{
    s->now_us += seconds * US_PER_SECOND;
}

static inline void scene_send(struct scene *s, struct wire_packet p)
{
    uint8_t frame[SCENE_FRAME];
    struct writer w = writer_over(frame, sizeof frame);
    s->ip_id = (uint16_t)(s->ip_id % 0xffff + 1);
    p.ip_id = s->ip_id;
    wire_build_frame(&w, &p);
    assert_false(w.failed);
    reel_add(s->reel, s->now_us, frame, w.used, (uint32_t)w.used);
    s->now_us += 1000;
}

static inline struct address host_of(const char *text)
{
    struct address a;
    assert_true(address_parse(text, &a, NULL));
    return a;
}

/* The next client port: so that no two flows are one. */
static inline uint16_t scene_port(struct scene *s)
{
    s->port = s->port == 65535 ? 49152 : (uint16_t)(s->port + 1);
    return s->port;
}

static inline void send_udp(struct scene *s, struct address from, uint16_t port_from,
                            struct address to, uint16_t port_to, struct reader bytes)
{
    size_t size = bytes.left;
    scene_send(s, (struct wire_packet){.from = from,
                                       .to = to,
                                       .protocol = IP_UDP,
                                       .port_from = port_from,
                                       .port_to = port_to,
                                       .payload = read_bytes(&bytes, size),
                                       .payload_length = size});
}

/* A datagram and, where there is one, its answer. */
static inline void ask_udp(struct scene *s, struct address from, struct address to, uint16_t port,
                           struct reader question, struct reader answer)
{
    uint16_t client_port = scene_port(s);
    send_udp(s, from, client_port, to, port, question);
    if (answer.left > 0)
        send_udp(s, to, port, from, client_port, answer);
}

/* One side of a TCP connection: its next sequence number. */
struct side {
    struct address address;
    uint16_t port;
    uint32_t next;
};

static inline void send_tcp(struct scene *s, struct side *from, const struct side *to,
                            uint8_t flags, struct reader bytes)
{
    size_t size = bytes.left;
    scene_send(s, (struct wire_packet){.from = from->address,
                                       .to = to->address,
                                       .protocol = IP_TCP,
                                       .port_from = from->port,
                                       .port_to = to->port,
                                       .tcp_flags = flags,
                                       .sequence = from->next,
                                       .acknowledgement = (flags & TCP_ACK) != 0 ? to->next : 0,
                                       .payload = read_bytes(&bytes, size),
                                       .payload_length = size});
    from->next += (uint32_t)size + ((flags & (TCP_SYN | TCP_FIN)) != 0);
}

static inline void try_tcp(struct scene *s, struct address from, struct address to, uint16_t port)
{
    struct side client = {from, scene_port(s), 1000}, server = {to, port, 0};
    send_tcp(s, &client, &server, TCP_SYN, reader_over("", 0));
}

static inline void send_segments(struct scene *s, struct side *from, const struct side *to,
                                 struct reader bytes)
{
    while (bytes.left > 0) {
        size_t size = bytes.left < SEGMENT ? bytes.left : SEGMENT;
        send_tcp(s, from, to, TCP_ACK | TCP_PSH, read_part(&bytes, size));
    }
}

/* Connects, sends the request, gets the answer, ends. */
static inline void talk(struct scene *s, const char *from, const char *to, uint16_t port,
                        struct reader request, struct reader answer)
{
    struct reader none = reader_over("", 0);
    struct side client = {host_of(from), scene_port(s), 1000}, server = {host_of(to), port, 9000};
    send_tcp(s, &client, &server, TCP_SYN, none);
    send_tcp(s, &server, &client, TCP_SYN | TCP_ACK, none);
    send_tcp(s, &client, &server, TCP_ACK, none);
    send_segments(s, &client, &server, request);
    send_segments(s, &server, &client, answer);
    send_tcp(s, &client, &server, TCP_ACK | TCP_FIN, none);
    send_tcp(s, &server, &client, TCP_ACK | TCP_FIN, none);
}

static inline struct reader words_of(const char *text)
{
    return reader_over((const uint8_t *)text, strlen(text));
}

/* The client looks the name up, and no such name is there. */
static inline void look_up(struct scene *s, const char *from, const char *resolver,
                           const char *name)
{
    uint8_t question[300], answer[300];
    struct writer q = writer_over(question, sizeof question), a = writer_over(answer, 300);
    dns_build(&q, (uint16_t)(s->ip_id + 1), name, DNS_TYPE_A, false, 0, NULL);
    dns_build(&a, (uint16_t)(s->ip_id + 1), name, DNS_TYPE_A, true, DNS_NXDOMAIN, NULL);
    assert_false(q.failed || a.failed);
    ask_udp(s, host_of(from), host_of(resolver), 53, reader_over(question, q.used),
            reader_over(answer, a.used));
}

/* A P2P message with so many bytes of noise behind its key, flags and checksum. */
static inline void send_noisy(struct scene *s, struct address from, struct address to,
                              uint16_t port, size_t noise_length)
{
    static const uint8_t noise[20] = {1, 2, 3};
    uint8_t bytes[128];
    struct writer w = writer_over(bytes, sizeof bytes);
    struct message_plan plan = {.fields = {.key = UINT64_C(0x1122334455667788) + 977 * s->keys++,
                                           .flags = MESSAGE_MODE | MESSAGE_ENCODED},
                                .noise = noise,
                                .noise_length = noise_length,
                                .transport = TRANSPORT_UDP};
    assert_true(noise_length <= sizeof noise);
    message_build(&plan, &w);
    assert_false(w.failed);
    ask_udp(s, from, to, port, reader_over(bytes, w.used), reader_over("", 0));
}

/* As a scanner asks it: without noise. */
static inline void ask_bare(struct scene *s, struct address from, struct address to, uint16_t port)
{
    send_noisy(s, from, to, port, 0);
}

/* As a host does that is infected: no bare request. */
static inline void speak_p2p(struct scene *s, struct address from, struct address to)
{
    send_noisy(s, from, to, 40000, 20);
}

/* The scene is over and hunted; the result is for the caller to free. exempt: a host, or NULL. */
static inline struct caught *scene_hunted(struct scene *s, const char *exempt)
{
    struct hunt_settings settings = settings_usual();
    struct prefix one;
    if (exempt != NULL) {
        assert_true(prefix_parse(exempt, &one, NULL));
        settings.exempt = &one;
        settings.exempt_count = 1;
    }
    struct hunt *h = hunt_begun(&settings);
    assert_true(hunt_part(h, s->reel, 0, s->reel->count));
    reel_free(s->reel);
    s->reel = NULL;
    return hunt_ended(h, NULL);
}

#endif
