/* Reading: one input after the other through its source into the detectors. What comes after the
 * last input (verdicts, summary) is in hunt_finish.c. */
#include "engine/hunt_inside.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "base/writer.h"
#include "engine/hunt_names.h"
#include "evidence/names.h"

static struct hunt *hunt_of(struct sink *self)
{
    struct hunt_sink *whole = (struct hunt_sink *)self; /* reader: no bytes, our own struct */
    return whole->hunt;
}

static void take(struct sink *self, const struct observation *seen)
{
    struct hunt *h = hunt_of(self);
    if (seen->kind == OBSERVED_BEGIN) {
        hosts_met(h->hosts, seen->client.address);
        hosts_met(h->hosts, seen->server.address);
        home_note(&h->home, seen->client.address);
    } else if (seen->kind == OBSERVED_DNS || seen->kind == OBSERVED_NAME) {
        hunt_note_name(h, seen);
    }
    for (unsigned i = 0; i < h->interested_count[seen->kind]; i++) {
        struct watcher *w = &h->watchers[h->interested[seen->kind][i]];
        detectors[w->detector]->observe(w, seen);
    }
}

static bool wants_datagram(struct sink *self, struct reader bytes)
{
    const struct hunt *h = hunt_of(self);
    for (unsigned i = 0; i < h->gate_count; i++)
        if (h->gates[i](bytes))
            return true;
    return false;
}

static size_t wants(struct sink *self, const struct observation *head)
{
    const struct hunt *h = hunt_of(self);
    size_t most = 0;
    for (unsigned i = 0; i < h->asker_count; i++) {
        size_t wanted = h->askers[i](head);
        most = wanted > most ? wanted : most;
    }
    return most;
}

static bool awaits_answer(struct sink *self, const struct observation *seen)
{
    const struct hunt *h = hunt_of(self);
    for (unsigned i = 0; i < h->awaiter_count; i++)
        if (h->awaiters[i](seen))
            return true;
    return false;
}

/* Detectors that share a question are asked once. */
static void add_questions(struct hunt *h, const struct detector *d)
{
    bool has_gate = d->wants_datagram == NULL, has_asker = d->wants == NULL;
    for (unsigned i = 0; i < h->gate_count; i++)
        has_gate |= h->gates[i] == d->wants_datagram;
    for (unsigned i = 0; i < h->asker_count; i++)
        has_asker |= h->askers[i] == d->wants;
    if (!has_gate)
        h->gates[h->gate_count++] = d->wants_datagram;
    if (!has_asker)
        h->askers[h->asker_count++] = d->wants;
    if (d->awaits_answer != NULL)
        h->awaiters[h->awaiter_count++] = d->awaits_answer;
}

static void seat_detectors(struct hunt *h)
{
    for (unsigned d = 0; d < detector_count; d++) {
        h->watchers[d] = (struct watcher){h->hosts, h->calendar, d, h->settings->sampling};
        add_questions(h, detectors[d]);
        for (unsigned kind = 0; kind < OBSERVATION_KINDS; kind++)
            if ((detectors[d]->interests & 1u << kind) != 0)
                h->interested[kind][h->interested_count[kind]++] = d;
    }
}

struct hunt *hunt_new(const struct hunt_settings *settings, struct error *err)
{
    struct hunt *h = calloc(1, sizeof *h);
    if (h == NULL) {
        (void)fail(err, ERROR_SYSTEM, "no memory");
        return NULL;
    }
    size_t slot_sizes[HOSTS_KINDS_MAX];
    for (unsigned d = 0; d < detector_count; d++)
        slot_sizes[d] = detectors[d]->slot_size;
    h->settings = settings;
    h->hosts = hosts_new(&settings->limits, slot_sizes, detector_count);
    h->names = names_new(NAMES_BYTES);
    h->calendar = calendar_new();
    h->sink = (struct hunt_sink){.sink = {take, wants_datagram, wants, awaits_answer}, .hunt = h};
    if (h->hosts == NULL || h->names == NULL || h->calendar == NULL) {
        (void)fail(err, ERROR_SYSTEM, "no memory");
        hunt_free(h);
        return NULL;
    }
    home_init(&h->home, settings->home, settings->home_count);
    seat_detectors(h);
    return h;
}

void hunt_free(struct hunt *h)
{
    if (h == NULL)
        return;
    for (size_t i = 0; i < h->input_count; i++)
        free(h->input_names[i]);
    free(h->input_names);
    free(h->inputs);
    hosts_free(h->hosts);
    names_free(h->names);
    calendar_free(h->calendar);
    free(h);
}

void hunt_watch(struct hunt *h, bool (*watch)(void *context, const struct hunt_progress *now),
                void *context)
{
    h->watch = watch;
    h->watch_context = context;
}

/* A row of the summary for this input; NULL without memory, which makes the run incomplete. */
static struct input_totals *input_add(struct hunt *h, const char *name)
{
    if (h->input_count == h->input_room) {
        size_t room = h->input_room != 0 ? h->input_room * 2 : 16;
        struct input_totals *inputs = realloc(h->inputs, room * sizeof *inputs);
        if (inputs != NULL)
            h->inputs = inputs;
        char **names = realloc(h->input_names, room * sizeof *names);
        if (names != NULL)
            h->input_names = names;
        if (inputs == NULL || names == NULL) {
            h->incomplete = true;
            return NULL;
        }
        h->input_room = room;
    }
    char *copy = strdup(name);
    if (copy == NULL) {
        h->incomplete = true;
        return NULL;
    }
    struct input_totals *added = &h->inputs[h->input_count];
    memset(added, 0, sizeof *added);
    h->input_names[h->input_count++] = copy;
    added->name = copy;
    return added;
}

/* Sources begin their texts with "offset N: ", where the damage is; N and the rest are kept
 * apart. */
static void note_damage(struct hunt *h, struct input_totals *totals, uint64_t offset,
                        const char *reason)
{
    static const char start[] = "offset ";
    char *end;
    h->incomplete = true;
    if (strncmp(reason, start, sizeof start - 1) == 0) {
        uint64_t said = strtoull(reason + sizeof start - 1, &end, 10);
        if (end[0] == ':' && end[1] == ' ') {
            offset = said;
            reason = end + 2;
        }
    }
    if (totals->damage_count < INPUT_DAMAGES_MAX) {
        struct input_damage *damage = &totals->damage[totals->damage_count];
        damage->offset = offset;
        (void)snprintf(damage->reason, sizeof damage->reason, "%.199s", reason);
    }
    totals->damage_count++;
}

void hunt_note_failure(struct hunt *h, const char *name, const char *reason)
{
    struct input_totals *totals = input_add(h, name);
    if (totals != NULL)
        note_damage(h, totals, 0, reason);
}

static void add_counts(struct source_counts *sum, const struct source_counts *more)
{
    sum->records += more->records;
    sum->frames_damaged += more->frames_damaged;
    sum->frames_unknown_link += more->frames_unknown_link;
    sum->frames_without_time += more->frames_without_time;
    sum->odd_times += more->odd_times;
    sum->packets += more->packets;
    sum->mirrored += more->mirrored;
    sum->dns_damaged += more->dns_damaged;
    sum->flows += more->flows;
    sum->flows_let_go += more->flows_let_go;
    sum->heads_let_go += more->heads_let_go;
    sum->fragments_let_go += more->fragments_let_go;
    if (more->frames_unknown_link > 0)
        sum->unknown_link = more->unknown_link;
}

bool hunt_is_stopped(struct hunt *h, const struct input *in, uint64_t records)
{
    struct hunt_progress now = {.input = input_name(in),
                                .raw_offset = input_raw_offset(in),
                                .raw_size = input_raw_size(in),
                                .records = h->counts.records + records};
    return h->watch != NULL && h->watch(h->watch_context, &now);
}

static struct source_counts counts_of(const struct source_format *format, const void *source)
{
    struct source_counts counts;
    format->counts(source, &counts);
    return counts;
}

/* Pours the whole source; false when the run was stopped. */
static bool pour(struct hunt *h, const struct source_format *format, void *source, struct input *in,
                 struct input_totals *totals)
{
    struct error err = {0};
    uint64_t calls = 0;
    for (;;) {
        switch (format->next(source, &h->sink.sink, &err)) {
        case SOURCE_MORE:
            break;
        case SOURCE_SKIPPED:
            note_damage(h, totals, counts_of(format, source).bytes, err.text);
            break;
        case SOURCE_END:
            return true;
        case SOURCE_DAMAGED:
            note_damage(h, totals, counts_of(format, source).bytes, err.text);
            return true;
        }
        if (++calls % HUNT_PROGRESS_CALLS == 0 &&
            hunt_is_stopped(h, in, counts_of(format, source).records)) {
            note_damage(h, totals, counts_of(format, source).bytes, "stopped here");
            return false;
        }
    }
}

/* Why an input that no source recognises is none of ours. */
static void note_unrecognised(struct hunt *h, struct input_totals *totals, struct input *in,
                              bool chosen)
{
    struct error err;
    size_t available;
    (void)input_peek(in, 1, &available);
    if (input_failed(in, &err))
        note_damage(h, totals, input_offset(in), err.text);
    else if (available == 0)
        note_damage(h, totals, 0, "it is empty");
    else if (chosen)
        note_damage(h, totals, 0,
                    "this is no format that is known here; `wormsign list sources` names them");
    else
        h->unrecognised++;
}

static bool read_source(struct hunt *h, struct input *in, const struct source_format *format,
                        struct input_totals *totals)
{
    struct error err;
    struct source_settings settings = {h->settings->since_us, h->settings->until_us};
    void *source = format->open(in, &settings, &err);
    if (source == NULL) {
        note_damage(h, totals, input_offset(in), err.text);
        return true;
    }
    h->recognised++;
    totals->format = format->format(source);
    bool go_on = pour(h, format, source, in, totals);
    struct source_counts counts = counts_of(format, source);
    add_counts(&h->counts, &counts);
    totals->records = counts.records;
    totals->bytes = counts.bytes;
    format->close(source);
    return go_on;
}

static bool read_open(struct hunt *h, struct input *in, bool chosen, struct input_totals *totals)
{
    h->opened++;
    if (hunt_is_stopped(h, in, 0)) {
        note_damage(h, totals, 0, "stopped before it was read");
        return false;
    }
    const struct source_format *format = source_format_for(in);
    if (format != NULL)
        return read_source(h, in, format, totals);
    note_unrecognised(h, totals, in, chosen);
    return true;
}

bool hunt_read_input(struct hunt *h, struct input *in, bool chosen)
{
    struct input_totals *totals = input_add(h, input_name(in));
    return totals == NULL || read_open(h, in, chosen, totals);
}

bool hunt_read(struct hunt *h, const char *path, bool chosen)
{
    struct error err;
    struct input_totals *totals = input_add(h, path);
    if (totals == NULL)
        return true;
    struct input *in = input_open(path, &err);
    if (in == NULL) {
        note_damage(h, totals, 0, err.text);
        return true;
    }
    bool go_on = read_open(h, in, chosen, totals);
    input_close(in);
    return go_on;
}
