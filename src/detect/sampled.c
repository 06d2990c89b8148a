/* Sets keep their smallest hashes, and both hashes that an IPv4 address went through can be
 * undone. */
#include "detect/sampled.h"

#include "base/address.h"
#include "base/hash.h"
#include "evidence/sign.h"

static struct address address_behind(uint64_t mixed)
{
    return (struct address){.high = 0, .low = hash_number_undo(hash_number_undo(mixed))};
}

/* Of an estimated set only the smallest hashes are kept: beyond the last nothing is known. */
static bool is_known_outside(const struct set *set, uint64_t mixed)
{
    const uint64_t *held;
    size_t count = set_sample(set, &held);
    for (size_t i = 0; i < count; i++)
        if (held[i] >= mixed)
            return held[i] > mixed;
    return set_is_exact(set);
}

void sampled_show(const struct set *of, const struct set *without, const char *fact,
                  struct sign *out)
{
    const uint64_t *held;
    size_t count = set_sample(of, &held);
    unsigned shown = 0;
    for (size_t i = 0; i < count && shown < SAMPLED_SHOWN; i++) {
        if (without != NULL && !is_known_outside(without, held[i]))
            continue;
        struct address address = address_behind(held[i]);
        char text[ADDRESS_TEXT_SIZE];
        sign_add_text(out, FACT_ITEM, fact, address_text(address, text));
        shown++;
    }
}

bool sampled_are_ipv4(const struct set *set)
{
    const uint64_t *held;
    size_t count = set_sample(set, &held);
    for (size_t i = 0; i < count; i++)
        if (!address_is_v4(address_behind(held[i])))
            return false;
    return true;
}
