/* Steps are tried from the finest on: there are few. Times of foreign evidence can be any number;
 * those that no calendar has are put at its ends, so nothing here overflows. */
#include "report/html_scale.h"

#include <math.h>

#include "base/compiler.h"
#include "base/time.h"
#include "base/writer.h"

#define SECOND_US US_PER_SECOND
#define MINUTE_US (60 * US_PER_SECOND)
#define HOUR_US (60 * MINUTE_US)

enum { CLOCK_AT = 11, DATE_LENGTH = 10 };

/* The last one holds every span that has times as text: they end in the year 9999. */
static const int64_t steps[] = {
    SECOND_US,       2 * SECOND_US,   5 * SECOND_US,    15 * SECOND_US,    30 * SECOND_US,
    MINUTE_US,       2 * MINUTE_US,   5 * MINUTE_US,    10 * MINUTE_US,    15 * MINUTE_US,
    30 * MINUTE_US,  HOUR_US,         2 * HOUR_US,      3 * HOUR_US,       6 * HOUR_US,
    12 * HOUR_US,    US_PER_DAY,      2 * US_PER_DAY,   7 * US_PER_DAY,    14 * US_PER_DAY,
    28 * US_PER_DAY, 91 * US_PER_DAY, 365 * US_PER_DAY, 3650 * US_PER_DAY, 365000 * US_PER_DAY};

/* Times that have a text; what is outside is put there. */
#define EARLIEST_US (-719528 * US_PER_DAY)
#define LATEST_US (2932897 * US_PER_DAY - 1)

static int64_t within(int64_t when_us)
{
    if (when_us < EARLIEST_US)
        return EARLIEST_US;
    return when_us > LATEST_US ? LATEST_US : when_us;
}

/* The last whole step that is not later. */
static int64_t step_before(int64_t when_us, int64_t step_us)
{
    int64_t over = when_us % step_us;
    return when_us - (over < 0 ? over + step_us : over);
}

struct time_axis time_axis_over(int64_t first_us, int64_t last_us, double left, double right)
{
    int64_t first = within(first_us < last_us ? first_us : last_us);
    int64_t last = within(first_us < last_us ? last_us : first_us);
    struct time_axis a = {.left = left, .right = right};
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        a.step_us = steps[i];
        a.first_us = step_before(first, steps[i]);
        a.last_us = a.first_us + AXIS_STEPS * steps[i];
        if (a.last_us >= last)
            break;
    }
    return a;
}

double time_axis_at(const struct time_axis *a, int64_t when_us)
{
    if (when_us <= a->first_us)
        return a->left;
    if (when_us >= a->last_us)
        return a->right;
    double share = (double)(when_us - a->first_us) / (double)(a->last_us - a->first_us);
    return a->left + share * (a->right - a->left);
}

void time_axis_ticks(const struct time_axis *a, int64_t ticks[static TICKS])
{
    for (unsigned i = 0; i < TICKS; i++)
        ticks[i] = a->first_us + (int64_t)i * a->step_us;
}

const char *time_axis_text(const struct time_axis *a, int64_t tick_us,
                           char buffer[static TICK_TEXT_SIZE])
{
    char whole[TIME_TEXT_SIZE];
    struct text text = text_over(buffer, TICK_TEXT_SIZE);
    if (time_text(tick_us, whole)[0] == '-')
        text_add(&text, "-");
    else if (a->step_us >= US_PER_DAY || tick_us % US_PER_DAY == 0)
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
