/* Walks an Argus stream in memory and asserts what holds for every one, sound or hostile: shared by
 * the fuzz target and by the unit test of truncations. */
#ifndef WORMSIGN_TESTS_ARGUS_WALK_H
#define WORMSIGN_TESTS_ARGUS_WALK_H

#include <assert.h>
#include <stdint.h>

#include "source/argus_flow_record.h"
#include "source/argus_record.h"
#include "source/source.h"
#include "wire/dns.h"
#include "wire/http.h"
#include "wire/told_name.h"

extern const struct source_format source_argus;

struct argus_walked {
    uint64_t flows, skipped, damaged;
};

static inline uint8_t argus_touch(struct reader r)
{
    uint8_t all = 0;
    assert(!r.failed);
    while (r.left > 0)
        all = (uint8_t)(all ^ read_u8(&r));
    return all;
}

/* Of a flow that was read, whether or not anything can be said of it. */
static inline void argus_check_flow(const struct argus_record *r, const struct argus_flow *f)
{
    assert(f->merged >= 1 && f->version == r->version);
    assert(!f->times_known || f->last_us >= f->first_us);
    for (unsigned i = 0; i < 2; i++) {
        const struct argus_data *data = &f->side[i].data;
        assert(data->bytes.left <= r->body.left && data->bytes.left <= data->count);
        assert(data->clamped == (data->count > data->bytes.left));
        volatile uint8_t sink = argus_touch(data->bytes);
        (void)sink;
    }
}

/* And as people see it. */
static inline void argus_check_shown(const struct flow_record *r)
{
    assert(r->merged >= 1 && r->mapped <= FLOW_ICMP_TIME_EXCEEDED);
    for (unsigned i = 0; i < 2; i++) {
        const struct flow_side *side = &r->side[i];
        volatile uint8_t sink = argus_touch(side->data);
        (void)sink;
        assert(side->data_present || side->data.left == 0);
        assert(side->mac >> 48 == 0 && side->mpls >> 20 == 0);
        assert(side->mac_known || side->mac == 0);
    }
}

static inline struct argus_walked argus_walk(const uint8_t *bytes, size_t size)
{
    struct argus_walked walked = {0};
    struct error err = {0};
    struct input *in = input_open_memory("fuzz", bytes, size, &err);
    if (in == NULL)
        return walked;
    struct argus_stream s = argus_stream_over(in, false);
    struct argus_record r;
    enum argus_result result = ARGUS_RECORD;
    uint64_t before = 0;
    while (result == ARGUS_RECORD || result == ARGUS_SKIPPED) {
        struct argus_flow flow;
        result = argus_stream_next(&s, &r, &err);
        uint64_t at = input_offset(in);
        assert(result == ARGUS_RECORD || result == ARGUS_SKIPPED ? at > before : at >= before);
        walked.skipped += result == ARGUS_SKIPPED;
        walked.damaged += result == ARGUS_DAMAGED;
        if (result == ARGUS_RECORD && argus_is_flow(&r)) {
            assert(r.offset >= before && r.offset + ARGUS_HEADER_BYTES + r.body.left == at);
            (void)argus_flow_read(&r, &flow);
            argus_check_flow(&r, &flow);
            struct flow_record shown;
            argus_flow_record_of(&r, &flow, &shown);
            argus_check_shown(&shown);
            walked.flows++;
        } else if (result == ARGUS_RECORD && r.type == ARGUS_MAR) {
            struct argus_mar mar;
            argus_mar_read(&r, &mar);
            assert(mar.version == r.version);
            struct flow_record shown;
            argus_flow_record_of_mar(&r, &shown);
            argus_check_shown(&shown);
            assert(shown.kind == FLOW_MANAGEMENT && shown.last_us >= shown.first_us);
        }
        before = at;
    }
    input_close(in);
    return walked;
}

/* A sink that reads all that is poured, and wants everything. */

static void argus_sink_take(struct sink *self, const struct observation *seen)
{
    (void)self;
    volatile uint8_t sink = argus_touch(seen->bytes);
    (void)sink;
    assert((seen->kind == OBSERVED_DNS) == (seen->dns != NULL));
    assert((seen->kind == OBSERVED_HTTP) == (seen->http != NULL));
    assert((seen->kind == OBSERVED_NAME) == (seen->told != NULL));
    assert(seen->other_start_size <= sizeof seen->other_start);
    assert(seen->kind != OBSERVED_ANSWER || seen->client_known);
}

static bool argus_sink_wants_datagram(struct sink *self, struct reader bytes)
{
    (void)self;
    return bytes.left % 7 != 3;
}

static size_t argus_sink_wants(struct sink *self, const struct observation *head)
{
    (void)self, (void)head;
    return 8192;
}

static bool argus_sink_awaits(struct sink *self, const struct observation *seen)
{
    (void)self;
    return seen->bytes.left % 2 == 0;
}

static bool argus_sink_takes_record(struct sink *self, const struct flow_record *record)
{
    (void)self;
    argus_check_shown(record);
    return record->side[0].end.port % 2 == 0;
}

/* The whole source over the same bytes; every record is shown before it is poured. */
static inline struct source_counts argus_pour_all(const uint8_t *bytes, size_t size)
{
    struct sink sink = {.take = argus_sink_take,
                        .wants_datagram = argus_sink_wants_datagram,
                        .wants = argus_sink_wants,
                        .awaits_answer = argus_sink_awaits,
                        .takes_record = argus_sink_takes_record};
    struct source_settings settings = {.since_us = INT64_MIN, .until_us = INT64_MAX};
    struct source_counts counts = {0};
    struct error err = {0};
    struct input *in = input_open_memory("fuzz", bytes, size, &err);
    void *source = in != NULL ? source_argus.open(in, &settings, &err) : NULL;
    assert(source != NULL || err.text[0] != '\0');
    if (source != NULL) {
        enum source_result result = SOURCE_MORE;
        while (result == SOURCE_MORE || result == SOURCE_SKIPPED)
            result = source_argus.next(source, &sink, &err);
        source_argus.counts(source, &counts);
        assert(counts.bytes <= size || input_compression(in) != NULL);
        source_argus.close(source);
    }
    if (in != NULL)
        input_close(in);
    return counts;
}

#endif
