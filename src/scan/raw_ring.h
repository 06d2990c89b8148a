/* The ring into which the kernel puts what came (TPACKET_V3): blocks of packets, read in place.
 *
 * Only the walk through a block is here, without a socket: what the block says of itself is
 * believed as little as what is in its packets. */
#ifndef WORMSIGN_SCAN_RAW_RING_H
#define WORMSIGN_SCAN_RAW_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/reader.h"
#include "base/writer.h"
#include "wire/build.h"

struct raw_block {
    const uint8_t *bytes; /* all of it */
    size_t size;
    uint32_t left; /* packets that were not read */
    size_t at;     /* of the next one */
};

struct raw_frame {
    struct reader bytes; /* from the link header on */
    bool tagged;         /* the card took a tag out of it: tag is its TCI */
    uint16_t tag;
};

/* Begins to read a block that the kernel has given us. */
struct raw_block raw_block_over(const void *bytes, size_t size);

/* The next frame; false behind the last, or where the block is damaged. */
bool raw_block_next(struct raw_block *b, struct raw_frame *out);

/* The IPv4 packet of an Ethernet frame, or with `bare` of one that has no link header; false for
 * any other, and for those of another VLAN: the tag is put back first, so to speak. *arp is set
 * instead where it is an ARP packet. */
bool raw_frame_packet(const struct raw_frame *frame, bool bare, struct reader *packet,
                      struct reader *arp);

/* Who-has, behind the link header: who at this address and MAC asks for whom. */
void raw_arp_write(struct writer *w, const uint8_t mac[static MAC_LENGTH], uint32_t source,
                   uint32_t whom);

/* An answer to who-has: this address is at this MAC. */
bool raw_arp_read(struct reader arp, uint32_t *host, const uint8_t **mac);

#endif
