/* xz streams, undone by liblzma within INPUT_DICTIONARY_BYTES_MAX of memory: a stream that asks for
 * more is refused before it gets it. The old .lzma container has no magic and is not recognised. */
#include "source/decompress.h"

#include <lzma.h>
#include <stdlib.h>
#include <string.h>

#include "source/input.h"

static bool xz_recognises(const uint8_t *start, size_t size)
{
    struct reader r = reader_over(start, size);
    const uint8_t *magic = read_bytes(&r, 6);
    return magic != NULL && memcmp(magic,
                                   "\xfd"
                                   "7zXZ\0",
                                   6) == 0;
}

static bool xz_restart(void *state)
{
    return lzma_stream_decoder(state, INPUT_DICTIONARY_BYTES_MAX, 0) == LZMA_OK;
}

static void xz_close(void *state)
{
    lzma_end(state);
    free(state);
}

static void *xz_open(void)
{
    lzma_stream *stream = malloc(sizeof *stream);
    if (stream == NULL)
        return NULL;
    *stream = (lzma_stream)LZMA_STREAM_INIT;
    if (!xz_restart(stream)) {
        xz_close(stream);
        return NULL;
    }
    return stream;
}

static enum decompress_result xz_failed(lzma_ret result, struct error *err)
{
    if (result == LZMA_MEMLIMIT_ERROR)
        (void)fail(err, ERROR_LIMIT, "wants more than the %d bytes of memory that it may have",
                   INPUT_DICTIONARY_BYTES_MAX);
    else if (result == LZMA_MEM_ERROR)
        (void)fail(err, ERROR_SYSTEM, "no memory");
    else if (result == LZMA_FORMAT_ERROR)
        (void)fail(err, ERROR_FORMAT, "not the beginning of an xz stream");
    else if (result == LZMA_OPTIONS_ERROR)
        (void)fail(err, ERROR_FORMAT, "uses a filter or option that liblzma does not know");
    else
        (void)fail(err, ERROR_FORMAT, "corrupt");
    return DECOMPRESS_BAD;
}

static enum decompress_result xz_run(void *state, struct reader *in, struct writer *out,
                                     struct error *err)
{
    lzma_stream *stream = state;
    stream->next_in = in->next;
    stream->avail_in = in->left;
    stream->next_out = out->start + out->used;
    stream->avail_out = out->size - out->used;
    lzma_ret result = lzma_code(stream, LZMA_RUN);
    read_skip(in, in->left - stream->avail_in);
    out->used = out->size - stream->avail_out;
    if (result == LZMA_STREAM_END)
        return DECOMPRESS_MEMBER_END;
    if (result == LZMA_OK || result == LZMA_BUF_ERROR)
        return DECOMPRESS_GOING;
    return xz_failed(result, err);
}

const struct decompressor decompress_xz = {
    .name = "xz",
    .recognises = xz_recognises,
    .open = xz_open,
    .restart = xz_restart,
    .run = xz_run,
    .close = xz_close,
};
