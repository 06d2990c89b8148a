/* A hunt over what a store keeps: its inputs are joined as `merge` joins those of evidence files,
 * so that the same evidence ends in the same verdicts; and what scans heard is laid beside it.
 *
 * A store is a stranger's file until each of its fields was looked at. One that is damaged anywhere
 * is not used at all: half of the evidence would be an all-clear for the hosts in the other half.
 * Evidence of detectors that this build does not know is passed over, and said. */
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "detect/detector.h"
#include "engine/hunt_asked.h"
#include "engine/hunt_inside.h"
#include "evidence/names.h"
#include "store/store.h"

/* While one store is read. */
struct store_reading {
    struct hunt *hunt;
    struct store *store;
    int32_t since_day;
    const char *site;
    struct partial_in *head; /* of the input that is read */
    struct hunt_part part;
    int64_t kinds[HOSTS_KINDS_MAX]; /* in this store, of each detector that was met */
    bool met[HOSTS_KINDS_MAX];
    bool meets_anew; /* hosts, by the evidence of the input that is read */
    struct asked_list asked;
    struct address heard; /* the latest of whom anything was heard; all answers of a host come in a
                             row */
    struct error err;     /* of a row that cannot be; its kind tells whether there is one */
};

static bool wrong(struct store_reading *reading, const char *what)
{
    return fail(&reading->err, ERROR_FORMAT, "%s", what);
}

/* A run that was ended before it was whole may have missed somebody, unless the same was done again
 * and whole. */
static bool take_run(void *context, const struct store_run *run)
{
    struct store_reading *reading = context;
    struct hunt *h = reading->hunt;
    if (strcmp(run->site, reading->site) != 0)
        return true;
    h->runs++;
    h->runs_cut += !run->ended && !run->is_mended;
    bool may_lack = !store_run_is_whole(run) && !run->is_mended;
    if (may_lack && h->run_fault_count++ < RUN_FAULTS_MAX)
        run_fault_say(run, h->run_faults[h->run_fault_count - 1]);
    h->incomplete |= may_lack;
    if (strcmp(run->verb, "scan") == 0) {
        h->opened++;
        h->recognised++;
    }
    return true;
}

static bool take_slot(void *context, const struct store_evidence *e)
{
    struct store_reading *reading = context;
    int d = partial_detector_named(e->detector, e->form);
    if (d < 0) {
        reading->hunt->passed_over++;
        return true;
    }
    if (!reading->met[d])
        reading->kinds[d] = e->kind;
    reading->met[d] = true;
    if (reading->meets_anew && hunt_asks_for(reading->hunt, e->host))
        hosts_met(reading->part.hosts, e->host);
    struct reader bytes = e->slot;
    /* One kind a detector: two would fill the same slot twice. */
    return (reading->kinds[d] == e->kind &&
            partial_load_slot(reading->part.hosts, (unsigned)d, e->host, e->day, &bytes)) ||
           wrong(reading, "a host's evidence that cannot be so");
}

/* Of whom an input met no day is told. Where days are left out, only he is known to have been there
 * on the others of whom there is evidence. */
static bool choose_met(struct store_reading *reading, int64_t input, struct error *err)
{
    bool older = false, younger = true;
    struct hosts *hosts = reading->part.hosts;
    if (reading->since_day != INT32_MIN &&
        !store_input_span(reading->store, input, reading->since_day, &older, &younger, err))
        return false;
    reading->meets_anew = older || !younger || reading->hunt->settings->is_asked_for != NULL;
    if (reading->meets_anew)
        set_free(hosts_sets(hosts), hosts_met_set(hosts));
    return true;
}

static bool read_input(struct store_reading *reading, const struct store_input *input)
{
    struct hunt *h = reading->hunt;
    struct error err = {0};
    if (!partial_load_head(reading->head, input->head, &h->settings->limits, &reading->part, &err))
        return wrong(reading, err.text);
    bool good = choose_met(reading, input->number, &err) &&
                store_evidence_each(reading->store, input->number, reading->since_day, take_slot,
                                    reading, &err);
    if (!good)
        reading->err = err;
    good = good && reading->err.kind == ERROR_NONE;
    if (good)
        hunt_merge_part(h, &reading->part);
    hosts_free(reading->part.hosts);
    return good;
}

static bool take_input(void *context, const struct store_input *input)
{
    struct store_reading *reading = context;
    char number[32];
    (void)snprintf(number, sizeof number, "input %lld", (long long)input->number);
    return read_input(reading, input) || fail_in(&reading->err, "%s", number);
}

static void note_heard(struct store_reading *reading, struct address host)
{
    struct hunt *h = reading->hunt;
    h->heard += h->heard == 0 || address_compare(reading->heard, host) != 0;
    reading->heard = host;
    hosts_met(h->hosts, host);
}

static bool take_answers(void *context, const struct store_answers *a)
{
    struct store_reading *reading = context;
    if (asked_list_add(&reading->asked, a)) {
        bool was_heard = strcmp(a->hearing, "some") == 0 || strcmp(a->hearing, "refused") == 0;
        if (was_heard && hunt_asks_for(reading->hunt, a->host))
            note_heard(reading, a->host);
        return true;
    }
    if (reading->asked.full)
        return fail(&reading->err, ERROR_LIMIT, "more than %zu MiB of answers, or no memory",
                    HUNT_ASKED_BYTES >> 20);
    return wrong(reading, "a host's answers that cannot be so");
}

static bool take_name(void *context, const struct store_name *n)
{
    struct store_reading *reading = context;
    struct reader bytes = n->saved;
    return names_load_day(reading->hunt->names, &bytes) ||
           wrong(reading, "a host's names that cannot be so");
}

static bool read_all(struct store_reading *reading, struct error *err)
{
    struct store *s = reading->store;
    bool is_all = reading->since_day == INT32_MIN;
    int64_t since_us = is_all ? INT64_MIN : (int64_t)reading->since_day * US_PER_DAY;
    return store_runs_each(s, take_run, reading, err) &&
           store_inputs_each(s, reading->site, take_input, reading, err) &&
           reading->err.kind == ERROR_NONE &&
           store_answers_each(s, reading->site, since_us, take_answers, reading, err) &&
           reading->err.kind == ERROR_NONE &&
           store_names_each(s, reading->site, reading->since_day, take_name, reading, err) &&
           reading->err.kind == ERROR_NONE;
}

bool hunt_read_store(struct hunt *h, struct store *store, const char *site, int32_t since_day,
                     struct error *err)
{
    struct partial_in head;
    struct store_reading reading = {.hunt = h,
                                    .store = store,
                                    .since_day = since_day,
                                    .site = site,
                                    .head = &head,
                                    .asked = {.hunt = h}};
    h->asked_memory = arena_of(HUNT_ASKED_BYTES);
    /* One moment of the store: what others write meanwhile belongs to the next report. */
    bool good = read_all(&reading, err);
    asked_list_end(&reading.asked);
    if (good && reading.asked.damaged)
        good = wrong(&reading, "a host's answers are there twice");
    if (reading.err.kind != ERROR_NONE)
        *err = reading.err;
    return good;
}
