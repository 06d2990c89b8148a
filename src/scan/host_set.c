/* CRoaring under a name of ours, as in target_set.c. */
#include "scan/host_set.h"

#include <roaring/roaring.h>
#include <stdlib.h>

struct host_set {
    roaring_bitmap_t *hosts;
};

struct host_set *host_set_new(void)
{
    struct host_set *s = calloc(1, sizeof *s);
    if (s != NULL)
        s->hosts = roaring_bitmap_create();
    if (s != NULL && s->hosts != NULL)
        return s;
    free(s);
    return NULL;
}

void host_set_free(struct host_set *s)
{
    if (s == NULL)
        return;
    roaring_bitmap_free(s->hosts);
    free(s);
}

void host_set_add(struct host_set *s, uint32_t host)
{
    roaring_bitmap_add(s->hosts, host);
}

void host_set_remove(struct host_set *s, uint32_t host)
{
    roaring_bitmap_remove(s->hosts, host);
}

bool host_set_has(const struct host_set *s, uint32_t host)
{
    return s != NULL && roaring_bitmap_contains(s->hosts, host);
}

uint64_t host_set_count(const struct host_set *s)
{
    return roaring_bitmap_get_cardinality(s->hosts);
}

bool host_set_next(const struct host_set *s, uint32_t from, uint32_t *host)
{
    roaring_uint32_iterator_t at;
    if (s == NULL)
        return false;
    roaring_init_iterator(s->hosts, &at);
    if (!roaring_move_uint32_iterator_equalorlarger(&at, from))
        return false;
    *host = at.current_value;
    return true;
}
