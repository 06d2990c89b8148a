/* Zstandard frames (RFC 8878), undone by libzstd with a window of at most
 * 2^INPUT_DICTIONARY_LOG_MAX bytes. Skippable frames are frames that make nothing; pzstd begins its
 * files with one.
 *
 * A call of libzstd that fails forgets what it made. So each call gets no more than the block it is
 * at, as the hint of the call before says, and corruption costs only the block that it sits in. */
#include "source/decompress.h"

#include <stdlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "source/input.h"

static bool zstd_recognises(const uint8_t *start, size_t size)
{
    struct reader r = reader_over(start, size);
    uint32_t magic = read_le32(&r);
    return magic == ZSTD_MAGICNUMBER ||
           (magic & ZSTD_MAGIC_SKIPPABLE_MASK) == ZSTD_MAGIC_SKIPPABLE_START;
}

enum { ZSTD_FIRST_BYTES = 5, ZSTD_BLOCK_HEADER_BYTES = 3 };

struct zstd_state {
    ZSTD_DCtx *context;
    size_t hint; /* bytes to the end of the block, and the header of the next */
};

static void zstd_close(void *state)
{
    struct zstd_state *z = state;
    (void)ZSTD_freeDCtx(z->context);
    free(z);
}

static void *zstd_open(void)
{
    struct zstd_state *z = calloc(1, sizeof *z);
    if (z == NULL)
        return NULL;
    z->hint = ZSTD_FIRST_BYTES;
    z->context = ZSTD_createDCtx();
    if (z->context == NULL || ZSTD_isError(ZSTD_DCtx_setParameter(z->context, ZSTD_d_windowLogMax,
                                                                  INPUT_DICTIONARY_LOG_MAX))) {
        zstd_close(z);
        return NULL;
    }
    return z;
}

static bool zstd_restart(void *state)
{
    struct zstd_state *z = state;
    z->hint = ZSTD_FIRST_BYTES;
    return !ZSTD_isError(ZSTD_DCtx_reset(z->context, ZSTD_reset_session_only));
}

static enum error_kind zstd_error_kind(size_t result)
{
    ZSTD_ErrorCode code = ZSTD_getErrorCode(result);
    if (code == ZSTD_error_frameParameter_windowTooLarge)
        return ERROR_LIMIT;
    return code == ZSTD_error_memory_allocation ? ERROR_SYSTEM : ERROR_FORMAT;
}

static enum decompress_result zstd_run(void *state, struct reader *in, struct writer *out,
                                       struct error *err)
{
    struct zstd_state *z = state;
    size_t wanted = z->hint > ZSTD_BLOCK_HEADER_BYTES ? z->hint - ZSTD_BLOCK_HEADER_BYTES : z->hint;
    ZSTD_inBuffer from = {.src = in->next, .size = wanted < in->left ? wanted : in->left, .pos = 0};
    ZSTD_outBuffer to = {.dst = out->start, .size = out->size, .pos = out->used};
    size_t result = ZSTD_decompressStream(z->context, &to, &from);
    read_skip(in, from.pos);
    out->used = to.pos;
    if (ZSTD_isError(result)) {
        (void)fail(err, zstd_error_kind(result), "%s", ZSTD_getErrorName(result));
        return DECOMPRESS_BAD;
    }
    z->hint = result;
    return result == 0 ? DECOMPRESS_MEMBER_END : DECOMPRESS_GOING;
}

const struct decompressor decompress_zstd = {
    .name = "zstd",
    .recognises = zstd_recognises,
    .open = zstd_open,
    .restart = zstd_restart,
    .run = zstd_run,
    .close = zstd_close,
};
