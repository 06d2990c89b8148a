/* Room for one more item in an array that doubles: for lists of which nobody knows beforehand how
 * long they become. The limit of a list is its owner's, who asks before. */
#ifndef WORMSIGN_BASE_ROOM_H
#define WORMSIGN_BASE_ROOM_H

#include <stddef.h>

/* The items, of `size` bytes each, perhaps moved, with *room for more than count; NULL without
 * memory, and the items stay where they were. */
void *room_for_one(void *items, size_t count, size_t *room, size_t size);

#endif
