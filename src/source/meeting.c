/* All is decided under one lock, which is taken once a slot; a slot is some hundred packets. */
#include "source/meeting.h"

#include <assert.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

/* So many slots are to lie ready for a thread: with fewer it reads on first, until there are. */
enum { READY_SLOTS = 4 };

struct seat {
    bool has_left;
    uint64_t given; /* slots */
    uint64_t done;  /* slots that will not be looked at again */
};

struct meeting {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    const char *path;
    unsigned shares, waiting;
    struct seat seats[MEETING_SHARES_MAX];
    const struct meeting_work *work; /* NULL: nobody has come yet */
    struct input *in;
    void *from; /* NULL: not opened, or not to be opened */
    struct error error;
    uint8_t *slots;  /* MEETING_SLOTS */
    uint64_t filled; /* slots, from the beginning */
    bool is_filling, is_over, is_stopped;
};

struct meeting *meeting_new(const char *path, unsigned shares)
{
    assert(shares >= 1 && shares <= MEETING_SHARES_MAX);
    struct meeting *m = calloc(1, sizeof *m);
    if (m == NULL)
        return NULL;
    m->path = path;
    m->shares = shares;
    (void)pthread_mutex_init(&m->lock, NULL);
    (void)pthread_cond_init(&m->changed, NULL);
    return m;
}

const struct input *meeting_input(const struct meeting *m)
{
    return m->in;
}

static void *slot_of(const struct meeting *m, uint64_t number)
{
    return m->slots + number % MEETING_SLOTS * m->work->slot_size;
}

static void close_all(struct meeting *m)
{
    for (unsigned i = 0; i < MEETING_SLOTS && m->from != NULL; i++)
        m->work->clear(m->from, slot_of(m, i));
    if (m->from != NULL)
        m->work->close(m->from);
    m->from = NULL;
    input_close(m->in);
    m->in = NULL;
    free(m->slots);
    m->slots = NULL;
}

void meeting_free(struct meeting *m)
{
    if (m == NULL)
        return;
    close_all(m);
    (void)pthread_cond_destroy(&m->changed);
    (void)pthread_mutex_destroy(&m->lock);
    free(m);
}

/* With the lock held, by who comes first. */
static void begin(struct meeting *m, const struct meeting_work *work, const void *with)
{
    m->work = work;
    m->slots = calloc(MEETING_SLOTS, work->slot_size);
    if (m->slots == NULL)
        (void)fail(&m->error, ERROR_SYSTEM, "no memory");
    else
        m->in = input_open(m->path, &m->error);
    if (m->in != NULL)
        m->from = work->open(m->in, with, &m->error);
}

void *meeting_join(struct meeting *m, unsigned share, const struct meeting_work *work,
                   const void *with, struct error *err)
{
    assert(share < m->shares);
    (void)pthread_mutex_lock(&m->lock);
    if (m->work == NULL)
        begin(m, work, with);
    void *from = m->from;
    if (from == NULL)
        *err = m->error;
    (void)pthread_mutex_unlock(&m->lock);
    return from;
}

/* With the lock held: by the slowest of all, also of those who have not come yet. */
static uint64_t done_by_all(const struct meeting *m)
{
    uint64_t least = UINT64_MAX;
    for (unsigned i = 0; i < m->shares; i++)
        if (!m->seats[i].has_left && m->seats[i].done < least)
            least = m->seats[i].done;
    return least;
}

static bool is_full(const struct meeting *m)
{
    return m->filled - done_by_all(m) >= MEETING_SLOTS;
}

static bool is_to_read_on(const struct meeting *m, const struct seat *seat)
{
    return !m->is_over && !m->is_filling && m->filled < seat->given + READY_SLOTS && !is_full(m);
}

static void tell_all(struct meeting *m)
{
    if (m->waiting > 0)
        (void)pthread_cond_broadcast(&m->changed);
}

/* With the lock held, but not while a slot is filled: nobody else looks at it. */
static void fill_one(struct meeting *m)
{
    void *slot = slot_of(m, m->filled);
    (void)pthread_mutex_unlock(&m->lock);
    m->work->clear(m->from, slot);
    bool is_last = m->work->fill(m->from, slot);
    (void)pthread_mutex_lock(&m->lock);
    m->is_over = is_last;
    m->filled++;
}

/* Several in a run: the others then have enough to do until it is their turn to read on. Were they
 * called for each, all would wait for each other at every slot. */
static void read_on(struct meeting *m, const struct seat *seat)
{
    while (is_to_read_on(m, seat) && !m->is_stopped) {
        m->is_filling = true;
        fill_one(m);
        m->is_filling = false;
        if (m->filled == seat->given + READY_SLOTS / 2)
            tell_all(m);
    }
    tell_all(m);
}

const void *meeting_next(struct meeting *m, unsigned share)
{
    struct seat *seat = &m->seats[share];
    const void *slot = NULL;
    (void)pthread_mutex_lock(&m->lock);
    bool was_full = is_full(m);
    seat->done = seat->given;
    if (was_full)
        tell_all(m);
    read_on(m, seat);
    while (!m->is_stopped && seat->given == m->filled && !m->is_over) {
        m->waiting++;
        (void)pthread_cond_wait(&m->changed, &m->lock);
        m->waiting--;
        read_on(m, seat);
    }
    if (!m->is_stopped && seat->given < m->filled)
        slot = slot_of(m, seat->given++);
    (void)pthread_mutex_unlock(&m->lock);
    return slot;
}

void meeting_leave(struct meeting *m, unsigned share)
{
    (void)pthread_mutex_lock(&m->lock);
    m->seats[share].has_left = true;
    bool all_have_left = true;
    for (unsigned i = 0; i < m->shares; i++)
        all_have_left &= m->seats[i].has_left;
    if (all_have_left)
        close_all(m);
    tell_all(m);
    (void)pthread_mutex_unlock(&m->lock);
}

void meeting_stop(struct meeting *m)
{
    (void)pthread_mutex_lock(&m->lock);
    m->is_stopped = true;
    tell_all(m);
    (void)pthread_mutex_unlock(&m->lock);
}
