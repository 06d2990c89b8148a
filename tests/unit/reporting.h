/* Made-up verdicts, and a report of them as text: for the tests of report/. */
#ifndef WORMSIGN_TESTS_REPORTING_H
#define WORMSIGN_TESTS_REPORTING_H

#include "testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "report/report.h"

/* Everything that can harm a terminal or a JSON reader, in one name of less than HOST_NAME_SIZE. */
#define HOSTILE                                                                                    \
    "\x1b]0;t\x07\x1b["                                                                            \
    "2J\"q\\u\n\r\t\x80\xff\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80\x7f\xe2\x80\xae\xc2\x9b\xc3\xa9"

struct shown {
    int verbosity, width;
    bool colour, each_host, days_only;
    size_t verdict_count, edge_count;
    const struct verdict *verdicts;
    const struct infection *edges;
    const struct totals *totals;
};

static inline int64_t at(const char *time)
{
    int64_t when_us;
    assert_true(time_parse(time, &when_us, NULL));
    return when_us;
}

static inline struct address address_at(const char *text)
{
    struct address a;
    assert_true(address_parse(text, &a, NULL));
    return a;
}

/* What the format writes; for the caller to free. */
static inline char *shown_as(const char *format, struct shown what)
{
    static const struct totals nothing = {.verb = "hunt", .complete = true};
    char *text = NULL;
    size_t size = 0;
    struct report r = {.format = report_format_named(format),
                       .out = open_memstream(&text, &size),
                       .colour = what.colour,
                       .verbosity = what.verbosity,
                       .each_host = what.each_host,
                       .width = what.width,
                       .began_us = at("2026-11-22T05:10:11Z"),
                       .version = "1.2.3",
                       .verb = "report",
                       .days_only = what.days_only};
    assert_non_null(r.format);
    assert_non_null(r.out);
    assert_true(r.format->begin(&r));
    for (size_t i = 0; i < what.verdict_count; i++)
        assert_true(r.format->host(&r, &what.verdicts[i]));
    for (size_t i = 0; i < what.edge_count; i++)
        assert_true(r.format->edge(&r, &what.edges[i]));
    assert_true(r.format->end(&r, what.totals != NULL ? what.totals : &nothing));
    assert_null(r.state);
    assert_int_equal(fclose(r.out), 0);
    return text;
}

static inline struct sign ports_sign(void)
{
    struct sign s = {.id = SIGN_P2P_PORTS,
                     .weight = WEIGHT_STATISTICAL,
                     .false_alarm_log10 = -12.4,
                     .has_of = true,
                     .count = 41,
                     .of = 43,
                     .first_us = at("2009-04-21T16:44:11.000123Z"),
                     .last_us = at("2009-04-21T18:02:00Z"),
                     .variants = VARIANT_D | VARIANT_E,
                     .says = "41 of 43 peers were on the port predicted for their address."};
    sign_add_number(&s, "pairs", 43);
    sign_add_number(&s, "share", 0.25);
    sign_add_text(&s, FACT_TEXT, "week", "2050");
    sign_add_text(&s, FACT_ITEM, "peers", "192.0.2.1:40832");
    sign_add_text(&s, FACT_ITEM, "peers", "192.0.2.2:1234");
    return s;
}

static inline struct verdict verdict_made(const char *host, bool home, enum verdict_kind kind)
{
    struct verdict v = {.host = address_at(host),
                        .home = home,
                        .kind = kind,
                        .weight = 9.3,
                        .first_us = at("2009-04-21T16:44:11.000123Z"),
                        .last_us = at("2009-04-22T18:02:00Z"),
                        .says = "It began to contact peers as the worm does."};
    return v;
}

#endif
