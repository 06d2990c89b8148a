/* One record at a time: matched, then merged, kept for sorting, or written. */
#include "engine/listing.h"

#include <stdlib.h>
#include <string.h>

struct listing {
    struct sink sink; /* first, so that it can be found from itself */
    const struct listing_settings *settings;
    struct flow_layout layout;
    struct flows_merged *merged;
    struct flows_sorted *sorted;
    struct fast_text out, line;
    struct listing_counts counts;
    bool is_over;
};

static struct listing *listing_of(struct sink *self)
{
    return (
        struct listing *)(void *)self; /* our own struct, of which the sink is the first member */
}

static void stop(struct listing *f)
{
    f->is_over = true;
    if (f->settings->enough != NULL)
        *f->settings->enough = true;
}

static bool flush(struct listing *f)
{
    const struct listing_settings *s = f->settings;
    if (f->out.failed) {
        f->counts.no_memory = true;
        stop(f);
        return false;
    }
    if (f->out.used > 0 && !f->counts.write_failed &&
        !s->write(s->context, f->out.start, f->out.used)) {
        f->counts.write_failed = true;
        stop(f);
    }
    f->out.used = 0;
    return !f->counts.write_failed;
}

static bool write_sorted(void *context, const char *line, size_t size)
{
    struct listing *f = context;
    fast_text_add(&f->out, line, size);
    f->counts.printed++;
    return f->out.used < LISTING_WRITE_BYTES || flush(f);
}

static void print(struct listing *f, const struct flow_record *r)
{
    if (f->sorted != NULL) {
        f->line.used = 0;
        flow_line(&f->layout, r, &f->line);
        if (f->line.failed)
            f->counts.no_memory = true;
        else
            (void)flows_sorted_add(f->sorted, r, f->line.start, f->line.used);
        return;
    }
    flow_line(&f->layout, r, &f->out);
    f->counts.printed++;
    if (f->out.used >= LISTING_WRITE_BYTES || f->out.failed)
        (void)flush(f);
    if (f->settings->most > 0 && f->counts.printed >= f->settings->most)
        stop(f);
}

/* Nothing that a record means is ever poured. */
static bool takes_record(struct sink *self, const struct flow_record *r)
{
    struct listing *f = listing_of(self);
    bool given_up = false;
    if (f->is_over)
        return false;
    f->counts.seen++;
    bool is_selected = selection_holds(f->settings->selection, r, &given_up);
    f->counts.given_up += given_up;
    if (!is_selected)
        return false;
    f->counts.matched++;
    if (f->merged == NULL)
        print(f, r);
    else if (r->kind != FLOW_MANAGEMENT)
        (void)flows_merged_add(f->merged, r);
    return false;
}

struct listing *listing_new(const struct listing_settings *settings, struct error *err)
{
    struct listing *f = calloc(1, sizeof *f);
    if (f != NULL) {
        f->sink = sink_of_nothing;
        f->sink.takes_record = takes_record;
        f->settings = settings;
        f->layout = settings->layout;
        if (merge_keys_any(&settings->keys))
            f->merged = flows_merged_new(&settings->keys, settings->groups_max);
        if (settings->order.count > 0)
            f->sorted = flows_sorted_new(&settings->order, settings->most,
                                         settings->sorted_bytes_max);
    }
    bool good = f != NULL && (f->merged != NULL || !merge_keys_any(&settings->keys)) &&
                (f->sorted != NULL || settings->order.count == 0);
    if (good) {
        flow_line_titles(&f->layout, &f->out);
        return f;
    }
    listing_free(f);
    (void)fail(err, ERROR_SYSTEM, "no memory");
    return NULL;
}

void listing_free(struct listing *f)
{
    if (f == NULL)
        return;
    flows_merged_free(f->merged);
    flows_sorted_free(f->sorted);
    fast_text_free(&f->out);
    fast_text_free(&f->line);
    free(f);
}

struct sink *listing_sink(struct listing *f)
{
    return &f->sink;
}

void listing_end(struct listing *f)
{
    size_t groups = f->merged != NULL ? flows_merged_count(f->merged) : 0;
    for (size_t i = 0; i < groups && !f->is_over; i++) {
        struct flow_record r;
        flows_merged_at(f->merged, i, &r);
        print(f, &r);
    }
    if (f->sorted != NULL && !f->counts.write_failed)
        (void)flows_sorted_write(f->sorted, write_sorted, f);
    (void)flush(f);
}

struct listing_counts listing_count(const struct listing *f)
{
    struct listing_counts counts = f->counts;
    if (f->merged != NULL) {
        counts.groups = flows_merged_count(f->merged);
        counts.merged_refused = flows_merged_refused(f->merged);
    }
    if (f->sorted != NULL)
        counts.sorted_refused = flows_sorted_refused(f->sorted);
    return counts;
}
