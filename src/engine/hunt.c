/* Reading: one input after the other through its source into the detectors. What comes after the
 * last input (verdicts, reports, summary) is in findings.c and hunt_finish.c. */
#include "engine/hunt_inside.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "base/writer.h"
#include "engine/dark.h"
#include "engine/hunt_names.h"
#include "engine/hunt_asked.h"
#include "engine/reading.h"
#include "engine/recorder.h"
#include "engine/same_file.h"
#include "evidence/names.h"
#include "filter/filter.h"
#include "observe/flow_record.h"

static struct hunt *hunt_of(struct sink *self)
{
    struct hunt_sink *whole = (struct hunt_sink *)self; /* reader: no bytes, our own struct */
    return whole->hunt;
}

/* Whether the filter lets a packet of this flow through. */
static bool is_meant(const struct hunt *h, const struct observation *seen)
{
    struct flow_record record = flow_record_of(seen);
    return filter_matches(h->settings->filter, &record);
}

static bool takes_record(struct sink *self, const struct flow_record *record)
{
    return filter_matches(hunt_of(self)->settings->filter, record);
}

static void take(struct sink *self, const struct observation *seen)
{
    struct hunt *h = hunt_of(self);
    if (h->judges_packets && !is_meant(h, seen))
        return;
    hosts_make_room(h->pouring_into);
    if (seen->kind == OBSERVED_BEGIN) {
        hosts_met(h->pouring_into, seen->client.address);
        hosts_met(h->pouring_into, seen->server.address);
        home_note(&h->home, seen->client.address);
    } else if (seen->kind == OBSERVED_DNS || seen->kind == OBSERVED_NAME) {
        hunt_note_name(h, seen);
    }
    if (h->settings->dark != NULL)
        dark_note(h->settings->dark, seen);
    const struct seat *seats = h->seats[seen->kind], *end = seats + h->seat_count[seen->kind];
    for (; seats < end; seats++)
        seats->observe(seats->watcher, seen);
}

static uint64_t expects(struct sink *self, struct address host, int64_t when_us)
{
    return hosts_fetch(hunt_of(self)->pouring_into, host, day_of(when_us));
}

static void still_expects(struct sink *self, uint64_t ticket, unsigned step)
{
    hosts_fetch_on(hunt_of(self)->pouring_into, ticket, step);
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
        h->watchers[d] = (struct watcher){.hosts = h->hosts,
                                          .calendar = h->calendar,
                                          .detector = d,
                                          .sampling = h->settings->sampling,
                                          .exempt = h->settings->exempt,
                                          .exempt_count = h->settings->exempt_count,
                                          .sites = h->settings->sites};
        if ((h->settings->unseated & 1u << d) != 0)
            continue;
        add_questions(h, detectors[d]);
        for (unsigned kind = 0; kind < OBSERVATION_KINDS; kind++)
            if ((detectors[d]->interests & 1u << kind) != 0)
                h->seats[kind][h->seat_count[kind]++] = (struct seat){detectors[d]->observe,
                                                                      &h->watchers[d]};
    }
}

struct hunt *hunt_new(const struct hunt_settings *settings, struct error *err)
{
    struct hunt *h = calloc(1, sizeof *h);
    if (h == NULL) {
        (void)fail(err, ERROR_SYSTEM, "no memory");
        return NULL;
    }
    h->settings = settings;
    h->names = names_new(NAMES_BYTES);
    h->sampling = settings->sampling;
    h->hosts = hunt_new_store(h);
    h->pouring_into = h->hosts;
    h->calendar = calendar_new();
    h->sink = (struct hunt_sink){
        .sink = {.take = take,
                 .wants_datagram = wants_datagram,
                 .wants = wants,
                 .awaits_answer = awaits_answer,
                 .expects = expects,
                 .still_expects = still_expects,
                 .takes_record = settings->filter != NULL ? takes_record : NULL,
                 .wants_refusals = settings->dark != NULL},
        .hunt = h};
    if (h->hosts == NULL || h->names == NULL || h->calendar == NULL) {
        (void)fail(err, ERROR_SYSTEM, "no memory");
        hunt_free(h);
        return NULL;
    }
    home_init(&h->home, settings->home, settings->home_count);
    seat_detectors(h);
    hunt_keep_gravest(h);
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
    partial_out_free(h->partial);
    known_free(&h->files);
    known_free(&h->parts);
    known_free(&h->partials);
    free(h->asked);
    arena_free(&h->asked_memory);
    if (h->told != NULL)
        told_free(h->told);
    free(h->told);
    free(h);
}

void hunt_watch(struct hunt *h, bool (*watch)(void *context, const struct reading_progress *now),
                void *context)
{
    h->watch = watch;
    h->watch_context = context;
}

struct input_totals *hunt_add_input(struct hunt *h, const char *name)
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

void hunt_note_damage(struct input_totals *totals, uint64_t offset, const char *reason)
{
    reason = reading_reason(reason, &offset);
    if (totals->damage_count < INPUT_DAMAGES_MAX) {
        struct input_damage *damage = &totals->damage[totals->damage_count];
        damage->offset = offset;
        (void)snprintf(damage->reason, sizeof damage->reason, "%.199s", reason);
    }
    totals->damage_count++;
}

void hunt_note_interruption(struct input_totals *totals, uint64_t offset)
{
    totals->interrupted = true;
    totals->interrupted_at = offset;
}

bool hunt_is_stopped(struct hunt *h, const struct input *in, uint64_t records)
{
    struct reading_progress now = {.input = input_name(in),
                                   .raw_offset = input_raw_offset(in),
                                   .raw_size = input_raw_size(in),
                                   .records = h->counts.records + records,
                                   .proven = hunt_proven_so_far(h, h->records_read + records)};
    return h->watch != NULL && h->watch(h->watch_context, &now);
}

static struct source_counts counts_of(const struct source_format *format, const void *source)
{
    struct source_counts counts;
    format->counts(source, &counts);
    return counts;
}

/* Whom a source's pouring tells. */
struct turn {
    struct hunt *hunt;
    struct input_totals *totals;
};

static void note_damage(void *context, uint64_t offset, const char *reason)
{
    const struct turn *t = context;
    hunt_note_damage(t->totals, offset, reason);
}

/* Before all other damage, of which the last is not listed where there is much. */
static void note_broken(void *context, uint64_t offset, const char *reason)
{
    const struct turn *t = context;
    struct input_totals *totals = t->totals;
    size_t kept = totals->damage_count < INPUT_DAMAGES_MAX ? (size_t)totals->damage_count
                                                           : INPUT_DAMAGES_MAX - 1;
    memmove(&totals->damage[1], &totals->damage[0], kept * sizeof totals->damage[0]);
    totals->damage[0].offset = offset;
    (void)snprintf(totals->damage[0].reason, sizeof totals->damage[0].reason, "%.199s", reason);
    totals->damage_count++;
}

static void note_interruption(void *context, uint64_t offset)
{
    const struct turn *t = context;
    hunt_note_interruption(t->totals, offset);
}

static bool is_stopped(void *context, const struct input *in, uint64_t records)
{
    const struct turn *t = context;
    return hunt_is_stopped(t->hunt, in, records);
}

/* Why an input that no source recognises is none of ours. */
static void note_unrecognised(struct hunt_part *part, struct input *in, bool chosen)
{
    struct error err;
    uint64_t offset;
    const char *reason = reading_unrecognised(in, chosen, &err, &offset);
    if (reason != NULL)
        hunt_note_damage(part->totals, offset, reason);
    else
        part->unrecognised = true;
}

/* A filter that asks of a whole flow is answered by an archive, but not by packets. */
static bool can_filter(struct hunt *h, const struct source_format *format,
                       struct input_totals *totals)
{
    const char *word = NULL;
    char reason[128];
    h->judges_packets = h->settings->filter != NULL && !format->is_of_records;
    if (!h->judges_packets || filter_needs(h->settings->filter, &word) == 0)
        return true;
    (void)snprintf(reason, sizeof reason,
                   "the filter's '%.32s' asks of a whole flow what packets do not tell", word);
    hunt_note_damage(totals, 0, reason);
    return false;
}

static bool read_source(struct hunt *h, struct input *in, const struct source_format *format,
                        struct hunt_part *part)
{
    struct error err;
    if (!can_filter(h, format, part->totals)) {
        part->recognised = true;
        return true;
    }
    struct source_settings settings = {.since_us = h->settings->since_us,
                                       .until_us = h->settings->until_us,
                                       .share = h->share,
                                       .shares = h->shares,
                                       .meeting = h->meeting};
    void *source = format->open(in, &settings, &err);
    if (source == NULL) {
        hunt_note_damage(part->totals, input_offset(in), err.text);
        return true;
    }
    part->recognised = true;
    part->totals->format = format->format(source);
    struct turn turn = {h, part->totals};
    struct pouring to = {.sink = &h->sink.sink,
                         .context = &turn,
                         .is_stopped = is_stopped,
                         .damaged = note_damage,
                         .broken = note_broken,
                         .interrupted = note_interruption};
    bool go_on = reading_pour(format, source, in, &to);
    part->counts = counts_of(format, source);
    h->records_read += part->counts.records;
    part->totals->records = part->counts.records;
    part->totals->bytes = part->counts.bytes;
    format->close(source);
    /* What was stopped is not all of the input, and not the same as it. */
    if (go_on && h->keeps_parts) {
        part->digest_known = input_digest(in, &part->digest);
        part->size = input_raw_offset(in);
    }
    return go_on;
}

static bool read_open(struct hunt *h, struct input *in, bool chosen, struct hunt_part *part)
{
    part->opened = true;
    if (hunt_is_stopped(h, in, 0)) {
        hunt_note_interruption(part->totals, 0);
        return false;
    }
    const struct source_format *format = source_format_for(in);
    if (format == NULL && input_was_interrupted(in)) {
        hunt_note_interruption(part->totals, 0);
        return false;
    }
    if (format != NULL)
        return read_source(h, in, format, part);
    note_unrecognised(part, in, chosen);
    return true;
}

/* What it came to is *part, which is to be joined. */
static bool read_into(struct hunt *h, struct input *in, bool chosen, struct input_totals *totals,
                      struct hunt_part *part, const char *failure)
{
    bool go_on = true;
    if (!hunt_part_begin(h, part, totals))
        hunt_note_damage(totals, 0, "no memory for its evidence");
    else if (in == NULL)
        hunt_note_damage(totals, 0, failure);
    else
        go_on = read_open(h, in, chosen, part);
    hunt_part_end(h, part);
    return go_on;
}

static bool read_input_part(struct hunt *h, struct input *in, bool chosen,
                            struct input_totals *totals, const char *failure)
{
    struct hunt_part part;
    bool go_on = read_into(h, in, chosen, totals, &part, failure);
    hunt_part_join(h, &part);
    return go_on;
}

bool hunt_read_part(struct hunt *h, const char *path, bool chosen, struct input_totals *totals,
                    struct hunt_part *part)
{
    struct error err = {0};
    struct input *in = h->keeps_parts ? input_open_digested(path, &err) : input_open(path, &err);
    bool go_on = read_into(h, in, chosen, totals, part, err.text);
    input_close(in);
    return go_on;
}

void hunt_note_failure(struct hunt *h, const char *name, const char *reason)
{
    struct input_totals *totals = hunt_add_input(h, name);
    if (totals != NULL)
        (void)read_input_part(h, NULL, true, totals, reason);
}

void hunt_note_unread(struct hunt *h, const char *name)
{
    struct input_totals *totals = hunt_add_input(h, name);
    if (totals != NULL)
        hunt_note_interruption(totals, 0);
    h->incomplete = true;
}

bool hunt_read_input(struct hunt *h, struct input *in, bool chosen)
{
    struct input_totals *totals = hunt_add_input(h, input_name(in));
    return totals == NULL || read_input_part(h, in, chosen, totals, NULL);
}

struct comparison {
    struct hunt *hunt;
    const char *path;
};

bool hunt_is_told_to_stop(struct hunt *h, const char *input)
{
    struct reading_progress now = {.input = input, .records = h->counts.records};
    return h->watch != NULL && h->watch(h->watch_context, &now);
}

static bool may_compare_on(void *context)
{
    const struct comparison *c = context;
    return !hunt_is_told_to_stop(c->hunt, c->path);
}

/* The same capture given twice is read once: what is weighed would not change, but plain counts
 * would double. */
bool hunt_is_repeated(struct hunt *h, const char *path, size_t *before)
{
    struct digest start;
    struct comparison c = {h, path};
    return strcmp(path, "-") != 0 && same_file_start(path, &start) &&
           known_met(&h->files, start, h->input_count, before) && *before < h->input_count &&
           same_file(h->input_names[*before], path, may_compare_on, &c);
}

bool hunt_read(struct hunt *h, const char *path, bool chosen)
{
    size_t before;
    struct hunt_part part;
    bool repeated = hunt_is_repeated(h, path, &before);
    struct input_totals *totals = hunt_add_input(h, path);
    if (totals == NULL)
        return true;
    if (repeated) {
        totals->format = h->inputs[before].format;
        h->repeated++;
        return true;
    }
    bool go_on = hunt_read_part(h, path, chosen, totals, &part);
    hunt_part_join(h, &part);
    return go_on;
}

bool hunt_keep_parts(struct hunt *h, FILE *file, struct error *err)
{
    h->partial = partial_out_new(file, err);
    h->keeps_parts |= h->partial != NULL;
    return h->partial != NULL;
}

void hunt_record(struct hunt *h, struct recorder *recorder, bool by_input)
{
    h->recorder = recorder;
    h->keeps_parts |= by_input;
    recorder_watch(recorder, h);
}

bool hunt_end_parts(struct hunt *h, struct error *err)
{
    partial_out_names(h->partial, h->names);
    return partial_out_end(h->partial, h->incomplete, err);
}
