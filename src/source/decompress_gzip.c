/* gzip members (RFC 1952), undone by zlib, which checks header, CRC and length. */
#define ZLIB_CONST /* zlib.h: the input is const */
#include "source/decompress.h"

#include <stdlib.h>
#include <zlib.h>

enum { GZIP_ONLY = 15 + 16 }; /* zlib's window bits: the largest window, with a gzip wrapper */

static bool gzip_recognises(const uint8_t *start, size_t size)
{
    struct reader r = reader_over(start, size);
    return read_be16(&r) == 0x1f8b && read_u8(&r) == 8; /* magic, then deflate, the only method */
}

static void *gzip_open(void)
{
    z_stream *stream = calloc(1, sizeof *stream);
    if (stream != NULL && inflateInit2(stream, GZIP_ONLY) != Z_OK) {
        free(stream);
        return NULL;
    }
    return stream;
}

static bool gzip_restart(void *state)
{
    return inflateReset(state) == Z_OK;
}

static enum decompress_result gzip_run(void *state, struct reader *in, struct writer *out,
                                       struct error *err)
{
    z_stream *stream = state;
    stream->next_in = in->next;
    stream->avail_in = (uInt)in->left;
    stream->next_out = out->start + out->used;
    stream->avail_out = (uInt)(out->size - out->used);
    int result = inflate(stream, Z_NO_FLUSH);
    read_skip(in, in->left - stream->avail_in);
    out->used = out->size - stream->avail_out;
    if (result == Z_STREAM_END)
        return DECOMPRESS_MEMBER_END;
    if (result == Z_OK || result == Z_BUF_ERROR)
        return DECOMPRESS_GOING;
    (void)fail(err, result == Z_MEM_ERROR ? ERROR_SYSTEM : ERROR_FORMAT, "%s",
               stream->msg != NULL ? stream->msg : zError(result));
    return DECOMPRESS_BAD;
}

static void gzip_close(void *state)
{
    (void)inflateEnd(state);
    free(state);
}

const struct decompressor decompress_gzip = {
    .name = "gzip",
    .recognises = gzip_recognises,
    .open = gzip_open,
    .restart = gzip_restart,
    .run = gzip_run,
    .close = gzip_close,
};
