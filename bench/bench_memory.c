/* Much traffic of many hosts, to see how much memory a hunt takes: a capture on stdout, to be read
 * through a pipe. What ordinary hosts do, by the table of habits, and a few infected ones; the same
 * bytes on every run.
 *
 *   bench_memory FLOWS HOSTS DAYS    (one line on stderr: what was written)
 *
 * Home hosts are 10.0.0.0 and on; days begin on Tuesday 2009-04-21. Traffic is spread evenly over
 * hosts and time, so each host is seen on each day: of as many flows no other spread leaves more
 * evidence. Frames end behind what the detectors read, as packets of real traffic would not: only
 * the time that a hunt takes depends on it. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/compiler.h"
#include "base/hash.h"
#include "base/time.h"
#include "base/writer.h"
#include "conficker/domains.h"
#include "conficker/message.h"
#include "conficker/ports.h"
#include "corpus_model.h"
#include "observe/packet.h"
#include "wire/build.h"
#include "wire/dhcp.h"
#include "wire/dns.h"
#include "wire/netbios.h"

enum {
    HOME = 0x0a000000,
    HOSTS_LEAST = 1000,
    HOSTS_MOST = 1 << 23,
    INFECTED = 100,    /* the first home hosts, a fourth each of A, B, D and E */
    P2P_OF_HOSTS = 50, /* one host in so many shares files */
    RESOLVERS = 4,
    FILE_SERVERS = 200,
    SITES = 20000, /* that are asked for; some far more often than others */
    LISTS = 2,     /* A and B, the lists of infected hosts here */
    LIST_MOST = 250,
    FRAME_MOST = 1024,
    RECORD = 16,
    LINK_ETHERNET = 1,
    PORT_FIRST = 1025,
    PORT_COUNT = 60000
};

static const int64_t begin_us = INT64_C(1240272000) * US_PER_SECOND;

struct play {
    uint64_t draws, flows, packets, bytes;
    uint32_t hosts;
    int64_t now_us;
    int32_t names_day; /* whose lists stand below */
    char names[LISTS][LIST_MOST][DOMAIN_NAME_SIZE];
};

static void put(struct play *p, const struct wire_packet *packet)
{
    uint8_t bytes[RECORD + FRAME_MOST];
    struct writer w = writer_over(bytes + RECORD, FRAME_MOST);
    wire_build_frame(&w, packet);
    struct writer head = writer_over(bytes, RECORD);
    write_le32(&head, (uint32_t)(p->now_us / US_PER_SECOND));
    write_le32(&head, (uint32_t)(p->now_us % US_PER_SECOND));
    write_le32(&head, (uint32_t)w.used);
    write_le32(&head, (uint32_t)w.used);
    if (w.failed || fwrite(bytes, RECORD + w.used, 1, stdout) != 1) {
        (void)fprintf(stderr, "bench_memory: a packet could not be written\n");
        exit(1);
    }
    p->packets++;
    p->bytes += RECORD + w.used;
}

/* A flow's two ends, and what the other way round answers. */
static struct wire_packet between(struct play *p, uint32_t from, uint32_t to, uint16_t port)
{
    return (struct wire_packet){
        .from = address_of_v4(from),
        .to = address_of_v4(to),
        .port_from = (uint16_t)(PORT_FIRST + drawn_below(&p->draws, PORT_COUNT)),
        .port_to = port,
        .ip_id = (uint16_t)drawn_below(&p->draws, UINT16_MAX)};
}

static struct wire_packet answering(struct wire_packet asked)
{
    struct wire_packet answer = asked;
    answer.from = asked.to;
    answer.to = asked.from;
    answer.port_from = asked.port_to;
    answer.port_to = asked.port_from;
    return answer;
}

static void send_datagram(struct play *p, struct wire_packet packet, const void *bytes, size_t size)
{
    packet.protocol = IP_UDP;
    packet.payload = bytes;
    packet.payload_length = size;
    put(p, &packet);
}

/* A connection in which the client says this and is answered; size 0: both are silent. Then both
 * end it. */
static void converse(struct play *p, struct wire_packet client, const void *bytes, size_t size)
{
    static const uint8_t answered[32] = {0};
    client.protocol = IP_TCP;
    client.tcp_flags = TCP_SYN;
    client.sequence = (uint32_t)drawn(&p->draws);
    put(p, &client);
    struct wire_packet server = answering(client);
    server.tcp_flags = TCP_SYN | TCP_ACK;
    server.sequence = (uint32_t)drawn(&p->draws);
    server.acknowledgement = client.sequence + 1;
    put(p, &server);
    client.tcp_flags = TCP_ACK | TCP_PSH | TCP_FIN;
    client.sequence++;
    client.acknowledgement = server.sequence + 1;
    client.payload = bytes;
    client.payload_length = size;
    put(p, &client);
    server.tcp_flags = TCP_ACK | TCP_FIN;
    server.sequence++;
    server.acknowledgement += (uint32_t)size + 1;
    server.payload = answered;
    server.payload_length = size != 0 ? sizeof answered : 0;
    put(p, &server);
}

static void try_tcp(struct play *p, struct wire_packet packet)
{
    packet.protocol = IP_TCP;
    packet.tcp_flags = TCP_SYN;
    packet.sequence = (uint32_t)drawn(&p->draws);
    put(p, &packet);
}

/* Whom it is all about */

static uint32_t home_host(struct play *p)
{
    return HOME + INFECTED + drawn_below(&p->draws, p->hosts - INFECTED);
}

static uint32_t outside_host(struct play *p)
{
    uint32_t address;
    do
        address = (uint32_t)drawn(&p->draws);
    while (address >> 24 == 0 || address >> 24 == 10 || address >> 24 == 127 ||
           address >= 224u << 24);
    return address;
}

static uint32_t resolver(struct play *p)
{
    return HOME + p->hosts + drawn_below(&p->draws, RESOLVERS);
}

/* One of SITES by its popularity: each power of two as likely as any other. */
static uint32_t site(struct play *p)
{
    return drawn_evenly_in_log(&p->draws, 1, SITES);
}

static uint32_t site_address(uint32_t number)
{
    return (uint32_t)(0x20000000 + hash_number(number) % 0x40000000);
}

/* Half of the names of a site are those of a machine in it. */
static void site_name(uint32_t number, char name[static DOMAIN_NAME_SIZE])
{
    static const char *const suffixes[] = {"com", "com", "com", "net", "org", "de", "info", "cn"};
    uint64_t state = number;
    struct text t = text_over(name, DOMAIN_NAME_SIZE);
    text_add(&t, number % 2 == 0 ? "www." : "");
    for (unsigned letters = 4 + drawn_below(&state, 9); letters > 0; letters--)
        text_add(&t, "%c", (char)('a' + drawn_below(&state, 26)));
    text_add(&t, ".%s", suffixes[drawn_below(&state, COUNT_OF(suffixes))]);
}

/* What ordinary hosts do */

static void look_up(struct play *p, uint32_t host, const char *name, const uint32_t *address)
{
    uint8_t bytes[256];
    uint16_t id = (uint16_t)drawn(&p->draws);
    struct wire_packet packet = between(p, host, resolver(p), 53);
    struct writer question = writer_over(bytes, sizeof bytes);
    dns_build(&question, id, name, DNS_TYPE_A, false, 0, NULL);
    send_datagram(p, packet, bytes, question.used);
    struct writer answer = writer_over(bytes, sizeof bytes);
    dns_build(&answer, id, name, DNS_TYPE_A, true, address != NULL ? DNS_NOERROR : DNS_NXDOMAIN,
              address);
    send_datagram(p, answering(packet), bytes, answer.used);
}

static void look_up_site(struct play *p)
{
    char name[DOMAIN_NAME_SIZE];
    uint32_t number = site(p), address = site_address(number);
    site_name(number, name);
    look_up(p, home_host(p), name, drawn_below(&p->draws, 10) != 0 ? &address : NULL);
}

static void browse(struct play *p)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n";
    static const uint8_t hello[] = {22, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3};
    bool plain = drawn_below(&p->draws, 3) == 0;
    converse(p, between(p, home_host(p), site_address(site(p)), plain ? 80 : 443),
             plain ? (const void *)request : hello, plain ? sizeof request - 1 : sizeof hello);
}

/* A service that keeps no web port: mail, chat, games, also HTTP. */
static void use_odd_service(struct play *p)
{
    static const char request[] = "GET /status HTTP/1.1\r\nHost: example.com\r\n\r\n";
    uint32_t number = site(p);
    bool http = number % 8 == 0;
    converse(p,
             between(p, home_host(p), site_address(number),
                     (uint16_t)(2112 + hash_number(number) % 30000)),
             http ? request : "\x05\x01\x00", http ? sizeof request - 1 : 3);
}

static void open_share(struct play *p)
{
    static const uint8_t negotiate[] = {0,    0, 0, 47, 0xff, 'S',  'M', 'B',
                                        0x72, 0, 0, 0,  0,    0x18, 1};
    uint32_t server = HOME + p->hosts + RESOLVERS + drawn_below(&p->draws, FILE_SERVERS);
    converse(p, between(p, home_host(p), server, 445), negotiate, sizeof negotiate);
}

/* Each peer is another. */
static void share_files(struct play *p)
{
    uint8_t bytes[64];
    struct writer w = writer_over(bytes, sizeof bytes);
    while (w.used < sizeof bytes)
        write_le64(&w, drawn(&p->draws));
    uint32_t host = HOME + INFECTED +
                    drawn_below(&p->draws, (p->hosts - INFECTED) / P2P_OF_HOSTS) * P2P_OF_HOSTS;
    uint16_t port = (uint16_t)(PORT_FIRST + drawn_below(&p->draws, PORT_COUNT));
    struct wire_packet packet = between(p, host, outside_host(p), port);
    send_datagram(p, packet, bytes, sizeof bytes);
    if (drawn_below(&p->draws, 2) == 0)
        send_datagram(p, answering(packet), bytes + 16, sizeof bytes - 16);
}

/* Somebody outside tries a port of a host of ours, or finds it open. */
static void come_from_outside(struct play *p)
{
    static const uint16_t ports[] = {22, 23, 80, 445, 1433, 3389, 5900, 8080};
    struct wire_packet packet = between(p, outside_host(p), home_host(p),
                                        ports[drawn_below(&p->draws, COUNT_OF(ports))]);
    if (drawn_below(&p->draws, 10) == 0)
        converse(p, packet, NULL, 0);
    else
        try_tcp(p, packet);
}

/* It renews its lease, or registers its name. */
static void announce(struct play *p)
{
    uint8_t bytes[600];
    char name[16];
    uint32_t host = home_host(p);
    struct writer w = writer_over(bytes, sizeof bytes);
    int length = snprintf(name, sizeof name, "PC-%06" PRIX32, host & 0xffffff);
    if (drawn_below(&p->draws, 2) == 0) {
        struct dhcp_message m = {.type = DHCP_REQUEST,
                                 .mac = UINT64_C(0x020000000000) | host,
                                 .client = host,
                                 .name = reader_over((const uint8_t *)name, (size_t)length)};
        dhcp_build(&w, &m);
        struct wire_packet packet = between(p, host, resolver(p), 67);
        packet.port_from = 68;
        send_datagram(p, packet, bytes, w.used);
    } else {
        struct netbios_message m = {.opcode = NETBIOS_REGISTER,
                                    .name = netbios_name_of(name, NETBIOS_WORKSTATION, false),
                                    .address_count = 1,
                                    .addresses = {host}};
        netbios_build(&w, &m);
        struct wire_packet packet = between(p, host, HOME | 0x00ffffff, 137);
        packet.port_from = 137;
        send_datagram(p, packet, bytes, w.used);
    }
}

/* What infected hosts do */

/* The lists of today; by B's also C looks up. */
static void make_names(struct play *p)
{
    struct domain_generator g;
    p->names_day = day_of(p->now_us);
    for (unsigned list = 0; list < LISTS; list++) {
        domains_begin(&g, list == 0 ? NAME_LIST_A : NAME_LIST_B, p->names_day);
        for (unsigned i = 0; i < LIST_MOST; i++)
            (void)domains_next(&g, p->names[list][i]);
    }
}

/* A datagram of D as it introduces itself, or a connection; to anybody's predicted ports. */
static void speak_p2p(struct play *p, uint32_t host)
{
    uint8_t bytes[256], noise[16];
    uint32_t peer = outside_host(p);
    struct p2p_ports ports = ports_predicted_for(peer, week_of(p->now_us), READING_NMAP);
    if (drawn_below(&p->draws, 2) == 0) {
        try_tcp(p, between(p, host, peer, ports.tcp[0]));
        return;
    }
    struct writer n = writer_over(noise, sizeof noise), w = writer_over(bytes, sizeof bytes);
    write_le64(&n, drawn(&p->draws));
    write_le64(&n, drawn(&p->draws));
    struct message_plan plan = {
        .fields = {.key = drawn(&p->draws),
                   .flags = MESSAGE_MODE | MESSAGE_ENCODED | MESSAGE_HAS_UNKNOWN0,
                   .unknown0 = (uint32_t)drawn(&p->draws)},
        .noise = noise,
        .noise_length = sizeof noise,
        .transport = TRANSPORT_UDP};
    message_build(&plan, &w);
    send_datagram(p, between(p, host, peer, ports.udp[0]), bytes, w.used);
}

static void act_infected(struct play *p)
{
    uint32_t number = drawn_below(&p->draws, INFECTED), host = HOME + number;
    unsigned kind = number % 4; /* A, B, D, E */
    if (p->names_day != day_of(p->now_us))
        make_names(p);
    if (kind < LISTS && drawn_below(&p->draws, 2) == 0)
        look_up(p, host, p->names[kind][drawn_below(&p->draws, LIST_MOST)], NULL);
    else if (kind == 2 || (kind == 3 && drawn_below(&p->draws, 2) == 0))
        speak_p2p(p, host);
    else /* where the generator of targets never goes, neither does this */
        try_tcp(p, between(p, host, outside_host(p) & 0xff7fff7f, 445));
}

struct habit {
    void (*act)(struct play *p);
    unsigned share; /* of all flows, in thousands */
};

static const struct habit habits[] = {
    {browse, 400},      {look_up_site, 340},     {share_files, 130}, {open_share, 50},
    {act_infected, 20}, {come_from_outside, 20}, {announce, 20},     {use_odd_service, 20},
};

enum { SHARES = 1000 };

static void act(struct play *p)
{
    uint32_t at = drawn_below(&p->draws, SHARES);
    for (unsigned i = 0; i < COUNT_OF(habits); i++) {
        if (at < habits[i].share) {
            habits[i].act(p);
            return;
        }
        at -= habits[i].share;
    }
}

static void write_header(void)
{
    uint8_t header[24];
    struct writer w = writer_over(header, sizeof header);
    write_le32(&w, 0xa1b2c3d4);
    write_le16(&w, 2);
    write_le16(&w, 4);
    write_zeros(&w, 8);
    write_le32(&w, 65535);
    write_le32(&w, LINK_ETHERNET);
    (void)fwrite(header, sizeof header, 1, stdout);
}

static uint64_t number_of(const char *text, uint64_t least, uint64_t most)
{
    char *end;
    uint64_t number = strtoull(text, &end, 10);
    if (*end != '\0' || number < least || number > most) {
        (void)fprintf(stderr, "bench_memory: %s is no number from %" PRIu64 " to %" PRIu64 "\n",
                      text, least, most);
        exit(2);
    }
    return number;
}

int main(int count, char **words)
{
    static struct play p = {.draws = 2009, .names_day = INT32_MIN};
    if (count != 4) {
        (void)fprintf(stderr, "usage: bench_memory FLOWS HOSTS DAYS >capture\n");
        return 2;
    }
    uint64_t flows = number_of(words[1], 1, 1 << 30);
    p.hosts = (uint32_t)number_of(words[2], HOSTS_LEAST, HOSTS_MOST);
    uint64_t days = number_of(words[3], 1, 400);
    static char buffer[1 << 20];
    (void)setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    write_header();
    double step_us = (double)days * (double)US_PER_DAY / (double)flows;
    for (p.flows = 0; p.flows < flows; p.flows++) {
        p.now_us = begin_us + (int64_t)(step_us * (double)p.flows);
        act(&p);
    }
    if (fflush(stdout) != 0) {
        (void)fprintf(stderr, "bench_memory: not all could be written\n");
        return 1;
    }
    (void)fprintf(stderr,
                  "%" PRIu64 " flows of %" PRIu32 " home hosts in %" PRIu64 " day%s, %" PRIu64
                  " packets, %" PRIu64 " bytes, %d infected\n",
                  p.flows, p.hosts, days, days == 1 ? "" : "s", p.packets, p.bytes, INFECTED);
    return 0;
}
