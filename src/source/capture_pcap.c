/* pcap, from draft-ietf-opsawg-pcap and the history that it tells.
 *
 *   file:    magic 32, major 16, minor 16, reserved 32 32, snap length 32, link type 32
 *            magic a1b2c3d4 (microseconds), a1b23c4d (nanoseconds), a1b2cd34 ("modified")
 *   record:  seconds 32, fraction 32, captured length 32, wire length 32, bytes
 *            modified: then interface index 32, protocol 16, packet type 8, padding 8
 *
 * All numbers are in the byte order of the magic. Versions before 2.3 had the two lengths in the
 * other order, 2.3 had both orders: the captured length is never the longer one. The link type is
 * the low 16 bits of its field; above it are the length of the frame check sequence and reserved
 * bits, which the draft tells readers to ignore.
 *
 * A record has no mark of its own. Behind a length that cannot be, the next place is sought (at
 * most CAPTURE_RESYNC_MAX further) where RESYNC_RECORDS records follow one another, each within a
 * day of the last good one, its fraction less than a second and its lengths possible; over 50 of
 * 128 bits are so decided in each header, which neither chance nor zeros meet three times. Without
 * it the file ends. */
#include <inttypes.h>
#include <stddef.h>

#include "source/capture_format.h"

enum {
    PCAP_HEADER_BYTES = 24,
    RECORD_BYTES = 16,
    RECORD_MODIFIED_BYTES = 24,
    RESYNC_RECORDS = 3,
    RESYNC_SECONDS = 86400,
    RESYNC_WIRE_MAX = CAPTURE_FRAME_MAX
};

#define MAGIC_MICROSECONDS UINT32_C(0xa1b2c3d4)
#define MAGIC_NANOSECONDS UINT32_C(0xa1b23c4d)
#define MAGIC_MODIFIED UINT32_C(0xa1b2cd34)

struct record {
    uint32_t seconds, fraction, captured, wire;
};

static bool is_magic(uint32_t magic)
{
    return magic == MAGIC_MICROSECONDS || magic == MAGIC_NANOSECONDS || magic == MAGIC_MODIFIED;
}

static bool pcap_recognises(const uint8_t *start, size_t size)
{
    struct reader r = reader_over(start, size);
    uint32_t magic = read_be32(&r);
    return is_magic(magic) || is_magic(__builtin_bswap32(magic));
}

static bool version_check(uint16_t major, uint16_t minor, struct pcap_state *p, struct error *err)
{
    if (major != 2 || minor > 4)
        return fail(err, ERROR_FORMAT, "offset 4: pcap version %u.%u; only 2.0 to 2.4 are known",
                    major, minor);
    p->lengths = PCAP_LENGTHS_IN_ORDER;
    if (minor < 3)
        p->lengths = PCAP_LENGTHS_SWAPPED;
    else if (minor == 3)
        p->lengths = PCAP_LENGTHS_PERHAPS;
    return true;
}

static bool pcap_begin(struct capture_file *c, struct error *err)
{
    size_t available;
    const uint8_t *start = input_peek(c->in, PCAP_HEADER_BYTES, &available);
    if (available < PCAP_HEADER_BYTES)
        return capture_fail_cut(c->in, "the file header", PCAP_HEADER_BYTES, err);
    struct reader r = reader_over(start, PCAP_HEADER_BYTES);
    struct reader magic_reader = r;
    c->big_endian = is_magic(read_be32(&magic_reader));
    uint32_t magic = capture_read_32(&r, c->big_endian);
    uint16_t major = capture_read_16(&r, c->big_endian);
    uint16_t minor = capture_read_16(&r, c->big_endian);
    if (!version_check(major, minor, &c->pcap, err))
        return false;
    read_skip(&r,
              12); /* time zone and accuracy, always 0 in practice; the snap length binds nobody */
    c->pcap.link_type = capture_read_32(&r, c->big_endian) & 0xffff;
    c->pcap.nanoseconds = magic == MAGIC_NANOSECONDS;
    c->pcap.fractions_per_second = c->pcap.nanoseconds ? 1000000000 : 1000000;
    c->pcap.header_bytes = magic == MAGIC_MODIFIED ? RECORD_MODIFIED_BYTES : RECORD_BYTES;
    input_take(c->in, PCAP_HEADER_BYTES);
    return true;
}

static ALWAYS_INLINE struct record record_read(struct reader *r, const struct capture_file *c)
{
    bool big = c->big_endian;
    struct record record;
    record.seconds = capture_read_32(r, big);
    record.fraction = capture_read_32(r, big);
    record.captured = capture_read_32(r, big);
    record.wire = capture_read_32(r, big);
    if (RARELY(c->pcap.lengths != PCAP_LENGTHS_IN_ORDER) &&
        (c->pcap.lengths == PCAP_LENGTHS_SWAPPED || record.captured > record.wire)) {
        uint32_t captured = record.wire;
        record.wire = record.captured;
        record.captured = captured;
    }
    return record;
}

static bool is_plausible(const struct record *record, const struct pcap_state *p)
{
    int64_t seconds_apart = (int64_t)record->seconds - (int64_t)p->last_seconds;
    return record->fraction < p->fractions_per_second && seconds_apart <= RESYNC_SECONDS &&
           seconds_apart >= -RESYNC_SECONDS && record->captured > 0 &&
           record->captured <= record->wire && record->wire <= RESYNC_WIRE_MAX;
}

static bool records_begin_here(struct reader r, const struct capture_file *c)
{
    for (int i = 0; i < RESYNC_RECORDS; i++) {
        struct reader header = read_part(&r, c->pcap.header_bytes);
        struct record record = record_read(&header, c);
        if (r.failed || !is_plausible(&record, &c->pcap))
            return false;
        read_skip(&r, record.captured);
    }
    return !r.failed;
}

/* A length that cannot be: steps over the damage where the records behind it prove themselves. */
COLD static enum capture_result pcap_resync(struct capture_file *c, uint32_t captured,
                                            struct error *err)
{
    enum {
        WANTED = CAPTURE_RESYNC_MAX + RESYNC_RECORDS * (RECORD_MODIFIED_BYTES + CAPTURE_FRAME_MAX)
    };
    size_t available;
    const uint8_t *start = input_peek(c->in, WANTED, &available);
    struct reader rest = reader_over(start, available);
    uint64_t offset = input_offset(c->in);
    size_t skipped = 1;
    read_skip(&rest, 1);
    while (c->pcap.any_frame && skipped <= CAPTURE_RESYNC_MAX && rest.left != 0 &&
           !records_begin_here(rest, c)) {
        read_skip(&rest, 1);
        skipped++;
    }
    bool found = c->pcap.any_frame && skipped <= CAPTURE_RESYNC_MAX && rest.left != 0;
    if (!found) {
        (void)fail(err, ERROR_FORMAT,
                   "offset %" PRIu64 ": record says %" PRIu32
                   " bytes, more than the %d that a frame may have",
                   offset, captured, CAPTURE_FRAME_MAX);
        return CAPTURE_DAMAGED;
    }
    (void)fail(err, ERROR_FORMAT,
               "offset %" PRIu64 ": record says %" PRIu32
               " bytes, more than the %d that a frame may have; %zu bytes skipped",
               offset, captured, CAPTURE_FRAME_MAX, skipped);
    input_take(c->in, skipped);
    return CAPTURE_SKIPPED;
}

static ALWAYS_INLINE void frame_fill(struct capture_frame *out, struct capture_file *c,
                                     const struct record *record, struct reader bytes,
                                     uint64_t offset)
{
    struct pcap_state *p = &c->pcap;
    uint32_t microseconds = p->nanoseconds ? record->fraction / 1000 : record->fraction;
    out->when_us = (int64_t)record->seconds * 1000000 + microseconds;
    out->rest_ns = p->nanoseconds ? (uint16_t)(record->fraction % 1000) : 0;
    out->fine = p->nanoseconds;
    out->link_type = p->link_type;
    out->wire_length = record->wire;
    out->offset = offset;
    out->bytes = bytes;
    if (MOSTLY(record->captured > 0)) {
        p->any_frame = true;
        p->last_seconds = record->seconds;
    }
}

static enum capture_result pcap_next(struct capture_file *c, struct capture_frame *out,
                                     struct error *err)
{
    struct pcap_state *p = &c->pcap;
    size_t available;
    const uint8_t *start = input_peek(c->in, p->header_bytes, &available);
    struct reader r = reader_over(start, available);
    struct reader header = read_part(&r, p->header_bytes);
    struct record record = record_read(&header, c);
    if (RARELY(header.failed))
        return capture_stop(c->in, "a record header", p->header_bytes, err);
    if (RARELY(record.captured > CAPTURE_FRAME_MAX))
        return pcap_resync(c, record.captured, err);

    size_t size = p->header_bytes + record.captured;
    if (RARELY(size > available)) {
        start = input_peek(c->in, size, &available);
        if (available < size)
            return capture_stop(c->in, "a record", size, err);
        r = reader_over(start, available);
        read_skip(&r, p->header_bytes);
    }
    if (RARELY(record.fraction >= p->fractions_per_second))
        c->notes.odd_fractions++;
    frame_fill(out, c, &record, read_part(&r, record.captured), input_offset(c->in));
    read_ahead(&r);
    input_take(c->in, size);
    return CAPTURE_FRAME;
}

/* The straight path: stops at anything that is not an ordinary record in view, which pcap_next then
 * meets. */
static enum capture_result pcap_more(struct capture_file *c, struct capture_frame *out, size_t most,
                                     size_t *count, struct error *err)
{
    (void)err;
    struct pcap_state *p = &c->pcap;
    struct reader r = c->in->view;
    uint64_t offset = input_offset(c->in);
    size_t done = 0;
    while (done < most && p->lengths == PCAP_LENGTHS_IN_ORDER) {
        struct reader rest = r;
        struct reader header = read_part(&rest, RECORD_BYTES);
        if (header.failed)
            break;
        struct record record = record_read(&header, c);
        read_skip(&rest, p->header_bytes - RECORD_BYTES);
        struct reader bytes = read_part(&rest, record.captured);
        if (rest.failed || record.captured > CAPTURE_FRAME_MAX ||
            record.fraction >= p->fractions_per_second || record.captured == 0)
            break;
        frame_fill(&out[done], c, &record, bytes, offset + (c->in->view.left - r.left));
        r = rest;
        done++;
    }
    read_ahead(&r);
    input_take(c->in, c->in->view.left - r.left);
    *count = done;
    return CAPTURE_FRAME;
}

const struct capture_format capture_pcap = {
    .id = "pcap",
    .recognises = pcap_recognises,
    .begin = pcap_begin,
    .next = pcap_next,
    .more = pcap_more,
};
