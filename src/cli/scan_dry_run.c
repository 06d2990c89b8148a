/* `scan --dry-run`: whom the scan would ask, on how many ports, with how many packets and in what
 * time; nothing is sent. */
#include "cli/scan_dry_run.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>

#include "base/plural.h"
#include "base/time.h"
#include "cli/scan_cost.h"

enum { RANGES_SHOWN = 20, PORTS_COUNTED = 1 << 20, TIME_SIZE = 32 };

struct plan {
    const struct call *call;
    const struct scan_settings *settings;
    const struct raw_settings *part; /* of the hosts: all, or a shard */
    bool json;
    json_t *ranges;
    uint64_t tcp, udp, step; /* every step-th host stands for so many */
    struct scan_cost cost;
};

static void list_ports(const struct plan *p, uint32_t host, const struct shot *shots, size_t count)
{
    char address[ADDRESS_TEXT_SIZE];
    if (p->json || p->call->console->verbose == 0 || p->step > 1)
        return;
    (void)console_print(p->call->console, "%s", address_text(address_of_v4(host), address));
    for (size_t i = 0; i < count; i++)
        (void)console_print(p->call->console, "\t%u/%s", shots[i].port,
                            shots[i].transport == TRANSPORT_TCP ? "tcp" : "udp");
    if (p->settings->ports != NULL)
        (void)console_print(p->call->console, "\tand those named, and %d controls", CONTROLS);
    (void)console_print(p->call->console, "\n");
}

static void count_ports(struct plan *p, uint32_t host)
{
    struct shot shots[SHOTS_MAX];
    const struct engine_settings *engine = &p->settings->engine;
    size_t count = engine_shots_of(engine, host, engine->began_us, shots);
    const struct port_list *named = p->settings->ports; /* counted by themselves */
    for (size_t i = 0; i < count; i++)
        if (named == NULL || !port_list_has(named, shots[i].transport, shots[i].port))
            *(shots[i].transport == TRANSPORT_TCP ? &p->tcp : &p->udp) += 1;
    scan_cost_add(&p->cost, host, shots, count);
    list_ports(p, host, shots, count);
}

/* By number, so that those of a shard come in the order of their addresses as well. */
static void count_all(struct plan *p)
{
    const struct host_table *hosts = p->part->hosts;
    const uint64_t all = host_table_count(hosts);
    struct order order = order_of(all, p->part->seed);
    p->step = all / PORTS_COUNTED + 1;
    for (uint64_t i = 0; i < all && p->call->console->write_error == 0; i += p->step)
        if (order_place(&order, i) % p->part->shards == p->part->shard)
            count_ports(p, host_table_at(hosts, i));
    scan_cost_scale(&p->cost, p->step);
    if (p->step > 1)
        p->tcp = p->udp = 0; /* these are said exactly, or not at all */
}

static void show_range(struct plan *p, uint32_t first, uint32_t last)
{
    char from[ADDRESS_TEXT_SIZE], to[ADDRESS_TEXT_SIZE];
    (void)address_text(address_of_v4(first), from);
    (void)address_text(address_of_v4(last), to);
    const char *between = first == last ? "" : "-";
    const char *end = first == last ? "" : to;
    if (p->json)
        (void)json_array_append_new(p->ranges, json_sprintf("%s%s%s", from, between, end));
    else
        (void)console_print(p->call->console, "  %s%s%s\n", from, between, end);
}

/* True when there are more ranges than are shown. */
static bool show_ranges(struct plan *p)
{
    uint32_t first, last = 0, next = 0;
    for (unsigned shown = 0; target_set_range(p->settings->targets, next, &first, &last); shown++) {
        if (shown == RANGES_SHOWN)
            return true;
        show_range(p, first, last);
        if (last == UINT32_MAX)
            break;
        next = last + 1;
    }
    return false;
}

static const char *duration_text(double seconds, char buffer[static TIME_SIZE])
{
    double of = seconds < 120 ? 1 : seconds < 7200 ? 60 : 3600;
    (void)snprintf(buffer, TIME_SIZE, "%.*f %s", of > 60 ? 1 : 0, ceil(seconds * 10 / of) / 10,
                   of > 60  ? "h"
                   : of > 1 ? "min"
                            : "s");
    return buffer;
}

static void show_case(const struct plan *p, uint64_t sends, double seconds, const char *when)
{
    char time[TIME_SIZE];
    (void)console_print(p->call->console, "  %s%llu", p->step > 1 ? "about " : "",
                        (unsigned long long)sends);
    if (scan_cost_rate(&p->cost) > 0)
        (void)console_print(p->call->console, " in about %s", duration_text(seconds, time));
    (void)console_print(p->call->console, ", %s\n", when);
}

static void show_what_follows(const struct plan *p, bool raw)
{
    bool talks = false;
    for (size_t i = 0; i < p->settings->engine.probe_count; i++)
        talks = talks || p->settings->engine.probes[i]->dialogue != NULL;
    if (talks || raw)
        (void)console_print(p->call->console, "What follows an answer comes on top: %s%s%s.\n",
                            talks ? "a conversation over SMB" : "", talks && raw ? ", and " : "",
                            raw ? "what is asked through sockets then" : "");
}

static void show_cost(const struct plan *p)
{
    struct console *c = p->call->console;
    const struct scan_cost *cost = &p->cost;
    bool raw = p->settings->raw != NULL, gate = p->settings->gate != GATE_NONE;
    (void)console_print(c, "%s would be sent",
                        raw ? "By raw, packets" : "Through sockets, datagrams and connections");
    if (scan_cost_rate(cost) > 0)
        (void)console_print(c, ", at most %llu a second:\n",
                            (unsigned long long)scan_cost_rate(cost));
    else
        (void)console_print(c, " as fast as they go:\n");
    show_case(p, scan_cost_least(cost), scan_cost_least_seconds(cost),
              gate ? "where no host passes the gate" : "where every port refuses at once");
    show_case(p, scan_cost_most(cost), scan_cost_most_seconds(cost),
              gate                                   ? "where all hosts pass it and are silent then"
              : raw && p->settings->raw->passes != 1 ? "where none answers, in all passes"
                                                     : "where none answers");
    show_what_follows(p, raw);
}

static void show_left_out(const struct plan *p)
{
    const struct targets_left_out *left = &p->settings->left_out;
    if (left->excluded + left->reserved + left->never > 0)
        (void)console_print(p->call->console,
                            "left out: %llu excluded, %llu reserved, %llu multicast or broadcast\n",
                            (unsigned long long)left->excluded, (unsigned long long)left->reserved,
                            (unsigned long long)left->never);
}

static void show_controls(const struct plan *p)
{
    if (p->settings->ports != NULL)
        (void)console_print(p->call->console,
                            "%d of each host's ports nobody named: controls, drawn at random for "
                            "each host from " CONTROL_RANGES "; %d of TCP, which are only "
                            "connected to, and %d of UDP.\n",
                            CONTROLS, CONTROLS_TCP, CONTROLS - CONTROLS_TCP);
}

static void show_text(struct plan *p)
{
    const struct scan_settings *s = p->settings;
    struct console *c = p->call->console;
    (void)console_print(c, "%llu host%s would be asked", (unsigned long long)s->target_count,
                        plural(s->target_count));
    if (p->tcp + p->udp > 0)
        (void)console_print(c, ", on %llu port%s (%llu TCP, %llu UDP)",
                            (unsigned long long)(p->tcp + p->udp), plural(p->tcp + p->udp),
                            (unsigned long long)p->tcp, (unsigned long long)p->udp);
    if (p->part->shards > 1)
        (void)console_print(c, "; they are shard %u of %u of these", p->part->shard + 1,
                            p->part->shards);
    (void)console_print(c, ":\n");
    if (show_ranges(p))
        (void)console_print(c, "  and others\n");
    show_left_out(p);
    show_controls(p);
    show_cost(p);
    (void)console_print(c, "Nothing was sent.\n");
}

static json_t *case_json(const struct plan *p, uint64_t sends, double seconds)
{
    json_t *object = json_pack("{s:I}", "packets", (json_int_t)sends);
    if (object != NULL && scan_cost_rate(&p->cost) > 0)
        (void)json_object_set_new(object, "seconds", json_integer((json_int_t)ceil(seconds)));
    return object;
}

static void put_cost(const struct plan *p, json_t *line)
{
    const struct scan_cost *cost = &p->cost;
    (void)json_object_set_new(line, "engine",
                              json_string(p->settings->raw != NULL ? "raw" : "socket"));
    (void)json_object_set_new(line, "rate", json_integer((json_int_t)scan_cost_rate(cost)));
    (void)json_object_set_new(line, "least",
                              case_json(p, scan_cost_least(cost), scan_cost_least_seconds(cost)));
    (void)json_object_set_new(line, "most",
                              case_json(p, scan_cost_most(cost), scan_cost_most_seconds(cost)));
}

static void show_json(struct plan *p)
{
    const struct scan_settings *s = p->settings;
    const struct targets_left_out *left = &s->left_out;
    p->ranges = json_array();
    bool more = show_ranges(p);
    json_t *line = json_pack("{s:s, s:i, s:I, s:o, s:b, s:I, s:I, s:I}", "type", "dry-run",
                             "schema", 1, "hosts", (json_int_t)s->target_count, "ranges", p->ranges,
                             "more_ranges", more, "excluded", (json_int_t)left->excluded,
                             "reserved", (json_int_t)left->reserved, "never",
                             (json_int_t)left->never);
    if (line != NULL && p->tcp + p->udp > 0)
        (void)json_object_set_new(
            line, "ports",
            json_pack("{s:I, s:I}", "tcp", (json_int_t)p->tcp, "udp", (json_int_t)p->udp));
    if (line != NULL && s->ports != NULL)
        (void)json_object_set_new(line, "controls", json_integer(CONTROLS));
    if (line != NULL && p->part->shards > 1)
        (void)json_object_set_new(line, "shard",
                                  json_sprintf("%u/%u", p->part->shard + 1, p->part->shards));
    if (line != NULL)
        put_cost(p, line);
    (void)console_json(p->call->console, line);
}

/* Those that were named, and their controls, are asked of every host. */
static void count_named(struct plan *p)
{
    const struct scan_settings *s = p->settings;
    if (s->ports == NULL)
        return;
    p->tcp += s->target_count * (port_list_count(s->ports, TRANSPORT_TCP) + CONTROLS_TCP);
    p->udp += s->target_count *
              (port_list_count(s->ports, TRANSPORT_UDP) + CONTROLS - CONTROLS_TCP);
}

enum exit_code scan_dry_run(const struct call *call, const struct scan_settings *settings,
                            const struct raw_settings *part, bool json)
{
    struct plan plan = {.call = call,
                        .settings = settings,
                        .part = part,
                        .json = json,
                        .cost = scan_cost_of(settings)};
    count_all(&plan);
    if (plan.step == 1)
        count_named(&plan);
    if (json)
        show_json(&plan);
    else
        show_text(&plan);
    return EXIT_DONE;
}
