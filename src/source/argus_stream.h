/* Argus's stream of records: where one ends and the next begins, in files and from a live server.
 *
 *   type and version   cause and options   length in words        the rest
 *   [ 4 bits | 4 bits ][ 4 bits | 4 bits ][ u16, header included ][ 4 * length - 4 bytes ]
 *
 * No index, no checksum, no mark: a wrong length loses the place, and the next record is found by
 * what it must look like. Files may be concatenated, and each record has its own version. The first
 * record says so: a management record (MAR) of cause start. Source: spec of Argus, 1, 2, 9. */
#ifndef WORMSIGN_SOURCE_ARGUS_STREAM_H
#define WORMSIGN_SOURCE_ARGUS_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/compiler.h"
#include "base/error.h"
#include "base/reader.h"
#include "source/input.h"

enum {
    ARGUS_HEADER_BYTES = 4,
    ARGUS_MAR_BYTES = 128, /* of both versions */
    ARGUS_RECORD_BYTES_MAX = 4 * 0xffff,
    ARGUS_SEARCH_BYTES_MAX = 64 << 20 /* looked through for the next record behind damage */
};

enum argus_type {
    ARGUS_FAR = 1, /* a flow */
    ARGUS_INDEX = 2,
    ARGUS_NETFLOW = 3, /* a flow */
    ARGUS_EVENT = 4,
    ARGUS_CONVERTED = 5, /* a flow */
    ARGUS_SUPPLEMENT = 6,
    ARGUS_ARCHIVAL = 7,
    ARGUS_MAR = 8
};

enum argus_cause {
    ARGUS_START = 1,
    ARGUS_STATUS = 2, /* a part of a long flow */
    ARGUS_STOP = 3,
    ARGUS_TIMEOUT = 4,
    ARGUS_FLUSH = 5,
    ARGUS_SHUTDOWN = 6,
    ARGUS_CLOSED = 7,
    ARGUS_ERROR = 8
};

/* What a MAR of cause error says in its options. */
enum argus_refusal { ARGUS_ACCESS_DENIED = 1, ARGUS_TOO_MANY_CLIENTS = 2 };

/* One record, cut out and not yet read. */
struct argus_record {
    uint8_t type, version, cause, options; /* type: enum argus_type; version: 3 or 5 */
    uint64_t offset;                       /* of its header in the stream */
    struct reader body;                    /* behind the header; borrowed */
};

static inline bool argus_is_flow(const struct argus_record *r)
{
    return r->type == ARGUS_FAR || r->type == ARGUS_NETFLOW || r->type == ARGUS_CONVERTED;
}

/* Pushed bytes: what stands at their start. */
enum argus_frame {
    ARGUS_FRAME_RECORD,  /* *out is it, *size its bytes: take so many */
    ARGUS_FRAME_PADDING, /* *size zero bytes that say nothing: take them */
    ARGUS_FRAME_SHORT,   /* come again with *size bytes or more */
    ARGUS_FRAME_BAD      /* no record begins so; *err says why */
};
enum argus_frame argus_frame(struct reader bytes, size_t *size, struct argus_record *out,
                             struct error *err);

/* Pulled bytes: a stream over an input. */
enum argus_result {
    ARGUS_RECORD,  /* *out is the next one, borrowed until the next call */
    ARGUS_SKIPPED, /* damage was stepped over: *err says "offset N: what; goes on at M" */
    ARGUS_END,     /* the proper end */
    ARGUS_DAMAGED  /* *err says "offset N: what"; nothing more can be read */
};

struct argus_stream {
    struct input *in; /* borrowed */
    bool is_live;     /* damage is the end: what comes next may take a day to come */
    bool is_over;     /* given up */
};

struct argus_stream argus_stream_over(struct input *in, bool is_live);
enum argus_result argus_stream_next(struct argus_stream *s, struct argus_record *out,
                                    struct error *err);

/* The same for records that can be seen without moving the input's window: what was given before
 * stays borrowed. False: none, or something else than a record; ask argus_stream_next then. */
bool argus_stream_more(struct argus_stream *s, struct argus_record *out);

/* A management record, as far as anybody needs it. */
struct argus_mar {
    uint8_t version, cause, options;
    uint32_t cookie; /* 0 where the version leaves it out */
    bool wants_sasl;
    int64_t start_us, now_us;
    uint8_t major, minor;
    uint16_t flow_interval_s, mar_interval_s;
    uint64_t packets, bytes;
    uint32_t records, flows, dropped;
    uint16_t user_limit[2]; /* user data captured of the source, of the destination */
};

#define ARGUS_COOKIE_2 UINT32_C(0xE5617ACB)
#define ARGUS_COOKIE_3 UINT32_C(0xE5712DCB)
#define ARGUS_COOKIE_5 UINT32_C(0xE57150CB)

/* Reads a record of type ARGUS_MAR; what a shorter one leaves out is zero. */
void argus_mar_read(const struct argus_record *r, struct argus_mar *out);

/* True when an Argus stream may begin so: a start record, or a flow record (a stream whose start is
 * lost), or one of version 2, which argus_is_version_2 tells apart. */
bool argus_recognises(const uint8_t *start, size_t size);
bool argus_is_version_2(const uint8_t *start, size_t size);

#endif
