/* The choice: raw where it is worth it and allowed, else sockets, with the reason said to who asked
 * for it; verdicts are the same by both. */
#include "cli/scan_engine.h"

#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/time.h"
#include "cli/running.h"
#include "scan/raw_named.h"

enum {
    RAW_HOSTS_MIN = 1024, /* fewer are asked as fast through sockets */
    RAW_RATE_MIN = 8,     /* a slower scan is not split between two engines */
    SOCKETS_SHARE = 8,    /* one in so many packets is left to the sockets */
    SAMPLE = 16,
    UNLIMITED_RATE = 100000, /* packets a second, taken for what no limit comes to at least */
    NET_RATE = 200,          /* packets a second into a /24 */
    SHARDS_MAX = 65536,
    LARGE_BYTES = 1 << 20,   /* of memory that is the kernel's to move */
    RAW_PORTS_MIN = 1 << 16, /* named ports of all hosts together: one host with all of its TCP */
    NAMED_UNIT_BYTES = KNOCKS_MAX / 4
};

/* Of the state of a scan that names ports: 38,000 hosts with all of them. */
#define NAMED_STATE_MAX (UINT64_C(1) << 30)

uint64_t scan_engine_rate(const struct scan_engine_options *o)
{
    static const uint64_t rates[] = {10, 50, 400, 2000, 20000, 0};
    return rates[o->timing.given ? o->timing.value : 3];
}

/* "2/3". */
static bool read_shard(const char *text, struct raw_settings *raw)
{
    unsigned i = 0, n = 0;
    int end = -1;
    raw->shard = 0;
    raw->shards = 1;
    if (text == NULL)
        return true;
    if (sscanf(text, "%5u/%5u%n", &i, &n, &end) != 2 || end < 0 || text[end] != '\0' || i < 1 ||
        i > n || n > SHARDS_MAX)
        return false;
    raw->shard = i - 1;
    raw->shards = n;
    return true;
}

/* At most so many packets into a /24 on average, as the order spreads each evenly in time. */
static uint64_t capped(const struct host_table *hosts, uint64_t rate)
{
    uint64_t most = NET_RATE * host_table_count(hosts) / host_table_fullest_net(hosts);
    return rate == 0 || most < rate ? most : rate;
}

static void share_rate(struct scan_engine *e, struct scan_settings *settings)
{
    uint64_t rate = settings->engine.rate;
    e->raw.rate = rate - rate / SOCKETS_SHARE;
    settings->engine.rate = rate == 0 ? 0 : rate / SOCKETS_SHARE;
}

/* Some of the hosts, spread over all of them. */
static size_t sample(const struct host_table *hosts, uint32_t out[static SAMPLE])
{
    uint64_t all = host_table_count(hosts);
    size_t count = all < SAMPLE ? (size_t)all : SAMPLE;
    for (size_t i = 0; i < count; i++)
        out[i] = host_table_at(hosts, i * (all / count));
    return count;
}

static bool open_device(struct scan_engine *e, const struct scan_engine_options *o,
                        struct error *err)
{
    uint32_t some[SAMPLE];
    size_t count = sample(e->raw.hosts, some);
    const struct raw_device_settings device = {
        .name = o->device,
        .towards = some,
        .towards_count = count,
        .source_given = o->source.given,
        .source = o->source.given ? address_v4(o->source.value) : 0,
        .seed = e->raw.secret,
        .now_us = running_now_us,
    };
    e->device = raw_device_new(&device, err);
    if (e->device == NULL)
        return false;
    raw_device_plan(e->device, &e->raw.plan);
    return true;
}

/* How long it may take, and twice that: a state that is too small for two weeks at once would
 * leave the hosts that are asked near a Monday to the sockets. */
static int64_t until_us(const struct scan_engine *e)
{
    uint64_t rate = e->raw.rate > 0 ? e->raw.rate : UNLIMITED_RATE;
    uint64_t seconds = 2 * (raw_units(&e->raw) * KNOCKS_MAX * RAW_PASSES / rate) + 60;
    return e->raw.began_us + (int64_t)seconds * US_PER_SECOND;
}

static uint64_t state_units(const struct scan_engine *e)
{
    return host_table_count(e->raw.hosts) * raw_groups(&e->raw.plan);
}

static unsigned state_bytes(const struct scan_engine *e)
{
    uint32_t some[SAMPLE];
    size_t count = sample(e->raw.hosts, some);
    if (e->named != NULL)
        return NAMED_UNIT_BYTES;
    return raw_state_bytes(&e->raw.plan, until_us(e), some, count);
}

static bool open_state(struct scan_engine *e, const struct scan_engine_options *o,
                       const struct scan_settings *settings, struct error *err)
{
    uint64_t units = state_units(e);
    size_t size = 0;
    if (o->state == NULL) {
        e->state = raw_state_new(units, state_bytes(e), err);
        return e->state != NULL;
    }
    uint8_t *bytes = scan_saved_write(settings, &size, err);
    if (bytes == NULL)
        return false;
    e->state = raw_state_create(o->state, reader_over(bytes, size), units, state_bytes(e), err);
    free(bytes);
    return e->state != NULL;
}

static bool is_loopback_only(const struct host_table *hosts)
{
    uint64_t last = host_table_count(hosts) - 1;
    return host_table_at(hosts, 0) >> 24 == 127 && host_table_at(hosts, last) >> 24 == 127;
}

/* Why not raw; NULL: nothing speaks against it so far. */
static const char *against(const struct scan_engine *e, const struct scan_engine_options *o,
                           const char *sockets_only, const struct scan_settings *settings,
                           bool wanted)
{
    if (sockets_only != NULL)
        return sockets_only;
    if (is_loopback_only(e->raw.hosts))
        return "loopback is asked through sockets";
    if (settings->engine.rate > 0 && settings->engine.rate < RAW_RATE_MIN)
        return "a scan as slow as this goes through sockets";
    uint64_t hosts = host_table_count(e->raw.hosts);
    if (!wanted && o->device == NULL && !o->source.given && hosts < RAW_HOSTS_MIN &&
        (settings->ports == NULL || hosts * settings->ports->count < RAW_PORTS_MIN))
        return "so few hosts are asked as fast through sockets";
    return NULL;
}

/* The ports that are named, where it is raw that asks them: behind a gate hosts are few, and the
 * gate is all that raw asks. */
static bool name_ports(struct scan_engine *e, const struct scan_settings *settings,
                       struct error *err)
{
    if (settings->ports == NULL || settings->gate != GATE_NONE)
        return true;
    e->named = raw_named_new(settings->ports, e->raw.secret);
    e->raw.plan.named = e->named;
    if (e->named == NULL)
        return fail(err, ERROR_SYSTEM, "no memory for the ports that are named");
    uint64_t bytes = state_units(e) * NAMED_UNIT_BYTES;
    return bytes <= NAMED_STATE_MAX ||
           fail(err, ERROR_LIMIT,
                "so many ports of so many hosts need %" PRIu64
                " MiB to remember, more than %" PRIu64
                "; fewer hosts at a time, fewer ports, or --engine socket need less",
                bytes >> 20, NAMED_STATE_MAX >> 20);
}

static enum exit_code without_raw(const struct call *call, const char *wanted_by,
                                  const char *reason)
{
    if (wanted_by == NULL) {
        if (call->console->verbose > 0)
            console_note(call->console, "scan: through sockets: %s", reason);
        return EXIT_DONE;
    }
    return call_is_wrong(call, "%s: the raw engine does not work here: %s", wanted_by, reason);
}

/* The option that wants the raw engine and no other. */
static const char *who_wants(const struct scan_engine_options *o)
{
    return o->engine.given && o->engine.value == SCAN_ENGINE_RAW ? "--engine raw"
           : o->state != NULL                                    ? "--state"
           : o->resume != NULL                                   ? "--resume"
           : o->source.given                                     ? "-S"
           : o->device != NULL                                   ? "-e"
                                                                 : NULL;
}

static void plan_for(struct scan_engine *e, const struct scan_settings *settings)
{
    e->raw.plan.probe_count = gate_probes(settings->gate, e->raw.plan.probes);
    e->raw.plan.finds_refusing = settings->gate == GATE_PING;
    if (settings->gate == GATE_NONE) {
        e->raw.plan.probe_count = settings->engine.probe_count;
        for (size_t i = 0; i < settings->engine.probe_count; i++)
            e->raw.plan.probes[i] = settings->engine.probes[i];
    }
    if (e->saved.hosts != NULL)
        e->raw.plan.aim = e->saved.aim;
    else {
        e->raw.plan.aim = settings->engine.aim;
        e->raw.plan.aim.when_us = settings->engine.began_us;
    }
    e->raw.plan.key = raw_cookie_key_of(e->raw.secret);
}

/* Whom: all of the command line's targets, or the file's. */
static enum exit_code take_hosts(struct scan_engine *e, const struct call *call,
                                 const struct scan_engine_options *o,
                                 struct scan_settings *settings)
{
    if (e->saved.hosts == NULL) {
        if (!read_shard(o->shard, &e->raw))
            return call_is_wrong(call, "--shard '%s': say which part of how many, as 1/4",
                                 o->shard);
        e->hosts = host_table_new(settings->targets);
        e->raw.secret = settings->engine.seed;
    }
    e->raw.hosts = e->hosts != NULL ? e->hosts : e->saved.hosts;
    if (e->raw.hosts == NULL || host_table_count(e->raw.hosts) == 0) {
        console_complain(call->console, "no memory for the targets");
        return EXIT_FAILED;
    }
    /* Whoever has the same targets has the same order: so parts need not agree on more. */
    e->raw.seed = host_table_hash(e->raw.hosts);
    settings->target_count = raw_places(&e->raw);
    return settings->target_count > 0
               ? EXIT_DONE
               : call_is_wrong(call, "--shard: there are fewer hosts than parts");
}

enum exit_code scan_engine_resume(struct scan_engine *out, const struct call *call,
                                  const struct scan_engine_options *o,
                                  struct scan_settings *settings)
{
    struct error err;
    struct reader saved;
    *out = (struct scan_engine){.raw = {.shards = 1}};
    out->state = raw_state_open(o->resume, &saved, &err);
    if (out->state == NULL || !scan_saved_read(saved, &out->saved, &err)) {
        console_complain(call->console, "--resume: %s", err.text);
        return EXIT_FAILED;
    }
    const struct scan_saved *s = &out->saved;
    settings->ports = s->ports;
    settings->gate = s->gate;
    out->raw.secret = s->secret;
    out->raw.hosts = s->hosts;
    if (!name_ports(out, settings, &err)) {
        console_complain(call->console, "--resume: %s: %s", o->resume, err.text);
        return EXIT_FAILED;
    }
    if (state_units(out) != raw_state_hosts(out->state) ||
        (out->named != NULL && raw_state_knocks(out->state) != KNOCKS_MAX)) {
        console_complain(call->console, "--resume: %s: it is damaged", o->resume);
        return EXIT_FAILED;
    }
    out->raw.shard = s->shard;
    out->raw.shards = s->shards;
    settings->names = s->names;
    settings->name_count = s->name_count;
    settings->left_out = s->left_out;
    settings->site = s->site[0] != '\0' ? s->site : NULL;
    settings->engine.aim = s->aim;
    settings->engine.probe_count = s->probe_count;
    for (size_t i = 0; i < s->probe_count; i++)
        settings->engine.probes[i] = s->probes[i];
    return EXIT_DONE;
}

/* Hosts are in the table now. What the set of millions had is given back: it lies in small pieces,
 * which the large ones that follow have no use for; and those are to grow where they are, and not
 * by a copy. */
static void forget_targets(const struct scan_engine *e, const struct scan_settings *settings)
{
    if (e->hosts == NULL)
        return;
    target_set_empty(settings->targets);
    (void)malloc_trim(0);
    (void)mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
}

enum exit_code scan_engine_open(struct scan_engine *e, const struct call *call,
                                const struct scan_engine_options *o, const char *sockets_only,
                                bool cap, struct scan_settings *settings)
{
    struct error err;
    const char *wanted_by = who_wants(o);
    enum exit_code code = take_hosts(e, call, o, settings);
    if (code != EXIT_DONE)
        return code;
    if (e->raw.shards > 1)
        settings->shards = &e->raw;
    if (o->engine.given && o->engine.value == SCAN_ENGINE_SOCKET)
        return wanted_by == NULL
                   ? EXIT_DONE
                   : call_is_wrong(call, "%s is of the raw engine, not of sockets", wanted_by);
    if (o->source.given && !address_is_v4(o->source.value))
        return call_is_wrong(call, "-S is IPv6, and the worm knows only IPv4");
    const char *reason = against(e, o, sockets_only, settings, wanted_by != NULL);
    if (reason != NULL)
        return without_raw(call, wanted_by, reason);
    plan_for(e, settings);
    if (e->named == NULL && !name_ports(e, settings, &err)) {
        if (wanted_by == NULL)
            console_note(call->console, "scan: through sockets, which takes long: %s", err.text);
        return without_raw(call, wanted_by, err.text);
    }
    e->raw.began_us = settings->engine.began_us;
    e->raw.passes = e->saved.hosts != NULL ? e->saved.passes
                    : settings->engine.times.repeats < RAW_PASSES
                        ? settings->engine.times.repeats + 1
                        : RAW_PASSES;
    if (!open_device(e, o, &err))
        return without_raw(call, wanted_by, err.text);
    if (cap && e->named == NULL) /* all ports of a /24 at that pace take two days */
        settings->engine.rate = capped(e->raw.hosts, settings->engine.rate);
    share_rate(e, settings);
    settings->raw = &e->raw;
    if (e->sends_nothing)
        return EXIT_DONE;
    forget_targets(e, settings);
    if (e->state == NULL && !open_state(e, o, settings, &err)) {
        console_complain(call->console, "--state: %s", err.text);
        return EXIT_FAILED;
    }
    e->raw.state = e->state;
    settings->raw_network = raw_device_face(e->device);
    settings->raw_name = raw_device_name(e->device);
    return EXIT_DONE;
}

void scan_engine_discard(const struct scan_engine *e, const struct scan_engine_options *o)
{
    if (e->state != NULL && o->state != NULL)
        (void)unlink(o->state);
}

void scan_engine_close(struct scan_engine *e)
{
    raw_device_free(e->device);
    raw_named_free(e->named);
    raw_state_free(e->state);
    host_table_free(e->hosts);
    scan_saved_clear(&e->saved);
}
