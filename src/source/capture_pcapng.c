/* pcapng, from draft-ietf-opsawg-pcapng.
 *
 *   block:             type 32, total length 32, body, total length again 32
 *   section header:    byte-order magic 1a2b3c4d, major 16, minor 16, section length 64, options
 *   interface:         link type 16, reserved 16, snap length 32, options
 *   enhanced packet:   interface 32, time high 32, low 32, captured 32, wire 32, bytes, options
 *   simple packet:     wire 32, bytes (interface 0, no time); bytes are padded to 4
 *   packet (obsolete): interface 16, drops 16, then as enhanced
 *   option:            code 16, length 16, value padded to 4 bytes; code 0 ends them
 *
 * A section has its own byte order and its own interfaces, numbered from 0. Blocks of other types
 * are stepped over. The section length is ignored: it is often -1, and the blocks say the same. A
 * block is believed when its two lengths agree. Where they do not, but a block that we know begins
 * where the first one says, this block alone is skipped. */
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/time.h"
#include "source/capture_format.h"
#include "source/capture_time.h"

enum {
    BLOCK_BYTES_MIN = 12, /* type and two lengths */
    BLOCK_OVERHEAD = 12,
    SECTION_BYTES_MIN = 28,
    OPTION_RESOLUTION = 9,
    OPTION_OFFSET = 14
};

enum block_type {
    BLOCK_INTERFACE = 1,
    BLOCK_PACKET_OBSOLETE = 2,
    BLOCK_PACKET_SIMPLE = 3,
    BLOCK_NAMES = 4,
    BLOCK_STATISTICS = 5,
    BLOCK_PACKET_ENHANCED = 6,
    BLOCK_SECRETS = 10,
    BLOCK_CUSTOM = 0xbad,
    BLOCK_CUSTOM_KEPT = 0x40000bad,
    BLOCK_SECTION = 0x0a0d0d0a /* the same in both byte orders */
};

#define BYTE_ORDER_MAGIC UINT32_C(0x1a2b3c4d)

/* One block whose lengths were believed. */
struct block {
    uint32_t type;
    size_t size;        /* all of it */
    struct reader body; /* between the lengths */
    uint64_t offset;
};

/* What becomes of a block: nothing to say, or a result of capture_file_next. */
enum block_result { BLOCK_PASSED, BLOCK_FRAME, BLOCK_SKIPPED, BLOCK_DAMAGED };

static bool pcapng_recognises(const uint8_t *start, size_t size)
{
    struct reader r = reader_over(start, size);
    if (read_be32(&r) != BLOCK_SECTION)
        return false;
    read_skip(&r, 4);
    uint32_t magic = read_be32(&r);
    return r.failed || magic == BYTE_ORDER_MAGIC || __builtin_bswap32(magic) == BYTE_ORDER_MAGIC;
}

static bool block_is_known(uint32_t type)
{
    return (type >= BLOCK_INTERFACE && type <= BLOCK_PACKET_ENHANCED) || type == BLOCK_SECRETS ||
           type == BLOCK_CUSTOM || type == BLOCK_CUSTOM_KEPT || type == BLOCK_SECTION;
}

/* A section header says its own byte order, eight bytes in, before its length can be read. */
static bool section_byte_order(struct reader r, bool *big_endian)
{
    read_skip(&r, 8);
    uint32_t magic = read_be32(&r);
    *big_endian = magic == BYTE_ORDER_MAGIC;
    return *big_endian || __builtin_bswap32(magic) == BYTE_ORDER_MAGIC;
}

/* Room for one interface more, not yet usable; NULL at the limit. */
static struct pcapng_interface *interface_add(struct pcapng_state *p)
{
    if (p->interface_count == CAPTURE_INTERFACES_MAX)
        return NULL;
    struct pcapng_interface *interface = &p->interfaces[p->interface_count++];
    *interface = (struct pcapng_interface){.exponent = 6};
    return interface;
}

static bool is_length(uint32_t length)
{
    return length >= BLOCK_BYTES_MIN && length <= CAPTURE_BLOCK_MAX;
}

/* True when a block that we know begins `at` bytes further on, or the input ends just there. */
static bool block_begins_at(struct capture_file *c, size_t at)
{
    size_t available;
    const uint8_t *start = input_peek(c->in, at + BLOCK_BYTES_MIN, &available);
    struct reader r = reader_over(start, available);
    read_skip(&r, at);
    if (!r.failed && r.left == 0)
        return true;
    bool big_endian = c->big_endian;
    struct reader again = r;
    uint32_t type = capture_read_32(&r, big_endian);
    if (type == BLOCK_SECTION && !section_byte_order(again, &big_endian))
        return false;
    uint32_t length = capture_read_32(&r, big_endian);
    return !r.failed && block_is_known(type) && is_length(length) && length % 4 == 0;
}

/* The two lengths differ: skipped where the first one is proved by what it leads to. A section
 * header decides how all after it is read, and is never skipped; an interface keeps its number. */
COLD static enum capture_result block_lengths_differ(struct capture_file *c,
                                                     const struct block *block, uint32_t trailer,
                                                     struct error *err)
{
    (void)fail(err, ERROR_FORMAT,
               "offset %" PRIu64 ": block says %zu bytes at its start and %" PRIu32 " at its end",
               block->offset, block->size, trailer);
    if (block->type == BLOCK_SECTION || block->size % 4 != 0 || !block_begins_at(c, block->size))
        return CAPTURE_DAMAGED;
    if (block->type == BLOCK_INTERFACE)
        (void)interface_add(&c->pcapng);
    input_take(c->in, block->size);
    return CAPTURE_SKIPPED;
}

COLD static enum capture_result block_bad_length(struct capture_file *c, uint32_t length,
                                                 struct error *err)
{
    (void)fail(err, ERROR_FORMAT,
               "offset %" PRIu64 ": block says %" PRIu32 " bytes, outside of %d to %d",
               input_offset(c->in), length, BLOCK_BYTES_MIN, CAPTURE_BLOCK_MAX);
    return CAPTURE_DAMAGED;
}

/* The next block whole, still in the input. CAPTURE_FRAME stands for "here it is". */
static enum capture_result block_next(struct capture_file *c, struct block *out, struct error *err)
{
    size_t available;
    const uint8_t *start = input_peek(c->in, BLOCK_BYTES_MIN, &available);
    if (RARELY(available < BLOCK_BYTES_MIN))
        return capture_stop(c->in, "a block header", BLOCK_BYTES_MIN, err);
    struct reader r = reader_over(start, available);
    struct reader again = r;
    bool big_endian = c->big_endian;
    uint32_t type = capture_read_32(&r, big_endian);
    if (RARELY(type == BLOCK_SECTION) && !section_byte_order(again, &big_endian)) {
        (void)fail(err, ERROR_FORMAT, "offset %" PRIu64 ": section without a byte order",
                   input_offset(c->in));
        return CAPTURE_DAMAGED;
    }
    uint32_t length = capture_read_32(&r, big_endian);
    if (RARELY(!is_length(length)))
        return block_bad_length(c, length, err);
    if (RARELY(length > available)) {
        start = input_peek(c->in, length, &available);
        if (available < length)
            return capture_stop(c->in, "a block", length, err);
    }
    r = reader_over(start, length);
    read_skip(&r, 8);
    out->type = type;
    out->size = length;
    out->body = read_part(&r, length - BLOCK_OVERHEAD);
    out->offset = input_offset(c->in);
    uint32_t trailer = capture_read_32(&r, big_endian);
    if (RARELY(trailer != length))
        return block_lengths_differ(c, out, trailer, err);
    c->big_endian = big_endian;
    return CAPTURE_FRAME;
}

/* A section forgets the interfaces of the one before. */
COLD static bool section_read(struct capture_file *c, const struct block *block, struct error *err)
{
    struct reader r = block->body;
    read_skip(&r, 4);
    uint16_t major = capture_read_16(&r, c->big_endian);
    uint16_t minor = capture_read_16(&r, c->big_endian);
    read_skip(&r, 8);
    if (r.failed)
        return fail(err, ERROR_FORMAT, "offset %" PRIu64 ": section header of %zu bytes, %d wanted",
                    block->offset, block->size, SECTION_BYTES_MIN);
    if (major != 1 || (minor != 0 && minor != 2))
        return fail(err, ERROR_FORMAT,
                    "offset %" PRIu64 ": pcapng version %u.%u; only 1.0 and 1.2 are known",
                    block->offset, major, minor);
    c->pcapng.interface_count = 0;
    return true;
}

/* One option of an interface; false when it is malformed. */
static bool interface_option(struct pcapng_interface *interface, uint16_t code, struct reader value,
                             bool big_endian)
{
    if (code == OPTION_RESOLUTION) {
        uint8_t resolution = read_u8(&value);
        interface->binary = resolution >> 7 != 0;
        interface->exponent = resolution & 0x7f;
        return !value.failed && value.left == 0 && capture_time_is_known(interface);
    }
    if (code == OPTION_OFFSET) {
        uint64_t offset = big_endian ? read_be64(&value) : read_le64(&value);
        interface->offset_seconds = (int64_t)offset;
        return !value.failed && value.left == 0;
    }
    return true;
}

static bool interface_options(struct pcapng_interface *interface, struct reader r, bool big_endian)
{
    while (r.left != 0) {
        uint16_t code = capture_read_16(&r, big_endian);
        uint16_t length = capture_read_16(&r, big_endian);
        struct reader value = read_part(&r, length);
        size_t padding = (4U - length % 4U) % 4U;
        read_skip(&r, padding < r.left ? padding : r.left);
        if (r.failed)
            return false;
        if (code == 0)
            return true;
        if (!interface_option(interface, code, value, big_endian))
            return false;
    }
    return true;
}

COLD static enum block_result interface_read(struct capture_file *c, const struct block *block,
                                             struct error *err)
{
    struct pcapng_interface *interface = interface_add(&c->pcapng);
    if (interface == NULL) {
        (void)fail(err, ERROR_LIMIT, "offset %" PRIu64 ": more than %d interfaces", block->offset,
                   CAPTURE_INTERFACES_MAX);
        return BLOCK_SKIPPED;
    }
    struct reader r = block->body;
    interface->link_type = capture_read_16(&r, c->big_endian);
    read_skip(&r, 2);
    interface->snap_length = capture_read_32(&r, c->big_endian);
    interface->usable = !r.failed;
    interface->time_known = interface_options(interface, r, c->big_endian);
    if (interface->usable && interface->time_known)
        return BLOCK_PASSED;
    (void)fail(err, ERROR_FORMAT, "offset %" PRIu64 ": interface %" PRIu32 " %s", block->offset,
               c->pcapng.interface_count - 1,
               interface->usable ? "has damaged options: its frames have no time"
                                 : "is cut short: its frames are skipped");
    return BLOCK_SKIPPED;
}

COLD static enum block_result packet_no_interface(const struct capture_file *c,
                                                  const struct block *block, uint32_t number,
                                                  struct error *err)
{
    (void)fail(err, ERROR_FORMAT,
               "offset %" PRIu64 ": packet of interface %" PRIu32 ", but the section has %" PRIu32,
               block->offset, number, c->pcapng.interface_count);
    return BLOCK_SKIPPED;
}

COLD static enum block_result packet_bad_length(const struct block *block, uint32_t captured,
                                                size_t there, struct error *err)
{
    (void)fail(err, ERROR_FORMAT,
               "offset %" PRIu64 ": packet says %" PRIu32
               " bytes; the block has %zu, and a frame may have %d",
               block->offset, captured, there, CAPTURE_FRAME_MAX);
    return BLOCK_SKIPPED;
}

static bool has_interface(const struct capture_file *c, uint32_t number)
{
    return number < c->pcapng.interface_count && c->pcapng.interfaces[number].usable;
}

/* Enhanced and obsolete packet blocks, which differ in their first four bytes only. */
static enum block_result packet_read(struct capture_file *c, const struct block *block,
                                     struct capture_frame *out, struct error *err)
{
    bool big = c->big_endian;
    struct reader r = block->body;
    uint32_t number;
    if (MOSTLY(block->type == BLOCK_PACKET_ENHANCED)) {
        number = capture_read_32(&r, big);
    } else {
        number = capture_read_16(&r, big);
        read_skip(&r, 2); /* drops */
    }
    uint64_t time_high = capture_read_32(&r, big);
    uint64_t units = time_high << 32 | capture_read_32(&r, big);
    uint32_t captured = capture_read_32(&r, big);
    uint32_t wire = capture_read_32(&r, big);
    if (RARELY(r.failed || captured > r.left || captured > CAPTURE_FRAME_MAX))
        return packet_bad_length(block, captured, r.left, err);
    if (RARELY(!has_interface(c, number)))
        return packet_no_interface(c, block, number, err);
    const struct pcapng_interface *interface = &c->pcapng.interfaces[number];
    out->when_us = capture_time(interface, units, &c->notes);
    out->rest_ns = capture_time_rest_ns(interface, units);
    out->fine = capture_time_is_fine(interface);
    out->link_type = interface->link_type;
    out->wire_length = wire;
    out->bytes = read_part(&r, captured);
    out->offset = block->offset;
    return BLOCK_FRAME;
}

/* The captured length is not written: the wire length, or the snap length where that is less. */
static enum block_result simple_packet_read(struct capture_file *c, const struct block *block,
                                            struct capture_frame *out, struct error *err)
{
    struct reader r = block->body;
    uint32_t wire = capture_read_32(&r, c->big_endian);
    if (!has_interface(c, 0))
        return packet_no_interface(c, block, 0, err);
    const struct pcapng_interface *interface = &c->pcapng.interfaces[0];
    uint32_t captured = wire;
    if (interface->snap_length != 0 && captured > interface->snap_length)
        captured = interface->snap_length;
    if (r.failed || captured > r.left || captured > CAPTURE_FRAME_MAX)
        return packet_bad_length(block, captured, r.left, err);
    out->when_us = TIME_NONE;
    out->rest_ns = 0;
    out->fine = false;
    out->link_type = interface->link_type;
    out->wire_length = wire;
    out->bytes = read_part(&r, captured);
    out->offset = block->offset;
    return BLOCK_FRAME;
}

static enum block_result block_read(struct capture_file *c, const struct block *block,
                                    struct capture_frame *out, struct error *err)
{
    switch (block->type) {
    case BLOCK_PACKET_ENHANCED:
    case BLOCK_PACKET_OBSOLETE:
        return packet_read(c, block, out, err);
    case BLOCK_PACKET_SIMPLE:
        return simple_packet_read(c, block, out, err);
    case BLOCK_INTERFACE:
        return interface_read(c, block, err);
    case BLOCK_SECTION:
        return section_read(c, block, err) ? BLOCK_PASSED : BLOCK_DAMAGED;
    default:
        return BLOCK_PASSED;
    }
}

static enum capture_result pcapng_next(struct capture_file *c, struct capture_frame *out,
                                       struct error *err)
{
    for (;;) {
        struct block block;
        enum capture_result here = block_next(c, &block, err);
        if (RARELY(here != CAPTURE_FRAME))
            return here;
        enum block_result result = block_read(c, &block, out, err);
        if (RARELY(result == BLOCK_DAMAGED))
            return CAPTURE_DAMAGED;
        input_take(c->in, block.size);
        if (MOSTLY(result == BLOCK_FRAME))
            return CAPTURE_FRAME;
        if (result == BLOCK_SKIPPED)
            return CAPTURE_SKIPPED;
    }
}

static bool pcapng_begin(struct capture_file *c, struct error *err)
{
    c->pcapng.interfaces = calloc(CAPTURE_INTERFACES_MAX, sizeof *c->pcapng.interfaces);
    if (c->pcapng.interfaces == NULL)
        return fail(err, ERROR_SYSTEM, "no memory for interfaces");
    struct block block;
    switch (block_next(c, &block, err)) {
    case CAPTURE_FRAME:
        break;
    case CAPTURE_END:
    case CAPTURE_SKIPPED:
    case CAPTURE_DAMAGED:
        return false;
    }
    if (!section_read(c, &block, err))
        return false;
    input_take(c->in, block.size);
    return true;
}

/* True when the next block is a packet's and in view: reading it will not move the window. */
static bool is_in_view(const struct capture_file *c)
{
    struct reader r = c->in->view;
    size_t visible = r.left;
    uint32_t type = capture_read_32(&r, c->big_endian);
    uint32_t length = capture_read_32(&r, c->big_endian);
    return !r.failed && type == BLOCK_PACKET_ENHANCED && length <= visible;
}

static enum capture_result pcapng_more(struct capture_file *c, struct capture_frame *out,
                                       size_t most, size_t *count, struct error *err)
{
    enum capture_result result = CAPTURE_FRAME;
    *count = 0;
    while (*count < most && is_in_view(c) && result == CAPTURE_FRAME) {
        result = pcapng_next(c, &out[*count], err);
        *count += result == CAPTURE_FRAME;
    }
    return result;
}

const struct capture_format capture_pcapng = {
    .id = "pcapng",
    .recognises = pcapng_recognises,
    .begin = pcapng_begin,
    .next = pcapng_next,
    .more = pcapng_more,
};
