/* The document around the parts, its policy, and the block of data.
 *
 * The policy names the hashes of the one script and the one style (CSP level 2: base64 of SHA-256
 * over the bytes between the tags), so nothing that came in by a name could run, even where the
 * escaping failed. A data block of type application/json is not run, and no policy applies to it;
 * what stands in it is base64 and identifiers of ours. */
#include <stdlib.h>
#include <string.h>

#include <nettle/base64.h>
#include <nettle/sha2.h>

#include "base/plural.h"
#include "base/time.h"
#include "report/html_host.h"
#include "report/html_inside.h"

enum { HASH_TEXT_SIZE = BASE64_ENCODE_RAW_LENGTH(SHA256_DIGEST_SIZE) + 1 };

static void hash_of(const char *text, char out[static HASH_TEXT_SIZE])
{
    struct sha256_ctx context;
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_init(&context);
    sha256_update(&context, strlen(text), (const uint8_t *)text);
    sha256_digest(&context, sizeof digest, digest);
    base64_encode_raw(out, sizeof digest, digest);
    out[HASH_TEXT_SIZE - 1] = '\0';
}

static void say_head(struct markup *m, const struct html_state *s, const struct totals *t)
{
    char script[HASH_TEXT_SIZE], style[HASH_TEXT_SIZE];
    hash_of(html_script, script);
    hash_of(html_style, style);
    markup_say(m,
               "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
               "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
               "script-src 'sha256-%s'; style-src 'sha256-%s'; base-uri 'none'; "
               "form-action 'none'\">\n"
               "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
               "<meta name=\"color-scheme\" content=\"light dark\">\n"
               "<meta name=\"referrer\" content=\"no-referrer\">\n"
               "<meta name=\"robots\" content=\"noindex\">\n<title>",
               script, style);
    char count[COUNT_TEXT_SIZE];
    uint64_t infected = t->hosts[VERDICT_INFECTED];
    markup_say(m, "%s infected host%s%s - wormsign %s", count_text(infected, count),
               plural(infected), s->known_infected > 0 ? ", more acknowledged" : "",
               t->scan != NULL ? "scan" : "report");
    markup_say(m, "</title>\n<style>%s</style>\n</head>\n", html_style);
}

/* When the evidence is from: what a reader wants to know first. */
static void say_span_of_evidence(struct markup *m, const struct html_state *s)
{
    int64_t first = TIME_NONE, last = TIME_NONE;
    for (size_t i = 0; i < s->row_count; i++) {
        const struct html_row *row = &s->rows[i];
        if (row->first_us == TIME_NONE || row->last_us == TIME_NONE)
            continue;
        first = first == TIME_NONE || row->first_us < first ? row->first_us : first;
        last = last == TIME_NONE || row->last_us > last ? row->last_us : last;
    }
    if (first == TIME_NONE)
        return;
    markup_say(m, "evidence from ");
    markup_time(m, first, false);
    markup_say(m, " to ");
    markup_time(m, last, false);
    markup_say(m, m->days_only ? "" : " UTC");
}

static void say_body(struct markup *m, struct html_state *s, const struct totals *t)
{
    markup_say(m, "<body>\n<a class=\"skip\" href=\"#hosts\">Skip to the hosts</a>\n"
                  "<header><p class=\"brand\">wormsign <span>Conficker report</span></p>"
                  "<p class=\"small\">");
    say_span_of_evidence(m, s);
    markup_say(m, "</p></header>\n<main>\n<p class=\"back one\"><a href=\"#hosts\">Back to all "
                  "hosts</a></p>\n");
    picture_shapes(m);
    html_answer(m, s, t);
    markup_say(m, "<div class=\"two\">\n");
    html_first(m, s, t);
    html_not_tested(m, s, t);
    markup_say(m, "</div>\n");
    html_changes(m, s);
    html_spread(m, s);
    html_table(m, s);
    html_sections(m, s);
    html_visitors(m, s, t);
    html_mend(m);
    html_meanings(m, s);
    html_run(m, s, t);
    markup_say(m, "</main>\n<footer><p class=\"small\">");
    html_maker(m, s);
    markup_say(m, " This page is whole in itself: opening it asks nobody.</p></footer>\n");
}

/* Which hosts an infection is shown with, and its line, in the fields of a piece. */
static void infection_piece(struct markup *m, const struct html_infection *i)
{
    markup_say(m, "%s\t%s\t", i->from_id, i->to_id);
    html_infection_item(m, i);
}

static bool write_sections(const struct html_state *s, FILE *out)
{
    bool good = true;
    for (size_t i = 0; i < HTML_SHAPES && good; i++)
        good = fputc(i > 0 ? ',' : '[', out) != EOF && pack_write(&s->section_packs[i], out);
    return good && fputc(']', out) != EOF;
}

static bool write_data(struct html_state *s, FILE *out)
{
    struct pack infections = {.pieces_a_chunk = ROWS_A_CHUNK};
    for (size_t i = 0; i < s->infection_count; i++) {
        markup_clear(&s->scratch);
        infection_piece(&s->scratch, &s->infections[i]);
        pack_add(&infections, &s->scratch);
    }
    pack_close(&infections);
    bool good = fprintf(out,
                        "<script type=\"application/json\" id=\"data\">{\"sectionsAChunk\":%d,"
                        "\n\"rows\":",
                        SECTIONS_A_CHUNK) > 0 &&
                pack_write(&s->row_pack, out) && fputs(",\n\"sections\":", out) != EOF &&
                write_sections(s, out) && fputs(",\n\"infections\":", out) != EOF &&
                pack_write(&infections, out) && fputs("}</script>\n", out) != EOF;
    pack_free(&infections);
    return good;
}

bool html_page(struct html_state *s, const struct totals *t, FILE *out)
{
    struct markup m = {.days_only = s->scratch.days_only};
    say_head(&m, s, t);
    say_body(&m, s, t);
    bool good = !m.failed && fwrite(m.text, 1, m.used, out) == m.used && write_data(s, out) &&
                fprintf(out, "<script>%s</script>\n</body>\n</html>\n", html_script) > 0;
    markup_free(&m);
    return good;
}
