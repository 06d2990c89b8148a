/* The test. Were answers a matter of the hosts alone, those who answer would lie anywhere in the
 * order: then of N units of which K answer, n in a row hold X answering ones as n draws without
 * replacement do (hypergeometric), whatever K is, and however the answering ones belong together.
 * P(X <= x) is bounded by its last term through 1 - r, where r is the ratio of the last two terms,
 * as they fall ever faster below the middle.
 *
 * Every run of stretches is held against all that was asked before it, which is 496 questions; so
 * each must be as unlikely as one in a million by 496. Beside that the share must have fallen to
 * less than a quarter: over a long day hosts are switched off one by one, and no way has failed.
 * Only what came before counts: stretches that answer more later on are no sign of an outage. */
#include "scan/raw_fall.h"

#include <math.h>

#include "scan/raw_engine.h"

enum {
    FALL_LEAST = 4, /* the share falls to less than one in so many of what it was */
    QUESTIONS = RAW_STRETCHES * (RAW_STRETCHES - 1) / 2,
    UNITS_MOST = 1 << 21 /* more are judged by every so manieth of them */
};

static const double chance_most = 1e-6;

static double log_choose(double all, double some)
{
    int sign;
    return lgamma_r(all + 1, &sign) - lgamma_r(some + 1, &sign) - lgamma_r(all - some + 1, &sign);
}

/* A bound of the logarithm of the chance that so few answer within. */
static double log_chance(const struct raw_fall *f)
{
    double n = (double)f->within.asked, x = (double)f->within.answered;
    double all = n + (double)f->before.asked, answering = x + (double)f->before.answered;
    double ratio = x * (all - answering - n + x) / ((answering - x + 1) * (n - x + 1));
    if (ratio >= 1)
        return 0;
    return log_choose(answering, x) + log_choose(all - answering, n - x) - log_choose(all, n) -
           log(1 - ratio);
}

static bool has_fallen(const struct raw_fall *f)
{
    return f->within.asked > 0 && f->before.asked > 0 &&
           FALL_LEAST * (double)f->within.answered * (double)f->before.asked <
               (double)f->before.answered * (double)f->within.asked;
}

static void add(struct raw_stretch *sum, const struct raw_stretch *more)
{
    sum->asked += more->asked;
    sum->answered += more->answered;
}

bool raw_fall_between(const struct raw_stretch stretches[static RAW_STRETCHES],
                      struct raw_fall *out)
{
    double least = log(chance_most / QUESTIONS);
    struct raw_stretch before = {0};
    *out = (struct raw_fall){0};
    for (unsigned first = 1; first < RAW_STRETCHES; first++) {
        struct raw_fall fall = {.found = true};
        add(&before, &stretches[first - 1]);
        fall.before = before;
        for (unsigned last = first; last < RAW_STRETCHES; last++) {
            add(&fall.within, &stretches[last]);
            double chance = has_fallen(&fall) ? log_chance(&fall) : 0;
            if (chance >= least)
                continue;
            least = chance;
            *out = fall;
        }
    }
    return out->found;
}

void raw_fall_find(const struct raw_settings *settings, const struct raw_orders *orders,
                   struct raw_fall *out)
{
    struct raw_stretch stretches[RAW_STRETCHES] = {0};
    const uint64_t units = raw_units(settings), step = 1 + units / UNITS_MOST;
    for (uint64_t place = 0; place < units; place += step) {
        struct raw_unit unit = raw_unit_at(settings, orders, place);
        struct raw_stretch *at = &stretches[place * RAW_STRETCHES / units];
        uint64_t sums[KNOCK_STATES];
        raw_state_sum(settings->state, unit.state, 1, sums);
        at->asked++;
        at->answered += sums[KNOCK_REFUSED] + sums[KNOCK_OPEN] + sums[KNOCK_ANSWERED] > 0;
    }
    if (!raw_fall_between(stretches, out))
        return;
    struct raw_progress again = raw_state_progress(settings->state);
    again.pass = 1;
    again.place = 0;
    raw_state_note(settings->state, &again);
}
