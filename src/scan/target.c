/* Octets are read into a bitmap first, so that overlapping parts count once and ascend. */
#include "scan/target.h"

#include <assert.h>
#include <string.h>

#include "base/address.h"
#include "base/reader.h"

static bool fail_target(const char *text, struct error *err)
{
    return fail(err, ERROR_USAGE,
                "'%.100s' is not an IPv4 address or range; write 192.0.2.1, 192.0.2.0/24, "
                "192.0.2.10-20 or 10.0-3.1,5.*%s",
                text,
                text[0] != '\0' && (text[strlen(text) - 1] == ',' || strchr(text, '/') != NULL)
                    ? ", and blanks between targets, no commas"
                    : "");
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool has_leading_zero(const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        if (*c == '0' && is_digit(c[1]) && (c == text || !is_digit(c[-1])))
            return true;
    return false;
}

/* 192.0.2.10-192.0.3.9. False without an error where it is not written so. */
static bool parse_range(const char *text, struct target *out, struct error *err)
{
    struct address first, last;
    char begin[ADDRESS_TEXT_SIZE];
    const char *dash = strchr(text, '-');
    size_t length = dash != NULL ? (size_t)(dash - text) : sizeof begin;
    if (length >= sizeof begin)
        return false;
    memcpy(begin, text, length);
    begin[length] = '\0';
    if (!address_parse(begin, &first, NULL) || !address_parse(dash + 1, &last, NULL))
        return false;
    if (address_v4(last) < address_v4(first))
        return fail(err, ERROR_USAGE, "'%.100s' ends before it begins", text);
    *out = (struct target){.is_run = true,
                           .first = address_v4(first),
                           .size = (uint64_t)address_v4(last) - address_v4(first) + 1};
    return true;
}

static bool next_is(const struct reader *r, char wanted)
{
    struct reader copy = *r;
    return r->left > 0 && read_u8(&copy) == (uint8_t)wanted;
}

static bool next_is_digit(const struct reader *r)
{
    struct reader copy = *r;
    uint8_t c = read_u8(&copy);
    return !copy.failed && c >= '0' && c <= '9';
}

/* A number up to 255; `missing` where there is no digit at all. */
static bool read_octet(struct reader *r, unsigned missing, unsigned *out)
{
    unsigned value = 0, digits = 0;
    for (; next_is_digit(r); digits++) {
        value = value * 10 + (unsigned)(read_u8(r) - '0');
        if (value > 255)
            return false;
    }
    *out = digits == 0 ? missing : value;
    return true;
}

/* One part of an octet: `5`, `10-20`, `-5`, `250-`, `-`, `*`. */
static bool read_octet_part(struct reader *r, bool in_set[256])
{
    unsigned first, last;
    if (next_is(r, '*')) {
        read_skip(r, 1);
        first = 0;
        last = 255;
    } else {
        bool begins = next_is_digit(r);
        if (!read_octet(r, 0, &first))
            return false;
        last = first;
        if (next_is(r, '-')) {
            read_skip(r, 1);
            if (!read_octet(r, 255, &last))
                return false;
        } else if (!begins) {
            return false;
        }
    }
    for (unsigned i = first; i <= last; i++)
        in_set[i] = true;
    return first <= last;
}

static bool read_octet_set(struct reader *r, struct octet_values *out)
{
    bool in_set[256] = {false};
    out->count = 0;
    for (;;) {
        if (!read_octet_part(r, in_set))
            return false;
        if (!next_is(r, ','))
            break;
        read_skip(r, 1);
    }
    for (unsigned i = 0; i < 256; i++) {
        if (in_set[i])
            out->values[out->count++] = (uint8_t)i;
    }
    return true;
}

static bool parse_octets(struct reader r, struct target *out)
{
    out->size = 1;
    for (int i = 0; i < 4; i++) {
        if (!read_octet_set(&r, &out->octets[i]))
            return false;
        out->size *= out->octets[i].count;
        if (i < 3 && !next_is(&r, '.'))
            return false;
        read_skip(&r, i < 3 ? 1 : 0);
    }
    return r.left == 0;
}

bool target_parse(const char *text, struct target *out, struct error *err)
{
    struct address plain;
    struct prefix p;
    if (strchr(text, ':') != NULL)
        return fail(err, ERROR_USAGE, "'%.100s' looks like IPv6, and the worm knows only IPv4",
                    text);
    /* Lists of millions are of plain addresses: they need no octets, which are large. */
    if (address_parse(text, &plain, NULL)) {
        out->is_run = true;
        out->first = address_v4(plain);
        out->size = 1;
        return true;
    }
    if (has_leading_zero(text))
        return fail(err, ERROR_USAGE,
                    "'%.100s': a number with a leading 0 is decimal to some programs and octal to "
                    "others; write it without",
                    text);
    struct error of_range = {ERROR_NONE, ""};
    if (parse_range(text, out, &of_range))
        return true;
    if (of_range.kind != ERROR_NONE) {
        if (err != NULL)
            *err = of_range;
        return false;
    }
    if (strchr(text, '/') == NULL) {
        struct target parsed = {.is_run = false};
        if (strlen(text) >= TARGET_TEXT_SIZE ||
            !parse_octets(reader_over(text, strlen(text)), &parsed))
            return fail_target(text, err);
        *out = parsed;
        return true;
    }
    if (strchr(text, ',') != NULL)
        return fail_target(text, err);
    if (!prefix_parse(text, &p, err))
        return false;
    *out = (struct target){
        .is_run = true, .first = address_v4(p.base), .size = UINT64_C(1) << (128 - p.bits)};
    return true;
}

uint32_t target_at(const struct target *t, uint64_t index)
{
    assert(index < t->size);
    if (t->is_run)
        return t->first + (uint32_t)index;
    uint32_t address = 0;
    for (int i = 3; i >= 0; i--) {
        const struct octet_values *octet = &t->octets[i];
        address |= (uint32_t)octet->values[index % octet->count] << (8 * (3 - i));
        index /= octet->count;
    }
    return address;
}
