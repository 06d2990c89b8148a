/* Lets the frames of a capture pass an interface, at a pace: what a program that watches has to
 * keep up with.
 *
 *   bench_pass IFACE RATE SECONDS FILE
 *
 * RATE packets a second (0: as many as go); the capture is begun again at its end. Prints how many
 * were sent. The frames are read first (up to BYTES_MAX of them), so that only sending takes time.
 * Only an interface that the bench made, in a network namespace of its own, is sent by: others than
 * those called wormsign... are refused. */
#define _GNU_SOURCE /* sendmmsg */
#include <errno.h>
#include <inttypes.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { BATCH = 64, FRAMES_MAX = 1000000, BYTES_MAX = 512 << 20, FRAME_MAX = 1514 };

struct frames {
    uint8_t *bytes;
    size_t used, count;
    struct iovec at[FRAMES_MAX];
};

static int64_t now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

static bool read_frames(const char *path, struct frames *f)
{
    char why[PCAP_ERRBUF_SIZE];
    struct pcap_pkthdr *head;
    const u_char *bytes;
    pcap_t *capture = pcap_open_offline(path, why);
    if (capture == NULL) {
        (void)fprintf(stderr, "bench_pass: %s\n", why);
        return false;
    }
    while (f->count < FRAMES_MAX && pcap_next_ex(capture, &head, &bytes) == 1) {
        if (head->caplen > FRAME_MAX || head->caplen < sizeof(struct ether_header))
            continue;
        if (f->used + head->caplen > BYTES_MAX)
            break;
        memcpy(f->bytes + f->used, bytes, head->caplen);
        f->at[f->count++] = (struct iovec){f->bytes + f->used, head->caplen};
        f->used += head->caplen;
    }
    pcap_close(capture);
    return f->count > 0;
}

static int open_device(const char *name)
{
    int on = 1, fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    struct sockaddr_ll at = {.sll_family = AF_PACKET};
    at.sll_ifindex = (int)if_nametoindex(name);
    if (fd < 0 || at.sll_ifindex == 0 || strncmp(name, "wormsign", 8) != 0 ||
        bind(fd, (const struct sockaddr *)&at, sizeof at) != 0) {
        (void)fprintf(stderr, "bench_pass: %s: %s\n", name, strerror(errno));
        return -1;
    }
    (void)setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on);
    return fd;
}

/* Never more than the pace allows by now, in batches. */
static uint64_t pass(int fd, struct frames *f, double rate, double seconds)
{
    struct mmsghdr batch[BATCH];
    uint64_t sent = 0;
    int64_t began = now_us(), end = began + (int64_t)(seconds * 1e6);
    for (int64_t now = began; now < end; now = now_us()) {
        if (rate > 0 && (double)sent + BATCH > rate * (double)(now - began) / 1e6)
            continue;
        memset(batch, 0, sizeof batch);
        for (unsigned i = 0; i < BATCH; i++) {
            batch[i].msg_hdr.msg_iov = &f->at[(sent + i) % f->count];
            batch[i].msg_hdr.msg_iovlen = 1;
        }
        int done = sendmmsg(fd, batch, BATCH, 0);
        sent += done > 0 ? (uint64_t)done : 0;
    }
    return sent;
}

int main(int argc, char **argv)
{
    struct frames *f = calloc(1, sizeof *f);
    if (argc != 5 || f == NULL || (f->bytes = malloc(BYTES_MAX)) == NULL) {
        (void)fprintf(stderr, "bench_pass: IFACE RATE SECONDS FILE, please\n");
        return 1;
    }
    int fd = read_frames(argv[4], f) ? open_device(argv[1]) : -1;
    if (fd < 0)
        return 1;
    printf("%" PRIu64 "\n", pass(fd, f, strtod(argv[2], NULL), strtod(argv[3], NULL)));
    return 0;
}
