/* The table of decompressors, and the stage that drives one: members one after the other, padding,
 * cuts, bombs. What it knows of padding: gzip(1) ignores zeros after a member (tapes), the xz
 * format has stream padding of zeros, and block devices round files up with zeros; so zeros are
 * nothing, and whatever else follows a member must be another member. */
#include "source/decompress.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/compiler.h"
#include "source/input.h"

static const struct decompressor *const decompressors[] = {
    &decompress_gzip, &decompress_bzip2, &decompress_xz, &decompress_zstd, &decompress_lz4,
};

struct decompress_stage {
    const struct decompressor *how;
    void *state;
    struct byte_source below;
    uint8_t *buffer; /* compressed bytes, INPUT_READ_BYTES */
    struct reader pending;
    uint64_t pending_end; /* position in the compressed stream */
    uint64_t made;        /* bytes that came out */
    uint64_t members;     /* begun */
    bool in_member, below_ended, ended;
    struct error below_error, error;
};

const struct decompressor *decompressor_for(const uint8_t *start, size_t size)
{
    for (size_t i = 0; i < COUNT_OF(decompressors); i++)
        if (decompressors[i]->recognises(start, size))
            return decompressors[i];
    return NULL;
}

void decompress_stage_close(struct decompress_stage *stage)
{
    if (stage == NULL)
        return;
    if (stage->state != NULL)
        stage->how->close(stage->state);
    free(stage->buffer);
    free(stage);
}

struct decompress_stage *decompress_stage_open(const struct decompressor *how,
                                               struct byte_source below, uint8_t *buffer,
                                               size_t used, struct error *err)
{
    struct decompress_stage *stage = calloc(1, sizeof *stage);
    if (stage == NULL) {
        free(buffer);
        (void)fail(err, ERROR_SYSTEM, "no memory to decompress %s", how->name);
        return NULL;
    }
    *stage = (struct decompress_stage){.how = how,
                                       .below = below,
                                       .buffer = buffer,
                                       .pending = reader_over(buffer, used),
                                       .pending_end = used,
                                       .members = 1,
                                       .in_member = true};
    stage->state = how->open();
    if (stage->state == NULL) {
        decompress_stage_close(stage);
        (void)fail(err, ERROR_SYSTEM, "no memory to decompress %s", how->name);
        return NULL;
    }
    return stage;
}

const char *decompress_stage_name(const struct decompress_stage *stage)
{
    return stage->how->name;
}

static uint64_t stage_offset(const struct decompress_stage *s)
{
    return s->pending_end - s->pending.left;
}

static void stage_refill(struct decompress_stage *s)
{
    size_t count = s->below.read(s->below.from, s->buffer, INPUT_READ_BYTES, &s->below_error);
    s->pending = reader_over(s->buffer, count);
    s->pending_end += count;
    s->below_ended = count == 0;
}

/* The compressed bytes ended: properly between members, else cut. An error below is the cause of
 * all. */
static void stage_end(struct decompress_stage *s)
{
    s->ended = true;
    if (s->below_error.kind != ERROR_NONE)
        s->error = s->below_error;
    else if (s->in_member)
        (void)fail(&s->error, ERROR_CUT,
                   "compressed offset %" PRIu64 ": the %s data is cut; %" PRIu64
                   " bytes came out before",
                   stage_offset(s), s->how->name, s->made);
}

static void stage_bad(struct decompress_stage *s)
{
    s->ended = true;
    (void)fail_in(&s->error, "compressed offset %" PRIu64 ": %s data%s", stage_offset(s),
                  s->how->name, s->members > 1 ? " (or garbage after the last member)" : "");
}

/* Between members: zeros are padding, another byte begins the next member. */
static void stage_between(struct decompress_stage *s)
{
    while (s->pending.left != 0) {
        struct reader rest = s->pending;
        if (read_u8(&rest) != 0)
            break;
        s->pending = rest;
    }
    if (s->pending.left == 0)
        return;
    s->members++;
    s->in_member = s->how->restart(s->state);
    if (!s->in_member) {
        (void)fail(&s->error, ERROR_SYSTEM, "no memory for the next member");
        stage_bad(s);
    }
}

static void stage_check_expansion(struct decompress_stage *s)
{
    uint64_t beyond = s->made > INPUT_EXPANSION_FREE ? s->made - INPUT_EXPANSION_FREE : 0;
    if (beyond / INPUT_EXPANSION_MAX <= *s->below.raw_offset)
        return;
    (void)fail(&s->error, ERROR_LIMIT,
               "%" PRIu64 " bytes read made %" PRIu64
               ", more than %d a byte: refused as a decompression bomb",
               *s->below.raw_offset, s->made, INPUT_EXPANSION_MAX);
    stage_bad(s);
}

static void stage_run(struct decompress_stage *s, struct writer *out)
{
    size_t left_before = s->pending.left, used_before = out->used;
    switch (s->how->run(s->state, &s->pending, out, &s->error)) {
    case DECOMPRESS_BAD:
        stage_bad(s);
        return;
    case DECOMPRESS_MEMBER_END:
        s->in_member = false;
        break;
    case DECOMPRESS_GOING:
        if (s->pending.left != left_before || out->used != used_before)
            break;
        if (s->pending.left != 0) {
            (void)fail(&s->error, ERROR_FORMAT, "makes no progress");
            stage_bad(s);
        } else if (s->below_ended) {
            stage_end(s);
        }
        return;
    }
    s->made += out->used - used_before;
    stage_check_expansion(s);
}

size_t decompress_stage_read(void *stage, uint8_t *buffer, size_t size, struct error *err)
{
    struct decompress_stage *s = stage;
    struct writer out = writer_over(buffer, size);
    while (out.used == 0 && !s->ended) {
        if (s->pending.left == 0 && !s->below_ended)
            stage_refill(s);
        if (s->in_member)
            stage_run(s, &out);
        else if (s->pending.left != 0)
            stage_between(s);
        else if (s->below_ended)
            stage_end(s);
    }
    if (out.used == 0 && s->error.kind != ERROR_NONE && err != NULL)
        *err = s->error;
    return out.used;
}
