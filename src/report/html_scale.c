/* Steps are tried from the finest on: there are few. Times of foreign evidence can be any number,
 * so spans are told in unsigned numbers, which do not overflow. */
#include "report/html_scale.h"

#include <math.h>

#include "base/compiler.h"
#include "base/time.h"
#include "base/writer.h"

#define SECOND_US US_PER_SECOND
#define MINUTE_US (60 * US_PER_SECOND)
#define HOUR_US (60 * MINUTE_US)

enum { CLOCK_AT = 11, DATE_LENGTH = 10 };

/* Coarser ones are multiples of the last. */
static const int64_t steps[] = {SECOND_US,      2 * SECOND_US,  5 * SECOND_US,  10 * SECOND_US,
                                30 * SECOND_US, MINUTE_US,      2 * MINUTE_US,  5 * MINUTE_US,
                                10 * MINUTE_US, 20 * MINUTE_US, HOUR_US,        2 * HOUR_US,
                                3 * HOUR_US,    6 * HOUR_US,    12 * HOUR_US,   US_PER_DAY,
                                2 * US_PER_DAY, 7 * US_PER_DAY, 14 * US_PER_DAY};

static uint64_t span_of(const struct time_axis *a)
{
    return (uint64_t)a->last_us - (uint64_t)a->first_us;
}

static int64_t step_for(uint64_t span_us)
{
    for (size_t i = 0; i < COUNT_OF(steps); i++)
        if (span_us / (uint64_t)steps[i] < TICKS_MAX)
            return steps[i];
    int64_t last = steps[COUNT_OF(steps) - 1];
    uint64_t times = span_us / TICKS_MAX / (uint64_t)last + 1;
    return last * (int64_t)times;
}

struct time_axis time_axis_over(int64_t first_us, int64_t last_us, double left, double right)
{
    struct time_axis a = {.first_us = first_us, .last_us = last_us, .left = left, .right = right};
    if (a.first_us > a.last_us) {
        a.first_us = last_us;
        a.last_us = first_us;
    }
    if (a.first_us == a.last_us) {
        a.first_us = a.first_us < INT64_MIN + MINUTE_US ? INT64_MIN : a.first_us - MINUTE_US / 2;
        a.last_us = a.last_us > INT64_MAX - MINUTE_US ? INT64_MAX : a.last_us + MINUTE_US / 2;
    }
    a.step_us = step_for(span_of(&a));
    return a;
}

double time_axis_at(const struct time_axis *a, int64_t when_us)
{
    if (when_us <= a->first_us)
        return a->left;
    if (when_us >= a->last_us)
        return a->right;
    double share = (double)((uint64_t)when_us - (uint64_t)a->first_us) / (double)span_of(a);
    return a->left + share * (a->right - a->left);
}

size_t time_axis_ticks(const struct time_axis *a, int64_t ticks[static TICKS_MAX])
{
    size_t count = 0;
    int64_t over = a->first_us % a->step_us;
    uint64_t to_next = over > 0 ? (uint64_t)(a->step_us - over) : (uint64_t)-over;
    uint64_t span = span_of(a);
    while (to_next <= span && count < TICKS_MAX) {
        ticks[count++] = (int64_t)((uint64_t)a->first_us + to_next);
        to_next += (uint64_t)a->step_us;
    }
    return count;
}

const char *time_axis_text(const struct time_axis *a, int64_t tick_us,
                           char buffer[static TICK_TEXT_SIZE])
{
    char whole[TIME_TEXT_SIZE];
    struct text text = text_over(buffer, TICK_TEXT_SIZE);
    if (time_text(tick_us, whole)[0] == '-')
        text_add(&text, "-");
    else if (a->step_us >= US_PER_DAY)
        text_add(&text, "%.*s", DATE_LENGTH, whole);
    else
        text_add(&text, "%.*s", a->step_us >= MINUTE_US ? 5 : 8, whole + CLOCK_AT);
    return buffer;
}

double count_axis_top(double most)
{
    if (!(most > 1))
        return 1;
    double ten = pow(10, floor(log10(most)));
    static const double factors[] = {1, 2, 5, 10};
    for (size_t i = 0; i < COUNT_OF(factors); i++)
        if (factors[i] * ten >= most)
            return factors[i] * ten;
    return 20 * ten; /* log10 was rounded */
}

double count_axis_at(double value, double top, double low, double high)
{
    if (!(value > 0))
        return low;
    return value >= top ? high : low + value / top * (high - low);
}
