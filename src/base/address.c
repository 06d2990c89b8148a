/* Addresses and prefixes: text to number and back, and which prefix holds what.
 *
 * Text goes through inet_pton and inet_ntop, so that no spelling is accepted here and refused by
 * the rest of the system. */
#include "base/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "base/writer.h"

int address_compare(struct address a, struct address b)
{
    if (a.high != b.high)
        return a.high < b.high ? -1 : 1;
    return a.low < b.low ? -1 : a.low > b.low;
}

const char *address_text(struct address a, char buffer[static ADDRESS_TEXT_SIZE])
{
    if (address_is_v4(a)) {
        uint32_t v4 = address_v4(a);
        (void)snprintf(buffer, ADDRESS_TEXT_SIZE, "%u.%u.%u.%u", v4 >> 24, v4 >> 16 & 255,
                       v4 >> 8 & 255, v4 & 255);
        return buffer;
    }
    uint8_t bytes[16];
    struct writer w = writer_over(bytes, sizeof bytes);
    write_be64(&w, a.high);
    write_be64(&w, a.low);
    if (inet_ntop(AF_INET6, bytes, buffer, ADDRESS_TEXT_SIZE) == NULL)
        buffer[0] = '\0';
    return buffer;
}

bool address_parse(const char *text, struct address *out, struct error *err)
{
    uint8_t bytes[16] = {0};
    struct reader r = reader_over(bytes, sizeof bytes);
    if (inet_pton(AF_INET, text, bytes) == 1) {
        *out = address_of_v4(read_be32(&r));
        return true;
    }
    if (inet_pton(AF_INET6, text, bytes) == 1) {
        out->high = read_be64(&r);
        out->low = read_be64(&r);
        return true;
    }
    return fail(err, ERROR_USAGE,
                "'%.100s' is not an address; write it as 192.0.2.1 or 2001:db8::1", text);
}

struct address address_mask(unsigned bits)
{
    struct address mask = {0, 0};
    if (bits > 0)
        mask.high = UINT64_MAX << (bits >= 64 ? 0 : 64 - bits);
    if (bits > 64)
        mask.low = UINT64_MAX << (bits >= 128 ? 0 : 128 - bits);
    return mask;
}

bool prefix_parse(const char *text, struct prefix *out, struct error *err)
{
    char host[ADDRESS_TEXT_SIZE];
    const char *slash = strchr(text, '/');
    size_t length = slash != NULL ? (size_t)(slash - text) : strlen(text);
    struct address base;
    if (length >= sizeof host)
        return fail(err, ERROR_USAGE,
                    "'%.100s' is not a network; write it as 192.0.2.0/24 or fd00::/8", text);
    memcpy(host, text, length);
    host[length] = '\0';
    if (!address_parse(host, &base, NULL))
        return fail(err, ERROR_USAGE,
                    "'%.100s' is not a network; write it as 192.0.2.0/24 or fd00::/8", text);
    unsigned most = address_is_v4(base) && strchr(host, ':') == NULL ? 32 : 128;
    unsigned bits = most;
    if (slash != NULL) {
        char *end;
        unsigned long value = slash[1] >= '0' && slash[1] <= '9' ? strtoul(slash + 1, &end, 10)
                                                                 : 999;
        if (value > most || *end != '\0')
            return fail(err, ERROR_USAGE, "'%.100s': the prefix length goes from 0 to %u", text,
                        most);
        bits = (unsigned)value;
    }
    bits += 128 - most;
    struct address mask = address_mask(bits);
    if ((base.high & ~mask.high) != 0 || (base.low & ~mask.low) != 0) {
        char meant[PREFIX_TEXT_SIZE];
        struct prefix p = {{base.high & mask.high, base.low & mask.low}, bits};
        return fail(err, ERROR_USAGE,
                    "'%.100s' has bits set behind its prefix length; did you mean %s?", text,
                    prefix_text(p, meant));
    }
    *out = (struct prefix){base, bits};
    return true;
}

const char *prefix_text(struct prefix p, char buffer[static PREFIX_TEXT_SIZE])
{
    char host[ADDRESS_TEXT_SIZE];
    bool v4 = address_is_v4(p.base) && p.bits >= 96;
    (void)snprintf(buffer, PREFIX_TEXT_SIZE, "%.45s/%u", address_text(p.base, host),
                   p.bits - (v4 ? 96 : 0));
    return buffer;
}

bool prefixes_hold(const struct prefix *prefixes, size_t count, struct address a)
{
    for (size_t i = 0; i < count; i++)
        if (prefix_holds(prefixes[i], a))
            return true;
    return false;
}
