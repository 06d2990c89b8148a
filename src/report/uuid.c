/* SHA-1 of the namespace and the name; of its 20 bytes the first 16, in which six bits tell the
 * version and the variant. Source: RFC 4122, section 4.3. */
#include "report/uuid.h"

#include <nettle/sha1.h>
#include <stdio.h>
#include <string.h>

enum { VERSION_AT = 6, VARIANT_AT = 8 };

/* Made by chance, once. */
const struct uuid uuid_namespace = {{0x6e, 0x1f, 0xb2, 0x5c, 0x90, 0x3d, 0x4a, 0x57, 0xa4, 0x0b,
                                     0xd7, 0x33, 0x8e, 0x61, 0x2c, 0xf9}};

/* Says in the bits for it what kind of UUID it is. */
static void stamp(struct uuid *u)
{
    u->bytes[VERSION_AT] = (uint8_t)((u->bytes[VERSION_AT] & 0x0f) | 0x50);
    u->bytes[VARIANT_AT] = (uint8_t)((u->bytes[VARIANT_AT] & 0x3f) | 0x80);
}

struct uuid uuid_of(const struct uuid *name_space, const char *name)
{
    struct sha1_ctx sha1;
    struct uuid made;
    sha1_init(&sha1);
    sha1_update(&sha1, UUID_BYTES, name_space->bytes);
    sha1_update(&sha1, strlen(name), (const uint8_t *)name);
    sha1_digest(&sha1, UUID_BYTES, made.bytes);
    stamp(&made);
    return made;
}

void uuid_mix(struct uuid *into, struct uuid one)
{
    for (unsigned i = 0; i < UUID_BYTES; i++)
        into->bytes[i] ^= one.bytes[i];
    stamp(into);
}

const char *uuid_text(struct uuid u, char buffer[static UUID_TEXT_SIZE])
{
    const uint8_t *b = u.bytes;
    (void)snprintf(buffer, UUID_TEXT_SIZE,
                   "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
                   b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
                   b[14], b[15]);
    return buffer;
}
