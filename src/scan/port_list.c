/* A bit a port. */
#include "scan/port_list.h"

#include <string.h>

#include "base/hash.h"

enum { WORD_BITS = 64 };

bool port_list_has(const struct port_list *l, enum transport transport, uint16_t port)
{
    return (l->bits[transport][port / WORD_BITS] >> port % WORD_BITS & 1) != 0;
}

unsigned port_list_count(const struct port_list *l, enum transport transport)
{
    unsigned count = 0;
    for (unsigned i = 0; i < PORT_VALUES / WORD_BITS; i++)
        count += (unsigned)__builtin_popcountll(l->bits[transport][i]);
    return count;
}

static void add(struct port_list *l, enum transport transport, uint16_t port)
{
    if (port_list_has(l, transport, port))
        return;
    l->bits[transport][port / WORD_BITS] |= UINT64_C(1) << port % WORD_BITS;
    l->count++;
}

void port_list_add(struct port_list *l, enum transport transport, uint16_t port)
{
    if (!port_is_blacklisted(port))
        add(l, transport, port);
}

/* CONTROL_RANGES: each is a line of the black list. */
static const uint16_t control_ranges[] = {51200, 63584, 65504};
enum { CONTROL_RANGE_PORTS = 32, RANGES = sizeof control_ranges / sizeof control_ranges[0] };

void port_controls(uint64_t seed, uint32_t host, uint16_t out[static CONTROLS])
{
    uint64_t drawn = hash_pair(seed, host);
    for (size_t count = 0; count < CONTROLS;) {
        drawn = hash_number(drawn);
        unsigned number = (unsigned)(drawn % (RANGES * CONTROL_RANGE_PORTS));
        uint16_t port = (uint16_t)(control_ranges[number / CONTROL_RANGE_PORTS] +
                                   number % CONTROL_RANGE_PORTS);
        if (count == 0 || port != out[count - 1])
            out[count++] = port;
    }
}

static void add_range(struct port_list *l, unsigned transports, uint32_t first, uint32_t last)
{
    for (uint32_t port = first; port <= last; port++) {
        if (port_is_blacklisted((uint16_t)port)) {
            l->black_listed++;
            continue;
        }
        for (unsigned t = TRANSPORT_TCP; t <= TRANSPORT_UDP; t++)
            if ((transports >> t & 1) != 0)
                add(l, (enum transport)t, (uint16_t)port);
    }
}

/* A number of at most 65535; without digits *out stays. */
static bool read_number(const char **text, uint32_t *out)
{
    uint32_t value = 0;
    if (**text < '0' || **text > '9')
        return true;
    for (; **text >= '0' && **text <= '9'; (*text)++) {
        value = value * 10 + (uint32_t)(**text - '0');
        if (value >= PORT_VALUES)
            return false;
    }
    *out = value;
    return true;
}

/* "T:", "U:": whose ports follow. */
static unsigned read_transports(const char **text, unsigned transports)
{
    static const char letters[] = "TU";
    const char *letter = **text != '\0' ? strchr(letters, **text) : NULL;
    if (letter == NULL || (*text)[1] != ':')
        return transports;
    *text += 2;
    return 1U << (letter - letters);
}

bool port_list_parse(const char *text, struct port_list *out, struct error *err)
{
    unsigned transports = 1U << TRANSPORT_TCP | 1U << TRANSPORT_UDP;
    const char *next = text;
    *out = (struct port_list){0};
    for (;; next++) {
        uint32_t first = 1, last = PORT_VALUES - 1;
        transports = read_transports(&next, transports);
        const char *start = next;
        bool good = read_number(&next, &first);
        if (good && *next == '-') {
            next++;
            good = read_number(&next, &last);
        } else {
            last = first;
        }
        if (!good || next == start || first > last || (*next != ',' && *next != '\0'))
            return fail(err, ERROR_USAGE, "'%.100s' is no list of ports, as 80,1000-2000,U:5000-",
                        text);
        add_range(out, transports, first, last);
        if (*next == '\0')
            return true;
    }
}

void port_list_all(struct port_list *out)
{
    *out = (struct port_list){0};
    add_range(out, 1U << TRANSPORT_TCP | 1U << TRANSPORT_UDP, 1, PORT_VALUES - 1);
}

bool port_list_next(const struct port_list *l, uint32_t *place, enum transport *transport,
                    uint16_t *port)
{
    for (; *place < 2 * PORT_VALUES; (*place)++) {
        *transport = *place < PORT_VALUES ? TRANSPORT_TCP : TRANSPORT_UDP;
        *port = (uint16_t)(*place % PORT_VALUES);
        if (port_list_has(l, *transport, *port)) {
            (*place)++;
            return true;
        }
    }
    return false;
}
