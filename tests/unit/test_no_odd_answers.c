/* p2p-odd-answer from capture to verdict: what must not be called odd, since it is a valid answer,
 * no answer at all, on another port, to something else, or not all captured. */
#include "asking.h"

#include "detect/p2p_seen.h"

static void test_a_valid_answer_is_no_odd_one(void **state)
{
    (void)state;
    for (unsigned i = 0; i < COUNT_OF(protocols); i++) {
        struct talk t = {.protocol = protocols[i]};
        struct bytes b = answer_of(&t);
        struct found f = answered(protocols[i], b.at, b.size);
        check_answer(&f);
    }
}

static void test_a_valid_answer_of_8_kilobytes_is_no_odd_one(void **state)
{
    (void)state;
    struct reel *reel = reel_new();
    struct talk t = talk_begun(reel, IP_TCP);
    static uint8_t data[8100];
    struct message fields = {.key = ANSWER_KEY,
                             .flags = MESSAGE_MODE | MESSAGE_ENCODED | MESSAGE_HAS_DATA,
                             .data = data,
                             .data_length = sizeof data};
    struct bytes b = built(&t, fields, 0, 0);
    asks(&t);
    for (size_t at = 0; at < b.size; at += 1460)
        says(&t, true, b.at + at, b.size - at < 1460 ? b.size - at : 1460);
    struct found f = found_in(reel);
    check_answer(&f);
}

static void test_a_valid_answer_byte_by_byte_is_no_odd_one(void **state)
{
    (void)state;
    struct reel *reel = reel_new();
    struct talk t = talk_begun(reel, IP_TCP);
    struct bytes b = answer_of(&t);
    asks(&t);
    host_types(&t, &b);
    struct found f = found_in(reel);
    check_answer(&f);
}

static void test_an_answer_longer_than_is_put_together_is_not_judged(void **state)
{
    (void)state;
    struct reel *reel = reel_new();
    struct talk t = talk_begun(reel, IP_TCP);
    struct message fields = {.key = ANSWER_KEY, .flags = FLAGS_FULL};
    struct bytes b = built(&t, fields, 8300, 0);
    asks(&t);
    for (size_t at = 0; at < b.size; at += 1460)
        says(&t, true, b.at + at, b.size - at < 1460 ? b.size - at : 1460);
    struct found f = found_in(reel);
    check_nothing(&f);
}

static void test_what_the_capture_cut_is_not_judged(void **state)
{
    (void)state;
    for (unsigned i = 0; i < COUNT_OF(protocols); i++) {
        for (size_t kept = 0; kept < 40; kept++) {
            struct reel *reel = reel_new();
            struct talk t = talk_begun(reel, protocols[i]);
            struct bytes b = answer_of(&t);
            asks(&t);
            put(&t, true, protocols[i] == IP_TCP ? TCP_ACK : 0, b.at, b.size, b.size - kept);
            struct found f = found_in(reel);
            assert_false(f.odd);
            /* Noise does not matter: the checksum holds without it. */
            assert_int_equal(f.answer, protocols[i] == IP_UDP && kept >= b.size - 20);
        }
    }
}

static void test_words_are_odd_however_much_the_capture_cut(void **state)
{
    (void)state;
    for (unsigned i = 0; i < COUNT_OF(protocols); i++) {
        struct reel *reel = reel_new();
        struct talk t = talk_begun(reel, protocols[i]);
        asks(&t);
        put(&t, true, protocols[i] == IP_TCP ? TCP_ACK : 0,
            (const uint8_t *)"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", 32, 12);
        struct found f = found_in(reel);
        assert_true(f.odd);
    }
}

static void test_no_data_is_no_sign(void **state)
{
    (void)state;
    struct reel *reel = reel_new();
    for (unsigned i = 0; i < COUNT_OF(protocols); i++) {
        struct talk t = talk_begun(reel, protocols[i]);
        asks(&t);
        if (protocols[i] == IP_TCP)
            put(&t, true, TCP_FIN | TCP_ACK, NULL, 0, 0);
        else
            says(&t, true, NULL, 0);
    }
    struct found f = found_in(reel);
    check_nothing(&f);
}

static void test_a_reason_in_words_on_a_reset_is_no_data(void **state)
{
    (void)state;
    struct reel *reel = reel_new();
    struct talk t = talk_begun(reel, IP_TCP);
    asks(&t);
    put(&t, true, TCP_RST | TCP_ACK, (const uint8_t *)"no such service", 15, 0);
    struct found f = found_in(reel);
    check_nothing(&f);
}

static void test_another_port_says_nothing(void **state)
{
    (void)state;
    for (unsigned i = 0; i < COUNT_OF(protocols); i++) {
        struct reel *reel = reel_new();
        uint16_t port = port_of_week(protocols[i], week_of(when(tuesday)));
        struct talk t = talk_on(reel, protocols[i], (uint16_t)(port - 1), tuesday);
        asks(&t);
        says(&t, true, "220 FTP ready, and more than that\r\n", 35);
        struct found f = found_in(reel);
        check_nothing(&f);
    }
}

static void test_who_was_asked_something_else_says_nothing(void **state)
{
    (void)state;
    for (unsigned i = 0; i < COUNT_OF(protocols); i++) {
        struct reel *reel = reel_new();
        struct talk t = talk_begun(reel, protocols[i]);
        struct bytes b = request_of(&t);
        b.at[b.size - 1] ^= 1; /* it passes the gate, and is no message */
        says(&t, false, "USER anonymous and so on\r\n", 26);
        says(&t, false, b.at, b.size);
        says(&t, true, "500 What?\r\n", 11);
        struct found f = found_in(reel);
        check_nothing(&f);
    }
}

static void test_data_before_any_request_says_nothing(void **state)
{
    (void)state;
    for (unsigned i = 0; i < COUNT_OF(protocols); i++) {
        struct reel *reel = reel_new();
        struct talk t = talk_begun(reel, protocols[i]);
        if (protocols[i] == IP_UDP)
            says(&t, false, "hello", 5);
        says(&t, true, "220 FTP ready\r\n", 15);
        struct found f = found_in(reel);
        check_nothing(&f);
    }
}

static void test_last_weeks_port_counts_on_monday_only(void **state)
{
    (void)state;
    uint16_t port = port_of_week(IP_UDP, week_of(when(tuesday)) - 1);
    static const char *const days[] = {tuesday, monday};
    for (unsigned i = 0; i < COUNT_OF(days); i++) {
        struct reel *reel = reel_new();
        struct talk t = talk_on(reel, IP_UDP, port, days[i]);
        asks(&t);
        says(&t, true, "who is there, and why so early?", 31);
        struct found f = found_in(reel);
        assert_int_equal(f.odd, days[i] == monday);
    }
}

/* A message of 9,000 bytes whose flags are sane, or are none of the worm's, of which so many bytes
 * have come. */
static enum p2p_standing standing_of(uint16_t flags, size_t came)
{
    uint8_t bytes[64];
    uint64_t key = ANSWER_KEY;
    uint8_t hidden[2] = {(uint8_t)flags, (uint8_t)(flags >> 8)};
    struct writer w = writer_over(bytes, sizeof bytes);
    message_cipher(&key, hidden, sizeof hidden);
    write_le16(&w, 9000);
    write_le64(&w, ANSWER_KEY);
    write_bytes(&w, hidden, sizeof hidden);
    write_zeros(&w, 20);
    struct observation seen = {.protocol = IP_TCP, .is_stream = true};
    return p2p_judge_answer(&seen, reader_over(bytes, came)).standing;
}

static void test_a_long_answer_is_judged_by_its_flags_when_they_have_come(void **state)
{
    (void)state;
    const uint16_t sane = MESSAGE_MODE | MESSAGE_ENCODED | MESSAGE_IS_TCP;
    for (size_t came = 1; came <= 30; came++) {
        assert_int_equal(standing_of(sane, came), P2P_OPEN);
        assert_int_equal(standing_of(sane | 0x0100, came), came < 12 ? P2P_OPEN : P2P_ODD);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_valid_answer_is_no_odd_one),
        cmocka_unit_test(test_a_valid_answer_of_8_kilobytes_is_no_odd_one),
        cmocka_unit_test(test_a_valid_answer_byte_by_byte_is_no_odd_one),
        cmocka_unit_test(test_an_answer_longer_than_is_put_together_is_not_judged),
        cmocka_unit_test(test_what_the_capture_cut_is_not_judged),
        cmocka_unit_test(test_words_are_odd_however_much_the_capture_cut),
        cmocka_unit_test(test_no_data_is_no_sign),
        cmocka_unit_test(test_a_reason_in_words_on_a_reset_is_no_data),
        cmocka_unit_test(test_another_port_says_nothing),
        cmocka_unit_test(test_who_was_asked_something_else_says_nothing),
        cmocka_unit_test(test_data_before_any_request_says_nothing),
        cmocka_unit_test(test_last_weeks_port_counts_on_monday_only),
        cmocka_unit_test(test_a_long_answer_is_judged_by_its_flags_when_they_have_come),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
