/* One capture file read by several threads, each with a share of its flows: they meet
 * (source/meeting.h) over slots of packets, which whoever reads on decodes and sorts by share. */
#ifndef WORMSIGN_SOURCE_SHARED_PACKETS_H
#define WORMSIGN_SOURCE_SHARED_PACKETS_H

#include "source/meeting.h"
#include "source/packet_reader.h"

enum { SLOT_PACKETS = 2048, SLOT_WINDOWS = 32, SLOT_KEPT_BYTES = 128 * 1024 };

struct packet_slot {
    enum capture_result end;     /* as of a batch */
    struct error error;          /* of that end */
    struct source_counts counts; /* as they stand behind it */
    size_t window_count, kept_bytes;
    struct window *windows[SLOT_WINDOWS]; /* held: what the packets borrow from */
    size_t count[MEETING_SHARES_MAX];
    struct packet packets[SLOT_PACKETS]; /* a stretch for each share */
    uint8_t kept[SLOT_KEPT_BYTES];       /* payloads that were put together of fragments */
};

struct shared_packets;

/* Comes in for the share that the settings tell, through the meeting in them; path: of the input.
 * NULL and *err: it cannot be read. It is left by meeting_leave. */
struct shared_packets *shared_packets_join(const char *path, const struct source_settings *settings,
                                           struct error *err);

/* "pcap", "pcapng". */
const char *shared_packets_format(const struct shared_packets *s);

/* What is read from the file itself, for progress. */
const struct input *shared_packets_input(const struct shared_packets *s);

/* The packets of a share. */
const struct packet *packet_slot_of(const struct packet_slot *slot, unsigned share, unsigned shares,
                                    size_t *count);

#endif
