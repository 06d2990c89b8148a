/* A unit's number is that of its host among the shard's, times the groups, and its group. */
#include "scan/raw_units.h"

#include "base/hash.h"
#include "scan/raw_engine.h"
#include "scan/raw_named.h"

struct raw_orders raw_orders_of(const struct raw_settings *s)
{
    struct raw_orders o = {.hosts = order_of(host_table_count(s->hosts), s->seed),
                           .groups = raw_groups(&s->plan)};
    if (o.groups > 1)
        o.units = order_of(raw_units(s), hash_pair(s->seed, o.groups));
    return o;
}

uint64_t raw_places(const struct raw_settings *s)
{
    uint64_t hosts = host_table_count(s->hosts);
    return hosts > s->shard ? (hosts - s->shard - 1) / s->shards + 1 : 0;
}

uint32_t raw_host_at(const struct raw_settings *s, const struct order *order, uint64_t place,
                     uint64_t *number)
{
    *number = order_at(order, place * s->shards + s->shard);
    return host_table_at(s->hosts, *number);
}

uint64_t raw_units(const struct raw_settings *s)
{
    return raw_places(s) * raw_groups(&s->plan);
}

struct raw_unit raw_unit_at(const struct raw_settings *s, const struct raw_orders *o,
                            uint64_t place)
{
    struct raw_unit u = {.place = place};
    uint64_t unit = o->groups > 1 ? order_at(&o->units, place) : place;
    u.group = (unsigned)(unit % o->groups);
    u.host = raw_host_at(s, &o->hosts, unit / o->groups, &u.number);
    u.state = u.number * o->groups + u.group;
    return u;
}

uint64_t raw_unit_place(const struct raw_settings *s, const struct raw_orders *o, uint64_t number,
                        unsigned group)
{
    uint64_t unit = order_place(&o->hosts, number) / s->shards * o->groups + group;
    return o->groups > 1 ? order_place(&o->units, unit) : unit;
}

int64_t raw_when(const struct raw_settings *s, const struct raw_orders *o, uint64_t number)
{
    return raw_state_turns(s->state) == 0
               ? s->plan.aim.when_us
               : raw_state_when(s->state, raw_unit_place(s, o, number, 0), s->plan.aim.when_us);
}

size_t raw_usual_knocks(const struct raw_settings *s, const struct raw_orders *o, uint32_t host,
                        uint64_t number, struct knock out[static KNOCKS_MAX])
{
    struct aim aim = s->plan.aim;
    aim.when_us = raw_when(s, o, number);
    return raw_knocks_at(&s->plan, &aim, host, out);
}

size_t raw_unit_knocks(const struct raw_settings *s, const struct raw_orders *o,
                       const struct raw_unit *u, struct knock out[static KNOCKS_MAX])
{
    struct knock usual[KNOCKS_MAX];
    struct aim aim = s->plan.aim;
    if (u->group == 0) {
        aim.when_us = raw_state_when(s->state, u->place, s->plan.aim.when_us);
        return raw_knocks_at(&s->plan, &aim, u->host, out);
    }
    size_t count = raw_usual_knocks(s, o, u->host, u->number, usual);
    return count > KNOCKS_MAX ? count
                              : raw_named_group(&s->plan, u->host, u->group, usual, count, out);
}

size_t raw_count_knocks(const struct knock *knocks, size_t count)
{
    size_t asked = count > KNOCKS_MAX ? count : 0;
    for (size_t i = 0; i < count && count <= KNOCKS_MAX; i++)
        asked += knocks[i].shot.probe != NULL;
    return asked;
}

unsigned raw_sockets_mark(const struct raw_settings *s)
{
    return s->plan.named != NULL ? raw_state_knocks(s->state) - 1 : 0;
}

bool raw_is_for_sockets(const struct raw_settings *s, uint64_t number)
{
    return raw_state_of(s->state, number * raw_groups(&s->plan), raw_sockets_mark(s)) ==
           KNOCK_ANSWERED;
}

bool raw_host_echoed(const struct raw_settings *s, const struct raw_orders *o, uint32_t host,
                     uint64_t number)
{
    struct knock usual[KNOCKS_MAX];
    size_t count = s->plan.finds_refusing ? raw_usual_knocks(s, o, host, number, usual) : 0;
    for (unsigned i = 0; i < count && count <= raw_state_knocks(s->state); i++)
        if (raw_knock_is_echo(&usual[i]) &&
            raw_state_of(s->state, number * o->groups, i) == KNOCK_ANSWERED)
            return true;
    return false;
}

bool raw_host_is_ripe(const struct raw_settings *s, const struct raw_orders *o, uint32_t host,
                      uint64_t number, bool at_end)
{
    struct knock usual[KNOCKS_MAX];
    uint64_t sums[KNOCK_STATES];
    raw_state_sum(s->state, number * o->groups, o->groups, sums);
    if (sums[KNOCK_ANSWERED] == 0 || at_end)
        return sums[KNOCK_ANSWERED] > 0;
    size_t count = raw_usual_knocks(s, o, host, number, usual);
    if (count > KNOCKS_MAX)
        return false;
    uint64_t asked = count + raw_named_count(s->plan.named) -
                     raw_named_usual(s->plan.named, usual, count);
    uint64_t room = (uint64_t)o->groups * raw_state_knocks(s->state);
    return sums[KNOCK_OPEN] == 0 && sums[KNOCK_SILENT] == room - asked;
}
