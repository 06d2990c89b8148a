/* The print takes in what a router leaves alone: both ends, sequence and acknowledgement number,
 * identification, checksum, flags and length. Which end sent it is told apart from the rest: an
 * echo has the checksum of what it echoes, for adding up does not ask for the order. */
#include "observe/mirrors.h"

#include "base/hash.h"

bool mirrors_hold(struct mirrors *m, const struct packet *p, uint64_t flow_hash, unsigned from)
{
    if (p->ip_id == 0 && (p->checksum == 0 || p->payload_length == 0))
        return false;
    uint64_t print = flow_hash ^
                     hash_pair((uint64_t)p->sequence << 32 | p->acknowledgement,
                               (uint64_t)p->ip_id << 48 | (uint64_t)p->checksum << 32 |
                                   (uint64_t)p->tcp_flags << 24 | (p->payload_length & 0xffffff));
    print += from;
    int64_t apart = p->when_us - m->kept[print % MIRROR_PLACES].when_us;
    if (m->kept[print % MIRROR_PLACES].print == print && apart <= MIRROR_WINDOW_US &&
        apart >= -MIRROR_WINDOW_US)
        return true;
    m->kept[print % MIRROR_PLACES].print = print;
    m->kept[print % MIRROR_PLACES].when_us = p->when_us;
    return false;
}
