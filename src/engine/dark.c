/* A bitmap of the addresses that spoke, and of each visitor one of those he touched and one of
 * those that answered. */
#include "engine/dark.h"

#include <roaring/roaring.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

enum { TABLE_SIZE = 2 * DARK_VISITORS_MAX };

struct visitor {
    struct address host;
    roaring_bitmap_t *touched, *answered, *refused;
    uint64_t flows;
    int64_t first_us, last_us;
    unsigned port_count;
    bool more_ports;
    struct dark_port ports[DARK_PORTS_MAX];
};

struct dark {
    const struct prefix *nets;
    size_t net_count;
    roaring_bitmap_t *spoke;
    struct visitor *table[TABLE_SIZE]; /* by address; NULL: free */
    size_t visitor_count;
    uint64_t touches, refused;
    struct dark_visitor *shown; /* made by dark_visitors, until anything is noted */
    size_t shown_count;
};

struct dark *dark_new(const struct prefix *nets, size_t count)
{
    struct dark *d = calloc(1, sizeof *d);
    if (d == NULL)
        return NULL;
    d->nets = nets;
    d->net_count = count;
    d->spoke = roaring_bitmap_create();
    if (d->spoke == NULL) {
        free(d);
        return NULL;
    }
    return d;
}

static void visitor_free(struct visitor *v)
{
    if (v == NULL)
        return;
    if (v->touched != NULL)
        roaring_bitmap_free(v->touched);
    if (v->answered != NULL)
        roaring_bitmap_free(v->answered);
    if (v->refused != NULL)
        roaring_bitmap_free(v->refused);
    free(v);
}

void dark_free(struct dark *d)
{
    if (d == NULL)
        return;
    for (size_t i = 0; i < TABLE_SIZE; i++)
        visitor_free(d->table[i]);
    roaring_bitmap_free(d->spoke);
    free(d->shown);
    free(d);
}

static bool is_ours(const struct dark *d, struct address a)
{
    return address_is_v4(a) && prefixes_hold(d->nets, d->net_count, a);
}

static struct visitor *visitor_new(struct address host)
{
    struct visitor *v = calloc(1, sizeof *v);
    if (v == NULL)
        return NULL;
    v->host = host;
    v->touched = roaring_bitmap_create();
    v->answered = roaring_bitmap_create();
    v->refused = roaring_bitmap_create();
    if (v->touched != NULL && v->answered != NULL && v->refused != NULL)
        return v;
    visitor_free(v);
    return NULL;
}

/* NULL: there is none, and none was to be made, or there was no room for one. */
static struct visitor *visitor_of(struct dark *d, struct address host, bool make)
{
    size_t at = hash_address(host) % TABLE_SIZE;
    while (d->table[at] != NULL && !address_equal(d->table[at]->host, host))
        at = (at + 1) % TABLE_SIZE;
    if (d->table[at] != NULL || !make || d->visitor_count == DARK_VISITORS_MAX)
        return d->table[at];
    d->table[at] = visitor_new(host);
    d->visitor_count += d->table[at] != NULL;
    return d->table[at];
}

static void note_port(struct visitor *v, uint8_t protocol, uint16_t port)
{
    for (unsigned i = 0; i < v->port_count; i++) {
        if (v->ports[i].protocol != protocol || v->ports[i].port != port)
            continue;
        v->ports[i].flows++;
        return;
    }
    if (v->port_count == DARK_PORTS_MAX)
        v->more_ports = true;
    else
        v->ports[v->port_count++] = (struct dark_port){protocol, port, 1};
}

static void touch(struct dark *d, const struct observation *seen)
{
    struct visitor *v = visitor_of(d, seen->client.address, true);
    uint32_t address = address_v4(seen->server.address);
    bool is_new = v != NULL && !roaring_bitmap_contains(v->touched, address);
    if (v == NULL || (is_new && d->touches == DARK_TOUCHES_MAX)) {
        d->refused++;
        return;
    }
    if (is_new) {
        roaring_bitmap_add(v->touched, address);
        d->touches++;
    }
    if (v->flows == 0 || seen->when_us < v->first_us)
        v->first_us = seen->when_us;
    if (v->flows == 0 || seen->when_us > v->last_us)
        v->last_us = seen->when_us;
    v->flows++;
    note_port(v, seen->protocol, seen->server.port);
}

static void speak(struct dark *d, struct address host)
{
    if (is_ours(d, host))
        roaring_bitmap_add(d->spoke, address_v4(host));
}

/* One of our addresses answered, or refused. */
static void take_reply(struct dark *d, const struct observation *seen)
{
    struct visitor *v = visitor_of(d, seen->client.address, false);
    if (v != NULL)
        roaring_bitmap_add(seen->kind == OBSERVED_ANSWER ? v->answered : v->refused,
                           address_v4(seen->server.address));
}

void dark_note(struct dark *d, const struct observation *seen)
{
    if (!seen->client_known)
        return;
    if (d->shown != NULL) {
        free(d->shown);
        d->shown = NULL;
    }
    switch (seen->kind) {
    case OBSERVED_BEGIN:
        speak(d, seen->client.address);
        if (is_ours(d, seen->server.address))
            touch(d, seen);
        return;
    case OBSERVED_ANSWER:
    case OBSERVED_REFUSED:
        speak(d, seen->server.address);
        if (is_ours(d, seen->server.address))
            take_reply(d, seen);
        return;
    case OBSERVED_PAYLOAD:
    case OBSERVED_DNS:
    case OBSERVED_HTTP:
        speak(d, seen->by_client ? seen->client.address : seen->server.address);
        return;
    case OBSERVED_NAME:
    case OBSERVATION_KINDS:
        return;
    }
}

/* The commonest port first. */
static int compare_ports(const void *a, const void *b)
{
    const struct dark_port *x = a, *y = b;
    if (x->flows != y->flows)
        return x->flows > y->flows ? -1 : 1;
    if (x->port != y->port)
        return x->port < y->port ? -1 : 1;
    return (x->protocol > y->protocol) - (x->protocol < y->protocol);
}

static int compare_visitors(const void *a, const void *b)
{
    const struct dark_visitor *x = a, *y = b;
    if (x->dark != y->dark)
        return x->dark > y->dark ? -1 : 1;
    return address_compare(x->host, y->host);
}

static void fill(const struct visitor *v, uint64_t dark, struct dark_visitor *out)
{
    *out = (struct dark_visitor){.host = v->host,
                                 .dark = dark,
                                 .touched = roaring_bitmap_get_cardinality(v->touched),
                                 .answered = roaring_bitmap_get_cardinality(v->answered),
                                 .refused = roaring_bitmap_get_cardinality(v->refused),
                                 .flows = v->flows,
                                 .first_us = v->first_us,
                                 .last_us = v->last_us,
                                 .port_count = v->port_count,
                                 .more_ports = v->more_ports};
    memcpy(out->ports, v->ports, sizeof out->ports);
    qsort(out->ports, out->port_count, sizeof out->ports[0], compare_ports);
}

static bool list(struct dark *d)
{
    d->shown_count = 0;
    d->shown = calloc(d->visitor_count + 1, sizeof *d->shown);
    if (d->shown == NULL)
        return false;
    for (size_t i = 0; i < TABLE_SIZE; i++) {
        const struct visitor *v = d->table[i];
        uint64_t dark = v != NULL ? roaring_bitmap_andnot_cardinality(v->touched, d->spoke) : 0;
        if (dark > 0)
            fill(v, dark, &d->shown[d->shown_count++]);
    }
    qsort(d->shown, d->shown_count, sizeof *d->shown, compare_visitors);
    return true;
}

const struct dark_visitor *dark_visitors(struct dark *d, size_t *shown, size_t *count)
{
    *shown = *count = 0;
    if (d->shown == NULL && !list(d))
        return NULL;
    *count = d->shown_count;
    *shown = *count < DARK_SHOWN_MAX ? *count : DARK_SHOWN_MAX;
    return d->shown;
}

uint64_t dark_refused(const struct dark *d)
{
    return d->refused;
}
