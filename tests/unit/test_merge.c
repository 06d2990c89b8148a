/* engine/hunt_merge: evidence files of the parts of a capture, joined in any order and grouping,
 * say what one hunt over all parts says, byte for byte; and nothing of a file that is damaged,
 * made up, or of another form is used. */
#include "hunting.h"

#include "base/compiler.h"
#include "base/digest.h"
#include "detect/detector.h"
#include "detect/sites.h"
#include "engine/partial.h"
#include "report/report.h"

static const char sample[] = SAMPLES "/outbreak.pcap.gz";

enum { PARTS_MAX = 8 };

/* An evidence file in memory. */
struct kept {
    char *bytes;
    size_t size;
};

static void kept_free(struct kept *k)
{
    free(k->bytes);
    *k = (struct kept){0};
}

static struct kept kept_of(struct hunt *h, FILE *file, char **bytes, const size_t *size)
{
    struct error err;
    struct hunt_outcome outcome;
    assert_true(hunt_end_parts(h, &err));
    assert_int_equal(fclose(file), 0);
    struct report none = {0};
    hunt_finish(h, &none, 0, 0, &outcome);
    hunt_free(h);
    return (struct kept){*bytes, *size};
}

/* The evidence of parts [from, to) of `parts` of the frames. */
static struct kept keep(const struct reel *r, unsigned from, unsigned to, unsigned parts,
                        const struct hunt_settings *settings)
{
    struct error err;
    char *bytes;
    size_t size;
    FILE *file = open_memstream(&bytes, &size);
    struct hunt *h = hunt_begun(settings);
    assert_non_null(file);
    assert_true(hunt_keep_parts(h, file, &err));
    for (unsigned i = from; i < to; i++)
        assert_true(hunt_part(h, r, r->count * i / parts, r->count * (i + 1) / parts));
    return kept_of(h, file, &bytes, &size);
}

static void merge_bytes(struct hunt *h, const void *bytes, size_t size)
{
    struct error err;
    struct input *in = input_open_memory("kept", bytes, size, &err);
    assert_non_null(in);
    hunt_merge_input(h, in);
    input_close(in);
}

/* The JSON report; the caller frees it. */
static char *report_of(struct hunt *h, struct hunt_outcome *outcome)
{
    char *text;
    size_t size;
    struct report r = {.format = report_format_named("json"), .out = open_memstream(&text, &size)};
    assert_true(r.format != NULL && r.out != NULL);
    hunt_finish(h, &r, 1, 0, outcome);
    assert_int_equal(fclose(r.out), 0);
    hunt_free(h);
    assert_false(outcome->write_failed);
    return text;
}

static char *report_of_hunt(const struct reel *r, unsigned parts,
                            const struct hunt_settings *settings)
{
    struct hunt_outcome outcome;
    struct hunt *h = hunt_begun(settings);
    for (unsigned i = 0; i < parts; i++)
        assert_true(hunt_part(h, r, r->count * i / parts, r->count * (i + 1) / parts));
    return report_of(h, &outcome);
}

static char *report_of_merge(const struct kept *kept, const unsigned *order, unsigned count,
                             const struct hunt_settings *settings, struct hunt_outcome *outcome)
{
    struct hunt *h = hunt_begun(settings);
    for (unsigned i = 0; i < count; i++)
        merge_bytes(h, kept[order[i]].bytes, kept[order[i]].size);
    return report_of(h, outcome);
}

/* Cuts "inputs":[...], whose order is that of reading. */
static void without_inputs(char *report)
{
    static const char start[] = "\"inputs\":[", end[] = "],\"limits_hit\"";
    char *from = strstr(report, start), *to = from != NULL ? strstr(from, end) : NULL;
    assert_non_null(to);
    memmove(from, to, strlen(to) + 1);
}

static void check_same_report(char *a, char *b)
{
    without_inputs(a);
    without_inputs(b);
    assert_string_equal(a, b);
}

static void test_parts_in_any_order_say_what_the_whole_says(void **state)
{
    (void)state;
    static const unsigned orders[][PARTS_MAX] = {
        {0, 1, 2, 3, 4, 5, 6, 7}, {7, 6, 5, 4, 3, 2, 1, 0}, {3, 0, 6, 1, 7, 2, 5, 4}};
    struct hunt_settings settings = settings_usual();
    struct hunt_outcome outcome;
    struct reel *r = reel_of_file(sample);
    for (unsigned parts = 1; parts <= PARTS_MAX; parts++) {
        struct kept kept[PARTS_MAX];
        for (unsigned i = 0; i < parts; i++)
            kept[i] = keep(r, i, i + 1, parts, &settings);
        for (unsigned o = 0; o < COUNT_OF(orders); o++) {
            unsigned order[PARTS_MAX], count = 0;
            for (unsigned i = 0; i < PARTS_MAX; i++)
                if (orders[o][i] < parts)
                    order[count++] = orders[o][i];
            char *whole = report_of_hunt(r, parts, &settings);
            char *joined = report_of_merge(kept, order, parts, &settings, &outcome);
            assert_true(outcome.complete && outcome.infected_home == 4);
            check_same_report(whole, joined);
            free(whole);
            free(joined);
        }
        for (unsigned i = 0; i < parts; i++)
            kept_free(&kept[i]);
    }
    reel_free(r);
}

static void test_parts_in_any_grouping_say_what_the_whole_says(void **state)
{
    (void)state;
    struct hunt_settings settings = settings_usual();
    struct hunt_outcome outcome;
    struct reel *r = reel_of_file(sample);
    const unsigned order[] = {1, 0};
    for (unsigned cut = 1; cut < PARTS_MAX; cut += 2) {
        struct kept kept[] = {keep(r, 0, cut, PARTS_MAX, &settings),
                              keep(r, cut, PARTS_MAX, PARTS_MAX, &settings)};
        char *whole = report_of_hunt(r, PARTS_MAX, &settings);
        char *joined = report_of_merge(kept, order, 2, &settings, &outcome);
        check_same_report(whole, joined);
        free(whole);
        free(joined);
        kept_free(&kept[0]);
        kept_free(&kept[1]);
    }
    reel_free(r);
}

static void test_a_merge_can_keep_what_it_joined(void **state)
{
    (void)state;
    struct hunt_settings settings = settings_usual();
    struct hunt_outcome outcome;
    struct error err;
    struct reel *r = reel_of_file(sample);
    struct kept parts[] = {keep(r, 0, 2, 3, &settings), keep(r, 2, 3, 3, &settings)};
    char *bytes;
    size_t size;
    FILE *file = open_memstream(&bytes, &size);
    struct hunt *h = hunt_begun(&settings);
    assert_true(hunt_keep_parts(h, file, &err));
    merge_bytes(h, parts[0].bytes, parts[0].size);
    merge_bytes(h, parts[1].bytes, parts[1].size);
    struct kept all = kept_of(h, file, &bytes, &size);
    struct kept once = keep(r, 0, 3, 3, &settings);
    assert_int_equal(all.size, once.size);
    assert_memory_equal(all.bytes, once.bytes, all.size);
    char *whole = report_of_hunt(r, 3, &settings);
    char *joined = report_of_merge(&all, (unsigned[]){0}, 1, &settings, &outcome);
    check_same_report(whole, joined);
    free(whole);
    free(joined);
    kept_free(&all);
    kept_free(&once);
    kept_free(&parts[0]);
    kept_free(&parts[1]);
    reel_free(r);
}

static void test_an_input_that_is_in_several_files_counts_once(void **state)
{
    (void)state;
    struct hunt_settings settings = settings_usual();
    struct hunt_outcome outcome;
    struct reel *r = reel_of_file(sample);
    struct kept kept[] = {keep(r, 0, 2, 3, &settings), keep(r, 1, 3, 3, &settings)};
    const unsigned order[] = {0, 1, 0, 1, 1};
    char *whole = report_of_hunt(r, 3, &settings);
    char *joined = report_of_merge(kept, order, COUNT_OF(order), &settings, &outcome);
    check_same_report(whole, joined);
    free(whole);
    free(joined);
    struct hunt *h = hunt_begun(&settings);
    for (unsigned i = 0; i < COUNT_OF(order); i++)
        merge_bytes(h, kept[order[i]].bytes, kept[order[i]].size);
    struct caught *c = hunt_ended(h, NULL);
    assert_int_equal(c->totals.input_count, 3);
    assert_non_null(strstr(c->noted, "1 input is the same as another, and counted once\n"));
    assert_non_null(strstr(c->noted, "3 evidence files are the same as another"));
    free(c);
    kept_free(&kept[0]);
    kept_free(&kept[1]);
    reel_free(r);
}

static void test_other_settings_make_another_input(void **state)
{
    (void)state;
    struct hunt_settings settings = settings_usual(), later = settings;
    struct reel *r = reel_of_file(sample);
    later.sampling = 10;
    struct kept kept[] = {keep(r, 0, 1, 1, &settings), keep(r, 0, 1, 1, &later)};
    struct hunt *h = hunt_begun(&settings);
    merge_bytes(h, kept[0].bytes, kept[0].size);
    merge_bytes(h, kept[1].bytes, kept[1].size);
    struct caught *c = hunt_ended(h, NULL);
    assert_int_equal(c->totals.input_count, 2);
    assert_non_null(strstr(c->noted, "sampled 1 in 10"));
    free(c);
    kept_free(&kept[0]);
    kept_free(&kept[1]);
    reel_free(r);
}

static struct sites *sites_of(const char *first, const char *second)
{
    struct error err;
    struct sites *s = sites_new();
    assert_non_null(s);
    assert_true(sites_add(s, first, &err) && sites_add(s, second, &err));
    return s;
}

static void test_other_names_to_look_for_make_another_input(void **state)
{
    (void)state;
    struct sites *one = sites_of("a.example", "b.example"),
                 *same = sites_of("B.example.", "a.example"),
                 *other = sites_of("a.example", "c.example");
    struct hunt_settings settings = settings_usual();
    struct reel *r = reel_of_file(sample);
    struct sites *lists[] = {NULL, one, same, other};
    struct kept kept[COUNT_OF(lists)];
    struct hunt *h = hunt_begun(&settings);
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        struct hunt_settings so = settings;
        so.sites = lists[i];
        kept[i] = keep(r, 0, 1, 1, &so);
        merge_bytes(h, kept[i].bytes, kept[i].size);
    }
    struct caught *c = hunt_ended(h, NULL);
    assert_int_equal(c->totals.input_count, 3); /* one and same are the same */
    free(c);
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        sites_free(lists[i]);
        kept_free(&kept[i]);
    }
    reel_free(r);
}

static void test_what_was_wrong_with_an_input_is_still_said(void **state)
{
    (void)state;
    struct hunt_settings settings = settings_usual();
    struct error err;
    struct hunt_outcome outcome;
    char *bytes;
    size_t size;
    FILE *file = open_memstream(&bytes, &size);
    struct hunt *h = hunt_begun(&settings);
    assert_true(hunt_keep_parts(h, file, &err));
    hunt_note_failure(h, "gone.pcap", "offset 17: it \x1b is not there");
    struct kept kept = kept_of(h, file, &bytes, &size);
    h = hunt_begun(&settings);
    merge_bytes(h, kept.bytes, kept.size);
    struct caught *c = hunt_ended(h, &outcome);
    assert_true(!outcome.complete && outcome.nothing_opened);
    assert_int_equal(c->damages, 1);
    assert_non_null(strstr(c->noted, "it \x1b is not there\n"));
    free(c);
    kept_free(&kept);
}

/* Whether the frame is of or for 10.9.3.33, who does most of what there is to find. */
static bool is_of_d(const struct reel_frame *f)
{
    static const uint8_t host[] = {10, 9, 3, 33};
    return f->size > 34 && (memcmp(f->bytes + 26, host, sizeof host) == 0 ||
                            memcmp(f->bytes + 30, host, sizeof host) == 0);
}

/* It asks for names, or answers. */
static bool is_dns(const struct reel_frame *f)
{
    return (f->bytes[34] == 0 && f->bytes[35] == 53) || (f->bytes[36] == 0 && f->bytes[37] == 53);
}

/* A small file, but of several detectors. */
static struct kept small_file(void)
{
    enum { NAMES = 2, OTHERS = 30 }; /* three names have lists of many days made, each time */
    struct hunt_settings settings = settings_usual();
    struct reel *r = reel_of_file(sample), *few = reel_new();
    unsigned names = 0, others = 0;
    for (size_t i = 0; i < r->count; i++) {
        const struct reel_frame *f = &r->frames[i];
        if (is_of_d(f) && (is_dns(f) ? names++ < NAMES : others++ < OTHERS))
            reel_add(few, f->when_us, f->bytes, f->size, f->wire_length);
    }
    struct kept kept = keep(few, 0, 1, 1, &settings);
    reel_free(r);
    reel_free(few);
    return kept;
}

/* Whether it can be walked to its end. */
static bool is_sound(const void *bytes, size_t size)
{
    struct hosts_limits limits = HOSTS_LIMITS_DEFAULT;
    static struct partial_in p;
    struct hunt_part part;
    struct error err;
    if (!partial_in_open(&p, bytes, size, &limits, &err))
        return false;
    enum partial_step step;
    while ((step = partial_in_next(&p, &part, &err)) == PARTIAL_STEP_PART)
        hosts_free(part.hosts);
    return step == PARTIAL_STEP_END;
}

/* Whether the file is used. */
static bool is_used(const void *bytes, size_t size, char *said)
{
    struct hunt_settings settings = settings_usual();
    struct hunt *h = hunt_begun(&settings);
    merge_bytes(h, bytes, size);
    struct caught *c = hunt_ended(h, NULL);
    bool used = is_sound(bytes, size);
    if (!used) { /* then nothing of it is, and that is said */
        assert_int_equal(c->count, 0);
        assert_int_equal(c->totals.seen, 0);
        assert_int_equal(c->damages, 1);
        assert_false(c->totals.complete);
    }
    if (said != NULL)
        (void)snprintf(said, NOTED_SIZE, "%s", c->noted);
    free(c);
    return used;
}

static void test_every_truncation_is_refused(void **state)
{
    (void)state;
    struct kept kept = small_file();
    static struct partial_in p;
    struct hosts_limits limits = HOSTS_LIMITS_DEFAULT;
    struct hunt_part part;
    struct error err;
    size_t count;
    unsigned there = 0;
    assert_true(partial_in_open(&p, kept.bytes, kept.size, &limits, &err));
    assert_int_equal(partial_in_next(&p, &part, &err), PARTIAL_STEP_PART);
    struct host_day *const *days = hosts_sorted(part.hosts, &count);
    for (size_t i = 0; i < count; i++)
        for (unsigned d = 0; d < detector_count; d++)
            there |= (host_day_slot(days[i], d) != NULL ? 1u : 0u) << d;
    hosts_free(part.hosts);
    assert_true(__builtin_popcount(there) >= 4); /* so a cut is tried within each form */
    assert_true(is_used(kept.bytes, kept.size, NULL));
    for (size_t cut = 0; cut < kept.size; cut++) {
        char *exact = malloc(cut + 1);
        assert_non_null(exact);
        memcpy(exact, kept.bytes, cut);
        assert_false(is_used(exact, cut, NULL));
        free(exact);
    }
    kept_free(&kept);
}

static void test_every_flipped_bit_is_refused(void **state)
{
    (void)state;
    struct kept kept = small_file();
    struct hosts_limits limits = HOSTS_LIMITS_DEFAULT;
    struct partial_in p;
    struct error err;
    for (size_t i = 0; i < kept.size; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            kept.bytes[i] = (char)(kept.bytes[i] ^ 1 << bit);
            assert_false(partial_in_open(&p, kept.bytes, kept.size, &limits, &err));
            assert_memory_equal(err.text, "offset ", 7);
            kept.bytes[i] = (char)(kept.bytes[i] ^ 1 << bit);
        }
    }
    assert_true(partial_in_open(&p, kept.bytes, kept.size, &limits, &err));
    kept_free(&kept);
}

/* Puts the digest that somebody would who made the file up. */
static void sign_again(struct kept *k)
{
    struct writer w = writer_over(k->bytes + k->size - DIGEST_BYTES, DIGEST_BYTES);
    struct digest d = digest_of(k->bytes, k->size - DIGEST_BYTES);
    write_le64(&w, d.low);
    write_le64(&w, d.high);
}

/* Under the sanitizers above all. Some changes make another sound file (a count, a name):
 * collecting the report checks that what is said of those can be printed. */
static void test_a_file_made_up_with_a_right_digest_does_no_harm(void **state)
{
    (void)state;
    static const uint8_t values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    struct kept kept = small_file();
    unsigned refused = 0;
    for (size_t i = 6; i < kept.size - DIGEST_BYTES; i++) {
        char before = kept.bytes[i];
        for (size_t v = i % 2; v < COUNT_OF(values); v += 2) {
            kept.bytes[i] = (char)values[v];
            sign_again(&kept);
            refused += !is_used(kept.bytes, kept.size, NULL);
        }
        kept.bytes[i] = before;
    }
    assert_true(refused > 100);
    kept_free(&kept);
}

static void test_a_second_part_that_cannot_be_spoils_the_first(void **state)
{
    (void)state;
    struct hunt_settings settings = settings_usual();
    struct reel *r = reel_of_file(sample);
    struct kept kept = keep(r, 0, 2, 2, &settings);
    assert_true(is_used(kept.bytes, kept.size, NULL));
    kept.bytes[kept.size - DIGEST_BYTES - 1] = 2; /* the end: complete, or not, or this */
    sign_again(&kept);
    assert_false(is_used(kept.bytes, kept.size, NULL));
    kept_free(&kept);
    reel_free(r);
}

static void test_another_form_is_refused_by_its_number(void **state)
{
    (void)state;
    static char said[NOTED_SIZE];
    struct kept kept = small_file();
    kept.bytes[4] = 7;
    sign_again(&kept);
    assert_false(is_used(kept.bytes, kept.size, said));
    assert_string_equal(said, "it is of form 7, and this build reads forms 3 and 4\n"
                              "nothing was read: no input could be opened, so nobody was judged\n");
    kept_free(&kept);
}

static char *found_in(const struct kept *k, const char *text)
{
    size_t length = strlen(text);
    for (size_t i = 0; i + length <= k->size; i++)
        if (memcmp(k->bytes + i, text, length) == 0)
            return k->bytes + i;
    return NULL;
}

static void test_a_detector_that_is_not_known_is_passed_over_and_told(void **state)
{
    (void)state;
    static char said[NOTED_SIZE];
    struct kept kept = small_file();
    char *id = found_in(&kept, "p2p-ports");
    assert_non_null(id);
    id[8] = 'x';
    sign_again(&kept);
    assert_true(is_used(kept.bytes, kept.size, said));
    assert_non_null(strstr(said, "are of detectors that this build does not know so"));
    id[8] = 's';
    id[9] = 9; /* its form of saving */
    sign_again(&kept);
    assert_true(is_used(kept.bytes, kept.size, said));
    assert_non_null(strstr(said, "are of detectors that this build does not know so"));
    kept_free(&kept);
}

static void test_a_capture_is_no_evidence_and_evidence_no_capture(void **state)
{
    (void)state;
    struct hunt_settings settings = settings_usual();
    struct kept kept = small_file();
    struct hunt *h = hunt_begun(&settings);
    hunt_merge(h, sample);
    struct caught *c = hunt_ended(h, NULL);
    assert_non_null(strstr(c->noted, "this is no evidence file\n"));
    free(c);
    h = hunt_begun(&settings);
    assert_true(hunt_bytes(h, kept.bytes, kept.size));
    c = hunt_ended(h, NULL);
    assert_non_null(strstr(c->noted, "`wormsign merge` reads it\n"));
    free(c);
    kept_free(&kept);
}

static void test_a_disk_that_is_full_is_told(void **state)
{
    (void)state;
    struct hunt_settings settings = settings_usual();
    struct error err;
    FILE *full = fopen("/dev/full", "w");
    struct hunt *h = hunt_begun(&settings);
    if (full == NULL)
        skip();
    assert_true(hunt_keep_parts(h, full, &err));
    assert_true(hunt_read(h, sample, true));
    assert_false(hunt_end_parts(h, &err));
    assert_string_equal(err.text, "No space left on device");
    (void)fclose(full);
    free(hunt_ended(h, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts_in_any_order_say_what_the_whole_says),
        cmocka_unit_test(test_parts_in_any_grouping_say_what_the_whole_says),
        cmocka_unit_test(test_a_merge_can_keep_what_it_joined),
        cmocka_unit_test(test_an_input_that_is_in_several_files_counts_once),
        cmocka_unit_test(test_other_settings_make_another_input),
        cmocka_unit_test(test_other_names_to_look_for_make_another_input),
        cmocka_unit_test(test_what_was_wrong_with_an_input_is_still_said),
        cmocka_unit_test(test_every_truncation_is_refused),
        cmocka_unit_test(test_every_flipped_bit_is_refused),
        cmocka_unit_test(test_a_file_made_up_with_a_right_digest_does_no_harm),
        cmocka_unit_test(test_a_second_part_that_cannot_be_spoils_the_first),
        cmocka_unit_test(test_another_form_is_refused_by_its_number),
        cmocka_unit_test(test_a_detector_that_is_not_known_is_passed_over_and_told),
        cmocka_unit_test(test_a_capture_is_no_evidence_and_evidence_no_capture),
        cmocka_unit_test(test_a_disk_that_is_full_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
