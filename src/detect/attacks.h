/* Attacks by the exploit on or from a host in a day: the first of them with what each told, and how
 * many there were. The sender and the target keep the same list, each of the other.
 *
 * Everything in it is a set, a minimum or a span, so parts merge to the whole in any order. */
#ifndef WORMSIGN_DETECT_ATTACKS_H
#define WORMSIGN_DETECT_ATTACKS_H

#include <stdbool.h>
#include <stdint.h>
#include "base/address.h"
#include "conficker/exploit.h"
#include "evidence/set.h"
#include "evidence/span.h"

struct hosts;
struct reader;
struct writer;

enum { ATTACKS_KEPT = 16 }; /* the first by time and address; of the others only the number */

struct attack {
    int64_t when_us;
    struct address other; /* the target at its sender, the sender at its target */
    uint16_t port;        /* of the target */
    uint64_t stream;      /* what its connection is known by */
    struct exploit exploit;
};

/* All zero: none. */
struct attacks {
    struct set others, streams;
    struct span span;  /* where there is one */
    unsigned variants; /* bits */
    uint32_t count, room;
    struct attack *kept; /* ascending; in the evidence store's memory */
};

bool attacks_any(const struct attacks *a);

/* Adds one; a second word of the same connection may tell more of the same attack. */
void attacks_add(struct hosts *h, struct attacks *a, const struct attack *one);
void attacks_merge(struct hosts *h, struct attacks *into, const struct attacks *from);

/* Gives its memory back; it is empty then. */
void attacks_free(struct hosts *h, struct attacks *a);

/* As bytes (evidence/saving.h); into a zeroed list. */
void attacks_save(const struct attacks *a, struct writer *out);
void attacks_load(struct hosts *h, struct attacks *a, struct reader *in);

/* The variants that have this exploit: bits. */
unsigned attack_variants(const struct attack *a);

#endif
