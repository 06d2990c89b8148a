/* What a page gathers before it is written, as its answer stands on top: for html*.c alone.
 *
 * Of each host a row is kept here, and its markup packed. All is bounded; grave hosts have a room
 * of their own, so that a scan of silent networks cannot push them out. */
#ifndef WORMSIGN_REPORT_HTML_INSIDE_H
#define WORMSIGN_REPORT_HTML_INSIDE_H

#include "report/html_pack.h"
#include "report/html_pictures.h"
#include "report/report.h"

enum {
    HTML_GRAVE_MAX = 100000, /* infected and suspicious hosts */
    HTML_OTHERS_MAX = 100000,
    HTML_INFECTIONS_MAX = 10000,
    HTML_PAGE_ROWS = 25, /* rows of a page of the table; those of the first stand in the file */
    HTML_SECTIONS = 5,   /* hosts whose sections do */
    HTML_SHAPES = 8,
    HTML_VISITORS_MAX = 100,
    HTML_CHANGES_MAX = 500, /* of a kind */
    RUN_TEXT_SIZE = 128,
    HTML_FIRST_NAMED = 8, /* hosts named in the steps to do first */
    HTML_INPUTS_SHOWN = 50,
    HTML_SHOWN_INFECTIONS = 50,
    ROWS_A_CHUNK = 512,
    SECTIONS_A_CHUNK = 128,
    HOST_ID_SIZE = 80,
    INFECTION_SITE_SIZE = 64, /* a longer name is cut */
    INFECTION_CAUSE_SIZE = 24,
    INFECTION_SAYS_SIZE = 320
};

struct html_row {
    char id[HOST_ID_SIZE];
    struct address host;
    enum verdict_kind kind;
    bool home, acknowledged;
    unsigned marks;
    double weight;         /* of a proof: infinite */
    size_t number;         /* of its piece in the rows */
    size_t shape, section; /* which pack its section is in, and its number there */
    int64_t first_us, last_us;
};

/* An infection that outlives the call that told of it. */
struct html_infection {
    struct infection told; /* its texts are borrowed from below when it is shown */
    char from_id[HOST_ID_SIZE], to_id[HOST_ID_SIZE];
    char from_site[INFECTION_SITE_SIZE], to_site[INFECTION_SITE_SIZE];
    char cause[INFECTION_CAUSE_SIZE], says[INFECTION_SAYS_SIZE];
};

struct html_state {
    size_t row_count, row_size;
    struct html_row *rows; /* owned; in the order of the verdicts at the end */
    size_t grave, others;  /* of them */
    uint64_t grave_left_out, others_left_out;
    struct pack row_pack;
    struct pack
        section_packs[HTML_SHAPES]; /* alike with alike, which compresses by a quarter more */
    size_t infection_count, infection_size;
    struct html_infection *infections; /* owned */
    uint64_t infections_left_out;
    struct markup visitors; /* rows of the table of dark addresses */
    uint64_t visitor_count;
    struct markup changes; /* rows of the table of changes */
    uint64_t changes_of[CHANGE_KINDS];
    char changes_from[RUN_TEXT_SIZE], changes_to[RUN_TEXT_SIZE]; /* the two runs */
    uint64_t known_infected; /* of ours that are acknowledged: counted at the end */
    struct name_days days, relay_days;
    uint64_t told_first[VERDICT_KINDS]; /* of ours, counted as fetched or attacked, by verdict */
    int64_t began_us;
    const char *version, *verb; /* borrowed; NULL: not told */
    bool kind_met[SIGN_IDS];
    uint64_t fetched, attacked, unpatched, behind; /* hosts of ours that are not infected, but for
                                                      behind */
    uint64_t asked_smb, asked_p2p;
    struct markup scratch;
    bool failed;
};

/* What was not looked into, what was cut short, and advice: html_answer.c. */
void html_answer(struct markup *m, const struct html_state *s, const struct totals *t);
void html_first(struct markup *m, const struct html_state *s, const struct totals *t);
void html_not_tested(struct markup *m, const struct html_state *s, const struct totals *t);

/* The parts of the page below its answer: html_parts.c. */
void html_spread(struct markup *m, struct html_state *s);
void html_table(struct markup *m, struct html_state *s);
void html_sections(struct markup *m, struct html_state *s);
void html_visitors(struct markup *m, const struct html_state *s, const struct totals *t);
void html_mend(struct markup *m);
void html_meanings(struct markup *m, const struct html_state *s);
void html_run(struct markup *m, const struct html_state *s, const struct totals *t);
void html_maker(struct markup *m, const struct html_state *s);

/* A line of "A infected B", for lists: html_host.c. */
void html_infection_item(struct markup *m, const struct html_infection *i);

/* Takes a change in; false without memory. And the table of all: html_changes.c. */
bool html_change(struct html_state *s, const struct host_change *c);
void html_changes(struct markup *m, const struct html_state *s);

/* The whole page: html_page.c. */
bool html_page(struct html_state *s, const struct totals *t, FILE *out);

/* The page's script and style, made from html/ by html/embed.py. */
extern const char html_script[], html_style[];

#endif
