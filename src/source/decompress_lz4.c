/* LZ4 frames (the frame format, 04 22 4d 18), undone by liblz4. The legacy format of `lz4 -l`, used
 * for kernels, is another and is not recognised.
 *
 * A call of liblz4 that fails forgets what it made. So each call gets no more than the block it is
 * at, as the hint of the call before says, and corruption costs only the block that it sits in. */
#include "source/decompress.h"

#include <lz4frame.h>
#include <stdlib.h>

static bool lz4_recognises(const uint8_t *start, size_t size)
{
    struct reader r = reader_over(start, size);
    return read_le32(&r) == 0x184d2204;
}

enum { LZ4_FIRST_BYTES = 7, LZ4_BLOCK_HEADER_BYTES = 4 };

struct lz4_state {
    LZ4F_dctx *context;
    size_t hint; /* bytes to the end of the block, and the header of the next */
};

static void *lz4_open(void)
{
    struct lz4_state *z = calloc(1, sizeof *z);
    if (z == NULL)
        return NULL;
    z->hint = LZ4_FIRST_BYTES;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&z->context, LZ4F_VERSION))) {
        free(z);
        return NULL;
    }
    return z;
}

static bool lz4_restart(void *state)
{
    struct lz4_state *z = state;
    z->hint = LZ4_FIRST_BYTES;
    LZ4F_resetDecompressionContext(z->context);
    return true;
}

static enum decompress_result lz4_run(void *state, struct reader *in, struct writer *out,
                                      struct error *err)
{
    struct lz4_state *z = state;
    size_t wanted = z->hint > LZ4_BLOCK_HEADER_BYTES ? z->hint - LZ4_BLOCK_HEADER_BYTES : z->hint;
    size_t took = wanted < in->left ? wanted : in->left, made = out->size - out->used;
    size_t result = LZ4F_decompress(z->context, out->start + out->used, &made, in->next, &took,
                                    NULL);
    if (LZ4F_isError(result)) {
        (void)fail(err, ERROR_FORMAT, "%s", LZ4F_getErrorName(result));
        return DECOMPRESS_BAD;
    }
    read_skip(in, took);
    out->used += made;
    z->hint = result;
    return result == 0 ? DECOMPRESS_MEMBER_END : DECOMPRESS_GOING;
}

static void lz4_close(void *state)
{
    struct lz4_state *z = state;
    (void)LZ4F_freeDecompressionContext(z->context);
    free(z);
}

const struct decompressor decompress_lz4 = {
    .name = "lz4",
    .recognises = lz4_recognises,
    .open = lz4_open,
    .restart = lz4_restart,
    .run = lz4_run,
    .close = lz4_close,
};
