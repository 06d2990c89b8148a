/* Hashing bytes by XXH3 (libxxhash), seed 0: the same on every run and machine, because evidence
 * that holds these hashes is kept between runs. */
#include "base/hash.h"

#include <xxhash.h>

uint64_t hash_bytes(const void *bytes, size_t count)
{
    return XXH3_64bits(bytes, count);
}
