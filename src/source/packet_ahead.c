/* Each window remembers the last batch that borrowed from it; before the input uses a window again,
 * the thread waits until that batch has come back. */
#include "source/packet_ahead.h"

#include <stdlib.h>

#include "base/belt.h"

enum { BATCHES = 12 };

struct packet_ahead {
    struct packet_reader *reader;
    struct belt belt;
    uint64_t last_use[INPUT_WINDOWS]; /* number of a batch; the thread's */
    bool holds;                       /* the user has a batch; the user's */
    size_t held;
    struct packet_batch batches[BATCHES];
    struct packet packets[BATCHES][PACKET_BATCH_LARGE];
};

static void before_reuse(void *context, size_t window)
{
    struct packet_ahead *a = context;
    (void)belt_await_freed(&a->belt, a->last_use[window]); /* when stopping, nobody looks any
                                                            * more */
}

static bool goes_on(const struct packet_batch *batch)
{
    return batch->end == CAPTURE_FRAME || batch->end == CAPTURE_SKIPPED;
}

static void *make(void *context)
{
    struct packet_ahead *a = context;
    bool go_on = true;
    size_t place;
    /* Only where input.c allows it: while it waits in read(). */
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    while (go_on && belt_await_place(&a->belt, &place)) {
        struct packet_batch *batch = &a->batches[place];
        packet_reader_fill(a->reader, batch);
        go_on = goes_on(batch);
        bool wait = batch->reassembled;
        size_t window = input_window(a->reader->in);
        a->last_use[window] = belt_put(&a->belt);
        if (wait && !belt_await_freed(&a->belt, a->last_use[window]))
            break;
    }
    belt_end(&a->belt);
    return NULL;
}

struct packet_ahead *packet_ahead_start(struct packet_reader *r)
{
    struct packet_ahead *a = malloc(sizeof *a); /* its pages come as they are used */
    if (a == NULL)
        return NULL;
    a->reader = r;
    a->holds = false;
    for (size_t i = 0; i < INPUT_WINDOWS; i++)
        a->last_use[i] = 0;
    for (size_t i = 0; i < BATCHES; i++)
        a->batches[i] = (struct packet_batch){.packets = a->packets[i], .room = PACKET_BATCH_LARGE};
    input_use_windows(r->in, before_reuse, a);
    if (belt_start(&a->belt, BATCHES, make, a))
        return a;
    input_use_windows(r->in, NULL, NULL);
    free(a);
    return NULL;
}

const struct packet_batch *packet_ahead_next(struct packet_ahead *a)
{
    if (a->holds && !goes_on(&a->batches[a->held]))
        return &a->batches[a->held];
    if (a->holds)
        belt_free(&a->belt);
    a->holds = belt_take(&a->belt, &a->held);
    return &a->batches[a->held];
}

void packet_ahead_stop(struct packet_ahead *a)
{
    if (a == NULL)
        return;
    belt_stop(&a->belt);
    input_use_windows(a->reader->in, NULL, NULL);
    free(a);
}
