/* Putting IP datagrams together from their fragments (RFC 791, 8200, 5722), within bounds.
 *
 * The store holds pieces of FRAGMENT_PIECE_BYTES from a pool of fixed size, so that many small
 * datagrams and few large ones fit alike. Where fragments overlap, the bytes that came first win,
 * eight at a time. Limits are those of observe/frame.h; the oldest datagram goes first, and is
 * counted. */
#ifndef WORMSIGN_OBSERVE_FRAGMENTS_H
#define WORMSIGN_OBSERVE_FRAGMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/address.h"
#include "base/reader.h"

enum {
    FRAGMENT_PIECE_BYTES = 2048,
    FRAGMENT_PIECES_MAX = 1024, /* of all datagrams together: 2 MiB */
    FRAGMENT_LEVELS = 2         /* outer packets and packets inside a tunnel */
};

/* What the fragments of one datagram have in common. */
struct fragment_key {
    struct address from, to;
    uint32_t id;
    uint8_t version, protocol; /* protocol: 0 for IPv6, where the first fragment alone tells it */
};

struct fragment {
    struct fragment_key key;
    int64_t when_us;
    size_t offset;
    bool more;
    uint8_t protocol; /* what this fragment's header says; the first one's counts */
    unsigned level;   /* 0, or 1 inside a tunnel */
    struct reader bytes;
};

enum fragment_result {
    FRAGMENT_KEPT,
    FRAGMENT_WHOLE,   /* *whole and *protocol are filled */
    FRAGMENT_REFUSED, /* cannot be: empty, too large, or against what is known of the length */
    FRAGMENT_LET_GO   /* no memory for the store: the datagram is lost, and counted */
};

struct fragment_store;

/* No memory is taken for pieces until the first fragment. NULL: no memory. */
struct fragment_store *fragment_store_new(void);
void fragment_store_free(struct fragment_store *s); /* NULL is fine */

/* Takes one fragment. *whole lives until the next datagram of the same level is whole. */
enum fragment_result fragment_store_add(struct fragment_store *s, const struct fragment *fragment,
                                        struct reader *whole, uint8_t *protocol);

/* Datagrams given up so far, for age or room. */
uint64_t fragment_store_let_go(const struct fragment_store *s);

#endif
