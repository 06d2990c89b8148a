/* wire/smb_writes: what is written to pipes, to files, and where nobody can tell. */
#include "made_smb.h"

#include "wire/smb_writes.h"

static const char data[] = "hello";

static struct reader some(void)
{
    return reader_over(data, sizeof data);
}

/* What the last write of the stream goes to. */
static enum smb_target last_target(const struct made *m, bool start_known)
{
    struct smb_writes w = smb_writes_over(made_reader(m), start_known);
    struct smb_write write;
    enum smb_target target, last = SMB_TO_UNTOLD;
    size_t count = 0;
    while (smb_writes_next(&w, &write, &target)) {
        last = target;
        count++;
    }
    assert_true(count > 0);
    return last;
}

static void test_a_tree_of_pipes_is_told_from_one_of_files(void **state)
{
    (void)state;
    struct made m;
    made_begin(&m);
    made_connect(&m, "\\\\10.0.0.7\\IPC$");
    made_write(&m, 1, 9, some());
    assert_int_equal(last_target(&m, true), SMB_TO_PIPE);
    made_connect(&m, "\\\\10.0.0.7\\C$");
    made_write(&m, 2, 9, some());
    assert_int_equal(last_target(&m, true), SMB_TO_FILE);
    made_write(&m, 1, 9, some());
    assert_int_equal(last_target(&m, true), SMB_TO_PIPE);
}

static void test_two_trees_asked_for_at_once_leave_a_choice(void **state)
{
    (void)state;
    struct made m;
    made_begin(&m);
    made_connect(&m, "\\\\10.0.0.7\\IPC$");
    made_connect(&m, "\\\\10.0.0.7\\C$");
    made_write(&m, 1, 9, some());
    assert_int_equal(last_target(&m, true), SMB_TO_UNTOLD);
}

static void test_a_number_given_anew_is_another_tree(void **state)
{
    (void)state;
    struct made m;
    made_begin(&m);
    made_connect(&m, "\\\\10.0.0.7\\IPC$");
    made_write(&m, 1, 9, some());
    made_message(&m, SMB_TREE_DISCONNECT, 1, reader_over(NULL, 0), reader_over(NULL, 0));
    made_connect(&m, "\\\\10.0.0.7\\C$");
    made_write(&m, 1, 9, some());
    assert_int_equal(last_target(&m, true), SMB_TO_FILE);
}

static void test_after_a_user_has_left_nothing_is_told(void **state)
{
    (void)state;
    struct made m;
    uint8_t words[4] = {SMB_NONE};
    made_begin(&m);
    made_connect(&m, "\\\\10.0.0.7\\IPC$");
    made_message(&m, SMB_LOGOFF_ANDX, 1, reader_over(words, 4), reader_over(NULL, 0));
    made_write(&m, 1, 9, some());
    assert_int_equal(last_target(&m, true), SMB_TO_UNTOLD);
    made_connect(&m, "\\\\10.0.0.7\\IPC$"); /* by another user, who has other trees already */
    made_write(&m, 2, 9, some());
    assert_int_equal(last_target(&m, true), SMB_TO_UNTOLD);
}

static void test_midway_only_known_names_of_pipes_tell(void **state)
{
    (void)state;
    struct made m;
    made_begin(&m);
    made_connect(&m, "\\\\10.0.0.7\\IPC$");
    made_write(&m, 1, 9, some());
    assert_int_equal(last_target(&m, false), SMB_TO_UNTOLD);
    made_open(&m, 1, "\\srvsvc");
    made_write(&m, 1, 9, some());
    assert_int_equal(last_target(&m, false), SMB_TO_PIPE);
    made_open(&m, 1, "\\rules.txt");
    made_write(&m, 1, 9, some());
    assert_int_equal(last_target(&m, false), SMB_TO_UNTOLD);
}

static void test_a_file_named_as_a_pipe_is_a_file(void **state)
{
    (void)state;
    struct made m;
    made_begin(&m);
    made_connect(&m, "\\\\10.0.0.7\\C$");
    made_open(&m, 1, "\\browser");
    made_write(&m, 1, 9, some());
    assert_int_equal(last_target(&m, true), SMB_TO_FILE);
}

static void test_more_trees_than_are_kept_are_untold(void **state)
{
    (void)state;
    struct made m;
    made_begin(&m);
    for (uint16_t tree = 1; tree <= SMB_TREES_MAX; tree++) {
        made_connect(&m, "\\\\10.0.0.7\\IPC$");
        made_write(&m, tree, 9, some());
        assert_int_equal(last_target(&m, true), SMB_TO_PIPE);
    }
    made_connect(&m, "\\\\10.0.0.7\\IPC$");
    made_write(&m, SMB_TREES_MAX + 1, 9, some());
    assert_int_equal(last_target(&m, true), SMB_TO_UNTOLD);
}

static void test_a_transaction_on_a_pipe_needs_no_tree(void **state)
{
    (void)state;
    struct made m;
    made_begin(&m);
    made_transaction(&m, 1, "\\PIPE\\", 0x26, some());
    assert_int_equal(last_target(&m, false), SMB_TO_PIPE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_tree_of_pipes_is_told_from_one_of_files),
        cmocka_unit_test(test_two_trees_asked_for_at_once_leave_a_choice),
        cmocka_unit_test(test_a_number_given_anew_is_another_tree),
        cmocka_unit_test(test_after_a_user_has_left_nothing_is_told),
        cmocka_unit_test(test_midway_only_known_names_of_pipes_tell),
        cmocka_unit_test(test_a_file_named_as_a_pipe_is_a_file),
        cmocka_unit_test(test_more_trees_than_are_kept_are_untold),
        cmocka_unit_test(test_a_transaction_on_a_pipe_needs_no_tree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
