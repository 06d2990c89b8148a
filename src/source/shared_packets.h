/* One capture file read by several threads, each with a share of its flows: they meet
 * (source/meeting.h) over slots of packets, which whoever reads on decodes and sorts by share. */
#ifndef WORMSIGN_SOURCE_SHARED_PACKETS_H
#define WORMSIGN_SOURCE_SHARED_PACKETS_H

#include "source/packet_reader.h"
#include "source/stretches.h"

enum { SLOT_PACKETS = 2048, SLOT_KEPT_BYTES = 128 * 1024 };

struct packet_slot {
    enum capture_result end;     /* as of a batch */
    struct error error;          /* of that end */
    struct source_counts counts; /* as they stand behind it */
    struct input_held held;      /* what the packets borrow from */
    size_t kept_bytes;
    struct stretches stretches;
    struct packet packets[SLOT_PACKETS]; /* a stretch for each share */
    uint8_t kept[SLOT_KEPT_BYTES];       /* payloads that were put together of fragments */
};

struct shared_packets;

/* Comes in for the share that the settings tell, through the meeting in them. NULL and *err: the
 * file cannot be read. */
struct shared_packets *shared_packets_join(const struct source_settings *settings,
                                           struct error *err);

/* "pcap", "pcapng". */
const char *shared_packets_format(const struct shared_packets *s);

#endif
