/* XXH3 of libxxhash with 128 bits and seed 0. A digester is its state, which it wants aligned. */
#include "base/digest.h"

#include <xxhash.h>

static struct digest digest_from(XXH128_hash_t hash)
{
    return (struct digest){.low = hash.low64, .high = hash.high64};
}

struct digest digest_of(const void *bytes, size_t count)
{
    return digest_from(XXH3_128bits(bytes, count));
}

static XXH3_state_t *state_of(struct digester *d)
{
    return (XXH3_state_t *)(void *)d;
}

struct digester *digester_new(void)
{
    XXH3_state_t *state = XXH3_createState();
    if (state != NULL)
        (void)XXH3_128bits_reset(state);
    return (struct digester *)(void *)state;
}

void digester_free(struct digester *d)
{
    (void)XXH3_freeState(state_of(d));
}

void digester_add(struct digester *d, const void *bytes, size_t count)
{
    if (count > 0)
        (void)XXH3_128bits_update(state_of(d), bytes, count);
}

struct digest digester_digest(const struct digester *d)
{
    return digest_from(XXH3_128bits_digest((const XXH3_state_t *)(const void *)d));
}
