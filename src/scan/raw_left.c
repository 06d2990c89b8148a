/* Packets left = those of this pass that are left, and in each later pass the share that is silent
 * so far. They take as long as packets of this run took while it was sending; pauses are added, and
 * there is none when all have answered. */
#include "scan/raw_left.h"

#include <math.h>

#include "base/time.h"

enum {
    SECONDS_LEAST = 2, /* before there is a pace to go by */
    PACKETS_LEAST = 20,
    BATCH_PACKETS = 256
};

#define UNDER_WAY_S 0.25 /* that an answer takes, far away */

static const int64_t pauses_us[RAW_PASSES] = {US_PER_SECOND, 3 * US_PER_SECOND, 8 * US_PER_SECOND};

unsigned raw_passes(const struct raw_settings *settings)
{
    return settings->passes > 0 ? settings->passes : RAW_PASSES;
}

int64_t raw_pause_us(unsigned pass, unsigned passes)
{
    return pauses_us[pass + 1 >= passes ? RAW_PASSES - 1 : pass];
}

static double pause_seconds(unsigned pass, unsigned passes)
{
    return (double)raw_pause_us(pass, passes) / (double)US_PER_SECOND;
}

/* In the first pass answers are still under way, and those of a batch are not read yet: so few
 * that are missing say nothing, or twelve seconds of pauses would be told where all answer. */
static double silent_share(const struct raw_run *run)
{
    const struct raw_progress *p = &run->now->progress;
    double sent_here = (double)p->sent - (double)run->before.sent;
    double pace = run->seconds > 0 ? sent_here / run->seconds : 0;
    double silent = p->asked > p->answered ? (double)(p->asked - p->answered) : 0;
    bool is_first = p->pass == 0 && run->now->pause_left_us <= 0;
    return is_first && silent <= BATCH_PACKETS + pace * UNDER_WAY_S ? 0 : silent / (double)p->asked;
}

static double packets_left(const struct raw_run *run)
{
    const struct raw_progress *p = &run->now->progress;
    double places = (double)run->now->places, done = (double)p->place / places;
    double all = p->pass == 0 ? (double)p->asked / done : (double)p->asked;
    double silent = all * silent_share(run);
    double left = (p->pass == 0 ? all : silent) * (1 - done);
    for (uint64_t pass = p->pass + 1; pass < run->passes; pass++)
        left += silent;
    return left;
}

static double pauses_left(const struct raw_run *run)
{
    const struct raw_progress *p = &run->now->progress;
    bool is_pause = run->now->pause_left_us > 0;
    double left = is_pause ? (double)run->now->pause_left_us / (double)US_PER_SECOND : 0;
    for (unsigned pass = (unsigned)p->pass + is_pause; pass < run->passes; pass++)
        left += pause_seconds(pass, run->passes);
    return silent_share(run) > 0 ? left : 0;
}

static double pauses_over(const struct raw_run *run)
{
    double over = 0;
    bool is_pause = run->now->pause_left_us > 0;
    for (uint64_t pass = run->before.pass; pass < run->now->progress.pass + is_pause; pass++)
        over += pause_seconds((unsigned)pass, run->passes);
    return is_pause ? over - (double)run->now->pause_left_us / (double)US_PER_SECOND : over;
}

struct raw_left raw_left_of(const struct raw_run *run)
{
    const struct raw_progress *p = &run->now->progress;
    struct raw_left left = {.share = 0, .seconds = (double)NAN};
    if (p->pass >= RAW_PASSES)
        return (struct raw_left){1, 0};
    if (p->asked == 0 || (p->pass == 0 && p->place == 0))
        return left;
    double packets = packets_left(run), sent = (double)p->sent;
    double sent_here = sent - (double)run->before.sent;
    double sending = run->seconds - pauses_over(run);
    left.share = sent + packets > 0 ? sent / (sent + packets) : 0;
    if (run->seconds >= SECONDS_LEAST && sent_here >= PACKETS_LEAST && sending > 0)
        left.seconds = packets * sending / sent_here + pauses_left(run);
    return left;
}
