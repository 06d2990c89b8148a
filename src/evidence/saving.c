/* The forms, each with its reader beside its writer. docs/partial.md shows them. */
#include "evidence/saving.h"

#include <assert.h>
#include <stdalign.h>
#include <string.h>

/* 0000-01-01T00:00:00Z and 9999-12-31T23:59:59.999999Z: the times that sources give. */
#define TIME_FIRST_US INT64_C(-62167219200000000)
#define TIME_LAST_US INT64_C(253402300799999999)

enum {
    SET_IS_SKETCH = SET_EXACT_MAX + 1, /* for the number of items */
    SET_HAS_MISSED = 0x80,
    TEXT_MAX = UINT16_MAX
};

void load_demand(struct reader *r, bool is_so)
{
    if (is_so)
        return;
    r->left = 0;
    r->failed = true;
}

uint64_t load_count(struct reader *r)
{
    uint64_t count = read_le64(r);
    load_demand(r, count <= LOAD_COUNT_MAX);
    return r->failed ? 0 : count;
}

void save_bool(struct writer *w, bool value)
{
    write_u8(w, value);
}

bool load_bool(struct reader *r)
{
    uint8_t value = read_u8(r);
    load_demand(r, value <= 1);
    return value == 1;
}

void save_time(struct writer *w, int64_t when_us)
{
    write_le64(w, (uint64_t)when_us);
}

int64_t load_time(struct reader *r)
{
    int64_t when_us = (int64_t)read_le64(r);
    load_demand(r, when_us >= TIME_FIRST_US && when_us <= TIME_LAST_US);
    return r->failed ? 0 : when_us;
}

void save_address(struct writer *w, struct address a)
{
    write_le64(w, a.high);
    write_le64(w, a.low);
}

struct address load_address(struct reader *r)
{
    uint64_t high = read_le64(r);
    return (struct address){.high = high, .low = read_le64(r)};
}

void save_text(struct writer *w, const char *text)
{
    size_t length = strnlen(text, TEXT_MAX);
    write_le16(w, (uint16_t)length);
    write_bytes(w, text, length);
}

void load_text(struct reader *r, char *out, size_t size)
{
    assert(size > 0);
    size_t length = read_le16(r);
    load_demand(r, length < size);
    const uint8_t *bytes = read_bytes(r, r->failed ? 0 : length);
    load_demand(r, r->failed || length == 0 || memchr(bytes, '\0', length) == NULL);
    if (r->failed)
        length = 0;
    if (length > 0)
        memcpy(out, bytes, length);
    out[length] = '\0';
}

void load_printable(struct reader *r, char *out, size_t size)
{
    load_text(r, out, size);
    for (const char *at = out; *at != '\0'; at++)
        load_demand(r, *at >= ' ' && *at <= '~');
    if (r->failed)
        out[0] = '\0';
}

void save_span(struct writer *w, struct span s)
{
    bool is_empty = s.first_us > s.last_us;
    save_bool(w, !is_empty);
    if (is_empty)
        return;
    save_time(w, s.first_us);
    save_time(w, s.last_us);
}

struct span load_span(struct reader *r)
{
    if (!load_bool(r))
        return span_empty();
    struct span s = {.first_us = load_time(r)};
    s.last_us = load_time(r);
    load_demand(r, s.first_us <= s.last_us);
    return r->failed ? span_empty() : s;
}

void save_set(struct writer *w, const struct set *s)
{
    const uint64_t *items;
    const uint8_t *registers = set_registers(s);
    size_t count = set_sample(s, &items);
    unsigned form = registers != NULL ? SET_IS_SKETCH : (unsigned)count;
    write_u8(w, (uint8_t)(form | (s->missed > 0 ? SET_HAS_MISSED : 0)));
    if (s->missed > 0)
        write_le32(w, s->missed);
    for (size_t i = 0; i < count; i++)
        write_le64(w, items[i]);
    if (registers != NULL)
        write_bytes(w, registers, SET_REGISTERS);
}

void load_set(struct set_pool *pool, struct set *out, struct reader *r)
{
    uint64_t items[SET_EXACT_MAX];
    uint8_t form = read_u8(r);
    bool has_missed = (form & SET_HAS_MISSED) != 0;
    form &= (uint8_t)~SET_HAS_MISSED;
    load_demand(r, form <= SET_IS_SKETCH);
    uint32_t missed = has_missed ? read_le32(r) : 0;
    load_demand(r, has_missed == (missed > 0));
    size_t count = r->failed ? 0 : form == SET_IS_SKETCH ? SET_EXACT_MAX : form;
    for (size_t i = 0; i < count; i++)
        items[i] = read_le64(r);
    const uint8_t *registers = form == SET_IS_SKETCH ? read_bytes(r, SET_REGISTERS) : NULL;
    if (!r->failed)
        load_demand(r, set_restore(pool, out, items, count, registers, missed));
}

void save_trail(struct writer *w, const struct trail *t)
{
    write_le16(w, (uint16_t)t->count);
    for (uint32_t i = 0; i < t->count; i++) {
        write_le64(w, t->keys[i].hash);
        save_time(w, t->keys[i].first_us);
        save_time(w, t->keys[i].last_us);
    }
}

void load_trail(struct hosts *h, struct trail *out, struct reader *r)
{
    uint64_t before = 0;
    uint16_t count = read_le16(r);
    load_demand(r, count <= TRAIL_KEYS);
    for (uint16_t i = 0; i < count && !r->failed; i++) {
        struct trail_key key = {.hash = read_le64(r)};
        key.first_us = load_time(r);
        key.last_us = load_time(r);
        load_demand(r, key.first_us <= key.last_us && (i == 0 || key.hash > before));
        before = key.hash;
        if (!r->failed)
            trail_add_key(h, out, key);
    }
}

void save_examples(struct writer *w, const struct examples *e)
{
    write_u8(w, (uint8_t)e->count);
    for (uint32_t i = 0; i < e->count; i++) {
        write_le64(w, e->kept[i].hash);
        save_text(w, e->kept[i].text);
    }
}

void load_examples(struct examples *out, struct reader *r)
{
    uint8_t count = read_u8(r);
    load_demand(r, count <= EXAMPLES_KEPT);
    *out = (struct examples){0};
    for (uint8_t i = 0; i < count && !r->failed; i++) {
        char text[EXAMPLE_TEXT_SIZE];
        uint64_t hash = read_le64(r);
        load_text(r, text, sizeof text);
        load_demand(r, i == 0 || hash > out->kept[i - 1].hash);
        if (!r->failed)
            examples_add(out, hash, text);
    }
}

void save_smallest(struct writer *w, const struct smallest *list, struct smallest_of of,
                   void (*put)(struct writer *w, const void *item))
{
    assert(of.most <= UINT16_MAX);
    write_le16(w, (uint16_t)list->count);
    for (uint32_t i = 0; i < list->count; i++) {
        const struct ranked *item = smallest_at(list, of, i);
        save_span(w, item->span);
        put(w, item);
    }
}

void load_smallest(struct hosts *h, struct smallest *out, struct smallest_of of, struct reader *r,
                   void (*get)(struct reader *r, void *item))
{
    alignas(max_align_t) unsigned char bytes[SMALLEST_ITEM_MAX];
    struct ranked *item = (void *)bytes;
    uint64_t before = 0;
    uint16_t count = read_le16(r);
    assert(of.size <= sizeof bytes);
    load_demand(r, count <= of.most);
    for (uint16_t i = 0; i < count && !r->failed; i++) {
        memset(bytes, 0, sizeof bytes);
        item->span = load_span(r);
        load_demand(r, item->span.first_us <= item->span.last_us);
        get(r, item);
        load_demand(r, i == 0 || item->rank > before);
        before = item->rank;
        if (!r->failed)
            smallest_add(h, out, of, item);
    }
}
