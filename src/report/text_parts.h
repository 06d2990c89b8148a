/* What text says alike of a host that was seen and of one that was asked.
 *
 * A `say_` appends to the paragraph that page.h gathers; a `_lines` writes whole ones. Names and
 * facts come from the network: they pass through page_add. */
#ifndef WORMSIGN_REPORT_TEXT_PARTS_H
#define WORMSIGN_REPORT_TEXT_PARTS_H

#include "report/page.h"
#include "report/report.h"

enum { NUMBER_SIZE = 32 };

/* The colour of a kind of verdict. */
enum paint paint_of(enum verdict_kind kind);

/* Words of ours in that colour. */
void say_painted(struct page *p, enum paint paint, const char *words);

/* "2009-04-21 16:44:11 to 18:02:00 UTC" behind `before`; nothing where there is no time. */
void say_span(struct page *p, const char *before, int64_t first_us, int64_t last_us);

/* "D (SRI: C) or E" behind `before`; nothing where there is no variant. */
void say_variants(struct page *p, const char *before, unsigned variants);

/* ", marked relay and scanner". */
void say_marks(struct page *p, unsigned marks);

/* Whole numbers without a fraction, others with six digits; in buffer, which is returned. */
const char *number_text(double number, char buffer[static NUMBER_SIZE]);

/* " (ward3-pc, ward3) at site": what else the host is called. */
void say_names(struct page *p, const struct verdict *v);

/* ", variant D (SRI: C) or E, marked relay, by proof, 2009-04-21 16:44:11 UTC". */
void say_standing(struct page *p, const struct verdict *v);

/* "4 infected and 2 suspicious": the answer, which begins a summary. */
void say_found(struct page *p, const struct totals *t);

/* Which machine a host is, where DHCP or NetBIOS told its MAC: a paragraph of its own. */
void machine_lines(struct page *p, const struct verdict *v);

/* The private addresses behind a host, a line each. */
void behind_lines(struct page *p, const struct verdict *v);

/* A sign in its sentence; with its facts what stands behind it too. */
void sign_lines(struct page *p, const struct sign *s, bool with_facts);

#endif
