/* The table of detectors: one row each. */
#include "detect/detector.h"

#include "base/compiler.h"
#include "base/time.h"
#include "evidence/hosts.h"
#include "evidence/span.h"

#define DETECTORS(row)                                                                             \
    row(callback) row(exploit) row(known_site) row(odd_http) row(p2p_answer) row(p2p_listener)     \
        row(p2p_message) row(p2p_odd_answer) row(p2p_ports) row(rendezvous_dns)                    \
            row(rendezvous_http) row(smb_answer) row(smb_sweep) row(sweep_pattern)

#define DECLARED(name) extern const struct detector detector_##name;
DETECTORS(DECLARED)

#define LISTED(name) &detector_##name,
const struct detector *const detectors[] = {DETECTORS(LISTED)};

const unsigned detector_count = COUNT_OF(detectors);

_Static_assert(COUNT_OF(detectors) <= HOSTS_KINDS_MAX,
               "the evidence store has a slot for each detector");

void *watcher_slot(struct watcher *w, struct address host, int64_t when_us)
{
    return hosts_slot(w->hosts, w->detector, host, day_of(when_us));
}

void *watcher_slot_of_part(struct watcher *w, struct address host, int64_t when_us)
{
    return hosts_slot_of_part(w->hosts, w->detector, host, day_of(when_us));
}

void *watcher_hits(struct watcher *w, void *held, size_t size)
{
    if (held != NULL)
        return held;
    struct span *span = hosts_extra(w->hosts, size);
    if (span != NULL)
        *span = span_empty();
    return span;
}
