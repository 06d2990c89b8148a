/* Flow records as lines: in columns, with a character between the fields, or as JSON. */
#ifndef WORMSIGN_REPORT_FLOW_LINE_H
#define WORMSIGN_REPORT_FLOW_LINE_H

#include "base/error.h"
#include "base/fast_text.h"
#include "report/flow_fields.h"

enum {
    FLOW_COLUMNS_MAX = 64,
    FLOW_COLUMN_WIDTH_MAX = 65536,
    FLOW_DECIMALS_MAX = FAST_TEXT_DECIMALS_MAX
};

struct flow_column {
    const struct flow_field *field;
    size_t width; /* 0: as long as it is */
    bool width_chosen;
};

/* What is printed of each record, and how. */
struct flow_layout {
    struct flow_column columns[FLOW_COLUMNS_MAX];
    size_t column_count;
    char separator;     /* 0: columns, aligned */
    unsigned decimals;  /* of seconds and of rates */
    bool seconds_alone; /* times are seconds since 1970, else RFC 3339 */
    bool hex;           /* user data; else escaped text */
    bool json;
    bool titles;  /* above separated fields too */
    bool numbers; /* ports; else by the name of their service, where they have one */
    struct fast_time last_time;
};

/* What `ra` shows unless it is told otherwise; of JSON both times and both sides' counts. */
void flow_layout_default(struct flow_layout *l, bool json);

/* Adds what -s says: names with commas or blanks between, each with :WIDTH if wanted. The first
 * call replaces the default unless the name begins with + (added) or - (taken out). is_first: no
 * call was before. Of an unknown name *err says so, and *unknown is the name (at most size bytes),
 * for who can suggest another. */
bool flow_layout_choose(struct flow_layout *l, const char *text, bool is_first, char *unknown,
                        size_t size, struct error *err) MUST_CHECK;

/* The line of titles; nothing for JSON, nor for separated fields unless they are wanted. */
void flow_line_titles(const struct flow_layout *l, struct fast_text *out);

/* One record, with its line feed. */
void flow_line(struct flow_layout *l, const struct flow_record *r, struct fast_text *out);

#endif
