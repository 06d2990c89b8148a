/* Numbers are decimal or 0x hexadecimal; addresses are never looked up, since a filter must not
 * tell the network what is looked for. */
#include "filter/filter_values.h"

#include <stdio.h>
#include <string.h>

#include "wire/assigned_names.h"

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
}

/* The digits of text, all of it up to `end` (a character of the text, or NUL). */
static bool number_read(const char *text, char end, uint64_t most, uint64_t *out)
{
    uint64_t value = 0, base = 10;
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        base = 16;
        text += 2;
    }
    if (*text == end || *text == '\0')
        return false;
    for (; *text != end; text++) {
        uint64_t digit = (uint64_t)digit_of(*text);
        if (digit >= base || __builtin_mul_overflow(value, base, &value) ||
            __builtin_add_overflow(value, digit, &value))
            return false;
    }
    *out = value;
    return value <= most;
}

/* A range of whole numbers from a number and a comparison; of gt and lt maybe none. */
static void range_of(enum filter_compare compare, uint64_t value, struct filter_term *out)
{
    out->range.first = 0;
    out->range.last = UINT64_MAX;
    out->outside = compare == COMPARE_NE;
    switch (compare) {
    case COMPARE_EQ:
    case COMPARE_NE:
        out->range.first = out->range.last = value;
        break;
    case COMPARE_GTE:
        out->range.first = value;
        break;
    case COMPARE_LTE:
        out->range.last = value;
        break;
    case COMPARE_GT:
        out->range.first = value == UINT64_MAX ? 1 : value + 1;
        out->range.last = value == UINT64_MAX ? 0 : UINT64_MAX;
        break;
    case COMPARE_LT:
        out->range.first = value == 0 ? 1 : 0;
        out->range.last = value == 0 ? 0 : value - 1;
        break;
    }
}

static bool looks_like_address(const char *text)
{
    return strspn(text, "0123456789.") == strlen(text) || strchr(text, ':') != NULL;
}

static void net_of(struct prefix p, bool is_v6, struct filter_term *out)
{
    out->net.mask = address_mask(p.bits);
    out->net.base.high = p.base.high & out->net.mask.high;
    out->net.base.low = p.base.low & out->net.mask.low;
    out->net.only_v6 = is_v6 && p.bits < 96;
}

static bool host_read(const char *text, struct filter_term *out, struct error *err)
{
    struct address a;
    if (address_parse(text, &a, NULL)) {
        net_of((struct prefix){a, 128}, false, out);
        return true;
    }
    if (strchr(text, '/') != NULL)
        return fail(err, ERROR_USAGE, "one address is wanted; did you mean 'net %s'?", text);
    uint64_t number;
    if (number_read(text, '\0', UINT16_MAX, &number))
        return fail(err, ERROR_USAGE, "no address; did you mean 'port %s'?", text);
    if (looks_like_address(text))
        return fail(err, ERROR_USAGE, "no address; write it as 192.0.2.1 or 2001:db8::1");
    return fail(err, ERROR_USAGE,
                "names are not looked up here, so that nobody is told what you look for: give "
                "the address");
}

/* 10.9 is 10.9.0.0/16 to some programs, and 10.0.0.9 to others. */
static bool short_net(const char *text, struct error *err)
{
    unsigned dots = 0;
    size_t length = strcspn(text, "/");
    for (size_t i = 0; i < length; i++)
        dots += text[i] == '.';
    if (dots >= 3 || length == 0 || strspn(text, "0123456789.") < length || text[length - 1] == '.')
        return fail(err, ERROR_USAGE, "no network; write it as 192.0.2.0/24 or fd00::/8");
    static const char *const rest[] = {".0.0.0", ".0.0", ".0"};
    char bits[8];
    (void)snprintf(bits, sizeof bits, "/%u", (dots + 1) * 8);
    return fail(err, ERROR_USAGE, "all four numbers are wanted; did you mean 'net %.*s%s%s'?",
                (int)length, text, rest[dots], text[length] != '\0' ? text + length : bits);
}

/* As ra does, and unlike a list of networks: bits behind the prefix are passed over. */
static bool net_read(const char *text, struct filter_term *out, struct error *err)
{
    char host[ADDRESS_TEXT_SIZE];
    size_t length = strcspn(text, "/");
    struct address a;
    if (length >= sizeof host)
        return fail(err, ERROR_USAGE, "no network; write it as 192.0.2.0/24 or fd00::/8");
    memcpy(host, text, length);
    host[length] = '\0';
    if (!address_parse(host, &a, NULL))
        return short_net(text, err);
    bool is_v6 = strchr(host, ':') != NULL;
    uint64_t most = is_v6 ? 128 : 32, bits = most;
    if (text[length] == '/' && !number_read(text + length + 1, '\0', most, &bits))
        return fail(err, ERROR_USAGE, "the prefix length goes from 0 to %u", (unsigned)most);
    net_of((struct prefix){a, (unsigned)(bits + 128 - most)}, is_v6, out);
    return true;
}

bool filter_mask_read(const char *text, struct filter_term *out, struct error *err)
{
    struct address mask;
    bool is_v4 = address_is_v4(out->net.base) && !out->net.only_v6;
    if (!address_parse(text, &mask, NULL) || (is_v4 && !address_is_v4(mask)))
        return fail(err, ERROR_USAGE, "no mask; write it as 255.255.0.0");
    if (is_v4)
        mask.high = UINT64_MAX, mask.low |= UINT64_C(0xffffffff00000000);
    uint64_t hosts_high = ~mask.high, hosts_low = ~mask.low;
    bool straight = hosts_high == 0
                        ? (hosts_low & (hosts_low + 1)) == 0
                        : hosts_low == UINT64_MAX && (hosts_high & (hosts_high + 1)) == 0;
    if (!straight)
        return fail(err, ERROR_USAGE, "a mask is ones, then zeros, as 255.255.0.0");
    out->net.only_v6 = !is_v4 && (mask.low >> 32) == 0;
    out->net.mask = mask;
    out->net.base.high &= mask.high;
    out->net.base.low &= mask.low;
    return true;
}

static bool port_read(const char *text, bool compared, enum filter_compare compare,
                      uint8_t protocol, struct filter_term *out, struct error *err)
{
    uint64_t first, last;
    uint16_t port;
    const char *dash = strchr(text, '-');
    if (number_read(text, '\0', UINT16_MAX, &first)) {
        range_of(compare, first, out);
        return true;
    }
    if (service_port(text, protocol, &port) || service_port(text, 0, &port)) {
        range_of(compare, port, out);
        return true;
    }
    if ((text[0] >= 'a' && text[0] <= 'z') || (text[0] >= 'A' && text[0] <= 'Z'))
        return fail(err, ERROR_USAGE, "no port of that name is known here: give its number");
    if (dash == NULL || !number_read(text, '-', UINT16_MAX, &first) ||
        !number_read(dash + 1, '\0', UINT16_MAX, &last))
        return fail(err, ERROR_USAGE,
                    "no port; ports go from 0 to 65535, a range is written 53-215");
    if (compared)
        return fail(err, ERROR_USAGE, "a range is not compared with; write 'port %s' alone", text);
    if (first > last)
        return fail(err, ERROR_USAGE, "the range ends before it begins");
    out->range.first = first;
    out->range.last = last;
    return true;
}

static bool protocol_read(const char *text, enum filter_compare compare, struct filter_term *out,
                          struct error *err)
{
    uint64_t number;
    uint8_t named;
    if (protocol_number(text, &named))
        number = named;
    else if (!number_read(text, '\0', UINT8_MAX, &number))
        return fail(err, ERROR_USAGE, "no protocol of IP: give its name, or a number to 255");
    range_of(compare, number, out);
    return true;
}

static bool mac_read(const char *text, struct filter_term *out, struct error *err)
{
    uint64_t mac = 0;
    size_t at = 0;
    for (unsigned i = 0; i < 6; i++) {
        int high = digit_of(text[at]), low = high < 16 ? digit_of(text[at + 1]) : 99;
        if (high >= 16 || low >= 16)
            break;
        mac = mac << 8 | (uint64_t)(high * 16 + low);
        at += 2;
        if (i == 5 && text[at] == '\0') {
            out->range.first = out->range.last = mac;
            return true;
        }
        if (text[at] != ':' && text[at] != '-')
            break;
        at++;
    }
    return fail(err, ERROR_USAGE, "no hardware address; write it as 02:00:5e:10:00:01");
}

static bool ethertype_read(const char *text, enum filter_compare compare, struct filter_term *out,
                           struct error *err)
{
    static const struct {
        const char *name;
        uint16_t type;
    } types[] = {{"ip", 0x0800},   {"ipv4", 0x0800}, {"arp", 0x0806},
                 {"rarp", 0x8035}, {"ipv6", 0x86dd}, {"lldp", 0x88cc}};
    uint64_t number;
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (strcmp(types[i].name, text) == 0) {
            range_of(compare, types[i].type, out);
            return true;
        }
    if (!number_read(text, '\0', UINT16_MAX, &number))
        return fail(err, ERROR_USAGE,
                    "no ethernet type: give a number, as 0x806, or arp, ip, "
                    "ipv4, ipv6, rarp, lldp");
    range_of(compare, number, out);
    return true;
}

/* In millionths. */
static bool decimal_read(const char *text, uint64_t *millionths)
{
    uint64_t whole, part = 0, scale = 1000000;
    const char *dot = strchr(text, '.');
    if (text[0] == '0' && digit_of(text[1]) == 99 && text[1] != '.' && text[1] != '\0')
        return false; /* no 0x here */
    if (!number_read(text, dot != NULL ? '.' : '\0', UINT64_MAX / 1000000 - 1, &whole))
        return false;
    for (const char *c = dot != NULL ? dot + 1 : ""; *c != '\0'; c++) {
        scale /= 10;
        if (digit_of(*c) >= 10 || scale == 0)
            return false;
        part += (uint64_t)digit_of(*c) * scale;
    }
    *millionths = whole * 1000000 + part;
    return dot == NULL || dot[1] != '\0';
}

static bool sensor_read(const char *text, enum filter_compare compare, struct filter_term *out,
                        struct error *err)
{
    uint64_t number;
    struct address a;
    if (address_parse(text, &a, NULL) && address_is_v4(a))
        number = address_v4(a);
    else if (!number_read(text, '\0', UINT32_MAX, &number))
        return fail(err, ERROR_USAGE, "no sensor; it is a number, or written as 192.0.2.1");
    range_of(compare, number, out);
    return true;
}

static bool layer_read(const char *text, struct filter_term *out, struct error *err)
{
    static const struct {
        const char *name;
        uint32_t bits;
    } layers[] = {{"mpls", FLOW_INSIDE_MPLS},      {"eth", FLOW_INSIDE_ETHERNET},
                  {"ether", FLOW_INSIDE_ETHERNET}, {"802q", FLOW_INSIDE_VLAN},
                  {"vlan", FLOW_INSIDE_VLAN},      {"llc", FLOW_INSIDE_LLC},
                  {"gre", FLOW_INSIDE_GRE}};
    for (size_t i = 0; i < COUNT_OF(layers); i++)
        if (strcmp(layers[i].name, text) == 0) {
            out->range.first = layers[i].bits;
            return true;
        }
    return fail(err, ERROR_USAGE, "no such layer; there are mpls, eth, 802q, llc and gre");
}

bool filter_value_read(const struct filter_word *type, const char *text, bool compared,
                       enum filter_compare compare, uint8_t protocol, struct filter_term *out,
                       struct error *err)
{
    uint64_t number;
    switch ((enum filter_value)type->value) {
    case VALUE_HOST:
        return host_read(text, out, err);
    case VALUE_NET:
        return net_read(text, out, err);
    case VALUE_PORT:
        return port_read(text, compared, compare, protocol, out, err);
    case VALUE_PROTOCOL:
        return protocol_read(text, compare, out, err);
    case VALUE_MAC:
        return mac_read(text, out, err);
    case VALUE_ETHERTYPE:
        return ethertype_read(text, compare, out, err);
    case VALUE_NUMBER:
        if (!number_read(text, '\0', type->last, &number) && type->last == UINT64_MAX)
            return fail(err, ERROR_USAGE, "no number for %s: a whole one is wanted", type->text);
        if (!number_read(text, '\0', type->last, &number))
            return fail(err, ERROR_USAGE, "no number for %s: whole ones go from 0 to %llu",
                        type->text, (unsigned long long)type->last);
        range_of(compare, number, out);
        return true;
    case VALUE_SECONDS:
    case VALUE_REAL:
        if (!decimal_read(text, &number))
            return fail(err, ERROR_USAGE,
                        "no number for %s; it is written as 20 or 0.25, with at "
                        "most six digits behind the point",
                        type->text);
        out->compare = (uint8_t)compare;
        if (type->value == VALUE_SECONDS)
            range_of(compare, number, out);
        else
            out->real = (double)number / 1e6;
        return true;
    case VALUE_SENSOR:
        return sensor_read(text, compare, out, err);
    case VALUE_LAYER:
        return layer_read(text, out, err);
    case VALUE_NONE:
        break;
    }
    return fail(err, ERROR_USAGE, "nothing follows %s", type->text);
}

bool filter_value_meant(const char *text, char meant[static FILTER_WORD_SIZE])
{
    struct filter_term scratch = {0};
    struct error ignored;
    uint64_t number;
    uint16_t port;
    const char *type = NULL;
    if (mac_read(text, &scratch, &ignored))
        type = "ether host";
    else if (host_read(text, &scratch, &ignored))
        type = "host";
    else if (strchr(text, '/') != NULL && net_read(text, &scratch, &ignored))
        type = "net";
    else if (number_read(text, '\0', UINT16_MAX, &number) || service_port(text, 0, &port) ||
             port_read(text, false, COMPARE_EQ, 0, &scratch, &ignored))
        type = "port";
    if (type == NULL)
        return false;
    (void)snprintf(meant, FILTER_WORD_SIZE, "%s %.100s", type, text);
    return true;
}
