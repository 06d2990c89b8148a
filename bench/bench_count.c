/* Counts the packets of a capture with libpcap and does nothing else: what any program that reads
 * captures by it must take at least.
 *
 *   bench_count FILE     prints how many there are */
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdint.h>
#include <stdio.h>

static void count(u_char *context, const struct pcap_pkthdr *head, const u_char *bytes)
{
    uint64_t *packets = (uint64_t *)(void *)context;
    (void)head, (void)bytes;
    (*packets)++;
}

int main(int argc, char **argv)
{
    char why[PCAP_ERRBUF_SIZE];
    uint64_t packets = 0;
    pcap_t *capture = argc == 2 ? pcap_open_offline(argv[1], why) : NULL;
    if (capture == NULL) {
        (void)fprintf(stderr, "bench_count: %s\n", argc == 2 ? why : "one capture, please");
        return 1;
    }
    (void)pcap_loop(capture, -1, count, (u_char *)&packets);
    pcap_close(capture);
    printf("%" PRIu64 "\n", packets);
    return 0;
}
