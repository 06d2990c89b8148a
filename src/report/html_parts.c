/* The parts of the page below its answer, in their order. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/time.h"
#include "evidence/mend.h"
#include "report/html_host.h"
#include "report/html_inside.h"

static bool is_listed(const struct spread_host *hosts, size_t count, const char *id)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(hosts[i].id, id) == 0)
            return true;
    return false;
}

static struct spread_host spread_of(const struct html_state *s, struct address a, const char *id)
{
    for (size_t i = 0; i < s->row_count; i++)
        if (strcmp(s->rows[i].id, id) == 0)
            return (struct spread_host){
                a, id, s->rows[i].kind, true, s->rows[i].first_us, s->rows[i].last_us};
    return (struct spread_host){a, id, VERDICT_UNKNOWN, true, TIME_NONE, TIME_NONE};
}

enum { SPREAD_MAX = 200 };

/* The hosts of infections, then infected ones of ours. */
static size_t gather_spread(const struct html_state *s, struct spread_host out[static SPREAD_MAX],
                            struct spread_edge *edges)
{
    size_t count = 0;
    for (size_t i = 0; i < s->infection_count; i++) {
        const struct html_infection *one = &s->infections[i];
        edges[i] = (struct spread_edge){one->from_id, one->to_id, one->told.when_us};
        if (count < SPREAD_MAX && !is_listed(out, count, one->from_id))
            out[count++] = spread_of(s, one->told.from, one->from_id);
        if (count < SPREAD_MAX && !is_listed(out, count, one->to_id))
            out[count++] = spread_of(s, one->told.to, one->to_id);
    }
    for (size_t i = 0; i < s->row_count && count < SPREAD_MAX; i++) {
        const struct html_row *row = &s->rows[i];
        if (row->home && row->kind == VERDICT_INFECTED && !is_listed(out, count, row->id))
            out[count++] = (struct spread_host){row->host, row->id,       row->kind,
                                                false,     row->first_us, row->last_us};
    }
    return count;
}

static void infection_list(struct markup *m, const struct html_state *s)
{
    char count[COUNT_TEXT_SIZE];
    if (s->infection_count == 0)
        return;
    markup_say(m, "<details open><summary>Who infected or attacked whom</summary><ul "
                  "class=\"infections\">\n");
    for (size_t i = 0; i < s->infection_count && i < HTML_SHOWN_INFECTIONS; i++)
        html_infection_item(m, &s->infections[i]);
    markup_say(m, "</ul>");
    if (s->infection_count > HTML_SHOWN_INFECTIONS)
        markup_say(m, "<p class=\"small\">The first %d of %s; each host's page has its own.</p>",
                   HTML_SHOWN_INFECTIONS, count_text(s->infection_count, count));
    markup_say(m, "</details>\n");
}

void html_spread(struct markup *m, struct html_state *s)
{
    struct spread_host *hosts = calloc(SPREAD_MAX, sizeof *hosts);
    struct spread_edge *edges = calloc(s->infection_count + 1, sizeof *edges);
    size_t count = hosts != NULL && edges != NULL ? gather_spread(s, hosts, edges) : 0;
    m->failed |= hosts == NULL || edges == NULL;
    if (count > 0) {
        markup_say(m, "<section id=\"spread\"><h2>The outbreak in time</h2>\n");
        picture_spread(m, hosts, count, edges, s->infection_count);
        infection_list(m, s);
        picture_names(m, &s->days);
        markup_say(m, "</section>\n");
    } else if (s->days.count > 0) {
        markup_say(m, "<section id=\"spread\"><h2>Names of the worm</h2>\n");
        picture_names(m, &s->days);
        markup_say(m, "</section>\n");
    }
    free(hosts);
    free(edges);
}

/* A row's own markup stands behind the last tab of its piece. */
static void row_itself(struct markup *m, struct html_state *s, size_t number)
{
    markup_clear(&s->scratch);
    pack_get(&s->row_pack, number, &s->scratch);
    const char *row = s->scratch.text != NULL ? strrchr(s->scratch.text, '\t') : NULL;
    if (row != NULL)
        markup_add(m, row + 1, strlen(row + 1));
    m->failed |= s->scratch.failed || row == NULL;
}

static void say_controls(struct markup *m)
{
    markup_say(
        m,
        "<form id=\"controls\" hidden role=\"search\" aria-label=\"Find hosts\">"
        "<label>Search <input id=\"search\" type=\"search\" placeholder=\"address, name, sign, "
        "words\" autocomplete=\"off\"></label>"
        "<label>Verdict <select id=\"verdict\"><option value=\"\">all</option>"
        "<option>infected</option><option>suspicious</option><option>clean</option>"
        "<option>unknown</option></select></label>"
        "<label>Variant <select id=\"variant\"><option value=\"\">all</option><option>A</option>"
        "<option>B</option><option>C</option><option>D</option><option>E</option></select></label>"
        "<label>Network <select id=\"network\"><option value=\"\">all</option>"
        "<option value=\"1\">home</option><option value=\"0\">elsewhere</option></select></label>"
        "<label>Rows <select id=\"rows\"><option>25</option><option>100</option>"
        "<option>500</option></select></label>"
        "<button type=\"reset\">Clear</button></form>\n"
        "<p id=\"shown\" role=\"status\" class=\"small\"></p>\n");
}

void html_table(struct markup *m, struct html_state *s)
{
    char count[COUNT_TEXT_SIZE];
    size_t shown = s->row_count < HTML_PAGE_ROWS ? s->row_count : HTML_PAGE_ROWS;
    markup_say(m, "<section id=\"hosts\"><h2 tabindex=\"-1\">Hosts</h2>\n");
    if (s->row_count == 0) {
        markup_say(m, "<p>No host showed a sign or answered.</p></section>\n");
        return;
    }
    say_controls(m);
    markup_say(m,
               "<noscript><p class=\"small\">The gravest %zu of %s hosts; the pages of the "
               "first %d are below. Sorting, search and the other hosts need script.</p>"
               "</noscript>\n",
               shown, count_text(s->row_count, count), HTML_SECTIONS);
    markup_say(m, "<div class=\"scroll\"><table id=\"table\"><caption class=\"apart\">Hosts with "
                  "their verdicts; the gravest first</caption><thead><tr>"
                  "<th scope=\"col\" data-sort=\"address\">Host</th>"
                  "<th scope=\"col\" data-sort=\"gravity\" aria-sort=\"ascending\">Verdict</th>"
                  "<th scope=\"col\" data-sort=\"variant\">Variant</th>"
                  "<th scope=\"col\" data-sort=\"weight\" class=\"number\">Weight</th>"
                  "<th scope=\"col\">Why</th>"
                  "<th scope=\"col\" data-sort=\"last\">Last seen (UTC)</th>"
                  "</tr></thead><tbody id=\"body\">\n");
    for (size_t i = 0; i < shown; i++) {
        row_itself(m, s, s->rows[i].number);
        markup_say(m, "\n");
    }
    markup_say(m, "</tbody></table></div>\n<nav id=\"pager\" hidden aria-label=\"Pages of the "
                  "table\"><button type=\"button\" id=\"before\">Previous</button> "
                  "<span id=\"page\"></span> <button type=\"button\" id=\"next\">Next</button>"
                  "</nav></section>\n");
}

/* What infections say of the host, behind its section. */
static void infections_of(struct markup *m, const struct html_state *s, const char *id)
{
    bool is_first = true;
    for (size_t i = 0; i < s->infection_count; i++) {
        const struct html_infection *told = &s->infections[i];
        if (strcmp(told->from_id, id) != 0 && strcmp(told->to_id, id) != 0)
            continue;
        if (is_first)
            markup_say(m, "<h3>Who infected or attacked whom</h3><ul class=\"infections\">");
        is_first = false;
        html_infection_item(m, told);
    }
    if (!is_first)
        markup_say(m, "</ul>");
}

void html_sections(struct markup *m, struct html_state *s)
{
    markup_say(m, "<div id=\"details\">\n");
    for (size_t i = 0; i < s->row_count && i < HTML_SECTIONS; i++) {
        pack_get(&s->section_packs[s->rows[i].shape], s->rows[i].section, m);
        infections_of(m, s, s->rows[i].id);
        markup_say(m, "<p class=\"back\"><a href=\"#hosts\">Back to all hosts</a></p>"
                      "</section>\n");
    }
    markup_say(m, "</div>\n");
}

void html_visitors(struct markup *m, const struct html_state *s, const struct totals *t)
{
    char count[COUNT_TEXT_SIZE];
    if (s->visitor_count == 0 && t->asked_dark)
        markup_say(m, "<section id=\"dark\"><h2>Who touched dark addresses</h2>\n<p>Nobody "
                      "touched addresses that never spoke.</p></section>\n");
    if (s->visitor_count == 0)
        return;
    markup_say(m,
               "<section id=\"dark\"><h2>Who touched dark addresses</h2>\n<p>%s touched "
               "addresses that never spoke%s. No verdict rests on this.</p>\n",
               count_text(s->visitor_count, count),
               s->visitor_count > HTML_VISITORS_MAX ? "; the widest 100 are shown" : "");
    markup_say(m, "<div class=\"scroll\"><table><caption class=\"apart\">Who touched dark "
                  "addresses</caption><thead><tr>"
                  "<th scope=\"col\">Host</th>"
                  "<th scope=\"col\">Verdict</th><th scope=\"col\" class=\"number\">Dark</th>"
                  "<th scope=\"col\" class=\"number\">Touched</th>"
                  "<th scope=\"col\" class=\"number\">Flows</th>"
                  "<th scope=\"col\">Ports/protocol</th></tr></thead><tbody>\n");
    if (s->visitors.text != NULL)
        markup_add(m, s->visitors.text, s->visitors.used);
    m->failed |= s->visitors.failed;
    markup_say(m, "</tbody></table></div></section>\n");
}

void html_mend(struct markup *m)
{
    markup_say(m, "<section id=\"mend\"><h2>How to mend</h2>\n");
    for (unsigned kind = 0; kind < VERDICT_KINDS; kind++) {
        const struct mend *mend = mend_of((enum verdict_kind)kind);
        markup_say(m, "<details%s id=\"mend-%s\"><summary>%s</summary><p>",
                   kind == VERDICT_INFECTED ? " open" : "",
                   verdict_kind_text((enum verdict_kind)kind), mend->title);
        markup_text(m, SAFE_SENTENCE, mend->summary);
        markup_say(m, "</p><ol>\n");
        for (size_t i = 0; i < mend->step_count; i++) {
            markup_say(m, "<li><b>%s.</b> ", mend->steps[i].title);
            markup_text(m, SAFE_SENTENCE, mend->steps[i].text);
            markup_say(m, "</li>\n");
        }
        markup_say(m, "</ol></details>\n");
    }
    markup_say(m, "</section>\n");
}

/* Of the kinds that were met. */
void html_meanings(struct markup *m, const struct html_state *s)
{
    bool is_first = true;
    for (enum sign_id id = 0; id < SIGN_IDS; id++) {
        const struct sign_kind *kind = sign_kind_of(id);
        if (!s->kind_met[id])
            continue;
        if (is_first)
            markup_say(m, "<section id=\"meaning\"><h2>What the signs mean</h2>\n");
        is_first = false;
        markup_say(m, "<details id=\"sign-%s\"><summary>%s: ", kind->id, kind->id);
        markup_text(m, SAFE_SENTENCE, kind->claim);
        markup_say(m, "</summary><p>");
        markup_text(m, SAFE_SENTENCE, kind->meaning);
        markup_say(m, "</p><p><b>Weight:</b> ");
        markup_text(m, SAFE_SENTENCE, kind->weight);
        markup_say(m, ". <b>What to do:</b> ");
        markup_text(m, SAFE_SENTENCE, kind->advice);
        markup_say(m, "</p></details>\n");
    }
    if (!is_first)
        markup_say(m, "</section>\n");
}

static void input_row(struct markup *m, const struct input_totals *input)
{
    char count[COUNT_TEXT_SIZE];
    markup_say(m, "<tr><th scope=\"row\">");
    markup_name(m, strcmp(input->name, "-") == 0 ? "stdin" : input->name);
    markup_say(m, "</th><td>");
    markup_text(m, SAFE_UTF8, input->format != NULL ? input->format : "not read");
    markup_say(m, "</td><td class=\"number\">%s</td>", count_text(input->records, count));
    markup_say(m, "<td class=\"number\">%s</td><td>", count_text(input->bytes, count));
    if (input->interrupted && input->interrupted_at == 0)
        markup_say(m, "not read: the run was interrupted");
    else if (input->interrupted)
        markup_say(m, "interrupted at byte %s%s", count_text(input->interrupted_at, count),
                   input->damage_count > 0 ? "<br>" : "");
    else if (input->damage_count == 0)
        markup_say(m, "none");
    for (size_t i = 0; i < input->damage_count && i < INPUT_DAMAGES_MAX; i++) {
        markup_say(m, "%sat byte %s: ", i > 0 ? "<br>" : "",
                   count_text(input->damage[i].offset, count));
        markup_text(m, SAFE_UTF8, input->damage[i].reason);
    }
    if (input->damage_count > INPUT_DAMAGES_MAX)
        markup_say(m, "<br>and in %s more place%s",
                   count_text(input->damage_count - INPUT_DAMAGES_MAX, count),
                   input->damage_count == INPUT_DAMAGES_MAX + 1 ? "" : "s");
    markup_say(m, "</td></tr>\n");
}

/* By what and when the page was made: who finds it later wants to know how old it is. */
void html_maker(struct markup *m, const struct html_state *s)
{
    markup_say(m, "Made by wormsign ");
    markup_text(m, SAFE_ASCII, s->version != NULL ? s->version : "");
    if (s->verb != NULL)
        markup_say(m, " %s", s->verb);
    markup_say(m, " on ");
    markup_time(m, s->began_us, false);
    markup_say(m, m->days_only ? "." : " UTC.");
}

/* Those that are damaged or could not be read before the sound ones, of which there may be many. */
void html_run(struct markup *m, const struct html_state *s, const struct totals *t)
{
    size_t shown = 0;
    char count[COUNT_TEXT_SIZE];
    markup_say(m, "<section id=\"run\"><h2>The run</h2>\n<p>");
    markup_text(m, SAFE_UTF8, t->verb);
    if (isfinite(t->seconds))
        markup_say(m, ", %.1f seconds", t->seconds);
    if (t->scan != NULL) {
        markup_say(m, "; %s probes sent", count_text(t->scan->sent, count));
        markup_say(m, ", %s answered", count_text(t->scan->received, count));
    }
    markup_say(m, "; %s. ", t->complete ? "complete" : "incomplete");
    html_maker(m, s);
    markup_say(m, "</p>\n");
    if (t->input_count > 0)
        markup_say(m, "<div class=\"scroll\"><table><caption class=\"apart\">What was "
                      "read</caption><thead><tr>"
                      "<th scope=\"col\">Input</th>"
                      "<th scope=\"col\">Format</th><th scope=\"col\" class=\"number\">Records</th>"
                      "<th scope=\"col\" class=\"number\">Bytes</th><th scope=\"col\">Damage</th>"
                      "</tr></thead><tbody>\n");
    for (unsigned pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < t->input_count && shown < HTML_INPUTS_SHOWN; i++) {
            const struct input_totals *input = &t->inputs[i];
            bool is_sound = input_is_sound(input);
            if (is_sound != (pass == 1))
                continue;
            input_row(m, input);
            shown++;
        }
    if (t->input_count > 0)
        markup_say(m, "</tbody></table></div>\n");
    if (t->input_count > shown)
        markup_say(m, "<p class=\"small\">And %s more; the JSON report lists all.</p>\n",
                   count_text(t->input_count - shown, count));
    markup_say(m, "</section>\n");
}
