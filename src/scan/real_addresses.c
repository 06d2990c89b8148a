/* A sorted array: a list is read once and looked up for every host. */
#include "scan/real_addresses.h"

#include <stdlib.h>

#include "base/address.h"
#include "base/room.h"

struct real_addresses {
    struct real_address *pairs;
    size_t count, room;
};

struct real_addresses *real_addresses_new(void)
{
    return calloc(1, sizeof(struct real_addresses));
}

void real_addresses_free(struct real_addresses *a)
{
    if (a == NULL)
        return;
    free(a->pairs);
    free(a);
}

bool real_addresses_add(struct real_addresses *a, struct real_address pair, struct error *err)
{
    if (a->count == REAL_ADDRESSES_MAX)
        return fail(err, ERROR_LIMIT, "more than %d pairs of addresses", REAL_ADDRESSES_MAX);
    struct real_address *pairs = room_for_one(a->pairs, a->count, &a->room, sizeof *pairs);
    if (pairs == NULL)
        return fail(err, ERROR_SYSTEM, "no memory for pairs of addresses");
    a->pairs = pairs;
    a->pairs[a->count++] = pair;
    return true;
}

static int compare(const void *a, const void *b)
{
    const struct real_address *x = a, *y = b;
    if (x->host != y->host)
        return x->host > y->host ? 1 : -1;
    return (x->real > y->real) - (x->real < y->real);
}

bool real_addresses_close(struct real_addresses *a, struct error *err)
{
    size_t kept = 0;
    if (a->count > 0)
        qsort(a->pairs, a->count, sizeof a->pairs[0], compare);
    for (size_t i = 0; i < a->count; i++) {
        const struct real_address *before = kept > 0 ? &a->pairs[kept - 1] : NULL;
        char text[ADDRESS_TEXT_SIZE];
        if (before != NULL && before->host == a->pairs[i].host) {
            if (before->real != a->pairs[i].real)
                return fail(err, ERROR_USAGE, "%s has two real addresses",
                            address_text(address_of_v4(before->host), text));
            continue;
        }
        a->pairs[kept++] = a->pairs[i];
    }
    a->count = kept;
    return true;
}

size_t real_addresses_count(const struct real_addresses *a)
{
    return a != NULL ? a->count : 0;
}

static int compare_host(const void *key, const void *item)
{
    uint32_t host = *(const uint32_t *)key; /* reader: our own number */
    const struct real_address *pair = item;
    return (host > pair->host) - (host < pair->host);
}

bool real_addresses_find(const struct real_addresses *a, uint32_t host, uint32_t *real)
{
    if (a == NULL || a->count == 0)
        return false;
    const struct real_address *found = bsearch(&host, a->pairs, a->count, sizeof *found,
                                               compare_host);
    if (found != NULL)
        *real = found->real;
    return found != NULL;
}

void real_addresses_write(const struct real_addresses *a, struct writer *w)
{
    for (size_t i = 0; i < real_addresses_count(a); i++) {
        write_le32(w, a->pairs[i].host);
        write_le32(w, a->pairs[i].real);
    }
}

struct real_addresses *real_addresses_read(struct reader *r, uint64_t count, struct error *err)
{
    struct real_addresses *a = real_addresses_new();
    bool good = a != NULL && count <= r->left / REAL_ADDRESS_BYTES;
    uint32_t previous = 0;
    for (uint64_t i = 0; good && i < count; i++) {
        struct real_address pair = {.host = read_le32(r)};
        pair.real = read_le32(r);
        good = (i == 0 || pair.host > previous) && real_addresses_add(a, pair, NULL);
        previous = pair.host;
    }
    if (good && !r->failed)
        return a;
    real_addresses_free(a);
    (void)fail(err, ERROR_FORMAT, "its list of real addresses is damaged");
    return NULL;
}
