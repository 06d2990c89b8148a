/* Random bytes as names, facts, files, sentences, checks and counts: every line of JSON parses, and
 * text holds no control byte but line feeds. */
#include <assert.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "report/report.h"

enum { CHECKS_MOST = 6 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A string of at most 255 bytes and less than size; the input says how long. */
static void take_string(struct reader *r, char *out, size_t size)
{
    size_t wanted = read_u8(r);
    size_t length = wanted < r->left ? wanted : r->left;
    length = length < size ? length : size - 1;
    const uint8_t *bytes = read_bytes(r, length);
    if (length > 0)
        memcpy(out, bytes, length);
    out[length] = '\0';
}

static double take_double(struct reader *r)
{
    uint64_t bits = read_le64(r);
    double number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

static struct sign take_sign(struct reader *r)
{
    static const char *const names[] = {"asked", "peers", "count"};
    struct sign s = {.id = (enum sign_id)(read_u8(r) % SIGN_IDS),
                     .weight = (enum sign_weight)(read_u8(r) % 3),
                     .has_of = read_u8(r) % 2 == 0,
                     .points = take_double(r),
                     .count = read_le64(r),
                     .first_us = (int64_t)read_le64(r),
                     .last_us = (int64_t)read_le64(r)};
    s.false_alarm_log10 = s.points;
    take_string(r, s.says, sizeof s.says);
    for (unsigned i = read_u8(r) % FACTS_MAX; i > 0; i--) {
        char text[FACT_TEXT_SIZE];
        unsigned kind = read_u8(r);
        take_string(r, text, sizeof text);
        if (kind % 3 == FACT_NUMBER)
            sign_add_number(&s, names[kind / 3 % 3], take_double(r));
        else
            sign_add_text(&s, (enum fact_kind)(kind % 3), names[kind / 3 % 3], text);
    }
    return s;
}

/* Times are TIME_NONE where the bytes say so. */
static size_t take_checks(struct reader *r, struct check out[static CHECKS_MOST])
{
    size_t count = read_u8(r) % (CHECKS_MOST + 1);
    for (size_t i = 0; i < count; i++)
        out[i] = (struct check){.transport = (enum transport)(read_u8(r) % 2),
                                .port = read_be16(r),
                                .week = (enum check_week)(read_u8(r) % (CHECK_WEEK_NEXT + 1)),
                                .cause = (enum check_cause)(read_u8(r) % CHECK_CAUSES),
                                .wanted = read_be32(r),
                                .came = read_be32(r),
                                .when_us = (int64_t)read_le64(r)};
    return count;
}

static struct scan_totals take_scan(struct reader *r)
{
    return (struct scan_totals){.targets = read_le64(r),
                                .asked = read_le64(r),
                                .sent = read_le64(r),
                                .received = read_le64(r),
                                .refused = read_le64(r),
                                .lost_share = take_double(r),
                                .silent_share = take_double(r)};
}

static bool write_report(struct report *r, struct reader bytes)
{
    char strings[4][256];
    const char *const sentences[] = {strings[1]};
    for (size_t i = 0; i < 4; i++)
        take_string(&bytes, strings[i], sizeof strings[i]);
    struct sign sign = take_sign(&bytes);
    struct verdict v = {.kind = (enum verdict_kind)(read_u8(&bytes) % VERDICT_KINDS),
                        .home = read_u8(&bytes) % 2 == 0,
                        .site = strings[0],
                        .name_count = 2,
                        .weight = sign.points,
                        .variants = read_u8(&bytes),
                        .marks = read_u8(&bytes),
                        .signs = &sign,
                        .sign_count = 1};
    take_string(&bytes, v.names[0], sizeof v.names[0]);
    take_string(&bytes, v.names[1], sizeof v.names[1]);
    take_string(&bytes, v.says, sizeof v.says);
    take_string(&bytes, v.reason, sizeof v.reason);
    struct infection edge = {.cause = "exploit", .says = strings[2], .variants = v.variants};
    struct input_totals input = {.name = strings[3], .damage_count = 1};
    take_string(&bytes, input.damage[0].reason, sizeof input.damage[0].reason);
    struct check checks[CHECKS_MOST];
    v.check_count = take_checks(&bytes, checks);
    v.checks = checks;
    struct scan_totals scan = take_scan(&bytes);
    struct totals totals = {.verb = v.check_count > 0 ? "scan" : "hunt",
                            .hosts = {scan.asked, scan.sent, 0, scan.refused},
                            .scan = v.check_count > 0 ? &scan : NULL,
                            .input_count = 1,
                            .inputs = &input,
                            .limit_count = 1,
                            .limits_hit = sentences,
                            .note_count = 1,
                            .notes = sentences,
                            .expected_false_hosts = v.weight,
                            .seconds = v.weight};
    return r->format->begin(r) && r->format->host(r, &v) && r->format->edge(r, &edge) &&
           r->format->end(r, &totals);
}

static char *report_made(const char *format, struct reader bytes, int verbosity)
{
    char *text = NULL;
    size_t size = 0;
    struct report r = {.format = report_format_named(format),
                       .out = open_memstream(&text, &size),
                       .verbosity = verbosity,
                       .width = 80};
    if (r.out == NULL || !write_report(&r, bytes) || fclose(r.out) != 0)
        abort();
    assert(strlen(text) == size);
    return text;
}

static void check_text(char *text)
{
    for (const char *next = text; *next != '\0'; next++)
        if (((unsigned char)*next < 0x20 && *next != '\n') || *next == 0x7f)
            abort();
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *json = report_made("json", reader_over(data, size), 2);
    size_t lines = 0;
    for (const char *next = json; *next != '\0'; lines++) {
        size_t length = strcspn(next, "\n");
        json_t *line = json_loadb(next, length, JSON_REJECT_DUPLICATES, NULL);
        if (line == NULL || next[length] != '\n')
            abort();
        json_decref(line);
        next += length + 1;
    }
    if (lines != 3)
        abort();
    free(json);
    check_text(report_made("text", reader_over(data, size), 2));
    check_text(report_made("text", reader_over(data, size), 0));
    return 0;
}
