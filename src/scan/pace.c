/* Turns are an interval apart; whoever comes late loses all turns but those of the slack. */
#include "scan/pace.h"

enum { NS_PER_US = 1000, NS_PER_S = 1000000000 };

struct pace pace_of(uint64_t rate)
{
    return (struct pace){.interval_ns = rate == 0 ? 0 : ((uint64_t)NS_PER_S + rate - 1) / rate,
                         .next_ns = INT64_MIN};
}

bool pace_take(struct pace *p, int64_t now_us)
{
    int64_t now_ns = now_us * NS_PER_US;
    int64_t oldest_ns = now_ns - (int64_t)PACE_SLACK_US * NS_PER_US;
    if (p->interval_ns == 0)
        return true;
    if (p->next_ns == INT64_MIN)
        p->next_ns = now_ns; /* the first turn is one turn, not those of the slack before it */
    if (p->next_ns > now_ns)
        return false;
    if (p->next_ns < oldest_ns)
        p->next_ns = oldest_ns;
    p->next_ns += (int64_t)p->interval_ns;
    return true;
}

int64_t pace_next_us(const struct pace *p, int64_t now_us)
{
    int64_t next_us = p->next_ns / NS_PER_US + (p->next_ns % NS_PER_US > 0);
    return p->interval_ns == 0 || p->next_ns == INT64_MIN || next_us < now_us ? now_us : next_us;
}
