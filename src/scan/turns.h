/* Whose turn it is to send: those that wait, first come, first served, at the pace that is allowed.
 *
 * Repeats go before what is asked for the first time: they need no new connection, and what has
 * begun should end. Things are numbered 0..count-1; each waits at most once. */
#ifndef WORMSIGN_SCAN_TURNS_H
#define WORMSIGN_SCAN_TURNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "scan/pace.h"

struct turns_queue {
    uint32_t *items;
    size_t room, first, count;
};

/* A ring; whoever makes it gives it room, and frees its items. */
void turns_queue_add(struct turns_queue *q, uint32_t thing);
uint32_t turns_queue_take(struct turns_queue *q); /* of one that is not empty */

struct turns {
    struct turns_queue fresh, again;
    struct pace pace;
};

/* False without memory. turns_clear in either case. rate: as in pace_of. */
bool turns_init(struct turns *t, uint32_t count, uint64_t rate);
void turns_clear(struct turns *t);

void turns_add_fresh(struct turns *t, uint32_t thing);
void turns_add_again(struct turns *t, uint32_t thing);

/* Gives the next turn, to a fresh one only where those may have it; false when nobody may send
 * now. */
bool turns_take(struct turns *t, int64_t now_us, bool fresh_too, uint32_t *thing);

/* When the next turn is, not before now; INT64_MAX when nobody waits for one. */
int64_t turns_next_us(const struct turns *t, int64_t now_us, bool fresh_too);

#endif
