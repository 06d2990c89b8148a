/* All verdicts of a run that come at its end are one transaction. Where hosts come one by one, who
 * is infected or suspicious is kept at once, and the many others a few at a time, as a transaction
 * costs more than the host in it: for BATCH_US at most, so that nobody waits for us while we wait
 * for the network. */
#include "engine/recorder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "base/writer.h"
#include "detect/detector.h"
#include "engine/hunt_inside.h"
#include "evidence/host_answers.h"
#include "evidence/names.h"
#include "evidence/smb_check.h"
#include "report/formats.h"
#include "store/store.h"

enum { TEXT_SIZE = 64, RATIO_SIZE = 24, BATCH_US = 250000 };

struct recorder {
    struct store *store;
    struct recorder_settings settings;
    const char *site;
    int64_t run;
    int64_t input; /* of what a run that does not end keeps; 0: none yet */
    struct hunt *hunt;
    uint64_t known;
    bool kept_nothing;
    bool in_batch;
    int64_t batch_began_us;
    uint8_t *bytes; /* PARTIAL_SLOT_MAX, for one piece at a time */
    struct error failure;
};

struct recorder *recorder_open(const struct recorder_settings *settings, struct error *err)
{
    struct recorder *r = calloc(1, sizeof *r);
    uint8_t *bytes = malloc(PARTIAL_SLOT_MAX);
    if (r == NULL || bytes == NULL) {
        free(r);
        free(bytes);
        (void)fail(err, ERROR_SYSTEM, "no memory");
        return NULL;
    }
    r->settings = *settings;
    r->site = settings->site != NULL ? settings->site : "";
    r->bytes = bytes;
    r->store = store_open(settings->path, STORE_WRITE, err);
    const struct store_run run = {.verb = settings->verb,
                                  .site = r->site,
                                  .settings = settings->settings,
                                  .began_us = settings->wall_us(settings->context)};
    if (r->store != NULL &&
        ((store_begin(r->store, err) && store_run_begin(r->store, &run, &r->run, err) &&
          store_commit(r->store, err)) ||
         fail_in(err, "%s", settings->path)))
        return r;
    recorder_close(r);
    return NULL;
}

void recorder_close(struct recorder *r)
{
    if (r == NULL)
        return;
    store_close(r->store);
    free(r->bytes);
    free(r);
}

static bool has_failed(const struct recorder *r)
{
    return r->failure.kind != ERROR_NONE;
}

const struct error *recorder_failure(const struct recorder *r)
{
    return has_failed(r) ? &r->failure : NULL;
}

uint64_t recorder_known(const struct recorder *r)
{
    return r->known;
}

bool recorder_kept_nothing(const struct recorder *r)
{
    return r->kept_nothing;
}

void recorder_watch(struct recorder *r, struct hunt *h)
{
    r->hunt = h;
}

/* After the first failure nothing more is tried: what is kept is a whole of some moment. */
static bool begin(struct recorder *r)
{
    return !has_failed(r) && (r->in_batch || store_begin(r->store, &r->failure));
}

static bool end(struct recorder *r, bool good)
{
    if (good && !r->in_batch)
        good = store_commit(r->store, &r->failure);
    if (!good) {
        store_give_up(r->store);
        r->in_batch = false;
    }
    if (!good && !has_failed(r))
        (void)fail(&r->failure, ERROR_SYSTEM, "no memory");
    return good;
}

/* Evidence */

static bool add_slot(struct recorder *r, int64_t input, const struct host_day *day, unsigned d)
{
    struct writer w = writer_over(r->bytes, PARTIAL_SLOT_MAX);
    detectors[d]->save(host_day_slot(day, d), &w);
    if (w.failed)
        return fail(&r->failure, ERROR_LIMIT, "a host's evidence is larger than a store can hold");
    const struct store_evidence e = {.host = day->host,
                                     .day = day->day,
                                     .detector = sign_kind_of(detectors[d]->sign)->id,
                                     .form = detectors[d]->saved_form,
                                     .slot = reader_over(w.start, w.used)};
    return store_evidence_put(r->store, input, &e, &r->failure);
}

static bool add_host_day(struct recorder *r, int64_t input, const struct host_day *day)
{
    bool good = true;
    for (unsigned d = 0; good && d < detector_count; d++)
        if (host_day_tells(day, d))
            good = add_slot(r, input, day, d);
    return good;
}

static bool add_days(struct recorder *r, int64_t input, struct hosts *hosts)
{
    size_t count;
    struct host_day *const *days = hosts_sorted(hosts, &count);
    bool good = days != NULL;
    for (size_t i = 0; good && i < count; i++)
        good = add_host_day(r, input, days[i]);
    return good;
}

static struct store_input input_of(struct recorder *r, const struct hunt_part *part)
{
    struct writer w = writer_over(r->bytes, PARTIAL_HEAD_MAX);
    partial_save_head(&w, part);
    return (struct store_input){.number = r->input,
                                .site = r->site,
                                .name = part->totals->name,
                                .format = part->totals->format,
                                .records = part->totals->records,
                                .bytes = part->totals->bytes,
                                .damage = part->totals->damage_count,
                                .head = reader_over(w.start, w.used)};
}

static bool add_part(struct recorder *r, const struct hunt_part *part)
{
    uint8_t key[STORE_KEY_BYTES];
    int64_t number;
    bool is_known;
    struct store_input input = input_of(r, part);
    if (part->digest_known) {
        struct writer w = writer_over(key, sizeof key);
        struct digest digest = hunt_part_key(part);
        write_le64(&w, digest.low);
        write_le64(&w, digest.high);
        input.key = key;
    }
    if (!store_input_add(r->store, r->run, &input, &number, &is_known, &r->failure))
        return false;
    r->known += is_known;
    return is_known || add_days(r, number, part->hosts);
}

void recorder_add_part(struct recorder *r, const struct hunt_part *part)
{
    /* What could not be read has no evidence; its run says that it is not whole. */
    if (!part->opened || !part->recognised || !begin(r))
        return;
    (void)end(r, add_part(r, part));
}

/* Names */

static bool merge_name(void *context, const struct store_name *found)
{
    struct reader bytes = found->saved;
    return names_load_day(context, &bytes);
}

/* A row of names, with the bytes that it points to. */
struct name_row {
    char address[ADDRESS_TEXT_SIZE], mac[MAC_TEXT_SIZE];
    uint8_t bytes[NAME_DAY_BYTES_MAX];
    struct store_name name;
};

static bool name_row_of(const struct recorder *r, const struct name_day *day, struct name_row *out)
{
    struct writer w = writer_over(out->bytes, sizeof out->bytes);
    name_day_save(&w, day);
    out->name = (struct store_name){
        .site = r->site,
        .subject = name_day_mac(day) != 0 ? mac_text(name_day_mac(day), out->mac)
                                          : address_text(name_day_address(day), out->address),
        .day = name_day_day(day),
        .saved = reader_over(out->bytes, w.used)};
    return !w.failed;
}

static bool put_merged(void *context, const struct name_day *day)
{
    struct recorder *r = context;
    struct name_row row;
    return name_row_of(r, day, &row) && store_name_put(r->store, &row.name, &r->failure);
}

/* What this run was told joins what is there of the same subject and day. */
static bool add_name(void *context, const struct name_day *day)
{
    struct recorder *r = context;
    struct name_row row;
    struct names *joined = names_new(NAMES_BYTES);
    bool good = joined != NULL && name_row_of(r, day, &row) && merge_name(joined, &row.name) &&
                store_name_get(r->store, &row.name, merge_name, joined, &r->failure) &&
                names_each(joined, put_merged, r);
    names_free(joined);
    return good;
}

static void add_damage(struct input_totals *all, const struct input_totals *one)
{
    size_t listed = one->damage_count < INPUT_DAMAGES_MAX ? (size_t)one->damage_count
                                                          : INPUT_DAMAGES_MAX;
    for (size_t i = 0; i < listed && all->damage_count + i < INPUT_DAMAGES_MAX; i++) {
        struct input_damage *damage = &all->damage[all->damage_count + i];
        struct text reason = text_over(damage->reason, sizeof damage->reason);
        text_add(&reason, "%s: %s", one->name, one->damage[i].reason);
        damage->offset = one->damage[i].offset;
    }
    all->damage_count += one->damage_count;
}

/* What a watch sees goes into the same slots wherever it comes from, so all of it is one input. */
static struct input_totals totals_of_all(const struct hunt *h, struct text *names)
{
    struct input_totals all = {.name = names->start};
    if (h->input_count == 1)
        return h->inputs[0];
    for (size_t i = 0; i < h->input_count; i++) {
        const struct input_totals *one = &h->inputs[i];
        text_add(names, "%s%s", i > 0 ? ", " : "", one->name);
        all.format = all.format != NULL ? all.format : one->format;
        all.records += one->records;
        all.bytes += one->bytes;
        add_damage(&all, one);
    }
    return all;
}

static bool input_of_all(struct recorder *r)
{
    struct hunt *h = r->hunt;
    char buffer[PARTIAL_NAME_SIZE];
    struct text names = text_over(buffer, sizeof buffer);
    struct input_totals all = totals_of_all(h, &names);
    struct hunt_part part = {.totals = &all,
                             .since_us = h->settings->since_us,
                             .until_us = h->settings->until_us,
                             .sampling = h->sampling,
                             .opened = true,
                             .recognised = true,
                             .counts = h->counts,
                             .hosts = h->hosts};
    bool is_known;
    if (h->input_count == 0)
        return true;
    struct store_input input = input_of(r, &part);
    return r->input != 0
               ? store_input_set(r->store, &input, &r->failure)
               : store_input_add(r->store, r->run, &input, &r->input, &is_known, &r->failure);
}

void recorder_add_days(struct recorder *r, struct host_day *const *days, size_t count)
{
    if (!begin(r))
        return;
    bool good = input_of_all(r);
    for (size_t i = 0; good && r->input != 0 && i < count; i++)
        good = add_host_day(r, r->input, days[i]);
    (void)end(r, good);
}

void recorder_add_all(struct recorder *r)
{
    struct hunt *h = r->hunt;
    if (!begin(r))
        return;
    bool good = h->keeps_parts ||
                (input_of_all(r) && (r->input == 0 || add_days(r, r->input, h->hosts)));
    (void)end(r, good && names_each(h->names, add_name, r));
}

/* Verdicts */

/* What a report writes of one verdict or summary: the caller frees it. NULL without memory. */
static char *json_line(bool (*write)(struct report *r, const void *what), const void *what)
{
    char *line = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&line, &size);
    if (out == NULL)
        return NULL;
    struct report json = {.format = &report_json, .out = out};
    bool good = report_json.begin(&json) && write(&json, what);
    if (fclose(out) != 0 || !good) {
        free(line);
        return NULL;
    }
    size_t length = strcspn(line, "\n");
    line[length] = '\0';
    return line;
}

static bool write_host(struct report *r, const void *what)
{
    return r->format->host(r, what);
}

static bool write_end(struct report *r, const void *what)
{
    return r->format->end(r, what);
}

static const char *variants_text(unsigned variants, char buffer[static TEXT_SIZE])
{
    struct text text = text_over(buffer, TEXT_SIZE);
    variants_list(&text, variants, ",");
    return buffer;
}

static const char *marks_text(unsigned marks, char buffer[static TEXT_SIZE])
{
    struct text text = text_over(buffer, TEXT_SIZE);
    marks_list(&text, marks, ",");
    return buffer;
}

static bool put_verdict(struct recorder *r, const struct verdict *v)
{
    char variants[TEXT_SIZE], marks[TEXT_SIZE];
    /* Of whom nothing is known there is no more to say than the reason, and these are the many. */
    bool has_line = v->kind != VERDICT_UNKNOWN || v->sign_count > 0;
    char *line = has_line ? json_line(write_host, v) : NULL;
    const struct store_verdict row = {.host = v->host,
                                      .home = v->home,
                                      .verdict = verdict_kind_text(v->kind),
                                      .variants = variants_text(v->variants, variants),
                                      .marks = marks_text(v->marks, marks),
                                      .says = v->says[0] != '\0' ? v->says : v->reason,
                                      .proof = v->proof,
                                      .weight = v->weight,
                                      .first_us = v->first_us,
                                      .last_us = v->last_us,
                                      .line = line};
    bool good = (line != NULL || !has_line) &&
                store_verdict_put(r->store, r->run, &row, &r->failure);
    free(line);
    return good;
}

/* The names are part of the store's tables. */
static const char *hearing_text(enum hearing hearing)
{
    static const char *const texts[] = {[HEARING_UNASKED] = "unasked",
                                        [HEARING_LOCAL] = "local",
                                        [HEARING_SILENT] = "silent",
                                        [HEARING_REFUSED] = "refused",
                                        [HEARING_SOME] = "some"};
    return texts[hearing];
}

static int64_t now_us(const struct recorder *r)
{
    return r->settings.wall_us(r->settings.context);
}

static bool put_answers(struct recorder *r, const struct verdict *v)
{
    char ratio[RATIO_SIZE], reason[VERDICT_REASON_SIZE];
    struct writer w = writer_over(r->bytes, HOST_ANSWERS_BYTES_MAX);
    struct text p2p = text_over(ratio, sizeof ratio), smb = text_over(reason, sizeof reason);
    host_answers_save(&w, v);
    text_add(&p2p, "%zu/%zu", checks_count(v->checks, v->check_count, CHECK_INFECTED),
             v->check_count);
    if (v->smb != NULL)
        smb_check_say_reason(v->smb, &smb);
    const struct store_answers a = {.host = v->host,
                                    .when_us = v->last_us != TIME_NONE ? v->last_us : now_us(r),
                                    .hearing = hearing_text(v->hearing),
                                    .p2p = v->check_count > 0 ? ratio : NULL,
                                    .smb = v->smb != NULL ? smb_result_text(smb_result_of(v->smb))
                                                          : NULL,
                                    .reason = v->smb != NULL ? reason : NULL,
                                    .saved = reader_over(w.start, w.used)};
    return !w.failed && store_answers_put(r->store, r->run, &a, &r->failure);
}

static bool record_begin(struct report *report)
{
    struct recorder *r = report->state;
    if (r->settings.host_by_host || has_failed(r))
        return !has_failed(r);
    r->in_batch = store_begin(r->store, &r->failure);
    return r->in_batch;
}

static void end_batch(struct recorder *r)
{
    r->in_batch = false;
    (void)end(r, true);
}

void recorder_tick(struct recorder *r)
{
    if (!r->in_batch || !r->settings.host_by_host)
        return;
    int64_t age_us = now_us(r) - r->batch_began_us;
    if (age_us < 0 || age_us >= BATCH_US)
        end_batch(r);
}

/* The transaction stays open for the next host, unless this one is grave. */
static void keep_open(struct recorder *r, const struct verdict *v)
{
    if (!r->in_batch)
        r->batch_began_us = now_us(r);
    r->in_batch = true;
    if (v->kind <= VERDICT_SUSPICIOUS)
        end_batch(r);
    else
        recorder_tick(r);
}

static bool record_host(struct report *report, const struct verdict *v)
{
    struct recorder *r = report->state;
    if (!begin(r))
        return false;
    bool good = put_verdict(r, v);
    if (good && v->hearing != HEARING_UNASKED)
        good = put_answers(r, v);
    if (good && r->settings.host_by_host) {
        keep_open(r, v);
        return !has_failed(r);
    }
    return end(r, good);
}

static bool record_edge(struct report *report, const struct infection *i)
{
    struct recorder *r = report->state;
    char variants[TEXT_SIZE];
    const struct store_edge edge = {.from = i->from,
                                    .to = i->to,
                                    .when_us = i->when_us,
                                    .cause = i->cause,
                                    .variants = variants_text(i->variants, variants),
                                    .says = i->says};
    return begin(r) && end(r, store_edge_put(r->store, r->run, &edge, &r->failure));
}

/* A run that reads inputs, and found none that it can read. */
static bool has_read_nothing(const struct totals *t)
{
    bool any = t->scan != NULL;
    for (size_t i = 0; !any && i < t->input_count; i++)
        any = t->inputs[i].format != NULL;
    return !any;
}

static bool take_out(struct recorder *r)
{
    r->kept_nothing = end(r, store_run_forget(r->store, r->run, &r->failure));
    return r->kept_nothing;
}

static bool record_end(struct report *report, const struct totals *t)
{
    struct recorder *r = report->state;
    if (!begin(r))
        return false;
    r->in_batch = false;
    if (has_read_nothing(t))
        return take_out(r);
    char *summary = json_line(write_end, t);
    bool good = summary != NULL &&
                store_run_end(r->store, r->run, now_us(r), t->complete, summary, &r->failure);
    free(summary);
    return end(r, good);
}

static const struct report_format format = {
    .id = "store",
    .claim = "The store that outlives the run.",
    .begin = record_begin,
    .host = record_host,
    .edge = record_edge,
    .end = record_end,
};

struct report recorder_report(struct recorder *r)
{
    return (struct report){.format = &format, .state = r};
}
