/* The source of Argus archives: flow records of versions 3 and 5, also mixed and one file behind
 * the other. Each file remembers its own flows, so files can be read in any order.
 *
 * Records are read a few at a time: while those before are poured, what the table of flows has of
 * the next ones is fetched. Whoever wants to see flow records is shown each just before it is
 * poured; the others do not pay for it. */
#include <stdlib.h>

#include "observe/flow_record.h"
#include "source/argus_flow_record.h"
#include "source/argus_intake.h"
#include "source/argus_pour.h"
#include "source/shared_records.h"
#include "source/source.h"

struct argus {
    struct argus_intake intake; /* where the archive is shared, only its settings */
    struct argus_pour pour;
    struct input *in;
    const struct record_slot *slot; /* where it is; so many records of which were poured */
    size_t poured;
    bool is_shared;
    struct source_counts counts; /* of the slots so far, where it is shared */
    enum source_result end;      /* of the last slot: said once its records have been poured */
    struct error error;          /* of that end */
    struct argus_taken taken[ARGUS_AT_ONCE];
};

static void argus_close(void *state)
{
    struct argus *a = state;
    if (a->is_shared)
        input_follow(a->in, NULL);
    argus_flows_free(a->pour.flows);
    free(a);
}

static bool begin(struct argus *a, const struct source_settings *settings, struct error *err)
{
    if (settings->shares <= 1)
        return argus_intake_open(&a->intake, a->in, settings, err);
    a->intake.settings = *settings;
    a->is_shared = shared_records_join(settings, err);
    if (a->is_shared)
        input_follow(a->in, meeting_input(settings->meeting));
    return a->is_shared;
}

static void *argus_open(struct input *in, const struct source_settings *settings, struct error *err)
{
    struct argus *a = calloc(1, sizeof *a);
    if (a == NULL) {
        (void)fail(err, ERROR_SYSTEM, "no memory");
        return NULL;
    }
    a->in = in;
    a->end = SOURCE_MORE;
    if (!begin(a, settings, err)) {
        free(a);
        return NULL;
    }
    a->pour.flows = argus_flows_new(input_is_large(in));
    if (a->pour.flows != NULL)
        return a;
    (void)fail(err, ERROR_SYSTEM, "no memory");
    argus_close(a);
    return NULL;
}

static const char *argus_format(const void *state)
{
    (void)state;
    return "argus";
}

/* Whether a record that was shown is to be poured too. One without times is of no time that could
 * be asked for, so it is shown only where none is. */
static bool show(struct argus *a, const struct argus_taken *t, struct sink *to)
{
    struct flow_record shown;
    bool is_flow = argus_is_flow(&t->record);
    if (is_flow)
        argus_flow_record_of(&t->record, &t->flow, &shown);
    else
        argus_flow_record_of_mar(&t->record, &shown);
    int64_t when_us = is_flow ? shown.first_us : shown.last_us;
    bool is_any_time = a->intake.settings.since_us == INT64_MIN &&
                       a->intake.settings.until_us == INT64_MAX;
    bool is_in_time = shown.times_known && when_us >= a->intake.settings.since_us &&
                      when_us < a->intake.settings.until_us;
    return (is_any_time || is_in_time) && to->takes_record(to, &shown);
}

/* Tells the sink of which hosts observations are to come, in steps over all that was taken. */
static void announce(const struct argus_taken *taken, size_t count, struct sink *to)
{
    uint64_t tickets[ARGUS_AT_ONCE][2];
    for (size_t i = 0; i < count; i++)
        for (unsigned side = 0; side < 2 && taken[i].can_pour; side++)
            tickets[i][side] = to->expects(to, taken[i].flow.side[side].end.address,
                                           taken[i].flow.last_us);
    for (unsigned step = 0; step < EXPECTING_STEPS; step++)
        for (size_t i = 0; i < count; i++)
            for (unsigned side = 0; side < 2 && taken[i].can_pour; side++)
                to->still_expects(to, tickets[i][side], step);
}

/* ARGUS_AT_ONCE at most. */
static void pour_taken(struct argus *a, const struct argus_taken *taken, size_t count,
                       struct sink *to)
{
    for (size_t i = 0; i < count; i++)
        if (taken[i].can_pour)
            argus_flows_fetch(a->pour.flows, taken[i].hash);
    if (to->expects != NULL)
        announce(taken, count, to);
    for (size_t i = 0; i < count; i++) {
        const struct argus_taken *t = &taken[i];
        bool is_let = to->takes_record == NULL || show(a, t, to);
        if (is_let && t->can_pour)
            argus_pour(&a->pour, &t->flow, t->hash, to);
    }
}

/* A few records of the slot, so that whoever pours can look about as often as where nothing is
 * shared. Nothing where the run was stopped: who pours asks for that by and by. */
static void pour_of_slot(struct argus *a, struct sink *to)
{
    const struct source_settings *s = &a->intake.settings;
    if (a->slot == NULL) {
        a->slot = meeting_next(s->meeting, s->share);
        a->poured = 0;
    }
    if (a->slot == NULL)
        return;
    const struct argus_taken *records = &a->slot->records[s->share * (SLOT_RECORDS / s->shares)];
    size_t count = a->slot->stretches.count[s->share];
    size_t most = count - a->poured < ARGUS_AT_ONCE ? count - a->poured : ARGUS_AT_ONCE;
    pour_taken(a, &records[a->poured], most, to);
    a->poured += most;
    a->counts = a->slot->counts;
    if (a->poured < count)
        return;
    a->end = a->slot->end;
    a->error = a->slot->error;
    a->slot = NULL;
}

static enum source_result next_shared(struct argus *a, struct sink *to, struct error *err)
{
    enum source_result end = a->end;
    if (end == SOURCE_MORE) {
        pour_of_slot(a, to);
        return SOURCE_MORE;
    }
    *err = a->error;
    if (end == SOURCE_SKIPPED)
        a->end = SOURCE_MORE;
    return end;
}

static enum source_result argus_next(void *state, struct sink *to, struct error *err)
{
    struct argus *a = state;
    size_t count;
    if (a->is_shared)
        return next_shared(a, to, err);
    enum source_result result = argus_intake_next(&a->intake, to->takes_record != NULL, a->taken,
                                                  &count, err);
    pour_taken(a, a->taken, count, to);
    return result;
}

static void argus_counts(const void *state, struct source_counts *out)
{
    const struct argus *a = state;
    if (!a->is_shared)
        argus_intake_counts(&a->intake, out);
    else if (a->intake.settings.share == 0)
        *out = a->counts;
    else
        *out = (struct source_counts){0};
    out->dns_damaged = a->pour.dns_damaged;
    out->smb_cut = a->pour.smb_cut;
    out->flows = argus_flows_begun(a->pour.flows);
    out->flows_let_go = argus_flows_let_go(a->pour.flows);
}

const struct source_format source_argus = {
    .id = "argus",
    .claim = "Argus archives of versions 3 and 5, as argus, radium and ra write them.",
    .is_of_records = true,
    .recognises = argus_recognises,
    .open = argus_open,
    .format = argus_format,
    .next = argus_next,
    .counts = argus_counts,
    .close = argus_close,
};
