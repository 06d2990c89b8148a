/* The inside of a hunt, shared by hunt.c (reading), hunt_parts.c and hunt_merge.c (joining) and
 * findings.c (verdicts) and hunt_finish.c (reports, summary) alone. */
#ifndef WORMSIGN_ENGINE_HUNT_INSIDE_H
#define WORMSIGN_ENGINE_HUNT_INSIDE_H

#include "base/arena.h"
#include "detect/calendar.h"
#include "detect/detector.h"
#include "engine/home.h"
#include "engine/hunt.h"
#include "engine/hunt_part.h"
#include "engine/known.h"
#include "engine/partial.h"
#include "engine/run_fault.h"
#include "engine/told.h"
#include "source/source.h"

struct hunt_asked;
struct names;
struct recorder;

/* Names of formats that evidence files can bring; what goes beyond has none. */
enum { HUNT_FORMATS_MAX = 32 };

struct hunt_sink {
    struct sink sink; /* first: a sink is given back as the whole */
    struct hunt *hunt;
};

/* A detector that observes, at hand. */
struct seat {
    void (*observe)(struct watcher *w, const struct observation *seen);
    struct watcher *watcher;
};

struct hunt {
    const struct hunt_settings *settings;
    struct names *names;
    struct hosts *hosts;         /* the evidence of all inputs */
    struct hosts *pouring_into;  /* that, or the store of the part that is read */
    struct partial_out *partial; /* where parts are kept; NULL: nowhere */
    struct recorder *recorder;   /* of the store that outlives the run; NULL: none */
    bool keeps_parts;            /* each input has a store of its own */
    struct hunt_asked *asked;    /* what scans heard, by address: owned; of a report of a store */
    size_t asked_count;
    struct arena asked_memory; /* of what these borrow */
    uint64_t heard;            /* of these, who answered or refused */
    uint64_t runs, runs_cut;   /* of a store; those that were ended in their midst */
    char run_faults[RUN_FAULTS_MAX][RUN_FAULT_SIZE]; /* of runs that were not whole */
    uint64_t run_fault_count;                        /* those that are not listed, too */
    uint64_t records_read;      /* of inputs that were read to their end, by this hunt itself */
    uint64_t looked_at, proven; /* records at the last look so far, and what it found */
    unsigned share, shares;     /* of the flows of the input that is read; 0 shares: all */
    struct meeting *meeting;    /* of these shares; borrowed */
    struct calendar *calendar;
    struct hunt_sink sink;
    bool judges_packets; /* of the input that is read: the filter is asked of each observation */
    struct watcher watchers[HOSTS_KINDS_MAX];
    struct seat seats[OBSERVATION_KINDS][HOSTS_KINDS_MAX]; /* by what they observe */
    unsigned seat_count[OBSERVATION_KINDS];
    /* What detectors ask of datagrams and of streams, each question once. */
    bool (*gates[HOSTS_KINDS_MAX])(struct reader bytes);
    size_t (*askers[HOSTS_KINDS_MAX])(const struct observation *head);
    bool (*awaiters[HOSTS_KINDS_MAX])(const struct observation *seen);
    unsigned gate_count, asker_count, awaiter_count;
    struct home home;
    bool (*watch)(void *context, const struct reading_progress *now);
    void *watch_context;

    struct source_counts counts; /* of all inputs */
    struct input_totals *inputs;
    char **input_names;
    size_t input_count, input_room;
    uint64_t opened, recognised, unrecognised;
    struct known files;                   /* by their start, with the number of the input */
    struct known parts;                   /* by digest and settings */
    struct known partials;                /* evidence files */
    uint64_t repeated, repeated_partials; /* inputs that were the same as another; files */
    uint64_t nameless_partials;           /* of a build that did not keep names */
    char formats[HUNT_FORMATS_MAX][PARTIAL_FORMAT_SIZE]; /* of inputs that others read */
    unsigned format_count;
    int64_t since_us, until_us;      /* of the first part that was read; of all, but where they */
    bool has_span, spans_differ;     /* differ */
    bool outside_unknown;            /* a part was read by another run, which did not count them */
    uint64_t refused, lost_look_ups; /* of parts with a store of their own */
    uint64_t passed_over;            /* evidence of detectors that are not known here */
    bool trails_lost;                /* of hosts that were let go: relays may not be known */
    unsigned sampling;               /* the coarsest */
    bool incomplete;
    struct told *told; /* what a watch said while it ran; NULL: this is none */
};

/* Whether the report is of this host as well. */
static inline bool hunt_asks_for(const struct hunt *h, struct address host)
{
    const struct hunt_settings *o = h->settings;
    return o->is_asked_for == NULL || o->is_asked_for(o->annotate_context, host);
}

/* hunt.c: a row of the summary; NULL without memory, which makes the run incomplete. */
struct input_totals *hunt_add_input(struct hunt *h, const char *name);
/* Sources begin their texts with "offset N: ", where the damage is; N and the rest are kept
 * apart. */
void hunt_note_damage(struct input_totals *totals, uint64_t offset, const char *reason);
/* Somebody ended the run, so that the input was not read from there on. */
void hunt_note_interruption(struct input_totals *totals, uint64_t offset);

/* hunt.c: reads one input; what it came to is *part, and is to be joined. */
bool hunt_read_part(struct hunt *h, const char *path, bool chosen, struct input_totals *totals,
                    struct hunt_part *part);
/* True when the same file was read or is to be read before, as input *before; else this will be
 * the next input. */
bool hunt_is_repeated(struct hunt *h, const char *path, size_t *before);
bool hunt_is_told_to_stop(struct hunt *h, const char *input);

/* hunt_finish.c: judges all hosts as they stand, and writes what was not told before, but for
 * reports that are written at the end. False without memory; *written is false where a report
 * refused something. */
bool hunt_look(struct hunt *h, struct report *reports, size_t report_count, bool *written);

/* hunt_so_far.c: home hosts with a proof in the store of all inputs, so many records into all that
 * this hunt reads: counted anew every HUNT_LOOK_RECORDS, in the beginning more often. Between two
 * records. */
enum { HUNT_LOOK_RECORDS = 1 << 20, HUNT_LOOK_FIRST = 1 << 16, HUNT_PROVEN_TOLD = 4096 };
uint64_t hunt_proven_so_far(struct hunt *h, uint64_t records);

/* hunt_room.c: lets go of all evidence of before this day. False without memory. */
bool hunt_let_go_before(struct hunt *h, int32_t day);

/* hunt_room.c: the store of all inputs lets go of what is least grave where it has no room. */
void hunt_keep_gravest(struct hunt *h);
/* It lets go of nothing, and refuses what finds no room. */
void hunt_keep_no_gravest(struct hunt *h);
/* Whether this slot of the detector holds keys by which others may be known as relays. */
bool hunt_has_trail(unsigned detector, const void *slot);

/* hunt_parts.c */
struct hosts *hunt_new_store(const struct hunt *h);
void hunt_pour_into(struct hunt *h, struct hosts *hosts);
bool hunt_part_begin(struct hunt *h, struct hunt_part *part, struct input_totals *totals);
/* What follows is no longer of it. */
void hunt_part_end(struct hunt *h, struct hunt_part *part);
/* Joins it with the rest, unless the same was met before, and frees its store. */
void hunt_part_join(struct hunt *h, struct hunt_part *part);
/* Adds it to the evidence file and the store, where there are such. */
void hunt_keep_part(struct hunt *h, const struct hunt_part *part);
/* What a part is known by; its digest must be known. */
struct digest hunt_part_key(const struct hunt_part *part);
/* hunt_merge.c: joins a part that was kept, with a row of the summary, unless it was met before. */
void hunt_merge_part(struct hunt *h, struct hunt_part *part);
/* Whether this part was met before; from now on it was. */
bool hunt_met_part(struct hunt *h, const struct hunt_part *part);
void hunt_add_part(struct hunt *h, const struct hunt_part *part);
void hunt_add_evidence(struct hunt *h, struct hosts *from);
/* Joins what a hunt of a part of the inputs keeps beside their parts: evidence, names. */
void hunt_absorb(struct hunt *h, struct hunt *from);
/* Says how far this input is, this many records into it; true when the run is to stop. */
bool hunt_is_stopped(struct hunt *h, const struct input *in, uint64_t records);

/* hunt_summary.c */
struct edges;
struct sentences;
void hunt_say_limits(const struct hunt *h, const struct edges *edges, struct sentences *l);
void hunt_say_notes(const struct hunt *h, struct sentences *l);
/* *out, where less than all was looked at, and the same of all inputs; or NULL. */
const struct looked_at *hunt_looked_at(const struct hunt *h, struct looked_at *out);
/* Nothing is missing that could have been evidence. */
bool hunt_is_whole(const struct hunt *h, const struct edges *edges);

#endif
