/* A host in the page: its row in the table, and its section with all that is known of it. */
#ifndef WORMSIGN_REPORT_HTML_HOST_H
#define WORMSIGN_REPORT_HTML_HOST_H

#include "report/html_markup.h"
#include "report/report.h"

enum { SIGNS_SHOWN = 64 }; /* of one host; a host has one a kind and day, so months have many */

/* "host-10.0.0.5", of a host at a site with a number of that site behind it: what links name. The
 * same address at two sites is two hosts. */
void host_id(struct markup *m, struct address host, const char *site);

/* "infected" as a badge. */
void host_badge(struct markup *m, enum verdict_kind kind);

/* What the page's script sorts and filters by, between tabs, and the row itself: in the order of
 * the fields of `fieldNames` in html/page.js; html.c says before it where its section is. */
void host_row(struct markup *m, const struct verdict *v);

/* The section but for its end tag: infections may follow. */
void host_section(struct markup *m, const struct verdict *v);

#endif
