/* Any bytes as an input of a hunt: through decompression, capture, frames, flows, DNS, detectors,
 * relays and verdicts to a report. It must end, and every verdict must be one that a report can
 * print: a kind with its reason, sentences of printable text, times in order, and a summary that
 * counts what was told. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/time.h"
#include "engine/hunt.h"
#include "source/input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the report was told. */
struct told {
    uint64_t home[VERDICT_KINDS], outside_infected;
    unsigned ends;
};

static void check_printable(const char *text, size_t size)
{
    size_t i = 0;
    for (; i < size && text[i] != '\0'; i++)
        assert(text[i] >= ' ' && text[i] <= '~');
    assert(i < size);
}

static bool begin(struct report *r)
{
    (void)r;
    return true;
}

static bool host(struct report *r, const struct verdict *v)
{
    struct told *told = r->state;
    check_printable(v->says, sizeof v->says);
    check_printable(v->reason, sizeof v->reason);
    assert(v->kind < VERDICT_KINDS && v->kind != VERDICT_CLEAN);
    assert((v->reason[0] != '\0') == (v->kind == VERDICT_UNKNOWN));
    assert(v->sign_count > 0 && v->says[0] != '\0');
    assert(v->first_us <= v->last_us && v->first_us != TIME_NONE);
    for (size_t i = 0; i < v->sign_count; i++) {
        const struct sign *s = &v->signs[i];
        check_printable(s->says, sizeof s->says);
        assert(s->says[0] != '\0' && s->fact_count <= FACTS_MAX);
        assert(s->weight != WEIGHT_STATISTICAL || s->false_alarm_log10 <= 0);
        assert(!s->has_of || s->count <= s->of);
    }
    if (v->home)
        told->home[v->kind]++;
    else
        told->outside_infected += v->kind == VERDICT_INFECTED;
    return true;
}

static bool edge(struct report *r, const struct infection *i)
{
    (void)r;
    check_printable(i->says, SIZE_MAX);
    assert(i->cause[0] != '\0' && i->when_us != TIME_NONE);
    return true;
}

static bool end(struct report *r, const struct totals *t)
{
    struct told *told = r->state;
    for (unsigned kind = 0; kind < VERDICT_KINDS; kind++)
        assert(t->hosts[kind] == told->home[kind]);
    assert(t->outside_infected == told->outside_infected && t->input_count == 1);
    assert(!t->complete || t->inputs[0].damage_count == 0);
    /* A run is never incomplete without a word why. */
    assert(t->complete || t->inputs[0].damage_count > 0 || t->limit_count + t->note_count > 0);
    told->ends++;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct report_format checking = {
        .id = "checking", .claim = "", .begin = begin, .host = host, .edge = edge, .end = end};
    struct hunt_settings settings = {.since_us = INT64_MIN,
                                     .until_us = INT64_MAX,
                                     .sampling = 1,
                                     .limits = HOSTS_LIMITS_DEFAULT};
    struct error err;
    struct told told = {0};
    struct report report = {.format = &checking, .state = &told};
    struct hunt_outcome outcome;
    struct input *in = input_open_memory("fuzz", data, size, &err);
    struct hunt *h = in != NULL ? hunt_new(&settings, &err) : NULL;
    if (h == NULL)
        abort(); /* no memory at the start: nothing to test */
    bool went_on = hunt_read_input(h, in, true);
    hunt_finish(h, &report, 1, 0, &outcome);
    assert(went_on && told.ends == 1 && !outcome.write_failed);
    hunt_free(h);
    input_close(in);
    return 0;
}
