/* The inside of the names, shared by names.c (keeping) and names_chosen.c (choosing) alone. */
#ifndef WORMSIGN_EVIDENCE_NAMES_INSIDE_H
#define WORMSIGN_EVIDENCE_NAMES_INSIDE_H

#include "base/address.h"
#include "base/arena.h"
#include "evidence/names.h"
#include "evidence/span.h"
#include "wire/told_name.h"

/* Of whom something is told: an address, or a MAC (then the address is zero). */
struct name_subject {
    struct address address;
    uint64_t mac;
};

struct name_kept {
    struct name_kept *next;
    uint64_t hash; /* of text and MAC */
    uint64_t mac;  /* 0: not told with it */
    struct span span;
    enum told_kind kind;
    char text[TOLD_NAME_SIZE];
};

/* An address that a machine had: given_us is when it first got it anew on this day, INT64_MAX:
 * never. Where it was heard before that, it had it already. */
struct lease_kept {
    uint64_t mac;
    int64_t given_us;
    struct span span;
};

/* What was told of one subject on one day. */
struct name_day {
    struct name_subject of;
    int32_t day;
    unsigned overflowed; /* bits (1 << enum told_kind): more names than are kept */
    bool leases_overflowed;
    uint8_t lease_count, lease_room;
    struct name_kept *names;
    struct lease_kept *leases;
};

/* A row of the history of a MAC. */
struct lease_row {
    struct address address;
    const struct lease_kept *lease;
};

struct names {
    struct arena arena;
    struct name_day **table; /* table_size places, a power of two; NULL: free */
    size_t table_size, count;
    uint64_t refused;
    /* Made by names_settle: days by subject and day, leases by MAC and time. */
    struct name_day **days;
    struct lease_row *leases;
    size_t day_count, lease_count;
};

/* More was told of this subject on this day than is kept; nothing, where nothing is. */
void names_note_overflow(struct names *n, struct address address, uint64_t mac, int32_t day,
                         unsigned kinds, bool leases);

/* Order of subjects. */
int name_subject_compare(struct name_subject a, struct name_subject b);

#endif
