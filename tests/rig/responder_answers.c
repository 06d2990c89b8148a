/* The table of variants, and the bytes that each answers.
 *
 * Messages are made by src/conficker/message.c; what is wrong with one is done to it here. Keys,
 * noise, data and the unknown fields are random, so that no test comes to lean on them. The field
 * `ip` holds the address and port that were asked. */
#include "responder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/compiler.h"

enum {
    ALL_FIELDS = MESSAGE_HAS_IP | MESSAGE_HAS_UNKNOWN0 | MESSAGE_HAS_UNKNOWN1 | MESSAGE_HAS_DATA |
                 MESSAGE_HAS_SYSINFO,
    HIGH_FLAGS = 0x7f00,
    FEW = 6, /* bytes of noise */
    DATA_LENGTH = 40,
    BIG_LENGTH = 8000,
    JUNK_SIZE = 40,
    RANDOM_MAX = BIG_LENGTH,
    PREFIX_SIZE = 2
};

void random_fill(void *bytes, size_t size)
{
    uint8_t *next = bytes;
    while (size != 0) {
        ssize_t got = getrandom(next, size, 0);
        if (got < 0 && errno != EINTR) {
            perror("responder: getrandom");
            exit(1);
        }
        if (got > 0) {
            next += got;
            size -= (size_t)got;
        }
    }
}

bool request_holds(struct reader bytes, enum transport transport, uint64_t *key, bool *is_cut)
{
    uint8_t scratch[REQUEST_SIZE_MAX];
    struct message m;
    *is_cut = false;
    if (bytes.left > sizeof scratch)
        return false;
    enum message_fault fault = message_parse(bytes, transport, scratch, sizeof scratch, &m);
    if (fault != MESSAGE_OK) {
        *is_cut = fault == MESSAGE_CUT_PREFIX || fault == MESSAGE_CUT_STREAM;
        return false;
    }
    *key = m.key;
    return message_checksum_holds(&m);
}

/* As a datagram, as a stream, and as a stream whose prefix nobody reads. */
static bool is_a_message(const uint8_t *bytes, size_t size)
{
    uint64_t key;
    bool is_cut;
    struct reader whole = reader_over(bytes, size), behind = whole;
    read_skip(&behind, PREFIX_SIZE);
    return request_holds(whole, TRANSPORT_UDP, &key, &is_cut) ||
           request_holds(whole, TRANSPORT_TCP, &key, &is_cut) ||
           request_holds(behind, TRANSPORT_UDP, &key, &is_cut);
}

void junk_fill(uint8_t *bytes, size_t size)
{
    do
        random_fill(bytes, size);
    while (is_a_message(bytes, size < REQUEST_SIZE_MAX ? size : REQUEST_SIZE_MAX));
}

static struct message_sysinfo sysinfo_made(void)
{
    struct message_sysinfo s = {.os_major = 5, .os_minor = 1, .os_build = 2600, .sp_major = 3};
    random_fill(&s.test_flags, sizeof s.test_flags);
    random_fill(&s.ntdll, sizeof s.ntdll);
    random_fill(&s.prng_sample, sizeof s.prng_sample);
    random_fill(&s.unknown0, sizeof s.unknown0);
    random_fill(&s.unknown1, sizeof s.unknown1);
    random_fill(&s.unknown2, sizeof s.unknown2);
    random_fill(&s.unknown3, sizeof s.unknown3);
    random_fill(&s.unknown4, sizeof s.unknown4);
    return s;
}

static uint64_t key_made(const struct shape *shape, uint64_t request_key)
{
    uint64_t key = 0;
    while (!shape->has_zero_key && (key == 0 || key == request_key))
        random_fill(&key, sizeof key);
    return key;
}

/* The body alone, without a prefix. */
static void body_write(const struct shape *shape, const struct occasion *o, struct writer *out)
{
    uint8_t data[RANDOM_MAX], noise[RANDOM_MAX];
    random_fill(data, shape->data_length);
    random_fill(noise, shape->noise);
    unsigned flags = MESSAGE_ENCODED | (o->transport == TRANSPORT_TCP ? MESSAGE_IS_TCP : 0U);
    struct message_plan plan = {
        .fields = {.key = key_made(shape, o->request_key),
                   .flags = (uint16_t)((flags | shape->fields) ^ shape->flags_xor),
                   .ip = o->address,
                   .port = o->port,
                   .data = data,
                   .data_length = shape->data_length,
                   .sysinfo = sysinfo_made()},
        .noise = noise,
        .noise_length = shape->noise,
        .transport = TRANSPORT_UDP, /* the prefix is written below: it may have to lie */
        .checksum_xor = shape->checksum_xor};
    random_fill(&plan.fields.unknown0, sizeof plan.fields.unknown0);
    random_fill(&plan.fields.unknown1, sizeof plan.fields.unknown1);
    random_fill(&plan.fields.data_flags, sizeof plan.fields.data_flags);
    message_build(&plan, out);
}

static void compose_message(const struct variant *v, const struct occasion *o, struct writer *out)
{
    const struct shape *shape = &v->shape;
    bool is_tcp = o->transport == TRANSPORT_TCP;
    struct writer head = *out;
    write_zeros(out, is_tcp ? PREFIX_SIZE : 0);
    size_t start = out->used;
    body_write(shape, o, out);
    size_t size = out->used - start;
    if (is_tcp && shape->prefix_says != 0)
        write_le16(&head, shape->prefix_says);
    else if (is_tcp)
        write_le16(&head, (uint16_t)(size + shape->prefix_more));
    if (shape->is_cut)
        out->used = start + size / 2;
    uint8_t trailing[RANDOM_MAX];
    random_fill(trailing, shape->trailing);
    if (is_tcp)
        write_bytes(out, trailing, shape->trailing);
}

static void compose_nothing(const struct variant *v, const struct occasion *o, struct writer *out)
{
    (void)v;
    (void)o;
    (void)out;
}

static void compose_junk(const struct variant *v, const struct occasion *o, struct writer *out)
{
    (void)v;
    (void)o;
    uint8_t junk[JUNK_SIZE];
    junk_fill(junk, sizeof junk);
    write_bytes(out, junk, sizeof junk);
}

static void compose_banner(const struct variant *v, const struct occasion *o, struct writer *out)
{
    (void)v;
    (void)o;
    static const char banner[] = "220 mail.example.net ESMTP ready\r\n";
    write_bytes(out, banner, sizeof banner - 1);
}

static void compose_byte(const struct variant *v, const struct occasion *o, struct writer *out)
{
    (void)v;
    (void)o;
    uint8_t byte;
    random_fill(&byte, 1);
    write_u8(out, byte);
}

static void compose_echo(const struct variant *v, const struct occasion *o, struct writer *out)
{
    (void)v;
    struct reader request = o->request;
    size_t size = request.left;
    write_bytes(out, read_bytes(&request, size), size);
}

static void compose_zero_prefix(const struct variant *v, const struct occasion *o,
                                struct writer *out)
{
    (void)v;
    (void)o;
    write_le16(out, 0);
}

void answer_compose(const struct variant *v, composer compose, const struct occasion *o,
                    struct writer *out)
{
    (compose != NULL ? compose : compose_message)(v, o, out);
}

#define ABSENT .is_absent = true
#define SILENT .trigger = ON_NOTHING

/* Fields and noise of a row are the shape; .tcp and .udp say what is odd there. */
static const struct variant variants[] = {
    {"valid", "a bare valid answer", .udp = {0}},
    {"valid-all", "a valid answer with every optional field, and noise",
     .shape = {.fields = ALL_FIELDS, .data_length = DATA_LENGTH, .noise = 33}},
    {"valid-ip", "a valid answer with the field ip, and noise",
     .shape = {.fields = MESSAGE_HAS_IP, .noise = FEW}},
    {"valid-unknown0", "a valid answer with the field unknown0, and noise",
     .shape = {.fields = MESSAGE_HAS_UNKNOWN0, .noise = FEW}},
    {"valid-unknown1", "a valid answer with the field unknown1, and noise",
     .shape = {.fields = MESSAGE_HAS_UNKNOWN1, .noise = FEW}},
    {"valid-data", "a valid answer with the field data (40 bytes), and noise",
     .shape = {.fields = MESSAGE_HAS_DATA, .data_length = DATA_LENGTH, .noise = FEW}},
    {"valid-sysinfo", "a valid answer with the field sysinfo, and noise",
     .shape = {.fields = MESSAGE_HAS_SYSINFO, .noise = FEW}},
    {"valid-none", "a valid answer without a field, and 20 bytes of noise", .shape = {.noise = 20}},
    {"zero-key", "a valid answer with key 0: not encrypted", .shape = {.has_zero_key = true}},
    {"wrong-checksum", "an answer whose checksum is wrong by one bit",
     .shape = {.checksum_xor = 1}},
    {"insane-flags", "checksum holds, ENCODED is not set", .shape = {.flags_xor = MESSAGE_ENCODED}},
    {"insane-high", "checksum holds, flag bits 8 to 14 are set",
     .shape = {.flags_xor = HIGH_FLAGS}},
    {"insane-tcp", "checksum holds, IS_TCP is set on UDP and clear on TCP",
     .shape = {.flags_xor = MESSAGE_IS_TCP}},
    {"junk", "40 random bytes that are no message, as an answer to anything",
     .tcp = {.trigger = ON_ANYTHING, .compose = compose_junk},
     .udp = {.trigger = ON_ANYTHING, .compose = compose_junk}},
    {"banner", "the greeting of a mail server: at accept on TCP, as an answer to anything on UDP",
     .tcp = {.trigger = AT_ACCEPT, .compose = compose_banner},
     .udp = {.trigger = ON_ANYTHING, .compose = compose_banner}},
    {"truncated", "half of an answer with data; on TCP the prefix says the whole, then it closes",
     .shape = {.fields = MESSAGE_HAS_DATA, .data_length = DATA_LENGTH, .is_cut = true},
     .tcp = {.then = CLOSES}},
    {"prefix-long-close", "TCP: prefix says 20 more than the valid message, then it closes",
     .shape = {.prefix_more = 20}, .tcp = {.then = CLOSES}, .udp = {SILENT}},
    {"prefix-long-silent", "TCP: prefix says 20 more than the valid message, then silence",
     .shape = {.prefix_more = 20}, .udp = {SILENT}},
    {"prefix-short", "TCP: prefix says 10, then a whole valid message",
     .shape = {.prefix_says = 10}, .udp = {SILENT}},
    {"one-byte", "one byte", .tcp = {.compose = compose_byte}, .udp = {.compose = compose_byte}},
    {"silent", "accepts and reads, never answers", .tcp = {SILENT}, .udp = {SILENT}},
    {"closes", "TCP: closes without a byte when something was sent; nothing listens on UDP",
     .tcp = {.trigger = ON_ANYTHING, .compose = compose_nothing, .then = CLOSES}, .udp = {ABSENT}},
    {"resets", "TCP: resets when something was sent; nothing listens on UDP",
     .tcp = {.trigger = ON_ANYTHING, .compose = compose_nothing, .then = RESETS}, .udp = {ABSENT}},
    {"segments", "TCP: a valid answer in segments of one byte, 5 ms apart; valid on UDP",
     .tcp = {.piece = 1, .gap_ms = 5}},
    {"slow", "a valid answer after 3 s", .tcp = {.delay_ms = 3000}, .udp = {.delay_ms = 3000}},
    {"echo", "the request itself", .tcp = {.compose = compose_echo},
     .udp = {.compose = compose_echo}},
    {"udp-only", "valid on UDP, nothing listens on TCP", .tcp = {ABSENT}},
    {"tcp-only", "valid on TCP, nothing listens on UDP", .udp = {ABSENT}},
    {"one-port", "valid on the fixed TCP port, nothing listens on the others", .ports = PORT_ONE},
    {"first-lost", "UDP: the first datagram of each peer is not heard; valid on TCP",
     .udp = {.loses_first = true}},
    {"last-week", "valid on the fixed ports and those of the week before",
     .ports = PORTS_WEEK_BEFORE},
    {"next-week", "valid on the fixed ports and those of the week after",
     .ports = PORTS_WEEK_AFTER},
    {"fixed-only", "valid on the two fixed ports, nothing listens on the others",
     .ports = PORTS_FIXED},
    {"trailing", "TCP: 50 random bytes behind a valid message; valid on UDP",
     .shape = {.trailing = 50}},
    {"big", "a valid answer with 8000 bytes of data",
     .shape = {.fields = MESSAGE_HAS_DATA, .data_length = BIG_LENGTH}},
    {"flood", "TCP: random bytes without end from accept on; UDP: 200 datagrams of junk",
     .tcp = {.trigger = AT_ACCEPT, .compose = compose_nothing, .then = FLOODS},
     .udp = {.compose = compose_junk, .more = 199, .is_composed_anew = true}},
    {"endless", "TCP: prefix says 65535, a valid message, then a byte each 200 ms",
     .shape = {.prefix_says = 65535}, .tcp = {.then = DRIPS}, .udp = {SILENT}},
    {"prefix-huge", "TCP: prefix says 65535, the 14 bytes of a valid message, then silence",
     .shape = {.prefix_says = 65535}, .udp = {SILENT}},
    {"prefix-zero", "TCP: prefix says 0, then silence", .tcp = {.compose = compose_zero_prefix},
     .udp = {SILENT}},
    {"other-port", "UDP: a valid answer from a port that was not asked; nothing listens on TCP",
     .tcp = {ABSENT}, .udp = {.from = FROM_OTHER_PORT}},
    {"other-host", "UDP: a valid answer from the next address; nothing listens on TCP",
     .tcp = {ABSENT}, .udp = {.from = FROM_OTHER_HOST}},
    {"many", "UDP: the same valid answer five times; valid on TCP", .udp = {.more = 4}},
    {"refuses", "nothing listens", .tcp = {ABSENT}, .udp = {ABSENT}},
    {"sri", "a bare valid answer, on the ports by SRI's reading", .reading = READING_SRI},
};

const struct variant *variant_at(size_t index)
{
    return index < COUNT_OF(variants) ? &variants[index] : NULL;
}

const struct variant *variant_named(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(variants); i++)
        if (strcmp(variants[i].name, name) == 0)
            return &variants[i];
    return NULL;
}
