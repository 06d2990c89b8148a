/* Writes verdicts that mean harm in every format: a file a format, in the folder that is named.
 *
 * Each string of a verdict, an infection and a summary is in turn one of those that break readers:
 * markup, quotes, line ends, formulas, marks that turn the direction of writing, bytes that are no
 * UTF-8. tests/formats/run.py reads the files back with readers that are not ours. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/time.h"
#include "base/writer.h"
#include "evidence/netbios_check.h"
#include "evidence/smb_check.h"
#include "report/report.h"

enum {
    PATH_SIZE = 4096,
    CHECKS = 4,
    FIRST_HOST = 0x0a000001,
    STAMP_SECONDS = 1240332251,
    ACKNOWLEDGED_UNTIL = 20000
};

static const char *const hostile[] = {
    "</script><script>alert(1)</script>",
    "\"'`><img src=x onerror=alert(1)>",
    "a\r\nb\nc\td\v\f",
    "=HYPERLINK(\"http://192.0.2.1\";\"x\")",
    "+1",
    "-1",
    "@SUM(A1)",
    "\xef\xbc\x9dx",
    "]]>&amp;&#0;&lol;<!DOCTYPE x [<!ENTITY lol \"lol\">]>",
    "a|b\\|c=d\\=e,f;g \"h\"",
    "\xe2\x80\xaegnp.exe\xe2\x80\xac\xe2\x81\xa6x\xe2\x81\xa9",
    "\x80\xff\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80\xe2\x82",
    "\x1b]0;title\x07\x1b[2J\x7f\xc2\x9bm",
    "\xef\xbf\xbe\xef\xbf\xbf\xef\xbb\xbf\xe2\x80\xa8\xe2\x80\xa9",
    "{\"type\":\"summary\"}\n{\"type\":\"host\"}",
    "%s%n%x%%",
    "",
    " ",
    "caf\xc3\xa9",
};

static void copy(char *out, size_t size, const char *text)
{
    size_t length = strlen(text) < size ? strlen(text) : size - 1;
    memcpy(out, text, length);
    out[length] = '\0';
}

static struct sign sign_of(const char *text, int64_t when_us)
{
    struct sign s = {.id = SIGN_P2P_PORTS,
                     .weight = WEIGHT_STATISTICAL,
                     .false_alarm_log10 = -12,
                     .count = 5,
                     .first_us = when_us,
                     .last_us = when_us,
                     .flow = {.protocol = 6,
                              .peer = address_of_v4(UINT32_C(0xc0000201)),
                              .port = 1025,
                              .peer_port = 40832}};
    copy(s.says, sizeof s.says, text);
    sign_add_text(&s, FACT_TEXT, "url", text);
    sign_add_text(&s, FACT_ITEM, "asked", text);
    return s;
}

static bool write_host(struct report *r, size_t number, int64_t when_us)
{
    const char *text = hostile[number];
    struct sign sign = sign_of(text, when_us);
    struct smb_check smb = {.port = 445, .when_us = when_us, .time_us = TIME_NONE};
    struct netbios_check netbios = {.when_us = when_us};
    struct check checks[CHECKS];
    for (size_t i = 0; i < CHECKS; i++)
        checks[i] = (struct check){.transport = i < 2 ? TRANSPORT_TCP : TRANSPORT_UDP,
                                   .port = (uint16_t)(40000 + i),
                                   .cause = i == 0 ? CAUSE_VALID : CAUSE_SILENT,
                                   .when_us = when_us};
    copy(smb.os, sizeof smb.os, text);
    copy(smb.lanman, sizeof smb.lanman, text);
    copy(smb.computer, sizeof smb.computer, text);
    copy(smb.domain, sizeof smb.domain, text);
    copy(smb.fqdn, sizeof smb.fqdn, text);
    copy(netbios.computer, sizeof netbios.computer, text);
    copy(netbios.user, sizeof netbios.user, text);
    struct verdict v = {.host = address_of_v4(FIRST_HOST + (uint32_t)number),
                        .home = true,
                        .site = text,
                        .owner = text,
                        .acknowledged = number / VERDICT_KINDS % 2 == 1,
                        .acknowledged_until = ACKNOWLEDGED_UNTIL,
                        .note = text,
                        .name_count = 2,
                        .mac = UINT64_C(0x001122334455),
                        .kind = (enum verdict_kind)(number % VERDICT_KINDS),
                        .variants = VARIANT_D | VARIANT_E,
                        .first_us = when_us,
                        .last_us = when_us,
                        .signs = &sign,
                        .sign_count = 1,
                        .checks = checks,
                        .check_count = CHECKS,
                        .smb = &smb,
                        .netbios = &netbios,
                        .hearing = HEARING_SOME};
    copy(v.names[0], sizeof v.names[0], text);
    copy(v.names[1], sizeof v.names[1], "plain");
    copy(v.says, sizeof v.says, text);
    copy(v.advice, sizeof v.advice, text);
    copy(v.reason, sizeof v.reason, text);
    return r->format->host(r, &v);
}

static bool write_all(struct report *r)
{
    int64_t when_us = STAMP_SECONDS * US_PER_SECOND;
    bool good = r->format->begin(r);
    for (size_t i = 0; i < COUNT_OF(hostile); i++)
        good = good && write_host(r, i, when_us);
    for (size_t i = 0; i < COUNT_OF(hostile); i++) {
        struct infection edge = {.from = address_of_v4(FIRST_HOST),
                                 .to = address_of_v4(FIRST_HOST + 1 + (uint32_t)i),
                                 .when_us = when_us,
                                 .cause = i % 2 == 0 ? "exploit" : "callback",
                                 .variants = VARIANT_B,
                                 .says = hostile[i]};
        good = good && r->format->edge(r, &edge);
    }
    struct input_totals input = {.name = hostile[2], .format = "pcap", .damage_count = 1};
    copy(input.damage[0].reason, sizeof input.damage[0].reason, hostile[0]);
    struct totals totals = {.verb = "hunt",
                            .input_count = 1,
                            .inputs = &input,
                            .limit_count = COUNT_OF(hostile),
                            .limits_hit = hostile,
                            .note_count = COUNT_OF(hostile),
                            .notes = hostile};
    return r->format->end(r, &totals) && good;
}

static bool write_format(const struct report_format *format, const char *folder)
{
    char path[PATH_SIZE];
    struct text text = text_over(path, sizeof path);
    text_add(&text, "%s/%s", folder, format->id);
    struct report r = {.format = format,
                       .out = fopen(path, "we"),
                       .verbosity = 2,
                       .began_us = STAMP_SECONDS * US_PER_SECOND,
                       .version = "0|=\\"};
    if (r.out == NULL)
        return false;
    bool good = write_all(&r);
    return fclose(r.out) == 0 && good;
}

int main(int count, char **arguments)
{
    bool good = count == 2;
    for (size_t i = 0; good && report_formats[i] != NULL; i++)
        good = write_format(report_formats[i], arguments[1]);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
