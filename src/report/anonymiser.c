/* A tree of prefixes: at each node the two sides change places or not. The map keeps a network in
 * its place when nothing changes place on the way down to it, and below it all may. */
#include "report/anonymiser.h"

#include <nettle/aes.h>
#include <nettle/sha2.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/writer.h"

enum { V4_BITS = 32, V6_BITS = 128, V4_BITS_BEFORE = V6_BITS - V4_BITS };

struct anonymiser {
    struct aes128_ctx aes;
    uint8_t pad[AES_BLOCK_SIZE];
};

/* Bits are counted from the first of 128; an IPv4 address is the last 32. */
struct range {
    uint64_t high, low;
    unsigned bits;
};

#define V4(value, bits)                                                                            \
    {                                                                                              \
        0, UINT64_C(0xffff00000000) | (value), V4_BITS_BEFORE + (bits)                             \
    }

static const struct range that_stay[] = {
    V4(0x0a000000, 8),                             /* 10/8 */
    V4(0x64400000, 10),                            /* 100.64/10, between providers and homes */
    V4(0x7f000000, 8),                             /* 127/8 */
    V4(0xa9fe0000, 16),                            /* 169.254/16 */
    V4(0xac100000, 12),                            /* 172.16/12 */
    V4(0xc0a80000, 16),                            /* 192.168/16 */
    V4(0xe0000000, 3),                             /* multicast and what is reserved */
    {0, UINT64_C(0xffff00000000), V4_BITS_BEFORE}, /* nothing of IPv6 may become IPv4 */
    {UINT64_C(0x2000000000000000), 0, 3},          /* what is given out of IPv6 */
    {UINT64_C(0xfc00000000000000), 0, 7},          /* ULA */
    {UINT64_C(0xfe80000000000000), 0, 10},
    {UINT64_C(0xff00000000000000), 0, 8},
};

static uint64_t first_bits(uint64_t number, unsigned bits)
{
    return bits == 0 ? 0 : bits >= 64 ? number : number & ~(UINT64_MAX >> bits);
}

static bool shares_first_bits(struct address a, const struct range *r, unsigned bits)
{
    return first_bits(a.high ^ r->high, bits) == 0 &&
           (bits <= 64 || first_bits(a.low ^ r->low, bits - 64) == 0);
}

/* Is the node behind the first `bits` bits of this address on the way to a network that stays? */
static bool is_on_the_way(struct address a, unsigned bits)
{
    for (size_t i = 0; i < COUNT_OF(that_stay); i++)
        if (bits < that_stay[i].bits && shares_first_bits(a, &that_stay[i], bits))
            return true;
    return false;
}

/* What AES says of the first `bits` bits, of which the first `from` are the same for all. */
static bool is_turned(const struct anonymiser *key, struct address a, unsigned from, unsigned bits)
{
    uint8_t block[AES_BLOCK_SIZE], own[AES_BLOCK_SIZE];
    struct writer w = writer_over(own, sizeof own);
    memcpy(block, key->pad, sizeof block);
    if (from == 0)
        write_be64(&w, a.high);
    else
        write_be32(&w, (uint32_t)a.low);
    write_be64(&w, from == 0 ? a.low : 0);
    for (unsigned i = 0; i < (bits - from + 7) / 8; i++) {
        unsigned of_this = bits - from - 8 * i < 8 ? bits - from - 8 * i : 8;
        uint8_t mask = (uint8_t)(0xff00u >> of_this);
        block[i] = (uint8_t)((own[i] & mask) | (block[i] & (uint8_t)~mask));
    }
    aes128_encrypt(&key->aes, sizeof block, block, block);
    return block[0] >> 7 != 0;
}

static struct address changed(const struct anonymiser *key, struct address a, bool some_stay)
{
    unsigned from = address_is_v4(a) ? V4_BITS_BEFORE : 0;
    struct address made = a;
    for (unsigned bits = from; bits < V6_BITS; bits++) {
        if ((some_stay && is_on_the_way(a, bits)) || !is_turned(key, a, from, bits))
            continue;
        if (bits < 64)
            made.high ^= UINT64_C(1) << (63 - bits);
        else
            made.low ^= UINT64_C(1) << (127 - bits);
    }
    return made;
}

struct address anonymiser_address(const struct anonymiser *a, struct address from)
{
    return changed(a, from, true);
}

struct address anonymiser_plain(const struct anonymiser *a, struct address from)
{
    return changed(a, from, false);
}

struct anonymiser *anonymiser_new(const uint8_t key[static ANONYMISER_KEY_BYTES])
{
    struct anonymiser *made = malloc(sizeof *made);
    if (made == NULL)
        return NULL;
    aes128_set_encrypt_key(&made->aes, key);
    aes128_encrypt(&made->aes, AES_BLOCK_SIZE, made->pad, key + AES128_KEY_SIZE);
    return made;
}

void anonymiser_free(struct anonymiser *a)
{
    if (a != NULL)
        explicit_bzero(a, sizeof *a);
    free(a);
}

void anonymiser_key_of(const void *secret, size_t size, uint8_t key[static ANONYMISER_KEY_BYTES])
{
    struct sha256_ctx sha256;
    _Static_assert(ANONYMISER_KEY_BYTES == SHA256_DIGEST_SIZE, "a digest is a key");
    sha256_init(&sha256);
    sha256_update(&sha256, size, secret);
    sha256_digest(&sha256, SHA256_DIGEST_SIZE, key);
    explicit_bzero(&sha256, sizeof sha256);
}
