/* source/capture_writer: what is written reads back the same, whatever is refused leaves whole
 * records, and nothing is written through a link or over a file. */
#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

#include "base/compiler.h"
#include "source/capture_writer.h"

enum { LONG = CAPTURE_FRAME_MAX, WHEN_S = 1240329600 };

static uint8_t filled[LONG];

/* A folder open to write in. */
struct place_made {
    struct folder folder;
    struct capture_place place;
};

static struct place_made place_made(void)
{
    struct place_made p = {.folder = folder_made()};
    p.place = (struct capture_place){
        .folder = open(p.folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), .name = "a.pcap"};
    assert_true(p.place.folder >= 0);
    for (size_t i = 0; i < sizeof filled; i++)
        filled[i] = (uint8_t)(i * 7);
    return p;
}

static void place_gone(struct place_made *p)
{
    assert_int_equal(close(p->place.folder), 0);
    folder_remove(&p->folder);
}

static struct capture_frame frame_of(int64_t number, size_t size)
{
    return (struct capture_frame){.when_us = (int64_t)WHEN_S * 1000000 + number,
                                  .rest_ns = (uint16_t)(number % 1000),
                                  .link_type = 113,
                                  .wire_length = (uint32_t)size + 5,
                                  .bytes = reader_over(filled, size)};
}

/* How many frames of the sizes given the file holds, each as it was given, from number 0 on. */
static size_t read_back(const struct place_made *p, bool nanoseconds, const size_t *sizes)
{
    char path[PATH_SIZE];
    struct error err;
    struct capture_frame frame;
    struct input *in = input_open(path_in(&p->folder, p->place.name, path), &err);
    assert_non_null(in);
    struct capture_file *file = capture_file_open(in, &err);
    assert_non_null(file);
    size_t count = 0;
    enum capture_result result;
    while ((result = capture_file_next(file, &frame, &err)) == CAPTURE_FRAME) {
        struct capture_frame meant = frame_of((int64_t)count, sizes[count]);
        assert_int_equal(frame.when_us, meant.when_us);
        assert_int_equal(frame.rest_ns, nanoseconds ? meant.rest_ns : 0);
        assert_int_equal(frame.fine, nanoseconds);
        assert_int_equal(frame.link_type, 113);
        assert_int_equal(frame.wire_length, meant.wire_length);
        assert_int_equal(frame.bytes.left, sizes[count]);
        assert_memory_equal(frame.bytes.next, filled, sizes[count]);
        count++;
    }
    assert_int_equal(result, CAPTURE_END);
    capture_file_close(file);
    input_close(in);
    return count;
}

static const size_t sizes[] = {
    60,   0,  1514, 60,  CAPTURE_WRITER_BUFFER - CAPTURE_WRITER_RECORD, 1, 2000, 2000,
    LONG, 60, 4080, 4081};

static void check_round_trip(bool nanoseconds)
{
    struct place_made p = place_made();
    struct capture_writer w;
    struct error err;
    assert_true(capture_writer_open(&w, &p.place, 113, nanoseconds, &err));
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        struct capture_frame frame = frame_of((int64_t)i, sizes[i]);
        assert_true(capture_writer_add(&w, &frame, &err));
    }
    assert_true(capture_writer_close(&w, &err));
    assert_int_equal(w.packets, COUNT_OF(sizes));
    assert_int_equal(read_back(&p, nanoseconds, sizes), COUNT_OF(sizes));
    place_gone(&p);
}

static void test_what_is_written_reads_back_the_same(void **state)
{
    (void)state;
    check_round_trip(false);
    check_round_trip(true);
}

static void test_a_writer_without_frames_leaves_an_empty_capture(void **state)
{
    (void)state;
    struct place_made p = place_made();
    struct capture_writer w;
    struct error err;
    assert_true(capture_writer_open(&w, &p.place, 113, false, &err));
    assert_true(capture_writer_close(&w, &err));
    assert_int_equal(read_back(&p, false, sizes), 0);
    assert_int_equal(w.size, CAPTURE_WRITER_HEADER);
    place_gone(&p);
}

static void check_refused(const struct capture_place *place, const char *reason)
{
    struct capture_writer w;
    struct error err;
    assert_false(capture_writer_open(&w, place, 113, false, &err));
    assert_int_equal(err.kind, ERROR_SYSTEM);
    assert_non_null(strstr(err.text, reason));
    (void)capture_writer_close(&w, &err);
}

static void test_a_file_or_a_link_that_is_there_is_not_written_to(void **state)
{
    (void)state;
    struct place_made p = place_made();
    char path[PATH_SIZE];
    struct stat victim;
    put_file(&p.folder, "a.pcap", "mine", 4);
    check_refused(&p.place, "a.pcap: ");
    assert_int_equal(stat(path_in(&p.folder, "a.pcap", path), &victim), 0);
    assert_int_equal(victim.st_size, 4);
    put_link(&p.folder, "b.pcap", "elsewhere");
    check_refused(&(struct capture_place){p.place.folder, NULL, "b.pcap"}, "b.pcap: ");
    assert_int_equal(stat(path_in(&p.folder, "elsewhere", path), &victim), -1);
    place_gone(&p);
}

static void test_a_folder_that_is_a_link_is_not_written_into(void **state)
{
    (void)state;
    struct place_made p = place_made();
    char path[PATH_SIZE];
    struct stat made;
    put_folder(&p.folder, "real");
    put_link(&p.folder, "link", "real");
    check_refused(&(struct capture_place){p.place.folder, "link", "a.pcap"}, "link/a.pcap: ");
    assert_int_equal(stat(path_in(&p.folder, "real/a.pcap", path), &made), -1);
    place_gone(&p);
}

static void test_a_file_that_was_exchanged_is_given_up(void **state)
{
    (void)state;
    struct place_made p = place_made();
    char path[PATH_SIZE], other[PATH_SIZE];
    struct capture_writer w;
    struct error err;
    struct capture_frame frame = frame_of(0, 60);
    struct stat victim;
    assert_true(capture_writer_open(&w, &p.place, 113, false, &err));
    assert_true(capture_writer_add(&w, &frame, &err));
    put_file(&p.folder, "victim", "0123456789012345678901234", 25);
    assert_int_equal(unlink(path_in(&p.folder, "a.pcap", path)), 0);
    assert_int_equal(link(path_in(&p.folder, "victim", other), path), 0);
    assert_false(capture_writer_close(&w, &err));
    assert_non_null(strstr(err.text, "somebody else changed it"));
    assert_int_equal(stat(other, &victim), 0);
    assert_int_equal(victim.st_size, 25);
    assert_int_equal(w.packets, 0);
    place_gone(&p);
}

/* The files of this process may have so many bytes; more is refused, not a signal. */
static struct rlimit limited_to(rlim_t bytes)
{
    struct rlimit before, now;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    now = before;
    now.rlim_cur = bytes;
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &now), 0);
    return before;
}

static void test_a_full_disk_leaves_whole_records(void **state)
{
    (void)state;
    for (rlim_t most = CAPTURE_WRITER_HEADER; most < 30000; most += 1777) {
        struct place_made p = place_made();
        struct capture_writer w;
        struct error err = {0};
        size_t same[40];
        bool good = true;
        struct rlimit before = limited_to(most);
        assert_true(capture_writer_open(&w, &p.place, 113, false, &err));
        for (size_t i = 0; i < COUNT_OF(same); i++) {
            struct capture_frame frame = frame_of((int64_t)i, 1000);
            same[i] = 1000;
            good = good && capture_writer_add(&w, &frame, &err);
        }
        assert_false(good && capture_writer_close(&w, &err));
        (void)capture_writer_close(&w, &err);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_int_equal(err.kind, ERROR_SYSTEM);
        assert_int_equal(read_back(&p, false, same), w.packets);
        assert_int_equal(w.size, CAPTURE_WRITER_HEADER + w.packets * 1016);
        place_gone(&p);
    }
}

static void test_times_that_pcap_cannot_tell_are_known(void **state)
{
    (void)state;
    assert_true(capture_writer_can_tell(0));
    assert_false(capture_writer_can_tell(-1));
    assert_true(capture_writer_can_tell(INT64_C(4294967295999999)));
    assert_false(capture_writer_can_tell(INT64_C(4294967296000000)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_written_reads_back_the_same),
        cmocka_unit_test(test_a_writer_without_frames_leaves_an_empty_capture),
        cmocka_unit_test(test_a_file_or_a_link_that_is_there_is_not_written_to),
        cmocka_unit_test(test_a_folder_that_is_a_link_is_not_written_into),
        cmocka_unit_test(test_a_file_that_was_exchanged_is_given_up),
        cmocka_unit_test(test_a_full_disk_leaves_whole_records),
        cmocka_unit_test(test_times_that_pcap_cannot_tell_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
