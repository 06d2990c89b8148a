/* What a detector is: it turns observations into evidence about hosts, and evidence into a sign.
 *
 * A detector does no I/O, knows no clock and no other detector, and owns nothing: its memory is a
 * slot per host and UTC day that the evidence store zeroes, keeps and lets go of. A detector is one
 * file and one row in detectors.c. */
#ifndef WORMSIGN_DETECT_DETECTOR_H
#define WORMSIGN_DETECT_DETECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "evidence/sign.h"
#include "observe/observation.h"

struct answered_ports;
struct hosts;
struct calendar;
struct edge;
struct sites;
struct smb_check;
struct trail;
struct writer;

/* What a detector works with while it observes and reports. */
struct watcher {
    struct hosts *hosts;
    struct calendar *calendar;
    unsigned detector;           /* its own place in the table, which names its slots */
    unsigned sampling;           /* 1 in so many packets was kept by the sensor */
    const struct sites *sites;   /* the user's list of names; NULL: none */
    const struct prefix *exempt; /* our own scanners, who choose what they ask */
    size_t exempt_count;
};

struct detector {
    enum sign_id sign;
    size_t slot_size;
    bool statistical; /* its sign weighs by a chance: one test more for an innocent host */
    /* Few hosts have a slot, a single observation tells much, and part of a day never shows more
     * than the whole: where a host-day was let go it begins anew. */
    bool adds_up;
    unsigned interests; /* bits (1 << enum observation_kind): what observe is called for */
    void (*observe)(struct watcher *w, const struct observation *seen);
    /* Whether it could make anything of this datagram: a cheap gate. NULL: never. */
    bool (*wants_datagram)(struct reader bytes);
    /* How many bytes of this stream's head it wants in all; 0: none. NULL: never any. */
    size_t (*wants)(const struct observation *head);
    /* Whether this payload, which it wanted, asks something: whatever answers it is then observed.
     * NULL: never. */
    bool (*awaits_answer)(const struct observation *seen);
    /* Folds `from` into `into`: associative, commutative, idempotent in what is weighed. */
    void (*merge)(struct watcher *w, void *into, const void *from);
    /* Gives back the sets and extras of a slot that is let go. NULL: it has none. */
    void (*release)(struct watcher *w, void *slot);
    /* Fills *out (zeroed by the caller) and returns true when the slot of this day amounts to a
     * sign. */
    bool (*report)(struct watcher *w, int32_t day, const void *slot, struct sign *out);
    /* Writes the slot so that load can make it again, field by field (evidence/saving.h); what of a
     * stream stands open is over. NULL: its evidence cannot be kept in a file. */
    void (*save)(const void *slot, struct writer *out);
    /* Fills a zeroed slot from bytes of strangers; false when save did not write them so. */
    bool (*load)(struct watcher *w, void *slot, struct reader *in);
    unsigned saved_form; /* another number whenever save writes otherwise than before */
    /* What others did to this host, by its slot of the day: writes at most `room` edges, returns
     * how many. NULL: none. */
    size_t (*edges)(struct watcher *w, struct address host, int32_t day, const void *slot,
                    struct edge *out, size_t room);
    /* What this host was asked over SMB and answered, the latest; false: nothing. NULL: never. */
    bool (*checked)(const void *slot, struct smb_check *out);
    /* The keys that this host sent on, for the search for relays; NULL: none, or the detector knows
     * relays by itself. */
    const struct trail *(*trail)(const void *slot);
    /* The P2P ports on which this host answered, for the search for whoever is behind it; NULL:
     * none. */
    const struct answered_ports *(*answered_on)(const void *slot);
};

/* All detectors, detector_count of them. */
extern const struct detector *const detectors[];
extern const unsigned detector_count;

/* This detector's slot of a host on the day of the time: zeroed when new; NULL when the store is
 * full (which the store counts and the summary reports), or has let go of this host-day and the
 * detector does not add up. */
void *watcher_slot(struct watcher *w, struct address host, int64_t when_us);

/* Where that gave none: one whose trail counts, and which is never reported. */
void *watcher_slot_of_part(struct watcher *w, struct address host, int64_t when_us);

/* The part of a slot that few hosts need, and which begins with a struct span: `held`, or where
 * that is NULL a new one, zeroed but for its span, which is empty. NULL without room. */
void *watcher_hits(struct watcher *w, void *held, size_t size);

#endif
