/* A stage for detectors: an evidence store, a calendar and one detector, fed with observations.
 *
 * Tests say what was seen in words: began(&s, "10.0.0.5", "192.0.2.1", 51413, IP_UDP,
 * "2009-04-21T16:00:00"). */
#ifndef WORMSIGN_TESTS_STAGE_H
#define WORMSIGN_TESTS_STAGE_H

#include "testing.h"

#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/time.h"
#include "detect/calendar.h"
#include "detect/detector.h"
#include "evidence/hosts.h"
#include "observe/packet.h"
#include "wire/dns.h"

struct stage {
    struct hosts *hosts;
    struct calendar *calendar;
    const struct detector *detector;
    struct watcher watcher;
};

static inline struct address at(const char *text)
{
    struct address a;
    assert_true(address_parse(text, &a, NULL));
    return a;
}

static inline int64_t when(const char *text)
{
    int64_t us;
    assert_true(time_parse(text, &us, NULL));
    return us;
}

static inline struct stage stage_of(enum sign_id sign)
{
    struct stage s = {0};
    size_t sizes[HOSTS_KINDS_MAX];
    for (unsigned d = 0; d < detector_count; d++) {
        sizes[d] = detectors[d]->slot_size;
        if (detectors[d]->sign == sign) {
            s.detector = detectors[d];
            s.watcher.detector = d;
        }
    }
    assert_non_null(s.detector);
    struct hosts_limits limits = HOSTS_LIMITS_DEFAULT;
    s.hosts = hosts_new(&limits, sizes, detector_count);
    s.calendar = calendar_new();
    assert_true(s.hosts != NULL && s.calendar != NULL);
    s.watcher.hosts = s.hosts;
    s.watcher.calendar = s.calendar;
    return s;
}

static inline void stage_clear(struct stage *s)
{
    hosts_free(s->hosts);
    calendar_free(s->calendar);
}

static inline void *slot_of(struct stage *s, const char *host, const char *time)
{
    return watcher_slot(&s->watcher, at(host), when(time));
}

/* The sign of this host on the day of the time; false when the detector has none. */
static inline bool sign_of(struct stage *s, const char *host, const char *time, struct sign *out)
{
    memset(out, 0, sizeof *out);
    return s->detector->report(&s->watcher, day_of(when(time)), slot_of(s, host, time), out);
}

/* What the detector writes of this host's slot, loaded by the same detector on another stage; cut
 * anywhere it is refused. */
static inline void stage_reload(struct stage *from, struct stage *into, const char *host,
                                const char *time)
{
    static uint8_t bytes[1 << 20], again[1 << 20];
    struct writer w = writer_over(bytes, sizeof bytes), w2 = writer_over(again, sizeof again);
    from->detector->save(slot_of(from, host, time), &w);
    assert_false(w.failed);
    for (size_t cut = 0; cut < w.used; cut += 1 + cut / 64) {
        struct stage other = stage_of(from->detector->sign);
        struct reader r = reader_over(bytes, cut);
        assert_false(other.detector->load(&other.watcher, slot_of(&other, host, time), &r));
        stage_clear(&other);
    }
    struct reader r = reader_over(bytes, w.used);
    assert_true(into->detector->load(&into->watcher, slot_of(into, host, time), &r));
    assert_int_equal(r.left, 0);
    into->detector->save(slot_of(into, host, time), &w2);
    assert_int_equal(w2.used, w.used);
    assert_memory_equal(bytes, again, w.used);
}

static inline struct observation flow_seen(struct address client, struct address server,
                                           uint16_t port, uint8_t protocol, int64_t when_us)
{
    return (struct observation){.kind = OBSERVED_BEGIN,
                                .protocol = protocol,
                                .client_known = true,
                                .by_client = true,
                                .when_us = when_us,
                                .client = {client, 49152},
                                .server = {server, port}};
}

/* The client looked this name up (type A) and the server said rcode; or only the question, with
 * rcode < 0. */
static inline void looked_up(struct stage *s, const char *client, const char *server,
                             const char *name, const char *time, int rcode)
{
    uint8_t bytes[512];
    struct writer w = writer_over(bytes, sizeof bytes);
    dns_build(&w, 7, name, DNS_TYPE_A, rcode >= 0, rcode >= 0 ? (uint8_t)rcode : 0, NULL);
    assert_false(w.failed);
    struct dns_message message;
    assert_true(dns_parse(reader_over(bytes, w.used), &message));
    struct observation seen = flow_seen(at(client), at(server), 53, IP_UDP, when(time));
    seen.kind = OBSERVED_DNS;
    seen.by_client = rcode < 0;
    seen.dns = &message;
    s->detector->observe(&s->watcher, &seen);
}

#endif
