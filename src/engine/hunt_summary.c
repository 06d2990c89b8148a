/* The sentences of a hunt's summary: which limits were hit, what else a person must know, and
 * whether anything was left out. */
#include "base/plural.h"
#include "engine/dark.h"
#include "engine/edges.h"
#include "engine/hunt_inside.h"
#include "engine/sentences.h"
#include "evidence/names.h"

static const char *were(uint64_t count)
{
    return count == 1 ? "was" : "were";
}

static const char *have(uint64_t count)
{
    return count == 1 ? "has" : "have";
}

static uint64_t refused(const struct hunt *h)
{
    return hosts_refused(h->hosts) + h->refused;
}

static uint64_t lost_look_ups(const struct hunt *h)
{
    return calendar_failures(h->calendar) + h->lost_look_ups;
}

static void say_lost(const struct hunt *h, const struct edges *edges, struct sentences *l)
{
    const struct source_counts *c = &h->counts;
    if (c->flows_let_go > 0)
        sentence_add(
            l,
            "flow table: full, and %llu flow%s %s let go before idle: late answers count as "
            "new flows",
            (unsigned long long)c->flows_let_go, plural(c->flows_let_go), were(c->flows_let_go));
    if (c->heads_let_go > 0)
        sentence_add(l,
                     "stream heads: too many at a time, and %llu %s let go unfinished: messages in "
                     "%s were missed",
                     (unsigned long long)c->heads_let_go, were(c->heads_let_go),
                     c->heads_let_go == 1 ? "it" : "them");
    if (refused(h) > 0)
        sentence_add(l,
                     "evidence: %llu time%s there was no room for a host's evidence: hosts may be "
                     "missing",
                     (unsigned long long)refused(h), plural(refused(h)));
    if (hosts_let_go(h->hosts) > 0)
        sentence_add(l,
                     "evidence: %llu host-day%s %s let go, the least suspicious first: hosts may "
                     "be missing, and chance alone convicts no host of which a day was let go",
                     (unsigned long long)hosts_let_go(h->hosts), plural(hosts_let_go(h->hosts)),
                     were(hosts_let_go(h->hosts)));
    if (names_refused(h->names) > 0)
        sentence_add(l,
                     "names: %llu time%s there was no room for what told who a host is: names and "
                     "addresses may be missing",
                     (unsigned long long)names_refused(h->names), plural(names_refused(h->names)));
    if (edges->cut)
        sentence_add(l,
                     "edges: more than %d in all or %d into one host on a day, and the others were "
                     "left out: who infected whom may be missing",
                     EDGES_MAX, EDGES_A_DAY);
    if (lost_look_ups(h) > 0)
        sentence_add(l, "name lists: %llu look-up%s found no memory for a day's list",
                     (unsigned long long)lost_look_ups(h), plural(lost_look_ups(h)));
    if (h->passed_over > 0)
        sentence_add(l,
                     "evidence files: %llu pieces are of detectors that this build does not know "
                     "so, and were passed over: signs may be missing",
                     (unsigned long long)h->passed_over);
}

/* What --dark could not keep or does not show. No verdict rests on it. */
static void say_dark(struct dark *d, struct sentences *l)
{
    size_t shown, count;
    if (d == NULL || dark_visitors(d, &shown, &count) == NULL)
        return;
    if (dark_refused(d) > 0)
        sentence_add(l,
                     "dark: %llu flow%s to addresses of these networks found no room: who "
                     "touched dark addresses may be missing",
                     (unsigned long long)dark_refused(d), plural(dark_refused(d)));
    if (count > shown)
        sentence_add(l, "dark: %zu hosts touched dark addresses; the widest %zu are listed", count,
                     shown);
}

/* What archives of flow records could not tell. */
static void say_archives(const struct source_counts *c, struct sentences *l)
{
    if (c->archives_without_data > 0)
        sentence_add(l,
                     "no user data in %llu of %llu archive%s: exploits, P2P messages, names and "
                     "HTTP could not be seen there",
                     (unsigned long long)c->archives_without_data, (unsigned long long)c->archives,
                     plural(c->archives));
    if (c->smb_cut > 0)
        sentence_add(l,
                     "user data of %llu connection%s to SMB ends at the sensor's limit: an exploit "
                     "further on could not be seen",
                     (unsigned long long)c->smb_cut, plural(c->smb_cut));
    if (c->records_damaged > 0)
        sentence_add(l, "%llu flow record%s a damaged part; what could be read of them counts",
                     (unsigned long long)c->records_damaged,
                     c->records_damaged == 1 ? " has" : "s have");
    if (c->records_passed_over > 0)
        sentence_add(l,
                     "%llu flow record%s not tell between which two hosts, or when, and %s passed "
                     "over",
                     (unsigned long long)c->records_passed_over,
                     c->records_passed_over == 1 ? " does" : "s do", were(c->records_passed_over));
}

const struct looked_at *hunt_looked_at(const struct hunt *h, struct looked_at *out)
{
    bool has_span = h->has_span && !h->spans_differ;
    *out = (struct looked_at){
        .since_us = has_span ? h->since_us : h->settings->since_us,
        .until_us = has_span ? h->until_us : h->settings->until_us,
        .outside_known = !h->outside_unknown,
        .outside = h->counts.records_outside,
        .filter = h->settings->filter_words,
    };
    bool is_less = out->since_us != INT64_MIN || out->until_us != INT64_MAX || out->filter != NULL;
    return is_less ? out : NULL;
}

/* Who mistypes a year must not take silence for an answer. Records without a time lie nowhere. */
static void say_span(const struct hunt *h, struct sentences *l)
{
    const struct source_counts *c = &h->counts;
    if (h->spans_differ)
        sentence_add(l, "of some inputs another span of time was looked at than of others");
    uint64_t nowhere = c->frames_without_time + c->records_passed_over;
    if (c->records_outside > 0 && c->records_outside + nowhere >= c->records)
        sentence_add(l,
                     "nothing was looked at: no record lies within the span of time that --since "
                     "and --until name, so nobody was judged");
}

void hunt_say_notes(const struct hunt *h, struct sentences *l)
{
    const struct source_counts *c = &h->counts;
    struct prefix net;
    char text[PREFIX_TEXT_SIZE];
    if (home_is_elsewhere(&h->home, &net))
        sentence_add(l, "most flows begin in %s, which is not home: if it is yours, say --home %s",
                     prefix_text(net, text), text);
    if (h->runs_cut > 0)
        sentence_add(l,
                     "%llu of %llu run%s ended before %s whole, and never done again: what %s kept "
                     "until then counts",
                     (unsigned long long)h->runs_cut, (unsigned long long)h->runs,
                     h->runs != 1 ? h->runs_cut == 1 ? "s was" : "s were" : " was",
                     h->runs_cut == 1 ? "it was" : "they were", h->runs_cut == 1 ? "it" : "they");
    uint64_t interrupted = 0;
    for (size_t i = 0; i < h->input_count; i++)
        interrupted += h->inputs[i].interrupted;
    if (interrupted > 0)
        sentence_add(l, "the run was interrupted: %llu input%s not read to %s",
                     (unsigned long long)interrupted, interrupted == 1 ? " was" : "s were",
                     interrupted == 1 ? "its end" : "their ends");
    for (uint64_t i = 0; i < h->run_fault_count && i < RUN_FAULTS_MAX; i++)
        sentence_add(l, "%s", h->run_faults[i]);
    if (h->run_fault_count > RUN_FAULTS_MAX)
        sentence_add(l, "%llu more run%s not whole: report --runs lists all",
                     (unsigned long long)(h->run_fault_count - RUN_FAULTS_MAX),
                     h->run_fault_count == RUN_FAULTS_MAX + 1 ? " was" : "s were");
    say_span(h, l);
    if (h->opened == 0)
        sentence_add(l, "nothing was read: no input could be opened, so nobody was judged");
    else if (h->recognised == 0)
        sentence_add(l, "nothing was read: no input was of a format that is known here, so nobody "
                        "was judged");
    if (h->unrecognised > 0)
        sentence_add(l, "%llu file%s of no format that is known here, and passed over",
                     (unsigned long long)h->unrecognised, h->unrecognised == 1 ? " is" : "s are");
    if (h->repeated > 0)
        sentence_add(l, "%llu input%s the same as another, and counted once",
                     (unsigned long long)h->repeated, h->repeated == 1 ? " is" : "s are");
    if (h->repeated_partials > 0)
        sentence_add(l, "%llu evidence file%s the same as another, and counted once",
                     (unsigned long long)h->repeated_partials,
                     h->repeated_partials == 1 ? " is" : "s are");
    if (h->nameless_partials > 0)
        sentence_add(
            l, "%llu evidence file%s of an earlier build, which kept no names of hosts there",
            (unsigned long long)h->nameless_partials, h->nameless_partials == 1 ? " is" : "s are");
    if (c->frames_unknown_link > 0)
        sentence_add(l,
                     "%llu frame%s %s a link type that cannot be read here (%u): nothing in %s was "
                     "looked at",
                     (unsigned long long)c->frames_unknown_link, plural(c->frames_unknown_link),
                     have(c->frames_unknown_link), c->unknown_link,
                     c->frames_unknown_link == 1 ? "it" : "them");
    if (c->fragments_let_go > 0)
        sentence_add(l,
                     "%llu datagram%s in fragments %s never completed, or not while there was room",
                     (unsigned long long)c->fragments_let_go, plural(c->fragments_let_go),
                     were(c->fragments_let_go));
    if (c->frames_damaged > 0)
        sentence_add(l, "%llu frame%s %s headers that cannot be, and %s passed over",
                     (unsigned long long)c->frames_damaged, plural(c->frames_damaged),
                     have(c->frames_damaged), were(c->frames_damaged));
    if (c->frames_without_time > 0)
        sentence_add(l, "%llu frame%s %s no time, so no day and week, and %s passed over",
                     (unsigned long long)c->frames_without_time, plural(c->frames_without_time),
                     have(c->frames_without_time), were(c->frames_without_time));
    if (c->odd_times > 0)
        sentence_add(
            l, "%llu frame%s %s a time that cannot be, which was moved to the nearest that can",
            (unsigned long long)c->odd_times, plural(c->odd_times), have(c->odd_times));
    if (c->mirrored > 0)
        sentence_add(l, "%llu packet%s %s seen twice (mirror ports) and counted once",
                     (unsigned long long)c->mirrored, plural(c->mirrored), were(c->mirrored));
    say_archives(c, l);
    if (h->sampling > 1)
        sentence_add(
            l,
            "sampled 1 in %u: counts are of what was kept; streams and answers are mostly missing",
            h->sampling);
}

void hunt_say_limits(const struct hunt *h, const struct edges *edges, struct sentences *l)
{
    say_lost(h, edges, l);
    say_dark(h->settings->dark, l);
}

/* What was let go of flows costs at most a second beginning of the same; fragments that never
 * became a datagram were not there to be read. All else is evidence that may be missing. */
bool hunt_is_whole(const struct hunt *h, const struct edges *edges)
{
    const struct source_counts *c = &h->counts;
    return !h->incomplete && !edges->cut && h->recognised > 0 && refused(h) == 0 &&
           hosts_let_go(h->hosts) == 0 && lost_look_ups(h) == 0 && c->frames_unknown_link == 0 &&
           c->frames_without_time == 0 && c->heads_let_go == 0 && h->passed_over == 0;
}
