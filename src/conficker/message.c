/* The P2P message, byte by byte: one parser and one builder that share the cipher and the
 * checksum.
 *
 * Parsing decrypts a copy of the body into the caller's scratch buffer and then reads it like
 * any other foreign bytes. The order of the tests is that of nmap's parser, so that our reasons
 * can be laid beside its "Packet was too short [k]"; one difference is on purpose: on TCP a body
 * is exactly what its prefix says, while nmap takes whatever one read brought.
 *
 * The cipher's key stream depends on the key alone, never on the data, which is why two key
 * steps are enough to see the two flag bytes (message_may_be). With key 0 it is all zeros: no
 * encryption. */
#include "conficker/message.h"

#include <assert.h>

#include "base/compiler.h"

enum { KEY_SIZE = 8, PREFIX_SIZE = 2, FIELDS_MASK = 0x00f8, INSANE_MASK = 0x7f00 };

static uint8_t key_step(uint64_t *key)
{
    uint64_t rotated = *key << 1 | *key >> 63;
    uint8_t mask = (uint8_t)rotated;
    *key = rotated + mask;
    return mask;
}

void message_cipher(uint64_t *key, uint8_t *bytes, size_t count)
{
    uint64_t k = *key;
    for (size_t i = 0; i < count; i++)
        bytes[i] ^= key_step(&k);
    *key = k;
}

uint32_t message_checksum(const uint8_t *bytes, size_t count)
{
    uint32_t sum = (uint32_t)count;
    for (size_t i = 0; i < count; i++) {
        sum ^= bytes[i];
        sum = sum << 1 | sum >> 31;
    }
    return sum;
}

/* Copies the body into scratch and decrypts what stands behind the key. */
static void body_decrypt(struct reader body, uint8_t *scratch)
{
    size_t size = body.left;
    struct reader head = body;
    uint64_t key = read_le64(&head);
    const uint8_t *bytes = read_bytes(&body, size);
    if (size != 0)
        memcpy(scratch, bytes, size);
    if (size > KEY_SIZE)
        message_cipher(&key, scratch + KEY_SIZE, size - KEY_SIZE);
}

static struct message_sysinfo sysinfo_read(struct reader *r)
{
    struct message_sysinfo s = {.test_flags = read_le16(r)};
    s.os_major = read_u8(r);
    s.os_minor = read_u8(r);
    s.os_build = read_le16(r);
    s.sp_major = read_u8(r);
    s.sp_minor = read_u8(r);
    s.ntdll = read_le16(r);
    s.prng_sample = read_le32(r);
    s.unknown0 = read_le16(r);
    s.unknown1 = read_le16(r);
    s.unknown2 = read_le32(r);
    s.unknown3 = read_le16(r);
    s.unknown4 = read_le16(r);
    return s;
}

/* The three fields of fixed size in front of the data. */
static enum message_fault fixed_fields_read(struct reader *r, struct message *m)
{
    if (m->flags & MESSAGE_HAS_IP) {
        m->ip = read_be32(r);
        m->port = read_le16(r);
        if (r->failed)
            return MESSAGE_CUT_IP;
    }
    if (m->flags & MESSAGE_HAS_UNKNOWN0) {
        m->unknown0 = read_le32(r);
        if (r->failed)
            return MESSAGE_CUT_UNKNOWN0;
    }
    if (m->flags & MESSAGE_HAS_UNKNOWN1) {
        m->unknown1 = read_le32(r);
        if (r->failed)
            return MESSAGE_CUT_UNKNOWN1;
    }
    return MESSAGE_OK;
}

static enum message_fault data_read(struct reader *r, struct message *m)
{
    if (!(m->flags & MESSAGE_HAS_DATA))
        return MESSAGE_OK;
    m->data_flags = read_u8(r);
    m->data_length = read_le16(r);
    if (r->failed)
        return MESSAGE_CUT_DATA_HEADER;
    m->data = read_bytes(r, m->data_length);
    return r->failed ? MESSAGE_CUT_DATA : MESSAGE_OK;
}

/* Reads a decrypted body of size bytes, which all stand in clear. */
static enum message_fault body_read(const uint8_t *clear, size_t size, struct message *m)
{
    struct reader r = reader_over(clear, size);
    m->key = read_le64(&r);
    if (r.failed)
        return MESSAGE_CUT_KEY;
    m->flags = read_le16(&r);
    if (r.failed)
        return MESSAGE_CUT_FLAGS;
    enum message_fault fault = fixed_fields_read(&r, m);
    if (fault == MESSAGE_OK)
        fault = data_read(&r, m);
    if (fault != MESSAGE_OK)
        return fault;
    if (m->flags & MESSAGE_HAS_SYSINFO)
        m->sysinfo = sysinfo_read(&r);
    if (r.failed)
        return MESSAGE_CUT_SYSINFO;
    size_t covered = size - r.left;
    m->checksum = read_le32(&r);
    if (r.failed)
        return MESSAGE_CUT_CHECKSUM;
    m->checksum_wanted = message_checksum(clear, covered);
    m->noise_length = r.left;
    return MESSAGE_OK;
}

/* Takes the body out of a TCP stream: exactly as many bytes as the prefix says, the rest is
 * trailing. */
static enum message_fault stream_body(struct reader *bytes, struct message *m)
{
    m->prefix = read_le16(bytes);
    if (bytes->failed)
        return MESSAGE_CUT_PREFIX;
    if (m->prefix < MESSAGE_SIZE_MIN)
        return MESSAGE_PREFIX_SMALL;
    if (m->prefix > bytes->left)
        return MESSAGE_CUT_STREAM;
    m->trailing_length = bytes->left - m->prefix;
    *bytes = read_part(bytes, m->prefix);
    return MESSAGE_OK;
}

enum message_fault message_parse(struct reader bytes, enum transport transport, uint8_t *scratch,
                                 size_t scratch_size, struct message *out)
{
    struct message m = {0};
    enum message_fault fault = MESSAGE_OK;
    if (transport == TRANSPORT_TCP)
        fault = stream_body(&bytes, &m);
    if (fault != MESSAGE_OK)
        return fault;
    assert(scratch_size >= bytes.left);
    body_decrypt(bytes, scratch);
    fault = body_read(scratch, bytes.left, &m);
    if (fault == MESSAGE_OK)
        *out = m;
    return fault;
}

const char *message_fault_text(enum message_fault fault)
{
    static const char *const words[] = {
        [MESSAGE_OK] = "ok",
        [MESSAGE_CUT_KEY] = "cut: no room for the key",
        [MESSAGE_CUT_FLAGS] = "cut: no room for the flags",
        [MESSAGE_CUT_IP] = "cut: no room for the address and port",
        [MESSAGE_CUT_UNKNOWN0] = "cut: no room for unknown0",
        [MESSAGE_CUT_UNKNOWN1] = "cut: no room for unknown1",
        [MESSAGE_CUT_DATA_HEADER] = "cut: no room for the data header",
        [MESSAGE_CUT_DATA] = "cut: data shorter than its length",
        [MESSAGE_CUT_SYSINFO] = "cut: no room for the system information",
        [MESSAGE_CUT_CHECKSUM] = "cut: no room for the checksum",
        [MESSAGE_CUT_PREFIX] = "cut: no room for the prefix",
        [MESSAGE_CUT_STREAM] = "cut: fewer bytes than the prefix says",
        [MESSAGE_PREFIX_SMALL] = "prefix too small for a message",
    };
    assert((size_t)fault < COUNT_OF(words));
    return words[fault];
}

void message_fault_write(enum message_fault fault, struct reader bytes, struct text *out)
{
    unsigned prefix = read_le16(&bytes);
    if (fault == MESSAGE_CUT_STREAM)
        text_add(out, "cut: prefix says %u, %zu came", prefix, bytes.left);
    else if (fault == MESSAGE_PREFIX_SMALL)
        text_add(out, "prefix says %u, a message has at least %d", prefix, MESSAGE_SIZE_MIN);
    else
        text_add(out, "%s", message_fault_text(fault));
}

bool message_checksum_holds(const struct message *m)
{
    return m->checksum == m->checksum_wanted;
}

bool message_flags_are_sane(uint16_t flags, enum transport transport)
{
    unsigned wanted = MESSAGE_ENCODED | (transport == TRANSPORT_TCP ? MESSAGE_IS_TCP : 0U);
    return (flags & (INSANE_MASK | MESSAGE_ENCODED | MESSAGE_IS_TCP)) == wanted;
}

bool message_is_bare(const struct message *m)
{
    return (m->flags & FIELDS_MASK) == 0 && m->noise_length == 0;
}

size_t message_stream_need(struct reader bytes)
{
    uint16_t prefix = read_le16(&bytes); /* 0 when it has not come */
    return prefix >= MESSAGE_SIZE_MIN ? (size_t)prefix + PREFIX_SIZE : 0;
}

bool message_starts_sanely(struct reader bytes, enum transport transport)
{
    if (transport == TRANSPORT_TCP)
        read_skip(&bytes, PREFIX_SIZE);
    uint64_t key = read_le64(&bytes);
    unsigned flags = read_le16(&bytes);
    if (bytes.failed)
        return false;
    unsigned low = key_step(&key);
    unsigned high = key_step(&key);
    return message_flags_are_sane((uint16_t)(flags ^ (low | high << 8)), transport);
}

bool message_may_be(struct reader bytes, enum transport transport)
{
    if (transport == TRANSPORT_TCP) {
        size_t need = message_stream_need(bytes);
        if (need == 0 || need > MESSAGE_STREAM_MAX)
            return false;
    } else if (bytes.left < MESSAGE_SIZE_MIN) {
        return false;
    }
    return message_starts_sanely(bytes, transport);
}

static void sysinfo_write(const struct message_sysinfo *s, struct writer *w)
{
    write_le16(w, s->test_flags);
    write_u8(w, s->os_major);
    write_u8(w, s->os_minor);
    write_le16(w, s->os_build);
    write_u8(w, s->sp_major);
    write_u8(w, s->sp_minor);
    write_le16(w, s->ntdll);
    write_le32(w, s->prng_sample);
    write_le16(w, s->unknown0);
    write_le16(w, s->unknown1);
    write_le32(w, s->unknown2);
    write_le16(w, s->unknown3);
    write_le16(w, s->unknown4);
}

/* Key to last field: what the checksum covers. */
static void covered_write(const struct message *m, struct writer *w)
{
    write_le64(w, m->key);
    write_le16(w, m->flags);
    if (m->flags & MESSAGE_HAS_IP) {
        write_be32(w, m->ip);
        write_le16(w, m->port);
    }
    if (m->flags & MESSAGE_HAS_UNKNOWN0)
        write_le32(w, m->unknown0);
    if (m->flags & MESSAGE_HAS_UNKNOWN1)
        write_le32(w, m->unknown1);
    if (m->flags & MESSAGE_HAS_DATA) {
        write_u8(w, m->data_flags);
        write_le16(w, m->data_length);
        write_bytes(w, m->data, m->data_length);
    }
    if (m->flags & MESSAGE_HAS_SYSINFO)
        sysinfo_write(&m->sysinfo, w);
}

void message_build(const struct message_plan *plan, struct writer *w)
{
    if (w->failed)
        return;
    size_t prefix_size = plan->transport == TRANSPORT_TCP ? PREFIX_SIZE : 0;
    struct writer head = *w;
    write_zeros(w, prefix_size);
    size_t start = w->used;
    covered_write(&plan->fields, w);
    size_t covered = w->used - start;
    write_le32(w, message_checksum(w->start + start, covered) ^ plan->checksum_xor);
    write_bytes(w, plan->noise, plan->noise_length);
    size_t size = w->used - start;
    if (w->failed || size > MESSAGE_SIZE_MAX) {
        w->used = head.used; /* no half message, and nothing of it in clear */
        w->failed = true;
        return;
    }
    if (prefix_size != 0)
        write_le16(&head, (uint16_t)size);
    uint64_t key = plan->fields.key;
    message_cipher(&key, w->start + start + KEY_SIZE, size - KEY_SIZE);
}

const char *message_flag_name(uint16_t bit)
{
    static const char *const names[16] = {"mode", "local_ack", "is_tcp",
                                          "ip",   "unknown0",  "unknown1",
                                          "data", "sysinfo",   [15] = "encoded"};
    return bit != 0 && (bit & (bit - 1)) == 0 ? names[__builtin_ctz(bit)] : NULL;
}
