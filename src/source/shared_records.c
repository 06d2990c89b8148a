/* A slot ends early where one share's stretch is full, so that any mixture of flows fits. */
#include "source/shared_records.h"

#include <assert.h>
#include <stdlib.h>

#include "observe/flow_key.h"

struct shared_records {
    struct input *in; /* borrowed */
    struct argus_intake intake;
    unsigned shares;
    size_t each; /* places of a share */
    struct argus_taken taken[ARGUS_AT_ONCE];
};

static void *open_shared(struct input *in, const void *with, struct error *err)
{
    const struct source_settings *settings = with;
    struct shared_records *s = calloc(1, sizeof *s);
    if (s == NULL) {
        (void)fail(err, ERROR_SYSTEM, "no memory");
        return NULL;
    }
    s->in = in;
    s->shares = settings->shares;
    s->each = SLOT_RECORDS / s->shares;
    if (argus_intake_open(&s->intake, in, settings, err))
        return s;
    free(s);
    return NULL;
}

static void clear(void *from, void *of)
{
    struct shared_records *s = from;
    struct record_slot *slot = of;
    input_let_go(s->in, &slot->held);
    slot->stretches = (struct stretches){{0}};
}

static void sort_taken(struct shared_records *s, size_t count, struct record_slot *slot)
{
    for (size_t i = 0; i < count; i++) {
        unsigned share = flow_share_of(s->taken[i].hash, s->shares);
        slot->records[stretches_take(&slot->stretches, share, s->each)] = s->taken[i];
    }
}

static bool has_room(const struct shared_records *s, const struct record_slot *slot)
{
    return slot->held.count < INPUT_HELD_MAX &&
           stretches_have_room(&slot->stretches, s->shares, s->each, ARGUS_AT_ONCE);
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
        input_hold(s->in, &slot->held);
        sort_taken(s, count, slot);
    }
    argus_intake_counts(&s->intake, &slot->counts);
    return slot->end == SOURCE_END || slot->end == SOURCE_DAMAGED;
}

static const struct meeting_work work = {.slot_size = sizeof(struct record_slot),
                                         .open = open_shared,
                                         .fill = fill,
                                         .clear = clear,
                                         .close = free};

_Static_assert(SLOT_RECORDS / MEETING_SHARES_MAX >= ARGUS_AT_ONCE, "any few fit an empty slot");

bool shared_records_join(const struct source_settings *settings, struct error *err)
{
    assert(settings->only_port == 0 && !settings->flow_records);
    return meeting_join(settings->meeting, settings->share, &work, settings, err) != NULL;
}
