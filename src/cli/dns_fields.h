/* The columns of `wormsign dns`: one row a field, by which it is asked for, titled and written.
 *
 * Whatever came from the network is escaped, also what separates columns, be it a blank, so that a
 * line always has as many columns as were asked for. */
#ifndef WORMSIGN_CLI_DNS_FIELDS_H
#define WORMSIGN_CLI_DNS_FIELDS_H

#include "base/error.h"
#include "base/fast_text.h"
#include "engine/dns_lookups.h"

enum {
    DNS_FIELDS_MAX = 32,      /* columns of a line */
    DNS_FIELD_WIDTH_MAX = 512 /* that a column can be asked to have */
};

struct dns_field;

struct dns_columns {
    size_t count;
    const struct dns_field *fields[DNS_FIELDS_MAX];
    unsigned widths[DNS_FIELDS_MAX];
    char separator;  /* 0: columns are aligned */
    bool epoch;      /* times as seconds since 1970 */
    bool numbers;    /* types and codes as numbers */
    unsigned digits; /* of the fraction of seconds, at most 6 */
    struct fast_time last_time;
};

/* Adds the columns of a list, "client,name:60,code". False and *err: which word is wrong, and what
 * would be right. */
bool dns_columns_add(struct dns_columns *c, const char *list, struct error *err) MUST_CHECK;

/* The columns that a line has where none are asked for. */
void dns_columns_usual(struct dns_columns *c);

/* Each adds one line, with its end. */
void dns_columns_title(struct dns_columns *c, struct fast_text *out);
void dns_columns_write(struct dns_columns *c, const struct lookup *lookup, struct fast_text *out);

/* "A", "AAAA", ...; NULL: a type without a name here. */
const char *dns_type_name(unsigned type);
const char *dns_code_name(unsigned code);

#endif
