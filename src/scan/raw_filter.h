/* Which packets the ring is given: a program for the kernel's packet filter (classic BPF). */
#ifndef WORMSIGN_SCAN_RAW_FILTER_H
#define WORMSIGN_SCAN_RAW_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

enum { RAW_FILTER_ROWS = 32 };

struct raw_filter {
    bool bare; /* no Ethernet header */
    uint32_t source;
    uint16_t tcp_first, tcp_count, udp_first, udp_count;
};

/* Returns how many rows it has. */
unsigned short raw_filter_write(const struct raw_filter *f,
                                struct sock_filter rows[static RAW_FILTER_ROWS]);

#endif
