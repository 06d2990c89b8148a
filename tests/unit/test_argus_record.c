/* source/argus_record over the samples: every row that ra printed of them, column by column, but
 * for what ra is known to print wrong (spec of Argus, 12 and 13). */
#include "argus_lines.h"

#include <glob.h>
#include <stdlib.h>

#include "source/input.h"

struct row {
    char text[ARGUS_LINE_SIZE];
    char *column[ARGUS_COLUMNS];
};

enum column {
    STIME,
    LTIME,
    PROTO,
    SADDR,
    SPORT,
    DADDR,
    DPORT,
    SPKTS,
    DPKTS,
    SBYTES,
    DBYTES,
    STATE
};

/* Splits in place; user data of both sides stays together as the last column. */
static void split(struct row *row)
{
    char *at = row->text;
    at[strcspn(at, "\n")] = '\0';
    for (unsigned i = 0; i < ARGUS_COLUMNS; i++) {
        row->column[i] = at;
        if (i + 1 == ARGUS_COLUMNS)
            return;
        at = strchr(at, '|');
        assert_non_null(at);
        *at++ = '\0';
    }
}

static bool is(const struct row *r, enum column c, const char *value)
{
    return strcmp(r->column[c], value) == 0;
}

/* What ra prints otherwise than the file has it: the known bugs, and nothing else. */
static bool is_display_bug(const struct row *ra, const struct row *ours, unsigned column, bool is_3)
{
    if (column == DPORT && is(ra, PROTO, "esp")) /* the SPI OR 0x20200000 */
        return strtoul(ra->column[DPORT], NULL, 16) ==
               (strtoul(ours->column[DPORT], NULL, 16) | 0x20200000);
    if (column == SPORT && is(ra, PROTO, "icmp") && is_3) /* type | code << 8 */
        return strtoul(ra->column[SPORT], NULL, 16) ==
               (strtoul(ours->column[SPORT], NULL, 16) | strtoul(ours->column[DPORT], NULL, 16)
                                                             << 8);
    if (column == DPORT && is(ra, PROTO, "icmp") && is_3) /* an id, swapped */
        return true;
    if (column == STATE && is(ra, STATE, "CLO")) /* of a flow turned round */
        return true;
    if (column == STATE && is(ra, PROTO, "ipv6-icmp") && is(ra, STATE, "EER") && !is_3)
        return is(ours, STATE, "NNS");
    bool is_frame = is(ra, PROTO, "llc") || is(ra, PROTO, "lldp") || is(ra, PROTO, "34984");
    if (is_frame && is_3 && column == SADDR) /* reversed, and printed unswapped */
        return is(ours, DADDR, ra->column[SADDR]);
    if (is_frame && is_3 && column == DADDR)
        return is(ours, SADDR, ra->column[DADDR]);
    return false;
}

static void compare_row(const char *path, unsigned number, struct row *ra, struct row *ours,
                        bool is_3)
{
    split(ra);
    split(ours);
    for (unsigned i = 0; i < ARGUS_COLUMNS; i++) {
        if (is_display_bug(ra, ours, i, is_3))
            continue;
        if (strcmp(ra->column[i], ours->column[i]) != 0)
            print_error("%s row %u column %u:\n", path, number, i + 1);
        assert_string_equal(ra->column[i], ours->column[i]);
    }
}

/* The next flow of the file; false at its end. */
static bool next_flow(struct argus_stream *s, struct argus_flow *out)
{
    struct argus_record record;
    struct error err;
    for (;;) {
        enum argus_result result = argus_stream_next(s, &record, &err);
        if (result == ARGUS_END)
            return false;
        assert_int_equal(result, ARGUS_RECORD);
        if (!argus_is_flow(&record))
            continue;
        assert_true(argus_flow_read(&record, out));
        assert_false(out->damaged);
        return true;
    }
}

static unsigned compare_file(const char *expected)
{
    static struct row ra, ours;
    char path[512];
    struct error err;
    struct argus_flow flow;
    unsigned rows = 0;
    (void)snprintf(path, sizeof path, "%.*s.argus", (int)(strlen(expected) - strlen(".expected")),
                   expected);
    FILE *lines = fopen(expected, "r");
    struct input *in = input_open(path, &err);
    assert_non_null(lines);
    assert_non_null(in);
    struct argus_stream s = argus_stream_over(in, false);
    while (fgets(ra.text, sizeof ra.text, lines) != NULL) {
        assert_true(next_flow(&s, &flow));
        argus_line(&flow, ours.text);
        compare_row(expected, ++rows, &ra, &ours, flow.version == 3);
    }
    assert_false(next_flow(&s, &flow));
    input_close(in);
    (void)fclose(lines);
    return rows;
}

static void test_every_row_that_ra_prints_is_what_we_read(void **state)
{
    (void)state;
    glob_t found;
    unsigned rows = 0;
    assert_int_equal(glob(SAMPLES "/argus/v[35]/*.expected", 0, NULL, &found), 0);
    assert_int_equal(found.gl_pathc, 18);
    for (size_t i = 0; i < found.gl_pathc; i++)
        rows += compare_file(found.gl_pathv[i]);
    globfree(&found);
    assert_int_equal(rows, 548);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_row_that_ra_prints_is_what_we_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
