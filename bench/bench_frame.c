/* How long the frame decoder takes for a packet: a capture is read into memory whole, and its
 * frames are decoded in a trivial loop, several times over.
 *
 *   bench_frame FILE.pcap [ROUNDS]     ns a frame, best and median round
 *
 * Over the whole capture the loop waits for memory; so the first CACHED_BYTES of it are measured
 * too, again and again, which shows what the decoder itself costs. Reads classic pcap in the byte
 * order of this machine alone; files are for source/capture_file. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "observe/frame.h"

enum {
    ROUNDS_MAX = 100,
    PCAP_HEADER = 24,
    CACHED_BYTES = 256 * 1024, /* stays in the second-level cache */
    CACHED_REPEATS = 1000
};

struct capture {
    uint8_t *bytes;
    size_t size;
    uint32_t link_type;
};

struct round {
    uint64_t frames, sum;
    double ns;
};

static bool capture_load(const char *path, struct capture *out)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return false;
    (void)fseek(file, 0, SEEK_END);
    long size = ftell(file);
    (void)fseek(file, 0, SEEK_SET);
    out->size = size > 0 ? (size_t)size : 0;
    out->bytes = malloc(out->size + 1);
    bool whole = out->bytes != NULL && fread(out->bytes, 1, out->size, file) == out->size;
    (void)fclose(file);
    if (!whole)
        return false;
    struct reader r = reader_over(out->bytes, out->size);
    uint32_t magic = read_le32(&r);
    read_skip(&r, 16);
    out->link_type = read_le32(&r);
    return !r.failed && magic == 0xa1b2c3d4;
}

static double now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* d NULL: the loop alone, with one byte of each frame touched. */
static void frames_run(const struct capture *c, size_t size, struct frame_decoder *d,
                       struct round *round)
{
    struct packet packet;
    struct reader r = reader_over(c->bytes, size);
    read_skip(&r, PCAP_HEADER);
    while (r.left > 0) {
        int64_t when_us = (int64_t)read_le32(&r) * 1000000;
        when_us += read_le32(&r);
        uint32_t captured = read_le32(&r);
        uint32_t wire_length = read_le32(&r);
        struct reader frame = read_part(&r, captured);
        if (r.failed)
            break;
        round->frames++;
        if (d == NULL)
            round->sum += read_u8(&frame);
        else if (frame_decode(d, c->link_type, when_us, frame, wire_length, &packet) ==
                 FRAME_PACKET)
            round->sum += packet.port_to + packet.payload_length;
    }
}

static struct round round_run(const struct capture *c, size_t size, unsigned repeats,
                              struct frame_decoder *d)
{
    struct round round = {0};
    double start = now_ns();
    for (unsigned i = 0; i < repeats; i++)
        frames_run(c, size, d, &round);
    round.ns = now_ns() - start;
    return round;
}

static int by_ns(const void *a, const void *b)
{
    const struct round *left = a, *right = b;
    return (left->ns > right->ns) - (left->ns < right->ns);
}

static void rounds_print(const char *name, struct round *rounds, size_t count)
{
    qsort(rounds, count, sizeof *rounds, by_ns);
    double frames = (double)rounds[0].frames;
    printf("  %-22s %llu frames, best %.2f ns/frame, median %.2f (sum %llu)\n", name,
           (unsigned long long)rounds[0].frames, rounds[0].ns / frames,
           rounds[count / 2].ns / frames, (unsigned long long)rounds[0].sum);
}

static void measure(const struct capture *c, size_t size, unsigned repeats, size_t count,
                    struct frame_decoder *d)
{
    static struct round bare[ROUNDS_MAX], decoded[ROUNDS_MAX];
    for (size_t i = 0; i < count; i++) {
        bare[i] = round_run(c, size, repeats, NULL);
        decoded[i] = round_run(c, size, repeats, d);
    }
    printf("%zu bytes, %u times:\n", size, repeats);
    rounds_print("loop alone", bare, count);
    rounds_print("loop and frame_decode", decoded, count);
}

int main(int argc, char **argv)
{
    struct capture c;
    size_t count = argc > 2 ? strtoul(argv[2], NULL, 10) : 9;
    if (argc < 2 || count == 0 || count > ROUNDS_MAX) {
        (void)fprintf(stderr, "usage: bench_frame FILE.pcap [ROUNDS up to %d]\n", ROUNDS_MAX);
        return 2;
    }
    if (!capture_load(argv[1], &c)) {
        (void)fprintf(stderr, "%s: no little-endian pcap that can be read\n", argv[1]);
        return 1;
    }
    struct frame_decoder *d = frame_decoder_new();
    if (d == NULL)
        return 1;
    measure(&c, c.size, 1, count, d);
    measure(&c, c.size < CACHED_BYTES ? c.size : CACHED_BYTES, CACHED_REPEATS, count, d);
    const struct frame_counts *k = frame_decoder_counts(d);
    printf("all rounds: packets %llu, other %llu, damaged %llu, fragments kept %llu\n",
           (unsigned long long)k->packets, (unsigned long long)k->other,
           (unsigned long long)k->damaged, (unsigned long long)k->fragments_kept);
    frame_decoder_free(d);
    free(c.bytes);
    return 0;
}
