/* A hunt in a test: captures made in memory, and a report format that only collects what it is
 * told. */
#ifndef WORMSIGN_TESTS_HUNTING_H
#define WORMSIGN_TESTS_HUNTING_H

#include "testing.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/writer.h"
#include "engine/hunt.h"
#include "source/capture_file.h"

enum { CAUGHT_MAX = 256, NOTED_SIZE = 4096, FRAMES_MAX = 32768, LINK_ETHERNET = 1 };

/* What the reports were told: copies, for verdicts are only lent. */
struct caught {
    size_t count, ends;
    struct verdict hosts[CAUGHT_MAX]; /* without their signs */
    struct totals totals;             /* without its texts */
    uint64_t records, damages;        /* of all inputs */
    char noted[NOTED_SIZE];           /* damage, limits and notes, a line each */
};

static inline bool caught_begin(struct report *r)
{
    struct caught *c = r->state;
    assert_true(c->count == 0 && c->ends == 0);
    return true;
}

static inline void check_printable(const char *text)
{
    for (const char *at = text; *at != '\0'; at++)
        assert_true(isprint((unsigned char)*at));
}

static inline bool caught_host(struct report *r, const struct verdict *v)
{
    struct caught *c = r->state;
    assert_in_range(c->count, 0, CAUGHT_MAX - 1);
    check_printable(v->says);
    check_printable(v->reason);
    for (size_t i = 0; i < v->sign_count; i++)
        check_printable(v->signs[i].says);
    c->hosts[c->count] = *v;
    c->hosts[c->count++].signs = NULL;
    return true;
}

static inline bool caught_edge(struct report *r, const struct infection *i)
{
    (void)r, (void)i;
    return true;
}

static inline bool caught_end(struct report *r, const struct totals *t)
{
    struct caught *c = r->state;
    struct text noted = text_over(c->noted, sizeof c->noted);
    for (size_t i = 0; i < t->input_count; i++) {
        c->records += t->inputs[i].records;
        c->damages += t->inputs[i].damage_count;
        for (size_t k = 0; k < t->inputs[i].damage_count && k < INPUT_DAMAGES_MAX; k++)
            text_add(&noted, "%s\n", t->inputs[i].damage[k].reason);
    }
    for (size_t i = 0; i < t->limit_count; i++)
        text_add(&noted, "%s\n", t->limits_hit[i]);
    for (size_t i = 0; i < t->note_count; i++)
        text_add(&noted, "%s\n", t->notes[i]);
    c->totals = *t;
    c->ends++;
    return true;
}

static const struct report_format collecting = {.id = "collecting",
                                                .claim = "for tests",
                                                .begin = caught_begin,
                                                .host = caught_host,
                                                .edge = caught_edge,
                                                .end = caught_end};

static inline struct hunt_settings settings_usual(void)
{
    return (struct hunt_settings){.since_us = INT64_MIN,
                                  .until_us = INT64_MAX,
                                  .sampling = 1,
                                  .limits = HOSTS_LIMITS_DEFAULT};
}

static inline struct hunt *hunt_begun(const struct hunt_settings *settings)
{
    struct error err;
    struct hunt *h = hunt_new(settings, &err);
    assert_non_null(h);
    return h;
}

/* Ends the hunt; the result is for the caller to free. */
static inline struct caught *hunt_ended(struct hunt *h, struct hunt_outcome *outcome)
{
    struct caught *c = calloc(1, sizeof *c);
    struct hunt_outcome unasked;
    assert_non_null(c);
    struct report r = {.format = &collecting, .state = c};
    hunt_finish(h, &r, 1, 1.5, outcome != NULL ? outcome : &unasked);
    assert_int_equal(c->ends, 1);
    hunt_free(h);
    return c;
}

/* The verdict on a host, or NULL when none was given. */
static inline const struct verdict *verdict_on(const struct caught *c, const char *host)
{
    struct address a;
    assert_true(address_parse(host, &a, NULL));
    for (size_t i = 0; i < c->count; i++)
        if (address_equal(c->hosts[i].host, a))
            return &c->hosts[i];
    return NULL;
}

static inline enum verdict_kind kind_on(const struct caught *c, const char *host)
{
    const struct verdict *v = verdict_on(c, host);
    return v != NULL ? v->kind : VERDICT_UNKNOWN;
}

/* Frames in memory, to be written as captures in whole or part. */
struct reel {
    size_t count;
    struct reel_frame {
        int64_t when_us;
        uint32_t size, wire_length;
        uint8_t *bytes;
    } frames[FRAMES_MAX];
};

static inline void reel_add(struct reel *r, int64_t when_us, const void *bytes, size_t size,
                            uint32_t wire_length)
{
    assert_in_range(r->count, 0, FRAMES_MAX - 1);
    struct reel_frame *f = &r->frames[r->count++];
    *f = (struct reel_frame){when_us, (uint32_t)size, wire_length, malloc(size)};
    assert_non_null(f->bytes);
    memcpy(f->bytes, bytes, size);
}

static inline struct reel *reel_new(void)
{
    struct reel *r = calloc(1, sizeof *r);
    assert_non_null(r);
    return r;
}

static inline struct reel *reel_of_file(const char *path)
{
    struct reel *r = reel_new();
    struct error err;
    struct capture_frame frame;
    struct input *in = input_open(path, &err);
    assert_non_null(in);
    struct capture_file *file = capture_file_open(in, &err);
    assert_non_null(file);
    while (capture_file_next(file, &frame, &err) == CAPTURE_FRAME) {
        assert_int_equal(frame.link_type, LINK_ETHERNET);
        reel_add(r, frame.when_us, frame.bytes.next, frame.bytes.left, frame.wire_length);
    }
    capture_file_close(file);
    input_close(in);
    return r;
}

static inline void reel_free(struct reel *r)
{
    for (size_t i = 0; i < r->count; i++)
        free(r->frames[i].bytes);
    free(r);
}

/* The frames [from, to) as a pcap file, for the caller to free. */
static inline uint8_t *reel_cut(const struct reel *r, size_t from, size_t to, size_t *size)
{
    *size = 24;
    for (size_t i = from; i < to; i++)
        *size += 16 + r->frames[i].size;
    uint8_t *bytes = malloc(*size);
    assert_non_null(bytes);
    struct writer w = writer_over(bytes, *size);
    write_le32(&w, 0xa1b2c3d4);
    write_le16(&w, 2);
    write_le16(&w, 4);
    write_zeros(&w, 8);
    write_le32(&w, CAPTURE_FRAME_MAX);
    write_le32(&w, LINK_ETHERNET);
    for (size_t i = from; i < to; i++) {
        const struct reel_frame *f = &r->frames[i];
        write_le32(&w, (uint32_t)(f->when_us / 1000000));
        write_le32(&w, (uint32_t)(f->when_us % 1000000));
        write_le32(&w, f->size);
        write_le32(&w, f->wire_length);
        write_bytes(&w, f->bytes, f->size);
    }
    assert_true(!w.failed && w.used == *size);
    return bytes;
}

/* Hunts bytes as an input of their own; false when the run was stopped. */
static inline bool hunt_bytes(struct hunt *h, const void *bytes, size_t size)
{
    struct error err;
    struct input *in = input_open_memory("made", bytes, size, &err);
    assert_non_null(in);
    bool go_on = hunt_read_input(h, in, true);
    input_close(in);
    return go_on;
}

static inline bool hunt_part(struct hunt *h, const struct reel *r, size_t from, size_t to)
{
    size_t size;
    uint8_t *bytes = reel_cut(r, from, to, &size);
    bool go_on = hunt_bytes(h, bytes, size);
    free(bytes);
    return go_on;
}

#endif
