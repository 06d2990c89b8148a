/* A slot ends early where one share's stretch is full, so that any mixture of flows fits. */
#include "source/shared_records.h"

#include <assert.h>
#include <stdlib.h>

#include "observe/flow_key.h"

struct shared_records {
    struct input *in;
    struct argus_intake intake;
    unsigned shares;
    struct argus_taken taken[ARGUS_AT_ONCE];
};

struct opening {
    const char *path;
    const struct source_settings *settings;
};

static void *open_shared(void *with, struct error *err)
{
    const struct opening *o = with;
    struct shared_records *s = calloc(1, sizeof *s);
    if (s == NULL) {
        (void)fail(err, ERROR_SYSTEM, "no memory");
        return NULL;
    }
    s->shares = o->settings->shares;
    s->in = input_open(o->path, err);
    if (s->in != NULL && argus_intake_open(&s->intake, s->in, o->settings, err))
        return s;
    input_close(s->in);
    free(s);
    return NULL;
}

static void close_shared(void *from)
{
    struct shared_records *s = from;
    input_close(s->in);
    free(s);
}

static void clear(void *from, void *of)
{
    struct shared_records *s = from;
    struct record_slot *slot = of;
    for (size_t i = 0; i < slot->window_count; i++)
        input_let_go(s->in, slot->windows[i]);
    slot->window_count = 0;
    for (unsigned i = 0; i < s->shares; i++)
        slot->count[i] = 0;
}

/* What was just taken borrows from the window as it is now. */
static void hold_window(struct shared_records *s, struct record_slot *slot)
{
    struct window *now = input_hold(s->in);
    if (slot->window_count > 0 && slot->windows[slot->window_count - 1] == now)
        input_let_go(s->in, now);
    else
        slot->windows[slot->window_count++] = now;
}

static void sort_taken(struct shared_records *s, size_t count, struct record_slot *slot)
{
    size_t room = SLOT_RECORDS / s->shares;
    for (size_t i = 0; i < count; i++) {
        unsigned share = flow_share_of(s->taken[i].hash, s->shares);
        slot->records[share * room + slot->count[share]++] = s->taken[i];
    }
}

static bool has_room(const struct shared_records *s, const struct record_slot *slot)
{
    bool has = slot->window_count < SLOT_RECORD_WINDOWS;
    for (unsigned i = 0; i < s->shares; i++)
        has &= slot->count[i] + ARGUS_AT_ONCE <= SLOT_RECORDS / s->shares;
    return has;
}

static bool fill(void *from, void *of)
{
    enum { TAKINGS = 2 * SLOT_RECORDS / ARGUS_AT_ONCE };
    struct shared_records *s = from;
    struct record_slot *slot = of;
    slot->end = SOURCE_MORE;
    for (unsigned i = 0; i < TAKINGS && slot->end == SOURCE_MORE && has_room(s, slot); i++) {
        size_t count;
        slot->end = argus_intake_next(&s->intake, false, s->taken, &count, &slot->error);
        hold_window(s, slot);
        sort_taken(s, count, slot);
    }
    argus_intake_counts(&s->intake, &slot->counts);
    return slot->end == SOURCE_END || slot->end == SOURCE_DAMAGED;
}

static const struct meeting_work work = {.slot_size = sizeof(struct record_slot),
                                         .open = open_shared,
                                         .fill = fill,
                                         .clear = clear,
                                         .close = close_shared};

_Static_assert(SLOT_RECORDS / MEETING_SHARES_MAX >= ARGUS_AT_ONCE, "any few fit an empty slot");

struct shared_records *shared_records_join(const char *path, const struct source_settings *settings,
                                           struct error *err)
{
    assert(settings->only_port == 0 && !settings->flow_records);
    struct opening with = {path, settings};
    return meeting_join(settings->meeting, settings->share, &work, &with, err);
}

const struct input *shared_records_input(const struct shared_records *s)
{
    return s->in;
}

const struct argus_taken *record_slot_of(const struct record_slot *slot, unsigned share,
                                         unsigned shares, size_t *count)
{
    *count = slot->count[share];
    return &slot->records[share * (SLOT_RECORDS / shares)];
}
