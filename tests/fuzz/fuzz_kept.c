/* Any bytes as what a store keeps of a host: answers of a scan (the first byte is even) or names.
 * What is believed must make a verdict that can be printed, and be believed again when it is kept
 * once more. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/reader.h"
#include "base/writer.h"
#include "evidence/host_answers.h"
#include "evidence/names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEMORY_MAX = 4 << 20 };

static uint8_t again[HOST_ANSWERS_BYTES_MAX];

static void check_printable(const char *text, size_t size)
{
    size_t i = 0;
    for (; i < size && text[i] != '\0'; i++)
        assert(text[i] >= ' ' && text[i] <= '~');
    assert(i < size);
}

static void check_answers(struct reader bytes)
{
    struct arena memory = arena_of(MEMORY_MAX);
    struct host_answers a, b;
    struct verdict v;
    if (host_answers_load(&bytes, &memory, &a)) {
        const struct circumstances c = {.home = true,
                                        .checks = a.checks,
                                        .check_count = a.check_count,
                                        .smb = a.smb,
                                        .netbios = a.netbios,
                                        .hearing = a.hearing};
        verdict_of(&c, a.signs, a.sign_count, &v);
        check_printable(v.says, sizeof v.says);
        check_printable(v.reason, sizeof v.reason);
        struct writer w = writer_over(again, sizeof again);
        host_answers_save(&w, &v);
        struct reader r = reader_over(again, w.used);
        assert(!w.failed);
        assert(host_answers_load(&r, &memory, &b));
        assert(b.check_count == a.check_count && b.sign_count == a.sign_count);
    }
    arena_free(&memory);
}

static bool load_again(void *context, const struct name_day *day)
{
    uint8_t bytes[NAME_DAY_BYTES_MAX];
    struct writer w = writer_over(bytes, sizeof bytes);
    name_day_save(&w, day);
    struct reader r = reader_over(bytes, w.used);
    assert(!w.failed);
    assert(names_load_day(context, &r));
    return true;
}

static void check_names(struct reader bytes)
{
    struct names *from = names_new(MEMORY_MAX), *to = names_new(MEMORY_MAX);
    if (from == NULL || to == NULL)
        abort();
    if (names_load_day(from, &bytes))
        assert(names_each(from, load_again, to));
    names_free(from);
    names_free(to);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_over(data, size);
    bool answers = read_u8(&r) % 2 == 0;
    if (r.failed)
        return 0;
    if (answers)
        check_answers(r);
    else
        check_names(r);
    return 0;
}
