/* The pictures of one host, and those of all: drawn from what verdicts, signs, facts and edges
 * tell. Nothing is drawn where there is nothing to show. */
#ifndef WORMSIGN_REPORT_HTML_PICTURES_H
#define WORMSIGN_REPORT_HTML_PICTURES_H

#include "report/html_markup.h"
#include "report/report.h"

/* When each sign of the host showed. */
void picture_timeline(struct markup *m, const struct verdict *v);

/* The P2P ports that the worm would open or ask, against those that were seen. */
void picture_ports(struct markup *m, const struct verdict *v);

/* How many addresses it tried on port 445, and how many of them answered. */
void picture_fan(struct markup *m, const struct verdict *v);

/* What pictures of many hosts have in common: once in the page. */
void picture_shapes(struct markup *m);

enum { NAME_DAYS_MAX = 400 };

/* How many names of the worm were looked up on a day, by all hosts or by one. */
struct name_days {
    size_t count;
    uint64_t not_kept; /* days beyond NAME_DAYS_MAX */
    bool no_relays;    /* relays were left out: they repeat what their clients ask */
    struct name_day {
        int32_t day;
        uint64_t names, of, hosts;
    } days[NAME_DAYS_MAX]; /* in their order */
};

void name_days_add(struct name_days *n, const struct sign *s);
void picture_names(struct markup *m, const struct name_days *n);

/* A host in the picture of the spread. */
struct spread_host {
    struct address host;
    const char *id; /* what links name; borrowed */
    enum verdict_kind kind;
    bool told;                 /* an infection names it */
    int64_t first_us, last_us; /* TIME_NONE: not known */
};

/* From one of them to another. */
struct spread_edge {
    const char *from, *to; /* ids; borrowed */
    int64_t when_us;
};

/* Who infected whom, in time. Hosts are those that edges name and infected ones of ours; sorts
 * them. */
void picture_spread(struct markup *m, struct spread_host *hosts, size_t host_count,
                    const struct spread_edge *edges, size_t edge_count);

#endif
