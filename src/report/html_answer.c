/* The top of the page: who is infected, what to do first, and what this does not tell. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/compiler.h"
#include "base/plural.h"
#include "report/html_inside.h"
#include "report/text_parts.h"

static void say_count(struct markup *m, uint64_t count)
{
    char text[COUNT_TEXT_SIZE];
    markup_say(m, "%s", count_text(count, text));
}

static void tile(struct markup *m, const char *class, uint64_t count, const char *words)
{
    markup_say(m, "<li><a class=\"tile %s\" href=\"#hosts\" data-show=\"%s\"><b>", class, class);
    say_count(m, count);
    markup_say(m, "</b> %s</a></li>\n", words);
}

/* Whoever is acknowledged is in no count of verdicts, so here are the infected among them. */
static void say_headline(struct markup *m, const struct html_state *s, const struct totals *t)
{
    uint64_t infected = t->hosts[VERDICT_INFECTED];
    if (infected > 0) {
        markup_say(m, "<h1 class=\"bad\">");
        say_count(m, infected);
        markup_say(m, " of your hosts %s infected with Conficker", infected == 1 ? "is" : "are");
    } else {
        markup_say(m, "<h1>No infected host of yours was found");
    }
    if (s->known_infected > 0) {
        markup_say(m, infected > 0 ? ", " : " but ");
        say_count(m, s->known_infected);
        markup_say(m, "%s %s acknowledged", infected > 0 ? " more" : " that",
                   s->known_infected == 1 ? "is" : "are");
    }
    markup_say(m, "</h1>\n");
}

void html_answer(struct markup *m, const struct html_state *s, const struct totals *t)
{
    markup_say(m, "<section id=\"answer\" aria-label=\"The answer\">\n");
    say_headline(m, s, t);
    markup_say(m, "<p class=\"lede\">");
    if (t->scan != NULL) {
        say_count(m, t->scan->asked);
        markup_say(m, " of ");
        say_count(m, t->scan->targets);
        markup_say(m, " hosts were asked.");
    } else {
        markup_say(m, "Of %s", t->seen_is_estimate ? "about " : "");
        say_count(m, t->seen);
        markup_say(m, " addresses that were seen, these showed signs.");
    }
    markup_say(m, " A host that is not listed showed nothing, which is no proof of health.%s</p>\n",
               t->complete ? "" : " <strong>This run is incomplete.</strong>");
    markup_say(m, "<ul class=\"tiles\">\n");
    tile(m, "infected", t->hosts[VERDICT_INFECTED], "infected");
    tile(m, "suspicious", t->hosts[VERDICT_SUSPICIOUS], "suspicious");
    tile(m, "clean", t->hosts[VERDICT_CLEAN], "clean");
    tile(m, "unknown", t->hosts[VERDICT_UNKNOWN], "unknown");
    tile(m, "elsewhere", t->outside_infected, "infected elsewhere");
    markup_say(m, "</ul>\n</section>\n");
}

static bool attacked_others(const struct html_state *s, struct address host)
{
    for (size_t i = 0; i < s->infection_count; i++)
        if (address_equal(s->infections[i].told.from, host))
            return true;
    return false;
}

enum { LOOKED_AT = 1000 }; /* of infected hosts: each is held against all infections */

/* Those that were seen to attack others first: they do harm by the minute. */
static void name_infected(struct markup *m, const struct html_state *s, uint64_t infected)
{
    char address[ADDRESS_TEXT_SIZE];
    uint64_t named = 0;
    for (unsigned pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < s->row_count && i < LOOKED_AT && named < HTML_FIRST_NAMED; i++) {
            const struct html_row *row = &s->rows[i];
            if (!row->home || row->kind != VERDICT_INFECTED)
                break;
            if (row->acknowledged || attacked_others(s, row->host) != (pass == 0))
                continue;
            markup_say(m, "%s<a href=\"#%s\">%s</a>%s", named > 0 ? ", " : " ", row->id,
                       address_text(row->host, address), pass == 0 ? " (it attacks others)" : "");
            named++;
        }
    if (infected > named) {
        markup_say(m, " and ");
        say_count(m, infected - named);
        markup_say(m, " more");
    }
    markup_say(m, ".");
}

static void first_item(struct markup *m, uint64_t count, const char *title, const char *one,
                       const char *many)
{
    if (count == 0)
        return;
    markup_say(m, "<li><b>%s.</b> ", title);
    say_count(m, count);
    markup_say(m, " %s</li>\n", count == 1 ? one : many);
}

static void name_fetched(struct markup *m, const struct html_state *s)
{
    char address[ADDRESS_TEXT_SIZE];
    uint64_t named = 0;
    if (s->fetched == 0)
        return;
    markup_say(m, "<li><b>Treat as infected.</b> ");
    say_count(m, s->fetched);
    markup_say(m, " more host%s fetched a file that may be the worm (marked fetched):",
               plural(s->fetched));
    for (size_t i = 0; i < s->row_count && named < HTML_FIRST_NAMED; i++) {
        const struct html_row *row = &s->rows[i];
        if (!row->home)
            break;
        if (row->acknowledged || row->kind == VERDICT_INFECTED || (row->marks & MARK_FETCHED) == 0)
            continue;
        markup_say(m, "%s<a href=\"#%s\">%s</a>", named > 0 ? ", " : " ", row->id,
                   address_text(row->host, address));
        named++;
    }
    if (s->fetched > named) {
        markup_say(m, " and ");
        say_count(m, s->fetched - named);
        markup_say(m, " more");
    }
    markup_say(m, ".</li>\n");
}

/* Hosts of a verdict that no step before has counted. */
static uint64_t not_told(const struct html_state *s, const struct totals *t, enum verdict_kind kind)
{
    return t->hosts[kind] > s->told_first[kind] ? t->hosts[kind] - s->told_first[kind] : 0;
}

void html_first(struct markup *m, const struct html_state *s, const struct totals *t)
{
    uint64_t infected = t->hosts[VERDICT_INFECTED];
    markup_say(m, "<section class=\"card\" id=\"first\"><h2>What to do first</h2>\n<ol>\n");
    if (infected > 0) {
        markup_say(m, "<li><b>Isolate now.</b> Take off the network:");
        name_infected(m, s, infected);
        markup_say(m, "</li>\n<li><b>Mend each.</b> Remove the worm, patch MS08-067, change "
                      "passwords, rescan: <a href=\"#mend-infected\">step by step</a>.</li>\n");
    }
    name_fetched(m, s);
    first_item(m, s->attacked, "Check the attacked",
               "host was sent the exploit: has it the update, and did it fetch anything?",
               "hosts were sent the exploit: have they the update, and did they fetch anything?");
    first_item(m, s->behind, "Look behind",
               "host answers for others behind it: its page names them.",
               "hosts answer for others behind them: their pages name them.");
    first_item(m, not_told(s, t, VERDICT_SUSPICIOUS), "Look closer",
               "host is suspicious: <a href=\"#mend-suspicious\">ask it, look at it</a>.",
               "hosts are suspicious: <a href=\"#mend-suspicious\">ask them, look at them</a>.");
    first_item(m, s->unpatched, "Patch", "host is open to the worm: install MS08-067.",
               "hosts are open to the worm: install MS08-067.");
    first_item(m, not_told(s, t, VERDICT_UNKNOWN), "Settle the unknown",
               "host could not be judged: <a href=\"#mend-unknown\">how to find out</a>.",
               "hosts could not be judged: <a href=\"#mend-unknown\">how to find out</a>.");
    first_item(m, t->outside_infected, "Tell others",
               "infected host elsewhere was met: tell who runs it, and block it at the border.",
               "infected hosts elsewhere were met: tell who runs them, and block them at the "
               "border.");
    if (infected == 0 && t->hosts[VERDICT_SUSPICIOUS] == 0)
        markup_say(m, "<li><b>Nothing to isolate.</b> Read beside this what was not tested, and "
                      "repeat the run.</li>\n");
    markup_say(m, "</ol></section>\n");
}

static void sentences(struct markup *m, const char *label, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        markup_say(m, "<li><b>%s.</b> ", label);
        markup_text(m, SAFE_SENTENCE, texts[i]);
        markup_say(m, "</li>\n");
    }
}

static void left_out(struct markup *m, uint64_t count, const char *what, int limit)
{
    if (count == 0)
        return;
    markup_say(m, "<li><b>Limit reached.</b> ");
    say_count(m, count);
    markup_say(m, " more %s are only counted: this page keeps %d. The JSON report has all.</li>\n",
               what, limit);
}

static void not_asked(struct markup *m, const struct html_state *s, const struct totals *t)
{
    if (t->scan == NULL) {
        markup_say(m,
                   "<li><b>Only what was recorded.</b> What did not pass where the records were "
                   "made was not seen%s.</li>\n",
                   s->asked_p2p + s->asked_smb == 0
                       ? ", and no host was asked: <code>wormsign scan</code> asks"
                       : "");
        return;
    }
    first_item(m, t->scan->targets > t->scan->asked ? t->scan->targets - t->scan->asked : 0,
               "Not asked", "host was not asked all there was to ask.",
               "hosts were not asked all there was to ask.");
    first_item(m, t->scan->refused, "Refused",
               "host refused on every port: variants A to C cannot be seen so.",
               "hosts refused on every port: variants A to C cannot be seen so.");
    if (isfinite(t->scan->silent_share) && t->scan->silent_share > 0)
        markup_say(m,
                   "<li><b>Silent.</b> From %.1f %% of the hosts nothing came back: filtered, "
                   "switched off, or not there.</li>\n",
                   t->scan->silent_share * 100);
    if (isfinite(t->scan->lost_share) && t->scan->lost_share > 0)
        markup_say(m, "<li><b>Lost.</b> About %.1f %% of the packets were lost on the way.</li>\n",
                   t->scan->lost_share * 100);
    if (s->asked_smb == 0)
        markup_say(m, "<li><b>SMB was not asked.</b> The P2P check alone sees variants D and E, "
                      "and makes no host clean.</li>\n");
}

static void damaged_inputs(struct markup *m, const struct totals *t)
{
    uint64_t unread = 0, damaged = 0, interrupted = 0;
    for (size_t i = 0; i < t->input_count; i++) {
        interrupted += t->inputs[i].interrupted;
        unread += t->inputs[i].format == NULL && !t->inputs[i].interrupted;
        damaged += t->inputs[i].format != NULL && t->inputs[i].damage_count > 0;
    }
    first_item(m, unread, "Not read", "input could not be read: <a href=\"#run\">which</a>.",
               "inputs could not be read: <a href=\"#run\">which</a>.");
    first_item(m, interrupted, "Interrupted",
               "input was not read to its end: <a href=\"#run\">where</a>.",
               "inputs were not read to their ends: <a href=\"#run\">where</a>.");
    first_item(m, damaged, "Damaged",
               "input is damaged, so parts of it are missing: "
               "<a href=\"#run\">where</a>.",
               "inputs are damaged, so parts of them are missing: <a href=\"#run\">where</a>.");
}

static void looked_at(struct markup *m, const struct looked_at *only)
{
    char count[COUNT_TEXT_SIZE];
    bool has_since = only->since_us != INT64_MIN, has_until = only->until_us != INT64_MAX;
    if (has_since || has_until) {
        markup_say(m, "<li><b>Other times.</b> Nothing was looked at but what is");
        markup_say(m, has_since ? " of " : "");
        if (has_since)
            markup_time(m, only->since_us, true);
        markup_say(m, has_since ? " UTC or later" : "");
        markup_say(m, has_since && has_until ? " and" : "");
        markup_say(m, has_until ? " before " : "");
        if (has_until)
            markup_time(m, only->until_us, true);
        markup_say(m, has_until ? " UTC" : "");
        if (only->outside_known)
            markup_say(m, "; %s record%s outside", count_text(only->outside, count),
                       only->outside == 1 ? " lies" : "s lie");
        markup_say(m, ".</li>\n");
    }
    if (only->filter != NULL) {
        markup_say(m, "<li><b>Other traffic.</b> Nothing was looked at but what the filter lets "
                      "through: <code>");
        markup_text(m, SAFE_UTF8, only->filter);
        markup_say(m, "</code></li>\n");
    }
}

void html_not_tested(struct markup *m, const struct html_state *s, const struct totals *t)
{
    markup_say(m, "<section class=\"card\" id=\"limits\"><h2>What was not tested</h2>\n<ul>\n");
    if (!t->complete)
        markup_say(m, "<li class=\"limit\"><b>Incomplete.</b> Not all could be read or asked; what "
                      "is said of hosts holds, but others may be missing.</li>\n");
    damaged_inputs(m, t);
    if (t->only != NULL)
        looked_at(m, t->only);
    not_asked(m, s, t);
    sentences(m, "Limit reached", t->limits_hit, t->limit_count);
    if (t->seen_is_estimate)
        markup_say(m, "<li>The number of addresses seen is an estimate.</li>\n");
    left_out(m, s->grave_left_out, "infected or suspicious hosts", HTML_GRAVE_MAX);
    left_out(m, s->others_left_out, "clean or unknown hosts", HTML_OTHERS_MAX);
    left_out(m, s->infections_left_out, "infections", HTML_INFECTIONS_MAX);
    sentences(m, "Advice", t->notes, t->note_count);
    if (t->scan == NULL && isfinite(t->expected_false_hosts)) {
        char number[NUMBER_SIZE];
        markup_say(m,
                   "<li><b>Error rate.</b> Hosts called infected by chance alone: %s "
                   "expected.</li>\n",
                   number_text(t->expected_false_hosts, number));
    }
    markup_say(m, "</ul></section>\n");
}
