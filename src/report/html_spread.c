/* The pictures of all hosts together: who infected whom, and names a day. */
#include "report/html_pictures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "base/writer.h"
#include "report/html_svg.h"

enum {
    LANES_MAX = 30, /* hosts shown; edges between others are in the list */
    ARROWS_MAX = 100,
    LANE_HEIGHT = 28,
    DAYS_SHOWN = 62, /* the latest */
    BARS_HEIGHT = 130,
    SAYS_SIZE = 400
};

void name_days_add(struct name_days *n, const struct sign *s)
{
    size_t at = n->count;
    while (at > 0 && n->days[at - 1].day >= s->day)
        at--;
    if (at == n->count || n->days[at].day != s->day) {
        if (n->count == NAME_DAYS_MAX) {
            n->not_kept++;
            return;
        }
        memmove(&n->days[at + 1], &n->days[at], (n->count - at) * sizeof n->days[0]);
        n->days[at] = (struct name_day){.day = s->day};
        n->count++;
    }
    n->days[at].names += s->count;
    n->days[at].of += s->has_of ? s->of : s->count;
    n->days[at].hosts++;
}

static double most_names(const struct name_day *days, size_t count)
{
    double most = 0;
    for (size_t i = 0; i < count; i++) {
        most = fmax(most, (double)days[i].of);
        most = fmax(most, (double)days[i].names);
    }
    return most;
}

static void names_axis(struct markup *m, double top_value, double top, double bottom)
{
    char number[COUNT_TEXT_SIZE];
    for (unsigned i = 0; i <= 2; i++) {
        double value = top_value * i / 2;
        double y = count_axis_at(value, top_value, bottom, top);
        svg_line(m, i == 0 ? "axis" : "tick", 70, y, PICTURE_WIDTH - PICTURE_MARGIN, y);
        svg_words(m, "end", 62, y + 4, "%s",
                  value < 1e18 ? count_text((uint64_t)value, number) : "many");
    }
}

void picture_names(struct markup *m, const struct name_days *n)
{
    size_t shown = n->count < DAYS_SHOWN ? n->count : DAYS_SHOWN;
    const struct name_day *days = n->days + (n->count - shown);
    double top_value = count_axis_top(most_names(days, shown)), top = 12, bottom = BARS_HEIGHT;
    char says[SAYS_SIZE], date[DATE_TEXT_SIZE];
    struct text text = text_over(says, sizeof says);
    if (shown == 0)
        return;
    text_add(&text, "Look-ups of names that the worm makes for the date; the pale bar is all that "
                    "could be such.");
    if (n->no_relays)
        text_add(&text, " Hosts that pass on the questions of others are left out.");
    if (n->count > shown || n->not_kept > 0)
        text_add(&text, " The latest %zu days of %zu are shown.", shown, n->count);
    svg_begin(m, "Names a day", says, BARS_HEIGHT + 24);
    names_axis(m, top_value, top, bottom);
    double room = fmin((PICTURE_WIDTH - PICTURE_MARGIN - 76) / (double)shown, 130);
    double width = fmin(room * 0.7, 90);
    size_t every = (shown + 7) / 8;
    for (size_t i = 0; i < shown; i++) {
        double x = 76 + room * (double)i + (room - width) / 2;
        double all = count_axis_at((double)days[i].of, top_value, bottom, top);
        double hit = count_axis_at((double)days[i].names, top_value, bottom, top);
        svg_box(m, "bar pale", x, all, width, bottom - all);
        svg_box(m, "bar bad", x, hit, width, bottom - hit);
        (void)date_text(days[i].day, date);
        if (i % (2 * every) == 0)
            svg_words(m, "middle", x + width / 2, bottom + 17, "%s", date);
        else if (i % every == 0)
            svg_spare_words(m, x + width / 2, bottom + 17, date);
    }
    svg_end(m);
}

/* By when they were first seen: hosts without a time last. */
static int compare_spread(const void *a, const void *b)
{
    const struct spread_host *x = a, *y = b;
    if (x->first_us != y->first_us) {
        if (x->first_us == TIME_NONE || y->first_us == TIME_NONE)
            return x->first_us == TIME_NONE ? 1 : -1;
        return x->first_us < y->first_us ? -1 : 1;
    }
    int order = address_compare(x->host, y->host);
    return order != 0 ? order : strcmp(x->id, y->id);
}

/* Those of whom an infection tells before others, where there is no room for all. */
static int compare_told(const void *a, const void *b)
{
    const struct spread_host *x = a, *y = b;
    return x->told != y->told ? (x->told ? -1 : 1) : compare_spread(a, b);
}

static size_t lane_of(const struct spread_host *hosts, size_t count, const char *id)
{
    size_t lane = 0;
    while (lane < count && strcmp(hosts[lane].id, id) != 0)
        lane++;
    return lane;
}

struct spread {
    struct markup *m;
    const struct spread_host *hosts;
    size_t count;
    struct time_axis axis;
};

static double lane_y(size_t lane)
{
    return 16 + (double)lane * LANE_HEIGHT;
}

static void spread_lane(const struct spread *s, size_t lane)
{
    const struct spread_host *h = &s->hosts[lane];
    char address[ADDRESS_TEXT_SIZE];
    double y = lane_y(lane);
    const char *class = h->kind == VERDICT_INFECTED     ? "bar bad"
                        : h->kind == VERDICT_SUSPICIOUS ? "bar hint"
                                                        : "bar pale";
    markup_say(s->m, "<a href=\"#%s\">", h->id);
    svg_words(s->m, "end", PICTURE_LABELS - 10, y + 4, "%s", address_text(h->host, address));
    markup_say(s->m, "</a>");
    svg_line(s->m, "tick", PICTURE_LABELS, y, s->axis.right, y);
    if (h->first_us == TIME_NONE || h->last_us == TIME_NONE)
        return;
    double from = time_axis_at(&s->axis, h->first_us), to = time_axis_at(&s->axis, h->last_us);
    svg_box(s->m, class, from - 2, y - 5, fmax(to - from, 0) + 4, 10);
}

/* From the one that infects down or up to its victim, with a head drawn as two lines. */
static void spread_arrow(const struct spread *s, const struct spread_edge *i)
{
    size_t from = lane_of(s->hosts, s->count, i->from), to = lane_of(s->hosts, s->count, i->to);
    if (from == s->count || to == s->count || from == to || i->when_us == TIME_NONE)
        return;
    double x = time_axis_at(&s->axis, i->when_us), way = to > from ? 1 : -1;
    double start = lane_y(from), end = lane_y(to) - way * 6;
    svg_dot(s->m, "arrow", x, start, 4);
    svg_line(s->m, "arrow", x, start, x, end);
    svg_line(s->m, "arrow", x - 5, end - way * 7, x, end);
    svg_line(s->m, "arrow", x + 5, end - way * 7, x, end);
}

static bool spread_span(const struct spread_host *hosts, size_t count,
                        const struct spread_edge *edges, size_t edge_count, int64_t *first,
                        int64_t *last)
{
    bool found = false;
    for (size_t i = 0; i < count + edge_count; i++) {
        int64_t from = i < count ? hosts[i].first_us : edges[i - count].when_us;
        int64_t to = i < count ? hosts[i].last_us : from;
        if (from == TIME_NONE || to == TIME_NONE)
            continue;
        *first = !found || from < *first ? from : *first;
        *last = !found || to > *last ? to : *last;
        found = true;
    }
    return found;
}

void picture_spread(struct markup *m, struct spread_host *hosts, size_t host_count,
                    const struct spread_edge *edges, size_t edge_count)
{
    int64_t first = 0, last = 0;
    char says[SAYS_SIZE];
    size_t shown = host_count < LANES_MAX ? host_count : LANES_MAX;
    size_t arrows = edge_count < ARROWS_MAX ? edge_count : ARROWS_MAX;
    if (host_count > 1)
        qsort(hosts, host_count, sizeof *hosts, compare_told);
    if (shown > 1)
        qsort(hosts, shown, sizeof *hosts, compare_spread);
    if (m->days_only || !spread_span(hosts, shown, edges, arrows, &first, &last))
        return;
    struct text text = text_over(says, sizeof says);
    text_add(&text, "A bar for the time in which each host showed signs, UTC%s.",
             edge_count > 0 ? "; an arrow from the one that attacked to the one that it reached"
                            : "; no infection from one to another was seen");
    if (host_count > shown)
        text_add(&text, " The first %zu of %zu hosts.", shown, host_count);
    if (edge_count > arrows)
        text_add(&text, " The first %zu of %zu infections.", arrows, edge_count);
    struct spread s = {m, hosts, shown,
                       time_axis_over(first, last, PICTURE_LABELS, PICTURE_WIDTH - PICTURE_MARGIN)};
    double bottom = lane_y(shown) - 8;
    svg_begin(m, "How it spread", says, bottom + 26);
    svg_time_axis(m, &s.axis, 0, bottom);
    for (size_t lane = 0; lane < shown; lane++)
        spread_lane(&s, lane);
    for (size_t i = 0; i < arrows; i++)
        spread_arrow(&s, &edges[i]);
    svg_end(m);
}
