/* The inside of a hunt, shared by hunt.c (reading) and hunt_finish.c (verdicts and summary)
 * alone. */
#ifndef WORMSIGN_ENGINE_HUNT_INSIDE_H
#define WORMSIGN_ENGINE_HUNT_INSIDE_H

#include "detect/calendar.h"
#include "detect/detector.h"
#include "engine/home.h"
#include "engine/hunt.h"
#include "source/source.h"

struct names;

struct hunt_sink {
    struct sink sink; /* first: a sink is given back as the whole */
    struct hunt *hunt;
};

struct hunt {
    const struct hunt_settings *settings;
    struct hosts *hosts;
    struct names *names;
    struct calendar *calendar;
    struct hunt_sink sink;
    struct watcher watchers[HOSTS_KINDS_MAX];
    unsigned interested[OBSERVATION_KINDS][HOSTS_KINDS_MAX]; /* detectors by what they observe */
    unsigned interested_count[OBSERVATION_KINDS];
    /* What detectors ask of datagrams and of streams, each question once. */
    bool (*gates[HOSTS_KINDS_MAX])(struct reader bytes);
    size_t (*askers[HOSTS_KINDS_MAX])(const struct observation *head);
    bool (*awaiters[HOSTS_KINDS_MAX])(const struct observation *seen);
    unsigned gate_count, asker_count, awaiter_count;
    struct home home;
    bool (*watch)(void *context, const struct hunt_progress *now);
    void *watch_context;

    struct source_counts counts; /* of all inputs */
    struct input_totals *inputs;
    char **input_names;
    size_t input_count, input_room;
    uint64_t opened, recognised, unrecognised;
    bool incomplete;
};

/* Says how far this input is, this many records into it; true when the run is to stop. */
bool hunt_is_stopped(struct hunt *h, const struct input *in, uint64_t records);

#endif
