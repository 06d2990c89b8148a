/* How fast capture files are read: a bare loop over our reader against the same loop over libpcap,
 * on the same file in the same run, best of several rounds each (the file should be in the page
 * cache).
 *
 *   bench_capture FILE             packets a second of both, and their ratio
 *   bench_capture --list FILE...   one line a file: name, format, frames, damage stepped over, end
 *
 * Both loops count packets and sum captured bytes, and must agree. */
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "source/capture_file.h"
#include "source/input.h"

enum { ROUNDS = 5 };

struct tally {
    uint64_t frames, bytes, skipped;
    int64_t last_us; /* the time is used, so that no compiler leaves its reading out */
    double seconds;
};

static double now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static enum capture_result walk(struct capture_file *c, struct tally *tally, struct error *err)
{
    struct error skipped;
    for (;;) {
        struct capture_frame frame;
        enum capture_result result = capture_file_next(c, &frame, err);
        switch (result) {
        case CAPTURE_FRAME:
            tally->frames++;
            tally->bytes += frame.bytes.left;
            tally->last_us = frame.when_us;
            break;
        case CAPTURE_SKIPPED:
            skipped = *err;
            if (tally->skipped++ == 0)
                fprintf(stderr, "skipped: %s\n", skipped.text);
            break;
        case CAPTURE_END:
        case CAPTURE_DAMAGED:
            return result;
        }
    }
}

static bool run_ours(const char *path, struct tally *tally)
{
    struct error err = {0};
    double begun = now();
    struct input *in = input_open(path, &err);
    struct capture_file *c = in != NULL ? capture_file_open(in, &err) : NULL;
    bool ended = c != NULL && walk(c, tally, &err) == CAPTURE_END;
    capture_file_close(c);
    input_close(in);
    tally->seconds = now() - begun;
    if (!ended)
        fprintf(stderr, "%s: %s\n", path, err.text);
    return ended;
}

static bool run_libpcap(const char *path, struct tally *tally)
{
    char text[PCAP_ERRBUF_SIZE];
    double begun = now();
    pcap_t *p = pcap_open_offline(path, text);
    if (p == NULL) {
        fprintf(stderr, "%s\n", text);
        return false;
    }
    struct pcap_pkthdr *header;
    const u_char *bytes;
    while (pcap_next_ex(p, &header, &bytes) == 1) {
        tally->frames++;
        tally->bytes += header->caplen;
        tally->last_us = (int64_t)header->ts.tv_sec * 1000000 + header->ts.tv_usec;
    }
    pcap_close(p);
    tally->seconds = now() - begun;
    return true;
}

static void list_one(const char *path)
{
    struct error err = {0};
    struct tally tally = {0};
    struct input *in = input_open(path, &err);
    struct capture_file *c = in != NULL ? capture_file_open(in, &err) : NULL;
    enum capture_result end = c != NULL ? walk(c, &tally, &err) : CAPTURE_DAMAGED;
    const char *why = end == CAPTURE_END ? "end" : err.text;
    printf("%s\t%s\t%" PRIu64 "\t%" PRIu64 "\t%s\n", path, c != NULL ? capture_file_format(c) : "-",
           tally.frames, tally.skipped, c != NULL || end == CAPTURE_END ? why : err.text);
    capture_file_close(c);
    input_close(in);
}

static void best(struct tally *best_so_far, struct tally round)
{
    if (best_so_far->seconds <= 0 || round.seconds < best_so_far->seconds)
        *best_so_far = round;
}

static int compare(const char *path)
{
    struct tally ours = {0}, libpcap = {0};
    for (int round = 0; round < ROUNDS; round++) {
        struct tally a = {0}, b = {0};
        if (!run_ours(path, &a) || !run_libpcap(path, &b))
            return 1;
        best(&ours, a);
        best(&libpcap, b);
    }
    double ours_rate = (double)ours.frames / ours.seconds;
    double libpcap_rate = (double)libpcap.frames / libpcap.seconds;
    printf("ours\t%" PRIu64 " packets\t%" PRIu64 " bytes\t%.3f s\t%.2f M packets/s\n", ours.frames,
           ours.bytes, ours.seconds, ours_rate / 1e6);
    printf("libpcap\t%" PRIu64 " packets\t%" PRIu64 " bytes\t%.3f s\t%.2f M packets/s\n",
           libpcap.frames, libpcap.bytes, libpcap.seconds, libpcap_rate / 1e6);
    printf("ratio\t%.2f\n", ours_rate / libpcap_rate);
    return ours.frames == libpcap.frames && ours.bytes == libpcap.bytes &&
                   ours.last_us == libpcap.last_us
               ? 0
               : 1;
}

int main(int argc, char **argv)
{
    if (argc >= 2 && strcmp(argv[1], "--list") == 0) {
        for (int i = 2; i < argc; i++)
            list_one(argv[i]);
        return 0;
    }
    if (argc != 2) {
        fprintf(stderr, "usage: bench_capture FILE | bench_capture --list FILE...\n");
        return 2;
    }
    return compare(argv[1]);
}
