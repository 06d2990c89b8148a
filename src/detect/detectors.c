/* The table of detectors: one row each. */
#include "detect/detector.h"

#include "base/compiler.h"
#include "base/time.h"
#include "evidence/hosts.h"

extern const struct detector detector_callback, detector_known_site, detector_odd_http,
    detector_p2p_answer, detector_p2p_message, detector_p2p_odd_answer, detector_p2p_ports,
    detector_rendezvous_dns, detector_rendezvous_http;

const struct detector *const detectors[] = {
    &detector_callback,   &detector_known_site,     &detector_odd_http,
    &detector_p2p_answer, &detector_p2p_message,    &detector_p2p_odd_answer,
    &detector_p2p_ports,  &detector_rendezvous_dns, &detector_rendezvous_http,
};

const unsigned detector_count = COUNT_OF(detectors);

_Static_assert(COUNT_OF(detectors) <= HOSTS_KINDS_MAX,
               "the evidence store has a slot for each detector");

void *watcher_slot(struct watcher *w, struct address host, int64_t when_us)
{
    return hosts_slot(w->hosts, w->detector, host, day_of(when_us));
}
