/* conficker/message: messages built here come back as they were, in every combination of fields,
 * on TCP split anywhere, too long, too short, with a surplus; and what gate, flags and faults
 * say of them. */
#include "message_parsing.h"

#include <string.h>

#include "base/compiler.h"
#include "base/hash.h"
#include "conficker/message.h"

/* A message with all that its pointers point to. */
struct built {
    struct message_plan plan;
    uint8_t data[64], noise[64];
    uint8_t bytes[512];
    size_t size;
};

static void fill(uint8_t *bytes, size_t count, uint64_t seed)
{
    for (size_t i = 0; i < count; i++)
        bytes[i] = (uint8_t)hash_pair(seed, i);
}

static struct message_sysinfo some_sysinfo(uint64_t seed)
{
    return (struct message_sysinfo){.test_flags = (uint16_t)(seed + 1),
                                    .os_major = 5,
                                    .os_minor = 1,
                                    .os_build = 2600,
                                    .sp_major = 3,
                                    .sp_minor = (uint8_t)seed,
                                    .ntdll = 0x1234,
                                    .prng_sample = (uint32_t)(seed >> 7),
                                    .unknown0 = 1,
                                    .unknown1 = 2,
                                    .unknown2 = (uint32_t)(seed >> 9),
                                    .unknown3 = 3,
                                    .unknown4 = 0xfffe};
}

/* The shape is five bits: which of the five optional fields are there. */
static void build(struct built *b, unsigned shape, enum transport transport, uint64_t seed)
{
    seed = hash_pair(seed, shape + 100);
    fill(b->data, sizeof b->data, seed);
    fill(b->noise, sizeof b->noise, ~seed);
    struct message *m = &b->plan.fields;
    b->plan = (struct message_plan){.transport = transport, .noise = b->noise};
    b->plan.noise_length = seed % sizeof b->noise;
    *m = (struct message){.key = seed, .ip = (uint32_t)(seed >> 3), .port = (uint16_t)seed};
    m->flags = (uint16_t)(shape << 3 | MESSAGE_ENCODED | (seed >> 60 & 3));
    if (transport == TRANSPORT_TCP)
        m->flags |= MESSAGE_IS_TCP;
    m->unknown0 = (uint32_t)(seed >> 5);
    m->unknown1 = (uint32_t)(seed >> 11);
    m->data_flags = (uint8_t)(seed >> 13);
    m->data_length = (uint16_t)((seed >> 17) % sizeof b->data);
    m->data = b->data;
    m->sysinfo = some_sysinfo(seed);
    struct writer w = writer_over(b->bytes, sizeof b->bytes);
    message_build(&b->plan, &w);
    assert_false(w.failed);
    b->size = w.used;
}

/* Field by field: the struct has padding. */
static void check_sysinfo_equal(const struct message_sysinfo *a, const struct message_sysinfo *b)
{
    assert_true(a->test_flags == b->test_flags && a->os_build == b->os_build);
    assert_true(a->os_major == b->os_major && a->os_minor == b->os_minor);
    assert_true(a->sp_major == b->sp_major && a->sp_minor == b->sp_minor);
    assert_true(a->ntdll == b->ntdll && a->prng_sample == b->prng_sample);
    assert_true(a->unknown0 == b->unknown0 && a->unknown1 == b->unknown1);
    assert_true(a->unknown2 == b->unknown2 && a->unknown3 == b->unknown3);
    assert_int_equal(a->unknown4, b->unknown4);
}

static void check_fields_equal(const struct message *a, const struct message *b)
{
    assert_true(a->key == b->key && a->flags == b->flags);
    if (a->flags & MESSAGE_HAS_IP)
        assert_true(a->ip == b->ip && a->port == b->port);
    if (a->flags & MESSAGE_HAS_UNKNOWN0)
        assert_int_equal(a->unknown0, b->unknown0);
    if (a->flags & MESSAGE_HAS_UNKNOWN1)
        assert_int_equal(a->unknown1, b->unknown1);
    if (a->flags & MESSAGE_HAS_DATA) {
        assert_true(a->data_flags == b->data_flags && a->data_length == b->data_length);
        assert_memory_equal(a->data, b->data, a->data_length);
    }
    if (a->flags & MESSAGE_HAS_SYSINFO)
        check_sysinfo_equal(&a->sysinfo, &b->sysinfo);
}

static void test_every_combination_of_fields_comes_back_as_it_was_built(void **state)
{
    (void)state;
    struct built b;
    for (unsigned i = 0; i < 64 * 50; i++) {
        enum transport transport = i & 32 ? TRANSPORT_TCP : TRANSPORT_UDP;
        struct message m;
        build(&b, i & 31, transport, i);
        assert_int_equal(parse(b.bytes, b.size, transport, &m), MESSAGE_OK);
        assert_true(message_checksum_holds(&m) && message_flags_are_sane(m.flags, transport));
        assert_true(message_may_be(reader_over(b.bytes, b.size), transport));
        assert_int_equal(m.noise_length, b.plan.noise_length);
        assert_int_equal(m.trailing_length, 0);
        check_fields_equal(&b.plan.fields, &m);
    }
}

static void test_checksum_made_wrong_is_seen_and_nothing_else_changes(void **state)
{
    (void)state;
    struct built b;
    struct message m;
    build(&b, 31, TRANSPORT_UDP, 1);
    b.plan.checksum_xor = 0x80000001;
    struct writer w = writer_over(b.bytes, sizeof b.bytes);
    message_build(&b.plan, &w);
    assert_int_equal(parse(b.bytes, w.used, TRANSPORT_UDP, &m), MESSAGE_OK);
    assert_false(message_checksum_holds(&m));
    assert_int_equal(m.checksum ^ m.checksum_wanted, 0x80000001);
    check_fields_equal(&b.plan.fields, &m);
}

static void test_requests_with_key_zero_are_the_published_bytes(void **state)
{
    (void)state;
    uint8_t bytes[16];
    struct message_plan plan = {.transport = TRANSPORT_TCP};
    plan.fields.flags = MESSAGE_MODE | MESSAGE_IS_TCP | MESSAGE_ENCODED;
    struct writer w = writer_over(bytes, sizeof bytes);
    message_build(&plan, &w);
    assert_true(!w.failed && w.used == 16);
    assert_memory_equal(bytes, "\x0e\0\0\0\0\0\0\0\0\0\x05\x80\x14\x29\0\0", 16);
    plan.transport = TRANSPORT_UDP;
    plan.fields.flags = MESSAGE_MODE | MESSAGE_ENCODED;
    w = writer_over(bytes, sizeof bytes);
    message_build(&plan, &w);
    assert_true(!w.failed && w.used == 14);
    assert_memory_equal(bytes, "\0\0\0\0\0\0\0\0\x01\x80\x04\x29\0\0", 14);
}

static void test_message_that_does_not_fit_is_not_written_at_all(void **state)
{
    (void)state;
    static uint8_t bytes[1 << 17], noise[MESSAGE_SIZE_MAX];
    struct built b;
    build(&b, 31, TRANSPORT_TCP, 7);
    for (size_t room = 0; room < b.size; room++) {
        struct writer w = writer_over(bytes, room);
        message_build(&b.plan, &w);
        assert_true(w.failed && w.used == 0);
    }
    b.plan.noise = noise;
    b.plan.noise_length = sizeof noise;
    struct writer w = writer_over(bytes, sizeof bytes);
    message_build(&b.plan, &w);
    assert_true(w.failed && w.used == 0);
}

static void test_messages_are_written_one_behind_the_other(void **state)
{
    (void)state;
    uint8_t bytes[1024];
    struct built b;
    struct message m;
    build(&b, 9, TRANSPORT_TCP, 3);
    struct writer w = writer_over(bytes, sizeof bytes);
    message_build(&b.plan, &w);
    message_build(&b.plan, &w);
    assert_int_equal(w.used, 2 * b.size);
    assert_int_equal(parse(bytes, w.used, TRANSPORT_TCP, &m), MESSAGE_OK);
    assert_int_equal(m.trailing_length, b.size);
    assert_memory_equal(bytes + b.size, b.bytes, b.size);
}

static void test_cipher_is_its_own_inverse_and_can_be_taken_in_pieces(void **state)
{
    (void)state;
    uint8_t clear[100], bytes[100], pieces[100];
    fill(clear, sizeof clear, 1);
    for (uint64_t seed = 0; seed < 100; seed++) {
        uint64_t key = hash_number(seed), again = key, half = key;
        memcpy(bytes, clear, sizeof clear);
        memcpy(pieces, clear, sizeof clear);
        message_cipher(&key, bytes, sizeof bytes);
        message_cipher(&half, pieces, seed);
        message_cipher(&half, pieces + seed, sizeof pieces - seed);
        assert_memory_equal(bytes, pieces, sizeof bytes);
        assert_true(seed == 0 || memcmp(bytes, clear, sizeof clear) != 0);
        message_cipher(&again, bytes, sizeof bytes);
        assert_memory_equal(bytes, clear, sizeof bytes);
        assert_true(key == again && key == half);
    }
}

static void test_key_zero_does_not_encrypt(void **state)
{
    (void)state;
    uint8_t bytes[32] = "thirty-one bytes that stay so..";
    uint64_t key = 0;
    message_cipher(&key, bytes, sizeof bytes);
    assert_string_equal((const char *)bytes, "thirty-one bytes that stay so..");
    assert_int_equal(key, 0);
}

static void test_tcp_stream_is_cut_until_whole_however_it_is_split(void **state)
{
    (void)state;
    struct built b;
    for (unsigned i = 0; i < 32; i++) {
        struct message m;
        build(&b, i, TRANSPORT_TCP, i);
        for (size_t came = 0; came < b.size; came++) {
            struct reader r = reader_over(b.bytes, came);
            enum message_fault fault = parse_exact(b.bytes, came, TRANSPORT_TCP, &m);
            assert_int_equal(fault, came < 2 ? MESSAGE_CUT_PREFIX : MESSAGE_CUT_STREAM);
            assert_int_equal(message_stream_need(r), came < 2 ? 0 : b.size);
            assert_int_equal(message_may_be(r, TRANSPORT_TCP), came >= 12);
            assert_int_equal(message_starts_sanely(r, TRANSPORT_TCP), came >= 12);
        }
        assert_int_equal(parse_exact(b.bytes, b.size, TRANSPORT_TCP, &m), MESSAGE_OK);
    }
}

static void test_surplus_on_tcp_is_trailing_and_not_noise(void **state)
{
    (void)state;
    struct built b;
    struct message m;
    build(&b, 2, TRANSPORT_TCP, 5);
    for (size_t surplus = 0; surplus < 40; surplus++) {
        assert_int_equal(parse_exact(b.bytes, b.size + surplus, TRANSPORT_TCP, &m), MESSAGE_OK);
        assert_int_equal(m.trailing_length, surplus);
        assert_int_equal(m.noise_length, b.plan.noise_length);
        assert_int_equal(m.prefix, b.size - 2);
        assert_true(message_checksum_holds(&m));
    }
}

static void check_words(const char *bytes, size_t size, enum transport transport,
                        const char *wanted)
{
    struct message m;
    uint8_t copy[64], scratch[64];
    char words[64];
    memcpy(copy, bytes, size);
    struct reader r = reader_over(copy, size);
    struct text t = text_over(words, sizeof words);
    message_fault_write(message_parse(r, transport, scratch, sizeof scratch, &m), r, &t);
    assert_string_equal(words, wanted);
}

/* With key 0 the flags can be read in the test. */
#define BODY(flags_low) "\0\0\0\0\0\0\0\0" flags_low "\x80"

static void test_each_fault_has_its_words(void **state)
{
    (void)state;
    check_words("", 0, TRANSPORT_UDP, "cut: no room for the key");
    check_words("1234567", 7, TRANSPORT_UDP, "cut: no room for the key");
    check_words("12345678", 8, TRANSPORT_UDP, "cut: no room for the flags");
    check_words("123456789", 9, TRANSPORT_UDP, "cut: no room for the flags");
    check_words(BODY("\x08") "12345", 15, TRANSPORT_UDP, "cut: no room for the address and port");
    check_words(BODY("\x10") "123", 13, TRANSPORT_UDP, "cut: no room for unknown0");
    check_words(BODY("\x20") "123", 13, TRANSPORT_UDP, "cut: no room for unknown1");
    check_words(BODY("\x40") "12", 12, TRANSPORT_UDP, "cut: no room for the data header");
    check_words(BODY("\x40") "1\3\0ab", 15, TRANSPORT_UDP, "cut: data shorter than its length");
    check_words(BODY("\x80") "12345678901234567890123456", 35, TRANSPORT_UDP,
                "cut: no room for the system information");
    check_words(BODY("\x01") "123", 13, TRANSPORT_UDP, "cut: no room for the checksum");
    check_words("1", 1, TRANSPORT_TCP, "cut: no room for the prefix");
    check_words("\x0e\0abc", 5, TRANSPORT_TCP, "cut: prefix says 14, 3 came");
    check_words("\x0d\0" BODY("\1") "123", 15, TRANSPORT_TCP,
                "prefix says 13, a message has at least 14");
    check_words("\x0e\0" BODY("\5") "\x14\x29\0\0", 16, TRANSPORT_TCP, "ok");
}

static void test_tcp_prefix_is_a_wall_that_the_fields_do_not_pass(void **state)
{
    (void)state;
    check_words("\x0e\0" BODY("\x0d") "12345678901234567890", 32, TRANSPORT_TCP,
                "cut: no room for the address and port");
}

static void test_sane_flags_are_encoded_without_unknown_bits_and_know_their_transport(void **state)
{
    (void)state;
    unsigned sane_udp = 0, sane_tcp = 0;
    for (unsigned flags = 0; flags <= UINT16_MAX; flags++) {
        sane_udp += message_flags_are_sane((uint16_t)flags, TRANSPORT_UDP);
        sane_tcp += message_flags_are_sane((uint16_t)flags, TRANSPORT_TCP);
    }
    assert_int_equal(sane_udp, 65536 / 512);
    assert_int_equal(sane_tcp, 65536 / 512);
    assert_true(message_flags_are_sane(0x80fb, TRANSPORT_UDP));
    assert_true(message_flags_are_sane(0x80ff, TRANSPORT_TCP));
    assert_false(message_flags_are_sane(0x8005, TRANSPORT_UDP));
    assert_false(message_flags_are_sane(0x8001, TRANSPORT_TCP));
    assert_false(message_flags_are_sane(0x0001, TRANSPORT_UDP));
    assert_false(message_flags_are_sane(0xc001, TRANSPORT_UDP));
    assert_false(message_flags_are_sane(0x8101, TRANSPORT_UDP));
}

static void test_bare_message_has_no_field_and_no_noise(void **state)
{
    (void)state;
    assert_true(message_is_bare(&(struct message){.flags = 0x8007}));
    assert_false(message_is_bare(&(struct message){.flags = 0x8001, .noise_length = 1}));
    for (unsigned flag = MESSAGE_HAS_IP; flag <= MESSAGE_HAS_SYSINFO; flag *= 2)
        assert_false(message_is_bare(&(struct message){.flags = (uint16_t)(0x8001 | flag)}));
}

static void test_gate_passes_one_random_payload_in_512(void **state)
{
    (void)state;
    uint8_t bytes[40];
    unsigned passed_udp = 0, passed_tcp = 0;
    for (uint64_t i = 0; i < 512 * 400; i++) {
        fill(bytes, sizeof bytes, i);
        passed_udp += message_may_be(reader_over(bytes, sizeof bytes), TRANSPORT_UDP);
        bytes[0] = 38;
        bytes[1] = 0;
        passed_tcp += message_may_be(reader_over(bytes, sizeof bytes), TRANSPORT_TCP);
    }
    assert_in_range(passed_udp, 300, 500); /* 400 is wanted; 5 standard deviations */
    assert_in_range(passed_tcp, 300, 500);
}

static void test_gate_waits_for_no_tcp_message_above_its_limit(void **state)
{
    (void)state;
    uint8_t bytes[12] = {[10] = 0x05, [11] = 0x80};
    unsigned passed = 0;
    for (unsigned prefix = 0; prefix <= UINT16_MAX; prefix++) {
        bytes[0] = (uint8_t)prefix;
        bytes[1] = (uint8_t)(prefix >> 8);
        bool may_be = message_may_be(reader_over(bytes, sizeof bytes), TRANSPORT_TCP);
        assert_int_equal(may_be, prefix >= 14 && prefix + 2 <= 8192);
        passed += may_be;
    }
    assert_int_equal(passed, 8192 - 2 - 14 + 1);
}

static void test_longest_messages_parse(void **state)
{
    (void)state;
    static uint8_t noise[MESSAGE_SIZE_MAX], bytes[MESSAGE_SIZE_MAX + 2];
    struct message_plan plan = {.noise = noise, .transport = TRANSPORT_TCP};
    plan.fields.key = 99;
    plan.fields.flags = MESSAGE_ENCODED | MESSAGE_IS_TCP;
    plan.noise_length = MESSAGE_SIZE_MAX - MESSAGE_SIZE_MIN;
    struct writer w = writer_over(bytes, sizeof bytes);
    message_build(&plan, &w);
    struct message m;
    assert_true(!w.failed && w.used == sizeof bytes);
    assert_int_equal(parse(bytes, sizeof bytes, TRANSPORT_TCP, &m), MESSAGE_OK);
    assert_true(message_checksum_holds(&m) && m.noise_length == plan.noise_length);
}

static void test_flags_have_their_names_and_the_rest_none(void **state)
{
    (void)state;
    static const char *const names[] = {"mode",     "local_ack", "is_tcp", "ip",
                                        "unknown0", "unknown1",  "data",   "sysinfo"};
    for (unsigned i = 0; i < COUNT_OF(names); i++)
        assert_string_equal(message_flag_name((uint16_t)(1U << i)), names[i]);
    for (unsigned i = 8; i < 15; i++)
        assert_null(message_flag_name((uint16_t)(1U << i)));
    assert_string_equal(message_flag_name(MESSAGE_ENCODED), "encoded");
    assert_null(message_flag_name(0));
    assert_null(message_flag_name(3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_combination_of_fields_comes_back_as_it_was_built),
        cmocka_unit_test(test_checksum_made_wrong_is_seen_and_nothing_else_changes),
        cmocka_unit_test(test_requests_with_key_zero_are_the_published_bytes),
        cmocka_unit_test(test_message_that_does_not_fit_is_not_written_at_all),
        cmocka_unit_test(test_messages_are_written_one_behind_the_other),
        cmocka_unit_test(test_cipher_is_its_own_inverse_and_can_be_taken_in_pieces),
        cmocka_unit_test(test_key_zero_does_not_encrypt),
        cmocka_unit_test(test_tcp_stream_is_cut_until_whole_however_it_is_split),
        cmocka_unit_test(test_surplus_on_tcp_is_trailing_and_not_noise),
        cmocka_unit_test(test_each_fault_has_its_words),
        cmocka_unit_test(test_tcp_prefix_is_a_wall_that_the_fields_do_not_pass),
        cmocka_unit_test(test_sane_flags_are_encoded_without_unknown_bits_and_know_their_transport),
        cmocka_unit_test(test_bare_message_has_no_field_and_no_noise),
        cmocka_unit_test(test_gate_passes_one_random_payload_in_512),
        cmocka_unit_test(test_gate_waits_for_no_tcp_message_above_its_limit),
        cmocka_unit_test(test_longest_messages_parse),
        cmocka_unit_test(test_flags_have_their_names_and_the_rest_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
