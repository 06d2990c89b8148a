/* From a captured frame to a packet: link layer, tags, tunnels, IP, fragments, transport.
 *
 * Link types by their number in the capture (LINKTYPE_ registry). Tunnels (GRE, IP-in-IP, VXLAN)
 * are opened one level deep. IPv4 and IPv6 fragments are put together within the limits named here;
 * what is let go is counted. Nothing else is kept between frames. */
#ifndef WORMSIGN_OBSERVE_FRAME_H
#define WORMSIGN_OBSERVE_FRAME_H

#include "observe/packet.h"

enum frame_result {
    FRAME_PACKET,      /* *out is filled: TCP, UDP, ICMP or another IP protocol */
    FRAME_KEPT,        /* a fragment, kept until the rest comes: *out has addresses and protocol */
    FRAME_OTHER,       /* sound, but nothing of ours: ARP, STP, control frames */
    FRAME_DAMAGED,     /* a length or header that cannot be: counted, skipped */
    FRAME_UNKNOWN_LINK /* a link type that we cannot read */
};

enum {
    FRAGMENT_DATAGRAMS_MAX = 256, /* datagrams being put together at a time */
    FRAGMENT_BYTES_MAX = 65535,   /* of one datagram */
    FRAGMENT_AGE_MAX_S = 30       /* seconds until an unfinished datagram is let go */
};

struct frame_decoder;

/* What was met, for the summary. */
struct frame_counts {
    uint64_t packets, other, damaged, unknown_link;
    uint64_t fragments_kept, fragments_let_go; /* let go: datagrams given up for age or room */
};

/* A decoder with its fragment store (a few MiB at most, taken when first needed). NULL: no
 * memory. */
struct frame_decoder *frame_decoder_new(void);
void frame_decoder_free(struct frame_decoder *d); /* NULL is fine */

/* Decodes one frame as captured; wire_length is its length on the wire. *out is written only for
 * FRAME_PACKET and, without ports and payload, for FRAME_KEPT. */
enum frame_result frame_decode(struct frame_decoder *d, uint32_t link_type, int64_t when_us,
                               struct reader frame, size_t wire_length, struct packet *out);

/* Reads the packet that an ICMP error quotes (r: behind the error's own header). Of one that is
 * neither TCP nor UDP, or too short for its ports, *quote is left as it is. */
void frame_quote_read(struct reader r, struct packet_quote *quote);

const struct frame_counts *frame_decoder_counts(const struct frame_decoder *d);

/* "Ethernet" and the like; NULL for a link type that frame_decode cannot read. */
const char *frame_link_name(uint32_t link_type);

#endif
