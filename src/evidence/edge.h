/* An edge: one host did something to another that infects, or that follows an infection. Kept at
 * the victim, who was attacked by few, and joined when all evidence is there, so that files and
 * days may come in any order.
 *
 * An exploit says where the victim shall fetch the worm (its call-back URL); a call-back is that
 * fetch. Where both agree, the one is the proof of the other. */
#ifndef WORMSIGN_EVIDENCE_EDGE_H
#define WORMSIGN_EVIDENCE_EDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/address.h"

enum edge_cause { EDGE_EXPLOIT, EDGE_CALLBACK };

enum { EDGE_SAYS_SIZE = 240 };

struct edge {
    enum edge_cause cause;
    struct address from, to; /* from: the one that infects */
    int64_t when_us;
    unsigned variants; /* bits; 0: not told */
    /* EXPLOIT: the URL in it; CALLBACK: what was fetched. port 0: not known. */
    struct address url_host;
    uint16_t url_port;
    uint64_t url_path;         /* hash_bytes of the path, with its slash */
    double points;             /* CALLBACK: 6 or 3, before it is joined; EXPLOIT: not used */
    bool proof;                /* EXPLOIT: in a place where only an exploit stands */
    char says[EDGE_SAYS_SIZE]; /* a clause for people; foreign text in it is escaped */
};

#endif
