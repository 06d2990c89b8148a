/* `scan --dry-run`: whom the scan would ask, and on how many ports; nothing is sent. */
#include <jansson.h>

#include "base/time.h"
#include "cli/scan_dry_run.h"
#include "scan/probe.h"

enum { RANGES_SHOWN = 20, PORTS_COUNTED = 1 << 20 };

struct plan {
    const struct call *call;
    const struct scan_settings *settings;
    bool json;
    json_t *ranges;
    uint64_t tcp, udp;
};

static void count_ports(struct plan *p, uint32_t host)
{
    struct shot shots[SHOTS_MAX];
    const struct engine_settings *engine = &p->settings->engine;
    char address[ADDRESS_TEXT_SIZE];
    size_t count = engine_shots_of(engine, host, engine->began_us, shots);
    const struct port_list *named = p->settings->ports; /* counted by themselves */
    for (size_t i = 0; i < count; i++)
        if (named == NULL || !port_list_has(named, shots[i].transport, shots[i].port))
            *(shots[i].transport == TRANSPORT_TCP ? &p->tcp : &p->udp) += 1;
    if (p->json || p->call->console->verbose == 0)
        return;
    (void)console_print(p->call->console, "%s", address_text(address_of_v4(host), address));
    for (size_t i = 0; i < count; i++)
        (void)console_print(p->call->console, "\t%u/%s", shots[i].port,
                            shots[i].transport == TRANSPORT_TCP ? "tcp" : "udp");
    (void)console_print(p->call->console, "\n");
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

static void show_text(struct plan *p)
{
    const struct scan_settings *s = p->settings;
    struct console *c = p->call->console;
    const struct targets_left_out *left = &s->left_out;
    (void)console_print(c, "%llu host%s would be asked", (unsigned long long)s->target_count,
                        s->target_count == 1 ? "" : "s");
    if (p->tcp + p->udp > 0)
        (void)console_print(c, ", on %llu port%s (%llu TCP, %llu UDP)",
                            (unsigned long long)(p->tcp + p->udp), p->tcp + p->udp == 1 ? "" : "s",
                            (unsigned long long)p->tcp, (unsigned long long)p->udp);
    (void)console_print(c, s->target_count > 0 ? ":\n" : "\n");
    if (show_ranges(p))
        (void)console_print(c, "  and others\n");
    if (left->excluded + left->reserved + left->never > 0)
        (void)console_print(c,
                            "left out: %llu excluded, %llu reserved, %llu multicast or broadcast\n",
                            (unsigned long long)left->excluded, (unsigned long long)left->reserved,
                            (unsigned long long)left->never);
    (void)console_print(c, "Nothing was sent.\n");
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
    (void)console_json(p->call->console, line);
}

/* Those that were named are asked of every host. */
static void count_named(struct plan *p)
{
    const struct scan_settings *s = p->settings;
    uint32_t place = 0;
    enum transport transport;
    uint16_t port;
    while (s->ports != NULL && port_list_next(s->ports, &place, &transport, &port))
        *(transport == TRANSPORT_TCP ? &p->tcp : &p->udp) += s->target_count;
}

enum exit_code scan_dry_run(const struct call *call, const struct scan_settings *settings,
                            bool json)
{
    struct plan plan = {.call = call, .settings = settings, .json = json};
    uint32_t host;
    target_set_rewind(settings->targets);
    while (settings->target_count <= PORTS_COUNTED && call->console->write_error == 0 &&
           target_set_next(settings->targets, &host))
        count_ports(&plan, host);
    count_named(&plan);
    if (json)
        show_json(&plan);
    else
        show_text(&plan);
    return EXIT_DONE;
}
