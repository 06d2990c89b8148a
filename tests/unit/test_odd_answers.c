/* p2p-odd-answer from capture to verdict: what a scan calls odd, a hunt over its packets must call
 * odd, once, and whatever way the capture is split. */
#include "asking.h"

static void test_an_answer_whose_checksum_is_wrong_is_odd(void **state)
{
    (void)state;
    for (unsigned i = 0; i < COUNT_OF(protocols); i++) {
        struct talk t = {.protocol = protocols[i]};
        struct message fields = {.key = ANSWER_KEY, .flags = FLAGS_FULL};
        struct bytes b = built(&t, fields, 0, 0x40);
        struct found f = answered(protocols[i], b.at, b.size);
        check_odd(&f, "its checksum is wrong");
    }
}

static void test_an_answer_with_insane_flags_is_odd_though_its_checksum_holds(void **state)
{
    (void)state;
    static const uint16_t insane[] = {MESSAGE_MODE, MESSAGE_ENCODED | 0x0200};
    for (unsigned i = 0; i < COUNT_OF(insane) * COUNT_OF(protocols); i++) {
        uint8_t protocol = protocols[i % COUNT_OF(protocols)];
        struct talk t = {.protocol = protocol};
        struct message fields = {.key = ANSWER_KEY, .flags = insane[i / COUNT_OF(protocols)]};
        struct bytes b = built(&t, fields, 3, 0);
        struct found f = answered(protocol, b.at, b.size);
        check_odd(&f, "its flags are none of the worm's");
    }
}

static void test_the_facts_say_where_and_what(void **state)
{
    (void)state;
    char port[32];
    struct found f = answered(IP_UDP, "HTTP/1.1 400 Bad Request", 24);
    assert_true(f.odd);
    (void)snprintf(port, sizeof port, "%u/udp", port_of_week(IP_UDP, week_of(when(tuesday))));
    assert_string_equal(f.port, port);
    assert_string_equal(f.bytes, "485454502f312e31203430302042616420526571756573"
                                 "74");
    assert_int_equal((int)f.ports, 1);
}

static void test_one_byte_is_odd(void **state)
{
    (void)state;
    struct found udp = answered(IP_UDP, "x", 1), tcp = answered(IP_TCP, "x", 1);
    check_odd(&udp, "cut: no room for the key");
    check_odd(&tcp, "cut: no room for the prefix");
    assert_string_equal(tcp.bytes, "78");
}

static void test_a_banner_after_the_request_is_odd(void **state)
{
    (void)state;
    struct found f = answered(IP_TCP, "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", 32);
    check_odd(&f, "its flags are none of the worm's");
    f = answered(IP_TCP, "J\0\0\0\n5.5.62-0 and more of what such a server says at first", 58);
    check_odd(&f, "cut: prefix says 74, 56 came");
}

static void test_a_banner_before_the_request_is_odd(void **state)
{
    (void)state;
    static const struct {
        const char *text, *hex;
    } banners[] = {
        {"220 FTP ready\r\n", "3232302046545020"},
        {"J\n 5.5.62-0 and more of what such a server says at first", "4a0a20352e352e36"},
        {"hi", "6869"}};
    for (unsigned i = 0; i < COUNT_OF(banners); i++) {
        struct reel *reel = reel_new();
        struct talk t = talk_begun(reel, IP_TCP);
        says(&t, true, banners[i].text, strlen(banners[i].text));
        if (i == 0)
            put(&t, true, TCP_FIN | TCP_ACK, NULL, 0, 0);
        asks(&t);
        says(&t, true, "500 What?\r\n", 11);
        struct found f = found_in(reel);
        check_odd(&f, "it came before the message that it would answer");
        assert_string_equal(f.bytes, banners[i].hex);
    }
}

static void test_a_banner_between_the_pieces_of_the_request_is_odd(void **state)
{
    (void)state;
    struct reel *reel = reel_new();
    struct talk t = talk_begun(reel, IP_TCP);
    struct bytes b = request_of(&t);
    says(&t, false, b.at, 5);
    says(&t, true, "220 FTP ready\r\n", 15);
    says(&t, false, b.at + 5, b.size - 5);
    struct found f = found_in(reel);
    check_odd(&f, "it came before the message that it would answer");
}

static void test_an_answer_that_the_end_cuts_is_odd(void **state)
{
    (void)state;
    static const uint8_t ends[] = {TCP_FIN | TCP_ACK, TCP_RST};
    for (unsigned i = 0; i < COUNT_OF(ends); i++) {
        struct reel *reel = reel_new();
        struct talk t = talk_begun(reel, IP_TCP);
        struct bytes b = answer_of(&t);
        asks(&t);
        says(&t, true, b.at, b.size - 1);
        put(&t, true, ends[i], NULL, 0, 0);
        struct found f = found_in(reel);
        check_odd(&f, "cut: prefix says 40, 39 came");
    }
}

static void test_silence_after_a_prefix_that_says_too_much_is_odd(void **state)
{
    (void)state;
    static const uint16_t prefixes[] = {60, 8190, 8191, 65535};
    for (unsigned i = 0; i < COUNT_OF(prefixes); i++) {
        struct talk t = {.protocol = IP_TCP};
        struct bytes b = answer_of(&t);
        struct writer w = writer_over(b.at, sizeof b.at);
        write_le16(&w, prefixes[i]);
        char wrong[64];
        (void)snprintf(wrong, sizeof wrong, "cut: prefix says %u, 40 came", prefixes[i]);
        struct found f = answered(IP_TCP, b.at, b.size);
        check_odd(&f, wrong);
    }
}

static void test_a_prefix_too_small_for_a_message_is_odd(void **state)
{
    (void)state;
    struct found f = answered(IP_TCP, "\x0d\0 abcdefghijklmnop", 19);
    check_odd(&f, "prefix says 13, a message has at least 14");
}

static void test_the_request_sent_back_is_odd(void **state)
{
    (void)state;
    for (unsigned i = 0; i < COUNT_OF(protocols); i++) {
        struct reel *reel = reel_new();
        struct talk t = talk_begun(reel, protocols[i]);
        asks(&t);
        struct bytes b = request_of(&t);
        host_says(&t, &b);
        struct found f = found_in(reel);
        check_odd(&f, "it is the request sent back");
    }
    struct reel *reel = reel_new();
    struct talk t = talk_begun(reel, IP_TCP);
    asks(&t);
    struct bytes b = request_of(&t);
    host_types(&t, &b);
    struct found f = found_in(reel);
    check_odd(&f, "it is the request sent back");
}

static void test_a_wrong_answer_byte_by_byte_is_odd_once(void **state)
{
    (void)state;
    struct talk t = {.protocol = IP_TCP};
    struct message fields = {.key = ANSWER_KEY, .flags = FLAGS_FULL};
    struct bytes wrong = built(&t, fields, 6, 1);
    struct bytes banner = {.size = 40};
    memcpy(banner.at, "RFB 003.008 and then a lot of other word", 40);
    for (unsigned i = 0; i < 2; i++) {
        struct reel *reel = reel_new();
        t = talk_begun(reel, IP_TCP);
        asks(&t);
        host_types(&t, i == 0 ? &wrong : &banner);
        struct found f = found_in(reel);
        check_odd(&f, i == 0 ? "its checksum is wrong" : "its flags are none of the worm's");
    }
}

static void test_a_flood_of_answers_counts_a_few_times(void **state)
{
    (void)state;
    struct reel *reel = reel_new();
    struct talk t = talk_begun(reel, IP_UDP);
    for (int i = 0; i < 3; i++) {
        asks(&t);
        for (int k = 0; k < 100; k++)
            says(&t, true, "220 FTP ready\r\n", 15);
    }
    struct found f = found_in(reel);
    assert_int_equal(f.count, 4);
}

static void test_a_valid_answer_behind_a_flood_is_found(void **state)
{
    (void)state;
    struct reel *reel = reel_new();
    struct talk t = talk_begun(reel, IP_UDP);
    asks(&t);
    for (int k = 0; k < 9; k++)
        says(&t, true, "220 FTP ready\r\n", 15);
    struct bytes b = answer_of(&t);
    host_says(&t, &b);
    struct found f = found_in(reel);
    assert_true(f.odd && f.answer);
    assert_int_equal(f.kind, VERDICT_INFECTED);
}

/* Odd answers on two ports: eight flows of UDP and TCP, of all kinds. */
static struct reel *reel_of_many(void)
{
    struct reel *reel = reel_new();
    for (unsigned i = 0; i < 8; i++) {
        struct talk t = talk_begun(reel, protocols[i % 2]);
        t.now_us += i * US_PER_SECOND;
        asks(&t);
        says(&t, true, "220 FTP ready and waiting\r\n", i < 4 ? 27 : 1);
    }
    return reel;
}

static void test_more_streams_at_a_time_than_are_kept_open_all_count(void **state)
{
    (void)state;
    struct reel *reel = reel_new();
    struct talk talks[12];
    for (unsigned i = 0; i < COUNT_OF(talks); i++) {
        talks[i] = talk_begun(reel, IP_TCP);
        asks(&talks[i]);
    }
    for (unsigned k = 0; k < 2; k++)
        for (unsigned i = 0; i < COUNT_OF(talks); i++)
            says(&talks[i], true, "\x50\0", 2 - k);
    struct found f = found_in(reel);
    assert_true(f.odd);
    assert_int_equal(f.count, COUNT_OF(talks));
}

static void test_files_cut_between_flows_give_the_whole(void **state)
{
    (void)state;
    struct reel *reel = reel_of_many();
    struct found whole = hunted(reel, reel->count);
    assert_int_equal(whole.count, 8);
    assert_int_equal((int)whole.ports, 2);
    /* A flow of UDP and one of TCP are six frames. */
    for (size_t at = 0; at <= reel->count; at += 6) {
        struct found parts = hunted(reel, at);
        assert_memory_equal(&parts, &whole, sizeof whole);
    }
    reel_free(reel);
}

static void test_a_file_that_ends_within_an_answer_judges_what_it_has(void **state)
{
    (void)state;
    struct reel *reel = reel_new();
    struct talk t = talk_begun(reel, IP_TCP);
    struct bytes b = answer_of(&t);
    asks(&t);
    says(&t, true, b.at, 20);
    says(&t, true, b.at + 20, b.size - 20);
    struct found f = hunted(reel, reel->count - 1);
    check_odd(&f, "cut: prefix says 40, 18 came");
    f = hunted(reel, reel->count);
    check_answer(&f);
    f = hunted(reel, reel->count - 2); /* between request and answer */
    check_nothing(&f);
    reel_free(reel);
}

static void test_the_asker_is_no_suspect(void **state)
{
    (void)state;
    struct reel *reel = reel_of_many();
    struct hunt_settings settings = settings_usual();
    struct hunt *h = hunt_begun(&settings);
    assert_true(hunt_part(h, reel, 0, reel->count));
    struct caught *c = hunt_ended(h, NULL);
    assert_int_equal(kind_on(c, host), VERDICT_SUSPICIOUS);
    assert_int_equal(verdict_on(c, asker)->marks, MARK_SCANNER);
    free(c);
    reel_free(reel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_answer_whose_checksum_is_wrong_is_odd),
        cmocka_unit_test(test_an_answer_with_insane_flags_is_odd_though_its_checksum_holds),
        cmocka_unit_test(test_the_facts_say_where_and_what),
        cmocka_unit_test(test_one_byte_is_odd),
        cmocka_unit_test(test_a_banner_after_the_request_is_odd),
        cmocka_unit_test(test_a_banner_before_the_request_is_odd),
        cmocka_unit_test(test_a_banner_between_the_pieces_of_the_request_is_odd),
        cmocka_unit_test(test_an_answer_that_the_end_cuts_is_odd),
        cmocka_unit_test(test_silence_after_a_prefix_that_says_too_much_is_odd),
        cmocka_unit_test(test_a_prefix_too_small_for_a_message_is_odd),
        cmocka_unit_test(test_the_request_sent_back_is_odd),
        cmocka_unit_test(test_a_wrong_answer_byte_by_byte_is_odd_once),
        cmocka_unit_test(test_a_flood_of_answers_counts_a_few_times),
        cmocka_unit_test(test_a_valid_answer_behind_a_flood_is_found),
        cmocka_unit_test(test_more_streams_at_a_time_than_are_kept_open_all_count),
        cmocka_unit_test(test_files_cut_between_flows_give_the_whole),
        cmocka_unit_test(test_a_file_that_ends_within_an_answer_judges_what_it_has),
        cmocka_unit_test(test_the_asker_is_no_suspect),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
