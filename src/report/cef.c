/* CEF in syslog lines, for SIEMs: a line a host that is infected or suspicious, and an infection.
 *
 *   <130>1 2009-04-21T18:02:00.000000Z - wormsign - host - CEF:0|wormsign|wormsign|0.1.0|infected|
 *   Host is infected with Conficker|10|src=10.0.0.5 ... (one line)
 *
 * The frame is RFC 5424: facility local0, the severity by the verdict, no host name, as the
 * library knows none. In CEF's header a bar and a backslash are escaped by a backslash, in its
 * extension an equals sign and a backslash; there is no line end in what foreign.h made safe. The
 * time is that of the last sign. Nothing is sent anywhere: it is a file.
 * Source: RFC 5424; ArcSight Common Event Format. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "base/writer.h"
#include "report/foreign.h"
#include "report/formats.h"

enum {
    FACILITY_LOCAL0 = 16 * 8,
    SYSLOG_CRITICAL = 2,
    SYSLOG_WARNING = 4,
    SYSLOG_NOTICE = 5,
    TCP = 6,
    LIST_SIZE = 512,
    US_PER_MS = 1000
};

/* How loud a line is, to syslog and to CEF. */
struct loudness {
    unsigned syslog, cef;
};

static const struct loudness alarm = {SYSLOG_CRITICAL, 10}, warning = {SYSLOG_WARNING, 5},
                             known = {SYSLOG_NOTICE, 3};

static bool put_escaped(FILE *out, const char *text, const char *escaped)
{
    bool good = true;
    for (; good && *text != '\0'; text++)
        good = (strchr(escaped, *text) == NULL || fputc('\\', out) != EOF) &&
               fputc(*text, out) != EOF;
    return good;
}

/* " key=value", or nothing where there is none. */
static bool put_value(FILE *out, const char *key, const char *text, enum safe_form form)
{
    if (text == NULL || text[0] == '\0')
        return true;
    char *safe = text_made_safe(text, form);
    bool good = safe != NULL && fprintf(out, " %s=", key) > 0 && put_escaped(out, safe, "\\=");
    free(safe);
    return good;
}

static bool put_address(FILE *out, const char *key, struct address a)
{
    char buffer[ADDRESS_TEXT_SIZE];
    return put_value(out, key, address_text(a, buffer), SAFE_UTF8);
}

/* Milliseconds since 1970, as CEF takes them. */
static bool put_time(FILE *out, const char *key, int64_t when_us)
{
    return when_us == TIME_NONE || fprintf(out, " %s=%" PRId64, key, when_us / US_PER_MS) > 0;
}

static bool put_number(FILE *out, const char *key, uint64_t number)
{
    return fprintf(out, " %s=%" PRIu64, key, number) > 0;
}

/* The frame, and CEF's header; all but the version is ours. */
static bool put_head(struct report *r, int64_t when_us, struct loudness loudness, const char *id,
                     const char *name)
{
    char buffer[TIME_TEXT_SIZE];
    char *version = text_made_safe(r->version != NULL ? r->version : "", SAFE_ASCII);
    const char *when = time_text(when_us != TIME_NONE ? when_us : r->began_us, buffer);
    bool good = version != NULL &&
                fprintf(r->out, "<%u>1 %s - wormsign - %s - CEF:0|wormsign|wormsign|",
                        FACILITY_LOCAL0 + loudness.syslog, when, id) > 0 &&
                put_escaped(r->out, version, "\\|") &&
                fprintf(r->out, "|%s|%s|%u|", id, name, loudness.cef) > 0;
    free(version);
    return good;
}

static bool end_line(struct report *r, bool good)
{
    good = good && fputc('\n', r->out) != EOF;
    return fflush(r->out) == 0 && good && !ferror(r->out);
}

static bool put_lists(FILE *out, const struct verdict *v)
{
    char buffer[LIST_SIZE], variants[LIST_SIZE];
    struct text signs = text_over(buffer, sizeof buffer);
    struct text letters = text_over(variants, sizeof variants);
    sign_kinds_list(&signs, v->signs, v->sign_count, ",");
    variants_list(&letters, v->variants, ",");
    return put_value(out, "cs1Label=variants cs1", variants, SAFE_UTF8) &&
           put_value(out, "cs2Label=signs cs2", buffer, SAFE_UTF8) &&
           put_value(out, "cs3Label=site cs3", v->site, SAFE_UTF8);
}

/* With whom, where the gravest sign tells a flow. */
static bool put_flow(FILE *out, const struct verdict *v)
{
    const struct sign_flow *flow = v->sign_count > 0 ? &v->signs[0].flow : NULL;
    if (flow == NULL || flow->protocol == 0)
        return true;
    return put_address(out, "dst", flow->peer) &&
           put_value(out, "proto", flow->protocol == TCP ? "TCP" : "UDP", SAFE_UTF8) &&
           (flow->port == 0 || put_number(out, "spt", flow->port)) &&
           (flow->peer_port == 0 || put_number(out, "dpt", flow->peer_port));
}

static bool cef_begin(struct report *r)
{
    r->state = NULL;
    return true;
}

/* What people say of it. */
static bool put_standing(FILE *out, const struct verdict *v)
{
    char line[LIST_SIZE], date[DATE_TEXT_SIZE];
    bool good = put_value(out, "flexString1Label=owner flexString1", v->owner, SAFE_UTF8);
    if (!v->acknowledged)
        return good;
    struct text text = text_over(line, sizeof line);
    text_add(&text, "until %s", date_text(v->acknowledged_until, date));
    return good && put_value(out, "cs6Label=acknowledged cs6", line, SAFE_UTF8) &&
           put_value(out, "flexString2Label=note flexString2", v->note, SAFE_UTF8);
}

static const char *name_of(const struct verdict *v)
{
    if (v->kind == VERDICT_INFECTED)
        return v->acknowledged ? "Host is infected with Conficker (acknowledged)"
                               : "Host is infected with Conficker";
    return v->acknowledged ? "Host looks like Conficker (acknowledged)"
                           : "Host looks like Conficker";
}

static bool cef_host(struct report *r, const struct verdict *v)
{
    char mac[MAC_TEXT_SIZE];
    struct loudness loudness = v->acknowledged               ? known
                               : v->kind == VERDICT_INFECTED ? alarm
                                                             : warning;
    if (v->kind != VERDICT_INFECTED && v->kind != VERDICT_SUSPICIOUS)
        return !ferror(r->out);
    bool good = put_head(r, v->last_us, loudness, verdict_kind_text(v->kind), name_of(v)) &&
                fprintf(r->out, "cat=%s", verdict_kind_text(v->kind)) > 0 &&
                put_address(r->out, "src", v->host) &&
                put_value(r->out, "shost", v->name_count > 0 ? v->names[0] : NULL, SAFE_UTF8) &&
                put_value(r->out, "smac", v->mac != 0 ? mac_text(v->mac, mac) : NULL, SAFE_UTF8) &&
                put_flow(r->out, v) && put_time(r->out, "start", v->first_us) &&
                put_time(r->out, "end", v->last_us) && put_lists(r->out, v) &&
                put_value(r->out, "cs4Label=home cs4", v->home ? "yes" : "no", SAFE_UTF8) &&
                put_standing(r->out, v) && put_value(r->out, "msg", v->says, SAFE_SENTENCE);
    return end_line(r, good);
}

static bool cef_edge(struct report *r, const struct infection *i)
{
    bool is_attack = infection_is_attack(i);
    bool good = put_head(r, i->when_us, is_attack ? warning : alarm,
                         is_attack ? "attack" : "infection",
                         is_attack ? "Host was attacked" : "Host was infected") &&
                fprintf(r->out, "cat=%s", is_attack ? "attack" : "infection") > 0 &&
                put_address(r->out, "src", i->from) && put_address(r->out, "dst", i->to) &&
                put_time(r->out, "start", i->when_us) &&
                put_value(r->out, "cs5Label=cause cs5", i->cause, SAFE_SENTENCE) &&
                put_value(r->out, "msg", i->says, SAFE_SENTENCE);
    return end_line(r, good);
}

static bool cef_end(struct report *r, const struct totals *t)
{
    (void)t;
    return fflush(r->out) == 0 && !ferror(r->out);
}

const struct report_format report_cef = {
    .id = "cef",
    .claim = "CEF in syslog lines (RFC 5424): infected and suspicious hosts, for SIEMs.",
    .begin = cef_begin,
    .host = cef_host,
    .edge = cef_edge,
    .end = cef_end,
};
