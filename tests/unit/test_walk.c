/* engine/walk: every file below a directory in sorted order; loops end; what cannot be read is
 * named. */
#include "folder.h"

#include <sys/wait.h>

#include "base/compiler.h"
#include "engine/walk.h"

/* Holds what was found against names relative to the folder. */
static void check_found(const struct walk *w, const struct folder *f, const char *const *names,
                        size_t count)
{
    assert_int_equal(w->count, count);
    for (size_t i = 0; i < count; i++) {
        char path[PATH_SIZE];
        assert_string_equal(w->paths[i], path_in(f, names[i], path));
    }
}

/* What a walk of this directory finds; the folder is not needed any more. */
static void check_walk(struct folder *f, const char *directory, const char *const *names,
                       size_t count)
{
    struct walk w = {0};
    struct error err;
    assert_true(walk_add(&w, directory, &err));
    check_found(&w, f, names, count);
    walk_free(&w);
    folder_remove(f);
}

static void test_a_file_is_named_as_it_is(void **state)
{
    (void)state;
    struct folder f = folder_made();
    struct walk w = {0};
    struct error err;
    char path[PATH_SIZE];
    put_file(&f, "one.pcap", "x", 1);
    assert_true(walk_add(&w, path_in(&f, "one.pcap", path), &err));
    assert_true(walk_add(&w, "-", &err));
    assert_true(walk_add(&w, "no such file", &err)); /* who opens it says what is wrong */
    assert_int_equal(w.count, 3);
    assert_string_equal(w.paths[0], path);
    assert_string_equal(w.paths[1], "-");
    assert_string_equal(w.paths[2], "no such file");
    walk_free(&w);
    folder_remove(&f);
}

static void test_nested_files_come_in_sorted_order(void **state)
{
    (void)state;
    static const char *const names[] = {"a", "b/a", "b/c/deep/x", "b/c/y", "b/d", "c", "d/z"};
    static const char *const folders[] = {"d", "b", "b/c", "b/c/deep", "empty"};
    struct folder f = folder_made();
    for (size_t i = 0; i < COUNT_OF(folders); i++)
        put_folder(&f, folders[i]);
    for (size_t i = COUNT_OF(names); i-- > 0;)
        put_file(&f, names[i], "", 0);
    check_walk(&f, f.path, names, COUNT_OF(names));
}

static void test_links_to_files_and_folders_are_followed(void **state)
{
    (void)state;
    static const char *const names[] = {"tree/file", "tree/link", "tree/other/deep/x",
                                        "tree/other/file", "tree/other.x"};
    struct folder f = folder_made();
    char path[PATH_SIZE];
    put_folder(&f, "sub");
    put_folder(&f, "sub/deep");
    put_folder(&f, "tree");
    put_file(&f, "tree/file", "", 0);
    put_file(&f, "tree/other.x", "", 0);
    put_file(&f, "sub/file", "", 0);
    put_file(&f, "sub/deep/x", "", 0);
    put_link(&f, "tree/link", "../sub/file");
    put_link(&f, "tree/other", "../sub");
    check_walk(&f, path_in(&f, "tree", path), names, COUNT_OF(names));
}

static void test_a_folder_is_read_once_and_by_its_own_name(void **state)
{
    (void)state;
    static const char *const names[] = {"sub/file"};
    struct folder f = folder_made();
    put_folder(&f, "sub");
    put_file(&f, "sub/file", "", 0);
    put_link(&f, "again", "sub");
    put_link(&f, "more", "again");
    put_link(&f, "whole", ".");
    check_walk(&f, f.path, names, COUNT_OF(names));
}

/* Two folders outside that lead to each other, and back into the tree. */
static void test_loops_outside_of_the_tree_end(void **state)
{
    (void)state;
    static const char *const names[] = {"tree/file", "tree/out/a", "tree/out/round/b"};
    struct folder f = folder_made();
    char path[PATH_SIZE];
    put_folder(&f, "tree");
    put_folder(&f, "one");
    put_folder(&f, "two");
    put_file(&f, "tree/file", "", 0);
    put_file(&f, "one/a", "", 0);
    put_file(&f, "two/b", "", 0);
    put_link(&f, "tree/out", "../one");
    put_link(&f, "one/round", "../two");
    put_link(&f, "two/round", "../one");
    put_link(&f, "two/home", "../tree");
    check_walk(&f, path_in(&f, "tree", path), names, COUNT_OF(names));
}

static void test_a_loop_of_links_ends(void **state)
{
    (void)state;
    static const char *const names[] = {"sub/file"};
    struct folder f = folder_made();
    put_folder(&f, "sub");
    put_file(&f, "sub/file", "", 0);
    put_link(&f, "sub/up", "..");
    put_link(&f, "sub/here", ".");
    check_walk(&f, f.path, names, COUNT_OF(names));
}

static void test_a_folder_is_walked_through_a_link_that_was_named(void **state)
{
    (void)state;
    static const char *const names[] = {"link/file"};
    struct folder f = folder_made();
    char path[PATH_SIZE];
    put_folder(&f, "sub");
    put_file(&f, "sub/file", "", 0);
    put_link(&f, "link", "sub");
    assert_true(walk_is_directory(path_in(&f, "link", path)));
    check_walk(&f, path, names, COUNT_OF(names));
}

static void test_a_link_that_points_nowhere_is_left_to_who_opens_it(void **state)
{
    (void)state;
    static const char *const targets[] = {"gone", "lost"}; /* lost is the link itself: a loop */
    for (size_t i = 0; i < COUNT_OF(targets); i++) {
        static const char *const names[] = {"file", "lost", "zfile"};
        struct folder f = folder_made();
        put_file(&f, "file", "", 0);
        put_file(&f, "zfile", "", 0);
        put_link(&f, "lost", targets[i]);
        check_walk(&f, f.path, names, COUNT_OF(names));
    }
}

static void test_pipes_are_no_files(void **state)
{
    (void)state;
    struct folder f = folder_made();
    struct walk w = {0};
    struct error err;
    char path[PATH_SIZE];
    assert_int_equal(mkfifo(path_in(&f, "pipe", path), 0600), 0);
    assert_true(walk_add(&w, f.path, &err));
    assert_int_equal(w.count, 0);
    walk_free(&w);
    folder_remove(&f);
}

/* 0: the walk found the one readable file, and keeps the folder that it could not read. */
static int walk_where_a_folder_is_closed(const struct folder *f)
{
    struct walk w = {0};
    struct error err = {0};
    bool good = walk_add(&w, f->path, &err);
    bool as_wanted = good && w.count == 2 && strstr(w.paths[0], "/closed") != NULL &&
                     strstr(w.paths[1], "/open") != NULL;
    walk_free(&w);
    return as_wanted ? 0 : 1;
}

/* Root may read everything, so the walk is done by a child that is somebody else. */
static void test_a_folder_that_cannot_be_read_is_left_to_who_opens_it(void **state)
{
    (void)state;
    struct folder f = folder_made();
    char path[PATH_SIZE];
    put_folder(&f, "closed");
    put_file(&f, "closed/file", "", 0);
    put_file(&f, "open", "", 0);
    assert_int_equal(chmod(path_in(&f, "closed", path), 0), 0);
    assert_int_equal(chmod(f.path, 0755), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(getuid() == 0 && setuid(65534) != 0 ? 2 : walk_where_a_folder_is_closed(&f));
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(chmod(path, 0700), 0);
    folder_remove(&f);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 2)
        skip(); /* root of a namespace that has no other user */
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_file_is_named_as_it_is),
        cmocka_unit_test(test_nested_files_come_in_sorted_order),
        cmocka_unit_test(test_links_to_files_and_folders_are_followed),
        cmocka_unit_test(test_a_folder_is_read_once_and_by_its_own_name),
        cmocka_unit_test(test_loops_outside_of_the_tree_end),
        cmocka_unit_test(test_a_loop_of_links_ends),
        cmocka_unit_test(test_a_folder_is_walked_through_a_link_that_was_named),
        cmocka_unit_test(test_a_link_that_points_nowhere_is_left_to_who_opens_it),
        cmocka_unit_test(test_pipes_are_no_files),
        cmocka_unit_test(test_a_folder_that_cannot_be_read_is_left_to_who_opens_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
