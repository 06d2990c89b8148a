/* filter/ on archives: tests/filter/expressions.tsv says which records an expression picks,
 * errors.tsv beside it what is said of one that is none. tests/filter/run.py asks ra the same. */
#include "testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filter/filter.h"
#include "source/argus_pour.h"
#include "source/source.h"

extern const struct source_format source_argus;

enum { LINE_SIZE = 4096, EXPRESSIONS_MIN = 150, ERRORS_MIN = 40 };

struct picking {
    struct sink sink; /* first, so that it can be found from itself */
    const struct filter *filter;
    unsigned record, first, last; /* of a run of records that were picked */
    struct text picked;
};

static void run_ends(struct picking *p)
{
    const char *comma = p->picked.used > 0 ? "," : "";
    if (p->first != 0 && p->first == p->last)
        text_add(&p->picked, "%s%u", comma, p->first);
    else if (p->first != 0)
        text_add(&p->picked, "%s%u-%u", comma, p->first, p->last);
}

static bool takes_record(struct sink *self, const struct flow_record *record)
{
    struct picking *p = (struct picking *)(void *)self;
    p->record++;
    if (!filter_matches(p->filter, record))
        return false;
    if (p->first == 0 || p->last != p->record - 1) {
        run_ends(p);
        p->first = p->record;
    }
    p->last = p->record;
    return false;
}

/* The numbers of the records that the filter picks, counted from 1 with those of management. */
static void pick(const char *sample, const struct filter *f, char *out, size_t size)
{
    char path[LINE_SIZE];
    struct picking p = {.sink = {.takes_record = takes_record}, .filter = f};
    struct source_settings settings = {
        .since_us = INT64_MIN, .until_us = INT64_MAX, .flow_records = true};
    struct error err;
    p.picked = text_over(out, size);
    (void)snprintf(path, sizeof path, "%s/argus/%s", SAMPLES, sample);
    struct input *in = input_open(path, &err);
    assert_non_null(in);
    void *source = source_argus.open(in, &settings, &err);
    assert_non_null(source);
    while (source_argus.next(source, &p.sink, &err) == SOURCE_MORE)
        continue;
    source_argus.close(source);
    input_close(in);
    run_ends(&p);
    if (p.picked.used == 0)
        text_add(&p.picked, "none");
}

/* The next line that is no comment, cut at its tabs; NULL at the end. */
static char *row(FILE *file, char line[static LINE_SIZE], char **columns, unsigned count)
{
    do
        if (fgets(line, LINE_SIZE, file) == NULL)
            return NULL;
    while (line[0] == '#');
    line[strcspn(line, "\n")] = '\0';
    for (unsigned i = 0; i < count; i++) {
        columns[i] = line;
        line += strcspn(line, "\t");
        assert_true(i + 1 == count || *line == '\t');
        if (*line != '\0')
            *line++ = '\0';
    }
    return columns[0];
}

static void test_each_expression_picks_the_records_of_the_table(void **state)
{
    (void)state;
    char line[LINE_SIZE], picked[LINE_SIZE], *columns[3];
    unsigned rows = 0;
    FILE *file = fopen(VECTORS "/../filter/expressions.tsv", "r");
    assert_non_null(file);
    for (; row(file, line, columns, 3) != NULL; rows++) {
        struct error err;
        struct filter *f = filter_compile(columns[0], NULL, &err);
        if (f == NULL)
            fails("%s: %s", columns[0], err.text);
        pick(columns[1], f, picked, sizeof picked);
        filter_free(f);
        if (strcmp(picked, columns[2]) != 0)
            fails("%s, %s: picks %s, not %s", columns[0], columns[1], picked, columns[2]);
    }
    assert_int_equal(fclose(file), 0);
    assert_true(rows >= EXPRESSIONS_MIN);
}

static void test_each_error_says_what_the_table_says(void **state)
{
    (void)state;
    char line[LINE_SIZE], *columns[2];
    unsigned rows = 0;
    FILE *file = fopen(VECTORS "/../filter/errors.tsv", "r");
    assert_non_null(file);
    for (; row(file, line, columns, 2) != NULL; rows++) {
        struct error err = {0};
        struct filter *f = filter_compile(columns[0], NULL, &err);
        if (f != NULL)
            fails("%s: is no error", columns[0]);
        if (strcmp(err.text, columns[1]) != 0)
            fails("%s: says \"%s\", not \"%s\"", columns[0], err.text, columns[1]);
        assert_int_equal(err.kind, ERROR_USAGE);
    }
    assert_int_equal(fclose(file), 0);
    assert_true(rows >= ERRORS_MIN);
}

/* From an exact-size copy, so that a sanitizer sees what is read beyond it. */
static void compile_start(const char *text, size_t length)
{
    struct filter_spot spot;
    char *start = malloc(length + 1);
    assert_non_null(start);
    memcpy(start, text, length);
    start[length] = '\0';
    struct filter *f = filter_compile(start, &spot, NULL);
    assert_true(spot.at + spot.length <= length);
    filter_free(f);
    free(start);
}

static void test_every_start_of_an_expression_compiles_or_is_refused(void **state)
{
    (void)state;
    static const char *const tables[] = {"expressions.tsv", "errors.tsv"};
    char line[LINE_SIZE], path[LINE_SIZE], *columns[1];
    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        (void)snprintf(path, sizeof path, "%s/../filter/%s", VECTORS, tables[i]);
        FILE *file = fopen(path, "r");
        assert_non_null(file);
        while (row(file, line, columns, 1) != NULL)
            for (size_t length = 0; length <= strlen(columns[0]); length++)
                compile_start(columns[0], length);
        assert_int_equal(fclose(file), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_expression_picks_the_records_of_the_table),
        cmocka_unit_test(test_each_error_says_what_the_table_says),
        cmocka_unit_test(test_every_start_of_an_expression_compiles_or_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
