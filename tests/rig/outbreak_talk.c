/* Conversations: TCP calls, DNS through the resolver, HTTP, and as much SMB1 as a file server says.
 * RFC 793, 1035, 1945; SMB1 headers as in MS-CIFS 2.2.3. */
#include "outbreak.h"

#include <string.h>

#include "base/writer.h"

enum {
    PIECE_SIZE = 1400,
    SMB_HEADER_SIZE = 32,
    DNS_SIZE = 512,
    DNS_PORT_OF_RESOLVER = 32771,
    TYPE_A = 1,
    TYPE_AAAA = 28
};

static struct segment segment_of(const struct call *c, enum speaker who, unsigned flags)
{
    bool is_client = who == CLIENT;
    return (struct segment){.from = is_client ? c->client : c->server,
                            .to = is_client ? c->server : c->client,
                            .sequence = is_client ? c->client_next : c->server_next,
                            .acknowledged = is_client ? c->server_next : c->client_next,
                            .flags = flags};
}

static void call_put(struct call *c, const struct segment *s)
{
    tape_tcp(c->stage->tape, c->now_us, s);
    c->now_us += 300 + dice_below(&c->stage->dice, 4000);
}

struct call call_open(struct stage *s, int64_t when_us, struct place client, struct place server)
{
    struct call c = {.stage = s, .client = client, .server = server, .now_us = when_us};
    c.client_next = (uint32_t)dice_roll(&s->dice);
    struct segment syn = segment_of(&c, CLIENT, TCP_SYN);
    call_put(&c, &syn);
    c.client_next++;
    c.server_next = (uint32_t)dice_roll(&s->dice);
    struct segment both = segment_of(&c, SERVER, TCP_SYN | TCP_ACK);
    call_put(&c, &both);
    c.server_next++;
    struct segment ack = segment_of(&c, CLIENT, TCP_ACK);
    call_put(&c, &ack);
    return c;
}

void call_say(struct call *c, enum speaker who, const void *bytes, size_t size)
{
    const uint8_t *next = bytes;
    for (size_t at = 0; at < size; at += PIECE_SIZE) {
        struct segment s = segment_of(c, who, TCP_PSH | TCP_ACK);
        s.payload = next + at;
        s.size = size - at < PIECE_SIZE ? size - at : PIECE_SIZE;
        call_put(c, &s);
        *(who == CLIENT ? &c->client_next : &c->server_next) += (uint32_t)s.size;
        if (who == CLIENT)
            continue; /* what the server says next acknowledges it */
        struct segment ack = segment_of(c, CLIENT, TCP_ACK);
        call_put(c, &ack);
    }
}

void call_close(struct call *c)
{
    struct segment s = segment_of(c, CLIENT, TCP_FIN | TCP_ACK);
    call_put(c, &s);
    c->client_next++;
    s = segment_of(c, SERVER, TCP_FIN | TCP_ACK);
    call_put(c, &s);
    c->server_next++;
    s = segment_of(c, CLIENT, TCP_ACK);
    call_put(c, &s);
}

void call_fails(struct stage *s, int64_t when_us, struct place client, struct place server,
                enum outcome outcome)
{
    struct segment syn = {.from = client, .to = server, .flags = TCP_SYN};
    syn.sequence = (uint32_t)dice_roll(&s->dice);
    tape_tcp(s->tape, when_us, &syn);
    if (outcome == SILENT) {
        tape_tcp(s->tape, when_us + 3 * SECONDS - dice_below(&s->dice, 30000), &syn);
        return;
    }
    struct segment reset = {.from = server, .to = client, .flags = TCP_RST | TCP_ACK};
    reset.acknowledged = syn.sequence + 1;
    tape_tcp(s->tape, when_us + 200 + dice_below(&s->dice, 60000), &reset);
}

static void write_name(struct writer *w, const char *name)
{
    while (*name != '\0') {
        size_t length = strcspn(name, ".");
        write_u8(w, (uint8_t)length);
        write_bytes(w, name, length);
        name += length;
        if (*name == '.')
            name++;
    }
    write_u8(w, 0);
}

struct dns_words {
    uint16_t id, type;
    bool is_reply;
    const struct question *question;
};

static size_t dns_write(uint8_t bytes[static DNS_SIZE], const struct dns_words *d)
{
    struct writer w = writer_over(bytes, DNS_SIZE);
    bool is_found = d->is_reply && d->question->answer != 0;
    unsigned reply = d->question->answer != 0 ? 0x8180 : 0x8183;
    write_be16(&w, d->id);
    write_be16(&w, (uint16_t)(d->is_reply ? reply : 0x0100));
    write_be16(&w, 1);
    write_be16(&w, is_found);
    write_be32(&w, 0);
    write_name(&w, d->question->name);
    write_be16(&w, d->type);
    write_be16(&w, 1);
    if (is_found) {
        write_be16(&w, 0xc00c);
        write_be16(&w, d->type);
        write_be16(&w, 1);
        write_be32(&w, 3600);
        write_be16(&w, d->type == TYPE_AAAA ? 16 : 4);
        if (d->type == TYPE_AAAA) {
            write_be64(&w, UINT64_C(0x20010db800000000));
            write_be32(&w, 0);
        }
        write_be32(&w, d->question->answer);
    }
    return w.used;
}

struct dns_way {
    struct place asking, asked;
    uint16_t type;
    bool six;
};

/* A question and its reply, this much later. */
static void ask(struct stage *s, int64_t when_us, const struct dns_way *way,
                const struct question *q, int64_t wait_us)
{
    uint8_t bytes[DNS_SIZE];
    struct dns_words words = {.id = ++s->tape->last_dns_id, .type = way->type};
    words.question = q;
    struct datagram d = {.from = way->asking, .to = way->asked, .payload = bytes, .six = way->six};
    d.size = dns_write(bytes, &words);
    tape_udp(s->tape, when_us, &d);
    words.is_reply = true;
    d.from = way->asked;
    d.to = way->asking;
    d.size = dns_write(bytes, &words);
    tape_udp(s->tape, when_us + wait_us, &d);
}

/* As in 2009, before ports were drawn anew for each question: one port a host for all of them. */
static uint16_t dns_port(uint32_t host)
{
    return (uint16_t)(1026 + host % 61);
}

void look_up(struct stage *s, int64_t when_us, const struct question *q)
{
    int64_t pass_us = 400 + dice_below(&s->dice, 6000);
    int64_t away_us = 15000 + dice_below(&s->dice, 60000);
    struct dns_way inside = {
        .asking = {q->host, dns_port(q->host)}, .asked = {RESOLVER, 53}, .type = TYPE_A};
    ask(s, when_us, &inside, q, q->cached ? pass_us : 2 * pass_us + away_us);
    if (q->cached)
        return;
    struct dns_way outside = {
        .asking = {RESOLVER, DNS_PORT_OF_RESOLVER}, .asked = {FORWARDER, 53}, .type = TYPE_A};
    uint16_t vlan = s->tape->vlan;
    s->tape->vlan = 0; /* the resolver stands on the untagged side */
    ask(s, when_us + pass_us, &outside, q, away_us);
    s->tape->vlan = vlan;
}

void look_up_outside(struct stage *s, int64_t when_us, const struct question *q)
{
    struct dns_way way = {
        .asking = {q->host, dns_port(q->host)}, .asked = {FORWARDER, 53}, .type = TYPE_A};
    ask(s, when_us, &way, q, 15000 + dice_below(&s->dice, 60000));
}

void look_up_six(struct stage *s, int64_t when_us, uint32_t host, const char *name)
{
    struct question q = {.host = host, .name = name, .answer = OUTSIDE_1(6), .cached = true};
    struct dns_way way = {
        .asking = {host, dns_port(host)}, .asked = {RESOLVER, 53}, .type = TYPE_AAAA, .six = true};
    ask(s, when_us, &way, &q, 700 + dice_below(&s->dice, 900));
}

void fetch(struct stage *s, int64_t when_us, const struct web_page *page)
{
    char text[2048];
    struct text t = text_over(text, sizeof text);
    struct call c = call_open(s, when_us, page->client, page->server);
    text_add(&t,
             "GET %s HTTP/1.1\r\nUser-Agent: Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; "
             "SV1)\r\nHost: %s\r\nCache-Control: no-cache\r\n\r\n",
             page->path, page->host);
    call_say(&c, CLIENT, text, t.used);
    t = text_over(text, sizeof text);
    text_add(&t, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n%s", page->type,
             strlen(page->body), page->body);
    call_say(&c, SERVER, text, t.used);
    call_close(&c);
}

void smb_say(struct call *c, enum speaker who, const struct smb_words *m)
{
    uint8_t bytes[DATAGRAM_SIZE_MAX];
    struct writer w = writer_over(bytes, sizeof bytes);
    write_be32(&w, (uint32_t)(SMB_HEADER_SIZE + 3 + m->word_bytes + m->size));
    write_bytes(&w, "\xffSMB", 4);
    write_u8(&w, m->command);
    write_le32(&w, 0);
    write_u8(&w, who == CLIENT ? 0x18 : 0x98);
    write_le16(&w, 0x4807); /* strings are ASCII: not 0x8000 */
    write_zeros(&w, 12);
    write_le16(&w, 0x0800);
    write_le16(&w, 0x0400);
    write_le16(&w, 0x0800);
    write_le16(&w, 1);
    write_u8(&w, (uint8_t)(m->word_bytes / 2));
    write_bytes(&w, m->words, m->word_bytes);
    write_le16(&w, (uint16_t)m->size);
    write_bytes(&w, m->bytes, m->size);
    call_say(c, who, bytes, w.used);
}

struct call smb_call(struct stage *s, int64_t when_us, uint32_t client, uint32_t server)
{
    static const uint8_t zeros[34];
    static const uint8_t none[26] = {0xff};
    struct call c = call_open(s, when_us, (struct place){client, dice_own_port(&s->dice)},
                              (struct place){server, 445});
    const struct smb_words words[] = {
        {0x72, zeros, 0, "\2NT LM 0.12", 12},
        {0x72, zeros, 34, "challengOFFICE", 14},
        {0x73, none, 26, "\0\0\0Windows 5.1\0Windows 2000 LAN Manager", 39},
        {0x73, none, 6, "Windows 5.1\0Windows 2000 LAN Manager\0OFFICE", 44},
        {0x75, none, 8, "\0\\\\SERVER\\IPC$\0?????", 21},
        {0x75, none, 6, "IPC\0", 5},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        smb_say(&c, i % 2 == 0 ? CLIENT : SERVER, &words[i]);
    return c;
}
