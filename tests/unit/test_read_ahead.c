/* source/read_ahead, through inputs that are long enough for it: the bytes are the same, errors
 * come after them, and an input can be closed at any time. */
#include "testing.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/hash.h"
#include "folder.h"
#include "source/input.h"

enum { LONG = 5 * 1000 * 1000 };

/* Bytes that compress to about a half, so that the compressed file is long too. */
static uint8_t byte_at(uint64_t offset)
{
    return (uint8_t)(hash_number(offset / 3) & 15);
}

/* Writes LONG bytes, compressed, to a file of the folder; returns how many came out. */
static long put_compressed(const struct folder *f, const char *name)
{
    char path[PATH_SIZE];
    struct stat about;
    gzFile out = gzopen(path_in(f, name, path), "wb1");
    assert_non_null(out);
    uint8_t block[5000];
    for (uint64_t at = 0; at < LONG; at += sizeof block) {
        for (size_t i = 0; i < sizeof block; i++)
            block[i] = byte_at(at + i);
        assert_int_equal(gzwrite(out, block, sizeof block), sizeof block);
    }
    assert_int_equal(gzclose(out), Z_OK);
    assert_int_equal(stat(path, &about), 0);
    return (long)about.st_size;
}

static struct input *opened(const struct folder *f, const char *name)
{
    char path[PATH_SIZE];
    struct error err;
    struct input *in = input_open(path_in(f, name, path), &err);
    assert_non_null(in);
    return in;
}

/* Reads to the end in pieces of changing size; checks every byte and returns how many there
 * were. */
static uint64_t read_all(struct input *in, size_t most)
{
    uint64_t at = 0;
    for (unsigned turn = 0;; turn++) {
        size_t wanted = 1 + hash_number(turn) % most, available;
        const uint8_t *bytes = input_peek(in, wanted, &available);
        size_t got = available < wanted ? available : wanted;
        for (size_t i = 0; i < got; i++)
            if (bytes[i] != byte_at(at + i))
                assert_int_equal(at + i, UINT64_MAX); /* this byte differs */
        assert_int_equal(input_offset(in), at);
        input_take(in, got);
        at += got;
        if (got == 0)
            return at;
    }
}

static void test_bytes_are_the_same_whatever_is_wanted_at_once(void **state)
{
    (void)state;
    static const size_t most[] = {100, 5000, 70000, 300000, 2000000};
    struct folder f = folder_made();
    (void)put_compressed(&f, "long.gz");
    for (size_t i = 0; i < sizeof most / sizeof most[0]; i++) {
        struct input *in = opened(&f, "long.gz");
        assert_int_equal(read_all(in, most[i]), LONG);
        assert_false(input_failed(in, NULL));
        assert_int_equal(input_raw_offset(in), input_raw_size(in));
        input_close(in);
    }
    folder_remove(&f);
}

static void test_a_cut_is_told_after_all_that_came_before_it(void **state)
{
    (void)state;
    struct folder f = folder_made();
    char path[PATH_SIZE];
    long size = put_compressed(&f, "cut.gz");
    assert_int_equal(truncate(path_in(&f, "cut.gz", path), size - 100000), 0);
    struct input *in = opened(&f, "cut.gz");
    uint64_t got = read_all(in, 5000);
    assert_true(got > LONG / 2 && got < LONG);
    struct error err;
    assert_true(input_failed(in, &err));
    assert_int_equal(err.kind, ERROR_CUT);
    size_t available;
    (void)input_peek(in, 1, &available);
    assert_int_equal(available, 0); /* asked again, it stays so */
    input_close(in);
    folder_remove(&f);
}

static void test_an_input_can_be_closed_in_the_middle(void **state)
{
    (void)state;
    struct folder f = folder_made();
    (void)put_compressed(&f, "long.gz");
    for (size_t part = 1; part < 5; part++) {
        struct input *in = opened(&f, "long.gz");
        for (size_t read = 0; read < part * 900000; read += 1000) {
            size_t available;
            (void)input_peek(in, 1000, &available);
            input_take(in, 1000);
        }
        input_close(in);
    }
    folder_remove(&f);
}

/* A pipe that holds its breath: the thread waits in read() when the input is closed. */
static void test_an_input_that_waits_for_a_silent_pipe_can_be_closed(void **state)
{
    (void)state;
    struct folder f = folder_made();
    char path[PATH_SIZE], file[PATH_SIZE];
    long size = put_compressed(&f, "long.gz");
    assert_int_equal(mkfifo(path_in(&f, "pipe", path), 0600), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) { /* writes nearly all, then holds the pipe open until it is closed for
                       * reading */
        int from = open(path_in(&f, "long.gz", file), O_RDONLY), to = open(path, O_WRONLY);
        static uint8_t all[2 * LONG];
        ssize_t left = read(from, all, (size_t)size - 100000);
        for (ssize_t at = 0; at < left;) {
            ssize_t wrote = write(to, all + at, (size_t)(left - at));
            if (wrote <= 0)
                _exit(1);
            at += wrote;
        }
        (void)pause();
        _exit(0);
    }
    struct input *in = opened(&f, "pipe");
    for (size_t read = 0; read < 3000000; read += 1000) {
        size_t available;
        (void)input_peek(in, 1000, &available);
        input_take(in, 1000);
    }
    input_close(in); /* must come back */
    assert_int_equal(kill(child, SIGTERM), 0);
    folder_remove(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_are_the_same_whatever_is_wanted_at_once),
        cmocka_unit_test(test_a_cut_is_told_after_all_that_came_before_it),
        cmocka_unit_test(test_an_input_can_be_closed_in_the_middle),
        cmocka_unit_test(test_an_input_that_waits_for_a_silent_pipe_can_be_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
