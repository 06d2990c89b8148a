/* A line is built whole and then written, so a lack of memory leaves no half line. */
#include "report/json_line.h"

#include <math.h>
#include <stdlib.h>

#include "base/compiler.h"
#include "base/time.h"
#include "evidence/verdict.h"

/* Whole numbers up to this are exact in a double. */
#define WHOLE_MAX 9007199254740992.0

void line_put(struct json_line *l, json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value) != 0)
        l->failed = true;
}

void line_append(struct json_line *l, json_t *array, json_t *value)
{
    if (json_array_append_new(array, value) != 0)
        l->failed = true;
}

json_t *safe_json(const char *text, enum safe_form form)
{
    char *safe = text_made_safe(text, form);
    json_t *made = safe != NULL ? json_string(safe) : NULL;
    free(safe);
    return made;
}

json_t *address_json(struct address a)
{
    char buffer[ADDRESS_TEXT_SIZE];
    return json_string(address_text(a, buffer));
}

json_t *count_json(uint64_t count)
{
    return json_integer(count <= INT64_MAX ? (json_int_t)count : INT64_MAX);
}

/* The number must be finite. */
json_t *number_json(double number)
{
    bool whole = fabs(number) <= WHOLE_MAX && trunc(number) == number;
    return whole ? json_integer((json_int_t)number) : json_real(number);
}

void line_put_number(struct json_line *l, json_t *object, const char *key, double number)
{
    if (isfinite(number))
        line_put(l, object, key, number_json(number));
}

/* As a person would say it: further digits of a weight are noise, and differ between machines. */
void line_put_tenths(struct json_line *l, json_t *object, const char *key, double number)
{
    line_put_number(l, object, key, round(number * 10) / 10);
}

void line_put_time(struct json_line *l, json_t *object, const char *key, int64_t when_us)
{
    char buffer[TIME_TEXT_SIZE];
    if (time_text(when_us, buffer)[0] != '-')
        line_put(l, object, key, json_string(buffer));
}

json_t *variants_json(struct json_line *l, unsigned variants)
{
    json_t *array = json_array();
    enum variant all[VARIANTS_MAX];
    unsigned count = variants_in_order(variants, all);
    for (unsigned i = 0; i < count; i++)
        line_append(l, array, json_string(variant_text(all[i])));
    return array;
}

json_t *marks_json(struct json_line *l, unsigned marks)
{
    json_t *array = json_array();
    for (unsigned bit = MARK_ATTACKED; bit <= MARK_UNPATCHED; bit <<= 1)
        if ((marks & bit) != 0)
            line_append(l, array, json_string(mark_text((enum mark)bit)));
    return array;
}

/* What was not told is absent. */
void line_put_text(struct json_line *l, json_t *object, const char *key, const char *text)
{
    if (text[0] != '\0')
        line_put(l, object, key, safe_json(text, SAFE_UTF8));
}

void line_put_standing(struct json_line *l, json_t *object, const struct verdict *v)
{
    char date[DATE_TEXT_SIZE];
    if (v->site != NULL)
        line_put(l, object, "site", safe_json(v->site, SAFE_UTF8));
    if (v->owner != NULL)
        line_put(l, object, "owner", safe_json(v->owner, SAFE_UTF8));
    if (!v->acknowledged)
        return;
    json_t *known = json_object();
    line_put(l, known, "until", json_string(date_text(v->acknowledged_until, date)));
    line_put(l, known, "note", safe_json(v->note != NULL ? v->note : "", SAFE_UTF8));
    line_put(l, object, "acknowledged", known);
}

void line_put_looked_at(struct json_line *l, json_t *object, const struct looked_at *only)
{
    bool has_since = only != NULL && only->since_us != INT64_MIN;
    bool has_until = only != NULL && only->until_us != INT64_MAX;
    if (has_since)
        line_put_time(l, object, "since", only->since_us);
    if (has_until)
        line_put_time(l, object, "until", only->until_us);
    if ((has_since || has_until) && only->outside_known)
        line_put(l, object, "records_outside", count_json(only->outside));
    if (only != NULL && only->filter != NULL)
        line_put(l, object, "filter", safe_json(only->filter, SAFE_UTF8));
}

json_t *hosts_json(struct json_line *l, const struct totals *t)
{
    json_t *hosts = json_object();
    for (unsigned kind = 0; kind < VERDICT_KINDS; kind++)
        line_put(l, hosts, verdict_kind_text((enum verdict_kind)kind), count_json(t->hosts[kind]));
    line_put(l, hosts, "outside_infected", count_json(t->outside_infected));
    line_put(l, hosts, "seen", count_json(t->seen));
    if (t->acknowledged > 0)
        line_put(l, hosts, "acknowledged", count_json(t->acknowledged));
    return hosts;
}

struct json_line line_of(json_t *root)
{
    return (struct json_line){.root = root, .failed = root == NULL};
}

static bool write_between(struct json_line *l, FILE *out, const char *before, const char *after)
{
    /* 15 digits: 9.3 stays 9.3, and every decimal number of 15 digits comes back as it went in. */
    char *text = l->failed ? NULL : json_dumps(l->root, JSON_COMPACT | JSON_REAL_PRECISION(15));
    json_decref(l->root);
    bool good = text != NULL && fputs(before, out) != EOF && fputs(text, out) != EOF &&
                fputs(after, out) != EOF;
    free(text);
    return fflush(out) == 0 && good && !ferror(out);
}

bool line_write(struct json_line *l, FILE *out)
{
    return write_between(l, out, "", "\n");
}

bool line_write_item(struct json_line *l, FILE *out, bool *is_first)
{
    bool first = *is_first;
    *is_first = false;
    return write_between(l, out, first ? "\n" : ",\n", "");
}
