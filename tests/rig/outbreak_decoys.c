/* Hosts that look like the worm in one way or another and are not infected: a vulnerability
 * scanner, an asker of P2P ports, a file sharer, another generator's names, a reader of odd
 * sites, and one whose two peers sit on predicted ports by chance. */
#include "outbreak.h"

#include <string.h>

#include "base/compiler.h"
#include "base/writer.h"
#include "conficker/message.h"
#include "conficker/ports.h"

static bool is_listening(uint32_t address, uint16_t port)
{
    if (address == FILE_SERVER)
        return port == 135 || port == 139 || port == 445;
    return address == INTRANET && (port == 80 || port == 443);
}

/* One SYN as a fast scanner sends it: same source port and number for all, no second try. */
static void probe(struct stage *s, int64_t when_us, struct place to, bool is_there)
{
    struct place from = {SCANNER, 41733};
    struct segment syn = {.from = from, .to = to, .sequence = 0x5ca77e12, .flags = TCP_SYN};
    tape_tcp(s->tape, when_us, &syn);
    if (!is_there)
        return;
    bool is_open = is_listening(to.address, to.port);
    struct segment reply = {.from = to, .to = from, .acknowledged = syn.sequence + 1};
    reply.flags = (is_open ? TCP_SYN : TCP_RST) | TCP_ACK;
    tape_tcp(s->tape, when_us + 180, &reply);
    if (!is_open)
        return;
    syn.flags = TCP_RST;
    syn.sequence++;
    tape_tcp(s->tape, when_us + 260, &syn);
}

static bool is_client(uint32_t address)
{
    uint32_t last = address & 0xff;
    return (last >= 101 && last <= 106) || (last >= 57 && last <= 63);
}

void play_scanner(struct tape *t)
{
    struct stage s = {.tape = t, .dice = {0x5}};
    int64_t when_us = START_US + 6 * MINUTES;
    for (uint32_t net = 1; net <= 4; net++)
        for (uint32_t last = 0; last < 256; last++, when_us += 20 * MILLISECONDS)
            probe(&s, when_us, (struct place){SITE(net, last), 445}, is_client(SITE(net, last)));
    static const uint32_t targets[] = {FILE_SERVER, INTRANET, SITE(1, 101)};
    when_us = START_US + 31 * MINUTES;
    for (size_t i = 0; i < COUNT_OF(targets); i++)
        for (uint32_t k = 1; k <= 1000; k++, when_us += 4 * MILLISECONDS) {
            uint16_t port = (uint16_t)(k <= 600 ? k : 2112 + (k - 601) * 157);
            probe(&s, when_us, (struct place){targets[i], port}, targets[i] != SITE(1, 101));
        }
}

/* A bare message: no field, no noise. */
static size_t bare_write(struct dice *d, enum transport transport, uint8_t *bytes, unsigned flags)
{
    struct message_plan plan = {.transport = transport};
    plan.fields.key = (dice_roll(d) & UINT64_C(0x7fffffff7fffffff)) | 1;
    plan.fields.flags = (uint16_t)(flags | MESSAGE_ENCODED);
    if (transport == TRANSPORT_TCP)
        plan.fields.flags |= MESSAGE_IS_TCP;
    struct writer w = writer_over(bytes, MESSAGE_SIZE_MIN + 2);
    message_build(&plan, &w);
    return w.used;
}

static void ask_by_udp(struct stage *s, int64_t when_us, struct place to)
{
    uint8_t bytes[MESSAGE_SIZE_MIN + 2];
    struct place from = {ASKER, (uint16_t)dice_between(&s->dice, 32768, 60999)};
    struct datagram d = {.from = from, .to = to, .payload = bytes};
    d.size = bare_write(&s->dice, TRANSPORT_UDP, bytes, MESSAGE_MODE);
    tape_udp(s->tape, when_us, &d);
    if (to.address != INFECTED_D)
        return;
    d.from = to;
    d.to = from;
    d.size = bare_write(&s->dice, TRANSPORT_UDP, bytes, MESSAGE_LOCAL_ACK);
    tape_udp(s->tape, when_us + 1300, &d);
}

static void ask_by_tcp(struct stage *s, int64_t when_us, struct place to)
{
    uint8_t bytes[MESSAGE_SIZE_MIN + 2];
    struct place from = {ASKER, (uint16_t)dice_between(&s->dice, 32768, 60999)};
    if (to.address != INFECTED_D) {
        call_fails(s, when_us, from, to, is_client(to.address) ? REFUSED : SILENT);
        return;
    }
    struct call c = call_open(s, when_us, from, to);
    call_say(&c, CLIENT, bytes, bare_write(&s->dice, TRANSPORT_TCP, bytes, MESSAGE_MODE));
    call_say(&c, SERVER, bytes, bare_write(&s->dice, TRANSPORT_TCP, bytes, MESSAGE_LOCAL_ACK));
    call_close(&c);
}

void play_asker(struct tape *t)
{
    struct stage s = {.tape = t, .dice = {0xa5}};
    int64_t when_us = START_US + 44 * MINUTES;
    for (uint32_t last = 1; last <= 100; last++, when_us += 900 * MILLISECONDS) {
        uint32_t host = SITE(3, last);
        struct p2p_ports ports = ports_predicted_for(host, WEEK, READING_NMAP);
        for (size_t i = 0; i < 2; i++) {
            ask_by_tcp(&s, when_us + dice_time(&s.dice, SECONDS),
                       (struct place){host, ports.tcp[i]});
            ask_by_udp(&s, when_us + dice_time(&s.dice, SECONDS),
                       (struct place){host, ports.udp[i]});
        }
    }
}

void play_sharer(struct tape *t)
{
    static const char ping[] = "d1:ad2:id20:thisclient'sidentitye1:q4:ping1:t2:aa1:y1:qe";
    static const char pong[] = "d1:rd2:id20:otherclient'sidentite1:t2:aa1:y1:re";
    struct stage s = {.tape = t, .dice = {0xb7}};
    for (unsigned i = 0; i < 800; i++) {
        struct place peer = {.address = dice_public_address(&s.dice)};
        peer.port = (uint16_t)dice_between(&s.dice, 1024, 65535);
        if (i % 8 == 0)
            peer.port = 51413;
        int64_t when_us = START_US + (int64_t)i * 4400 * MILLISECONDS + dice_time(&s.dice, SECONDS);
        struct datagram d = {{SHARER, 51413}, peer, ping, sizeof ping - 1, false};
        tape_udp(t, when_us, &d);
        if (i % 3 != 0)
            continue;
        d = (struct datagram){peer, {SHARER, 51413}, pong, sizeof pong - 1, false};
        tape_udp(t, when_us + 50000 + dice_time(&s.dice, 150000), &d);
    }
}

void play_other_bot(struct tape *t)
{
    struct stage s = {.tape = t, .dice = {0x07}};
    for (unsigned i = 0; i < 900; i++) {
        char name[32];
        struct text n = text_over(name, sizeof name);
        for (uint32_t k = dice_between(&s.dice, 12, 20); k > 0; k--)
            text_add(&n, "%c", (int)('a' + dice_below(&s.dice, 26)));
        text_add(&n, ".com");
        int64_t when_us = START_US + 33 * MINUTES + (int64_t)i * 600 * MILLISECONDS +
                          dice_time(&s.dice, SECONDS);
        struct question q = {.host = OTHER_BOT, .name = name};
        look_up_outside(&s, when_us, &q);
    }
}

static const char *const words[] = {
    "garden",  "kitchen", "weather", "music",   "river",   "castle",   "winter",  "bicycle",
    "orange",  "museum",  "harbour", "forest",  "market",  "library",  "holiday", "mountain",
    "theatre", "bridge",  "station", "doctor",  "school",  "football", "recipe",  "window",
    "island",  "painter", "history", "village", "journal", "camera",   "flower",  "dinner",
    "coffee",  "summer",  "travel",  "hotel",   "cinema",  "planet",   "silver",  "carpet",
    "bakery",  "pepper",  "tulip",   "violin",  "wood",    "lake",     "farm",    "ship"};

void play_browser(struct tape *t)
{
    static const char *const suffixes[] = {"ch",     "at", "be", "dk",  "fr",    "nl",
                                           "ie",     "pl", "no", "ru",  "co.uk", "com.br",
                                           "com.mx", "me", "in", "com", "net",   "org"};
    struct stage s = {.tape = t, .dice = {0xb0}};
    for (unsigned i = 0; i < 260; i++) {
        char text[64];
        struct text n = text_over(text, sizeof text);
        const char *word = words[dice_below(&s.dice, COUNT_OF(words))];
        text_add(&n, "%s.%s", word, suffixes[dice_below(&s.dice, COUNT_OF(suffixes))]);
        int64_t when_us = START_US + (int64_t)i * 13 * SECONDS + dice_time(&s.dice, 9 * SECONDS);
        struct question q = {.host = BROWSER, .name = text, .answer = OUTSIDE_3(40 + i % 9)};
        look_up(&s, when_us, &q);
        if (i % 8 != 0)
            continue;
        n = text_over(text, sizeof text);
        text_add(&n, i % 16 == 0 ? "/search?q=%s" : "/search?q=%.0s7", word);
        struct web_page page = {.client = {BROWSER, dice_own_port(&s.dice)},
                                .server = {OUTSIDE_3(10), 80},
                                .host = "search.example.com",
                                .path = text,
                                .type = "text/html",
                                .body = "<html><title>results</title></html>"};
        fetch(&s, when_us + SECONDS, &page);
    }
}

void play_unlucky(struct tape *t)
{
    static const char hello[] = "\xff\xff\xff\xffgetstatus of this game server";
    struct stage s = {.tape = t, .dice = {0x11}};
    for (unsigned i = 0; i < 200; i++) {
        struct place server = {dice_public_address(&s.dice), 27015};
        if (i % 3 == 0)
            server.port = (uint16_t)dice_between(&s.dice, 27000, 27050);
        if (i == 61 || i == 140) /* the coincidence */
            server.port = ports_predicted_for(server.address, WEEK, READING_NMAP).udp[i % 2];
        int64_t when_us = START_US + (int64_t)i * 9 * SECONDS + dice_time(&s.dice, 8 * SECONDS);
        struct datagram d = {{UNLUCKY, 2301}, server, hello, sizeof hello - 1, false};
        tape_udp(t, when_us, &d);
        if (i % 2 != 0)
            continue;
        d = (struct datagram){server, {UNLUCKY, 2301}, hello, sizeof hello - 1, false};
        tape_udp(t, when_us + 30000 + dice_time(&s.dice, 90000), &d);
    }
}
