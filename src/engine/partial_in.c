/* Reading evidence files, which come from strangers. The digest finds what came to harm; what was
 * made to harm is found by checking each field as if there were none. */
#include "engine/partial.h"

#include <assert.h>
#include <string.h>

#include "base/time.h"
#include "base/writer.h"
#include "detect/detector.h"
#include "evidence/names.h"
#include "evidence/saving.h"

enum { SAMPLING_MAX = 1000000, HOST_DAY_BYTES_MIN = 21, NAME_DAY_BYTES_MIN = 2 };

/* 0000-01-01 and 9999-12-31 */
enum { DAY_FIRST = -719528, DAY_LAST = 2932896 };

bool partial_recognises(const uint8_t *start, size_t size)
{
    struct reader r = reader_over(start, size);
    return read_le32(&r) == PARTIAL_MAGIC;
}

static bool fail_at(const struct partial_in *p, const struct reader *from, struct error *err,
                    const char *reason)
{
    return fail(err, ERROR_FORMAT, "offset %zu: %s", p->size - from->left, reason);
}

int partial_detector_named(const char *id, unsigned saved_form)
{
    for (unsigned d = 0; d < detector_count; d++)
        if (strcmp(sign_kind_of(detectors[d]->sign)->id, id) == 0 &&
            detectors[d]->saved_form == saved_form && detectors[d]->load != NULL)
            return (int)d;
    return -1;
}

static void load_head(struct partial_in *p)
{
    struct reader *r = &p->rest;
    p->id_count = read_u8(r);
    load_demand(r, p->id_count <= PARTIAL_IDS_MAX);
    for (unsigned i = 0; i < p->id_count && !r->failed; i++) {
        char id[PARTIAL_ID_SIZE];
        load_printable(r, id, sizeof id);
        p->detector_of[i] = partial_detector_named(id, read_le16(r));
        for (unsigned before = 0; before < i; before++)
            load_demand(r, p->detector_of[i] < 0 || p->detector_of[before] != p->detector_of[i]);
    }
}

bool partial_in_open(struct partial_in *p, const void *bytes, size_t size,
                     const struct hosts_limits *limits, struct error *err)
{
    memset(p, 0, sizeof *p);
    p->limits = *limits;
    p->size = size;
    p->rest = reader_over(bytes, size);
    if (!partial_recognises(bytes, size))
        return fail_at(p, &p->rest, err, "this is no evidence file");
    read_skip(&p->rest, sizeof(uint32_t));
    struct reader from = p->rest;
    uint16_t form = read_le16(&p->rest);
    if (p->rest.failed || p->rest.left < DIGEST_BYTES)
        return fail_at(p, &from, err, "the file is cut");
    if (form != PARTIAL_FORM && form != PARTIAL_NAMELESS)
        return fail(err, ERROR_FORMAT,
                    "offset 4: it is of form %u, and this build reads forms %d and %d", form,
                    PARTIAL_NAMELESS, PARTIAL_FORM);
    p->is_nameless = form == PARTIAL_NAMELESS;
    p->size = size - DIGEST_BYTES;
    p->rest = read_part(&p->rest, p->rest.left - DIGEST_BYTES);
    struct reader all = reader_over(bytes, size), digest = all;
    const uint8_t *body = read_bytes(&all, p->size);
    read_skip(&digest, p->size);
    struct digest found = digest_of(body, p->size), said = {.low = read_le64(&digest)};
    said.high = read_le64(&digest);
    if (!digest_equal(found, said))
        return fail(err, ERROR_FORMAT,
                    "offset %zu: the digest does not hold: the file is cut or "
                    "was changed",
                    p->size);
    from = p->rest;
    load_head(p);
    return !p->rest.failed || fail_at(p, &from, err, "the list of detectors cannot be so");
}

static bool is_interruption(const char *reason)
{
    return strcmp(reason, PARTIAL_INTERRUPTED) == 0 ||
           strcmp(reason, PARTIAL_INTERRUPTED_BEFORE) == 0 ||
           strcmp(reason, PARTIAL_UNREAD_BEFORE) == 0;
}

/* The last damage that is listed may be none. */
static void take_interruption(struct input_totals *t)
{
    size_t listed = t->damage_count < INPUT_DAMAGES_MAX ? (size_t)t->damage_count
                                                        : INPUT_DAMAGES_MAX;
    if (listed == 0 || !is_interruption(t->damage[listed - 1].reason))
        return;
    t->interrupted = true;
    t->interrupted_at = t->damage[listed - 1].offset;
    t->damage_count--;
    /* Of more than are listed, one gave its place. */
    if (t->damage_count >= listed)
        (void)snprintf(t->damage[listed - 1].reason, sizeof t->damage[0].reason,
                       "and more, which are not listed");
}

static void load_totals(struct partial_in *p, struct reader *r)
{
    struct input_totals *t = &p->totals;
    memset(t, 0, sizeof *t);
    load_text(r, p->name, sizeof p->name);
    load_printable(r, p->format, sizeof p->format);
    t->name = p->name;
    t->format = p->format[0] != '\0' ? p->format : NULL;
    t->records = load_count(r);
    t->bytes = load_count(r);
    t->damage_count = load_count(r);
    for (size_t i = 0; i < t->damage_count && i < INPUT_DAMAGES_MAX; i++) {
        t->damage[i].offset = load_count(r);
        load_text(r, t->damage[i].reason, sizeof t->damage[i].reason);
    }
    take_interruption(t);
}

static void load_identity(struct hunt_part *part, struct reader *r)
{
    part->digest_known = load_bool(r);
    part->digest.low = read_le64(r);
    part->digest.high = read_le64(r);
    part->size = load_count(r);
    part->since_us = (int64_t)read_le64(r);
    part->until_us = (int64_t)read_le64(r);
    part->sampling = read_le32(r);
    part->sites = read_le64(r);
    load_demand(r, part->sampling >= 1 && part->sampling <= SAMPLING_MAX);
}

static void load_counts(struct source_counts *c, struct reader *r)
{
    uint64_t *const counts[] = {&c->records,
                                &c->bytes,
                                &c->frames_damaged,
                                &c->frames_unknown_link,
                                &c->frames_without_time,
                                &c->odd_times,
                                &c->packets,
                                &c->mirrored,
                                &c->dns_damaged,
                                &c->flows,
                                &c->flows_let_go,
                                &c->heads_let_go,
                                &c->fragments_let_go,
                                &c->archives,
                                &c->archives_without_data,
                                &c->smb_cut,
                                &c->records_damaged,
                                &c->records_passed_over};
    for (size_t i = 0; i < COUNT_OF(counts); i++)
        *counts[i] = load_count(r);
    c->unknown_link = read_le32(r);
}

static void load_home(struct home_counts *home, struct reader *r)
{
    home->begun = load_count(r);
    home->looked_at = load_count(r);
    for (size_t i = 0; i < HOME_CANDIDATES; i++) {
        struct home_candidate *c = &home->candidates[i];
        if (!load_bool(r))
            continue;
        c->net.base = load_address(r);
        c->net.bits = read_u8(r);
        c->count = load_count(r);
        load_demand(r, c->net.bits <= 128 && c->count > 0 && c->count <= home->looked_at);
    }
}

bool partial_load_slot(struct hosts *hosts, unsigned detector, struct address host, int32_t day,
                       struct reader *bytes)
{
    struct watcher w = {.hosts = hosts, .detector = detector, .sampling = 1};
    uint64_t refused = hosts_refused(hosts);
    void *slot = hosts_slot(hosts, detector, host, day);
    if (slot == NULL)
        return true;
    return detectors[detector]->load(&w, slot, bytes) &&
           (bytes->left == 0 || hosts_refused(hosts) > refused);
}

static bool load_slot(struct partial_in *p, struct hosts *hosts, struct address host, int32_t day,
                      int *before, struct reader *r)
{
    int number = read_u8(r);
    load_demand(r, number > *before && (unsigned)number < p->id_count);
    *before = number;
    struct reader bytes = read_part(r, read_le32(r));
    if (r->failed)
        return false;
    if (p->detector_of[number] < 0) {
        p->passed_over++;
        return true;
    }
    return partial_load_slot(hosts, (unsigned)p->detector_of[number], host, day, &bytes);
}

static bool load_host_day(struct partial_in *p, struct hosts *hosts, struct host_day *before,
                          bool is_first, struct error *err)
{
    struct reader *r = &p->rest, from = *r;
    struct address host = load_address(r);
    int32_t day = (int32_t)read_le32(r);
    unsigned slots = read_u8(r);
    int order = address_compare(before->host, host);
    load_demand(r, is_first || order < 0 || (order == 0 && before->day < day));
    load_demand(r, day >= DAY_FIRST && day <= DAY_LAST && slots <= p->id_count);
    if (r->failed)
        return fail_at(p, &from, err, "a host's day that cannot be so, or not here");
    before->host = host;
    before->day = day;
    int number = -1;
    for (unsigned i = 0; i < slots; i++) {
        from = *r;
        if (!load_slot(p, hosts, host, day, &number, r))
            return fail_at(p, &from, err, "a host's evidence that cannot be so");
    }
    return true;
}

static struct hosts *store_for(const struct partial_in *p, struct error *err)
{
    size_t sizes[HOSTS_KINDS_MAX];
    for (unsigned d = 0; d < detector_count; d++)
        sizes[d] = detectors[d]->slot_size;
    struct hosts *hosts = hosts_new(&p->limits, sizes, detector_count);
    if (hosts == NULL)
        (void)fail(err, ERROR_SYSTEM, "no memory");
    return hosts;
}

/* All but the host-days. */
static void load_part_head(struct partial_in *p, struct hunt_part *out)
{
    struct reader *r = &p->rest;
    load_totals(p, r);
    load_identity(out, r);
    out->opened = load_bool(r);
    out->recognised = load_bool(r);
    out->unrecognised = load_bool(r);
    load_counts(&out->counts, r);
    load_home(&out->home, r);
    out->refused = load_count(r);
    out->lost_look_ups = load_count(r);
    load_set(hosts_sets(out->hosts), hosts_met_set(out->hosts), r);
}

static bool load_part(struct partial_in *p, struct hunt_part *out, struct error *err)
{
    struct reader from = p->rest;
    load_part_head(p, out);
    uint64_t days = load_count(&p->rest);
    load_demand(&p->rest, days <= p->rest.left / HOST_DAY_BYTES_MIN);
    if (p->rest.failed)
        return fail_at(p, &from, err, "an input's counts that cannot be so");
    struct host_day before = {0};
    for (uint64_t i = 0; i < days; i++)
        if (!load_host_day(p, out->hosts, &before, i == 0, err))
            return false;
    return true;
}

bool partial_load_head(struct partial_in *p, struct reader bytes, const struct hosts_limits *limits,
                       struct hunt_part *out, struct error *err)
{
    memset(p, 0, sizeof *p);
    memset(out, 0, sizeof *out);
    p->limits = *limits;
    p->rest = bytes;
    out->totals = &p->totals;
    out->hosts = store_for(p, err);
    if (out->hosts == NULL)
        return false;
    load_part_head(p, out);
    load_demand(&p->rest, p->rest.left == 0);
    if (!p->rest.failed)
        return true;
    hosts_free(out->hosts);
    out->hosts = NULL;
    return fail(err, ERROR_FORMAT, "an input's counts that cannot be so");
}

/* What was told of one subject on one day; they ascend. */
static bool load_name_day(struct partial_in *p, struct names *into, struct name_when *before,
                          bool is_first, struct error *err)
{
    struct reader *r = &p->rest, from = *r;
    size_t size = read_le16(r);
    load_demand(r, size <= NAME_DAY_BYTES_MAX);
    struct reader bytes = read_part(r, size), head = bytes;
    struct name_when now = {.address = load_address(&head)};
    now.mac = read_le64(&head);
    now.day = (int32_t)read_le32(&head);
    load_demand(r, !head.failed && now.day >= DAY_FIRST && now.day <= DAY_LAST);
    load_demand(r, is_first || name_when_goes_before(*before, now));
    *before = now;
    if (r->failed || !names_load_day(into, &bytes))
        return fail_at(p, &from, err, "a host's names that cannot be so, or not here");
    return true;
}

/* Into names of their own where nobody wants them: what they are is looked at all the same. */
static bool load_names(struct partial_in *p, struct error *err)
{
    struct reader from = p->rest;
    struct names *into = p->names != NULL ? p->names : names_new(NAMES_BYTES);
    if (into == NULL)
        return fail(err, ERROR_SYSTEM, "no memory");
    uint64_t refused = load_count(&p->rest), days = load_count(&p->rest);
    load_demand(&p->rest, days <= p->rest.left / NAME_DAY_BYTES_MIN);
    bool good = !p->rest.failed || fail_at(p, &from, err, "a number of names that cannot be so");
    struct name_when before = {0};
    for (uint64_t i = 0; good && i < days; i++)
        good = load_name_day(p, into, &before, i == 0, err);
    if (p->names == NULL)
        names_free(into);
    else if (good)
        names_note_refused(into, refused);
    p->names_met = true;
    return good;
}

static enum partial_step load_end(struct partial_in *p, struct error *err)
{
    struct reader from = p->rest;
    p->incomplete = load_bool(&p->rest);
    load_demand(&p->rest, p->rest.left == 0);
    if (!p->rest.failed)
        return PARTIAL_STEP_END;
    (void)fail_at(p, &from, err, "an end that cannot be so");
    return PARTIAL_STEP_DAMAGED;
}

enum partial_step partial_in_next(struct partial_in *p, struct hunt_part *out, struct error *err)
{
    struct reader from = p->rest;
    memset(out, 0, sizeof *out);
    uint8_t what = read_u8(&p->rest);
    if (!p->rest.failed && what == PARTIAL_NAMES && !p->is_nameless) {
        if (!load_names(p, err))
            return PARTIAL_STEP_DAMAGED;
        from = p->rest;
        what = read_u8(&p->rest);
    }
    /* The names stand between the last input and the end. */
    bool ends = p->names_met || p->is_nameless;
    if (!p->rest.failed && what == PARTIAL_END && ends)
        return load_end(p, err);
    if (p->rest.failed || what != PARTIAL_PART || p->names_met) {
        (void)fail_at(p, &from, err, "neither an input nor the names and the end");
        return PARTIAL_STEP_DAMAGED;
    }
    out->totals = &p->totals;
    out->hosts = store_for(p, err);
    if (out->hosts != NULL && load_part(p, out, err))
        return PARTIAL_STEP_PART;
    hosts_free(out->hosts);
    out->hosts = NULL;
    return PARTIAL_STEP_DAMAGED;
}
