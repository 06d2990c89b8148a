/* CSV: a row a host, for spreadsheets and for people who sort.
 *
 *   host,site,home,verdict,variants,...
 *   10.0.0.5,,yes,infected,D E,...
 *
 * As RFC 4180 has it: commas, CR LF, quotes round what needs them, a row of names on top; UTF-8.
 * Lists are separated by blanks. Foreign text is in the SAFE_UTF8 form of foreign.h, so no cell
 * has a line end. A spreadsheet computes a cell that begins with one of = + - @, and some take
 * their full-width forms for the same: before these stands an apostrophe, which makes it text.
 * Infections and the summary are no hosts: they are in the other formats. */
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/time.h"
#include "base/writer.h"
#include "evidence/smb_check.h"
#include "report/foreign.h"
#include "report/formats.h"

enum { CELL_SIZE = 1024, NUMBER_CELL_SIZE = 32 };

static const char header[] =
    "host,site,home,verdict,variants,marks,weight,day,first,last,names,mac,os,domain,signs,"
    "checks,checks_infected,says,reason,owner,acknowledged_until,note\r\n";

struct row {
    FILE *out;
    bool failed;
    bool is_begun;
};

static bool is_formula(const char *text)
{
    static const char *const starts[] = {
        "=",           "+", "-", "@", "\t", "\r", "\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d",
        "\xef\xbc\xa0"};
    for (size_t i = 0; i < COUNT_OF(starts); i++)
        if (strncmp(text, starts[i], strlen(starts[i])) == 0)
            return true;
    return false;
}

/* Text that is safe already. */
static void put_cell(struct row *r, const char *text)
{
    bool quoted = strpbrk(text, ",\"; ") != NULL || is_formula(text);
    bool good = !r->is_begun || fputc(',', r->out) != EOF;
    r->is_begun = true;
    good = good && (!quoted || fputc('"', r->out) != EOF) &&
           (!is_formula(text) || fputc('\'', r->out) != EOF);
    for (; good && *text != '\0'; text++)
        good = (*text != '"' || fputc('"', r->out) != EOF) && fputc(*text, r->out) != EOF;
    good = good && (!quoted || fputc('"', r->out) != EOF);
    r->failed = r->failed || !good;
}

static void put_foreign(struct row *r, const char *text, enum safe_form form)
{
    char *safe = text_made_safe(text, form);
    put_cell(r, safe != NULL ? safe : "");
    r->failed = r->failed || safe == NULL;
    free(safe);
}

static void put_time(struct row *r, int64_t when_us)
{
    char buffer[TIME_TEXT_SIZE];
    const char *text = time_text(when_us, buffer);
    put_cell(r, text[0] != '-' ? text : "");
}

static void put_count(struct row *r, size_t count)
{
    char buffer[NUMBER_CELL_SIZE];
    struct text text = text_over(buffer, sizeof buffer);
    text_add(&text, "%zu", count);
    put_cell(r, buffer);
}

static void put_variants(struct row *r, unsigned variants)
{
    char buffer[NUMBER_CELL_SIZE];
    struct text text = text_over(buffer, sizeof buffer);
    variants_list(&text, variants, " ");
    put_cell(r, buffer);
}

static void put_marks(struct row *r, unsigned marks)
{
    char buffer[CELL_SIZE];
    struct text text = text_over(buffer, sizeof buffer);
    marks_list(&text, marks, " ");
    put_cell(r, buffer);
}

static void put_weight(struct row *r, const struct verdict *v)
{
    char buffer[NUMBER_CELL_SIZE];
    struct text text = text_over(buffer, sizeof buffer);
    if (v->proof)
        text_add(&text, "proof");
    else
        text_add(&text, "%.1f", v->weight);
    put_cell(r, buffer);
}

/* A name with a blank in it would be two. */
static void put_names(struct row *r, const struct verdict *v)
{
    char buffer[VERDICT_NAMES_MAX * HOST_NAME_SIZE];
    struct text text = text_over(buffer, sizeof buffer);
    for (unsigned i = 0; i < v->name_count; i++) {
        text_add(&text, "%s", i > 0 ? " " : "");
        for (const char *c = v->names[i]; *c != '\0'; c++)
            text_add(&text, "%c", *c == ' ' ? '_' : *c);
    }
    put_foreign(r, buffer, SAFE_UTF8);
}

static void put_signs(struct row *r, const struct verdict *v)
{
    char buffer[CELL_SIZE];
    struct text text = text_over(buffer, sizeof buffer);
    sign_kinds_list(&text, v->signs, v->sign_count, " ");
    put_cell(r, buffer);
}

static void put_machine(struct row *r, const struct verdict *v)
{
    char mac[MAC_TEXT_SIZE];
    const struct smb_check *smb = v->smb;
    put_names(r, v);
    put_cell(r, v->mac != 0 ? mac_text(v->mac, mac) : "");
    put_foreign(r, smb != NULL ? smb_os_text(smb->os) : "", SAFE_UTF8);
    put_foreign(r,
                smb == NULL              ? ""
                : smb->domain[0] != '\0' ? smb->domain
                                         : smb->workgroup,
                SAFE_UTF8);
}

static bool csv_begin(struct report *r)
{
    r->state = NULL;
    return fputs(header, r->out) != EOF && fflush(r->out) == 0;
}

static bool csv_host(struct report *r, const struct verdict *v)
{
    char buffer[ADDRESS_TEXT_SIZE], date[DATE_TEXT_SIZE];
    struct row row = {.out = r->out};
    put_cell(&row, address_text(v->host, buffer));
    put_foreign(&row, v->site != NULL ? v->site : "", SAFE_UTF8);
    put_cell(&row, v->home ? "yes" : "no");
    put_cell(&row, verdict_kind_text(v->kind));
    put_variants(&row, v->variants);
    put_marks(&row, v->marks);
    put_weight(&row, v);
    put_cell(&row, v->has_day ? date_text(v->day, date) : "");
    put_time(&row, v->first_us);
    put_time(&row, v->last_us);
    put_machine(&row, v);
    put_signs(&row, v);
    put_count(&row, v->check_count);
    put_count(&row, checks_count(v->checks, v->check_count, CHECK_INFECTED));
    put_foreign(&row, v->says, SAFE_SENTENCE);
    put_foreign(&row, v->kind == VERDICT_UNKNOWN ? v->reason : "", SAFE_SENTENCE);
    put_foreign(&row, v->owner != NULL ? v->owner : "", SAFE_UTF8);
    put_cell(&row, v->acknowledged ? date_text(v->acknowledged_until, date) : "");
    put_foreign(&row, v->acknowledged && v->note != NULL ? v->note : "", SAFE_UTF8);
    bool good = !row.failed && fputs("\r\n", r->out) != EOF;
    return fflush(r->out) == 0 && good && !ferror(r->out);
}

static bool csv_edge(struct report *r, const struct infection *i)
{
    (void)i;
    return !ferror(r->out);
}

static bool csv_end(struct report *r, const struct totals *t)
{
    (void)t;
    return fflush(r->out) == 0 && !ferror(r->out);
}

const struct report_format report_csv = {
    .id = "csv",
    .claim = "CSV: a row a host, for spreadsheets.",
    .is_a_list = true,
    .begin = csv_begin,
    .host = csv_host,
    .edge = csv_edge,
    .end = csv_end,
};
