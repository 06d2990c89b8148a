/* Text for a person on a bad day: what is infected comes first, what it rests on comes with it.
 *
 *   INFECTED
 *
 *   10.0.0.5 (ward3-pc): INFECTED, variant D (SRI: C) or E, weight 12.4, 2009-04-21 16:44:11 to
 *     18:02:00 UTC
 *       - p2p-ports: Of 43 pairs of address and port that it began to contact, 41 addresses ...
 *       What to know about it, where there is something.
 *
 * Verdicts are streamed in their order, and a heading is written where the group changes. How much
 * a host gets depends on its group and the verbosity (table `shown`): infected and suspicious home
 * hosts get everything, facts from -v; outside ones a line or a place in a count; what is left out
 * is said at the end, with the option that shows it. Hosts that were asked are another matter, and
 * in text_scan.c. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/plural.h"
#include "base/time.h"
#include "base/writer.h"
#include "report/formats.h"
#include "report/page.h"
#include "report/text_parts.h"
#include "report/text_scan.h"

enum {
    FACTS_FROM = 1,
    INPUTS_ALL_FROM = 1,
    INPUTS_LISTED = 10, /* of more inputs only those are listed that went wrong */
    OUTSIDE_LISTED = 10
};

enum groups {
    OUTSIDE,
    HOME,
    PLACES,
    GROUP_NONE = PLACES * VERDICT_KINDS,
    GROUP_EDGES,
    GROUP_DARK,
    GROUP_ACKNOWLEDGED,
    GROUP_CHANGES
};

enum { FETCHED_NAMED = 5, DARK_PORTS_SHOWN = 5, RUNS_TEXT_SIZE = 192 };

struct text_state {
    struct page page;
    int group;  /* place * VERDICT_KINDS + verdict, of the last heading */
    bool dense; /* the last line has no empty line after it */
    uint64_t listed_outside;
    uint64_t hidden[PLACES][VERDICT_KINDS];
    struct text_scan scan;
    bool met_dark;    /* somebody touched dark addresses */
    uint64_t fetched; /* hosts of ours that may have fetched the worm, and are not infected */
    struct address fetched_first[FETCHED_NAMED];
};

/* From which verbosity a host gets its one line, and from which its signs. */
static const struct {
    int line_from, signs_from;
} shown[PLACES][VERDICT_KINDS] = {
    [HOME] = {[VERDICT_INFECTED] = {0, 0},
              [VERDICT_SUSPICIOUS] = {0, 0},
              [VERDICT_CLEAN] = {0, 1},
              [VERDICT_UNKNOWN] = {1, 2}},
    [OUTSIDE] = {[VERDICT_INFECTED] = {0, 1},
                 [VERDICT_SUSPICIOUS] = {1, 2},
                 [VERDICT_CLEAN] = {1, 2},
                 [VERDICT_UNKNOWN] = {1, 2}},
};

static const struct {
    const char *heading, *word;
} kinds[VERDICT_KINDS] = {
    [VERDICT_INFECTED] = {"INFECTED", "INFECTED"},
    [VERDICT_SUSPICIOUS] = {"SUSPICIOUS", "suspicious"},
    [VERDICT_CLEAN] = {"CLEAN: ASKED, AND ANSWERED AS A CLEAN HOST DOES", "clean"},
    [VERDICT_UNKNOWN] = {"UNKNOWN: SIGNS TOO WEAK TO JUDGE BY, OR NO ANSWER", "unknown"},
};

static bool text_begin(struct report *r)
{
    struct text_state *state = calloc(1, sizeof *state);
    if (state == NULL)
        return false;
    state->page = page_over(r->out, r->width, r->colour);
    state->page.days_only = r->days_only;
    state->group = GROUP_NONE;
    r->state = state;
    return true;
}

static bool is_sound(const struct text_state *state)
{
    return !state->page.failed && !ferror(state->page.out);
}

static void empty_line_after_dense(struct text_state *state)
{
    if (state->dense)
        page_end(&state->page);
    state->dense = false;
}

/* The heading of the group, where it is another than that of the last line. */
static void heading(struct text_state *state, int group, const char *before, const char *words)
{
    struct page *p = &state->page;
    if (state->group == group)
        return;
    state->group = group;
    empty_line_after_dense(state);
    page_begin(p, 0, 0);
    page_paint(p, PAINT_BOLD);
    page_say(p, "%s%s", before, words);
    page_paint(p, PAINT_PLAIN);
    page_end(p);
    page_end(p);
}

static void head_line(struct page *p, const struct verdict *v)
{
    char address[ADDRESS_TEXT_SIZE];
    page_begin(p, 0, 2);
    say_painted(p, paint_of(v->kind), address_text(v->host, address));
    say_names(p, v);
    page_say(p, ": ");
    say_painted(p, paint_of(v->kind), kinds[v->kind].word);
    say_standing(p, v);
    if (v->kind == VERDICT_UNKNOWN && v->reason[0] != '\0') {
        page_say(p, ": ");
        page_add(p, SAFE_SENTENCE, v->reason);
    }
    page_end(p);
}

/* A host's signs say why, and the advice what it is not; the verdict's own sentence only repeats
 * them. */
static void evidence_lines(struct page *p, const struct verdict *v, bool with_facts)
{
    const char *sentence = v->sign_count > 0 ? v->advice : v->says;
    for (size_t i = 0; i < v->sign_count; i++)
        sign_lines(p, &v->signs[i], with_facts);
    behind_lines(p, v);
    if (sentence[0] != '\0') {
        page_begin(p, 4, 4);
        page_add(p, SAFE_SENTENCE, sentence);
        page_end(p);
    }
    machine_lines(p, v);
    page_end(p);
}

/* One of ours to which others did something: nothing weighs against it, and yet somebody must look
 * at it. */
static bool is_victim(const struct verdict *v)
{
    return v->home && (v->marks & (MARK_ATTACKED | MARK_FETCHED)) != 0;
}

/* Whether a host gets its line; what does not is counted for the end. */
static bool is_listed(const struct report *r, struct text_state *state, const struct verdict *v)
{
    int place = v->home ? HOME : OUTSIDE;
    /* Whoever was exempted is named: a forgotten --exempt must not hide an infected host. */
    bool wanted = v->exempt || is_victim(v) || r->verbosity >= shown[place][v->kind].line_from;
    if (wanted && !v->home && r->verbosity == 0)
        wanted = state->listed_outside++ < OUTSIDE_LISTED;
    state->hidden[place][v->kind] += !wanted;
    return wanted;
}

/* Who is known of is shown apart, in a line or two: nobody has to act on it now. */
static void acknowledged_lines(const struct report *r, struct text_state *state,
                               const struct verdict *v)
{
    struct page *p = &state->page;
    char until[DATE_TEXT_SIZE];
    heading(state, GROUP_ACKNOWLEDGED, "", "ACKNOWLEDGED: SOMEBODY KNOWS OF THESE HOSTS");
    head_line(p, v);
    page_begin(p, 4, 4);
    page_say(p, "Acknowledged until %s", date_text(v->acknowledged_until, until));
    if (v->note != NULL && v->note[0] != '\0') {
        page_say(p, ": ");
        page_add(p, SAFE_ASCII, v->note);
    }
    page_end(p);
    if (r->verbosity >= FACTS_FROM)
        evidence_lines(p, v, true);
    else
        state->dense = true;
}

/* For a line of the summary: such a host stands far down, and should be treated as infected. */
static void note_fetched(struct text_state *state, const struct verdict *v)
{
    bool counts = v->home && !v->acknowledged && v->kind != VERDICT_INFECTED;
    if (!counts || (v->marks & MARK_FETCHED) == 0)
        return;
    if (state->fetched < FETCHED_NAMED)
        state->fetched_first[state->fetched] = v->host;
    state->fetched++;
}

static void fetched_line(struct text_state *state)
{
    struct page *p = &state->page;
    char address[ADDRESS_TEXT_SIZE];
    if (state->fetched == 0)
        return;
    page_begin(p, 2, 4);
    page_say(p, "%llu more host%s fetched a file that may be the worm; treat as infected:",
             (unsigned long long)state->fetched, plural(state->fetched));
    for (uint64_t i = 0; i < state->fetched && i < FETCHED_NAMED; i++)
        page_say(p, "%s %s", i > 0 ? "," : "", address_text(state->fetched_first[i], address));
    page_say(p, "%s", state->fetched > FETCHED_NAMED ? " and others." : ".");
    page_end(p);
}

static bool text_host(struct report *r, const struct verdict *v)
{
    struct text_state *state = r->state;
    struct page *p = &state->page;
    int place = v->home ? HOME : OUTSIDE;
    note_fetched(state, v);
    if (v->acknowledged) {
        acknowledged_lines(r, state, v);
        return is_sound(state);
    }
    if (v->hearing != HEARING_UNASKED) {
        text_scan_host(&state->scan, p, r, v);
        return is_sound(state);
    }
    if (!is_listed(r, state, v))
        return true;
    heading(state, place * VERDICT_KINDS + (int)v->kind,
            v->home ? "" : "OUTSIDE YOUR NETWORKS: ", kinds[v->kind].heading);
    head_line(p, v);
    if (is_victim(v) || r->verbosity >= shown[place][v->kind].signs_from)
        evidence_lines(p, v, r->verbosity >= FACTS_FROM);
    else
        state->dense = true;
    return is_sound(state);
}

static bool text_edge(struct report *r, const struct infection *i)
{
    struct text_state *state = r->state;
    struct page *p = &state->page;
    char from[ADDRESS_TEXT_SIZE], to[ADDRESS_TEXT_SIZE];
    heading(state, GROUP_EDGES, "", "WHO INFECTED OR ATTACKED WHOM");
    page_begin(p, 0, 2);
    page_say(p, "%s %s %s", address_text(i->from, from), infection_word(i),
             address_text(i->to, to));
    say_span(p, " at ", i->when_us, i->when_us);
    page_say(p, " by ");
    page_add(p, SAFE_SENTENCE, i->cause);
    say_variants(p, ", variant ", i->variants);
    page_say(p, ": ");
    page_add(p, SAFE_SENTENCE, i->says);
    page_end(p);
    state->dense = true;
    return is_sound(state);
}

static bool text_change(struct report *r, const struct host_change *c)
{
    static const char *const headings[CHANGE_KINDS] = {
        [CHANGE_NEW] = "NEW",
        [CHANGE_STILL] = "STILL INFECTED OR SUSPICIOUS",
        [CHANGE_CURED] = "CURED: CLEAN, OR SEEN AGAIN WITHOUT A SIGN",
        [CHANGE_GONE] = "NO LONGER SEEN: NOBODY KNOWS WHAT THEY ARE NOW"};
    struct text_state *state = r->state;
    struct page *p = &state->page;
    char host[ADDRESS_TEXT_SIZE], runs[RUNS_TEXT_SIZE];
    struct text text = text_over(runs, sizeof runs);
    if (c->before_told != NULL && c->after_told != NULL)
        text_add(&text, ", from run %lld (%s) to run %lld (%s)", (long long)c->before_run,
                 c->before_told, (long long)c->after_run, c->after_told);
    else
        text_add(&text, ", from run %lld to run %lld", (long long)c->before_run,
                 (long long)c->after_run);
    heading(state, GROUP_CHANGES + (int)c->kind, headings[c->kind], runs);
    page_begin(p, 0, 2);
    page_say(p, "%s", address_text(c->host, host));
    if (c->site != NULL) {
        page_say(p, " at ");
        page_add(p, SAFE_ASCII, c->site);
    }
    if (c->owner != NULL) {
        page_say(p, ", looked after by ");
        page_add(p, SAFE_ASCII, c->owner);
    }
    page_say(p, ": ");
    page_add(p, SAFE_SENTENCE, c->says);
    page_end(p);
    state->dense = true;
    return is_sound(state);
}

static void say_dark_ports(struct page *p, const struct dark_visitor *d)
{
    for (unsigned i = 0; i < d->port_count && i < DARK_PORTS_SHOWN; i++)
        page_say(p, "%s%u/%s", i > 0 ? ", " : "; ports ", d->ports[i].port,
                 d->ports[i].protocol == 6    ? "tcp"
                 : d->ports[i].protocol == 17 ? "udp"
                                              : "other");
    if (d->port_count > 0 && (d->more_ports || d->port_count > DARK_PORTS_SHOWN))
        page_say(p, " and others");
}

static bool text_dark(struct report *r, const struct dark_visitor *d, const struct verdict *v)
{
    struct text_state *state = r->state;
    struct page *p = &state->page;
    char host[ADDRESS_TEXT_SIZE];
    state->met_dark = true;
    heading(state, GROUP_DARK, "", "WHO TOUCHED ADDRESSES THAT NEVER SPOKE");
    page_begin(p, 0, 2);
    page_say(p, "%s touched %llu dark address%s", address_text(d->host, host),
             (unsigned long long)d->dark, d->dark == 1 ? "" : "es");
    if (d->touched > d->dark)
        page_say(p, " (of %llu in these networks)", (unsigned long long)d->touched);
    page_say(p, " in %llu flow%s", (unsigned long long)d->flows, plural(d->flows));
    say_span(p, ", ", d->first_us, d->last_us);
    page_say(p, "; %llu answered it, %llu refused", (unsigned long long)d->answered,
             (unsigned long long)d->refused);
    say_dark_ports(p, d);
    if (v != NULL) {
        page_say(p, "; %s", verdict_kind_text(v->kind));
        for (size_t i = 0; i < v->sign_count; i++)
            page_say(p, "%s%s", i > 0 ? ", " : ": ", sign_kind_of(v->signs[i].id)->id);
    }
    page_end(p);
    state->dense = true;
    return is_sound(state);
}

static void hidden_line(struct page *p, uint64_t count, const char *what)
{
    if (count == 0)
        return;
    page_begin(p, 2, 4);
    page_say(p, "%llu %s not listed; -v lists %s.", (unsigned long long)count, what,
             count == 1 ? "it" : "them");
    page_end(p);
}

static void hidden_lines(struct text_state *state)
{
    struct page *p = &state->page;
    uint64_t home = 0, outside = 0;
    for (unsigned kind = 0; kind < VERDICT_KINDS; kind++) {
        home += state->hidden[HOME][kind];
        outside += kind != VERDICT_INFECTED ? state->hidden[OUTSIDE][kind] : 0;
    }
    hidden_line(p, home,
                home == 1 ? "unknown host (weak signs or no answer) is"
                          : "unknown hosts (weak signs or no answer) are");
    hidden_line(p, state->hidden[OUTSIDE][VERDICT_INFECTED],
                state->hidden[OUTSIDE][VERDICT_INFECTED] == 1 ? "more infected host outside is"
                                                              : "more infected hosts outside are");
    hidden_line(p, outside,
                outside == 1 ? "host outside that is not surely infected is"
                             : "hosts outside that are not surely infected are");
}

/* The answer, and what it does not say. */
static void result_lines(struct text_state *state, const struct totals *t)
{
    struct page *p = &state->page;
    page_begin(p, 2, 4);
    say_found(p, t);
    page_say(p, ", of %s%llu address%s seen.", t->seen_is_estimate ? "about " : "",
             (unsigned long long)t->seen, t->seen == 1 ? "" : "es");
    page_end(p);
    if (t->outside_infected > 0) {
        page_begin(p, 2, 4);
        page_say(p, "Outside your networks %llu infected.",
                 (unsigned long long)t->outside_infected);
        page_end(p);
    }
    if (t->acknowledged > 0) {
        page_begin(p, 2, 4);
        page_say(p, "%llu more %s acknowledged, and not counted.",
                 (unsigned long long)t->acknowledged, t->acknowledged == 1 ? "is" : "are");
        page_end(p);
    }
    hidden_lines(state);
    page_begin(p, 2, 4);
    page_say(p,
             "A host without a sign is not a clean host: what was silent, switched off or out of "
             "sight shows none. It is unknown.");
    page_end(p);
    if (!t->complete) {
        page_begin(p, 2, 4);
        page_say(p, "INCOMPLETE: something could not be read or was left out, so an infected host "
                    "may be missing here.");
        page_end(p);
    }
}

static void say_input_name(struct page *p, const struct input_totals *input)
{
    page_begin(p, 2, 4);
    page_add(p, SAFE_ASCII, strcmp(input->name, "-") == 0 ? "stdin" : input->name);
}

/* An input of which nothing at all came has a reason, but no place and no counts. */
static bool is_unread(const struct input_totals *input)
{
    return input->format == NULL && input->interrupted_at == 0 &&
           (input->interrupted || input->damage_count == 1) && input->damage[0].offset == 0;
}

static void unread_line(struct page *p, const struct input_totals *input)
{
    static const char cannot_open[] = "cannot open: ";
    const char *reason = input->interrupted ? "the run was interrupted before"
                                            : input->damage[0].reason;
    bool unopened = strncmp(reason, cannot_open, strlen(cannot_open)) == 0;
    say_input_name(p, input);
    page_say(p, unopened ? ": could not be opened: " : ": could not be read: ");
    page_add(p, SAFE_ASCII, unopened ? reason + strlen(cannot_open) : reason);
    page_end(p);
}

static void damage_lines(struct page *p, const struct input_totals *input)
{
    for (size_t i = 0; i < INPUT_DAMAGES_MAX && i < input->damage_count; i++) {
        page_begin(p, 4, 6);
        page_say(p, "at byte %llu: ", (unsigned long long)input->damage[i].offset);
        page_add(p, SAFE_ASCII, input->damage[i].reason);
        page_end(p);
    }
    if (input->damage_count > INPUT_DAMAGES_MAX) {
        uint64_t more = input->damage_count - INPUT_DAMAGES_MAX;
        page_begin(p, 4, 6);
        page_say(p, "and %llu more place%s", (unsigned long long)more, plural(more));
        page_end(p);
    }
}

/* What passed and was not seen is no damage: of a watch it is said in other words. */
static void input_lines(struct page *p, const struct input_totals *input, bool is_live)
{
    say_input_name(p, input);
    if (input->format == NULL)
        page_say(p, " (no known format)");
    else
        page_say(p, " (%s)", input->format);
    page_say(p, ": %llu record%s, %llu byte%s, ", (unsigned long long)input->records,
             plural(input->records), (unsigned long long)input->bytes, plural(input->bytes));
    if (input->interrupted)
        page_say(p, "INTERRUPTED at byte %llu: the rest was not read%s",
                 (unsigned long long)input->interrupted_at, input->damage_count > 0 ? "; " : "");
    else if (input->damage_count == 0)
        page_say(p, is_live ? "nothing lost" : "undamaged");
    if (input->damage_count > 0)
        page_say(p, "%s in %llu place%s:", is_live ? "NOT WHOLE" : "DAMAGED",
                 (unsigned long long)input->damage_count, plural(input->damage_count));
    page_end(p);
    damage_lines(p, input);
}

/* A long list of sound inputs would hide the one that is not. */
static void all_input_lines(struct page *p, const struct totals *t, int verbosity)
{
    bool is_live = strcmp(t->verb, "watch") == 0;
    bool all = t->input_count <= INPUTS_LISTED || verbosity >= INPUTS_ALL_FROM;
    uint64_t others = 0, records = 0;
    for (size_t i = 0; i < t->input_count; i++) {
        const struct input_totals *input = &t->inputs[i];
        bool is_sound_input = input_is_sound(input);
        if (is_unread(input)) {
            unread_line(p, input);
        } else if (all || !is_sound_input) {
            input_lines(p, input, is_live);
        } else {
            others++;
            records += input->records;
        }
    }
    if (others == 0)
        return;
    page_begin(p, 2, 4);
    page_say(p, "%llu %s %s: %llu record%s; -v lists %s.", (unsigned long long)others,
             others == t->input_count ? "inputs"
             : others == 1            ? "other"
                                      : "others",
             is_live ? "of which nothing was lost" : "undamaged", (unsigned long long)records,
             plural(records), others == 1 ? "it" : "them");
    page_end(p);
}

static void labelled_lines(struct page *p, const char *label, const char *const *texts,
                           size_t count)
{
    for (size_t i = 0; i < count; i++) {
        page_begin(p, 2, 4);
        page_say(p, "%s: ", label);
        page_add(p, SAFE_SENTENCE, texts[i]);
        page_end(p);
    }
}

/* What a span hides is counted; what a filter hides nobody counts. */
static void looked_at_lines(struct page *p, const struct looked_at *only)
{
    char time[TIME_TEXT_SIZE];
    if (only->since_us != INT64_MIN || only->until_us != INT64_MAX) {
        page_begin(p, 2, 4);
        page_say(p, "Looked at: nothing but what is");
        if (only->since_us != INT64_MIN)
            page_say(p, " of %s or later", time_text(only->since_us, time));
        if (only->until_us != INT64_MAX)
            page_say(p, "%s before %s", only->since_us != INT64_MIN ? " and" : "",
                     time_text(only->until_us, time));
        if (only->outside_known)
            page_say(p, "; %llu record%s outside", (unsigned long long)only->outside,
                     only->outside == 1 ? " lies" : "s lie");
        page_say(p, ".");
        page_end(p);
    }
    if (only->filter != NULL) {
        page_begin(p, 2, 4);
        page_say(p, "Looked at: nothing but what the filter lets through: ");
        page_add(p, SAFE_ASCII, only->filter);
        page_end(p);
    }
}

static void error_rate_line(struct page *p, const struct totals *t)
{
    char number[NUMBER_SIZE];
    page_begin(p, 2, 4);
    if (t->scan == NULL && isfinite(t->expected_false_hosts)) /* a scan asks, it does not guess */
        page_say(p, "Expected number of hosts called infected by chance alone: %s. ",
                 number_text(t->expected_false_hosts, number));
    if (isfinite(t->seconds))
        page_say(p, "Time taken: %.1f s.", t->seconds);
    page_end(p);
}

static bool text_end(struct report *r, const struct totals *t)
{
    struct text_state *state = r->state;
    struct page *p = &state->page;
    empty_line_after_dense(state);
    text_scan_gathered(&state->scan, p);
    page_begin(p, 0, 2);
    page_paint(p, PAINT_BOLD);
    page_say(p, "SUMMARY OF ");
    page_add(p, SAFE_SENTENCE, t->verb);
    page_paint(p, PAINT_PLAIN);
    page_end(p);
    page_end(p);
    if (t->scan != NULL)
        text_scan_result(&state->scan, p, t);
    else
        result_lines(state, t);
    fetched_line(state);
    if (t->asked_dark && !state->met_dark) {
        page_begin(p, 2, 4);
        page_say(p, "Dark addresses: nobody touched them.");
        page_end(p);
    }
    all_input_lines(p, t, r->verbosity);
    if (t->only != NULL)
        looked_at_lines(p, t->only);
    labelled_lines(p, "Limit reached", t->limits_hit, t->limit_count);
    labelled_lines(p, "Note", t->notes, t->note_count);
    error_rate_line(p, t);
    bool good = is_sound(state);
    page_free(p);
    text_scan_free(&state->scan);
    free(state);
    r->state = NULL;
    return fflush(r->out) == 0 && good;
}

const struct report_format report_text = {
    .id = "text",
    .claim = "Text for people: the infected first, each with its evidence; the summary last.",
    .begin = text_begin,
    .host = text_host,
    .edge = text_edge,
    .dark = text_dark,
    .change = text_change,
    .end = text_end,
};
