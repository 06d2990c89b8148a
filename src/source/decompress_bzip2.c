/* bzip2 streams, undone by libbz2, which checks the CRC of each block and of the whole. A stream
 * that was cut yields its whole blocks (up to 900 kB each). */
#include "source/decompress.h"

#include <bzlib.h>
#include <stdlib.h>
#include <string.h>

static bool bzip2_recognises(const uint8_t *start, size_t size)
{
    struct reader r = reader_over(start, size);
    const uint8_t *magic = read_bytes(&r, 3);
    uint8_t level = read_u8(&r);
    uint64_t block = (uint64_t)read_be32(&r) << 16 | read_be16(&r);
    /* Six bytes of pi begin a block, of its square root the end of a stream without one. A file
     * that is cut before them is still named by its first four. */
    bool block_fits = r.failed || block == 0x314159265359 || block == 0x177245385090;
    return magic != NULL && memcmp(magic, "BZh", 3) == 0 && level >= '1' && level <= '9' &&
           block_fits;
}

static void *bzip2_open(void)
{
    bz_stream *stream = calloc(1, sizeof *stream);
    if (stream != NULL && BZ2_bzDecompressInit(stream, 0, 0) != BZ_OK) {
        free(stream);
        return NULL;
    }
    return stream;
}

static bool bzip2_restart(void *state)
{
    bz_stream *stream = state;
    (void)BZ2_bzDecompressEnd(stream);
    memset(stream, 0, sizeof *stream);
    return BZ2_bzDecompressInit(stream, 0, 0) == BZ_OK;
}

static const char *bzip2_reason(int result)
{
    switch (result) {
    case BZ_DATA_ERROR_MAGIC:
        return "not the beginning of a bzip2 stream";
    case BZ_DATA_ERROR:
        return "a block is corrupt";
    case BZ_MEM_ERROR:
        return "no memory";
    default:
        return "libbz2 gave up";
    }
}

static enum decompress_result bzip2_run(void *state, struct reader *in, struct writer *out,
                                        struct error *err)
{
    bz_stream *stream = state;
    stream->next_in = (char *)(uintptr_t)in->next; /* libbz2 only reads it, but knows no const */
    stream->avail_in = (unsigned)in->left;
    stream->next_out = (char *)(out->start + out->used);
    stream->avail_out = (unsigned)(out->size - out->used);
    int result = BZ2_bzDecompress(stream);
    read_skip(in, in->left - stream->avail_in);
    out->used = out->size - stream->avail_out;
    if (result == BZ_STREAM_END)
        return DECOMPRESS_MEMBER_END;
    if (result == BZ_OK)
        return DECOMPRESS_GOING;
    (void)fail(err, result == BZ_MEM_ERROR ? ERROR_SYSTEM : ERROR_FORMAT, "%s",
               bzip2_reason(result));
    return DECOMPRESS_BAD;
}

static void bzip2_close(void *state)
{
    (void)BZ2_bzDecompressEnd(state);
    free(state);
}

const struct decompressor decompress_bzip2 = {
    .name = "bzip2",
    .recognises = bzip2_recognises,
    .open = bzip2_open,
    .restart = bzip2_restart,
    .run = bzip2_run,
    .close = bzip2_close,
};
