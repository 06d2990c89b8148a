/* Where things stand in a picture: pure layout, without markup.
 *
 * A time axis has four steps between five ticks, at instants that people name: whole seconds,
 * minutes, hours, days. So its ticks stand at the same places in every picture, which keeps a page
 * of many small. What is outside an axis is put at its edge, never beyond. */
#ifndef WORMSIGN_REPORT_HTML_SCALE_H
#define WORMSIGN_REPORT_HTML_SCALE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { AXIS_STEPS = 4, TICKS = AXIS_STEPS + 1, TICK_TEXT_SIZE = 24 };

struct time_axis {
    int64_t first_us, last_us; /* last is later than first */
    double left, right;        /* where they stand */
    int64_t step_us;           /* between ticks */
};

/* An axis that holds this span, in any order, and begins and ends with a tick. */
struct time_axis time_axis_over(int64_t first_us, int64_t last_us, double left, double right);

double time_axis_at(const struct time_axis *a, int64_t when_us);

void time_axis_ticks(const struct time_axis *a, int64_t ticks[static TICKS]);

/* "16:40:05", "16:40" or "2009-04-21", as fine as the step, midnight as a date; in buffer, which is
 * returned. */
const char *time_axis_text(const struct time_axis *a, int64_t tick_us,
                           char buffer[static TICK_TEXT_SIZE]);

/* The least of 1, 2, 5, 10, 20, 50, ... that is not less: the top of an axis of counts. */
double count_axis_top(double most);

/* Where a value of 0..top stands between low (0) and high (top). */
double count_axis_at(double value, double top, double low, double high);

#endif
