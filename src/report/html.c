/* The report as one page for a browser, to be opened from disk, mailed and printed.
 *
 * All is in the one file: nothing is fetched, and its policy (default-src 'none', with the hashes
 * of its own script and style) lets nothing be. The answer, what to do first, what was not tested,
 * the pictures, the first page of the table and the gravest hosts are plain markup, to be read
 * without script; the script sorts, filters, searches, and unpacks the other hosts.
 *
 * The order of hosts is: ours first, then by verdict, then by weight. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/room.h"
#include "base/writer.h"
#include "report/formats.h"
#include "report/html_host.h"
#include "report/html_inside.h"

static bool html_begin(struct report *r)
{
    struct html_state *s = calloc(1, sizeof *s);
    if (s == NULL)
        return false;
    s->scratch.days_only = r->days_only;
    s->began_us = r->began_us;
    s->version = r->version;
    s->verb = r->verb;
    s->row_pack.pieces_a_chunk = ROWS_A_CHUNK;
    for (size_t i = 0; i < HTML_SHAPES; i++)
        s->section_packs[i].pieces_a_chunk = SECTIONS_A_CHUNK;
    r->state = s;
    return true;
}

static struct html_row *add_row(struct html_state *s)
{
    void *grown = room_for_one(s->rows, s->row_count, &s->row_size, sizeof *s->rows);
    if (grown == NULL) {
        s->failed = true;
        return NULL;
    }
    s->rows = grown;
    return &s->rows[s->row_count++];
}

/* False where there is no room for a host like this: it is counted. */
static bool is_taken_in(struct html_state *s, const struct verdict *v)
{
    bool is_grave = v->kind == VERDICT_INFECTED || v->kind == VERDICT_SUSPICIOUS;
    size_t *count = is_grave ? &s->grave : &s->others;
    if (*count == (is_grave ? HTML_GRAVE_MAX : HTML_OTHERS_MAX)) {
        ++*(is_grave ? &s->grave_left_out : &s->others_left_out);
        return false;
    }
    ++*count;
    return true;
}

static void count_host(struct html_state *s, const struct verdict *v)
{
    bool counts = v->home && v->kind != VERDICT_INFECTED && !v->acknowledged;
    bool fetched = counts && (v->marks & MARK_FETCHED) != 0;
    bool attacked = counts && !fetched && (v->marks & MARK_ATTACKED) != 0;
    s->fetched += fetched;
    s->attacked += attacked;
    s->told_first[v->kind] += fetched || attacked;
    s->unpatched += counts && (v->marks & MARK_UNPATCHED) != 0;
    s->behind += v->home && v->behind_count > 0;
    s->asked_smb += v->smb != NULL;
    s->asked_p2p += v->check_count > 0;
    for (size_t i = 0; i < v->sign_count; i++) {
        s->kind_met[v->signs[i].id] = true;
        if (v->signs[i].id == SIGN_RENDEZVOUS_DNS)
            name_days_add((v->marks & MARK_RELAY) != 0 ? &s->relay_days : &s->days, &v->signs[i]);
    }
}

/* Hosts of one shape have sections that are much alike. */
static size_t shape_of(const struct verdict *v)
{
    enum { MANY_SIGNS = 3 };
    size_t signs = v->sign_count < MANY_SIGNS ? v->sign_count : MANY_SIGNS;
    bool was_asked = v->check_count > 0 || v->smb != NULL;
    _Static_assert(HTML_SHAPES == 2 * (MANY_SIGNS + 1), "asked or not, none to many signs");
    return 2 * signs + was_asked;
}

static void keep_id(struct html_state *s, char id[static HOST_ID_SIZE], struct address host,
                    const char *site)
{
    struct text text = text_over(id, HOST_ID_SIZE);
    markup_clear(&s->scratch);
    host_id(&s->scratch, host, site);
    text_add(&text, "%s", s->scratch.text != NULL ? s->scratch.text : "");
}

static bool html_host(struct report *r, const struct verdict *v)
{
    struct html_state *s = r->state;
    count_host(s, v);
    if (!is_taken_in(s, v))
        return true;
    struct html_row *row = add_row(s);
    if (row == NULL)
        return false;
    *row = (struct html_row){.host = v->host,
                             .kind = v->kind,
                             .home = v->home,
                             .acknowledged = v->acknowledged,
                             .marks = v->marks,
                             .weight = v->proof              ? INFINITY
                                       : isfinite(v->weight) ? v->weight
                                                             : 0,
                             .number = s->row_pack.count,
                             .shape = shape_of(v),
                             .section = s->section_packs[shape_of(v)].count,
                             .first_us = v->first_us,
                             .last_us = v->last_us};
    keep_id(s, row->id, v->host, v->site);
    markup_clear(&s->scratch);
    markup_say(&s->scratch, "%zu\t%zu\t", row->shape, row->section);
    host_row(&s->scratch, v);
    pack_add(&s->row_pack, &s->scratch);
    markup_clear(&s->scratch);
    host_section(&s->scratch, v);
    pack_add(&s->section_packs[row->shape], &s->scratch);
    s->failed |= s->row_pack.failed || s->section_packs[row->shape].failed;
    return !s->failed;
}

static const char *text_or_none(const char *text)
{
    return text != NULL ? text : "";
}

static bool html_edge(struct report *r, const struct infection *i)
{
    struct html_state *s = r->state;
    if (s->infection_count == HTML_INFECTIONS_MAX) {
        s->infections_left_out++;
        return true;
    }
    void *grown = room_for_one(s->infections, s->infection_count, &s->infection_size,
                               sizeof *s->infections);
    if (grown == NULL) {
        s->failed = true;
        return false;
    }
    s->infections = grown;
    struct html_infection *kept = &s->infections[s->infection_count++];
    *kept = (struct html_infection){.told = *i};
    keep_id(s, kept->from_id, i->from, i->from_site);
    keep_id(s, kept->to_id, i->to, i->to_site);
    (void)snprintf(kept->from_site, sizeof kept->from_site, "%s", text_or_none(i->from_site));
    (void)snprintf(kept->to_site, sizeof kept->to_site, "%s", text_or_none(i->to_site));
    (void)snprintf(kept->cause, sizeof kept->cause, "%s", i->cause);
    (void)snprintf(kept->says, sizeof kept->says, "%s", i->says);
    kept->told.cause = kept->told.says = kept->told.from_site = kept->told.to_site = NULL;
    s->failed |= s->scratch.failed;
    return !s->failed;
}

static bool html_dark(struct report *r, const struct dark_visitor *d, const struct verdict *v)
{
    struct html_state *s = r->state;
    char address[ADDRESS_TEXT_SIZE], number[COUNT_TEXT_SIZE];
    if (s->visitor_count++ >= HTML_VISITORS_MAX)
        return true;
    struct markup *m = &s->visitors;
    markup_say(m, "<tr><th scope=\"row\">%s</th><td>", address_text(d->host, address));
    if (v != NULL)
        host_badge(m, v->kind);
    markup_say(m, "</td><td class=\"number\">%s</td>", count_text(d->dark, number));
    markup_say(m, "<td class=\"number\">%s</td>", count_text(d->touched, number));
    markup_say(m, "<td class=\"number\">%s</td><td>", count_text(d->flows, number));
    for (unsigned i = 0; i < d->port_count; i++)
        markup_say(m, "%s%u/%u", i > 0 ? ", " : "", d->ports[i].port, d->ports[i].protocol);
    markup_say(m, "%s</td></tr>\n", d->more_ports ? ", ..." : "");
    return !m->failed;
}

static bool take_change(struct report *r, const struct host_change *c)
{
    struct html_state *s = r->state;
    s->failed |= !html_change(s, c);
    return !s->failed;
}

static int compare_rows(const void *a, const void *b)
{
    const struct html_row *x = a, *y = b;
    if (x->home != y->home)
        return x->home ? -1 : 1;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    if (x->acknowledged != y->acknowledged)
        return y->acknowledged ? -1 : 1;
    if (x->weight != y->weight)
        return x->weight > y->weight ? -1 : 1;
    int order = address_compare(x->host, y->host);
    return order != 0 ? order : strcmp(x->id, y->id);
}

static void state_free(struct html_state *s)
{
    pack_free(&s->row_pack);
    for (size_t i = 0; i < HTML_SHAPES; i++)
        pack_free(&s->section_packs[i]);
    markup_free(&s->visitors);
    markup_free(&s->changes);
    markup_free(&s->scratch);
    free(s->rows);
    free(s->infections);
    free(s);
}

/* A relay asks again what its clients ask, so its names would count twice; but where only relays
 * were seen to ask, theirs are all there are. */
static void leave_relays_out(struct html_state *s)
{
    if (s->days.count == 0)
        s->days = s->relay_days;
    else
        s->days.no_relays = s->relay_days.count > 0;
}

static bool html_end(struct report *r, const struct totals *t)
{
    struct html_state *s = r->state;
    pack_close(&s->row_pack);
    for (size_t i = 0; i < HTML_SHAPES; i++)
        pack_close(&s->section_packs[i]);
    if (s->row_count > 0)
        qsort(s->rows, s->row_count, sizeof *s->rows, compare_rows);
    leave_relays_out(s);
    for (size_t i = 0; i < s->row_count; i++)
        s->known_infected += s->rows[i].home && s->rows[i].acknowledged &&
                             s->rows[i].kind == VERDICT_INFECTED;
    for (size_t i = 0; i < s->infection_count; i++)
        s->infections[i].told.cause = s->infections[i].cause;
    bool good = !s->failed && html_page(s, t, r->out);
    state_free(s);
    r->state = NULL;
    return fflush(r->out) == 0 && good && !ferror(r->out);
}

const struct report_format report_html = {
    .id = "html",
    .claim = "A page for a browser, whole in itself: the answer, what to do first, every host.",
    .is_one_whole = true,
    .is_a_list = true,
    .begin = html_begin,
    .host = html_host,
    .edge = html_edge,
    .dark = html_dark,
    .change = take_change,
    .end = html_end,
};
