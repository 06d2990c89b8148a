/* 802.11 data frames, bare and behind the headers of capture drivers.
 *
 * IEEE 802.11-2020 §9: frame control 2, duration 2, three addresses 18, sequence control 2, a
 * fourth address where both DS bits are set, QoS control 2 for QoS data, HT control 4 where the
 * order bit of a QoS frame is set; then LLC. Encrypted, fragmented and control frames hold nothing
 * that can be read. Of an aggregate (A-MSDU) the first frame is read: one frame in is one packet
 * out here. Radiotap from radiotap.org: little-endian, fields aligned to their size from the
 * header's start. */
#include "wire/link.h"

#include <stdbool.h>

enum {
    WIFI_TYPE_MASK = 0x000c,
    WIFI_TYPE_DATA = 0x0008,
    WIFI_NO_DATA = 0x0040,
    WIFI_QOS = 0x0080,
    WIFI_BOTH_DS = 0x0300,
    WIFI_MORE_FRAGMENTS = 0x0400,
    WIFI_PROTECTED = 0x4000,
    WIFI_ORDER = 0x8000,
    WIFI_QOS_AGGREGATE = 0x0080
};

enum {
    RADIOTAP_HAS_TIME = 1 << 0,
    RADIOTAP_HAS_FLAGS = 1 << 1,
    RADIOTAP_FLAG_PADDED = 0x20, /* the 802.11 header is padded to a multiple of 4 */
    RADIOTAP_FLAG_BAD_FCS = 0x40,
    RADIOTAP_WORDS_MAX = 16 /* of the field of presence; more is damage */
};

static enum network wifi_data_open(struct reader *r, bool padded)
{
    uint16_t control = read_le16(r);
    if (r->failed)
        return NETWORK_DAMAGED;
    if ((control & 3) != 0 || (control & WIFI_TYPE_MASK) != WIFI_TYPE_DATA ||
        (control & (WIFI_NO_DATA | WIFI_MORE_FRAGMENTS | WIFI_PROTECTED)) != 0)
        return NETWORK_NONE;
    size_t header_length = 24;
    uint16_t quality = 0;
    read_skip(r, 20);
    uint16_t sequence = read_le16(r);
    if ((control & WIFI_BOTH_DS) == WIFI_BOTH_DS) {
        read_skip(r, 6);
        header_length += 6;
    }
    if ((control & WIFI_QOS) != 0) {
        quality = read_le16(r);
        header_length += 2;
    }
    if ((control & WIFI_QOS) != 0 && (control & WIFI_ORDER) != 0) {
        read_skip(r, 4);
        header_length += 4;
    }
    if (padded)
        read_skip(r, (4 - header_length % 4) % 4);
    if ((sequence & 0xf) != 0)
        return NETWORK_NONE;
    if ((quality & WIFI_QOS_AGGREGATE) != 0)
        read_skip(r, 14);
    /* Type 0 is a length as far as Ethernet goes, and so stands for "LLC follows". */
    return ethertype_open(0, r);
}

enum network wifi_open(struct reader *frame)
{
    return wifi_data_open(frame, false);
}

enum network wifi_radiotap_open(struct reader *frame)
{
    struct reader ahead = *frame;
    uint8_t version = read_u8(&ahead);
    read_skip(&ahead, 1);
    struct reader header = read_part(frame, read_le16(&ahead));
    read_skip(&header, 4);
    uint32_t present = read_le32(&header);
    size_t at = 8;
    for (uint32_t more = present; more >> 31 != 0 && !header.failed; at += 4) {
        if (at == 4 + 4 * RADIOTAP_WORDS_MAX)
            return NETWORK_DAMAGED;
        more = read_le32(&header);
    }
    if ((present & RADIOTAP_HAS_TIME) != 0)
        read_skip(&header, (8 - at % 8) % 8 + 8);
    uint8_t flags = (present & RADIOTAP_HAS_FLAGS) != 0 ? read_u8(&header) : 0;
    if (ahead.failed || frame->failed || header.failed || version != 0)
        return NETWORK_DAMAGED;
    if ((flags & RADIOTAP_FLAG_BAD_FCS) != 0)
        return NETWORK_DAMAGED;
    return wifi_data_open(frame, (flags & RADIOTAP_FLAG_PADDED) != 0);
}

/* AVS begins with the magic number 0x80211001 or ...2 and gives its length as the second word, most
 * significant byte first. Prism gives its length there too, in the byte order of its writer. */
enum network wifi_prism_open(struct reader *frame)
{
    struct reader ahead = *frame;
    read_skip(&ahead, 4);
    uint32_t length = read_be32(&ahead);
    if (length > 0xffff)
        length = __builtin_bswap32(length);
    if (ahead.failed || length < 8)
        return NETWORK_DAMAGED;
    read_skip(frame, length);
    return wifi_open(frame);
}
