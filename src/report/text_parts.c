/* Pieces of lines: times, variants, marks, names, the counts of a summary; and the lines of a
 * sign. */
#include "report/text_parts.h"

#include <math.h>
#include <string.h>

#include "base/time.h"
#include "base/writer.h"
#include "report/page.h"

enum { SPAN_SIZE = 2 * TIME_TEXT_SIZE, VARIANTS_SIZE = 64 };

enum paint paint_of(enum verdict_kind kind)
{
    static const enum paint paints[VERDICT_KINDS] = {[VERDICT_INFECTED] = PAINT_RED,
                                                     [VERDICT_SUSPICIOUS] = PAINT_YELLOW,
                                                     [VERDICT_CLEAN] = PAINT_GREEN,
                                                     [VERDICT_UNKNOWN] = PAINT_PLAIN};
    return paints[kind];
}

void say_painted(struct page *p, enum paint paint, const char *words)
{
    page_paint(p, paint);
    page_say(p, "%s", words);
    page_paint(p, PAINT_PLAIN);
}

/* "2009-04-21 16:44:11 to 18:02:00 UTC", with a second date where it is another. */
static bool span_text(int64_t first_us, int64_t last_us, bool days_only, struct text *out)
{
    char first[TIME_TEXT_SIZE], last[TIME_TEXT_SIZE];
    enum { DATE_LENGTH = 10, CLOCK_AT = 11, CLOCK_LENGTH = 8 };
    if (time_text(first_us, first)[0] == '-')
        return false;
    if (days_only) {
        bool one_day = time_text(last_us, last)[0] == '-' || strncmp(first, last, DATE_LENGTH) == 0;
        text_add(out, "%.*s%s%.*s", DATE_LENGTH, first, one_day ? "" : " to ",
                 one_day ? 0 : DATE_LENGTH, last);
        return true;
    }
    text_add(out, "%.*s %.*s", DATE_LENGTH, first, CLOCK_LENGTH, first + CLOCK_AT);
    if (time_text(last_us, last)[0] != '-' && strncmp(first, last, CLOCK_AT + CLOCK_LENGTH) != 0) {
        bool same_day = strncmp(first, last, DATE_LENGTH) == 0;
        text_add(out, " to %.*s%s%.*s", same_day ? 0 : DATE_LENGTH, last, same_day ? "" : " ",
                 CLOCK_LENGTH, last + CLOCK_AT);
    }
    text_add(out, " UTC");
    return true;
}

void say_span(struct page *p, const char *before, int64_t first_us, int64_t last_us)
{
    char span[SPAN_SIZE];
    struct text text = text_over(span, sizeof span);
    if (span_text(first_us, last_us, p->days_only, &text))
        page_say(p, "%s%s", before, span);
}

void say_variants(struct page *p, const char *before, unsigned variants)
{
    char names[VARIANTS_SIZE];
    struct text text = text_over(names, sizeof names);
    variants_say(&text, variants);
    if (text.used > 0)
        page_say(p, "%s%s", before, names);
}

void say_marks(struct page *p, unsigned marks)
{
    const char *before = ", marked ";
    for (unsigned bit = MARK_ATTACKED; bit <= MARK_UNPATCHED; bit <<= 1) {
        if ((marks & bit) == 0)
            continue;
        page_say(p, "%s%s", before, mark_text((enum mark)bit));
        before = " and ";
    }
}

const char *number_text(double number, char buffer[static NUMBER_SIZE])
{
    struct text text = text_over(buffer, NUMBER_SIZE);
    bool whole = fabs(number) < 1e15 && trunc(number) == number;
    text_add(&text, whole ? "%.0f" : "%.6g", number);
    return buffer;
}

void say_names(struct page *p, const struct verdict *v)
{
    for (unsigned i = 0; i < v->name_count; i++) {
        page_say(p, i == 0 ? " (" : ", ");
        page_add(p, SAFE_ASCII, v->names[i]);
    }
    if (v->name_count > 0)
        page_say(p, ")");
    if (v->site != NULL) {
        page_say(p, " at ");
        page_add(p, SAFE_ASCII, v->site);
    }
    if (v->owner != NULL) {
        page_say(p, ", looked after by ");
        page_add(p, SAFE_ASCII, v->owner);
    }
}

/* "2009-04-21 14:02 UTC" behind `before`. */
static void say_minute(struct page *p, const char *before, int64_t when_us)
{
    char text[TIME_TEXT_SIZE];
    enum { DATE_LENGTH = 10, CLOCK_AT = 11, CLOCK_LENGTH = 5 };
    if (time_text(when_us, text)[0] != '-')
        page_say(p, "%s%.*s %.*s UTC", before, DATE_LENGTH, text, CLOCK_LENGTH, text + CLOCK_AT);
}

/* "10.0.0.9 until 2009-04-21 14:02 UTC": until it had the next one; or since when it has it. */
static void say_stay(struct page *p, const struct verdict *v, unsigned i)
{
    char address[ADDRESS_TEXT_SIZE];
    const struct host_stay *stay = &v->stays[i];
    const struct host_stay *next = i + 1 < v->stay_count ? stay + 1 : NULL;
    page_say(p, "%s", address_text(stay->address, address));
    if (next == NULL && stay->first_us > v->last_us)
        say_minute(p, " since ", stay->first_us);
    else
        say_minute(p, " until ",
                   next != NULL && next->first_us > stay->last_us ? next->first_us : stay->last_us);
}

void machine_lines(struct page *p, const struct verdict *v)
{
    char mac[MAC_TEXT_SIZE];
    const char *source = v->mac_source == MAC_BY_DHCP ? "DHCP" : "NetBIOS";
    unsigned others = 0;
    if (v->mac == 0)
        return;
    page_begin(p, 4, 4);
    for (unsigned i = 0; i < v->stay_count; i++) {
        if (address_equal(v->stays[i].address, v->host))
            continue;
        page_say(p, others++ == 0 ? "This machine also had " : ", ");
        say_stay(p, v, i);
    }
    page_say(p,
             others > 0 ? " (by %s, %s): what showed there then was this machine."
                        : "By %s this is the machine %s.",
             source, mac_text(v->mac, mac));
    if (v->mac_changed)
        page_say(p, " At the first sign another machine had this address.");
    page_end(p);
}

void behind_lines(struct page *p, const struct verdict *v)
{
    char address[ADDRESS_TEXT_SIZE];
    for (unsigned i = 0; i < v->behind_count; i++) {
        const struct host_behind *b = &v->behind[i];
        page_begin(p, 4, 6);
        page_say(p, "behind it: %s%s", address_text(b->address, address),
                 b->port_count > 0 ? " (by the ports " : "");
        for (unsigned k = 0; k < b->port_count; k++)
            page_say(p, "%s%u/%s",
                     k == 0                  ? ""
                     : k + 1 < b->port_count ? ", "
                                             : " and ",
                     b->ports[k].port, b->ports[k].transport == TRANSPORT_TCP ? "tcp" : "udp");
        page_say(p, "%s", b->port_count > 0 ? ")" : "");
        page_end(p);
    }
}

void say_standing(struct page *p, const struct verdict *v)
{
    say_variants(p, ", variant ", v->variants);
    say_marks(p, v->marks);
    if (v->proof)
        page_say(p, ", by proof");
    else if (v->kind != VERDICT_CLEAN && isfinite(v->weight))
        page_say(p, ", weight %.1f", v->weight);
    say_span(p, ", ", v->first_us, v->last_us);
}

void say_found(struct page *p, const struct totals *t)
{
    uint64_t infected = t->hosts[VERDICT_INFECTED];
    page_paint(p, infected > 0 ? PAINT_RED : PAINT_BOLD);
    if (infected > 0)
        page_say(p, "%llu infected", (unsigned long long)infected);
    else
        page_say(p, "No infected host was found");
    page_paint(p, PAINT_PLAIN);
    uint64_t clean = t->hosts[VERDICT_CLEAN];
    page_say(p, "%s%llu suspicious",
             infected == 0 ? "; "
             : clean > 0   ? ", "
                           : " and ",
             (unsigned long long)t->hosts[VERDICT_SUSPICIOUS]);
    if (clean > 0)
        page_say(p, " and %llu clean", (unsigned long long)clean);
}

/* One line a fact; the items of a list, which follow each other, on one. */
static void fact_lines(struct page *p, const struct sign *s)
{
    char number[NUMBER_SIZE];
    for (unsigned i = 0; i < s->fact_count; i++) {
        const struct fact *f = &s->facts[i];
        const struct fact *next = i + 1 < s->fact_count ? f + 1 : NULL;
        const struct fact *last = i > 0 ? f - 1 : NULL;
        bool goes_on = next != NULL && f->kind == FACT_ITEM && next->kind == FACT_ITEM &&
                       strcmp(f->name, next->name) == 0;
        bool went_on = last != NULL && f->kind == FACT_ITEM && last->kind == FACT_ITEM &&
                       strcmp(f->name, last->name) == 0;
        if (!went_on) {
            page_begin(p, 8, 10);
            page_say(p, "%s: ", f->name);
        }
        page_add(p, SAFE_ASCII, f->kind == FACT_NUMBER ? number_text(f->number, number) : f->text);
        if (goes_on)
            page_say(p, ", ");
        else
            page_end(p);
    }
}

/* What stands behind a sign: weight, counts and times. */
static void sign_figures(struct page *p, const struct sign *s)
{
    char number[NUMBER_SIZE];
    page_begin(p, 8, 10);
    if (s->weight == WEIGHT_PROOF)
        page_say(p, "proof");
    else if (s->weight == WEIGHT_STATISTICAL)
        page_say(p,
                 s->id == SIGN_SWEEP_PATTERN
                     ? "a scanner without the worm shows this once in 10^%s"
                     : "a host without the worm shows this on one day in 10^%s",
                 number_text(round(-s->false_alarm_log10 * 10) / 10, number));
    else
        page_say(p, "weight %s", number_text(s->points, number));
    page_say(p, ", count %llu", (unsigned long long)s->count);
    if (s->has_of)
        page_say(p, " of %llu", (unsigned long long)s->of);
    say_span(p, ", ", s->first_us, s->last_us);
    page_end(p);
}

void sign_lines(struct page *p, const struct sign *s, bool with_facts)
{
    page_begin(p, 4, 6);
    page_say(p, "- %s: ", sign_kind_of(s->id)->id);
    page_add(p, SAFE_SENTENCE, s->says);
    page_end(p);
    if (!with_facts)
        return;
    sign_figures(p, s);
    fact_lines(p, s);
}
