/* One loop over all that is watched. A look at the evidence happens between two records, when no
 * detector holds a slot. */
#include "engine/watch.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "base/writer.h"
#include "engine/hunt_inside.h"
#include "engine/recorder.h"
#include "source/input.h"

enum {
    WAIT_MS_MAX = 200, /* a signal that comes just before the wait is seen after it */
    LOOK_SHARE = 20,   /* looking takes no more than one in so many of the time */
    BEHIND_TURNS = 16, /* in each 4 MB: more than the kernel keeps for one interface */
    KEEP_EVERY_S = 60, /* a crash loses what came since; no more of the time than looking */
    NAME_SHOWN = 300,
    SAY_SIZE = ERROR_TEXT_SIZE + NAME_SHOWN + 64
};

/* One server or interface, and the stream that it gives now. */
struct line {
    const char *name;
    const struct live_kind *kind;
    void *live;
    struct input_totals *totals;
    bool given_up, was_lost, is_open, has_missed;
    struct error why; /* the latest that went wrong */
    /* While it is open: */
    struct input *in;
    const struct source_format *format;
    void *source;
    struct hunt_part part;
};

struct watch {
    struct hunt *hunt;
    const struct watch_settings *settings;
    struct report *reports;
    size_t report_count;
    struct line lines[WATCH_LINES_MAX];
    size_t line_count;
    uint64_t closed_records;  /* of streams that are closed */
    uint64_t looked_at;       /* records at the last look */
    int64_t look_us, keep_us; /* of the next look, and when all is kept in the store */
    int32_t oldest;
    bool written;
};

static int64_t now_us(const struct watch *w)
{
    return w->settings->now_us(w->settings->context);
}

static void say(const struct watch *w, const struct line *l, const char *text)
{
    char buffer[SAY_SIZE];
    struct text line = text_over(buffer, sizeof buffer);
    text_add(&line, "%.*s: %s", NAME_SHOWN, l->name, text);
    w->settings->say(w->settings->context, buffer);
}

static uint64_t records_of(const struct line *l)
{
    struct source_counts counts = {0};
    if (l->is_open)
        l->format->counts(l->source, &counts);
    return counts.records;
}

static struct watch_progress progress_of(const struct watch *w)
{
    struct watch_progress now = {.records = w->closed_records};
    for (size_t i = 0; i < w->line_count; i++) {
        now.records += records_of(&w->lines[i]);
        now.lines_heard += w->lines[i].is_open;
    }
    return now;
}

static bool has_records(const struct line *l)
{
    size_t visible;
    (void)input_peek(l->in, 0, &visible);
    return visible > 0 || l->kind->ready(l->live);
}

/* What has come and is not read. A source that finds damage in whole records says so and goes on,
 * or ends the stream. False: it has ended. */
static bool pour(struct watch *w, struct line *l)
{
    struct error err;
    while (has_records(l)) {
        switch (l->format->next(l->source, &w->hunt->sink.sink, &err)) {
        case SOURCE_MORE:
            break;
        case SOURCE_SKIPPED:
            hunt_note_damage(l->totals, input_offset(l->in), err.text);
            break;
        case SOURCE_END:
        case SOURCE_DAMAGED:
            return false;
        }
    }
    return true;
}

static bool open_stream(struct watch *w, struct line *l, struct error *err)
{
    struct source_settings settings = {.since_us = w->hunt->settings->since_us,
                                       .until_us = w->hunt->settings->until_us};
    l->in = l->kind->input(l->live, err);
    if (l->in == NULL)
        return false;
    l->format = source_format_for(l->in);
    l->source = NULL;
    if (l->format == NULL)
        (void)fail(err, ERROR_FORMAT, "no format that is known here");
    else
        l->source = l->format->open(l->in, &settings, err);
    if (l->source == NULL || !hunt_part_begin(w->hunt, &l->part, l->totals)) {
        input_close(l->in);
        return false;
    }
    l->totals->format = l->format->format(l->source);
    l->part.opened = l->part.recognised = true;
    l->is_open = true;
    return true;
}

/* Said when it begins, and with its number at the end. */
static void note_missed(struct watch *w, struct line *l)
{
    if (l->kind->missed == NULL || l->kind->missed(l->live) == 0 || l->has_missed)
        return;
    l->has_missed = w->hunt->incomplete = true;
    say(w, l, "packets come faster than they can be judged, and are lost");
}

static void damage_missed(struct watch *w, struct line *l)
{
    char text[96];
    uint64_t missed = l->kind->missed != NULL ? l->kind->missed(l->live) : 0;
    if (missed == 0)
        return;
    w->hunt->incomplete = true;
    (void)snprintf(text, sizeof text,
                   "%" PRIu64 " packet%s lost, as more came than could be judged", missed,
                   missed == 1 ? " was" : "s were");
    hunt_note_damage(l->totals, input_offset(l->in), text);
}

static void close_stream(struct watch *w, struct line *l)
{
    if (!l->is_open)
        return;
    damage_missed(w, l);
    l->format->counts(l->source, &l->part.counts);
    l->totals->records += l->part.counts.records;
    l->totals->bytes += l->part.counts.bytes;
    w->closed_records += l->part.counts.records;
    l->format->close(l->source);
    input_close(l->in);
    hunt_part_end(w->hunt, &l->part);
    hunt_part_join(w->hunt, &l->part);
    l->is_open = false;
}

/* Silence is no clean network. */
static void note_silence(struct watch *w, const struct line *l)
{
    if (l->totals->format == NULL || l->totals->records > 0 || l->kind->silent == NULL)
        return;
    hunt_note_damage(l->totals, 0, l->kind->silent);
    w->hunt->incomplete = true;
}

/* A server of which nothing ever came is an input that could not be opened. */
static void close_line(struct watch *w, struct line *l)
{
    close_stream(w, l);
    note_silence(w, l);
    if (l->totals->format == NULL && hunt_part_begin(w->hunt, &l->part, l->totals)) {
        hunt_note_damage(l->totals, 0,
                         l->why.kind != ERROR_NONE ? l->why.text : "no answer before the end");
        hunt_part_end(w->hunt, &l->part);
        hunt_part_join(w->hunt, &l->part);
    }
    l->kind->close(l->live);
    l->live = NULL;
}

static void began(struct watch *w, struct line *l)
{
    struct error err = {0};
    if (!open_stream(w, l, &err)) {
        say(w, l, err.text);
        l->why = err;
        l->given_up = true;
        return;
    }
    char buffer[ERROR_TEXT_SIZE];
    struct text text = text_over(buffer, sizeof buffer);
    text_add(&text, "%s%s", l->kind->began, l->was_lost ? " again" : "");
    const char *lack = l->kind->lack != NULL ? l->kind->lack(l->live) : "";
    if (*lack != '\0')
        text_add(&text, "; %s", lack);
    say(w, l, buffer);
}

/* Between two connections records may have passed: so a stream that was lost is damage. */
static void lost(struct watch *w, struct line *l, const struct error *err, bool for_good)
{
    char buffer[ERROR_TEXT_SIZE + 64];
    struct text text = text_over(buffer, sizeof buffer);
    l->why = *err;
    l->given_up = for_good;
    text_add(&text, "%s; ", err->text);
    if (for_good)
        text_add(&text, "given up");
    else
        text_add(&text, "the next attempt is in %u s", l->kind->pause_s(l->live));
    say(w, l, buffer);
    if (l->is_open || (for_good && l->totals->format != NULL)) {
        uint64_t bytes = l->totals->bytes + (l->is_open ? input_offset(l->in) : 0);
        hunt_note_damage(l->totals, bytes, err->text);
    }
    l->was_lost |= l->is_open;
    close_stream(w, l);
    w->hunt->incomplete |= l->was_lost;
}

static void step(struct watch *w, struct line *l)
{
    struct error err = {0};
    switch (l->kind->step(l->live, now_us(w), &err)) {
    case LIVE_NOTHING:
        break;
    case LIVE_BEGAN:
        began(w, l);
        break;
    case LIVE_RECORDS:
        if (!l->is_open || pour(w, l))
            break;
        (void)fail(&err, ERROR_FORMAT, "its records cannot be read any further");
        lost(w, l, &err, true);
        break;
    case LIVE_LOST:
        lost(w, l, &err, false);
        break;
    case LIVE_GIVEN_UP:
        lost(w, l, &err, true);
        break;
    }
}

/* True while one is left that may still tell something. */
static bool step_all(struct watch *w)
{
    bool any = false;
    for (size_t i = 0; i < w->line_count; i++) {
        struct line *l = &w->lines[i];
        if (!l->given_up)
            step(w, l);
        note_missed(w, l);
        any |= !l->given_up;
    }
    return any;
}

static bool is_any_ready(const struct watch *w)
{
    for (size_t i = 0; i < w->line_count; i++)
        if (!w->lines[i].given_up && w->lines[i].kind->ready(w->lines[i].live))
            return true;
    return false;
}

static void wait_for_more(const struct watch *w)
{
    struct pollfd wanted[WATCH_LINES_MAX];
    int64_t now = now_us(w), until = now + (int64_t)WAIT_MS_MAX * 1000;
    if (is_any_ready(w))
        return;
    for (size_t i = 0; i < w->line_count; i++) {
        const struct line *l = &w->lines[i];
        wanted[i] = l->kind->poll(l->live);
        int64_t due = l->given_up ? INT64_MAX : l->kind->due_us(l->live);
        if (l->given_up)
            wanted[i].fd = -1;
        until = due < until ? due : until;
    }
    int64_t wait_us = until > now ? until - now : 0;
    (void)poll(wanted, (nfds_t)w->line_count, (int)((wait_us + 999) / 1000));
}

bool watch_let_go(struct hunt *h, unsigned keep_days, int64_t wall_us, int32_t *oldest)
{
    int32_t latest;
    if (!hosts_latest_day(h->hosts, day_of(wall_us) + 1, &latest))
        return true;
    int32_t first = latest - (int32_t)keep_days + 1;
    if (first <= *oldest)
        return true;
    *oldest = first;
    return hunt_let_go_before(h, first);
}

static bool look(struct watch *w, uint64_t records, struct error *err)
{
    const struct watch_settings *s = w->settings;
    int64_t began_us = now_us(w);
    uint64_t said = w->hunt->told->said;
    bool written;
    if (!watch_let_go(w->hunt, s->keep_days, s->wall_us(s->context), &w->oldest) ||
        !hunt_look(w->hunt, w->reports, w->report_count, &written))
        return fail(err, ERROR_SYSTEM, "no memory to judge what was seen");
    w->written &= written;
    w->looked_at = records;
    int64_t took_us = now_us(w) - began_us, slowly_us = took_us * LOOK_SHARE;
    w->look_us = began_us + (slowly_us > s->look_every_us ? slowly_us : s->look_every_us);
    if (w->hunt->told->said > said)
        s->looked(s->context);
    return true;
}

static void keep(struct watch *w)
{
    int64_t began_us = now_us(w);
    if (w->hunt->recorder == NULL || began_us < w->keep_us)
        return;
    recorder_add_all(w->hunt->recorder);
    int64_t now = now_us(w), slowly_us = (now - began_us) * LOOK_SHARE;
    w->keep_us = now + (slowly_us > KEEP_EVERY_S * US_PER_SECOND ? slowly_us
                                                                 : KEEP_EVERY_S * US_PER_SECOND);
}

/* Whether more waits than was taken. */
static bool is_behind(const struct watch *w)
{
    for (size_t i = 0; i < w->line_count; i++)
        if (w->lines[i].is_open && w->lines[i].kind->due_us(w->lines[i].live) == INT64_MIN)
            return true;
    return false;
}

/* What came before the end is given a little later. What comes meanwhile may not keep us. */
static void run_out(struct watch *w)
{
    int64_t now = now_us(w), until = now;
    unsigned turns = 0;
    for (size_t i = 0; i < w->line_count; i++)
        if (w->lines[i].is_open && until < now + w->lines[i].kind->late_us)
            until = now + w->lines[i].kind->late_us;
    while (now_us(w) < until || (is_behind(w) && turns++ < BEHIND_TURNS)) {
        if (!step_all(w))
            return;
        wait_for_more(w);
    }
}

static bool run(struct watch *w, struct error *err)
{
    const struct watch_settings *s = w->settings;
    w->look_us = now_us(w) + s->look_every_us;
    w->keep_us = now_us(w) + KEEP_EVERY_S * US_PER_SECOND;
    for (;;) {
        bool any = step_all(w);
        struct watch_progress now = progress_of(w);
        bool is_over = s->is_over(s->context, &now);
        if (is_over && w->written)
            run_out(w);
        if (is_over || !any || !w->written)
            return true;
        if (now.records > w->looked_at && now_us(w) >= w->look_us && !look(w, now.records, err))
            return false;
        keep(w);
        wait_for_more(w);
    }
}

static bool add_lines(struct watch *w, struct error *err)
{
    struct hunt *h = w->hunt;
    bool good = true;
    for (size_t i = 0; good && i < w->settings->line_count; i++) {
        const struct watch_line *wanted = &w->settings->lines[i];
        struct line *l = &w->lines[i];
        l->name = wanted->name;
        l->kind = wanted->kind;
        l->live = l->kind->open(wanted->what);
        good = l->live != NULL && hunt_add_input(h, l->name) != NULL;
        w->line_count += good;
        if (!good)
            l->kind->close(l->live);
    }
    /* Only now no row moves any more. */
    for (size_t i = 0; i < w->line_count; i++)
        w->lines[i].totals = &h->inputs[h->input_count - w->line_count + i];
    return good || fail(err, ERROR_SYSTEM, "no memory");
}

bool watch_run(struct hunt *h, const struct watch_settings *settings, struct report *reports,
               size_t report_count, bool *written, struct error *err)
{
    struct watch *w = calloc(1, sizeof *w);
    h->told = calloc(1, sizeof *h->told);
    if (w == NULL || h->told == NULL) {
        free(w);
        return fail(err, ERROR_SYSTEM, "no memory");
    }
    *w = (struct watch){.hunt = h,
                        .settings = settings,
                        .reports = reports,
                        .report_count = report_count,
                        .oldest = INT32_MIN,
                        .written = true};
    for (size_t i = 0; i < report_count; i++)
        w->written &= reports[i].format->begin(&reports[i]);
    bool good = add_lines(w, err) && run(w, err);
    for (size_t i = 0; i < w->line_count; i++)
        close_line(w, &w->lines[i]);
    *written = w->written;
    free(w);
    return good;
}
