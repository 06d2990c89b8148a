/* What a source is: it reads one input and pours observations. A source is one file and one row in
 * sources.c; it is chosen by the first bytes of the input, never by a file's name. */
#ifndef WORMSIGN_SOURCE_SOURCE_H
#define WORMSIGN_SOURCE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "observe/observation.h"
#include "source/input.h"

enum source_result {
    SOURCE_MORE,    /* a record was read; whatever it meant has been poured */
    SOURCE_SKIPPED, /* damage that could be stepped over: *err says what and where */
    SOURCE_END,     /* the proper end */
    SOURCE_DAMAGED  /* *err says what and where; nothing more can be read */
};

struct meeting;

struct source_settings {
    int64_t since_us, until_us; /* records before, or at and after, are passed over */
    /* Only TCP and UDP flows with this port on either side are wanted, of records and packets
     * alike; others are counted and passed over as early as can be. 0: all. */
    uint16_t only_port;
    bool flow_records; /* nothing but these is wanted: a capture's flows are put together */
    /* Of all flows, by their key, only those of this share are poured; with 0 or 1 share, all. What
     * is counted before flows are told apart is counted by share 0. Two shares or more read the
     * input together, through a meeting that each share joins once; it is borrowed. */
    unsigned share, shares;
    struct meeting *meeting;
};

/* What a source met, for the summary. What was let go for want of room is a limit hit. */
struct source_counts {
    uint64_t records, bytes; /* bytes: of the decompressed stream, as far as it was read */
    uint64_t frames_damaged, frames_unknown_link, frames_without_time;
    uint64_t odd_times; /* fractions of a second or more, years that no calendar has */
    uint64_t packets, mirrored, dns_damaged;
    uint64_t flows, flows_let_go, heads_let_go, fragments_let_go;
    /* Of archives of flow records: 1 each; without user data: no record has any. */
    uint64_t archives, archives_without_data;
    uint64_t smb_cut;         /* what clients said to SMB, cut by the sensor's limit of user data */
    uint64_t records_damaged; /* a part of the record could not be read; the others were */
    uint64_t records_passed_over; /* of more than one host, or without key or time */
    uint64_t records_outside;     /* before since_us, or at or after until_us */
    uint32_t unknown_link;        /* one of the link types that could not be read */
};

enum { SOURCE_START_BYTES = 64 }; /* what recognises is shown, where the input has so many */

struct source_format {
    const char *id, *claim;
    bool is_of_records; /* flow records are what it has; else they are put together of packets */
    bool (*recognises)(const uint8_t *start, size_t size);
    /* Borrows the input until close. NULL and *err when its head cannot be read. */
    void *(*open)(struct input *in, const struct source_settings *settings, struct error *err);
    const char *(*format)(const void *state); /* more exactly than id: "pcap", "pcapng" */
    enum source_result (*next)(void *state, struct sink *to, struct error *err);
    void (*counts)(const void *state, struct source_counts *out);
    void (*close)(void *state);
};

/* All sources, ended by NULL. */
extern const struct source_format *const source_formats[];

/* The source that recognises the input, or NULL. */
const struct source_format *source_format_for(struct input *in);

#endif
