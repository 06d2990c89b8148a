/* Numbers are written by hand where a line is written a million times. Names of types and codes
 * are IANA's (domain name system parameters). */
#include "cli/dns_fields.h"

#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "base/writer.h"
#include "cli/suggest.h"
#include "observe/packet.h"

struct dns_field {
    const char *name, *also; /* also: ra's word for it, or NULL */
    unsigned width;
    void (*write)(struct dns_columns *c, const struct lookup *k, struct fast_text *out);
};

static const struct {
    uint16_t number;
    const char *name;
} types[] = {
    {1, "A"},       {2, "NS"},     {5, "CNAME"},  {6, "SOA"},    {12, "PTR"},   {13, "HINFO"},
    {15, "MX"},     {16, "TXT"},   {28, "AAAA"},  {29, "LOC"},   {32, "NB"},    {33, "SRV"},
    {35, "NAPTR"},  {39, "DNAME"}, {41, "OPT"},   {43, "DS"},    {46, "RRSIG"}, {47, "NSEC"},
    {48, "DNSKEY"}, {50, "NSEC3"}, {52, "TLSA"},  {64, "SVCB"},  {65, "HTTPS"}, {99, "SPF"},
    {249, "TKEY"},  {250, "TSIG"}, {251, "IXFR"}, {252, "AXFR"}, {255, "ANY"},  {257, "CAA"},
};

static const char *const codes[] = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN",
                                    "NOTIMP",  "REFUSED", "YXDOMAIN", "YXRRSET",
                                    "NXRRSET", "NOTAUTH", "NOTZONE"};

const char *dns_type_name(unsigned type)
{
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (types[i].number == type)
            return types[i].name;
    return NULL;
}

const char *dns_code_name(unsigned code)
{
    return code < COUNT_OF(codes) ? codes[code] : NULL;
}

/* Microsoft's D and E make the same names. */
static const char *list_name(enum name_list list)
{
    static const char *const names[NAME_LISTS] = {
        [NAME_LIST_A] = "A", [NAME_LIST_B] = "B/C", [NAME_LIST_D] = "D"};
    return names[list];
}

static void write_time(struct dns_columns *c, int64_t when_us, struct fast_text *out)
{
    if (c->epoch)
        fast_text_seconds(out, when_us, c->digits);
    else
        fast_text_time(out, &c->last_time, when_us, c->digits);
}

static void field_time(struct dns_columns *c, const struct lookup *k, struct fast_text *out)
{
    write_time(c, k->when_us, out);
}

static void field_answered(struct dns_columns *c, const struct lookup *k, struct fast_text *out)
{
    if (k->answer_us != TIME_NONE)
        write_time(c, k->answer_us, out);
}

static void field_delay(struct dns_columns *c, const struct lookup *k, struct fast_text *out)
{
    if (!k->asked || k->answer_us == TIME_NONE)
        return;
    fast_text_seconds(out, k->answer_us - k->when_us, c->digits);
}

static void field_client(struct dns_columns *c, const struct lookup *k, struct fast_text *out)
{
    (void)c;
    fast_text_address(out, k->client.address);
}

static void field_server(struct dns_columns *c, const struct lookup *k, struct fast_text *out)
{
    (void)c;
    fast_text_address(out, k->server.address);
}

static void field_sport(struct dns_columns *c, const struct lookup *k, struct fast_text *out)
{
    (void)c;
    fast_text_count(out, k->client.port);
}

static void field_dport(struct dns_columns *c, const struct lookup *k, struct fast_text *out)
{
    (void)c;
    fast_text_count(out, k->server.port);
}

static void field_proto(struct dns_columns *c, const struct lookup *k, struct fast_text *out)
{
    if (c->numbers)
        fast_text_count(out, k->protocol);
    else
        fast_text_string(out, k->protocol == IP_TCP ? "tcp" : "udp");
}

static void field_id(struct dns_columns *c, const struct lookup *k, struct fast_text *out)
{
    (void)c;
    fast_text_count(out, k->id);
}

static void field_name(struct dns_columns *c, const struct lookup *k, struct fast_text *out)
{
    struct reader name = reader_over(k->name, k->name_length);
    if (k->name_length == 0)
        fast_text_char(out, '.'); /* the root */
    else
        fast_text_escaped(out, name, c->separator != 0 ? c->separator : ' ');
}

static void field_type(struct dns_columns *c, const struct lookup *k, struct fast_text *out)
{
    const char *name = dns_type_name(k->type);
    if (c->numbers)
        fast_text_count(out, k->type);
    else if (name != NULL)
        fast_text_string(out, name);
    else {
        fast_text_string(out, "TYPE");
        fast_text_count(out, k->type);
    }
}

static void field_code(struct dns_columns *c, const struct lookup *k, struct fast_text *out)
{
    const char *name = dns_code_name(k->rcode);
    if (k->answer_us == TIME_NONE)
        fast_text_string(out, "unanswered");
    else if (c->numbers || name == NULL)
        fast_text_count(out, k->rcode);
    else
        fast_text_string(out, name);
    if (k->cut)
        fast_text_string(out, "+cut");
}

static void field_addresses(struct dns_columns *c, const struct lookup *k, struct fast_text *out)
{
    char between = c->separator == ',' ? ';' : ',';
    for (unsigned i = 0; i < k->address_count; i++) {
        if (i > 0)
            fast_text_char(out, between);
        fast_text_address(out, k->addresses[i]);
    }
}

static void field_mark(struct dns_columns *c, const struct lookup *k, struct fast_text *out)
{
    char between = c->separator == ',' ? ';' : ',';
    for (unsigned i = 0; i < k->mark_count; i++) {
        if (i > 0)
            fast_text_char(out, between);
        fast_text_string(out, list_name(k->marks[i].list));
        fast_text_char(out, ' ');
        if (k->marks[i].offset == 0)
            fast_text_string(out, "today");
        else {
            fast_text_char(out, k->marks[i].offset < 0 ? '-' : '+');
            fast_text_count(out, (uint64_t)abs(k->marks[i].offset));
        }
    }
}

static void field_tries(struct dns_columns *c, const struct lookup *k, struct fast_text *out)
{
    (void)c;
    fast_text_count(out, k->tries);
}

static const struct dns_field fields[] = {
    {"time", "stime", 27, field_time},
    {"client", "saddr", 15, field_client},
    {"sport", NULL, 5, field_sport},
    {"server", "daddr", 15, field_server},
    {"dport", NULL, 5, field_dport},
    {"proto", NULL, 5, field_proto},
    {"id", NULL, 5, field_id},
    {"name", NULL, 32, field_name},
    {"type", NULL, 5, field_type},
    {"code", NULL, 10, field_code},
    {"addresses", NULL, 15, field_addresses},
    {"mark", NULL, 9, field_mark},
    {"answered", "ltime", 27, field_answered},
    {"delay", "dur", 9, field_delay},
    {"tries", NULL, 5, field_tries},
};

static const struct dns_field *field_named(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(fields); i++)
        if (strcmp(fields[i].name, name) == 0 ||
            (fields[i].also != NULL && strcmp(fields[i].also, name) == 0))
            return &fields[i];
    return NULL;
}

static bool no_such_field(const char *name, struct error *err)
{
    struct suggestion s = suggest_for(name);
    char all[160];
    struct text text = text_over(all, sizeof all);
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        suggest_offer(&s, fields[i].name);
        text_add(&text, "%s%s", i > 0 ? " " : "", fields[i].name);
    }
    if (s.nearest != NULL)
        return fail(err, ERROR_USAGE, "there is no field '%s'; did you mean %s?", name, s.nearest);
    return fail(err, ERROR_USAGE, "there is no field '%s'; there are %s", name, all);
}

static bool add_column(struct dns_columns *c, char *word, struct error *err)
{
    char *colon = strchr(word, ':'), *end = NULL;
    if (colon != NULL)
        *colon = '\0';
    const struct dns_field *field = field_named(word);
    if (field == NULL)
        return no_such_field(word, err);
    unsigned long width = colon != NULL ? strtoul(colon + 1, &end, 10) : field->width;
    if (colon != NULL && (end == colon + 1 || *end != '\0' || width > DNS_FIELD_WIDTH_MAX))
        return fail(err, ERROR_USAGE, "the width of '%s' is a number up to %d", word,
                    DNS_FIELD_WIDTH_MAX);
    if (c->count == DNS_FIELDS_MAX)
        return fail(err, ERROR_LIMIT, "more than %d fields", DNS_FIELDS_MAX);
    c->fields[c->count] = field;
    c->widths[c->count++] = (unsigned)width;
    return true;
}

bool dns_columns_add(struct dns_columns *c, const char *list, struct error *err)
{
    enum { WORD_SIZE = 64 };
    char word[WORD_SIZE];
    while (*list != '\0') {
        size_t length = strcspn(list, ", ");
        if (length >= sizeof word)
            return fail(err, ERROR_USAGE, "there is no field with so long a name");
        if (length > 0) {
            memcpy(word, list, length);
            word[length] = '\0';
            if (!add_column(c, word, err))
                return false;
        }
        list += length + (list[length] != '\0');
    }
    return true;
}

void dns_columns_usual(struct dns_columns *c)
{
    static const char *const usual[] = {"time", "client", "server",    "name",
                                        "type", "code",   "addresses", "mark"};
    for (size_t i = 0; i < COUNT_OF(usual); i++) {
        const struct dns_field *field = field_named(usual[i]);
        c->fields[c->count] = field;
        c->widths[c->count++] = field->width;
    }
}

/* Ends a column that began at `from`: an empty one is a hyphen, and all but the last are filled up
 * to their width. */
static void end_column(struct dns_columns *c, size_t i, size_t from, struct fast_text *out)
{
    if (out->used == from)
        fast_text_char(out, '-');
    size_t width = c->widths[i], used = out->used - from;
    if (i + 1 == c->count)
        fast_text_char(out, '\n');
    else if (c->separator != 0)
        fast_text_char(out, c->separator);
    else
        fast_text_blanks(out, (used < width ? width - used : 0) + 1);
}

void dns_columns_title(struct dns_columns *c, struct fast_text *out)
{
    for (size_t i = 0; i < c->count; i++) {
        size_t from = out->used;
        fast_text_string(out, c->fields[i]->name);
        end_column(c, i, from, out);
    }
}

void dns_columns_write(struct dns_columns *c, const struct lookup *lookup, struct fast_text *out)
{
    for (size_t i = 0; i < c->count; i++) {
        size_t from = out->used;
        c->fields[i]->write(c, lookup, out);
        end_column(c, i, from, out);
    }
}
