/* Pieces of markup, kept small: some hundred together, compressed, and written into the page as
 * base64, where its script unpacks those that are to be shown.
 *
 * A host's section is a few thousand bytes, of which nearly all stand in every other host's too. So
 * the page stays small enough to be mailed, and no text of a host can end the block that it is in.
 * The form is that of zlib (RFC 1950), which browsers read as "deflate"; a form feed, which no
 * piece can hold as it is escaped in foreign text, stands behind each piece but the last. */
#ifndef WORMSIGN_REPORT_HTML_PACK_H
#define WORMSIGN_REPORT_HTML_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "report/html_markup.h"

struct pack_chunk {
    uint8_t *bytes; /* owned */
    size_t size, plain_size;
};

/* All zero but for the number of pieces in a chunk: empty. */
struct pack {
    size_t pieces_a_chunk;
    size_t count; /* pieces so far */
    struct markup open;
    size_t chunk_count, chunk_size;
    struct pack_chunk *chunks; /* owned */
    bool failed;               /* memory was out */
};

/* The piece becomes number count - 1. */
void pack_add(struct pack *p, const struct markup *piece);

/* Compresses what is left; no piece can be added after that. */
void pack_close(struct pack *p);

/* Appends the piece of this number, which must be there, once the pack is closed. */
void pack_get(struct pack *p, size_t number, struct markup *out);

/* Writes the chunks as a list of strings, as JSON has them. */
bool pack_write(const struct pack *p, FILE *out);

void pack_free(struct pack *p);

#endif
