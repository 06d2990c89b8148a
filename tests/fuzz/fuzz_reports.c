/* The same random bytes in all other formats, as they are and with --anonymise: what is written can
 * be read again, by a reader of its kind, and holds no control byte. */
#include <jansson.h>
#include <libxml/parser.h>

#include "made_report.h"

#include "base/unicode.h"

enum { COLUMNS = 22, BARS_OF_CEF = 7 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* Every line an object. */
static void check_lines(const char *text)
{
    for (const char *next = text; *next != '\0'; next += strcspn(next, "\n") + 1) {
        json_t *line = json_loadb(next, strcspn(next, "\n"), JSON_REJECT_DUPLICATES, NULL);
        must(json_is_object(line));
        json_decref(line);
    }
}

static void check_object(const char *text)
{
    json_t *whole = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    must(json_is_object(whole));
    json_decref(whole);
}

static void check_xml(const char *text)
{
    xmlDocPtr document = xmlReadMemory(text, (int)strlen(text), "report.xml", NULL,
                                       XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    must(document != NULL);
    xmlFreeDoc(document);
}

/* One cell of RFC 4180; returns what follows it. No cell begins as a formula does. */
static const char *check_cell(const char *next)
{
    bool quoted = *next == '"';
    must(strchr("=+-@\t", next[quoted ? 1 : 0]) == NULL || next[quoted ? 1 : 0] == '\0');
    if (!quoted)
        return next + strcspn(next, ",\r\"");
    for (next++; *next != '"' || next[1] == '"'; next++) {
        must(*next != '\0');
        next += *next == '"';
    }
    return next + 1;
}

static void check_csv(const char *text)
{
    for (const char *next = text; *next != '\0'; next += 2) {
        unsigned cells = 1;
        for (next = check_cell(next); *next == ','; cells++)
            next = check_cell(next + 1);
        must(cells == COLUMNS && next[0] == '\r' && next[1] == '\n');
    }
}

/* Seven bars of CEF that are not escaped, and more only behind them. */
static void check_cef(const char *text)
{
    for (const char *next = text; *next != '\0'; next += strcspn(next, "\n") + 1) {
        size_t length = strcspn(next, "\n"), bars = 0;
        must(strncmp(next, "<130>1 ", 7) == 0 || strncmp(next, "<132>1 ", 7) == 0);
        for (size_t i = 1; i < length; i++)
            bars += next[i] == '|' && next[i - 1] != '\\';
        must(bars >= BARS_OF_CEF);
    }
}

static void check_bytes(const char *text)
{
    struct reader r = reader_over(text, strlen(text));
    uint32_t code;
    while (r.left > 0) {
        must(utf8_read(&r, &code));
        must(code >= 0x20 || code == '\n' || code == '\r');
        must(code != 0x7f && (code < 0x80 || code >= 0xa0));
    }
}

static const struct {
    const char *format;
    void (*check)(const char *text);
} checks_of_formats[] = {
    {"json", check_lines},  {"eve", check_lines},   {"ecs", check_lines},
    {"stix", check_object}, {"misp", check_object}, {"xml", check_xml},
    {"csv", check_csv},     {"cef", check_cef},     {"text", check_bytes},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t bytes[ANONYMISER_KEY_BYTES] = {1};
    struct anonymiser *key = anonymiser_new(bytes);
    must(key != NULL);
    for (size_t i = 0; i < sizeof checks_of_formats / sizeof checks_of_formats[0]; i++)
        for (unsigned hidden = 0; hidden < 2; hidden++) {
            char *text = report_made(checks_of_formats[i].format, reader_over(data, size), 2,
                                     hidden ? key : NULL);
            checks_of_formats[i].check(text);
            check_bytes(text);
            free(text);
        }
    anonymiser_free(key);
    return 0;
}
