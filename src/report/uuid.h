/* Names that anybody makes alike: UUIDs of version 5, which are a hash of a name in a namespace.
 *
 * The same host at the same site gets the same UUID on every run and machine, so that a platform
 * that is fed again knows what it has. Source: RFC 4122, section 4.3. */
#ifndef WORMSIGN_REPORT_UUID_H
#define WORMSIGN_REPORT_UUID_H

#include <stdint.h>

enum { UUID_BYTES = 16, UUID_TEXT_SIZE = 37 };

struct uuid {
    uint8_t bytes[UUID_BYTES];
};

/* Ours, for all that has no namespace of its own. */
extern const struct uuid uuid_namespace;

struct uuid uuid_of(const struct uuid *name_space, const char *name);

/* Takes a name into a digest of many, whatever their order. */
void uuid_mix(struct uuid *into, struct uuid one);

/* "886313e1-3b8a-5372-9b90-0c9aee199e5d", in buffer, which is returned. */
const char *uuid_text(struct uuid u, char buffer[static UUID_TEXT_SIZE]);

#endif
