/* One Argus archive read by several threads, each with a share of its flows: they meet
 * (source/meeting.h) over slots of records, which whoever reads on reads and sorts by share.
 * Records are not shown then, only poured. */
#ifndef WORMSIGN_SOURCE_SHARED_RECORDS_H
#define WORMSIGN_SOURCE_SHARED_RECORDS_H

#include "source/argus_intake.h"
#include "source/meeting.h"

enum { SLOT_RECORDS = 1024, SLOT_RECORD_WINDOWS = 64 };

struct record_slot {
    enum source_result end;      /* SOURCE_MORE where nothing was wrong */
    struct error error;          /* of that end */
    struct source_counts counts; /* as they stand behind it */
    size_t window_count;
    struct window *windows[SLOT_RECORD_WINDOWS]; /* held: what the records borrow from */
    size_t count[MEETING_SHARES_MAX];
    struct argus_taken records[SLOT_RECORDS]; /* a stretch for each share */
};

struct shared_records;

/* Comes in for the share that the settings tell, through the meeting in them; path: of the input.
 * NULL and *err: it cannot be read. It is left by meeting_leave. */
struct shared_records *shared_records_join(const char *path, const struct source_settings *settings,
                                           struct error *err);

/* What is read from the file itself, for progress. */
const struct input *shared_records_input(const struct shared_records *s);

/* The records of a share. */
const struct argus_taken *record_slot_of(const struct record_slot *slot, unsigned share,
                                         unsigned shares, size_t *count);

#endif
