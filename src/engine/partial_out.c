/* Writing evidence files: each piece is put together in a buffer, digested and written. */
#include "engine/partial.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/writer.h"
#include "detect/detector.h"
#include "evidence/names.h"
#include "evidence/saving.h"

enum { PIECE_MAX = PARTIAL_SLOT_MAX + 64 };

struct partial_out {
    FILE *file;
    struct digester *digester;
    uint8_t *piece, *slot;
    bool too_large;
    int error; /* an errno of the first write that failed, or 0 */
};

static void put(struct partial_out *p, const void *bytes, size_t size)
{
    digester_add(p->digester, bytes, size);
    errno = 0;
    if (p->error == 0 && fwrite(bytes, 1, size, p->file) != size)
        p->error = errno != 0 ? errno : EIO;
}

static void put_piece(struct partial_out *p, const struct writer *w)
{
    p->too_large |= w->failed;
    put(p, w->start, w->used);
}

static void put_head(struct partial_out *p)
{
    struct writer w = writer_over(p->piece, PIECE_MAX);
    write_le32(&w, PARTIAL_MAGIC);
    write_le16(&w, PARTIAL_FORM);
    write_u8(&w, (uint8_t)detector_count);
    for (unsigned d = 0; d < detector_count; d++) {
        save_text(&w, sign_kind_of(detectors[d]->sign)->id);
        write_le16(&w, (uint16_t)detectors[d]->saved_form);
    }
    put_piece(p, &w);
}

static bool can_keep_all(struct error *err)
{
    for (unsigned d = 0; d < detector_count; d++)
        if (detectors[d]->save == NULL || detectors[d]->load == NULL)
            return fail(err, ERROR_LIMIT,
                        "the evidence of %s cannot be kept in a file by this build",
                        sign_kind_of(detectors[d]->sign)->id);
    return true;
}

struct partial_out *partial_out_new(FILE *file, struct error *err)
{
    if (!can_keep_all(err))
        return NULL;
    struct partial_out *p = calloc(1, sizeof *p);
    if (p != NULL) {
        p->file = file;
        p->digester = digester_new();
        p->piece = malloc(PIECE_MAX);
        p->slot = malloc(PARTIAL_SLOT_MAX);
    }
    if (p == NULL || p->digester == NULL || p->piece == NULL || p->slot == NULL) {
        (void)fail(err, ERROR_SYSTEM, "no memory");
        partial_out_free(p);
        return NULL;
    }
    put_head(p);
    return p;
}

void partial_out_free(struct partial_out *p)
{
    if (p == NULL)
        return;
    digester_free(p->digester);
    free(p->piece);
    free(p->slot);
    free(p);
}

static void put_name(struct writer *w, const char *name)
{
    char cut[PARTIAL_NAME_SIZE];
    (void)snprintf(cut, sizeof cut, "%s", name);
    save_text(w, cut);
}

static void put_totals(struct writer *w, const struct input_totals *t)
{
    put_name(w, t->name);
    save_text(w, t->format != NULL ? t->format : "");
    write_le64(w, t->records);
    write_le64(w, t->bytes);
    size_t listed = t->damage_count < INPUT_DAMAGES_MAX ? (size_t)t->damage_count
                                                        : INPUT_DAMAGES_MAX;
    if (t->interrupted && listed == INPUT_DAMAGES_MAX)
        listed--;
    write_le64(w, t->damage_count + t->interrupted);
    for (size_t i = 0; i < listed; i++) {
        write_le64(w, t->damage[i].offset);
        save_text(w, t->damage[i].reason);
    }
    if (t->interrupted) {
        write_le64(w, t->interrupted_at);
        save_text(w, PARTIAL_INTERRUPTED);
    }
}

static void put_identity(struct writer *w, const struct hunt_part *part)
{
    save_bool(w, part->digest_known);
    write_le64(w, part->digest.low);
    write_le64(w, part->digest.high);
    write_le64(w, part->size);
    write_le64(w, (uint64_t)part->since_us);
    write_le64(w, (uint64_t)part->until_us);
    write_le32(w, part->sampling);
    write_le64(w, part->sites);
}

static void put_counts(struct writer *w, const struct source_counts *c)
{
    const uint64_t counts[] = {c->records,
                               c->bytes,
                               c->frames_damaged,
                               c->frames_unknown_link,
                               c->frames_without_time,
                               c->odd_times,
                               c->packets,
                               c->mirrored,
                               c->dns_damaged,
                               c->flows,
                               c->flows_let_go,
                               c->heads_let_go,
                               c->fragments_let_go,
                               c->archives,
                               c->archives_without_data,
                               c->smb_cut,
                               c->records_damaged,
                               c->records_passed_over};
    for (size_t i = 0; i < COUNT_OF(counts); i++)
        write_le64(w, counts[i]);
    write_le32(w, c->unknown_link);
}

static void put_home(struct writer *w, const struct home_counts *home)
{
    write_le64(w, home->begun);
    write_le64(w, home->looked_at);
    for (size_t i = 0; i < HOME_CANDIDATES; i++) {
        const struct home_candidate *c = &home->candidates[i];
        save_bool(w, c->count > 0);
        if (c->count == 0)
            continue;
        save_address(w, c->net.base);
        write_u8(w, (uint8_t)c->net.bits);
        write_le64(w, c->count);
    }
}

static void put_slot(struct partial_out *p, unsigned detector, const void *slot)
{
    struct writer bytes = writer_over(p->slot, PARTIAL_SLOT_MAX);
    detectors[detector]->save(slot, &bytes);
    p->too_large |= bytes.failed;
    struct writer w = writer_over(p->piece, PIECE_MAX);
    write_u8(&w, (uint8_t)detector);
    write_le32(&w, (uint32_t)bytes.used);
    write_bytes(&w, bytes.start, bytes.used);
    put_piece(p, &w);
}

static void put_host_day(struct partial_out *p, const struct host_day *day)
{
    unsigned slots = 0;
    for (unsigned d = 0; d < detector_count; d++)
        slots += host_day_tells(day, d);
    struct writer w = writer_over(p->piece, PIECE_MAX);
    save_address(&w, day->host);
    write_le32(&w, (uint32_t)day->day);
    write_u8(&w, (uint8_t)slots);
    put_piece(p, &w);
    for (unsigned d = 0; d < detector_count; d++)
        if (host_day_tells(day, d))
            put_slot(p, d, host_day_slot(day, d));
}

void partial_save_head(struct writer *w, const struct hunt_part *part)
{
    put_totals(w, part->totals);
    put_identity(w, part);
    save_bool(w, part->opened);
    save_bool(w, part->recognised);
    save_bool(w, part->unrecognised);
    put_counts(w, &part->counts);
    put_home(w, &part->home);
    write_le64(w, part->refused + hosts_refused(part->hosts));
    write_le64(w, part->lost_look_ups);
    save_set(w, hosts_met_set(part->hosts));
}

void partial_out_add(struct partial_out *p, const struct hunt_part *part)
{
    size_t count;
    struct host_day *const *days = hosts_sorted(part->hosts, &count);
    if (days == NULL)
        p->error = ENOMEM;
    struct writer w = writer_over(p->piece, PIECE_MAX);
    write_u8(&w, PARTIAL_PART);
    partial_save_head(&w, part);
    write_le64(&w, count);
    put_piece(p, &w);
    for (size_t i = 0; i < count; i++)
        put_host_day(p, days[i]);
}

static bool put_name_day(void *context, const struct name_day *day)
{
    struct partial_out *p = context;
    struct writer bytes = writer_over(p->slot, NAME_DAY_BYTES_MAX);
    name_day_save(&bytes, day);
    p->too_large |= bytes.failed;
    struct writer w = writer_over(p->piece, PIECE_MAX);
    write_le16(&w, (uint16_t)bytes.used);
    write_bytes(&w, bytes.start, bytes.used);
    put_piece(p, &w);
    return true;
}

void partial_out_names(struct partial_out *p, struct names *names)
{
    struct writer w = writer_over(p->piece, PIECE_MAX);
    write_u8(&w, PARTIAL_NAMES);
    write_le64(&w, names_refused(names));
    write_le64(&w, names_count(names));
    put_piece(p, &w);
    if (!names_each_in_order(names, put_name_day, p))
        p->error = ENOMEM;
}

bool partial_out_end(struct partial_out *p, bool incomplete, struct error *err)
{
    struct writer w = writer_over(p->piece, PIECE_MAX);
    write_u8(&w, PARTIAL_END);
    save_bool(&w, incomplete);
    put_piece(p, &w);
    struct digest digest = digester_digest(p->digester);
    w = writer_over(p->piece, PIECE_MAX);
    write_le64(&w, digest.low);
    write_le64(&w, digest.high);
    put_piece(p, &w);
    errno = 0;
    if (p->error == 0 && fflush(p->file) != 0)
        p->error = errno != 0 ? errno : EIO;
    if (p->error != 0) {
        char text[128];
        bool known = strerror_r(p->error, text, sizeof text) == 0;
        return fail(err, ERROR_SYSTEM, "%s", known ? text : "it cannot be written");
    }
    if (p->too_large)
        return fail(err, ERROR_LIMIT, "a host's evidence is larger than such a file can hold");
    return true;
}
