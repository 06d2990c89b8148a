/* A report of random bytes: as names, facts, files, sentences, checks and counts. */
#ifndef WORMSIGN_TESTS_MADE_REPORT_H
#define WORMSIGN_TESTS_MADE_REPORT_H

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "evidence/smb_check.h"
#include "report/anonymous.h"
#include "report/report.h"

enum { CHECKS_MOST = 6 };

/* A string of at most 255 bytes and less than size; the input says how long. */
static inline void take_string(struct reader *r, char *out, size_t size)
{
    size_t wanted = read_u8(r);
    size_t length = wanted < r->left ? wanted : r->left;
    length = length < size ? length : size - 1;
    const uint8_t *bytes = read_bytes(r, length);
    if (length > 0)
        memcpy(out, bytes, length);
    out[length] = '\0';
}

static inline double take_double(struct reader *r)
{
    uint64_t bits = read_le64(r);
    double number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

static inline struct sign take_sign(struct reader *r)
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
static inline size_t take_checks(struct reader *r, struct check out[static CHECKS_MOST])
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

static inline struct scan_totals take_scan(struct reader *r)
{
    return (struct scan_totals){.targets = read_le64(r),
                                .asked = read_le64(r),
                                .sent = read_le64(r),
                                .received = read_le64(r),
                                .refused = read_le64(r),
                                .lost_share = take_double(r),
                                .silent_share = take_double(r)};
}

/* What came later stands behind the rest, so that older seeds mean what they meant. */
static inline void take_machine(struct reader *r, struct verdict *v, struct sign *sign,
                                struct smb_check *smb)
{
    *smb = (struct smb_check){.port = read_be16(r), .cause = read_u8(r) % SMB_CAUSES};
    take_string(r, smb->os, sizeof smb->os);
    take_string(r, smb->computer, sizeof smb->computer);
    take_string(r, smb->domain, sizeof smb->domain);
    v->smb = read_u8(r) % 2 == 1 ? smb : NULL;
    v->mac = read_be64(r) >> 16;
    v->host.high = read_be64(r);
    v->host.low = read_be64(r);
    v->first_us = (int64_t)read_be64(r);
    v->last_us = (int64_t)read_be64(r);
    sign->flow = (struct sign_flow){.protocol = read_u8(r),
                                    .peer = address_of_v4(read_be32(r)),
                                    .port = read_be16(r),
                                    .peer_port = read_be16(r)};
}

static inline bool write_report(struct report *r, struct reader bytes)
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
    struct smb_check smb;
    take_machine(&bytes, &v, &sign, &smb);
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

/* With a key: as the stage that hides whom it is about lets it through. */
static inline char *report_made(const char *format, struct reader bytes, int verbosity,
                                const struct anonymiser *key)
{
    char *text = NULL;
    size_t size = 0;
    struct report r = {.format = report_format_named(format),
                       .out = open_memstream(&text, &size),
                       .verbosity = verbosity,
                       .width = 80};
    struct anonymous anonymous = {.key = key, .to = &r};
    struct report front = {.format = &anonymous_format, .state = &anonymous};
    if (r.out == NULL || !write_report(key != NULL ? &front : &r, bytes) || fclose(r.out) != 0)
        abort();
    assert(strlen(text) == size);
    return text;
}

#endif
