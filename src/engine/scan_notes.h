/* The sentences of a scan's summary. */
#ifndef WORMSIGN_ENGINE_SCAN_NOTES_H
#define WORMSIGN_ENGINE_SCAN_NOTES_H

#include "engine/scan.h"
#include "engine/sentences.h"
#include "evidence/check.h"

void scan_say_left_out(const struct targets_left_out *left, uint64_t broadcast,
                       struct sentences *l);
void scan_say_local_failures(const uint64_t of_cause[static CHECK_CAUSES], struct sentences *l);
void scan_say_interrupted(const struct scan_totals *scan, struct sentences *l);
/* let_go: hosts that there was no memory for. */
void scan_say_limits(const struct engine_counts *counts, uint64_t let_go, struct sentences *l);
void scan_say_raw_limits(const struct raw_counts *c, struct sentences *l);
/* What the person who waits for the scan must know at once: it broke off, or answers fell away.
 * kind ERROR_NONE: nothing. */
void scan_say_outage(const struct raw_outcome *o, const struct error *broken_off,
                     struct error *out);
void scan_say_raw(const struct scan_settings *s, const struct raw_counts *c, uint64_t unconfirmed,
                  uint32_t first, struct sentences *l);
void scan_say_account(const struct smb_accounts *given, struct sentences *l);
/* ended_us: when it ended, UTC. */
void scan_say_weeks(const struct scan_settings *s, int64_t ended_us, struct sentences *l);

#endif
