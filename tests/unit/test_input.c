/* source/input: one window over files, pipes, memory and every compression, cut and whole. */
#include "testing.h"

#include <bzlib.h>
#include <fcntl.h>
#include <lz4frame.h>
#include <lzma.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "base/compiler.h"
#include "base/writer.h"
#include "source/input.h"

enum { PACKED_MAX = 64 * 1024, BIG_BYTES = 3 * 1024 * 1024 + 7 };

static const char plain[] =
    "Bytes with a name: a file, stdin, or what a decompressor makes of them. "
    "Bytes with a name: a file, stdin, or what a decompressor makes of it.";

static size_t pack_gzip(const void *from, size_t size, uint8_t *to)
{
    z_stream s = {.next_in = (Bytef *)(uintptr_t)from, .avail_in = (uInt)size};
    s.next_out = to;
    s.avail_out = PACKED_MAX;
    assert_int_equal(deflateInit2(&s, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&s, Z_FINISH), Z_STREAM_END);
    (void)deflateEnd(&s);
    return s.total_out;
}

static size_t pack_bzip2(const void *from, size_t size, uint8_t *to)
{
    unsigned made = PACKED_MAX;
    assert_int_equal(BZ2_bzBuffToBuffCompress((char *)to, &made, (char *)(uintptr_t)from,
                                              (unsigned)size, 1, 0, 0),
                     BZ_OK);
    return made;
}

static size_t pack_xz(const void *from, size_t size, uint8_t *to)
{
    size_t made = 0;
    assert_int_equal(
        lzma_easy_buffer_encode(0, LZMA_CHECK_CRC32, NULL, from, size, to, &made, PACKED_MAX),
        LZMA_OK);
    return made;
}

static size_t pack_zstd(const void *from, size_t size, uint8_t *to)
{
    return ZSTD_compress(to, PACKED_MAX, from, size, 3);
}

static size_t pack_lz4(const void *from, size_t size, uint8_t *to)
{
    return LZ4F_compressFrame(to, PACKED_MAX, from, size, NULL);
}

static const struct packer {
    const char *name;
    size_t (*pack)(const void *from, size_t size, uint8_t *to);
} packers[] = {
    {"gzip", pack_gzip}, {"bzip2", pack_bzip2}, {"xz", pack_xz},
    {"zstd", pack_zstd}, {"lz4", pack_lz4},
};

/* Takes all there is, in steps, into a fresh heap copy. */
static uint8_t *drain(struct input *in, size_t step, size_t *size)
{
    uint8_t *all = malloc(BIG_BYTES + 1);
    assert_non_null(all);
    *size = 0;
    for (;;) {
        size_t available;
        const uint8_t *bytes = input_peek(in, step, &available);
        size_t count = available < step ? available : step;
        assert_int_equal(input_offset(in), *size);
        assert_true(*size + count <= BIG_BYTES);
        if (count == 0)
            return all;
        memcpy(all + *size, bytes, count);
        input_take(in, count);
        *size += count;
    }
}

static struct input *opened(const void *bytes, size_t size)
{
    struct error err = {0};
    struct input *in = input_open_memory("memory", bytes, size, &err);
    if (in == NULL)
        print_error("%s\n", err.text);
    assert_non_null(in);
    return in;
}

/* What the bytes come out as must begin the wanted text; ends with the kind of error, ERROR_NONE
 * for none. */
static enum error_kind comes_out(const void *bytes, size_t size, const char *wanted, size_t *got)
{
    uint8_t *copy = malloc(size != 0 ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    struct input *in = opened(copy, size);
    struct error err = {0};
    uint8_t *all = drain(in, 7, got);
    assert_true(*got <= strlen(wanted));
    assert_memory_equal(all, wanted, *got);
    (void)input_failed(in, &err);
    assert_true((err.kind == ERROR_NONE) == !input_failed(in, NULL));
    free(all);
    input_close(in);
    free(copy);
    return err.kind;
}

static void test_plain_memory_is_visible_at_once(void **state)
{
    (void)state;
    struct input *in = opened(plain, sizeof plain);
    size_t available;
    assert_ptr_equal(input_peek(in, 1, &available), plain);
    assert_int_equal(available, sizeof plain);
    assert_null(input_compression(in));
    assert_string_equal(input_name(in), "memory");
    input_close(in);
    input_close(NULL);
}

static void test_nothing_ends_properly(void **state)
{
    (void)state;
    size_t got;
    assert_int_equal(comes_out("", 0, "", &got), ERROR_NONE);
    assert_int_equal(got, 0);
}

static void test_every_compression_comes_out_as_it_went_in(void **state)
{
    (void)state;
    uint8_t packed[PACKED_MAX];
    for (size_t i = 0; i < COUNT_OF(packers); i++) {
        size_t got, size = packers[i].pack(plain, strlen(plain), packed);
        assert_int_equal(comes_out(packed, size, plain, &got), ERROR_NONE);
        assert_int_equal(got, strlen(plain));
        struct input *in = opened(packed, size);
        assert_string_equal(input_compression(in), packers[i].name);
        assert_int_equal(input_raw_size(in), size);
        input_close(in);
    }
}

static void test_compressed_nothing_is_nothing(void **state)
{
    (void)state;
    uint8_t packed[PACKED_MAX];
    for (size_t i = 0; i < COUNT_OF(packers); i++) {
        size_t got, size = packers[i].pack("", 0, packed);
        assert_int_equal(comes_out(packed, size, plain, &got), ERROR_NONE);
        assert_int_equal(got, 0);
    }
}

static void test_members_are_read_one_after_the_other(void **state)
{
    (void)state;
    uint8_t packed[PACKED_MAX * 3];
    for (size_t i = 0; i < COUNT_OF(packers); i++) {
        size_t got, size = packers[i].pack(plain, 50, packed);
        size += packers[i].pack("", 0, packed + size);
        size += packers[i].pack(plain + 50, strlen(plain) - 50, packed + size);
        assert_int_equal(comes_out(packed, size, plain, &got), ERROR_NONE);
        assert_int_equal(got, strlen(plain));
    }
}

static void test_zeros_after_and_between_members_are_padding(void **state)
{
    (void)state;
    uint8_t packed[PACKED_MAX * 2 + 600];
    for (size_t i = 0; i < COUNT_OF(packers); i++) {
        size_t got, size = packers[i].pack(plain, 50, packed);
        memset(packed + size, 0, sizeof packed - size);
        assert_int_equal(comes_out(packed, size + 512, plain, &got), ERROR_NONE);
        assert_int_equal(got, 50);
        size += 4;
        size += packers[i].pack(plain + 50, strlen(plain) - 50, packed + size);
        memset(packed + size, 0, 3);
        assert_int_equal(comes_out(packed, size + 3, plain, &got), ERROR_NONE);
        assert_int_equal(got, strlen(plain));
    }
}

static void test_garbage_after_a_member_is_an_error_after_what_came_before(void **state)
{
    (void)state;
    uint8_t packed[PACKED_MAX + 600];
    for (size_t i = 0; i < COUNT_OF(packers); i++) {
        size_t got, size = packers[i].pack(plain, strlen(plain), packed);
        memset(packed + size, 'x', 64);
        assert_int_equal(comes_out(packed, size + 64, plain, &got), ERROR_FORMAT);
        assert_int_equal(got, strlen(plain));
    }
}

static void test_every_cut_yields_what_came_before_and_says_so(void **state)
{
    (void)state;
    uint8_t packed[PACKED_MAX];
    for (size_t i = 0; i < COUNT_OF(packers); i++) {
        size_t got = 0, size = packers[i].pack(plain, strlen(plain), packed);
        for (size_t cut = 10; cut < size; cut++)
            assert_int_equal(comes_out(packed, cut, plain, &got), ERROR_CUT);
        bool is_one_block = packers[i].pack == pack_bzip2 || packers[i].pack == pack_zstd;
        assert_true(got > 0 || is_one_block);
    }
}

static void test_a_cut_shorter_than_any_magic_is_plain_or_cut(void **state)
{
    (void)state;
    uint8_t packed[PACKED_MAX];
    for (size_t i = 0; i < COUNT_OF(packers); i++) {
        (void)packers[i].pack(plain, strlen(plain), packed);
        for (size_t cut = 0; cut < 10; cut++) {
            struct input *in = opened(packed, cut);
            size_t available;
            (void)input_peek(in, 64, &available);
            assert_int_equal(available, input_compression(in) == NULL ? cut : 0);
            assert_true(input_failed(in, NULL) == (input_compression(in) != NULL));
            input_close(in);
        }
    }
}

static void test_a_cut_names_the_compressed_offset(void **state)
{
    (void)state;
    uint8_t packed[PACKED_MAX];
    (void)pack_gzip(plain, strlen(plain), packed);
    struct input *in = opened(packed, 40);
    struct error err = {0};
    size_t available;
    (void)input_peek(in, 1000, &available);
    assert_true(input_failed(in, &err));
    assert_non_null(strstr(err.text, "compressed offset 40: the gzip data is cut"));
    input_close(in);
}

static void test_one_compression_inside_another_is_undone(void **state)
{
    (void)state;
    uint8_t inner[PACKED_MAX], outer[PACKED_MAX];
    for (size_t i = 0; i < COUNT_OF(packers); i++) {
        const struct packer *second = &packers[(i + 1) % COUNT_OF(packers)];
        size_t got, size = packers[i].pack(plain, strlen(plain), inner);
        size = second->pack(inner, size, outer);
        assert_int_equal(comes_out(outer, size, plain, &got), ERROR_NONE);
        assert_int_equal(got, strlen(plain));
    }
}

static void test_a_cut_of_one_inside_another_is_a_cut(void **state)
{
    (void)state;
    uint8_t inner[PACKED_MAX], outer[PACKED_MAX];
    size_t got, size = pack_lz4(plain, strlen(plain), inner);
    size = pack_gzip(inner, size, outer);
    for (size_t cut = 40; cut < size; cut++) /* 40: enough for the magic inside */
        assert_int_equal(comes_out(outer, cut, plain, &got), ERROR_CUT);
    assert_int_equal(got, strlen(plain));
}

static void test_three_compressions_deep_are_refused(void **state)
{
    (void)state;
    uint8_t one[PACKED_MAX], two[PACKED_MAX];
    size_t size = pack_gzip(plain, strlen(plain), one);
    size = pack_xz(one, size, two);
    size = pack_gzip(two, size, one);
    struct error err = {0};
    assert_null(input_open_memory("deep", one, size, &err));
    assert_int_equal(err.kind, ERROR_LIMIT);
    assert_non_null(strstr(err.text, "more than 2 times over"));
}

/* A zstd frame with a window of 2^log bytes and count blocks that each repeat one byte 128 Ki
 * times. */
static size_t zstd_of_repeats(uint8_t *buffer, size_t size, unsigned log, unsigned count)
{
    struct writer w = writer_over(buffer, size);
    write_le32(&w, ZSTD_MAGICNUMBER);
    write_u8(&w, 0);
    write_u8(&w, (uint8_t)((log - 10) << 3));
    for (unsigned i = 0; i < count; i++) {
        uint32_t last = i + 1 == count, repeat_block = 1;
        uint32_t header = last | repeat_block << 1 | 128U * 1024 << 3;
        write_le16(&w, (uint16_t)header);
        write_u8(&w, (uint8_t)(header >> 16));
        write_u8(&w, 'A');
    }
    assert_false(w.failed);
    return w.used;
}

static void test_a_bomb_is_refused_at_the_named_expansion(void **state)
{
    (void)state;
    enum { BLOCKS = 12000 };
    size_t size = BLOCKS * 4 + 6, available;
    uint8_t *bomb = malloc(size);
    assert_non_null(bomb);
    struct input *in = opened(bomb, zstd_of_repeats(bomb, size, 20, BLOCKS));
    while (input_peek(in, 1, &available) != NULL && available != 0)
        input_take(in, available);
    struct error err = {0};
    assert_true(input_failed(in, &err));
    assert_int_equal(err.kind, ERROR_LIMIT);
    assert_non_null(strstr(err.text, "bomb"));
    assert_true(input_offset(in) > INPUT_EXPANSION_FREE + size * INPUT_EXPANSION_MAX);
    assert_true(input_offset(in) <
                INPUT_EXPANSION_FREE + size * INPUT_EXPANSION_MAX + 2 * INPUT_READ_BYTES);
    input_close(in);
    free(bomb);
}

static void test_dictionaries_beyond_the_limit_are_refused(void **state)
{
    (void)state;
    uint8_t packed[PACKED_MAX];
    size_t got, size = zstd_of_repeats(packed, sizeof packed, INPUT_DICTIONARY_LOG_MAX, 1);
    struct input *in = opened(packed, size);
    assert_false(input_failed(in, NULL));
    input_close(in);
    size = zstd_of_repeats(packed, sizeof packed, INPUT_DICTIONARY_LOG_MAX + 1, 1);
    assert_int_equal(comes_out(packed, size, "", &got), ERROR_LIMIT);

    /* LZMA2 is filter 0x21 with one property, the dictionary: 36 says 1 GiB. */
    size = pack_xz(plain, strlen(plain), packed);
    uint8_t *header = packed + 12;
    size_t header_bytes = (size_t)(header[0] + 1) * 4, at = 2;
    while (header[at] != 0x21 || header[at + 1] != 1)
        assert_true(++at < header_bytes - 4);
    header[at + 2] = 36;
    struct writer w = writer_over(header + header_bytes - 4, 4);
    write_le32(&w, lzma_crc32(header, header_bytes - 4, 0));
    assert_int_equal(comes_out(packed, size, "", &got), ERROR_LIMIT);
}

/* Only corruption of the last block may be lost with it: the blocks before come out. */
static void test_a_corrupt_block_costs_no_block_before_it(void **state)
{
    (void)state;
    uint8_t packed[64];
    size_t got, available, size = zstd_of_repeats(packed, sizeof packed, 20, 3);
    packed[size - 4] |= 3 << 1; /* the reserved block type */
    struct input *in = opened(packed, size);
    for (got = 0; input_peek(in, 1, &available) != NULL && available != 0; got += available)
        input_take(in, available);
    assert_true(input_failed(in, NULL));
    assert_int_equal(got, 2 * 128 * 1024);
    input_close(in);
}

static void make_path(char *path)
{
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    (void)close(fd);
}

static void write_file(const char *path, const uint8_t *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void test_a_file_is_seen_through_a_window_of_any_width(void **state)
{
    (void)state;
    static const size_t steps[] = {1000, 65537, INPUT_READ_BYTES, 700001, BIG_BYTES};
    uint8_t *big = malloc(BIG_BYTES);
    char path[] = "/tmp/wormsign-input-XXXXXX";
    make_path(path);
    assert_non_null(big);
    for (size_t i = 0; i < BIG_BYTES; i++)
        big[i] = (uint8_t)(i * 2654435761U >> 13);
    write_file(path, big, BIG_BYTES);
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        struct error err = {0};
        struct input *in = input_open(path, &err);
        assert_non_null(in);
        size_t size;
        uint8_t *all = drain(in, steps[i], &size);
        assert_int_equal(size, BIG_BYTES);
        assert_memory_equal(all, big, BIG_BYTES);
        assert_false(input_failed(in, &err));
        assert_int_equal(input_raw_offset(in), BIG_BYTES);
        assert_int_equal(input_raw_size(in), BIG_BYTES);
        free(all);
        input_close(in);
    }
    free(big);
    (void)unlink(path);
}

static void test_a_directory_and_a_missing_file_are_refused_in_words(void **state)
{
    (void)state;
    struct error err = {0};
    assert_null(input_open("/tmp", &err));
    assert_int_equal(err.kind, ERROR_SYSTEM);
    assert_string_equal(err.text, "is a directory, not a file");
    assert_null(input_open("/tmp/wormsign-no-such-file", &err));
    assert_int_equal(err.kind, ERROR_SYSTEM);
    assert_string_equal(err.text, "cannot open: No such file or directory");
}

/* Runs with stdin being a pipe that a child fills byte by byte, a pause after the first. */
static void with_stdin(const uint8_t *bytes, size_t size, int flags)
{
    int ends[2];
    int saved = dup(STDIN_FILENO);
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        for (size_t i = 0; i < size; i++) {
            if (write(ends[1], bytes + i, 1) != 1)
                _exit(1);
            if (i == 0)
                (void)usleep(20000);
        }
        _exit(0);
    }
    (void)close(ends[1]);
    assert_int_equal(fcntl(ends[0], F_SETFL, flags), 0);
    assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    (void)close(ends[0]);
    struct error err = {0};
    struct input *in = input_open("-", &err);
    assert_non_null(in);
    size_t got;
    uint8_t *all = drain(in, 9, &got);
    assert_false(input_failed(in, &err));
    assert_int_equal(got, strlen(plain));
    assert_memory_equal(all, plain, got);
    assert_int_equal(input_raw_offset(in), size);
    assert_int_equal(input_raw_size(in), 0);
    free(all);
    input_close(in);
    int ended;
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_int_equal(ended, 0);
    assert_int_equal(dup2(saved, STDIN_FILENO), STDIN_FILENO);
    (void)close(saved);
}

static void test_stdin_trickles_through_a_pipe(void **state)
{
    (void)state;
    uint8_t packed[PACKED_MAX];
    memcpy(packed, plain, strlen(plain));
    with_stdin(packed, strlen(plain), 0);
    for (size_t i = 0; i < COUNT_OF(packers); i++)
        with_stdin(packed, packers[i].pack(plain, strlen(plain), packed), 0);
}

static void test_a_non_blocking_stdin_is_waited_for(void **state)
{
    (void)state;
    uint8_t packed[PACKED_MAX];
    with_stdin(packed, pack_gzip(plain, strlen(plain), packed), O_NONBLOCK);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_memory_is_visible_at_once),
        cmocka_unit_test(test_nothing_ends_properly),
        cmocka_unit_test(test_every_compression_comes_out_as_it_went_in),
        cmocka_unit_test(test_compressed_nothing_is_nothing),
        cmocka_unit_test(test_members_are_read_one_after_the_other),
        cmocka_unit_test(test_zeros_after_and_between_members_are_padding),
        cmocka_unit_test(test_garbage_after_a_member_is_an_error_after_what_came_before),
        cmocka_unit_test(test_every_cut_yields_what_came_before_and_says_so),
        cmocka_unit_test(test_a_cut_shorter_than_any_magic_is_plain_or_cut),
        cmocka_unit_test(test_a_cut_names_the_compressed_offset),
        cmocka_unit_test(test_one_compression_inside_another_is_undone),
        cmocka_unit_test(test_a_cut_of_one_inside_another_is_a_cut),
        cmocka_unit_test(test_three_compressions_deep_are_refused),
        cmocka_unit_test(test_a_bomb_is_refused_at_the_named_expansion),
        cmocka_unit_test(test_dictionaries_beyond_the_limit_are_refused),
        cmocka_unit_test(test_a_corrupt_block_costs_no_block_before_it),
        cmocka_unit_test(test_a_file_is_seen_through_a_window_of_any_width),
        cmocka_unit_test(test_a_directory_and_a_missing_file_are_refused_in_words),
        cmocka_unit_test(test_stdin_trickles_through_a_pipe),
        cmocka_unit_test(test_a_non_blocking_stdin_is_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
