/* Labels from the last digit of the address to its first. */
#include "wire/dns_reverse.h"

#include <string.h>

enum { V4_LABELS = 4, V6_LABELS = 32 };

static bool name_ends_in(const struct dns_name *name, const char *zone, struct reader *before)
{
    size_t length = strlen(zone);
    if (name->length < length || memcmp(name->text + name->length - length, zone, length) != 0)
        return false;
    *before = reader_over(name->text, name->length - length);
    return true;
}

/* A number in decimal and the dot behind it. */
static bool octet_read(struct reader *r, uint32_t *out)
{
    unsigned value = 0, digits = 0;
    for (uint8_t letter = read_u8(r); letter != '.'; letter = read_u8(r)) {
        if (letter < '0' || letter > '9' || digits++ == 3)
            return false;
        value = value * 10 + letter - '0';
    }
    *out = value;
    return digits > 0 && value <= 255;
}

static bool v4_read(struct reader r, struct address *out)
{
    uint32_t all = 0, octet;
    for (unsigned i = 0; i < V4_LABELS; i++) {
        if (!octet_read(&r, &octet))
            return false;
        all |= octet << 8 * i;
    }
    if (r.left > 0)
        return false;
    *out = address_of_v4(all);
    return true;
}

static bool v6_read(struct reader r, struct address *out)
{
    static const char digits[] = "0123456789abcdef";
    uint64_t halves[2] = {0, 0};
    for (unsigned i = 0; i < V6_LABELS; i++) {
        uint8_t letter = read_u8(&r);
        const char *digit = letter != 0 ? strchr(digits, letter) : NULL;
        if (digit == NULL || read_u8(&r) != '.')
            return false;
        halves[i / 16] |= (uint64_t)(digit - digits) << 4 * (i % 16);
    }
    if (r.left > 0)
        return false;
    *out = (struct address){.high = halves[1], .low = halves[0]};
    return true;
}

bool dns_reverse_address(const struct dns_name *name, struct address *out)
{
    struct reader digits;
    if (name_ends_in(name, "in-addr.arpa", &digits))
        return v4_read(digits, out);
    return name_ends_in(name, "ip6.arpa", &digits) && v6_read(digits, out);
}
