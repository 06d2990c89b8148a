/* A block is written and flushed when its host has finished: scans are long, and people wait.
 *
 * The words of 2009 are those of nmap's p2p-conficker up to version 7.9x, from the table of
 * verdicts per check in the spec of asking, section b; check.c has the reasons. */
#include "report/text_scan.h"

#include <math.h>
#include <stdio.h>

#include "base/plural.h"
#include "base/writer.h"
#include "evidence/smb_check.h"
#include "report/page.h"
#include "report/text_parts.h"
#include "report/text_smb.h"

enum { DETAILS_FROM = 1, DETAIL_SIZE = 160 };

static const char *protocol_of(const struct check *c)
{
    return c->transport == TRANSPORT_TCP ? "tcp" : "udp";
}

static void check_lines(struct page *p, const struct verdict *v)
{
    size_t infected = checks_count(v->checks, v->check_count, CHECK_INFECTED);
    size_t asked = v->check_count - checks_count(v->checks, v->check_count, CHECK_ERROR);
    page_begin(p, 4, 4);
    page_say(p, "Checking for Conficker.C or higher...");
    page_end_whole(p);
    for (size_t i = 0; i < v->check_count; i++) {
        const struct check *c = &v->checks[i];
        enum check_result result = check_result_of(c);
        page_begin(p, 4, 4);
        page_say(p, "Check %zu (port %u/%s): %s (%s)", i + 1, (unsigned)c->port, protocol_of(c),
                 result == CHECK_INFECTED ? "INFECTED"
                 : result == CHECK_ERROR  ? "UNKNOWN"
                                          : "CLEAN",
                 check_reason(c));
        page_end_whole(p);
    }
    if (asked == 0)
        return;
    page_begin(p, 4, 4);
    page_say(p, "%zu/%zu checks: Host is %s", infected, asked,
             infected > 0 ? "likely INFECTED" : "CLEAN or ports are blocked");
    page_end_whole(p);
}

static void say_ports(struct page *p, uint64_t count, const char *what)
{
    if (count > 0)
        page_say(p, ", %llu %s", (unsigned long long)count, what);
}

/* The ports that were named: those that said something are above. */
static void ports_lines(struct page *p, const struct ports_asked *ports)
{
    page_begin(p, 4, 6);
    page_say(p, "%llu other port%s asked", (unsigned long long)ports->asked,
             ports->asked == 1 ? " was" : "s were");
    if (ports->controls > 0)
        page_say(p, " (%llu of them only to compare, as nobody has a reason to open them)",
                 (unsigned long long)ports->controls);
    page_say(p, ": %llu answered as the worm does", (unsigned long long)ports->infected);
    say_ports(p, ports->odd, "sent other data");
    say_ports(p, ports->listening, "listen and sent nothing");
    say_ports(p, ports->refused, "refused");
    say_ports(p, ports->unanswered, "silent");
    say_ports(p, ports->failed, "could not be asked");
    page_say(p, ".");
    page_end(p);
    if (!ports->takes_all && !ports->answers_all && ports->not_shown == 0)
        return;
    page_begin(p, 4, 6);
    if (ports->takes_all || ports->answers_all)
        page_say(p,
                 "It %s on ports that nobody has a reason to open, so an open port says "
                 "nothing here.",
                 ports->takes_all ? "takes connections" : "answers datagrams");
    if (ports->not_shown > 0)
        page_say(p, "%s%llu port%s that said something %s not shown.",
                 ports->takes_all || ports->answers_all ? " " : "",
                 (unsigned long long)ports->not_shown, plural(ports->not_shown),
                 ports->not_shown == 1 ? "is" : "are");
    page_end(p);
}

static void say_why_clean(struct page *p, const struct smb_check *smb)
{
    char reason[VERDICT_REASON_SIZE];
    struct text text = text_over(reason, sizeof reason);
    smb_check_say_reason(smb, &text);
    page_say(p, ": %s", reason);
}

static void verdict_line(struct page *p, const struct verdict *v)
{
    static const char *const words[VERDICT_KINDS] = {[VERDICT_INFECTED] = "INFECTED",
                                                     [VERDICT_SUSPICIOUS] = "SUSPICIOUS",
                                                     [VERDICT_CLEAN] = "CLEAN",
                                                     [VERDICT_UNKNOWN] = "UNKNOWN"};
    page_begin(p, 2, 4);
    say_painted(p, paint_of(v->kind), words[v->kind]);
    if (v->kind == VERDICT_UNKNOWN && v->reason[0] != '\0') {
        say_marks(p, v->marks);
        page_say(p, ": ");
        page_add(p, SAFE_SENTENCE, v->reason);
    } else {
        say_standing(p, v);
        if (v->kind == VERDICT_CLEAN && v->smb != NULL)
            say_why_clean(p, v->smb);
    }
    page_end(p);
}

/* What the words of 2009 hide. */
static void detail_lines(struct page *p, const struct verdict *v)
{
    for (size_t i = 0; i < v->check_count; i++) {
        const struct check *c = &v->checks[i];
        char detail[DETAIL_SIZE];
        struct text text = text_over(detail, sizeof detail);
        check_detail(c, &text);
        if (text.used == 0)
            continue;
        page_begin(p, 4, 6);
        page_say(p, "port %u/%s", (unsigned)c->port, protocol_of(c));
        if (c->week == CHECK_WEEK_LAST || c->week == CHECK_WEEK_NEXT)
            page_say(p, " of %s week", check_week_text(c->week));
        page_say(p, ": %s", detail);
        page_end(p);
    }
}

static void block(struct page *p, const struct report *r, const struct verdict *v)
{
    char address[ADDRESS_TEXT_SIZE];
    page_begin(p, 0, 2);
    say_painted(p, paint_of(v->kind), address_text(v->host, address));
    say_names(p, v);
    page_end(p);
    if (v->check_count > 0)
        check_lines(p, v);
    if (v->ports != NULL)
        ports_lines(p, v->ports);
    text_smb_lines(p, v);
    text_netbios_lines(p, v);
    verdict_line(p, v);
    for (size_t i = 0; i < v->sign_count; i++)
        sign_lines(p, &v->signs[i], r->verbosity >= DETAILS_FROM);
    if (v->advice[0] != '\0') {
        page_begin(p, 4, 4);
        page_add(p, SAFE_SENTENCE, v->advice);
        page_end(p);
    }
    if (r->verbosity >= DETAILS_FROM)
        detail_lines(p, v);
    page_end(p);
    (void)fflush(p->out); /* what it refuses stays in ferror */
}

/* How a host is counted in the summary. */
static void count_host(struct text_scan *s, const struct verdict *v)
{
    s->asked += v->hearing > HEARING_LOCAL;
    if (v->kind != VERDICT_UNKNOWN)
        return;
    s->refused += v->hearing == HEARING_REFUSED;
    s->silent += v->hearing == HEARING_SILENT;
    s->not_heard += v->hearing == HEARING_LOCAL;
}

static bool gather_clean(struct text_scan *s, const struct verdict *v)
{
    char reason[VERDICT_REASON_SIZE];
    struct text text = text_over(reason, sizeof reason);
    if (v->smb != NULL)
        smb_check_say_reason(v->smb, &text);
    return gathered_add(&s->clean, v->host, reason);
}

void text_scan_host(struct text_scan *s, struct page *p, const struct report *r,
                    const struct verdict *v)
{
    /* Whoever was exempted is shown: a forgotten --exempt must not hide an infected host. */
    bool each = r->each_host || r->verbosity >= DETAILS_FROM || v->exempt;
    bool good = true;
    count_host(s, v);
    if (v->kind < VERDICT_CLEAN || each)
        block(p, r, v);
    else if (v->kind == VERDICT_CLEAN)
        good = gather_clean(s, v);
    else
        good = gathered_add(&s->unknown, v->host, v->reason);
    if (v->kind < VERDICT_CLEAN && s->named_hosts[v->kind]++ < SCAN_NAMES_KEPT)
        good = address_list_add(&s->named[v->kind], v->host);
    p->failed = p->failed || !good;
}

static void group_lines(struct page *p, struct gathered *g, const char *title)
{
    if (g->reason_count == 0)
        return;
    page_begin(p, 0, 2);
    say_painted(p, PAINT_BOLD, title);
    page_end(p);
    gathered_lines(g, p);
    page_end(p);
}

void text_scan_gathered(struct text_scan *s, struct page *p)
{
    group_lines(p, &s->clean, "CLEAN: ASKED, AND ANSWERED AS WINDOWS DOES");
    group_lines(p, &s->unknown, "UNKNOWN: ASKED, BUT NO ANSWER SAYS ANYTHING");
}

/* By address, for their blocks are far above; at least the infected must be found again. */
static void named_line(struct text_scan *s, struct page *p, enum verdict_kind kind,
                       const char *label)
{
    char address[ADDRESS_TEXT_SIZE];
    struct address_list *list = &s->named[kind];
    if (s->named_hosts[kind] <= SCAN_BLOCKS_IN_SIGHT)
        return;
    address_list_sort(list);
    page_begin(p, 2, 4);
    say_painted(p, paint_of(kind), label);
    size_t named = 0;
    for (; named < list->count && named < SCAN_NAMED_MAX; named++)
        page_say(p, "%s%s", named > 0 ? ", " : " ", address_text(list->items[named], address));
    if (s->named_hosts[kind] > named)
        page_say(p, " and %llu more", (unsigned long long)(s->named_hosts[kind] - named));
    page_end(p);
}

static const char *say_part(struct page *p, const char *before, uint64_t count, const char *words)
{
    if (count == 0)
        return before;
    page_say(p, "%s%llu %s", before, (unsigned long long)count, words);
    return ", ";
}

/* The hosts that stay unknown, and which silence it is. */
static void unknown_line(const struct text_scan *s, struct page *p, uint64_t unknown)
{
    uint64_t told = s->refused + s->silent + s->not_heard;
    if (unknown == 0)
        return;
    page_begin(p, 2, 4);
    page_say(p, "%llu stay%s unknown", (unsigned long long)unknown, unknown == 1 ? "s" : "");
    const char *before = say_part(p, ": ", s->refused, "refused on every port");
    before = say_part(p, before, s->silent, "silent");
    before = say_part(p, before, s->not_heard, "could not be asked or heard");
    if (told > 0 && told < unknown)
        (void)say_part(p, before, unknown - told, "for other reasons");
    page_say(p, ".");
    page_end(p);
}

static void probes_line(struct page *p, const struct scan_totals *scan)
{
    page_begin(p, 2, 4);
    page_say(p, "%llu probe%s sent, %llu answered", (unsigned long long)scan->sent,
             plural(scan->sent), (unsigned long long)scan->received);
    if (scan->lost_share > 0)
        page_say(p, "; about %.1f%% lost on the way", scan->lost_share * 100);
    else if (!isnan(scan->lost_share))
        page_say(p, "; none lost on the way");
    page_say(p, ".");
    page_end(p);
}

static void caveat_lines(struct page *p, const struct totals *t)
{
    const struct scan_totals *scan = t->scan;
    page_begin(p, 2, 4);
    page_say(p, "A host that did not answer is not a clean host: it may be switched off or behind "
                "a filter. Nor is one that refused: only variants D and E listen, A to C do not. "
                "They are unknown.");
    page_end(p);
    if (t->complete)
        return;
    page_begin(p, 2, 4);
    if (scan->targets > scan->asked)
        page_say(p,
                 "INCOMPLETE: not all could be asked, %llu of %llu hosts were not, or not on "
                 "every port",
                 (unsigned long long)(scan->targets - scan->asked),
                 (unsigned long long)scan->targets);
    else
        page_say(p, "INCOMPLETE: something could not be asked or was left out");
    page_say(p, ", so an infected host may be missing here.");
    page_end(p);
}

void text_scan_result(struct text_scan *s, struct page *p, const struct totals *t)
{
    /* The totals count a host as asked when nothing failed; one that is infected was asked. */
    uint64_t asked = t->scan->asked < s->asked ? s->asked : t->scan->asked;
    page_begin(p, 2, 4);
    say_found(p, t);
    page_say(p, " of %llu host%s asked.", (unsigned long long)asked, plural(asked));
    page_end(p);
    named_line(s, p, VERDICT_INFECTED, "Infected:");
    named_line(s, p, VERDICT_SUSPICIOUS, "Suspicious:");
    unknown_line(s, p, t->hosts[VERDICT_UNKNOWN]);
    probes_line(p, t->scan);
    caveat_lines(p, t);
}

void text_scan_free(struct text_scan *s)
{
    gathered_free(&s->clean);
    gathered_free(&s->unknown);
    for (size_t i = 0; i < VERDICT_CLEAN; i++)
        address_list_free(&s->named[i]);
}
