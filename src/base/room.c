/* An array that doubles when it is full. A product that does not fit counts as no memory, as the
 * allocator would say of it. */
#include "base/room.h"

#include <stdlib.h>

enum { FIRST_ROOM = 64 };

void *room_for_one(void *items, size_t count, size_t *room, size_t size)
{
    size_t bytes, more = *room != 0 ? *room * 2 : FIRST_ROOM;
    if (count < *room)
        return items;
    if (more < *room || __builtin_mul_overflow(more, size, &bytes))
        return NULL;
    void *larger = realloc(items, bytes);
    if (larger != NULL)
        *room = more;
    return larger;
}
