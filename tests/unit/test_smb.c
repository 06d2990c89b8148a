/* wire/smb and wire/dcerpc: requests and calls, whole, cut at every byte, and hostile. */
#include "made_smb.h"

#include "base/compiler.h"
#include "wire/dcerpc.h"

static struct reader text(const char *bytes)
{
    return reader_over(bytes, strlen(bytes));
}

static void assert_is(struct reader r, const char *bytes)
{
    size_t size = strlen(bytes);
    assert_int_equal(r.left, size);
    if (size > 0)
        assert_memory_equal(read_bytes(&r, size), bytes, size);
}

/* The first write of what was made. */
static struct smb_write write_in(struct reader stream)
{
    struct smb_walk w = smb_walk_over(stream);
    struct smb_request q;
    struct smb_write out = {0};
    while (smb_next(&w, &q))
        if (smb_write_of(&q, &out))
            return out;
    assert_true(false);
    return out;
}

static size_t requests_in(struct reader stream, enum smb_ending *ending)
{
    struct smb_walk w = smb_walk_over(stream);
    struct smb_request q;
    size_t count = 0;
    while (smb_next(&w, &q))
        count++;
    *ending = w.ending;
    return count;
}

static void test_requests_come_one_after_the_other(void **state)
{
    (void)state;
    static const uint8_t commands[] = {SMB_NEGOTIATE, SMB_TREE_CONNECT_ANDX, SMB_NT_CREATE_ANDX,
                                       SMB_WRITE_ANDX};
    struct made m;
    made_way_to_pipe(&m);
    made_write(&m, TREE, PIPE_FILE, text("hello"));
    struct smb_walk w = smb_walk_over(made_reader(&m));
    struct smb_request q;
    for (size_t i = 0; i < COUNT_OF(commands); i++) {
        assert_true(smb_next(&w, &q));
        assert_int_equal(q.command, commands[i]);
    }
    assert_int_equal(q.header.tree, TREE);
    assert_false(smb_next(&w, &q));
    assert_int_equal(w.ending, SMB_ENDS_WITH_BYTES);
}

static void test_writes_give_their_file_and_data(void **state)
{
    (void)state;
    struct made m;
    made_begin(&m);
    made_write(&m, 7, 9, text("hello"));
    struct smb_write write = write_in(made_reader(&m));
    assert_int_equal(write.tree, 7);
    assert_int_equal(write.file, 9);
    assert_false(write.to_pipe);
    assert_is(write.data, "hello");
    made_begin(&m);
    made_old_write(&m, 7, 0x109, text("hello"));
    write = write_in(made_reader(&m));
    assert_int_equal(write.file, 0x109);
    assert_is(write.data, "hello");
}

static void test_the_length_before_a_pipes_message_is_no_data(void **state)
{
    (void)state;
    struct made m;
    made_begin(&m);
    made_write_mode(&m, 7, 9, 0x0c, text("\5\1hello"));
    assert_is(write_in(made_reader(&m)).data, "hello");
    made_begin(&m);
    made_write_mode(&m, 7, 9, 0x08, text("\5\1hello"));
    assert_is(write_in(made_reader(&m)).data, "\5\1hello");
}

static void test_transactions_on_pipes_write_whatever_letters_name_them(void **state)
{
    (void)state;
    for (unsigned unicode = 0; unicode < 2; unicode++) {
        struct made m;
        made_begin(&m);
        m.flags2 = unicode ? MADE_UNICODE : 0;
        made_transaction(&m, 7, "\\Pipe\\", 0x26, text("hello"));
        struct smb_write write = write_in(made_reader(&m));
        assert_true(write.to_pipe);
        assert_int_equal(write.file, PIPE_FILE);
        assert_is(write.data, "hello");
    }
}

static void test_other_transactions_write_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint16_t function;
    } others[] = {{"\\MAILSLOT\\BROWSE", 0x26}, {"\\PIPE", 0x26}, {"", 0x26}, {"\\PIPE\\", 0x23}};
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        struct made m;
        enum smb_ending ending;
        made_begin(&m);
        made_transaction(&m, 7, others[i].name, others[i].function, text("hello"));
        struct smb_walk w = smb_walk_over(made_reader(&m));
        struct smb_request q;
        struct smb_write write;
        assert_true(smb_next(&w, &q));
        assert_false(smb_write_of(&q, &write));
        assert_int_equal(requests_in(made_reader(&m), &ending), 1);
    }
}

static void test_names_of_shares_and_files_are_read_in_lower_case(void **state)
{
    (void)state;
    for (unsigned unicode = 0; unicode < 2; unicode++) {
        static const char *const names[] = {"\\\\10.0.0.7\\ipc$", "\\browser"};
        struct made m;
        made_begin(&m);
        m.flags2 = unicode ? MADE_UNICODE : 0;
        made_connect(&m, "\\\\10.0.0.7\\IPC$");
        made_open(&m, TREE, "\\BROWSER");
        struct smb_walk w = smb_walk_over(made_reader(&m));
        struct smb_request q;
        struct smb_name name;
        for (size_t i = 0; i < COUNT_OF(names); i++) {
            assert_true(smb_next(&w, &q) && smb_name_of(&q, &name));
            assert_int_equal(name.size, strlen(names[i]));
            assert_memory_equal(name.text, names[i], name.size);
        }
    }
}

static void test_a_long_name_keeps_its_end(void **state)
{
    (void)state;
    struct made m;
    char share[200] = "\\\\";
    memset(share + 2, 'h', 150);
    memcpy(share + 152, "\\IPC$", 6);
    made_begin(&m);
    made_connect(&m, share);
    struct smb_walk w = smb_walk_over(made_reader(&m));
    struct smb_request q;
    struct smb_name name;
    assert_true(smb_next(&w, &q) && smb_name_of(&q, &name));
    assert_int_equal(name.size, SMB_NAME_SIZE);
    assert_memory_equal(name.text + SMB_NAME_SIZE - 5, "\\ipc$", 5);
}

/* A message of AndX parts, each four bytes of words; next[i] says where part i sends the reader. */
static size_t parts_of(const uint16_t *next, size_t count)
{
    struct made m;
    made_begin(&m);
    uint8_t words[4] = {SMB_LOGOFF_ANDX, 0, (uint8_t)next[0], (uint8_t)(next[0] >> 8)};
    made_message(&m, SMB_LOGOFF_ANDX, 7, reader_over(words, 4), reader_over(NULL, 0));
    for (size_t i = 1; i < count; i++) {
        write_u8(&m.w, 2);
        write_le16(&m.w, SMB_LOGOFF_ANDX);
        write_le16(&m.w, next[i]);
        write_le16(&m.w, 0);
    }
    m.bytes[3] = (uint8_t)(m.w.used - 4);
    enum smb_ending ending;
    return requests_in(made_reader(&m), &ending);
}

static void test_chains_go_forward_and_end(void **state)
{
    (void)state;
    enum { PART = 7, FIRST = 32 };
    uint16_t next[20];
    for (size_t i = 0; i < COUNT_OF(next); i++)
        next[i] = (uint16_t)(FIRST + PART * (i + 1));
    assert_int_equal(parts_of(next, 3), 3);
    assert_int_equal(parts_of(next, COUNT_OF(next)), SMB_CHAIN_MAX);
    next[2] = FIRST + PART; /* back to the second part */
    assert_int_equal(parts_of(next, 5), 3);
    next[2] = FIRST + 2 * PART; /* to itself */
    assert_int_equal(parts_of(next, 5), 3);
    next[2] = 0xffff;
    assert_int_equal(parts_of(next, 5), 3);
}

static void test_what_is_no_smb1_ends_the_walk(void **state)
{
    (void)state;
    static const struct {
        const char *start;
        enum smb_ending ending;
    } others[] = {{"\0\0\0\x20\xfeSMB@", SMB_ENDS_NEWER},
                  {"\0\0\0\x20\xfdSMB@", SMB_ENDS_NEWER},
                  {"\0\0\0\x20\xfcSMB@", SMB_ENDS_NEWER},
                  {"\0\0\0\x20\xffXMB@", SMB_ENDS_OTHER},
                  {"GET / HT", SMB_ENDS_OTHER},
                  {"\x80\0\0\x20"
                   "abcd",
                   SMB_ENDS_OTHER}};
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        struct made m;
        enum smb_ending ending;
        made_begin(&m);
        made_negotiate(&m);
        write_bytes(&m.w, others[i].start, 8);
        write_zeros(&m.w, 40);
        assert_int_equal(requests_in(made_reader(&m), &ending), 1);
        assert_int_equal(ending, others[i].ending);
    }
}

static void test_session_frames_are_passed_over(void **state)
{
    (void)state;
    struct made m;
    enum smb_ending ending;
    made_begin(&m);
    write_bytes(&m.w, "\x81\0\0\3abc\x85\0\0\0", 11);
    made_negotiate(&m);
    assert_int_equal(requests_in(made_reader(&m), &ending), 1);
    assert_int_equal(ending, SMB_ENDS_WITH_BYTES);
}

static void test_answers_are_not_read_as_requests(void **state)
{
    (void)state;
    struct made m;
    made_begin(&m);
    made_write(&m, 7, 9, text("hello"));
    m.bytes[4 + 9] = 0x80;
    struct smb_walk w = smb_walk_over(made_reader(&m));
    struct smb_request q;
    struct smb_write write;
    struct smb_name name;
    assert_true(smb_next(&w, &q));
    assert_false(smb_write_of(&q, &write));
    assert_false(smb_name_of(&q, &name));
}

static void made_everything(struct made *m)
{
    struct made call;
    made_begin(&call);
    made_request(&call, 3, text("stub"));
    made_way_to_pipe(m);
    made_write(m, TREE, PIPE_FILE, made_reader(&call));
    made_old_write(m, TREE, PIPE_FILE, made_reader(&call));
    m->flags2 = MADE_UNICODE;
    made_connect(m, "\\\\10.0.0.7\\C$");
    made_transaction(m, TREE, "\\PIPE\\", 0x26, made_reader(&call));
}

/* Walks an exact copy of so many bytes; what is given out lies in it. */
static void walk_copy(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size != 0 ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    struct smb_walk w = smb_walk_over(reader_over(copy, size));
    struct smb_request q;
    struct smb_write write;
    struct smb_name name;
    struct dcerpc_pdu pdu;
    while (smb_next(&w, &q)) {
        (void)smb_name_of(&q, &name);
        if (!smb_write_of(&q, &write))
            continue;
        assert_true(write.data.left <= size);
        while (write.data.left > 0 && dcerpc_next(&write.data, &pdu))
            assert_true(pdu.stub.left <= size);
    }
    free(copy);
}

static void test_every_cut_is_read_as_far_as_it_goes(void **state)
{
    (void)state;
    struct made m;
    made_everything(&m);
    for (size_t size = 0; size <= m.w.used; size++)
        walk_copy(m.bytes, size);
    made_begin(&m);
    made_write(&m, 7, 9, text("hello"));
    struct reader cut = made_reader(&m);
    assert_is(write_in(read_part(&cut, cut.left - 2)).data, "hel");
}

static void test_hostile_lengths_are_walls(void **state)
{
    (void)state;
    static const uint8_t hostile[] = {0, 1, 2, 0x7f, 0x80, 0xff};
    struct made m;
    made_everything(&m);
    for (size_t at = 0; at < m.w.used; at++)
        for (size_t i = 0; i < COUNT_OF(hostile); i++) {
            uint8_t kept = m.bytes[at];
            m.bytes[at] = hostile[i];
            walk_copy(m.bytes, m.w.used);
            m.bytes[at] = kept;
        }
}

static void test_calls_give_their_stub_operation_and_fragment(void **state)
{
    (void)state;
    struct made m;
    struct dcerpc_pdu p;
    made_begin(&m);
    made_request(&m, 1, text("first "));
    made_request(&m, 2, text("last"));
    struct reader r = made_reader(&m);
    assert_true(dcerpc_next(&r, &p));
    assert_true(p.is_first && !p.is_last && p.whole);
    assert_int_equal(p.operation, 31);
    assert_is(p.stub, "first ");
    assert_true(dcerpc_next(&r, &p));
    assert_true(!p.is_first && p.is_last);
    assert_false(dcerpc_next(&r, &p));
    uint8_t joined[64];
    struct writer w = writer_over(joined, sizeof joined);
    assert_true(dcerpc_join_requests(made_reader(&m), &w));
    assert_is(reader_over(joined, w.used), "first last");
    w = writer_over(joined, 8);
    assert_true(dcerpc_join_requests(made_reader(&m), &w));
    assert_is(reader_over(joined, w.used), "first la");
}

static void test_auth_objects_and_other_calls_are_no_stub(void **state)
{
    (void)state;
    struct made m;
    struct dcerpc_pdu p;
    made_begin(&m);
    made_request(&m, 3, text("0123456789abcdefstubAUTHHEADauth"));
    m.bytes[3] |= 0x80; /* an object */
    m.bytes[10] = 4;    /* of auth */
    struct reader r = made_reader(&m);
    assert_true(dcerpc_next(&r, &p));
    assert_is(p.stub, "stub");
    m.bytes[2] = DCERPC_BIND;
    r = made_reader(&m);
    assert_true(dcerpc_next(&r, &p));
    assert_is(p.stub, "");
    m.bytes[0] = 4;
    r = made_reader(&m);
    assert_false(dcerpc_next(&r, &p));
}

static void test_a_call_in_the_other_order_of_bytes_is_read(void **state)
{
    (void)state;
    static const uint8_t call[] = {5, 0, 0, 3, 0, 0, 0, 0, 0, 26, 0,   0,   0,  0,
                                   0, 1, 0, 0, 0, 2, 0, 0, 0, 31, 'h', 'i', 'x'};
    struct dcerpc_pdu p;
    struct reader r = reader_over(call, sizeof call);
    assert_true(dcerpc_next(&r, &p));
    assert_int_equal(p.operation, 31);
    assert_is(p.stub, "hi");
    assert_int_equal(r.left, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests_come_one_after_the_other),
        cmocka_unit_test(test_writes_give_their_file_and_data),
        cmocka_unit_test(test_the_length_before_a_pipes_message_is_no_data),
        cmocka_unit_test(test_transactions_on_pipes_write_whatever_letters_name_them),
        cmocka_unit_test(test_other_transactions_write_nothing),
        cmocka_unit_test(test_names_of_shares_and_files_are_read_in_lower_case),
        cmocka_unit_test(test_a_long_name_keeps_its_end),
        cmocka_unit_test(test_chains_go_forward_and_end),
        cmocka_unit_test(test_what_is_no_smb1_ends_the_walk),
        cmocka_unit_test(test_session_frames_are_passed_over),
        cmocka_unit_test(test_answers_are_not_read_as_requests),
        cmocka_unit_test(test_every_cut_is_read_as_far_as_it_goes),
        cmocka_unit_test(test_hostile_lengths_are_walls),
        cmocka_unit_test(test_calls_give_their_stub_operation_and_fragment),
        cmocka_unit_test(test_auth_objects_and_other_calls_are_no_stub),
        cmocka_unit_test(test_a_call_in_the_other_order_of_bytes_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
