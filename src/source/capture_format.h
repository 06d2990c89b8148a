/* What capture_file.c shares with the two formats behind it; nobody else includes this. */
#ifndef WORMSIGN_SOURCE_CAPTURE_FORMAT_H
#define WORMSIGN_SOURCE_CAPTURE_FORMAT_H

#include <stdbool.h>
#include <stdint.h>
#include "base/compiler.h"
#include "base/error.h"
#include "base/reader.h"
#include "source/capture_file.h"
#include "source/input.h"

struct capture_format {
    const char *id;
    bool (*recognises)(const uint8_t *start, size_t size);
    bool (*begin)(struct capture_file *c, struct error *err); /* reads and takes the file header */
    enum capture_result (*next)(struct capture_file *c, struct capture_frame *out,
                                struct error *err);
    enum capture_result (*more)(struct capture_file *c, struct capture_frame *out, size_t most,
                                size_t *count, struct error *err);
};

enum pcap_lengths { PCAP_LENGTHS_IN_ORDER, PCAP_LENGTHS_SWAPPED, PCAP_LENGTHS_PERHAPS };

struct pcap_state {
    bool nanoseconds;
    enum pcap_lengths lengths;
    uint32_t fractions_per_second;
    uint32_t link_type;
    size_t header_bytes;   /* of a record: 16, modified 24 */
    uint32_t last_seconds; /* of the last frame with bytes: what the search behind damage goes by */
    bool any_frame;
};

/* How an interface counts time: units of 10^-exponent or 2^-exponent seconds, from an offset. */
struct pcapng_interface {
    bool usable;     /* false: damaged; it keeps its number, its frames are skipped */
    bool time_known; /* false: its time options were damaged; its frames have no time */
    bool binary;
    uint8_t exponent;
    int64_t offset_seconds;
    uint32_t snap_length; /* 0: no limit */
    uint32_t link_type;
};

struct pcapng_state {
    uint32_t interface_count;            /* of the section */
    struct pcapng_interface *interfaces; /* CAPTURE_INTERFACES_MAX */
};

struct capture_file {
    struct input *in; /* borrowed */
    const struct capture_format *format;
    bool big_endian; /* of the file, or of the section */
    struct pcap_state pcap;
    struct pcapng_state pcapng;
    struct capture_notes notes;
};

extern const struct capture_format capture_pcap, capture_pcapng;

static ALWAYS_INLINE uint16_t capture_read_16(struct reader *r, bool big_endian)
{
    return big_endian ? read_be16(r) : read_le16(r);
}

static ALWAYS_INLINE uint32_t capture_read_32(struct reader *r, bool big_endian)
{
    return big_endian ? read_be32(r) : read_le32(r);
}

/* For bytes that are not there: the input's own error when it has one, else "offset N: <what> is
 * cut". */
COLD bool capture_fail_cut(const struct input *in, const char *what, uint64_t wanted,
                           struct error *err);

/* The same at the place where a record may begin: CAPTURE_END when nothing at all is left there. */
COLD enum capture_result capture_stop(struct input *in, const char *what, uint64_t wanted,
                                      struct error *err);

#endif
