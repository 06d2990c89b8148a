/* The inside of the evidence store, shared by hosts.c (what is kept) and hosts_room.c (what is let
 * go) alone. */
#ifndef WORMSIGN_EVIDENCE_HOSTS_INSIDE_H
#define WORMSIGN_EVIDENCE_HOSTS_INSIDE_H

#include "base/hash.h"
#include "evidence/gone.h"
#include "evidence/hosts.h"
#include "evidence/pieces.h"

struct hosts {
    struct hosts_limits limits;
    struct hosts_keeper keeper;
    size_t slot_sizes[HOSTS_KINDS_MAX];
    unsigned kind_count;
    struct pieces pieces;
    struct set_pool sets;
    struct set met;
    struct host_day **table; /* table_size places, a power of two; NULL: free */
    size_t table_size, count;
    struct host_day **sorted;      /* made by hosts_sorted */
    struct host_day *last;         /* found last: observations come in runs of one host */
    struct gone gone;              /* host-days that were let go or refused */
    int32_t gone_first, gone_last; /* the days of these */
    int32_t first_day;             /* of before it nothing is kept */
    uint64_t refused, let_go;
    bool shut; /* nothing more can be let go, so no host-day is begun whole any more */
};

static inline uint64_t host_day_hash(struct address host, int32_t day)
{
    return hash_pair(hash_address(host), (uint32_t)day);
}

static inline size_t host_slot_size(const struct hosts *h, unsigned kind)
{
    return sizeof(struct host_slot) + h->slot_sizes[kind];
}

/* hosts.c: where in the table it is, or would be. */
size_t hosts_place_of(struct host_day *const *table, size_t size, struct address host, int32_t day);

/* hosts_room.c: from now on this host-day is not begun whole. False where that cannot be kept in
 * mind: then the store is shut. */
bool hosts_bury(struct hosts *h, struct address host, int32_t day);

#endif
