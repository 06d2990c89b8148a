/* Nothing is poured here, so that several can judge what one reads. */
#include "source/argus_intake.h"

#include "observe/packet.h"
#include "source/argus_flows.h"
#include "source/argus_pour.h"

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

bool argus_intake_open(struct argus_intake *a, struct input *in,
                       const struct source_settings *settings, struct error *err)
{
    if (!head_is_good(in, err))
        return false;
    *a = (struct argus_intake){.settings = *settings, .stream = argus_stream_over(in, false)};
    return true;
}

static bool is_wanted(const struct argus_intake *a, const struct argus_flow *f)
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

/* True when it can be poured. */
static bool read_flow(struct argus_intake *a, const struct argus_record *r, struct argus_taken *t)
{
    bool good = argus_flow_read(r, &t->flow);
    a->counts.records++;
    a->counts.records_damaged += t->flow.damaged;
    a->has_data |= t->flow.side[0].data.bytes.left > 0 || t->flow.side[1].data.bytes.left > 0;
    if (a->settings.flow_records)
        return false;
    if (t->flow.times_known && !is_wanted(a, &t->flow)) {
        a->counts.records_outside++;
        return false;
    }
    if (!argus_pour_can(&t->flow)) {
        a->counts.records_passed_over += !good || is_of_many(&t->flow);
        return false;
    }
    t->hash = argus_flow_hash(&t->flow);
    return true;
}

/* True when it is of use. */
static bool take_record(struct argus_intake *a, const struct argus_record *r, bool is_shown,
                        struct argus_taken *t)
{
    bool is_flow = argus_is_flow(r);
    uint16_t port = a->settings.only_port;
    if (port != 0 && !(is_flow && argus_has_port(r, port))) {
        a->counts.records += is_flow;
        a->unlooked += is_flow;
        return false;
    }
    t->can_pour = is_flow && read_flow(a, r, t);
    if (!is_shown || !(is_flow || r->type == ARGUS_MAR))
        return t->can_pour;
    t->record = *r;
    return true;
}

/* The first record of an archive is its start; of one that was cut out of another it is not. */
static bool has_no_start(struct argus_intake *a, const struct argus_record *r)
{
    bool is_first = !a->started;
    a->started = true;
    return is_first && (r->type != ARGUS_MAR || r->cause != ARGUS_START);
}

enum source_result argus_intake_next(struct argus_intake *a, bool is_shown,
                                     struct argus_taken out[static ARGUS_AT_ONCE], size_t *count,
                                     struct error *err)
{
    struct argus_record r;
    *count = 0;
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
    *count += take_record(a, &r, is_shown, &out[*count]);
    for (size_t i = 1; i < ARGUS_AT_ONCE && argus_stream_more(&a->stream, &r); i++)
        *count += take_record(a, &r, is_shown, &out[*count]);
    if (!no_start)
        return SOURCE_MORE;
    (void)fail(err, ERROR_FORMAT, "offset 0: no start record (the records are read all the same)");
    return SOURCE_SKIPPED;
}

void argus_intake_counts(const struct argus_intake *a, struct source_counts *out)
{
    *out = a->counts;
    out->bytes = input_offset(a->stream.in);
    out->archives = 1;
    out->archives_without_data = a->counts.records > a->unlooked && !a->has_data;
}
