/* Any bytes as an archive or a capture through `flows`: the first byte chooses how it is printed,
 * the rest is read. Whatever comes out is printable, a line ends where it should, and text between
 * separators has as many of them as there are fields. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/listing.h"
#include "source/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MERGES = 1, SORTS = 2, SEPARATES = 4, JSON = 8, HEX = 16, EPOCH = 32, SMALL = 64 };

struct written {
    size_t columns; /* 0: of no fixed number */
    size_t separators;
    uint64_t lines;
};

static bool check_written(void *context, const char *bytes, size_t size)
{
    struct written *w = context;
    for (size_t i = 0; i < size; i++) {
        char c = bytes[i];
        assert(c == '\n' || (c >= ' ' && c <= '~'));
        w->separators += c == '|';
        if (c != '\n')
            continue;
        assert(w->columns == 0 || w->separators == w->columns - 1);
        w->separators = 0;
        w->lines++;
    }
    return true;
}

static void choose(uint8_t how, struct listing_settings *s)
{
    char fields[1024] = "", unknown[32];
    struct error err;
    for (size_t i = 0; i < flow_field_count; i++) {
        (void)strncat(fields, flow_fields[i].name, 32);
        (void)strncat(fields, ",", 2);
    }
    flow_layout_default(&s->layout, (how & JSON) != 0);
    assert(flow_layout_choose(&s->layout, fields, true, unknown, sizeof unknown, &err));
    s->layout.separator = (how & SEPARATES) != 0 ? '|' : '\0';
    s->layout.hex = (how & HEX) != 0;
    s->layout.seconds_alone = (how & EPOCH) != 0;
    if ((how & MERGES) != 0)
        assert(merge_keys_add(&s->keys, "saddr/24,dport,proto", &err));
    if ((how & SORTS) != 0) {
        s->order.count = 2;
        s->order.fields[0] = flow_field_named("bytes", 5);
        s->order.fields[1] = flow_field_named("suser", 5);
        s->order.downwards[0] = true;
    }
    s->groups_max = (how & SMALL) != 0 ? 3 : 1000;
    s->sorted_bytes_max = (how & SMALL) != 0 ? 4096 : 1 << 20;
}

static void pour(struct input *in, struct sink *sink)
{
    struct error err = {0};
    const struct source_format *format = source_format_for(in);
    struct source_settings settings = {
        .since_us = INT64_MIN, .until_us = INT64_MAX, .flow_records = true};
    void *source = format != NULL ? format->open(in, &settings, &err) : NULL;
    if (source == NULL)
        return;
    enum source_result result = SOURCE_MORE;
    while (result == SOURCE_MORE || result == SOURCE_SKIPPED)
        result = format->next(source, sink, &err);
    format->close(source);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err;
    struct selection selection = {.wants_management = true};
    struct written written = {0};
    struct listing_settings settings = {
        .selection = &selection, .context = &written, .write = check_written};
    if (size == 0)
        return 0;
    uint8_t how = data[0];
    choose(how, &settings);
    if (settings.layout.separator != '\0' && !settings.layout.json)
        written.columns = settings.layout.column_count;
    uint8_t *copy = malloc(size);
    struct listing *listing = listing_new(&settings, &err);
    assert(copy != NULL && listing != NULL);
    memcpy(copy, data + 1, size - 1);
    struct input *in = input_open_memory("fuzz", copy, size - 1, &err);
    if (in != NULL) {
        pour(in, listing_sink(listing));
        input_close(in);
    }
    listing_end(listing);
    struct listing_counts counts = listing_count(listing);
    uint64_t titles = written.columns == 0 && !settings.layout.json;
    assert(counts.printed + titles == written.lines);
    assert((how & SMALL) != 0 || counts.merged_refused == 0 || counts.groups == 1000);
    listing_free(listing);
    free(copy);
    return 0;
}
