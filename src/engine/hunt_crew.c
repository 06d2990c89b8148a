/* A large input that is not compressed is read by several, each with a share of its flows, for
 * flows go over any place where it could be cut. They meet over what is read (source/meeting.h).
 *
 * A worker keeps what it finds in a store of its own; where that is crowded it is joined with the
 * store of all, between two records, and begun anew. Where parts are kept (--partial) each input
 * has its own store, which is joined when its turn comes, and nobody reads far ahead of that. */
#include "engine/hunt_crew.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/room.h"
#include "engine/hunt_inside.h"
#include "source/input.h"
#include "source/meeting.h"

enum {
    LOOK_EVERY_MS = 100,
    PARTS_AHEAD = 2,         /* a thread, kept until their turn */
    SHARED_LEAST = 64 << 20, /* bytes of an input that is worth several threads */
};

/* What reading came to. */
struct outcome {
    struct hunt_part part;
    struct input_totals aside; /* the row of the summary, of shares behind the first */
};

struct job {
    size_t input;  /* its row of the summary */
    size_t before; /* the row of the same input; its own: there is none */
    unsigned share, shares;
    struct meeting *meeting; /* of two shares or more; the first one owns it */
    uint64_t size; /* in bytes, its share of the file; 0: unknown, or the same as another */
    struct outcome *outcome; /* owned; NULL: not read yet, or joined */
    bool chosen, is_shared, done;
};

struct worker {
    struct hunt_crew *crew;
    struct hunt *hunt;
    pthread_t thread;
    bool is_reading;
    unsigned shares;             /* how many read its input; never 0 while it reads */
    struct reading_progress now; /* of the input that it reads */
};

struct hunt_crew {
    struct hunt *hunt;
    bool (*watch)(void *context, const struct reading_progress *now); /* the hunt's own */
    void *watch_context;
    struct job *jobs;
    size_t count, room;
    /* Guards what is below, and the store of all while workers run. */
    pthread_mutex_t lock;
    pthread_cond_t changed; /* something was joined, or all are to stop */
    int bell;               /* an eventfd: a job is done, or a worker */
    size_t taken;           /* how many jobs are */
    size_t joined;          /* those before are joined */
    struct worker *workers;
    unsigned worker_count, working;
    bool stop;
    uint64_t all_size, joined_size; /* of the inputs */
    uint64_t proven;                /* the most that any worker knew of */
    bool size_unknown;
};

struct hunt_crew *hunt_crew_new(struct hunt *h)
{
    struct hunt_crew *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    c->hunt = h;
    c->bell = -1;
    (void)pthread_mutex_init(&c->lock, NULL);
    (void)pthread_cond_init(&c->changed, NULL);
    return c;
}

void hunt_crew_free(struct hunt_crew *c)
{
    if (c == NULL)
        return;
    (void)pthread_cond_destroy(&c->changed);
    (void)pthread_mutex_destroy(&c->lock);
    if (c->bell >= 0)
        (void)close(c->bell);
    free(c->workers);
    free(c->jobs);
    free(c);
}

/* For the progress alone. */
static void note_size(struct hunt_crew *c, struct job *job, const char *path)
{
    struct stat about;
    if (job->before != job->input)
        return;
    if (stat(path, &about) == 0 && S_ISREG(about.st_mode))
        job->size = (uint64_t)about.st_size;
    else
        c->size_unknown = true;
    c->all_size += job->size;
}

bool hunt_crew_add(struct hunt_crew *c, const char *path, bool chosen)
{
    struct job *jobs = room_for_one(c->jobs, c->count, &c->room, sizeof *jobs);
    if (jobs == NULL) {
        c->hunt->incomplete = true;
        return false;
    }
    c->jobs = jobs;
    struct job *job = &c->jobs[c->count];
    *job = (struct job){.input = c->hunt->input_count, .shares = 1, .chosen = chosen};
    if (!hunt_is_repeated(c->hunt, path, &job->before))
        job->before = job->input;
    note_size(c, job, path);
    if (hunt_add_input(c->hunt, path) == NULL)
        return false;
    c->count++;
    return !hunt_is_told_to_stop(c->hunt, path);
}

static bool is_repeated(const struct job *job)
{
    return job->before != job->input;
}

static void read_job(struct hunt *by, const struct hunt_crew *c, const struct job *job,
                     struct outcome *out)
{
    out->aside = (struct input_totals){0};
    by->share = job->share;
    by->shares = job->shares;
    by->meeting = job->meeting;
    (void)hunt_read_part(by, c->hunt->input_names[job->input], job->chosen,
                         job->share == 0 ? &c->hunt->inputs[job->input] : &out->aside, &out->part);
}

/* All shares read the same file: what one says of it, the others do as well, unless they were
 * stopped. */
static void join_aside(struct hunt *h, const struct job *job, struct outcome *o)
{
    struct input_totals *row = &h->inputs[job->input];
    if (o->aside.damage_count > 0 && row->damage_count == 0)
        hunt_note_damage(row, o->aside.damage[0].offset, o->aside.damage[0].reason);
    if (o->aside.interrupted && !row->interrupted)
        hunt_note_interruption(row, o->aside.interrupted_at);
    o->part.opened = o->part.recognised = o->part.unrecognised = false;
}

/* In the order of the list, from the thread of the caller. */
static void join_job(struct hunt_crew *c, struct job *job)
{
    struct hunt *h = c->hunt;
    if (is_repeated(job)) {
        h->inputs[job->input].format = h->inputs[job->before].format;
        h->repeated++;
    } else if (job->outcome != NULL) {
        if (job->share > 0)
            join_aside(h, job, job->outcome);
        hunt_part_join(h, &job->outcome->part);
    } else {
        h->incomplete = true; /* there was no memory to read it */
    }
    free(job->outcome);
    job->outcome = NULL;
    c->joined_size += job->size;
}

/* The store of a worker has no room for long: all have what it knows, and it begins anew. */
static void empty_store(struct hunt_crew *c, struct hunt *of)
{
    struct hosts *fresh = hunt_new_store(of);
    if (fresh == NULL)
        return;
    (void)pthread_mutex_lock(&c->lock);
    hunt_add_evidence(c->hunt, of->hosts);
    (void)pthread_mutex_unlock(&c->lock);
    hosts_free(of->hosts);
    of->hosts = fresh;
    hunt_pour_into(of, fresh);
}

/* Between two records, when nobody holds a slot. */
static bool watch_worker(void *context, const struct reading_progress *now)
{
    struct worker *w = context;
    if (!w->hunt->keeps_parts && hosts_is_crowded(w->hunt->hosts))
        empty_store(w->crew, w->hunt);
    (void)pthread_mutex_lock(&w->crew->lock);
    const char *name = w->now.input; /* which outlives the input itself */
    w->now = *now;
    w->now.input = name;
    bool stop = w->crew->stop;
    (void)pthread_mutex_unlock(&w->crew->lock);
    return stop;
}

/* With the lock held. NULL: there is none, or none is to be taken any more. */
static struct job *take_job(struct worker *w)
{
    struct hunt_crew *c = w->crew;
    for (;;) {
        while (c->taken < c->count && is_repeated(&c->jobs[c->taken]))
            c->jobs[c->taken++].done = true;
        if (c->stop || c->taken == c->count)
            return NULL;
        if (!c->hunt->keeps_parts || c->taken - c->joined < (size_t)PARTS_AHEAD * c->worker_count)
            return &c->jobs[c->taken++];
        (void)pthread_cond_wait(&c->changed, &c->lock);
    }
}

static void *work(void *context)
{
    struct worker *w = context;
    struct hunt_crew *c = w->crew;
    struct job *job;
    (void)pthread_mutex_lock(&c->lock);
    while ((job = take_job(w)) != NULL) {
        w->now = (struct reading_progress){.input = c->hunt->input_names[job->input]};
        w->shares = job->shares;
        w->is_reading = true;
        (void)pthread_mutex_unlock(&c->lock);
        job->outcome = malloc(sizeof *job->outcome);
        if (job->outcome != NULL)
            read_job(w->hunt, c, job, job->outcome);
        if (job->meeting != NULL)
            meeting_leave(job->meeting, job->share); /* though it could not even be begun */
        (void)pthread_mutex_lock(&c->lock);
        w->is_reading = false;
        job->done = true;
        (void)eventfd_write(c->bell, 1);
    }
    c->working--;
    (void)eventfd_write(c->bell, 1);
    (void)pthread_mutex_unlock(&c->lock);
    return NULL;
}

/* Makes what is told of inputs under way a part of all. */
static void add_all(const struct hunt_crew *c, struct reading_progress *now)
{
    now->all_size = c->size_unknown ? 0 : c->all_size;
    now->all_offset += c->joined_size;
}

/* What was read before its turn to be joined. */
static void add_waiting(const struct hunt_crew *c, struct reading_progress *sum)
{
    for (size_t i = c->joined; i < c->taken; i++) {
        const struct job *job = &c->jobs[i];
        if (!job->done || job->outcome == NULL)
            continue;
        sum->all_offset += job->size;
        sum->records += job->outcome->part.counts.records;
    }
}

/* With the lock held: of all that are under way, by the name of the first of them. */
static struct reading_progress progress_of(struct hunt_crew *c)
{
    struct reading_progress sum = {.input = "", .records = c->hunt->counts.records};
    for (unsigned i = 0; i < c->worker_count; i++) {
        const struct worker *w = &c->workers[i];
        if (!w->is_reading)
            continue;
        sum.records += w->now.records;
        sum.raw_offset += w->now.raw_offset;
        sum.raw_size += w->now.raw_size;
        sum.all_offset += w->now.raw_offset / w->shares;
        if (w->now.proven > c->proven)
            c->proven = w->now.proven;
        if (sum.input[0] == '\0')
            sum.input = w->now.input;
    }
    sum.proven = c->proven; /* who has read all of its input knows no less than it did */
    add_waiting(c, &sum);
    add_all(c, &sum);
    return sum;
}

static bool watch_alone(void *context, const struct reading_progress *now)
{
    struct hunt_crew *c = context;
    struct reading_progress all = *now;
    all.all_offset = now->raw_offset;
    add_all(c, &all);
    return c->watch != NULL && c->watch(c->watch_context, &all);
}

/* It is large, no pipe and not compressed. */
static bool can_be_shared(const char *path)
{
    struct error err;
    struct stat about;
    size_t available;
    if (stat(path, &about) != 0 || !S_ISREG(about.st_mode) || about.st_size < SHARED_LEAST)
        return false;
    struct input *in = input_open(path, &err);
    if (in == NULL)
        return false;
    (void)input_peek(in, SOURCE_START_BYTES, &available);
    bool is_plain = input_compression(in) == NULL && source_format_for(in) != NULL;
    input_close(in);
    return is_plain;
}

/* Which inputs are read by several threads: none where each thread has an input of its own. Returns
 * how many there are. */
static size_t find_shared(struct hunt_crew *c, unsigned threads)
{
    size_t found = 0;
    for (size_t i = 0; i < c->count && c->count < threads && !c->hunt->keeps_parts; i++) {
        struct job *job = &c->jobs[i];
        job->is_shared = !is_repeated(job) && can_be_shared(c->hunt->input_names[job->input]);
        found += job->is_shared;
    }
    return found;
}

static size_t add_shares(struct job *to, const struct job *job, const char *path, unsigned shares)
{
    struct meeting *meeting = shares > 1 ? meeting_new(path, shares) : NULL;
    if (meeting == NULL)
        shares = 1;
    for (unsigned share = 0; share < shares; share++) {
        to[share] = *job;
        to[share].share = share;
        to[share].shares = shares;
        to[share].meeting = meeting;
        to[share].size /= shares;
    }
    return shares;
}

/* Makes a new list: inputs that one thread reads, then those that all other threads read together,
 * one of these after the other; so nobody waits for a share that is not read yet. Copies come last.
 * Without memory the list stays as it is, and nothing is shared. */
static void share_out(struct hunt_crew *c)
{
    unsigned shares = c->worker_count;
    for (size_t i = 0; i < c->count; i++)
        shares -= !c->jobs[i].is_shared && !is_repeated(&c->jobs[i]) && shares > 1;
    if (shares > MEETING_SHARES_MAX)
        shares = MEETING_SHARES_MAX;
    struct job *jobs = shares > 1 ? calloc(c->count * shares, sizeof *jobs) : NULL;
    size_t count = 0;
    if (jobs == NULL)
        return;
    for (size_t i = 0; i < c->count; i++)
        if (!c->jobs[i].is_shared && !is_repeated(&c->jobs[i]))
            jobs[count++] = c->jobs[i];
    for (size_t i = 0; i < c->count; i++)
        if (c->jobs[i].is_shared)
            count += add_shares(&jobs[count], &c->jobs[i], c->hunt->input_names[c->jobs[i].input],
                                shares);
    for (size_t i = 0; i < c->count; i++)
        if (is_repeated(&c->jobs[i]))
            jobs[count++] = c->jobs[i];
    free(c->jobs);
    c->jobs = jobs;
    c->count = c->room = count;
}

static void stop_meetings(struct hunt_crew *c)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->jobs[i].share == 0 && c->jobs[i].meeting != NULL)
            meeting_stop(c->jobs[i].meeting);
}

static void free_meetings(struct hunt_crew *c)
{
    for (size_t i = 0; i < c->count; i++) {
        if (c->jobs[i].share == 0)
            meeting_free(c->jobs[i].meeting);
        c->jobs[i].meeting = NULL;
    }
}

/* Until somebody has something done, or it is time to look. */
static void wait_a_little(const struct hunt_crew *c)
{
    struct pollfd bell = {.fd = c->bell, .events = POLLIN};
    eventfd_t rung;
    (void)poll(&bell, 1, LOOK_EVERY_MS);
    (void)eventfd_read(c->bell, &rung);
}

/* Joins what is done, in order, until all is or everybody has stopped. */
static void oversee(struct hunt_crew *c)
{
    (void)pthread_mutex_lock(&c->lock);
    while (c->joined < c->count) {
        if (c->jobs[c->joined].done) {
            join_job(c, &c->jobs[c->joined++]);
            (void)pthread_cond_broadcast(&c->changed);
            continue;
        }
        if (c->working == 0)
            break;
        (void)pthread_mutex_unlock(&c->lock);
        wait_a_little(c);
        (void)pthread_mutex_lock(&c->lock);
        struct reading_progress now = progress_of(c);
        (void)pthread_mutex_unlock(&c->lock);
        bool stop = now.input[0] != '\0' && c->watch != NULL && c->watch(c->watch_context, &now);
        (void)pthread_mutex_lock(&c->lock);
        c->stop |= stop;
        if (stop)
            stop_meetings(c);
        if (c->stop)
            (void)pthread_cond_broadcast(&c->changed);
    }
    (void)pthread_mutex_unlock(&c->lock);
}

/* A hunt for a thread; false without memory or thread. */
static bool start(struct hunt_crew *c, struct worker *w)
{
    struct error err;
    *w = (struct worker){.crew = c, .hunt = hunt_new(c->hunt->settings, &err)};
    if (w->hunt == NULL)
        return false;
    hunt_keep_no_gravest(w->hunt);
    w->hunt->keeps_parts = c->hunt->keeps_parts;
    hunt_watch(w->hunt, watch_worker, w);
    if (pthread_create(&w->thread, NULL, work, w) == 0)
        return true;
    hunt_free(w->hunt);
    return false;
}

static void run_together(struct hunt_crew *c, unsigned threads, bool shares_inputs)
{
    (void)pthread_mutex_lock(&c->lock); /* nobody begins before all are counted */
    for (unsigned i = 0; i < threads; i++)
        if (start(c, &c->workers[c->worker_count]))
            c->worker_count++;
    c->working = c->worker_count;
    if (shares_inputs)
        share_out(c);
    (void)pthread_mutex_unlock(&c->lock);
    oversee(c);
    for (unsigned i = 0; i < c->worker_count; i++) {
        (void)pthread_join(c->workers[i].thread, NULL);
        hunt_absorb(c->hunt, c->workers[i].hunt);
        hunt_free(c->workers[i].hunt);
    }
    free_meetings(c);
}

/* What nobody has taken: all of it, where no thread could be made; and none, unless the run was
 * stopped. */
static void run_alone(struct hunt_crew *c)
{
    for (; c->joined < c->count; c->joined++) {
        struct job *job = &c->jobs[c->joined];
        struct input_totals *totals = &c->hunt->inputs[job->input];
        struct hunt_part part = {.totals = totals};
        if (job->share > 0) { /* the first took all, or the run was stopped before this one */
            if (c->stop && totals->damage_count == 0 && !totals->interrupted) {
                hunt_note_interruption(totals, totals->bytes);
                c->hunt->incomplete = true;
            }
            continue;
        }
        if (is_repeated(job)) {
            join_job(c, job);
            continue;
        }
        if (c->stop)
            hunt_note_interruption(totals, 0);
        else
            c->stop = !hunt_read_part(c->hunt, c->hunt->input_names[job->input], job->chosen,
                                      totals, &part);
        hunt_part_join(c->hunt, &part);
        c->joined_size += job->size;
    }
}

bool hunt_crew_run(struct hunt_crew *c, unsigned threads)
{
    /* Who touches dark addresses is kept in the order in which it is seen. */
    if (c->hunt->settings->dark != NULL || threads < 1)
        threads = 1;
    if (threads > HUNT_THREADS_MAX)
        threads = HUNT_THREADS_MAX;
    bool shares_inputs = find_shared(c, threads) > 0;
    c->watch = c->hunt->watch;
    c->watch_context = c->hunt->watch_context;
    hunt_watch(c->hunt, watch_alone, c);
    if (threads > c->count && !shares_inputs)
        threads = (unsigned)c->count;
    c->workers = threads > 1 ? calloc(threads, sizeof *c->workers) : NULL;
    c->bell = c->workers != NULL ? eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) : -1;
    if (c->bell >= 0)
        run_together(c, threads, shares_inputs);
    run_alone(c);
    hunt_watch(c->hunt, c->watch, c->watch_context);
    return !c->stop;
}
