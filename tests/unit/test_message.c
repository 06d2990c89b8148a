/* conficker/message: the P2P message against the rows that the reference parser wrote
 * (tests/vectors/packets.tsv).
 *
 * The reference parser looks at the body alone and ignores prefix and surplus. In the vectors
 * every prefix says exactly what follows, so there framing and reference agree; where they would
 * not (short prefix, surplus) test_message_built.c holds the framing rule. */
#include "message_parsing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "conficker/message.h"

enum { ROWS = 150, COLUMNS = 23, LINE_SIZE = 16384, BODY_SIZE = 4096 };

enum column {
    COLUMN_ID,
    COLUMN_PROTO,
    COLUMN_KIND,
    COLUMN_WIRE,
    COLUMN_BODY,
    COLUMN_PARSE_OK,
    COLUMN_PARSE_ERROR,
    COLUMN_KEY1,
    COLUMN_KEY2,
    COLUMN_FLAGS,
    COLUMN_IP,
    COLUMN_PORT,
    COLUMN_UNKNOWN0,
    COLUMN_UNKNOWN1,
    COLUMN_DATA_FLAGS,
    COLUMN_DATA_LENGTH,
    COLUMN_DATA,
    COLUMN_SYSINFO,
    COLUMN_HASH,
    COLUMN_REAL_HASH,
    COLUMN_CHECKSUM_OK,
    COLUMN_NOISE,
    COLUMN_COVERED
};

struct row {
    char line[LINE_SIZE];
    const char *field[COLUMNS];
    enum transport transport;
    uint8_t wire[BODY_SIZE];
    size_t size;
};

static uint8_t nibble(char c)
{
    const char *digits = "0123456789abcdef";
    const char *at = strchr(digits, c);
    assert_non_null(at);
    return (uint8_t)(at - digits);
}

static size_t unhex(const char *text, uint8_t *out)
{
    size_t count = strlen(text) / 2;
    assert_true(strlen(text) % 2 == 0 && count <= BODY_SIZE);
    for (size_t i = 0; i < count; i++)
        out[i] = (uint8_t)(nibble(text[2 * i]) << 4 | nibble(text[2 * i + 1]));
    return count;
}

static void row_split(struct row *row)
{
    char *at = row->line;
    at[strcspn(at, "\r\n")] = '\0';
    for (size_t i = 0; i < COLUMNS; i++) {
        assert_non_null(at);
        row->field[i] = at;
        at = strchr(at, '\t');
        if (at != NULL)
            *at++ = '\0';
    }
    row->transport = strcmp(row->field[COLUMN_PROTO], "tcp") == 0 ? TRANSPORT_TCP : TRANSPORT_UDP;
    row->size = unhex(row->field[COLUMN_WIRE], row->wire);
}

static void each_row(void (*check)(const struct row *))
{
    static struct row row;
    FILE *file = fopen(VECTORS "/packets.tsv", "r");
    assert_non_null(file);
    assert_non_null(fgets(row.line, sizeof row.line, file));
    int rows = 0;
    for (; fgets(row.line, sizeof row.line, file) != NULL; rows++) {
        row_split(&row);
        check(&row);
    }
    assert_int_equal(fclose(file), 0);
    assert_int_equal(rows, ROWS);
}

static int reference_number(enum message_fault fault)
{
    static const int numbers[] = {
        [MESSAGE_CUT_KEY] = 1,      [MESSAGE_CUT_FLAGS] = 2,    [MESSAGE_CUT_IP] = 3,
        [MESSAGE_CUT_UNKNOWN0] = 3, [MESSAGE_CUT_UNKNOWN1] = 4, [MESSAGE_CUT_DATA_HEADER] = 5,
        [MESSAGE_CUT_DATA] = 6,     [MESSAGE_CUT_SYSINFO] = 7,  [MESSAGE_CUT_CHECKSUM] = 8};
    return (size_t)fault < COUNT_OF(numbers) ? numbers[fault] : 0;
}

static void check_same_verdict(const struct row *row)
{
    struct message m;
    enum message_fault fault = parse_exact(row->wire, row->size, row->transport, &m);
    char text[64];
    (void)snprintf(text, sizeof text, "Packet was too short [%d]", reference_number(fault));
    if (fault == MESSAGE_OK)
        assert_string_equal(row->field[COLUMN_PARSE_OK], "1");
    else
        assert_string_equal(row->field[COLUMN_PARSE_ERROR], text);
}

static void test_every_row_parses_or_fails_as_the_reference_does(void **state)
{
    (void)state;
    each_row(check_same_verdict);
}

/* An absent field is empty in the row. */
static void check_number(const struct row *row, enum column column, int base, uint64_t value,
                         bool present)
{
    const char *text = row->field[column];
    assert_int_equal(text[0] != '\0', present);
    if (present)
        assert_int_equal(strtoull(text, NULL, base), value);
}

static void check_hex(const char *text, const uint8_t *bytes, size_t count)
{
    uint8_t wanted[BODY_SIZE];
    assert_int_equal(unhex(text, wanted), count);
    if (count != 0)
        assert_memory_equal(bytes, wanted, count);
}

static void check_numbers(const struct row *row)
{
    struct message m;
    if (parse(row->wire, row->size, row->transport, &m) != MESSAGE_OK)
        return;
    check_number(row, COLUMN_KEY1, 16, m.key & UINT32_MAX, true);
    check_number(row, COLUMN_KEY2, 16, m.key >> 32, true);
    check_number(row, COLUMN_FLAGS, 16, m.flags, true);
    check_number(row, COLUMN_IP, 16, __builtin_bswap32(m.ip), (m.flags & MESSAGE_HAS_IP) != 0);
    check_number(row, COLUMN_PORT, 10, m.port, (m.flags & MESSAGE_HAS_IP) != 0);
    check_number(row, COLUMN_UNKNOWN0, 16, m.unknown0, (m.flags & MESSAGE_HAS_UNKNOWN0) != 0);
    check_number(row, COLUMN_UNKNOWN1, 16, m.unknown1, (m.flags & MESSAGE_HAS_UNKNOWN1) != 0);
    check_number(row, COLUMN_HASH, 16, m.checksum, true);
    check_number(row, COLUMN_REAL_HASH, 16, m.checksum_wanted, true);
    check_number(row, COLUMN_CHECKSUM_OK, 10, message_checksum_holds(&m), true);
}

static void test_numbers_of_every_row_agree(void **state)
{
    (void)state;
    each_row(check_numbers);
}

static void check_bytes(const struct row *row)
{
    static uint8_t scratch[BODY_SIZE];
    struct message m;
    if (message_parse(reader_over(row->wire, row->size), row->transport, scratch, sizeof scratch,
                      &m) != MESSAGE_OK)
        return;
    bool has_data = (m.flags & MESSAGE_HAS_DATA) != 0;
    size_t body_size = strlen(row->field[COLUMN_BODY]) / 2;
    check_number(row, COLUMN_DATA_FLAGS, 16, m.data_flags, has_data);
    check_number(row, COLUMN_DATA_LENGTH, 10, m.data_length, has_data);
    check_hex(row->field[COLUMN_DATA], m.data, m.data_length);
    check_hex(row->field[COLUMN_NOISE], scratch + body_size - m.noise_length, m.noise_length);
    check_hex(row->field[COLUMN_COVERED], scratch, body_size - m.noise_length - 4);
    assert_int_equal(m.trailing_length, 0);
}

static void test_data_and_noise_of_every_row_agree(void **state)
{
    (void)state;
    each_row(check_bytes);
}

static void check_sysinfo(const struct row *row)
{
    struct message m;
    char text[256] = "";
    if (parse(row->wire, row->size, row->transport, &m) != MESSAGE_OK)
        return;
    const struct message_sysinfo *s = &m.sysinfo;
    if (m.flags & MESSAGE_HAS_SYSINFO)
        (void)snprintf(text, sizeof text,
                       "testflags=%04x,os=%u.%u.%u,sp=%u.%u,ntdll=%04x,prng=%08x,u0=%04x,u1=%04x,"
                       "u2=%08x,u3=%04x,u4=%04x",
                       s->test_flags, s->os_major, s->os_minor, s->os_build, s->sp_major,
                       s->sp_minor, s->ntdll, s->prng_sample, s->unknown0, s->unknown1, s->unknown2,
                       s->unknown3, s->unknown4);
    assert_string_equal(row->field[COLUMN_SYSINFO], text);
}

static void test_system_information_of_every_row_agrees(void **state)
{
    (void)state;
    each_row(check_sysinfo);
}

static void check_gate(const struct row *row)
{
    struct message m;
    if (parse(row->wire, row->size, row->transport, &m) != MESSAGE_OK)
        return;
    assert_int_equal(message_may_be(reader_over(row->wire, row->size), row->transport),
                     message_flags_are_sane(m.flags, row->transport));
}

static void test_gate_says_of_every_row_what_the_flags_say(void **state)
{
    (void)state;
    each_row(check_gate);
}

static void check_truncations(const struct row *row)
{
    struct message m, untouched;
    memset(&untouched, 0x5a, sizeof untouched);
    for (size_t size = 0; size < row->size; size++) {
        memcpy(&m, &untouched, sizeof m);
        enum message_fault fault = parse_exact(row->wire, size, row->transport, &m);
        if (fault != MESSAGE_OK)
            assert_memory_equal(&m, &untouched, sizeof m);
        if (row->transport == TRANSPORT_TCP)
            assert_int_equal(fault, size < 2 ? MESSAGE_CUT_PREFIX : MESSAGE_CUT_STREAM);
    }
}

static void test_every_truncation_of_every_row_is_safe_and_leaves_out_alone(void **state)
{
    (void)state;
    each_row(check_truncations);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_row_parses_or_fails_as_the_reference_does),
        cmocka_unit_test(test_numbers_of_every_row_agree),
        cmocka_unit_test(test_data_and_noise_of_every_row_agree),
        cmocka_unit_test(test_system_information_of_every_row_agrees),
        cmocka_unit_test(test_gate_says_of_every_row_what_the_flags_say),
        cmocka_unit_test(test_every_truncation_of_every_row_is_safe_and_leaves_out_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
