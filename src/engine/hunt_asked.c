/* A later scan may have asked less than an earlier one: so the latest of each kind of answer
 * counts, and not the latest scan alone. Signs are evidence of their day, and none is taken back by
 * what comes later. */
#include "engine/hunt_asked.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/room.h"
#include "base/time.h"
#include "base/writer.h"
#include "engine/hunt_inside.h"
#include "store/store.h"

size_t signs_add(struct sign *signs, size_t count, const struct sign *sign)
{
    size_t at = 0;
    while (at < count && (signs[at].id != sign->id || signs[at].day != sign->day))
        at++;
    if (at == count) {
        signs[count] = *sign;
        return count + 1;
    }
    struct sign *there = &signs[at];
    int64_t first_us = there->first_us < sign->first_us ? there->first_us : sign->first_us;
    int64_t last_us = there->last_us > sign->last_us ? there->last_us : sign->last_us;
    if (sign_gravity(sign) > sign_gravity(there))
        *there = *sign;
    there->first_us = first_us;
    there->last_us = last_us;
    return count;
}

/* A place for one more; NULL without memory. */
static struct hunt_asked *add_row(struct asked_list *list)
{
    struct hunt *h = list->hunt;
    struct hunt_asked *rows = room_for_one(h->asked, h->asked_count, &list->room, sizeof *rows);
    if (rows == NULL)
        return NULL;
    h->asked = rows;
    return &rows[h->asked_count++];
}

static bool join_signs(struct arena *memory, struct host_answers *into,
                       const struct host_answers *later)
{
    size_t room = into->sign_count + later->sign_count;
    struct sign *signs = arena_take(memory, room + 1, sizeof *signs);
    if (signs == NULL)
        return false;
    memcpy(signs, into->signs, into->sign_count * sizeof *signs);
    size_t count = into->sign_count;
    for (size_t i = 0; i < later->sign_count; i++)
        count = signs_add(signs, count, &later->signs[i]);
    into->signs = signs;
    into->sign_count = count;
    return true;
}

static bool has_name(const struct host_answers *a, const char *name)
{
    for (unsigned i = 0; i < a->name_count; i++)
        if (strcasecmp(a->names[i], name) == 0)
            return true;
    return false;
}

/* The later ones first. */
static void join_names(struct host_answers *into, const struct host_answers *later)
{
    struct host_answers all = *later;
    for (unsigned i = 0; i < into->name_count && all.name_count < VERDICT_NAMES_MAX; i++)
        if (!has_name(&all, into->names[i]))
            memcpy(all.names[all.name_count++], into->names[i], sizeof all.names[0]);
    into->name_count = all.name_count;
    memcpy(into->names, all.names, sizeof all.names);
}

static bool join(struct arena *memory, struct host_answers *into, const struct host_answers *later)
{
    if (later->check_count > 0) {
        into->check_count = later->check_count;
        into->checks = later->checks;
    }
    if (later->smb != NULL)
        into->smb = later->smb;
    if (later->netbios != NULL)
        into->netbios = later->netbios;
    into->hearing = later->hearing;
    join_names(into, later);
    return later->sign_count == 0 || join_signs(memory, into, later);
}

bool asked_list_add(struct asked_list *list, const struct store_answers *a)
{
    struct hunt *h = list->hunt;
    struct host_answers answers;
    struct reader bytes = a->saved;
    if (!host_answers_load(&bytes, &h->asked_memory, &answers)) {
        list->full = h->asked_memory.used_bytes + HOST_ANSWERS_BYTES_MAX > HUNT_ASKED_BYTES;
        list->damaged = !list->full;
        return false;
    }
    struct hunt_asked *row = h->asked_count > 0 ? &h->asked[h->asked_count - 1] : NULL;
    if (row != NULL && address_equal(row->host, a->host)) {
        list->full = !join(&h->asked_memory, &row->answers, &answers);
        return !list->full;
    }
    row = add_row(list);
    list->full = row == NULL;
    if (row != NULL)
        *row = (struct hunt_asked){a->host, answers};
    return row != NULL;
}

static int compare_rows(const void *a, const void *b)
{
    const struct hunt_asked *x = a, *y = b;
    return address_compare(x->host, y->host);
}

void asked_list_end(struct asked_list *list)
{
    struct hunt *h = list->hunt;
    if (h->asked_count > 0)
        qsort(h->asked, h->asked_count, sizeof h->asked[0], compare_rows);
    /* A store whose rows are out of order has a host twice: the first row stays. */
    for (size_t i = 1; i < h->asked_count; i++)
        list->damaged |= address_equal(h->asked[i - 1].host, h->asked[i].host);
}

void hunt_asked_name(const struct hunt_asked *asked, struct verdict *v)
{
    const struct host_answers *a = &asked->answers;
    struct host_answers seen = {.name_count = v->name_count};
    memcpy(seen.names, v->names, sizeof seen.names);
    join_names(&seen, a);
    v->name_count = seen.name_count;
    memcpy(v->names, seen.names, sizeof seen.names);
    if (v->mac != 0 || a->netbios == NULL)
        return;
    v->mac = a->netbios->mac;
    v->mac_source = MAC_BY_NETBIOS;
}
