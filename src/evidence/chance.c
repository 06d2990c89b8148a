/* The Poisson tail is summed from its first term, in logarithms: P(k) (1 + m/(k+1) +
 * m²/((k+1)(k+2)) + ...). */
#include "evidence/chance.h"

#include <math.h>

#include "base/writer.h"

enum { TERMS_MAX = 1000000 };

double chance_poisson_tail(double mean, double k)
{
    static const double smallest = -9999.0;
    k = floor(k);
    if (k <= mean || k <= 0)
        return 0;
    if (mean <= 0)
        return smallest;
    int sign;
    double first = k * log(mean) - mean - lgamma_r(k + 1, &sign);
    double sum = 1, term = 1;
    for (int i = 1; i < TERMS_MAX && term > sum * 1e-12; i++) {
        term *= mean / (k + i);
        sum += term;
    }
    double tail = (first + log(sum)) / log(10);
    return tail < smallest ? smallest : tail > 0 ? 0 : tail;
}

void chance_say(struct text *out, double log10_chance)
{
    /* Beyond this a larger exponent tells nobody anything; up to the other, days read better. */
    static const double never = -30, in_days = -6;
    if (log10_chance < never) {
        text_add(out, "chance does not do this (less than one day in 10^%.0f)", -never);
    } else if (log10_chance < in_days) {
        text_add(out, "by chance a host does so on one day in 10^%.0f", floor(-log10_chance));
    } else {
        double days = pow(10, -log10_chance), step = pow(10, floor(log10(days)) - 1);
        text_add(out, "by chance a host does so on one day in %.0f", floor(days / step) * step);
    }
}
