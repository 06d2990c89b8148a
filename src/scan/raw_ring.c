/* Layouts are those of <linux/if_packet.h>, by their offsets; the kernel writes native numbers.
 * A tag of priority alone (VLAN 0) is no VLAN (802.1Q, 9.6). */
#include "scan/raw_ring.h"

#include <linux/if_packet.h>

#include "wire/link.h"

enum {
    TAG_VLAN_MASK = 0xfff,
    ARP_ETHERNET = 1,
    ARP_SIZES = 0x0604,
    ARP_REQUEST = 1,
    ARP_REPLY = 2
};

/* A number of four bytes at this place. */
static uint32_t number_at(const struct raw_block *b, size_t at)
{
    struct reader r = reader_over(b->bytes, b->size);
    read_skip(&r, at);
    return read_le32(&r);
}

struct raw_block raw_block_over(const void *bytes, size_t size)
{
    struct raw_block b = {.bytes = bytes, .size = size};
    b.left = number_at(&b, offsetof(struct tpacket_block_desc, hdr.bh1.num_pkts));
    b.at = number_at(&b, offsetof(struct tpacket_block_desc, hdr.bh1.offset_to_first_pkt));
    return b;
}

bool raw_block_next(struct raw_block *b, struct raw_frame *out)
{
    if (b->left == 0 || b->at >= b->size)
        return false;
    uint32_t next = number_at(b, b->at + offsetof(struct tpacket3_hdr, tp_next_offset));
    uint32_t size = number_at(b, b->at + offsetof(struct tpacket3_hdr, tp_snaplen));
    uint32_t status = number_at(b, b->at + offsetof(struct tpacket3_hdr, tp_status));
    size_t start = number_at(b, b->at + offsetof(struct tpacket3_hdr, tp_mac)) & 0xffff;
    uint32_t tag = number_at(b, b->at + offsetof(struct tpacket3_hdr, hv1.tp_vlan_tci));
    struct reader r = reader_over(b->bytes, b->size);
    read_skip(&r, b->at);
    read_skip(&r, start);
    struct reader bytes = read_part(&r, size);
    if (r.failed) {
        b->left = 0;
        return false;
    }
    *out = (struct raw_frame){
        .bytes = bytes, .tagged = (status & TP_STATUS_VLAN_VALID) != 0, .tag = (uint16_t)tag};
    b->left = next > 0 ? b->left - 1 : 0;
    b->at += next;
    return true;
}

bool raw_frame_packet(const struct raw_frame *frame, bool bare, struct reader *packet,
                      struct reader *arp)
{
    struct reader r = frame->bytes;
    *arp = (struct reader){0};
    if (frame->tagged && (frame->tag & TAG_VLAN_MASK) != 0)
        return false;
    if (bare) {
        *packet = r;
        return r.left > 0;
    }
    read_skip(&r, 2 * (size_t)MAC_LENGTH);
    uint16_t type = read_be16(&r);
    if (type == ETHERTYPE_VLAN && (read_be16(&r) & TAG_VLAN_MASK) == 0)
        type = read_be16(&r);
    if (r.failed)
        return false;
    if (type == ETHERTYPE_ARP)
        *arp = r;
    *packet = r;
    return type == ETHERTYPE_IP4;
}

void raw_arp_write(struct writer *w, const uint8_t mac[static MAC_LENGTH], uint32_t source,
                   uint32_t whom)
{
    write_be16(w, ARP_ETHERNET);
    write_be16(w, ETHERTYPE_IP4);
    write_be16(w, ARP_SIZES);
    write_be16(w, ARP_REQUEST);
    write_bytes(w, mac, MAC_LENGTH);
    write_be32(w, source);
    write_zeros(w, MAC_LENGTH);
    write_be32(w, whom);
}

bool raw_arp_read(struct reader arp, uint32_t *host, const uint8_t **mac)
{
    uint16_t link = read_be16(&arp), network = read_be16(&arp), sizes = read_be16(&arp);
    uint16_t operation = read_be16(&arp);
    const uint8_t *sender = read_bytes(&arp, MAC_LENGTH);
    uint32_t address = read_be32(&arp);
    if (arp.failed || link != ARP_ETHERNET || network != ETHERTYPE_IP4 || sizes != ARP_SIZES ||
        operation != ARP_REPLY)
        return false;
    *host = address;
    *mac = sender;
    return true;
}
