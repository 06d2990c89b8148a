/* evidence/check: the words of 2009 for each cause and transport, what they hide, and why a host
 * that was asked stays unknown. */
#include "testing.h"

#include <string.h>

#include "base/compiler.h"
#include "base/writer.h"
#include "evidence/check.h"

#define SHORT "Data received, but wasn't Conficker data: Packet was too short "
#define NOT_ASKED "not asked: "

/* NULL: cannot be on UDP. */
static const struct {
    enum check_cause cause;
    enum check_result result;
    const char *tcp, *udp, *detail;
} rows[] = {
    {CAUSE_VALID, CHECK_INFECTED, "Received valid data", "Received valid data", ""},
    {CAUSE_ECHO, CHECK_ODD, "Data received, but it is our own message sent back",
     "Data received, but it is our own message sent back", ""},
    {CAUSE_FLAGS, CHECK_ODD,
     "Data received, but its flags are none of Conficker's (possibly INFECTED)",
     "Data received, but its flags are none of Conficker's (possibly INFECTED)",
     "its checksum holds"},
    {CAUSE_CHECKSUM, CHECK_ODD, "Data received, but checksum was invalid (possibly INFECTED)",
     "Data received, but checksum was invalid (possibly INFECTED)", ""},
    {CAUSE_ONE_BYTE, CHECK_ODD, "Data too short", "Data too short", "one byte came"},
    {CAUSE_CUT_KEY, CHECK_ODD, SHORT "[1]", SHORT "[1]", "no room for the key"},
    {CAUSE_CUT_FLAGS, CHECK_ODD, SHORT "[2]", SHORT "[2]", "no room for the flags"},
    {CAUSE_CUT_IP, CHECK_ODD, SHORT "[3]", SHORT "[3]", "no room for the address field"},
    {CAUSE_CUT_UNKNOWN1, CHECK_ODD, SHORT "[4]", SHORT "[4]", "no room for the second field"},
    {CAUSE_CUT_DATA_HEADER, CHECK_ODD, SHORT "[5]", SHORT "[5]", "no room for the data's header"},
    {CAUSE_CUT_DATA, CHECK_ODD, SHORT "[6]", SHORT "[6]", "less data than its length says"},
    {CAUSE_CUT_SYSINFO, CHECK_ODD, SHORT "[7]", SHORT "[7]", "no room for the system's facts"},
    {CAUSE_CUT_CHECKSUM, CHECK_ODD, SHORT "[8]", SHORT "[8]", "no room for the checksum"},
    {CAUSE_CUT_STREAM, CHECK_ODD, "Data received, but wasn't Conficker data: it was cut", NULL,
     "its prefix says 900 bytes, 14 came"},
    {CAUSE_PREFIX_SMALL, CHECK_ODD,
     "Data received, but wasn't Conficker data: its length is too small", NULL,
     "its prefix says 900 bytes, 14 came"},
    {CAUSE_REFUSED, CHECK_REFUSED, "Couldn't connect", "Failed to receive data",
     "nothing listens on this port"},
    {CAUSE_SILENT, CHECK_UNANSWERED, "Timeout", "Timeout", "nothing came back"},
    {CAUSE_MUTE, CHECK_UNANSWERED, "Timeout", "Timeout", "something listens, but it sent no data"},
    {CAUSE_CLOSED, CHECK_UNANSWERED, "Couldn't connect", NULL,
     "the connection was closed before a byte came"},
    {CAUSE_RESET, CHECK_UNANSWERED, "Failed to receive data", NULL,
     "the connection was reset before a byte came"},
    {CAUSE_UNREACHABLE, CHECK_UNANSWERED, "Couldn't connect", "Failed to receive data",
     "the network says that the host cannot be reached"},
    {CAUSE_SPOKE, CHECK_UNANSWERED, "It spoke", "It spoke", ""},
    {CAUSE_NO_DESCRIPTOR, CHECK_ERROR, NOT_ASKED "no file descriptor was left",
     NOT_ASKED "no file descriptor was left", ""},
    {CAUSE_NO_PORT, CHECK_ERROR, NOT_ASKED "no local port was left",
     NOT_ASKED "no local port was left", ""},
    {CAUSE_NO_ROUTE, CHECK_ERROR, NOT_ASKED "no route from here", NOT_ASKED "no route from here",
     ""},
    {CAUSE_NOT_PERMITTED, CHECK_ERROR, NOT_ASKED "not permitted here",
     NOT_ASKED "not permitted here", ""},
    {CAUSE_BROADCAST, CHECK_ERROR, NOT_ASKED "a broadcast address", NOT_ASKED "a broadcast address",
     ""},
    {CAUSE_NO_MEMORY, CHECK_ERROR, NOT_ASKED "no memory was left", NOT_ASKED "no memory was left",
     ""},
    {CAUSE_SYSTEM, CHECK_ERROR, NOT_ASKED "the system refused", NOT_ASKED "the system refused", ""},
    {CAUSE_STOPPED, CHECK_ERROR, "stopped before an answer", "stopped before an answer", ""},
};

static void test_every_cause_is_in_the_table_of_this_test_once(void **state)
{
    (void)state;
    assert_int_equal(COUNT_OF(rows), CHECK_CAUSES);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_int_equal(rows[i].cause, i);
}

static void test_each_cause_has_its_result_and_its_words_on_each_transport(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct check tcp = {.transport = TRANSPORT_TCP, .cause = rows[i].cause};
        struct check udp = {.transport = TRANSPORT_UDP, .cause = rows[i].cause};
        assert_int_equal(check_result_of(&tcp), rows[i].result);
        assert_string_equal(check_reason(&tcp), rows[i].tcp);
        if (rows[i].udp != NULL)
            assert_string_equal(check_reason(&udp), rows[i].udp);
    }
}

static void test_each_detail_says_what_the_words_hide(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char buffer[160];
        struct text text = text_over(buffer, sizeof buffer);
        struct check c = {.cause = rows[i].cause, .wanted = 900, .came = 14};
        check_detail(&c, &text);
        assert_string_equal(buffer, rows[i].detail);
    }
}

static void test_results_and_weeks_have_the_names_of_the_schema(void **state)
{
    (void)state;
    static const char *const results[] = {"infected", "odd", "refused", "unanswered", "error"};
    static const char *const weeks[] = {"any", "this", "last", "next"};
    for (unsigned i = 0; i < CHECK_RESULTS; i++)
        assert_string_equal(check_result_text((enum check_result)i), results[i]);
    for (unsigned i = 0; i < COUNT_OF(weeks); i++)
        assert_string_equal(check_week_text((enum check_week)i), weeks[i]);
}

static void test_checks_are_counted_by_result(void **state)
{
    (void)state;
    struct check c[] = {{.cause = CAUSE_REFUSED}, {.cause = CAUSE_SILENT}, {.cause = CAUSE_CLOSED}};
    assert_int_equal(checks_count(c, COUNT_OF(c), CHECK_REFUSED), 1);
    assert_int_equal(checks_count(c, COUNT_OF(c), CHECK_UNANSWERED), 2);
    assert_int_equal(checks_count(c, COUNT_OF(c), CHECK_INFECTED), 0);
    assert_int_equal(checks_count(NULL, 0, CHECK_REFUSED), 0);
}

/* Why a host with checks of these four causes stays unknown. */
static const char *unknown_of(enum check_cause a, enum check_cause b, enum check_cause c,
                              enum check_cause d)
{
    static char buffer[160];
    struct check checks[] = {{.cause = a}, {.cause = b}, {.cause = c}, {.cause = d}};
    struct text text = text_over(buffer, sizeof buffer);
    checks_say_unknown(checks, COUNT_OF(checks), &text);
    assert_false(text.cut);
    return buffer;
}

static void test_refused_everywhere_says_what_cannot_be_seen(void **state)
{
    (void)state;
    assert_string_equal(unknown_of(CAUSE_REFUSED, CAUSE_REFUSED, CAUSE_REFUSED, CAUSE_REFUSED),
                        "all ports refuse: no variant D or E listens; A to C cannot be seen so");
}

static void test_silence_everywhere_says_what_it_can_be(void **state)
{
    (void)state;
    assert_string_equal(unknown_of(CAUSE_SILENT, CAUSE_SILENT, CAUSE_SILENT, CAUSE_SILENT),
                        "no answer on any port: filtered, switched off, or nobody there");
}

static void test_what_listens_without_a_word_is_not_called_silent(void **state)
{
    (void)state;
    assert_string_equal(unknown_of(CAUSE_RESET, CAUSE_MUTE, CAUSE_CLOSED, CAUSE_UNREACHABLE),
                        "3 of 4 ports: listening, but no data; 1 of 4 ports: unreachable");
}

static void test_mixed_answers_are_counted(void **state)
{
    (void)state;
    assert_string_equal(unknown_of(CAUSE_REFUSED, CAUSE_REFUSED, CAUSE_REFUSED, CAUSE_SILENT),
                        "3 of 4 ports: refused; 1 of 4 ports: no answer");
    assert_string_equal(unknown_of(CAUSE_REFUSED, CAUSE_SILENT, CAUSE_NO_ROUTE, CAUSE_SILENT),
                        "1 of 4 ports: refused; 2 of 4 ports: no answer; 1 of 4 ports: not asked: "
                        "no route from here");
}

static void test_the_commonest_local_reason_is_said(void **state)
{
    (void)state;
    assert_string_equal(unknown_of(CAUSE_NO_PORT, CAUSE_NO_ROUTE, CAUSE_NO_ROUTE, CAUSE_NO_ROUTE),
                        "4 of 4 ports: not asked: no route from here");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_cause_is_in_the_table_of_this_test_once),
        cmocka_unit_test(test_each_cause_has_its_result_and_its_words_on_each_transport),
        cmocka_unit_test(test_each_detail_says_what_the_words_hide),
        cmocka_unit_test(test_results_and_weeks_have_the_names_of_the_schema),
        cmocka_unit_test(test_checks_are_counted_by_result),
        cmocka_unit_test(test_refused_everywhere_says_what_cannot_be_seen),
        cmocka_unit_test(test_silence_everywhere_says_what_it_can_be),
        cmocka_unit_test(test_what_listens_without_a_word_is_not_called_silent),
        cmocka_unit_test(test_mixed_answers_are_counted),
        cmocka_unit_test(test_the_commonest_local_reason_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
