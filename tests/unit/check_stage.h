/* A stage for detect/smb_answer: a dialogue told as the flow table shows it, turn by turn. */
#ifndef WORMSIGN_TESTS_CHECK_STAGE_H
#define WORMSIGN_TESTS_CHECK_STAGE_H

#include "made_check.h"
#include "stage.h"

#include "base/compiler.h"
#include "evidence/smb_check.h"
#include "evidence/verdict.h"
#include "observe/flows.h"

static const char noon[] = "2009-04-21T12:00:00Z", asker[] = "10.0.0.5", target[] = "10.0.0.7";

struct telling {
    const struct made_check *check;
    const char *from;
    uint16_t port_from, port;
    bool client_unknown;
    int64_t later_us;
};

static inline struct telling usual(struct telling t)
{
    t.from = t.from != NULL ? t.from : asker;
    t.port_from = t.port_from != 0 ? t.port_from : 49152;
    t.port = t.port != 0 ? t.port : 445;
    return t;
}

/* What has come of one stream up to here, from an exact copy; `turn` tells the time. */
static inline void tell_bytes(struct stage *s, struct telling t, bool by_server, size_t before,
                              size_t upto, unsigned turn)
{
    const struct writer *w = by_server ? &t.check->server : &t.check->client;
    uint8_t *copy = malloc(upto != 0 ? upto : 1);
    assert_non_null(copy);
    memcpy(copy, w->start, upto);
    struct observation seen = flow_seen(at(t.from), at(target), t.port, IP_TCP,
                                        when(noon) + t.later_us + turn * 1000);
    seen.kind = OBSERVED_PAYLOAD;
    seen.is_stream = true;
    seen.start_known = true;
    seen.client_known = !t.client_unknown;
    seen.by_client = !by_server;
    seen.client.port = t.port_from;
    seen.bytes = reader_over(copy, upto);
    seen.bytes_before = before;
    if (s->detector->wants(&seen) > before)
        s->detector->observe(&s->watcher, &seen);
    free(copy);
}

/* Turn by turn, from turn `from` up to turn `to`. */
static inline void tell_turns(struct stage *s, struct telling t, unsigned from, unsigned to)
{
    size_t before[2] = {0, 0};
    for (unsigned i = 0; i < to && i < t.check->turn_count; i++) {
        const struct turn *turn = &t.check->turns[i];
        if (i >= from)
            tell_bytes(s, t, turn->by_server, before[turn->by_server], turn->upto, i);
        before[turn->by_server] = turn->upto;
    }
}

#define TELL(s, ...) tell_turns(s, usual((struct telling){__VA_ARGS__}), 0, CHECK_TURNS)

static inline bool sign_is(struct stage *s, struct sign *out)
{
    return sign_of(s, target, noon, out);
}

static inline bool check_of(struct stage *s, struct smb_check *out)
{
    return s->detector->checked(slot_of(s, target, noon), out);
}

static inline struct stage stage_new(void)
{
    return stage_of(SIGN_SMB_ANSWER);
}

/* Nothing is said of the host, neither good nor bad. */
static inline void assert_silent(const struct made_check *c)
{
    struct stage s = stage_new();
    struct sign sign;
    struct smb_check check;
    TELL(&s, .check = c);
    assert_false(sign_is(&s, &sign));
    assert_false(check_of(&s, &check));
    stage_clear(&s);
}

static inline void assert_proof_of(const struct made_check *c, unsigned variants)
{
    struct stage s = stage_new();
    struct sign sign;
    TELL(&s, .check = c);
    assert_true(sign_is(&s, &sign));
    assert_int_equal(sign.weight, WEIGHT_PROOF);
    assert_int_equal(sign.variants, variants);
    stage_clear(&s);
}

#endif
