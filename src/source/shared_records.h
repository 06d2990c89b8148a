/* One Argus archive read by several threads, each with a share of its flows: they meet
 * (source/meeting.h) over slots of records, which whoever reads on reads and sorts by share.
 * Records are not shown then, only poured. */
#ifndef WORMSIGN_SOURCE_SHARED_RECORDS_H
#define WORMSIGN_SOURCE_SHARED_RECORDS_H

#include "source/argus_intake.h"
#include "source/stretches.h"

enum { SLOT_RECORDS = 1024 };

struct record_slot {
    enum source_result end;      /* SOURCE_MORE where nothing was wrong */
    struct error error;          /* of that end */
    struct source_counts counts; /* as they stand behind it */
    struct input_held held;      /* what the records borrow from */
    struct stretches stretches;
    struct argus_taken records[SLOT_RECORDS]; /* a stretch for each share */
};

/* Comes in for the share that the settings tell, through the meeting in them. False and *err: the
 * archive cannot be read. */
bool shared_records_join(const struct source_settings *settings, struct error *err);

#endif
