/* wire/dcerpc_call and wire/srvsvc: binds and calls as a real run sent them, answers in fragments,
 * refusals and faults, every truncation. */
#include "testing.h"

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/writer.h"
#include "real_smb.h"
#include "wire/dcerpc.h"
#include "wire/dcerpc_call.h"
#include "wire/smb_replies.h"
#include "wire/srvsvc.h"

enum { CALL = 0x41414141, ROOM = 256 };

/* What a real request wrote into the pipe, or a real reply gave out of it. */
static struct reader pipe_of(const struct real *m)
{
    struct smb_request part = real_part(m);
    struct smb_write write;
    struct reader data;
    if (smb_write_of(&part, &write))
        return write.data;
    assert_true(smb_read_reply_read(&part, &data));
    return data;
}

static void assert_same(const struct writer *w, struct reader real)
{
    size_t size = real.left;
    assert_false(w->failed);
    assert_int_equal(w->used, size);
    assert_memory_equal(w->start, read_bytes(&real, size), size);
}

static struct canonicalize_request asked_for(const char *path)
{
    struct canonicalize_request q = {
        .server = "127.70.0.13", .prefix = "\\", .referent = 0x50414d4e, .room = 2};
    q.type = q.flags = 1;
    struct text text = text_over(q.path, sizeof q.path);
    text_add(&text, "%s", path);
    return q;
}

static void test_a_bind_is_what_the_real_run_sent(void **state)
{
    (void)state;
    struct real m = real_message(19);
    uint8_t bytes[ROOM];
    struct writer w = writer_over(bytes, sizeof bytes);
    dcerpc_bind_build(&w, CALL, &srvsvc_interface);
    assert_same(&w, pipe_of(&m));
}

static void test_calls_are_what_the_real_run_sent(void **state)
{
    (void)state;
    static const char *const paths[] = {"\\", "\\..\\"};
    static const unsigned frames[] = {23, 27};
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        struct real m = real_message(frames[i]);
        uint8_t stub[ROOM], bytes[ROOM];
        struct writer s = writer_over(stub, sizeof stub), w = writer_over(bytes, sizeof bytes);
        struct canonicalize_request q = asked_for(paths[i]);
        canonicalize_request_build(&s, &q);
        assert_false(s.failed);
        dcerpc_request_build(&w, CALL, SRVSVC_CANONICALIZE, reader_over(stub, s.used));
        assert_same(&w, pipe_of(&m));
    }
}

static void test_operation_and_path_are_read_from_a_capture(void **state)
{
    (void)state;
    struct real m = real_message(27);
    struct reader pipe = pipe_of(&m);
    struct dcerpc_pdu p;
    struct canonicalize_request q;
    assert_true(dcerpc_next(&pipe, &p));
    assert_int_equal(p.operation, SRVSVC_CANONICALIZE);
    assert_int_equal(p.call, CALL);
    assert_true(canonicalize_request_read(p.stub, &q));
    assert_string_equal(q.server, "127.70.0.13");
    assert_string_equal(q.path, "\\..\\");
    assert_string_equal(q.prefix, "\\");
    assert_true(q.room == 2 && q.type == 1 && q.flags == 1);
}

static void test_a_request_without_a_server_goes_there_and_back(void **state)
{
    (void)state;
    uint8_t bytes[ROOM];
    struct canonicalize_request q = {.path = "\xe2\x82\xac", .prefix = "", .room = 9}, again;
    struct writer w = writer_over(bytes, sizeof bytes);
    canonicalize_request_build(&w, &q);
    assert_true(!w.failed && canonicalize_request_read(reader_over(bytes, w.used), &again));
    assert_memory_equal(&again, &q, sizeof q);
}

static void test_hostile_sizes_of_text_are_refused(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        uint8_t value;
    } wrong[] = {{4, 11}, {7, 0xff}, {8, 1}, {12, 13}, {15, 0x80}};
    uint8_t bytes[ROOM];
    struct canonicalize_request q = asked_for("\\"), again;
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct writer w = writer_over(bytes, sizeof bytes);
        canonicalize_request_build(&w, &q);
        bytes[wrong[i].at] = wrong[i].value;
        bool is_harmless = wrong[i].at == 7; /* room for more than there is */
        assert_int_equal(canonicalize_request_read(reader_over(bytes, w.used), &again),
                         is_harmless);
    }
}

static void test_the_real_bind_is_granted(void **state)
{
    (void)state;
    struct real m = real_message(22);
    struct reader pipe = pipe_of(&m);
    struct dcerpc_refusal why;
    assert_int_equal(dcerpc_bound_read(pipe, CALL, &why), DCERPC_CAME_WHOLE);
    assert_int_equal(dcerpc_bound_read(pipe, CALL + 1, &why), DCERPC_CAME_ODD);
    for (size_t size = 0; size < pipe.left; size++)
        assert_int_equal(dcerpc_bound_read(reader_over(pipe.next, size), CALL, &why),
                         DCERPC_CAME_PART);
}

static void test_a_bind_may_be_refused(void **state)
{
    (void)state;
    struct real m = real_message(22);
    struct reader pipe = pipe_of(&m);
    struct dcerpc_refusal why = {0, 0};
    uint8_t bytes[ROOM];
    size_t size = pipe.left;
    memcpy(bytes, read_bytes(&pipe, size), size);
    bytes[44] = 2; /* by the provider, */
    bytes[46] = 1; /* which does not know the interface */
    assert_int_equal(dcerpc_bound_read(reader_over(bytes, size), CALL, &why), DCERPC_CAME_REFUSED);
    assert_true(why.result == 2 && why.reason == 1);
    bytes[2] = DCERPC_BIND_NAK;
    bytes[16] = 4;
    bytes[17] = 0;
    assert_int_equal(dcerpc_bound_read(reader_over(bytes, size), CALL, &why), DCERPC_CAME_REFUSED);
    assert_true(why.result == DCERPC_REFUSED_BY_NAK && why.reason == 4);
    bytes[2] = DCERPC_RESPONSE;
    assert_int_equal(dcerpc_bound_read(reader_over(bytes, size), CALL, &why), DCERPC_CAME_ODD);
}

static struct canonicalize_reply answer_of(unsigned frame)
{
    struct real m = real_message(frame);
    uint8_t stub[ROOM];
    uint32_t fault;
    struct canonicalize_reply a;
    struct writer w = writer_over(stub, sizeof stub);
    assert_int_equal(dcerpc_answer_read(pipe_of(&m), CALL, &w, &fault), DCERPC_CAME_WHOLE);
    assert_true(canonicalize_reply_read(reader_over(stub, w.used), &a));
    uint8_t again[ROOM];
    struct writer copy = writer_over(again, sizeof again);
    canonicalize_reply_build(&copy, &a);
    assert_same(&copy, reader_over(stub, w.used));
    return a;
}

static void test_the_real_answers_are_read(void **state)
{
    (void)state;
    struct canonicalize_reply a = answer_of(26);
    assert_true(a.room == 2 && a.path == 0 && a.type == 1 && a.code == 0x84b);
    a = answer_of(30);
    assert_true(a.path == 0x5c450000 && a.code == 87);
}

static void test_an_answer_to_other_room_or_cut_is_unusable(void **state)
{
    (void)state;
    uint8_t stub[16] = {2};
    struct canonicalize_reply a;
    for (size_t size = 0; size < sizeof stub; size++)
        assert_false(canonicalize_reply_read(reader_over(stub, size), &a));
    assert_true(canonicalize_reply_read(reader_over(stub, sizeof stub), &a));
    stub[0] = 5;
    assert_false(canonicalize_reply_read(reader_over(stub, sizeof stub), &a));
    stub[0] = 0;
    assert_false(canonicalize_reply_read(reader_over(stub, sizeof stub), &a));
}

/* A response of our call; flags 1 the first, 2 the last. */
static void write_fragment(struct writer *w, uint8_t type, uint8_t flags, const char *stub)
{
    size_t size = strlen(stub);
    write_be16(w, 0x0500);
    write_u8(w, type);
    write_u8(w, flags);
    write_le32(w, 0x10);
    write_le16(w, (uint16_t)(24 + size));
    write_le16(w, 0);
    write_le32(w, CALL);
    write_zeros(w, 8);
    write_bytes(w, stub, size);
}

static enum dcerpc_came joined(const struct writer *pipe, size_t size, char out[static ROOM])
{
    uint8_t *copy = malloc(size > 0 ? size : 1);
    uint32_t fault = 0;
    assert_non_null(copy);
    memcpy(copy, pipe->start, size);
    struct writer stub = writer_over(out, ROOM - 1);
    enum dcerpc_came came = dcerpc_answer_read(reader_over(copy, size), CALL, &stub, &fault);
    assert_true(came == DCERPC_CAME_WHOLE || stub.used == 0);
    out[stub.used] = '\0';
    free(copy);
    if (came == DCERPC_CAME_FAULT)
        assert_int_equal(fault, 0x1c010003);
    return came;
}

static void test_fragments_are_put_together_when_the_last_has_come(void **state)
{
    (void)state;
    uint8_t bytes[ROOM];
    char out[ROOM];
    struct writer w = writer_over(bytes, sizeof bytes);
    write_fragment(&w, DCERPC_RESPONSE, 1, "one ");
    write_fragment(&w, DCERPC_RESPONSE, 0, "two ");
    write_fragment(&w, DCERPC_RESPONSE, 2, "three");
    for (size_t size = 0; size < w.used; size++)
        assert_int_equal(joined(&w, size, out), DCERPC_CAME_PART);
    assert_int_equal(joined(&w, w.used, out), DCERPC_CAME_WHOLE);
    assert_string_equal(out, "one two three");
}

static void test_fragments_out_of_order_are_odd(void **state)
{
    (void)state;
    static const uint8_t flags[][2] = {{0, 2}, {1, 3}, {1, 1}, {2, 0}};
    char out[ROOM];
    for (size_t i = 0; i < COUNT_OF(flags); i++) {
        uint8_t bytes[ROOM];
        struct writer w = writer_over(bytes, sizeof bytes);
        write_fragment(&w, DCERPC_RESPONSE, flags[i][0], "one ");
        write_fragment(&w, DCERPC_RESPONSE, flags[i][1], "two ");
        assert_int_equal(joined(&w, w.used, out), DCERPC_CAME_ODD);
    }
}

static void test_faults_and_other_orders_of_bytes_are_told_apart(void **state)
{
    (void)state;
    uint8_t bytes[ROOM];
    char out[ROOM];
    struct writer w = writer_over(bytes, sizeof bytes);
    write_fragment(&w, DCERPC_FAULT, 3, "\3");
    write_bytes(&w, "\0\1\x1c", 3);
    write_le16_at(&w, 8, 28);
    assert_int_equal(joined(&w, w.used, out), DCERPC_CAME_FAULT);
    write_le16_at(&w, 8, 25);
    assert_int_equal(joined(&w, w.used, out), DCERPC_CAME_ODD);
    bytes[2] = DCERPC_RESPONSE;
    assert_int_equal(joined(&w, w.used, out), DCERPC_CAME_WHOLE);
    bytes[4] = 0; /* numbers are big-endian */
    write_be16_at(&w, 8, 25);
    assert_int_equal(joined(&w, w.used, out), DCERPC_CAME_ODD);
    bytes[0] = 'x';
    assert_int_equal(joined(&w, w.used, out), DCERPC_CAME_ODD);
}

static void test_an_answer_without_room_is_odd(void **state)
{
    (void)state;
    uint8_t bytes[ROOM], stub[3];
    uint32_t fault;
    struct writer w = writer_over(bytes, sizeof bytes), s = writer_over(stub, sizeof stub);
    write_fragment(&w, DCERPC_RESPONSE, 3, "four");
    struct reader pipe = reader_over(bytes, w.used);
    assert_int_equal(dcerpc_answer_read(pipe, CALL, &s, &fault), DCERPC_CAME_ODD);
    static uint8_t much[DCERPC_ANSWER_MAX + 1];
    memcpy(much, bytes, w.used);
    s = writer_over(bytes, sizeof bytes);
    assert_int_equal(dcerpc_answer_read(reader_over(much, sizeof much), CALL, &s, &fault),
                     DCERPC_CAME_ODD);
}

static void test_a_stub_that_is_too_long_for_a_fragment_is_not_sent(void **state)
{
    (void)state;
    static uint8_t stub[DCERPC_FRAGMENT_MAX], bytes[2 * DCERPC_FRAGMENT_MAX];
    struct writer w = writer_over(bytes, sizeof bytes);
    dcerpc_request_build(&w, CALL, 31, reader_over(stub, DCERPC_FRAGMENT_MAX - 24));
    assert_true(!w.failed && w.used == DCERPC_FRAGMENT_MAX);
    dcerpc_request_build(&w, CALL, 31, reader_over(stub, DCERPC_FRAGMENT_MAX - 23));
    assert_true(w.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_bind_is_what_the_real_run_sent),
        cmocka_unit_test(test_calls_are_what_the_real_run_sent),
        cmocka_unit_test(test_operation_and_path_are_read_from_a_capture),
        cmocka_unit_test(test_a_request_without_a_server_goes_there_and_back),
        cmocka_unit_test(test_hostile_sizes_of_text_are_refused),
        cmocka_unit_test(test_the_real_bind_is_granted),
        cmocka_unit_test(test_a_bind_may_be_refused),
        cmocka_unit_test(test_the_real_answers_are_read),
        cmocka_unit_test(test_an_answer_to_other_room_or_cut_is_unusable),
        cmocka_unit_test(test_fragments_are_put_together_when_the_last_has_come),
        cmocka_unit_test(test_fragments_out_of_order_are_odd),
        cmocka_unit_test(test_faults_and_other_orders_of_bytes_are_told_apart),
        cmocka_unit_test(test_an_answer_without_room_is_odd),
        cmocka_unit_test(test_a_stub_that_is_too_long_for_a_fragment_is_not_sent),
    };
    return cmocka_run_group_tests_name("srvsvc", tests, NULL, NULL);
}
