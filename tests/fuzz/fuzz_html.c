/* Random bytes as every text that a page can show. The page is written twice, with these texts and
 * with the same ones made tame, letter by letter: both have the same tags with the same attributes,
 * so no text became markup. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/reader.h"
#include "evidence/netbios_check.h"
#include "evidence/smb_check.h"
#include "report/html_host.h"
#include "report/html_markup.h"
#include "report/report.h"

enum { ROW_TABS = 9, SAYS_MOST = 200 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct taker {
    struct reader bytes;
    bool tame;
};

/* A string of at most 63 bytes and less than size; the input says how long. */
static void take_string(struct taker *t, char *out, size_t size)
{
    size_t wanted = read_u8(&t->bytes) % 64;
    size_t length = wanted < t->bytes.left ? wanted : t->bytes.left;
    length = length < size ? length : size - 1;
    const uint8_t *bytes = read_bytes(&t->bytes, length);
    for (size_t i = 0; i < length; i++) {
        bool harms = bytes[i] < 0x20 || bytes[i] >= 0x7f || strchr("<>&\"'", bytes[i]) != NULL;
        out[i] = t->tame && harms && bytes[i] != 0 ? 'x' : (char)bytes[i];
    }
    out[length] = '\0';
}

static void take_sign(struct taker *t, struct sign *s)
{
    static const char *const names[] = {"first_bytes", "answers", "met", "predicted_ports", "url"};
    char text[FACT_TEXT_SIZE];
    *s = (struct sign){.id = (enum sign_id)(read_u8(&t->bytes) % SIGN_IDS),
                       .weight = (enum sign_weight)(read_u8(&t->bytes) % 3),
                       .has_of = read_u8(&t->bytes) % 2 == 0,
                       .count = read_le32(&t->bytes),
                       .of = read_le32(&t->bytes),
                       .day = (int32_t)read_u8(&t->bytes),
                       .first_us = (int64_t)read_le64(&t->bytes),
                       .last_us = (int64_t)read_le64(&t->bytes)};
    take_string(t, s->says, sizeof s->says);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        take_string(t, text, sizeof text);
        sign_add_text(s, read_u8(&t->bytes) % 2 == 0 ? FACT_TEXT : FACT_ITEM, names[i], text);
    }
}

struct made {
    struct sign signs[2];
    struct smb_check smb;
    struct netbios_check netbios;
    struct check check;
    char site[64], cause[64], says[SAYS_MOST], input[64];
    struct verdict v;
};

static void make(struct taker *t, struct made *m)
{
    take_sign(t, &m->signs[0]);
    take_sign(t, &m->signs[1]);
    take_string(t, m->smb.os, sizeof m->smb.os);
    take_string(t, m->smb.lanman, sizeof m->smb.lanman);
    take_string(t, m->smb.computer, sizeof m->smb.computer);
    take_string(t, m->smb.domain, sizeof m->smb.domain);
    take_string(t, m->smb.fqdn, sizeof m->smb.fqdn);
    take_string(t, m->netbios.computer, sizeof m->netbios.computer);
    take_string(t, m->netbios.user, sizeof m->netbios.user);
    take_string(t, m->site, sizeof m->site);
    take_string(t, m->cause, sizeof m->cause);
    take_string(t, m->says, sizeof m->says);
    take_string(t, m->input, sizeof m->input);
    m->check = (struct check){.port = read_be16(&t->bytes),
                              .cause = (enum check_cause)(read_u8(&t->bytes) % CHECK_CAUSES),
                              .when_us = (int64_t)read_le64(&t->bytes)};
    m->v = (struct verdict){.host = address_of_v4(read_be32(&t->bytes)),
                            .kind = (enum verdict_kind)(read_u8(&t->bytes) % VERDICT_KINDS),
                            .home = true,
                            .site = m->site,
                            .name_count = 2,
                            .marks = read_u8(&t->bytes),
                            .variants = read_u8(&t->bytes),
                            .signs = m->signs,
                            .sign_count = COUNT_OF(m->signs),
                            .checks = &m->check,
                            .check_count = 1,
                            .smb = &m->smb,
                            .netbios = &m->netbios,
                            .first_us = m->signs[0].first_us,
                            .last_us = m->signs[0].last_us};
    take_string(t, m->v.names[0], sizeof m->v.names[0]);
    take_string(t, m->v.names[1], sizeof m->v.names[1]);
    take_string(t, m->v.says, sizeof m->v.says);
    take_string(t, m->v.reason, sizeof m->v.reason);
}

static char *page_of(const struct made *m)
{
    char *text = NULL;
    size_t size = 0;
    const char *const sentences[] = {m->says};
    struct infection edge = {.from = m->v.host, .cause = m->cause, .says = m->says};
    struct input_totals input = {.name = m->input, .format = "pcap", .damage_count = 1};
    struct totals totals = {.verb = "hunt",
                            .input_count = 1,
                            .inputs = &input,
                            .limit_count = 1,
                            .limits_hit = sentences,
                            .note_count = 1,
                            .notes = sentences};
    struct report r = {.format = report_format_named("html"), .out = open_memstream(&text, &size)};
    (void)snprintf(input.damage[0].reason, sizeof input.damage[0].reason, "%s", m->says);
    if (r.out == NULL || !r.format->begin(&r) || !r.format->host(&r, &m->v) ||
        !r.format->edge(&r, &edge) || !r.format->end(&r, &totals) || fclose(r.out) != 0)
        abort();
    assert(strlen(text) == size);
    return text;
}

/* Leaves of a page its tags, without the values of attributes, up to the block of data. */
static void keep_tags(char *page)
{
    char *out = page;
    bool in_tag = false;
    char *end = strstr(page, "<script type=\"application/json\"");
    assert(end != NULL);
    for (char *next = page; next < end; next++) {
        in_tag = in_tag || *next == '<';
        if (in_tag && *next == '"') {
            next += strcspn(next + 1, "\"") + 1;
            assert(next < end);
            continue;
        }
        if (in_tag)
            *out++ = *next;
        in_tag = in_tag && *next != '>';
    }
    *out = '\0';
}

/* In a row's piece tabs stand between fields only, and no line ends. */
static void check_row(const struct verdict *v)
{
    struct markup m = {0};
    host_row(&m, v);
    size_t tabs = 0;
    for (size_t i = 0; i < m.used; i++) {
        if ((unsigned char)m.text[i] < 0x20 && m.text[i] != '\t')
            abort();
        tabs += m.text[i] == '\t';
    }
    if (m.failed || tabs != ROW_TABS - 1)
        abort();
    markup_free(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct taker as_is = {reader_over(data, size), false}, tame = {reader_over(data, size), true};
    struct made hostile = {0}, harmless = {0};
    make(&as_is, &hostile);
    make(&tame, &harmless);
    char *page = page_of(&hostile), *like = page_of(&harmless);
    keep_tags(page);
    keep_tags(like);
    if (strcmp(page, like) != 0)
        abort();
    free(page);
    free(like);
    check_row(&hostile.v);
    return 0;
}
