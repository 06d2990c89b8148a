/* A chunk is compressed as soon as it is full, so that a report of many hosts needs little memory
 * while it grows. */
#include "report/html_pack.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <nettle/base64.h>
#include <zlib.h>

enum {
    CHUNKS_FIRST = 16,
    BASE64_STEP = 3 * 1024 /* bytes encoded at a time: of three none is left over */
};

static const char separator = '\f';

static struct pack_chunk *add_chunk(struct pack *p)
{
    if (p->chunk_count == p->chunk_size) {
        size_t size = p->chunk_size > 0 ? p->chunk_size * 2 : CHUNKS_FIRST;
        struct pack_chunk *grown = realloc(p->chunks, size * sizeof *grown);
        if (grown == NULL)
            return NULL;
        p->chunks = grown;
        p->chunk_size = size;
    }
    return &p->chunks[p->chunk_count];
}

/* compress2 says how large it may become; kept is what it came to. */
static bool compress_into(struct pack_chunk *chunk, const struct markup *plain)
{
    uLongf size = compressBound(plain->used);
    uint8_t *bytes = malloc(size);
    if (bytes == NULL)
        return false;
    if (compress2(bytes, &size, (const Bytef *)plain->text, plain->used, Z_BEST_COMPRESSION) !=
        Z_OK) {
        free(bytes);
        return false;
    }
    uint8_t *fitting = realloc(bytes, size);
    *chunk = (struct pack_chunk){
        .bytes = fitting != NULL ? fitting : bytes, .size = size, .plain_size = plain->used};
    return true;
}

static void close_chunk(struct pack *p)
{
    struct pack_chunk *chunk = add_chunk(p);
    if (chunk == NULL || p->open.failed || !compress_into(chunk, &p->open))
        p->failed = true;
    else
        p->chunk_count++;
    markup_clear(&p->open);
}

void pack_add(struct pack *p, const struct markup *piece)
{
    assert(p->pieces_a_chunk > 0);
    if (p->failed || piece->failed) {
        p->failed = true;
        return;
    }
    assert(memchr(piece->text != NULL ? piece->text : "", separator, piece->used) == NULL);
    if (p->count % p->pieces_a_chunk != 0)
        markup_add(&p->open, &separator, 1);
    markup_add(&p->open, piece->text != NULL ? piece->text : "", piece->used);
    p->count++;
    if (p->count % p->pieces_a_chunk == 0)
        close_chunk(p);
}

void pack_close(struct pack *p)
{
    if (!p->failed && p->count % p->pieces_a_chunk != 0)
        close_chunk(p);
}

void pack_get(struct pack *p, size_t number, struct markup *out)
{
    size_t at = number / p->pieces_a_chunk, skip = number % p->pieces_a_chunk;
    assert(p->failed || at < p->chunk_count);
    const struct pack_chunk *chunk = p->failed ? NULL : &p->chunks[at];
    uLongf size = chunk != NULL ? chunk->plain_size : 0;
    char *plain = chunk != NULL ? malloc(size + 1) : NULL;
    if (plain == NULL ||
        uncompress((Bytef *)plain, &size, chunk->bytes, (uLong)chunk->size) != Z_OK) {
        free(plain);
        out->failed = true;
        return;
    }
    plain[size] = '\0';
    const char *piece = plain;
    for (; skip > 0; skip--)
        piece += strcspn(piece, "\f") + 1;
    markup_add(out, piece, strcspn(piece, "\f"));
    free(plain);
}

static bool write_base64(const struct pack_chunk *chunk, FILE *out)
{
    char text[BASE64_ENCODE_RAW_LENGTH(BASE64_STEP)];
    for (size_t at = 0; at < chunk->size; at += BASE64_STEP) {
        size_t count = chunk->size - at < BASE64_STEP ? chunk->size - at : BASE64_STEP;
        base64_encode_raw(text, count, chunk->bytes + at);
        size_t length = BASE64_ENCODE_RAW_LENGTH(count);
        if (fwrite(text, 1, length, out) != length)
            return false;
    }
    return true;
}

bool pack_write(const struct pack *p, FILE *out)
{
    bool good = !p->failed && fputc('[', out) != EOF;
    for (size_t i = 0; i < p->chunk_count && good; i++)
        good = fputs(i > 0 ? ",\n\"" : "\"", out) != EOF && write_base64(&p->chunks[i], out) &&
               fputc('"', out) != EOF;
    return good && fputc(']', out) != EOF;
}

void pack_free(struct pack *p)
{
    for (size_t i = 0; i < p->chunk_count; i++)
        free(p->chunks[i].bytes);
    free(p->chunks);
    markup_free(&p->open);
    *p = (struct pack){.pieces_a_chunk = p->pieces_a_chunk};
}
