/* What detectors cost: hunts over one capture with all of them, with the first ones alone, and with
 * the first ones and one more, in turn. Processor time of user and system, all threads.
 *
 *   bench_detectors FILE [ROUNDS]     median seconds, and the median of the rounds' ratios
 *
 * The first ones are those that the program began with: P2P by message and by port, and names. What
 * is not seated asks for nothing, so flows and streams do no work for it either. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/compiler.h"
#include "detect/detector.h"
#include "engine/hunt.h"

enum { ROUNDS_MAX = 100, SEATINGS_MAX = HOSTS_KINDS_MAX + 2, ALL = 0, FIRST = 1 };

static const enum sign_id first_signs[] = {SIGN_P2P_ANSWER, SIGN_P2P_MESSAGE, SIGN_P2P_PORTS,
                                           SIGN_RENDEZVOUS_DNS};

/* Who sees what passes, and how long that took. */
struct seating {
    const char *name;
    unsigned unseated;
    double seconds[ROUNDS_MAX];
    uint64_t infected;
};

static bool is_first(const struct detector *d)
{
    for (unsigned i = 0; i < COUNT_OF(first_signs); i++)
        if (d->sign == first_signs[i])
            return true;
    return false;
}

static unsigned seatings_make(struct seating *s)
{
    unsigned others = 0, count = 2;
    for (unsigned d = 0; d < detector_count; d++)
        others |= is_first(detectors[d]) ? 0 : 1u << d;
    s[ALL] = (struct seating){.name = "detectors"};
    s[FIRST] = (struct seating){.name = "alone", .unseated = others};
    for (unsigned d = 0; d < detector_count; d++)
        if ((others & 1u << d) != 0)
            s[count++] = (struct seating){.name = sign_kind_of(detectors[d]->sign)->id,
                                          .unseated = others & ~(1u << d)};
    return count;
}

static double now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* False, and said, when the capture cannot be hunted. */
static bool hunt_once(const char *path, struct seating *s, unsigned round)
{
    struct hunt_settings settings = {.since_us = INT64_MIN,
                                     .until_us = INT64_MAX,
                                     .sampling = 1,
                                     .limits = HOSTS_LIMITS_DEFAULT,
                                     .unseated = s->unseated};
    struct error err;
    struct hunt_outcome outcome;
    double began = now_s();
    struct hunt *h = hunt_new(&settings, &err);
    if (h == NULL) {
        (void)fprintf(stderr, "bench_detectors: %s\n", err.text);
        return false;
    }
    (void)hunt_read(h, path, true);
    hunt_finish(h, NULL, 0, 0, &outcome);
    hunt_free(h);
    s->seconds[round] = now_s() - began;
    s->infected = outcome.infected_home;
    if (!outcome.complete)
        (void)fprintf(stderr, "bench_detectors: %s could not be hunted in whole\n", path);
    return outcome.complete;
}

static int compare_numbers(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static double median(const double *numbers, unsigned count)
{
    double sorted[ROUNDS_MAX];
    memcpy(sorted, numbers, count * sizeof *numbers);
    qsort(sorted, count, sizeof *sorted, compare_numbers);
    return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
}

static void say(const struct seating *s, const struct seating *first, unsigned rounds)
{
    double ratios[ROUNDS_MAX];
    for (unsigned i = 0; i < rounds; i++)
        ratios[i] = s->seconds[i] / first->seconds[i];
    (void)printf("  %-14s%-16s %8.3f s, %6.3f x the first, %llu infected\n",
                 s > first    ? "the first and"
                 : s == first ? "the first"
                              : "all",
                 s->name, median(s->seconds, rounds), median(ratios, rounds),
                 (unsigned long long)s->infected);
}

int main(int count, char **words)
{
    static struct seating seatings[SEATINGS_MAX];
    unsigned long rounds = count > 2 ? strtoul(words[2], NULL, 10) : 5;
    if (count < 2 || rounds < 1 || rounds > ROUNDS_MAX) {
        (void)fprintf(stderr, "usage: bench_detectors FILE [ROUNDS, %d at most]\n", ROUNDS_MAX);
        return 2;
    }
    unsigned seating_count = seatings_make(seatings);
    for (unsigned round = 0; round < rounds; round++)
        for (unsigned i = 0; i < seating_count; i++)
            if (!hunt_once(words[1], &seatings[i], round))
                return 1;
    for (unsigned i = 0; i < seating_count; i++)
        say(&seatings[i], &seatings[FIRST], (unsigned)rounds);
    return 0;
}
