/* Two open-addressed tables with linear probing: A and B share one (at most half full), D has its
 * own (at most 0.38 full).
 *
 *   slot: 46 highest bits of the hash | 2 bits list + 1 | 16 bits position      0 is an empty slot
 *
 * The place in the table comes from the 17 (10) lowest bits of the hash, which the slot does not
 * keep. So a foreign name with random hash is taken for a member with chance below 2 * 2^-46: it
 * is compared with the few entries of one run of slots. */
#include "conficker/name_index.h"

#include <assert.h>
#include <string.h>

#include "base/hash.h"
#include "base/reader.h"

enum { POSITION_BITS = 16, LIST_BITS = 2, HASH_SHIFT = POSITION_BITS + LIST_BITS };

_Static_assert(NAMES_A_DAY_MAX <= 1 << POSITION_BITS, "a position fits into its bits");
_Static_assert(NAME_LISTS < 1 << LIST_BITS, "a list, counted from 1, fits into its bits");
_Static_assert(NAME_INDEX_SLOTS_D <= 1 << HASH_SHIFT, "place and kept bits of the hash are apart");
_Static_assert((NAME_INDEX_SLOTS_D & (NAME_INDEX_SLOTS_D - 1)) == 0, "a mask gives the place");
_Static_assert((NAME_INDEX_SLOTS_SMALL & (NAME_INDEX_SLOTS_SMALL - 1)) == 0, "here too");
_Static_assert(NAME_INDEX_SLOTS_D > 2 * NAMES_A_DAY_MAX, "probing meets an empty slot soon");

enum { LOWER_CASE_BLOCK = 256 }; /* above the 255 bytes that a DNS name can have */

/* The hash of the next block of a name, in lower case. */
static uint64_t hash_block(struct reader *name)
{
    uint8_t lower[LOWER_CASE_BLOCK];
    size_t count = name->left < sizeof lower ? name->left : sizeof lower;
    const uint8_t *bytes = read_bytes(name, count);
    if (count == 0 || bytes == NULL)
        return hash_bytes("", 0);
    for (size_t i = 0; i < count; i++)
        lower[i] = (uint8_t)(bytes[i] | (unsigned)(bytes[i] >= 'A' && bytes[i] <= 'Z') << 5);
    return hash_bytes(lower, count);
}

/* Only a name that no DNS message can hold needs more than one block; it is hashed whole all the
 * same. */
uint64_t name_hash(const char *name, size_t length)
{
    if (length > 0 && name[length - 1] == '.')
        length--;
    struct reader rest = reader_over(name, length);
    uint64_t hash = hash_block(&rest);
    while (rest.left > 0)
        hash = hash_pair(hash, hash_block(&rest));
    return hash;
}

static inline uint64_t slot_key(enum name_list list, uint64_t hash)
{
    return (hash >> HASH_SHIFT) << LIST_BITS | ((uint64_t)list + 1);
}

/* Where the key stands, or the empty slot where it would stand. There always is one: the tables are
 * filled with fewer names than they have slots. */
static inline size_t slot_of(const uint64_t *slots, size_t count, uint64_t key, uint64_t hash)
{
    size_t place = hash & (count - 1);
    while (slots[place] != 0 && slots[place] >> POSITION_BITS != key)
        place = (place + 1) & (count - 1);
    return place;
}

void name_index_reset(struct name_index *index, int32_t day)
{
    if ((index->lists & 1u << NAME_LIST_D) != 0)
        memset(index->large, 0, sizeof index->large);
    memset(index->small, 0, sizeof index->small);
    index->lists = 0;
    index->day = day;
}

static void fill_list(struct name_index *index, enum name_list list)
{
    uint64_t *slots = list == NAME_LIST_D ? index->large : index->small;
    size_t count = list == NAME_LIST_D ? NAME_INDEX_SLOTS_D : NAME_INDEX_SLOTS_SMALL;
    size_t names = domains_count(list);
    struct domain_generator generator;
    domains_begin(&generator, list, index->day);
    for (size_t position = 0; position < names; position++) {
        char name[DOMAIN_NAME_SIZE];
        size_t length = domains_next(&generator, name);
        uint64_t hash = hash_bytes(name, length); /* generated names are lower-case already */
        uint64_t key = slot_key(list, hash);
        size_t place = slot_of(slots, count, key, hash);
        if (slots[place] == 0)
            slots[place] = key << POSITION_BITS | position;
    }
    index->lists |= 1u << list;
}

void name_index_fill(struct name_index *index, unsigned lists)
{
    for (unsigned list = 0; list < NAME_LISTS; list++)
        if ((lists & ~index->lists) >> list & 1)
            fill_list(index, (enum name_list)list);
}

bool name_index_find(const struct name_index *index, enum name_list list, uint64_t hash,
                     struct name_match *out)
{
    assert(list < NAME_LISTS && (index->lists >> list & 1) != 0);
    const uint64_t *slots = list == NAME_LIST_D ? index->large : index->small;
    size_t count = list == NAME_LIST_D ? NAME_INDEX_SLOTS_D : NAME_INDEX_SLOTS_SMALL;
    uint64_t slot = slots[slot_of(slots, count, slot_key(list, hash), hash)];
    if (slot == 0)
        return false;
    out->list = list;
    out->position = (unsigned)(slot & ((1u << POSITION_BITS) - 1));
    return true;
}
