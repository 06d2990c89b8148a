/* With a gate before the asking, the least is that no host passes it, and the most that all pass
 * and are silent then. The times are those of the engines' own rules: what is waited for after each
 * question (struct probe_times), the pauses between raw's passes, how many connections are held. */
#include "cli/scan_cost.h"

#include <math.h>

#include "base/time.h"
#include "scan/raw_left.h"

/* How long one question is waited for that is never answered. */
static int64_t silence_us(const struct scan_settings *s, const struct shot *shot)
{
    const struct probe_times *t = shot->probe->times != NULL ? shot->probe->times
                                                             : &s->engine.times;
    int64_t repeated_us = t->repeats * t->repeat_us + t->last_wait_us;
    int64_t us = shot->transport == TRANSPORT_TCP ? probe_door_count(shot->probe) * t->connect_us
                 : repeated_us > t->answer_us     ? repeated_us
                                                  : t->answer_us;
    return s->engine.host_us > 0 && s->engine.host_us < us ? s->engine.host_us : us;
}

static void add_to_sockets(const struct scan_settings *s, const struct shot *shot, uint64_t times,
                           struct scan_sends *host)
{
    const struct probe_times *t = shot->probe->times != NULL ? shot->probe->times
                                                             : &s->engine.times;
    int64_t us = silence_us(s, shot);
    bool is_tcp = shot->transport == TRANSPORT_TCP;
    host->least += times * (is_tcp ? probe_door_count(shot->probe) : 1);
    host->most += times * (is_tcp ? probe_door_count(shot->probe) : 1 + t->repeats);
    host->held_us += (int64_t)times * us;
    host->longest_us = us > host->longest_us ? us : host->longest_us;
}

static void add_to_raw(const struct scan_settings *s, const struct shot *shot, uint64_t times,
                       struct scan_sends *host)
{
    host->least += times * probe_door_count(shot->probe);
    host->most += times * probe_door_count(shot->probe) * raw_passes(s->raw);
}

typedef void (*add_shot)(const struct scan_settings *s, const struct shot *shot, uint64_t times,
                         struct scan_sends *host);

/* Ports that are named and not among the usual ones, and their controls. */
static void add_named(const struct scan_cost *c, const struct shot *shots, size_t count,
                      add_shot add, struct scan_sends *host)
{
    const struct scan_settings *s = c->settings;
    struct shot one = {.probe = probe_named("p2p")};
    uint64_t of[] = {CONTROLS_TCP, CONTROLS - CONTROLS_TCP};
    if (s->ports == NULL)
        return;
    for (unsigned t = TRANSPORT_TCP; t <= TRANSPORT_UDP; t++) {
        of[t] += c->named[t];
        for (size_t i = 0; i < count; i++)
            of[t] -= shots[i].transport == t && shots[i].probe == one.probe &&
                     port_list_has(s->ports, shots[i].transport, shots[i].port);
        one.transport = (enum transport)t;
        if (of[t] > 0)
            add(s, &one, of[t], host);
    }
}

static void add_ports(const struct scan_cost *c, const struct shot *shots, size_t count,
                      add_shot add, struct scan_sends *host)
{
    for (size_t i = 0; i < count; i++)
        add(c->settings, &shots[i], 1, host);
    add_named(c, shots, count, add, host);
}

static void sum(struct scan_sends *all, const struct scan_sends *host)
{
    all->least += host->least;
    all->most += host->most;
    all->held_us += host->held_us;
    all->longest_us = host->longest_us > all->longest_us ? host->longest_us : all->longest_us;
}

struct scan_cost scan_cost_of(const struct scan_settings *s)
{
    struct scan_cost c = {.settings = s};
    for (unsigned t = TRANSPORT_TCP; s->ports != NULL && t <= TRANSPORT_UDP; t++)
        c.named[t] = port_list_count(s->ports, (enum transport)t);
    return c;
}

void scan_cost_add(struct scan_cost *c, uint32_t host, const struct shot *shots, size_t count)
{
    const struct scan_settings *s = c->settings;
    struct scan_sends of_raw = {0}, of_sockets = {0}, gate = {0};
    struct shot doors[GATE_SHOTS];
    size_t door_count = s->gate != GATE_NONE ? gate_aim(s->gate, host, doors) : 0;
    c->hosts++;
    if (s->raw != NULL && s->gate == GATE_NONE)
        add_ports(c, shots, count, add_to_raw, &of_raw);
    else
        add_ports(c, shots, count, add_to_sockets, &of_sockets);
    for (size_t i = 0; i < door_count; i++)
        (s->raw != NULL ? add_to_raw : add_to_sockets)(s, &doors[i], 1, &gate);
    if (s->gate != GATE_NONE) {
        of_sockets.least = 0;
        gate.least = gate.most;
        of_sockets.longest_us += gate.longest_us;
        gate.longest_us = 0;
    }
    sum(s->raw != NULL ? &of_raw : &of_sockets, &gate);
    sum(&c->raw, &of_raw);
    sum(&c->sockets, &of_sockets);
}

void scan_cost_scale(struct scan_cost *c, uint64_t times)
{
    c->hosts *= times;
    for (int i = 0; i < 2; i++) {
        struct scan_sends *sends = i == 0 ? &c->raw : &c->sockets;
        sends->least *= times;
        sends->most *= times;
        sends->held_us *= (int64_t)times;
    }
}

uint64_t scan_cost_least(const struct scan_cost *c)
{
    return c->raw.least + c->sockets.least;
}

uint64_t scan_cost_most(const struct scan_cost *c)
{
    return c->raw.most + c->sockets.most;
}

uint64_t scan_cost_rate(const struct scan_cost *c)
{
    return c->settings->engine.rate + (c->settings->raw != NULL ? c->settings->raw->rate : 0);
}

static double sending_seconds(uint64_t sends, uint64_t rate)
{
    return rate > 0 ? (double)sends / (double)rate : 0;
}

/* Neighbours are looked for before, in 3 s at most; whoever is not there is sent nothing else. */
static double raw_waits_seconds(const struct raw_settings *raw)
{
    const unsigned passes = raw_passes(raw);
    int64_t us = 0;
    for (unsigned pass = 0; pass < passes; pass++)
        us += raw_pause_us(pass, passes);
    return (double)us / US_PER_SECOND;
}

double scan_cost_least_seconds(const struct scan_cost *c)
{
    const struct scan_settings *s = c->settings;
    double waits = s->gate == GATE_NONE ? 0 : (double)c->sockets.longest_us / US_PER_SECOND;
    double raw = s->raw != NULL ? sending_seconds(c->raw.least, s->raw->rate) : 0;
    double passes = s->raw != NULL && s->gate != GATE_NONE ? raw_waits_seconds(s->raw) : 0;
    return fmax(raw + passes, sending_seconds(c->sockets.least, s->engine.rate) + waits);
}

/* The rate, the connections that are held, or the hosts that are: whichever is shortest. */
double scan_cost_most_seconds(const struct scan_cost *c)
{
    const struct scan_settings *s = c->settings;
    size_t handles = s->engine.handles_max;
    size_t hosts = handles < ENGINE_HOSTS_MAX ? handles : ENGINE_HOSTS_MAX;
    double longest = (double)c->sockets.longest_us / US_PER_SECOND, raw = 0;
    double sockets = sending_seconds(c->sockets.most, s->engine.rate);
    sockets = fmax(sockets, (double)c->sockets.held_us / US_PER_SECOND / (double)handles);
    sockets = fmax(sockets, (double)c->hosts / (double)hosts * longest);
    if (s->raw != NULL)
        raw = sending_seconds(c->raw.most, s->raw->rate) + raw_waits_seconds(s->raw);
    return fmax(raw, sockets + longest);
}
