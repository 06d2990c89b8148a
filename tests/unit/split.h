/* Merging, tested by splitting: the same observations in one store, and in two whose slots are then
 * merged, must end in the same sign, byte for byte. */
#ifndef WORMSIGN_TESTS_SPLIT_H
#define WORMSIGN_TESTS_SPLIT_H

#include "stage.h"

static inline void feed(struct stage *s, const struct observation *seen, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        if ((s->detector->interests & 1u << seen[i].kind) != 0)
            s->detector->observe(&s->watcher, &seen[i]);
}

struct judged_sign {
    bool given;
    struct sign sign;
};

static inline void check_same(struct stage *s, const char *host, const char *time,
                              const struct judged_sign *whole)
{
    struct sign sign;
    assert_int_equal(sign_of(s, host, time, &sign), whole->given);
    if (whole->given)
        assert_memory_equal(&sign, &whole->sign, sizeof sign);
}

/* Splits before observation `at`, with `overlap` of them in both parts, and merges either way. */
static inline void check_split(enum sign_id id, const struct observation *seen, size_t count,
                               size_t at_seen, size_t overlap, const char *host, const char *time,
                               const struct judged_sign *whole)
{
    for (unsigned into = 0; into < 2; into++) {
        struct stage parts[2] = {stage_of(id), stage_of(id)};
        size_t until = at_seen + overlap < count ? at_seen + overlap : count;
        feed(&parts[0], seen, 0, until);
        feed(&parts[1], seen, at_seen, count);
        struct stage *to = &parts[into], *from = &parts[1 - into];
        for (unsigned times = 0; times < 2; times++) {
            to->detector->merge(&to->watcher, slot_of(to, host, time), slot_of(from, host, time));
            check_same(to, host, time, whole);
        }
        stage_clear(&parts[0]);
        stage_clear(&parts[1]);
    }
}

/* Every split at a multiple of `step`, with and without repeats. */
static inline void check_splits(enum sign_id id, const struct observation *seen, size_t count,
                                size_t step, const char *host, const char *time)
{
    struct stage s = stage_of(id);
    struct judged_sign whole;
    feed(&s, seen, 0, count);
    whole.given = sign_of(&s, host, time, &whole.sign);
    stage_clear(&s);
    for (size_t at_seen = 0; at_seen <= count; at_seen += step) {
        check_split(id, seen, count, at_seen, 0, host, time, &whole);
        check_split(id, seen, count, at_seen, 3, host, time, &whole);
    }
}

#endif
