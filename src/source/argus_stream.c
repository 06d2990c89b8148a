/* Where records begin. A header by itself says little, 4 bytes of which some are free; so behind
 * damage the next record is believed only when it is all there, its parts fill it exactly, and
 * what follows it is the end, or may be a record too. */
#include "source/argus_stream.h"

#include <inttypes.h>

#include "base/time.h"

enum {
    WORD = 4,
    FLOW_WORDS_MIN = 8,
    PART_IMMEDIATE = 0x80,   /* of its type: four bytes in all */
    PART_LONG = 0x80,        /* of its subtype: its length has 16 bits */
    VERSION_2_WITHIN = 24,   /* bytes at the start in which its cookie must stand */
    PARTS_BELIEVED_MAX = 64, /* of one record, behind damage; there are some 25 kinds */
    SEARCH_WINDOW = 1 << 19  /* twice a record and more: the window moves once in many steps */
};

/* The start record's first four bytes: type MAR, cause start, 32 words. */
#define START_OF_3 UINT32_C(0x83100020)
#define START_OF_5 UINT32_C(0x85100020)

struct header {
    uint8_t type, version, cause, options;
    size_t size; /* of the record, in bytes */
};

static struct header read_header(struct reader *r)
{
    uint8_t kind = read_u8(r), why = read_u8(r);
    return (struct header){.type = kind >> 4,
                           .version = kind & 15,
                           .cause = why >> 4,
                           .options = why & 15,
                           .size = (size_t)WORD * read_be16(r)};
}

static bool is_flow_type(uint8_t type)
{
    return type == ARGUS_FAR || type == ARGUS_NETFLOW || type == ARGUS_CONVERTED;
}

/* NULL where a record may begin so; else what is wrong. */
static const char *fault_of(const struct header *h)
{
    if (h->type < ARGUS_FAR || h->type > ARGUS_MAR || (h->version != 3 && h->version != 5))
        return "no record begins here";
    if (h->size == 0)
        return "length 0";
    if (is_flow_type(h->type) && h->size < (size_t)WORD * FLOW_WORDS_MIN)
        return "a flow record too short for a flow";
    return NULL;
}

static bool is_padding(struct reader bytes)
{
    return read_be32(&bytes) == 0 && !bytes.failed;
}

enum argus_frame argus_frame(struct reader bytes, size_t *size, struct argus_record *out,
                             struct error *err)
{
    struct reader r = bytes;
    struct header h = read_header(&r);
    *size = ARGUS_HEADER_BYTES;
    if (r.failed)
        return ARGUS_FRAME_SHORT;
    if (is_padding(bytes))
        return ARGUS_FRAME_PADDING;
    const char *fault = fault_of(&h);
    if (fault != NULL) {
        (void)fail(err, ERROR_FORMAT, "%s", fault);
        return ARGUS_FRAME_BAD;
    }
    *size = h.size;
    if (h.size > bytes.left)
        return ARGUS_FRAME_SHORT;
    *out = (struct argus_record){.type = h.type,
                                 .version = h.version,
                                 .cause = h.cause,
                                 .options = h.options,
                                 .body = read_part(&r, h.size - ARGUS_HEADER_BYTES)};
    return ARGUS_FRAME_RECORD;
}

struct argus_stream argus_stream_over(struct input *in, bool is_live)
{
    return (struct argus_stream){.in = in, .is_live = is_live};
}

/* What is visible, of which at least `count` bytes were asked for. */
static struct reader visible(struct input *in, size_t count)
{
    size_t available;
    const uint8_t *bytes = input_peek(in, count, &available);
    return reader_over(bytes, available);
}

/* The parts of a flow record fill it exactly, and begin as those that sensors and clients write:
 * with the transport, the key, or the filler of version 5. */
static bool parts_fill(struct reader body)
{
    for (unsigned i = 0; body.left > 0; i++) {
        if (i == PARTS_BELIEVED_MAX)
            return false;
        uint8_t type = read_u8(&body), subtype = read_u8(&body);
        uint8_t high = read_u8(&body), low = read_u8(&body);
        size_t words = (subtype & PART_LONG) != 0 ? (size_t)high << 8 | low : low;
        if (i == 0 && type > 2)
            return false;
        if ((type & PART_IMMEDIATE) != 0)
            continue;
        if (words == 0)
            return false;
        read_skip(&body, (words - 1) * WORD);
        if (body.failed)
            return false;
    }
    return true;
}

static bool may_go_on(struct reader rest)
{
    if (rest.left == 0 || is_padding(rest))
        return true;
    struct header h = read_header(&rest);
    return !rest.failed && fault_of(&h) == NULL;
}

/* A record that is all there, and what it must look like to be believed. */
static bool is_believable(const struct argus_record *r, struct reader rest)
{
    if (r->cause < ARGUS_START || r->cause > ARGUS_ERROR || !may_go_on(rest))
        return false;
    if (r->type == ARGUS_MAR)
        return r->body.left == ARGUS_MAR_BYTES - ARGUS_HEADER_BYTES;
    return parts_fill(r->body);
}

/* Whether a record begins here, of which all must be there. */
static bool begins_here(struct input *in)
{
    size_t size;
    struct argus_record r;
    struct error ignored;
    struct reader bytes = visible(in, ARGUS_HEADER_BYTES);
    enum argus_frame frame = argus_frame(bytes, &size, &r, &ignored);
    if (frame != ARGUS_FRAME_RECORD && frame != ARGUS_FRAME_SHORT)
        return false;
    if (bytes.left < size + ARGUS_HEADER_BYTES) /* what comes behind it is looked at, too */
        bytes = visible(in, SEARCH_WINDOW);
    if (argus_frame(bytes, &size, &r, &ignored) != ARGUS_FRAME_RECORD)
        return false;
    read_skip(&bytes, size);
    return is_believable(&r, bytes);
}

/* Goes to the next record; false when there is none. What was lost need not be whole words. */
static bool find_next(struct input *in)
{
    for (size_t passed = 0; passed < ARGUS_SEARCH_BYTES_MAX; passed++) {
        if (visible(in, 1).left == 0)
            return false;
        input_take(in, 1);
        if (begins_here(in))
            return true;
    }
    return false;
}

static enum argus_result give_up(struct argus_stream *s, uint64_t offset, const char *fault,
                                 struct error *err)
{
    s->is_over = true;
    if (!input_failed(s->in, err))
        (void)fail(err, ERROR_FORMAT, "%s", fault);
    (void)fail_in(err, "offset %" PRIu64, offset);
    return ARGUS_DAMAGED;
}

static enum argus_result step_over(struct argus_stream *s, const char *fault,
                                   const char *fault_at_end, struct error *err)
{
    uint64_t offset = input_offset(s->in);
    if (s->is_live)
        return give_up(s, offset, fault, err);
    if (!find_next(s->in))
        return give_up(s, offset, fault_at_end, err);
    (void)fail(err, ERROR_FORMAT, "offset %" PRIu64 ": %s; goes on at %" PRIu64, offset, fault,
               input_offset(s->in));
    return ARGUS_SKIPPED;
}

enum argus_result argus_stream_next(struct argus_stream *s, struct argus_record *out,
                                    struct error *err)
{
    size_t wanted = ARGUS_HEADER_BYTES, size;
    while (!s->is_over) {
        struct reader bytes = visible(s->in, wanted);
        if (bytes.left == 0 && !input_failed(s->in, NULL))
            break;
        switch (argus_frame(bytes, &size, out, err)) {
        case ARGUS_FRAME_RECORD:
            out->offset = input_offset(s->in);
            input_take(s->in, size);
            return ARGUS_RECORD;
        case ARGUS_FRAME_PADDING:
            input_take(s->in, size);
            wanted = ARGUS_HEADER_BYTES;
            continue;
        case ARGUS_FRAME_SHORT:
            if (bytes.left < wanted) /* asked for, and not there */
                return step_over(s, "length beyond the file", "record cut by the end of the file",
                                 err);
            wanted = size;
            continue;
        case ARGUS_FRAME_BAD:
            break;
        }
        struct error why = *err, last = *err;
        (void)fail(&last, ERROR_FORMAT, "%.60s, and no record behind it", why.text);
        return step_over(s, why.text, last.text, err);
    }
    return ARGUS_END;
}

bool argus_stream_more(struct argus_stream *s, struct argus_record *out)
{
    size_t size;
    struct error ignored;
    struct reader bytes = s->in->view;
    if (s->is_over || argus_frame(bytes, &size, out, &ignored) != ARGUS_FRAME_RECORD)
        return false;
    out->offset = input_offset(s->in);
    input_take(s->in, size);
    return true;
}

static int64_t read_time(struct reader *r)
{
    int64_t seconds = read_be32(r);
    return seconds * US_PER_SECOND + read_be32(r) % (uint32_t)US_PER_SECOND;
}

void argus_mar_read(const struct argus_record *r, struct argus_mar *out)
{
    enum { SASL = 0x1000 };
    struct reader in = r->body;
    *out = (struct argus_mar){.version = r->version, .cause = r->cause, .options = r->options};
    out->wants_sasl = (read_be32(&in) & SASL) != 0;
    out->cookie = read_be32(&in);
    read_skip(&in, 12); /* local network, mask, next sequence */
    out->start_us = read_time(&in);
    out->now_us = read_time(&in);
    out->major = read_u8(&in);
    out->minor = read_u8(&in);
    read_skip(&in, 2); /* of the interface */
    out->flow_interval_s = read_be16(&in);
    out->mar_interval_s = read_be16(&in);
    out->packets = read_be64(&in);
    out->bytes = read_be64(&in);
    read_skip(&in, 8); /* drift */
    out->records = read_be32(&in);
    out->flows = read_be32(&in);
    out->dropped = read_be32(&in);
    read_skip(&in, 20); /* queue, output, clients, buffers, bytes */
    out->user_limit[0] = read_be16(&in);
    out->user_limit[1] = read_be16(&in);
}

bool argus_is_version_2(const uint8_t *start, size_t size)
{
    struct reader r = reader_over(start, size < VERSION_2_WITHIN ? size : VERSION_2_WITHIN);
    while (r.left >= WORD)
        if (read_be32(&r) == ARGUS_COOKIE_2)
            return true;
    return false;
}

static bool is_start(struct reader r)
{
    uint32_t head = read_be32(&r);
    bool is_3 = head == START_OF_3, is_5 = head == START_OF_5;
    (void)read_be32(&r);
    uint32_t cookie = read_be32(&r);
    if (r.failed)
        return is_3 || is_5; /* what there is of it fits */
    return (is_3 || is_5) && (cookie == ARGUS_COOKIE_3 || cookie == ARGUS_COOKIE_5);
}

/* As far as what is shown goes: three parts at most of a flow record are looked at, the first of
 * which is the transport, the key or the filler, and one of which is the key. */
static bool is_flow_start(struct reader r)
{
    struct header h = read_header(&r);
    if (r.failed || fault_of(&h) != NULL || !is_flow_type(h.type) || h.cause < ARGUS_START ||
        h.cause > ARGUS_ERROR)
        return false;
    for (unsigned i = 0; i < 3; i++) {
        uint8_t type = read_u8(&r);
        (void)read_be16(&r);
        uint8_t words = read_u8(&r);
        if (r.failed || type > 2 || words == 0)
            return false;
        if (type == 2)
            return words >= 3 && words <= 13;
        read_skip(&r, (size_t)(words - 1) * WORD);
    }
    return false;
}

/* A management record that is not the first: the start of what was cut in two. */
static bool is_later_mar(struct reader r)
{
    struct header h = read_header(&r);
    (void)read_be32(&r);
    uint32_t cookie = read_be32(&r);
    bool fits = cookie == 0 || cookie == ARGUS_COOKIE_3 || cookie == ARGUS_COOKIE_5;
    return !r.failed && fits && h.type == ARGUS_MAR && fault_of(&h) == NULL &&
           h.size == ARGUS_MAR_BYTES && (h.cause == ARGUS_STATUS || h.cause == ARGUS_STOP) &&
           h.options == 0;
}

bool argus_recognises(const uint8_t *start, size_t size)
{
    struct reader r = reader_over(start, size);
    return is_start(r) || is_flow_start(r) || is_later_mar(r) || argus_is_version_2(start, size);
}
