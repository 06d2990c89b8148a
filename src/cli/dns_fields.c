/* Numbers are written by hand where a line is written a million times. Names of types and codes
 * are IANA's (domain name system parameters). */
#include "cli/dns_fields.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "cli/suggest.h"
#include "observe/packet.h"

struct dns_field {
    const char *name, *also; /* also: ra's word for it, or NULL */
    unsigned width;
    void (*write)(const struct dns_columns *c, const struct lookup *k, struct text *out);
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

const char *dns_list_name(enum name_list list)
{
    static const char *const names[NAME_LISTS] = {
        [NAME_LIST_A] = "A", [NAME_LIST_B] = "B/C", [NAME_LIST_D] = "D"};
    return names[list];
}

static void write_epoch(const struct dns_columns *c, int64_t when_us, struct text *out)
{
    enum { DIGITS = 6 };
    char text[TIME_TEXT_SIZE];
    int64_t seconds = when_us / US_PER_SECOND, rest = when_us % US_PER_SECOND;
    if (rest < 0) {
        seconds--;
        rest += US_PER_SECOND;
    }
    int length = snprintf(text, sizeof text, "%" PRId64 ".%06" PRId64, seconds, rest);
    text_add(out, "%.*s", length - (DIGITS - (int)c->digits) - (c->digits == 0), text);
}

static void write_time(const struct dns_columns *c, int64_t when_us, struct text *out)
{
    enum { BEFORE_FRACTION = 19 };
    char text[TIME_TEXT_SIZE];
    if (c->epoch)
        write_epoch(c, when_us, out);
    else if (strcmp(time_text(when_us, text), "-") == 0)
        text_add(out, "-");
    else
        text_add(out, "%.*sZ", BEFORE_FRACTION + (c->digits > 0) + (int)c->digits, text);
}

static void write_address(struct address address, struct text *out)
{
    char text[ADDRESS_TEXT_SIZE];
    text_add(out, "%s", address_text(address, text));
}

static void field_time(const struct dns_columns *c, const struct lookup *k, struct text *out)
{
    write_time(c, k->when_us, out);
}

static void field_answered(const struct dns_columns *c, const struct lookup *k, struct text *out)
{
    if (k->answer_us != TIME_NONE)
        write_time(c, k->answer_us, out);
}

static void field_delay(const struct dns_columns *c, const struct lookup *k, struct text *out)
{
    if (!k->asked || k->answer_us == TIME_NONE)
        return;
    text_add(out, "%.*f", (int)c->digits,
             (double)(k->answer_us - k->when_us) / (double)US_PER_SECOND);
}

static void field_client(const struct dns_columns *c, const struct lookup *k, struct text *out)
{
    (void)c;
    write_address(k->client.address, out);
}

static void field_server(const struct dns_columns *c, const struct lookup *k, struct text *out)
{
    (void)c;
    write_address(k->server.address, out);
}

static void field_sport(const struct dns_columns *c, const struct lookup *k, struct text *out)
{
    (void)c;
    text_add(out, "%u", k->client.port);
}

static void field_dport(const struct dns_columns *c, const struct lookup *k, struct text *out)
{
    (void)c;
    text_add(out, "%u", k->server.port);
}

static void field_proto(const struct dns_columns *c, const struct lookup *k, struct text *out)
{
    if (c->numbers)
        text_add(out, "%u", k->protocol);
    else
        text_add(out, "%s", k->protocol == IP_TCP ? "tcp" : "udp");
}

static void field_id(const struct dns_columns *c, const struct lookup *k, struct text *out)
{
    (void)c;
    text_add(out, "%u", k->id);
}

static bool is_plain(unsigned char byte, char separator)
{
    return byte > ' ' && byte < 0x7f && byte != '\\' && byte != (unsigned char)separator;
}

static void field_name(const struct dns_columns *c, const struct lookup *k, struct text *out)
{
    size_t plain = 0;
    while (plain < k->name_length && is_plain((unsigned char)k->name[plain], c->separator))
        plain++;
    text_add(out, "%.*s", (int)plain, k->name);
    for (size_t i = plain; i < k->name_length; i++) {
        unsigned char byte = (unsigned char)k->name[i];
        if (byte == ' ' || byte == (unsigned char)c->separator)
            text_add(out, "\\x%02x", byte);
        else
            text_add_escaped(out, &k->name[i], 1);
    }
    if (k->name_length == 0)
        text_add(out, "."); /* the root */
}

static void field_type(const struct dns_columns *c, const struct lookup *k, struct text *out)
{
    const char *name = dns_type_name(k->type);
    if (c->numbers)
        text_add(out, "%u", k->type);
    else if (name != NULL)
        text_add(out, "%s", name);
    else
        text_add(out, "TYPE%u", k->type);
}

static void field_code(const struct dns_columns *c, const struct lookup *k, struct text *out)
{
    const char *name = dns_code_name(k->rcode);
    if (k->answer_us == TIME_NONE)
        text_add(out, "unanswered");
    else if (c->numbers || name == NULL)
        text_add(out, "%u", k->rcode);
    else
        text_add(out, "%s", name);
    if (k->cut)
        text_add(out, "+cut");
}

static void field_addresses(const struct dns_columns *c, const struct lookup *k, struct text *out)
{
    char between = c->separator == ',' ? ';' : ',';
    for (unsigned i = 0; i < k->address_count; i++) {
        if (i > 0)
            text_add(out, "%c", between);
        write_address(k->addresses[i], out);
    }
}

static void field_mark(const struct dns_columns *c, const struct lookup *k, struct text *out)
{
    char between = c->separator == ',' ? ';' : ',';
    for (unsigned i = 0; i < k->mark_count; i++) {
        if (i > 0)
            text_add(out, "%c", between);
        text_add(out, "%s ", dns_list_name(k->marks[i].list));
        if (k->marks[i].offset == 0)
            text_add(out, "today");
        else
            text_add(out, "%+d", k->marks[i].offset);
    }
}

static void field_tries(const struct dns_columns *c, const struct lookup *k, struct text *out)
{
    (void)c;
    text_add(out, "%" PRIu32, k->tries);
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
static void end_column(const struct dns_columns *c, size_t i, size_t from, struct text *out)
{
    bool is_last = i + 1 == c->count;
    if (out->used == from)
        text_add(out, "-");
    size_t width = c->separator == 0 ? c->widths[i] : 0, used = out->used - from;
    if (is_last)
        return;
    if (c->separator != 0)
        text_add(out, "%c", c->separator);
    else
        text_add(out, "%*s", (int)(used < width ? width - used : 0) + 1, "");
}

void dns_columns_title(const struct dns_columns *c, struct text *out)
{
    for (size_t i = 0; i < c->count; i++) {
        size_t from = out->used;
        text_add(out, "%s", c->fields[i]->name);
        end_column(c, i, from, out);
    }
}

void dns_columns_write(const struct dns_columns *c, const struct lookup *lookup, struct text *out)
{
    for (size_t i = 0; i < c->count; i++) {
        size_t from = out->used;
        c->fields[i]->write(c, lookup, out);
        end_column(c, i, from, out);
    }
}
