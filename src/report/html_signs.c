/* Facts keep the names that the JSON has, with blanks for their underscores: who looks for one in
 * docs/json.md finds it. */
#include "report/html_signs.h"

#include <math.h>
#include <string.h>

#include "base/time.h"
#include "base/writer.h"
#include "evidence/smb_check.h"
#include "report/text_parts.h"

enum { DUMP_COLUMNS = 16, DETAIL_SIZE = 160, REASON_SIZE = 320 };

static int nibble(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* The bytes as letters, where they are printable. */
static void say_letters(struct markup *m, const char *digits, size_t count)
{
    char letters[DUMP_COLUMNS + 1];
    for (size_t i = 0; i < count; i++) {
        int byte = nibble(digits[2 * i]) * 16 + nibble(digits[2 * i + 1]);
        letters[i] = (char)(byte >= 0x20 && byte < 0x7f ? byte : '.');
    }
    letters[count] = '\0';
    markup_text(m, SAFE_SENTENCE, letters);
}

bool hex_dump(struct markup *m, const char *digits)
{
    size_t length = strspn(digits, "0123456789abcdef");
    if (length < 4 || length % 2 != 0 || digits[length] != '\0')
        return false;
    markup_say(m, "<pre class=\"bytes\">");
    for (size_t at = 0; at < length / 2; at += DUMP_COLUMNS) {
        size_t count = length / 2 - at < DUMP_COLUMNS ? length / 2 - at : DUMP_COLUMNS;
        markup_say(m, "%s%04zx  ", at > 0 ? "\n" : "", at);
        for (size_t i = 0; i < DUMP_COLUMNS; i++)
            if (i < count)
                markup_say(m, "%.2s ", digits + 2 * (at + i));
            else
                markup_say(m, "   ");
        markup_say(m, " ");
        say_letters(m, digits + 2 * at, count);
    }
    markup_say(m, "</pre>");
    return true;
}

static void say_fact_name(struct markup *m, const char *name)
{
    for (const char *next = name; *next != '\0'; next++)
        markup_say(m, "%c", *next == '_' ? ' ' : *next);
}

/* "40832/tcp 1f8b...": what was answered on a port, in hex. */
static bool answer_dump(struct markup *m, const char *text)
{
    const char *blank = strrchr(text, ' ');
    if (blank == NULL || strspn(blank + 1, "0123456789abcdef") < 16)
        return false;
    char before[FACT_TEXT_SIZE];
    size_t length = (size_t)(blank - text);
    if (length >= sizeof before)
        return false;
    memcpy(before, text, length);
    before[length] = '\0';
    struct markup dump = {0};
    bool good = hex_dump(&dump, blank + 1);
    if (good) {
        markup_name(m, before);
        markup_add(m, dump.text, dump.used);
    }
    m->failed |= dump.failed;
    markup_free(&dump);
    return good;
}

static void say_fact_value(struct markup *m, const struct fact *f)
{
    char number[NUMBER_SIZE];
    if (f->kind == FACT_NUMBER) {
        markup_say(m, "%s", isfinite(f->number) ? number_text(f->number, number) : "unknown");
        return;
    }
    if (strcmp(f->name, "first_bytes") == 0 && hex_dump(m, f->text))
        return;
    if (strcmp(f->name, "answers") == 0 && answer_dump(m, f->text))
        return;
    markup_say(m, "<code>"); /* which the style keeps apart as <bdi> is */
    markup_text(m, SAFE_UTF8, f->text);
    markup_say(m, "</code>");
}

/* Items of one name that follow each other are one list. */
static void say_facts(struct markup *m, const struct sign *s)
{
    if (s->fact_count == 0)
        return;
    markup_say(m, "<dl class=\"facts\">");
    for (unsigned i = 0; i < s->fact_count; i++) {
        const struct fact *f = &s->facts[i];
        bool goes_on = i > 0 && f->kind == FACT_ITEM && f[-1].kind == FACT_ITEM &&
                       strcmp(f[-1].name, f->name) == 0;
        if (!goes_on) {
            markup_say(m, "%s<div><dt>", i > 0 ? "</div>" : "");
            say_fact_name(m, f->name);
            markup_say(m, "</dt>");
        }
        markup_say(m, "<dd>");
        say_fact_value(m, f);
        markup_say(m, "</dd>");
    }
    markup_say(m, "</div></dl>");
}

static void say_weight(struct markup *m, const struct sign *s)
{
    char number[NUMBER_SIZE];
    if (s->weight == WEIGHT_PROOF)
        markup_say(m, "<span class=\"badge infected\">proof</span>");
    else if (s->weight == WEIGHT_POINTS && isfinite(s->points))
        markup_say(m, "<span class=\"badge plain\">weight %s</span>",
                   number_text(s->points, number));
    else if (s->weight == WEIGHT_STATISTICAL && isfinite(s->false_alarm_log10))
        markup_say(m, "<span class=\"badge plain\">by chance: one %s in 10^%s</span>",
                   s->id == SIGN_SWEEP_PATTERN ? "scanner" : "day",
                   number_text(floor(fabs(s->false_alarm_log10)), number));
}

void sign_article(struct markup *m, const struct sign *s)
{
    char count[COUNT_TEXT_SIZE];
    const char *id = sign_kind_of(s->id)->id;
    markup_say(m, "<article class=\"sign\"><h4><a href=\"#sign-%s\">%s</a> ", id, id);
    say_weight(m, s);
    markup_say(m, "</h4><p>");
    markup_text(m, SAFE_SENTENCE, s->says);
    markup_say(m, "</p><p class=\"small\">count %s", count_text(s->count, count));
    if (s->has_of)
        markup_say(m, " of %s", count_text(s->of, count));
    if (s->first_us != TIME_NONE && s->last_us != TIME_NONE) {
        markup_say(m, ", ");
        markup_time(m, s->first_us, true);
        if (s->last_us != s->first_us) {
            markup_say(m, " to ");
            markup_time(m, s->last_us, true);
        }
        markup_say(m, " UTC");
    }
    markup_say(m, "</p>");
    say_facts(m, s);
    markup_say(m, "</article>\n");
}

static const char *badge_of(enum check_result result)
{
    switch (result) {
    case CHECK_INFECTED:
        return "infected";
    case CHECK_ODD:
        return "suspicious";
    case CHECK_REFUSED:
    case CHECK_UNANSWERED:
    case CHECK_ERROR:
    case CHECK_RESULTS:
        break;
    }
    return "unknown";
}

static void check_row(struct markup *m, const struct check *c)
{
    char buffer[DETAIL_SIZE];
    struct text detail = text_over(buffer, sizeof buffer);
    enum check_result result = check_result_of(c);
    check_detail(c, &detail);
    markup_say(m, "<tr><th scope=\"row\">%u/%s</th><td>", (unsigned)c->port,
               c->transport == TRANSPORT_TCP ? "tcp" : "udp");
    markup_say(m, "<span class=\"badge %s\">%s</span></td><td>", badge_of(result),
               check_result_text(result));
    markup_text(m, SAFE_SENTENCE, check_reason(c));
    if (detail.used > 0) {
        markup_say(m, "; ");
        markup_text(m, SAFE_SENTENCE, buffer);
    }
    markup_say(m, "</td><td class=\"when\">");
    markup_time(m, c->when_us, true);
    markup_say(m, "</td></tr>\n");
}

static void smb_row(struct markup *m, const struct smb_check *c)
{
    char reason[REASON_SIZE];
    struct text text = text_over(reason, sizeof reason);
    enum smb_result result = smb_result_of(c);
    const char *badge = result == SMB_INFECTED    ? "infected"
                        : result == SMB_CLEAN     ? "clean"
                        : result == SMB_UNPATCHED ? "suspicious"
                                                  : "unknown";
    smb_check_say_reason(c, &text);
    markup_say(m, "<tr><th scope=\"row\">");
    if (c->port != 0)
        markup_say(m, "%u/tcp ", (unsigned)c->port);
    markup_say(m, "SMB</th><td><span class=\"badge %s\">%s</span></td><td>", badge,
               smb_result_text(result));
    markup_text(m, SAFE_SENTENCE, reason);
    markup_say(m, "</td><td class=\"when\">");
    markup_time(m, c->when_us, true);
    markup_say(m, "</td></tr>\n");
}

void checks_table(struct markup *m, const struct verdict *v)
{
    if (v->check_count == 0 && v->smb == NULL)
        return;
    markup_say(m,
               "<h3>Checks</h3>\n<div class=\"scroll\"><table class=\"checks\"><caption>What was "
               "asked of it, and what came back; silence is no proof of health.</caption>"
               "<thead><tr><th scope=\"col\">Port</th><th scope=\"col\">Result</th>"
               "<th scope=\"col\">Why</th><th scope=\"col\">When (UTC)</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < v->check_count; i++)
        check_row(m, &v->checks[i]);
    if (v->smb != NULL)
        smb_row(m, v->smb);
    markup_say(m, "</tbody></table></div>\n");
}
