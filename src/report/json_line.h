/* One object of JSON that is built, and then written as a line: what all formats in JSON share.
 *
 * Foreign text goes in by safe_json. Numbers that are not finite, times that are none and texts
 * that are empty are left out. A part that memory was lacking for is noted, and then the line is
 * not written. */
#ifndef WORMSIGN_REPORT_JSON_LINE_H
#define WORMSIGN_REPORT_JSON_LINE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/address.h"
#include "report/foreign.h"
#include "report/report.h"

struct json_line {
    json_t *root;
    bool failed; /* a part is missing: memory was out */
};

/* Takes the root over; NULL is no memory. */
struct json_line line_of(json_t *root);

/* Writes the line, flushes and frees it; false when not all could be written. */
bool line_write(struct json_line *l, FILE *out);

/* The same of an item of a list that is being written, behind a comma unless it is the first. */
bool line_write_item(struct json_line *l, FILE *out, bool *is_first);

/* Put a value, which they take over, into an object or behind an array of the line. */
void line_put(struct json_line *l, json_t *object, const char *key, json_t *value);
void line_append(struct json_line *l, json_t *array, json_t *value);

void line_put_number(struct json_line *l, json_t *object, const char *key, double number);
/* To one decimal, as a person would say it: further digits of a weight are noise, and differ
 * between machines. */
void line_put_tenths(struct json_line *l, json_t *object, const char *key, double number);
void line_put_time(struct json_line *l, json_t *object, const char *key, int64_t when_us);
void line_put_text(struct json_line *l, json_t *object, const char *key, const char *text);

/* Site, owner, and who acknowledged it until when: what people say of a host; what is not told is
 * absent. */
void line_put_standing(struct json_line *l, json_t *object, const struct verdict *v);

json_t *safe_json(const char *text, enum safe_form form);
json_t *address_json(struct address a);
json_t *count_json(uint64_t count);
/* The number must be finite. */
json_t *number_json(double number);
json_t *variants_json(struct json_line *l, unsigned variants);
json_t *marks_json(struct json_line *l, unsigned marks);
/* Which span of time and which filter a run looked at alone; what was not asked for is absent. */
void line_put_looked_at(struct json_line *l, json_t *object, const struct looked_at *only);
/* Home hosts by verdict, and who else was met. */
json_t *hosts_json(struct json_line *l, const struct totals *t);

#endif
