/* The signs of a host with the facts behind them, raw bytes among these, and the table of what was
 * asked of it. */
#ifndef WORMSIGN_REPORT_HTML_SIGNS_H
#define WORMSIGN_REPORT_HTML_SIGNS_H

#include "report/html_markup.h"
#include "report/report.h"

void sign_article(struct markup *m, const struct sign *s);

/* What was asked over P2P and SMB; nothing of a host that was not asked. */
void checks_table(struct markup *m, const struct verdict *v);

/* "e8 ff c2 5f  .._" of hex digits, sixteen bytes a line; false where they are none. */
bool hex_dump(struct markup *m, const char *digits);

#endif
