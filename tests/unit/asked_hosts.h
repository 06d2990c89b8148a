/* Made-up hosts of a scan: checks as an engine hands them over, and the verdicts that evidence/
 * makes of them. */
#ifndef WORMSIGN_TESTS_ASKED_HOSTS_H
#define WORMSIGN_TESTS_ASKED_HOSTS_H

#include "reporting.h"

enum { ASKED_PORTS = 4 };

#define ASKED_TIME "2026-11-22T05:10:11Z"

/* Two TCP ports, then two UDP ports, with these results. */
static inline void checks_of(struct check out[ASKED_PORTS], enum check_cause a, enum check_cause b,
                             enum check_cause c, enum check_cause d)
{
    static const uint16_t ports[ASKED_PORTS] = {49055, 43657, 4348, 59614};
    enum check_cause causes[] = {a, b, c, d};
    for (size_t i = 0; i < ASKED_PORTS; i++)
        out[i] = (struct check){.transport = i < 2 ? TRANSPORT_TCP : TRANSPORT_UDP,
                                .port = ports[i],
                                .week = i % 2 == 0 ? CHECK_WEEK_ANY : CHECK_WEEK_THIS,
                                .cause = causes[i],
                                .when_us = at(ASKED_TIME)};
}

/* The verdict on a host that was asked so, without a sign or with one. */
static inline struct verdict asked(struct address host, const struct check *checks,
                                   struct sign *sign)
{
    enum check_cause causes[ASKED_PORTS];
    for (size_t i = 0; i < ASKED_PORTS; i++)
        causes[i] = checks[i].cause;
    struct circumstances c = {.host = host,
                              .home = true,
                              .checks = checks,
                              .check_count = ASKED_PORTS,
                              .hearing = hearing_of(causes, ASKED_PORTS)};
    struct verdict v;
    verdict_of(&c, sign, sign != NULL, &v);
    return v;
}

static inline struct sign answer_sign(void)
{
    struct sign s = {.id = SIGN_P2P_ANSWER,
                     .weight = WEIGHT_PROOF,
                     .count = 2,
                     .variants = VARIANT_D | VARIANT_E,
                     .first_us = at(ASKED_TIME),
                     .last_us = at(ASKED_TIME),
                     .says = "It answered on 2 of its ports."};
    sign_add_text(&s, FACT_TEXT, "first_peer", "192.0.2.1:40832");
    return s;
}

static inline struct sign odd_sign(void)
{
    return (struct sign){.id = SIGN_P2P_ODD_ANSWER,
                         .weight = WEIGHT_POINTS,
                         .points = 3,
                         .count = 1,
                         .first_us = at(ASKED_TIME),
                         .last_us = at(ASKED_TIME),
                         .says = "It sent data that does not hold."};
}

static inline bool holds(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

static inline size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (; (text = strstr(text, part)) != NULL; text++)
        count++;
    return count;
}

#endif
