/* What changed between two runs of a store: who is new, who is cured, and who was not heard of
 * again, which is no good news. */
#include "base/writer.h"
#include "report/html_host.h"
#include "report/html_inside.h"

/* "run 2 (hunt of 2026-11-22)" */
static void say_run(char buffer[static RUN_TEXT_SIZE], int64_t run, const char *told)
{
    struct text text = text_over(buffer, RUN_TEXT_SIZE);
    text_add(&text, "run %lld%s%s%s", (long long)run, told != NULL ? " (" : "",
             told != NULL ? told : "", told != NULL ? ")" : "");
}

bool html_change(struct html_state *s, const struct host_change *c)
{
    char address[ADDRESS_TEXT_SIZE];
    struct markup *m = &s->changes;
    if (s->changes_of[c->kind]++ >= HTML_CHANGES_MAX)
        return true;
    markup_say(m, "<tr><td>%s</td><th scope=\"row\"><a href=\"#", change_kind_text(c->kind));
    host_id(m, c->host, c->site);
    markup_say(m, "\">%s</a>", address_text(c->host, address));
    if (c->site != NULL) {
        markup_say(m, " <span class=\"aka\">at ");
        markup_name(m, c->site);
        markup_say(m, "</span>");
    }
    markup_say(m, "</th><td>");
    if (c->owner != NULL)
        markup_name(m, c->owner);
    markup_say(m, "</td><td class=\"why\"><p>");
    markup_text(m, SAFE_SENTENCE, c->says);
    markup_say(m, "</p></td></tr>\n");
    say_run(s->changes_from, c->before_run, c->before_told);
    say_run(s->changes_to, c->after_run, c->after_told);
    return !m->failed;
}

void html_changes(struct markup *m, const struct html_state *s)
{
    static const char *const words[CHANGE_KINDS] = {[CHANGE_NEW] = "new",
                                                    [CHANGE_STILL] = "still there",
                                                    [CHANGE_CURED] = "cured",
                                                    [CHANGE_GONE] = "not heard of again"};
    char count[COUNT_TEXT_SIZE];
    uint64_t all = 0, left_out = 0;
    for (unsigned kind = 0; kind < CHANGE_KINDS; kind++) {
        all += s->changes_of[kind];
        if (s->changes_of[kind] > HTML_CHANGES_MAX)
            left_out += s->changes_of[kind] - HTML_CHANGES_MAX;
    }
    if (all == 0)
        return;
    markup_say(m, "<section id=\"changes\"><h2>What changed</h2>\n<p>From ");
    markup_text(m, SAFE_SENTENCE, s->changes_from);
    markup_say(m, " to ");
    markup_text(m, SAFE_SENTENCE, s->changes_to);
    markup_say(m, ": ");
    for (unsigned kind = 0; kind < CHANGE_KINDS; kind++)
        markup_say(m, "%s<b>%s</b> %s", kind > 0 ? ", " : "",
                   count_text(s->changes_of[kind], count), words[kind]);
    markup_say(m, ".");
    if (left_out > 0)
        markup_say(m, " %s further ones are not listed here.", count_text(left_out, count));
    markup_say(m, "</p>\n<div class=\"scroll\"><table><caption class=\"apart\">What changed"
                  "</caption><thead><tr><th scope=\"col\">Change</th><th scope=\"col\">Host</th>"
                  "<th scope=\"col\">Owner</th><th scope=\"col\">Why</th></tr></thead><tbody>\n");
    if (s->changes.text != NULL)
        markup_add(m, s->changes.text, s->changes.used);
    m->failed |= s->changes.failed;
    markup_say(m, "</tbody></table></div></section>\n");
}
