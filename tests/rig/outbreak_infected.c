/* The four infected hosts. What they look up, whom they sweep and what they say to peers comes
 * from the library itself (conficker/), as it would from the worm. Facts: design.md's signs,
 * spec of behaviour. */
#include "outbreak.h"

#include <string.h>

#include "base/compiler.h"
#include "base/time.h"
#include "base/writer.h"
#include "conficker/domains.h"
#include "conficker/message.h"
#include "conficker/ports.h"

enum { P2P_SIZE = 256, CALLBACK_PORT = 4821, VLAN_OF_D = 103 };

/* Names of the day: how many are asked for, from when on, for how long; the ones at these places
 * in the list exist (a sinkhole has them). */
struct polling {
    enum name_list list;
    size_t wanted;
    int64_t from_us, span_us;
    size_t found[2];
};

static void poll_names(struct stage *s, uint32_t host, const struct polling *p)
{
    struct domain_generator g;
    domains_begin(&g, p->list, day_of(START_US));
    size_t count = domains_count(p->list), wanted = p->wanted;
    for (size_t i = 0; i < count; i++) {
        char name[DOMAIN_NAME_SIZE];
        (void)domains_next(&g, name);
        if (dice_below(&s->dice, (uint32_t)(count - i)) >= wanted)
            continue;
        size_t asked = p->wanted - wanted--;
        bool is_found = asked == p->found[0] || asked == p->found[1];
        struct question q = {.host = host, .name = name, .answer = is_found ? SINKHOLE : 0};
        int64_t at = p->span_us * (int64_t)asked / (int64_t)p->wanted;
        look_up(s, START_US + p->from_us + at + dice_time(&s->dice, SECONDS / 2), &q);
    }
}

/* Who is there, of the site's clients. */
static bool is_live(uint32_t address)
{
    uint32_t last = address & 0xff;
    return (last >= 101 && last <= 106) || (last >= 57 && last <= 63) || last == 11 || last == 22 ||
           last == 33 || last == 44;
}

/* SYNs to port 445: the worm's own /24, and random addresses whose second and fourth octet are
 * below 128, because its generator gives 15 bits at a time. */
static void sweep_445(struct stage *s, uint32_t host, unsigned outside, int64_t span_us)
{
    for (unsigned i = 0; i < outside; i++) {
        uint32_t address = dice_public_address(&s->dice) & 0xff7fff7f;
        struct place from = {host, dice_own_port(&s->dice)}, to = {address, 445};
        enum outcome outcome = dice_below(&s->dice, 9) == 0 ? REFUSED : SILENT;
        int64_t when_us = START_US + span_us / outside * i + dice_time(&s->dice, SECONDS);
        call_fails(s, when_us, from, to, outcome);
    }
    for (uint32_t last = 1; last < 255; last++) {
        uint32_t address = (host & 0xffffff00) | last;
        struct place from = {host, dice_own_port(&s->dice)}, to = {address, 445};
        int64_t when_us = START_US + span_us / 2 + (int64_t)last * 310 * MILLISECONDS;
        if (address != host && address != VICTIM)
            call_fails(s, when_us, from, to, is_live(address) ? REFUSED : SILENT);
    }
}

void play_infected_a(struct tape *t)
{
    struct stage s = {.tape = t, .dice = {0xa}};
    struct polling names = {NAME_LIST_A, 250, 4 * MINUTES, 5 * MINUTES, {31, 187}};
    poll_names(&s, INFECTED_A, &names);
    sweep_445(&s, INFECTED_A, 200, 58 * MINUTES);
    static const char *const paths[] = {"/search?q=3&aq=7", "/search?q=3&aq=7", "/search?q=4&aq=7"};
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        struct web_page page = {.client = {INFECTED_A, dice_own_port(&s.dice)},
                                .server = {SINKHOLE, 80},
                                .host = "198.51.100.200",
                                .path = paths[i],
                                .type = "text/html",
                                .body = "sinkhole"};
        fetch(&s, START_US + (8 + 13 * (int64_t)i) * MINUTES, &page);
    }
}

/* The published bytes by which the decoder of B is known, in padding, in front of what it would
 * have decoded: a URL. No overflow, no code behind it: nothing that could run. */
static size_t marker_write(uint8_t *bytes, size_t room, const char *url)
{
    static const uint8_t decoder[] = {0xe8, 0xff, 0xff, 0xff, 0xff, 0xc2, 0x5f,
                                      0x8d, 0x4f, 0x10, 0x80, 0x31, 0xc4, 0x41,
                                      0x66, 0x81, 0x39, 0x4d, 0x53, 0x75, 0xf5};
    uint8_t padding[96];
    memset(padding, 'A', sizeof padding);
    struct writer w = writer_over(bytes, room);
    write_bytes(&w, padding, sizeof padding);
    write_bytes(&w, decoder, sizeof decoder);
    write_bytes(&w, padding, 40);
    for (size_t i = 0; url[i] != '\0'; i++)
        write_u8(&w, (uint8_t)url[i] ^ 0xc4);
    write_bytes(&w, "MS", 2);
    write_bytes(&w, padding, 64);
    return w.used;
}

/* A transaction on \PIPE\ that carries a DCERPC request with the marker as its stub. */
static void say_marker(struct call *c, const char *url)
{
    uint8_t stub[512], bytes[640], words[32] = {0};
    size_t size = marker_write(stub, sizeof stub, url);
    struct writer w = writer_over(bytes, sizeof bytes);
    write_bytes(&w, "\\PIPE\\\0\0", 9);
    write_bytes(&w, "\5\0\0\3\x10\0\0\0", 8);
    write_le16(&w, (uint16_t)(size + 24));
    write_le16(&w, 0);
    write_le32(&w, 1);
    write_le32(&w, (uint32_t)size);
    write_le16(&w, 0);
    write_le16(&w, 0x1f);
    write_bytes(&w, stub, size);
    struct writer head = writer_over(words, sizeof words);
    write_le16(&head, 0);
    write_le16(&head, (uint16_t)(size + 24));
    write_zeros(&head, 18);
    write_le16(&head, (uint16_t)(size + 24));
    write_le16(&head, 76); /* where the data begins: 32 + 1 + 32 + 2 + 9 */
    write_le16(&head, 2);
    write_le16(&head, 0x26);
    write_le16(&head, 0x4000);
    struct smb_words m = {0x25, words, sizeof words, bytes, w.used};
    smb_say(c, CLIENT, &m);
}

static void infect(struct stage *s, int64_t when_us)
{
    static const uint8_t create[48] = {0xff, 0, 0, 0, 0, 8, 0};
    static const uint8_t created[68] = {0xff, 0, 0, 0, 0, 0, 0x40};
    struct call c = smb_call(s, when_us, INFECTED_B, VICTIM);
    struct smb_words m = {0xa2, create, sizeof create, "\\BROWSER", 9};
    smb_say(&c, CLIENT, &m);
    m = (struct smb_words){0xa2, created, sizeof created, "", 0};
    smb_say(&c, SERVER, &m);
    say_marker(&c, "http://10.9.2.22:4821/qkzvbn");
    call_close(&c);
    struct web_page page = {.client = {VICTIM, dice_own_port(&s->dice)},
                            .server = {INFECTED_B, CALLBACK_PORT},
                            .host = "10.9.2.22:4821",
                            .path = "/qkzvbn",
                            .type = "image/jpeg",
                            .body = "MZ inert test body"};
    fetch(s, c.now_us + 2 * SECONDS, &page);
}

void play_infected_b(struct tape *t)
{
    struct stage s = {.tape = t, .dice = {0xb}};
    struct polling names = {NAME_LIST_B, 250, 11 * MINUTES, 6 * MINUTES, {500, 500}};
    poll_names(&s, INFECTED_B, &names);
    sweep_445(&s, INFECTED_B, 120, 55 * MINUTES);
    infect(&s, START_US + 23 * MINUTES + 412 * MILLISECONDS);
}

/* What a host of variant D says to a peer: always with the IP field, the others now and then. */
static size_t p2p_write(struct dice *d, enum transport transport, uint32_t own, uint8_t *bytes)
{
    uint8_t filler[64];
    uint32_t luck = (uint32_t)dice_roll(d);
    for (size_t i = 0; i < sizeof filler; i++)
        filler[i] = (uint8_t)dice_roll(d);
    struct message_plan plan = {.transport = transport, .noise = filler};
    plan.noise_length = luck % 33;
    struct message *m = &plan.fields;
    m->key = dice_roll(d);
    m->flags = (uint16_t)(MESSAGE_ENCODED | MESSAGE_HAS_IP | (luck >> 8 & MESSAGE_MODE));
    m->flags |= (uint16_t)(transport == TRANSPORT_TCP ? MESSAGE_IS_TCP : 0);
    m->flags |= (uint16_t)(luck >> 9 & MESSAGE_HAS_UNKNOWN0);
    m->flags |= (uint16_t)(luck >> 10 & luck >> 11 & MESSAGE_HAS_UNKNOWN1);
    m->flags |= (uint16_t)(luck >> 12 & luck >> 14 & MESSAGE_HAS_DATA);
    m->flags |= (uint16_t)(luck >> 13 & luck >> 15 & luck >> 18 & MESSAGE_HAS_SYSINFO);
    m->ip = own;
    m->port = ports_predicted_for(own, WEEK, READING_NMAP).tcp[0];
    m->unknown0 = luck;
    m->unknown1 = ~luck;
    m->data_flags = 1;
    m->data = filler;
    m->data_length = (uint16_t)(16 + luck % 32);
    m->sysinfo = (struct message_sysinfo){.os_major = 5, .os_minor = 1, .os_build = 2600};
    struct writer w = writer_over(bytes, P2P_SIZE);
    message_build(&plan, &w);
    return w.used;
}

static void say_datagram(struct stage *s, int64_t when_us, struct place from, struct place to)
{
    uint8_t bytes[P2P_SIZE];
    struct datagram d = {.from = from, .to = to, .payload = bytes};
    d.size = p2p_write(&s->dice, TRANSPORT_UDP, from.address, bytes);
    tape_udp(s->tape, when_us, &d);
}

/* One message to a random address on one of its two predicted ports; it may be infected, too, and
 * answer. */
static void greet_by_udp(struct stage *s, int64_t when_us, uint32_t own, bool is_answered)
{
    uint32_t peer = dice_public_address(&s->dice);
    struct p2p_ports ports = ports_predicted_for(peer, WEEK, READING_NMAP);
    struct place from = {own, dice_own_port(&s->dice)};
    struct place to = {peer, ports.udp[dice_below(&s->dice, 2)]};
    say_datagram(s, when_us, from, to);
    if (is_answered)
        say_datagram(s, when_us + 80000 + dice_time(&s->dice, 200000), to, from);
}

/* Split behind the third byte or later, never at a message's end. */
static void say_in_two(struct call *c, enum speaker who, uint32_t own)
{
    uint8_t bytes[P2P_SIZE];
    size_t size = p2p_write(&c->stage->dice, TRANSPORT_TCP, own, bytes);
    size_t first = dice_between(&c->stage->dice, 3, (uint32_t)size - 1);
    call_say(c, who, bytes, first);
    call_say(c, who, bytes + first, size - first);
}

static void greet_by_tcp(struct stage *s, int64_t when_us, uint32_t own, unsigned turn)
{
    uint32_t peer = dice_public_address(&s->dice);
    struct p2p_ports ports = ports_predicted_for(peer, WEEK, READING_NMAP);
    struct place from = {own, dice_own_port(&s->dice)};
    struct place to = {peer, ports.tcp[turn % 2]};
    if (turn % 10 != 0) {
        call_fails(s, when_us, from, to, turn % 7 == 0 ? REFUSED : SILENT);
        return;
    }
    struct call c = call_open(s, when_us, from, to);
    say_in_two(&c, CLIENT, own);
    if (turn % 20 == 0)
        say_in_two(&c, SERVER, peer);
    call_close(&c);
}

/* Strangers come to D on its own ports, and it answers. */
static void receive_strangers(struct stage *s)
{
    struct p2p_ports ports = ports_predicted_for(INFECTED_D, WEEK, READING_NMAP);
    for (unsigned i = 0; i < 8; i++) {
        struct place from = {.address = dice_public_address(&s->dice)};
        from.port = dice_own_port(&s->dice);
        struct place to = {INFECTED_D, ports.udp[i % 2]};
        int64_t when_us = START_US + (3 + 7 * (int64_t)i) * MINUTES + dice_time(&s->dice, SECONDS);
        say_datagram(s, when_us, from, to);
        say_datagram(s, when_us + 900 + dice_time(&s->dice, 5000), to, from);
    }
}

void play_infected_d(struct tape *t)
{
    struct stage s = {.tape = t, .dice = {0xd}};
    struct polling names = {NAME_LIST_D, 500, 18 * MINUTES, 9 * MINUTES, {600, 600}};
    poll_names(&s, INFECTED_D, &names);
    for (unsigned i = 0; i < 420; i++) {
        t->vlan = i % 100 == 7 ? VLAN_OF_D : 0; /* four times the mirror saw the tagged side */
        int64_t when_us = START_US + (int64_t)i * 8500 * MILLISECONDS;
        greet_by_udp(&s, when_us + dice_time(&s.dice, 8 * SECONDS), INFECTED_D, i % 9 == 4);
    }
    t->vlan = 0;
    for (unsigned i = 0; i < 160; i++) {
        int64_t when_us = START_US + (int64_t)i * 22 * SECONDS;
        greet_by_tcp(&s, when_us + dice_time(&s.dice, 20 * SECONDS), INFECTED_D, i);
    }
    receive_strangers(&s);
}

void play_quiet_d(struct tape *t)
{
    struct stage s = {.tape = t, .dice = {0xdd}};
    for (unsigned i = 0; i < 30; i++) {
        int64_t when_us = START_US + (int64_t)i * 2 * MINUTES;
        greet_by_udp(&s, when_us + dice_time(&s.dice, MINUTES), QUIET_D, false);
    }
}
