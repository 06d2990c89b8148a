/* The source of Argus archives: flow records of versions 3 and 5, also mixed and one file behind
 * the other. Each file remembers its own flows, so files can be read in any order.
 *
 * Records are read a few at a time: while those before are poured, what the table of flows has of
 * the next ones is fetched. Whoever wants to see flow records is shown each just before it is
 * poured; the others do not pay for it. */
#include <stdlib.h>

#include "observe/flow_key.h"
#include "observe/flow_record.h"
#include "observe/packet.h"
#include "source/argus_flow_record.h"
#include "source/argus_pour.h"
#include "source/source.h"

enum { RECORDS_AT_ONCE = 16 };

struct taken {
    struct argus_flow flow;
    uint64_t hash;
    struct argus_record record; /* to be shown; else not kept */
    bool can_pour;
};

struct argus {
    struct argus_stream stream;
    struct argus_pour pour;
    struct source_settings settings;
    struct source_counts counts;
    bool has_data, started; /* started: the first record was met */
    uint64_t unlooked;      /* flow records that were passed over for their ports */
    size_t taken_count;
    struct taken taken[RECORDS_AT_ONCE];
};

static void argus_close(void *state)
{
    struct argus *a = state;
    argus_flows_free(a->pour.flows);
    free(a);
}

/* Whether the head of the input says that it cannot be read at all. */
static bool head_is_good(struct input *in, struct error *err)
{
    enum { MAR_3 = 0x83, MAR_5 = 0x85 };
    size_t available;
    const uint8_t *start = input_peek(in, ARGUS_MAR_BYTES, &available);
    struct reader r = reader_over(start, available);
    if (argus_is_version_2(start, available))
        return fail(err, ERROR_FORMAT,
                    "an archive of Argus 2, which is not read here: `ra -r OLD -w NEW` of Argus 3 "
                    "makes one that is");
    uint8_t first = read_u8(&r);
    if (available < ARGUS_MAR_BYTES && (first == MAR_3 || first == MAR_5)) {
        if (!input_failed(in, err))
            (void)fail(err, ERROR_CUT, "shorter than a start record");
        return false;
    }
    return true;
}

static void *argus_open(struct input *in, const struct source_settings *settings, struct error *err)
{
    if (!head_is_good(in, err))
        return NULL;
    struct argus *a = calloc(1, sizeof *a);
    if (a != NULL)
        a->pour.flows = argus_flows_new(input_is_large(in));
    if (a == NULL || a->pour.flows == NULL) {
        free(a);
        (void)fail(err, ERROR_SYSTEM, "no memory");
        return NULL;
    }
    a->settings = *settings;
    a->stream = argus_stream_over(in, false);
    return a;
}

static const char *argus_format(const void *state)
{
    (void)state;
    return "argus";
}

static bool is_wanted(const struct argus *a, const struct argus_flow *f)
{
    return f->first_us >= a->settings.since_us && f->first_us < a->settings.until_us;
}

/* Put together by a client, so that it says no more which hosts, or by which protocol. */
static bool is_of_many(const struct argus_flow *f)
{
    bool has_protocol = f->protocol != 0 && f->protocol != IP_TCP && f->protocol != IP_UDP;
    return (f->key == ARGUS_KEY_IPV4 || f->key == ARGUS_KEY_IPV6) && !f->is_fragment &&
           !has_protocol;
}

/* Reads a flow record into the next place. True when it can be poured. */
static bool read_flow(struct argus *a, const struct argus_record *r, struct taken *t)
{
    bool good = argus_flow_read(r, &t->flow);
    a->counts.records++;
    a->counts.records_damaged += t->flow.damaged;
    a->has_data |= t->flow.side[0].data.bytes.left > 0 || t->flow.side[1].data.bytes.left > 0;
    if (a->settings.flow_records)
        return false;
    if (!argus_pour_can(&t->flow)) {
        a->counts.records_passed_over += !good || is_of_many(&t->flow);
        return false;
    }
    if (!is_wanted(a, &t->flow))
        return false;
    t->hash = argus_flow_hash(&t->flow);
    if (!flow_is_of_share(t->hash, a->settings.share, a->settings.shares))
        return false;
    argus_flows_fetch(a->pour.flows, t->hash);
    return true;
}

/* Takes what can be poured of a record, and where records are shown every one. */
static void take_record(struct argus *a, const struct argus_record *r, bool is_shown)
{
    struct taken *t = &a->taken[a->taken_count];
    bool is_flow = argus_is_flow(r);
    uint16_t port = a->settings.only_port;
    if (port != 0 && !(is_flow && argus_has_port(r, port))) {
        a->counts.records += is_flow;
        a->unlooked += is_flow;
        return;
    }
    t->can_pour = is_flow && read_flow(a, r, t);
    if (is_shown && (is_flow || r->type == ARGUS_MAR))
        t->record = *r;
    else if (!t->can_pour)
        return;
    a->taken_count++;
}

/* Whether a record that was shown is to be poured too. One without times is of no time that could
 * be asked for, so it is shown only where none is. */
static bool show(struct argus *a, const struct taken *t, struct sink *to)
{
    struct flow_record shown;
    bool is_flow = argus_is_flow(&t->record);
    if (is_flow)
        argus_flow_record_of(&t->record, &t->flow, &shown);
    else
        argus_flow_record_of_mar(&t->record, &shown);
    int64_t when_us = is_flow ? shown.first_us : shown.last_us;
    bool is_any_time = a->settings.since_us == INT64_MIN && a->settings.until_us == INT64_MAX;
    bool is_in_time = shown.times_known && when_us >= a->settings.since_us &&
                      when_us < a->settings.until_us;
    return (is_any_time || is_in_time) && to->takes_record(to, &shown);
}

/* Tells the sink of which hosts observations are to come, in steps over all that was taken. */
static void announce(const struct argus *a, struct sink *to)
{
    uint64_t tickets[RECORDS_AT_ONCE][2];
    for (size_t i = 0; i < a->taken_count; i++)
        for (unsigned side = 0; side < 2 && a->taken[i].can_pour; side++)
            tickets[i][side] = to->expects(to, a->taken[i].flow.side[side].end.address,
                                           a->taken[i].flow.last_us);
    for (unsigned step = 0; step < EXPECTING_STEPS; step++)
        for (size_t i = 0; i < a->taken_count; i++)
            for (unsigned side = 0; side < 2 && a->taken[i].can_pour; side++)
                to->still_expects(to, tickets[i][side], step);
}

static void pour_taken(struct argus *a, struct sink *to)
{
    if (to->expects != NULL)
        announce(a, to);
    for (size_t i = 0; i < a->taken_count; i++) {
        const struct taken *t = &a->taken[i];
        bool is_let = to->takes_record == NULL || show(a, t, to);
        if (is_let && t->can_pour)
            argus_pour(&a->pour, &t->flow, t->hash, to);
    }
    a->taken_count = 0;
}

/* The first record of an archive is its start; of one that was cut out of another it is not. */
static bool has_no_start(struct argus *a, const struct argus_record *r)
{
    bool is_first = !a->started;
    a->started = true;
    return is_first && (r->type != ARGUS_MAR || r->cause != ARGUS_START);
}

static enum source_result argus_next(void *state, struct sink *to, struct error *err)
{
    struct argus *a = state;
    struct argus_record r;
    switch (argus_stream_next(&a->stream, &r, err)) {
    case ARGUS_RECORD:
        break;
    case ARGUS_SKIPPED:
        a->started = true;
        return SOURCE_SKIPPED;
    case ARGUS_END:
        return SOURCE_END;
    case ARGUS_DAMAGED:
        return SOURCE_DAMAGED;
    }
    bool no_start = has_no_start(a, &r);
    bool is_shown = to->takes_record != NULL;
    take_record(a, &r, is_shown);
    for (size_t i = 1; i < RECORDS_AT_ONCE && argus_stream_more(&a->stream, &r); i++)
        take_record(a, &r, is_shown);
    pour_taken(a, to);
    if (!no_start)
        return SOURCE_MORE;
    (void)fail(err, ERROR_FORMAT, "offset 0: no start record (the records are read all the same)");
    return SOURCE_SKIPPED;
}

static void argus_counts(const void *state, struct source_counts *out)
{
    const struct argus *a = state;
    *out = (struct source_counts){0};
    if (a->settings.share == 0) {
        *out = a->counts;
        out->bytes = input_offset(a->stream.in);
        out->archives = 1;
        out->archives_without_data = a->counts.records > a->unlooked && !a->has_data;
    }
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
