/* Any bytes as an evidence file of a stranger, who gave it the digest that it must have: the merge
 * must end, and every verdict must be one that a report can print. The input is the file without
 * its digest. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/writer.h"
#include "engine/hunt.h"
#include "source/input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_printable(const char *text, size_t size)
{
    size_t i = 0;
    for (; i < size && text[i] != '\0'; i++)
        assert(text[i] >= ' ' && text[i] <= '~');
    assert(i < size);
}

static bool begin(struct report *r)
{
    (void)r;
    return true;
}

static bool host(struct report *r, const struct verdict *v)
{
    unsigned *hosts = r->state;
    ++*hosts;
    check_printable(v->says, sizeof v->says);
    check_printable(v->reason, sizeof v->reason);
    assert(v->kind < VERDICT_KINDS && v->kind != VERDICT_CLEAN && v->sign_count > 0);
    assert(v->first_us <= v->last_us);
    for (size_t i = 0; i < v->sign_count; i++) {
        const struct sign *s = &v->signs[i];
        check_printable(s->says, sizeof s->says);
        assert(s->fact_count <= FACTS_MAX);
        assert(s->weight != WEIGHT_STATISTICAL || s->false_alarm_log10 <= 0);
        assert(!s->has_of || s->count <= s->of);
    }
    return true;
}

static bool edge(struct report *r, const struct infection *i)
{
    (void)r;
    check_printable(i->says, 512);
    return true;
}

static bool end(struct report *r, const struct totals *t)
{
    const unsigned *hosts = r->state;
    for (size_t i = 0; i < t->input_count; i++)
        assert(t->inputs[i].name != NULL);
    assert(*hosts == 0 || t->seen < UINT64_MAX);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct report_format checking = {
        .id = "checking", .claim = "", .begin = begin, .host = host, .edge = edge, .end = end};
    struct hunt_settings settings = {
        .since_us = INT64_MIN,
        .until_us = INT64_MAX,
        .sampling = 1,
        .limits = {.host_days = 1 << 12, .slot_bytes = 16 << 20, .set_bytes = 16 << 20}};
    struct error err;
    unsigned hosts = 0;
    struct report report = {.format = &checking, .state = &hosts};
    struct hunt_outcome outcome;
    uint8_t *file = malloc(size + DIGEST_BYTES);
    if (file == NULL)
        abort();
    struct digest digest = digest_of(data, size);
    struct writer w = writer_over(file, size + DIGEST_BYTES);
    write_bytes(&w, data, size);
    write_le64(&w, digest.low);
    write_le64(&w, digest.high);
    struct input *in = input_open_memory("fuzz", file, size + DIGEST_BYTES, &err);
    struct hunt *h = hunt_new(&settings, &err);
    if (h == NULL)
        abort();    /* no memory at the start: nothing to test */
    if (in != NULL) /* NULL: it looks compressed, and is not */
        hunt_merge_input(h, in);
    hunt_finish(h, &report, 1, 0, &outcome);
    assert(!outcome.write_failed);
    hunt_free(h);
    input_close(in);
    free(file);
    return 0;
}
