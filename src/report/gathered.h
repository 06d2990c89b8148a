/* Hosts that are not shown one by one: gathered by what is said of them, and shown as ranges.
 *
 *   250 hosts: all ports refuse: no variant D or E listens; A to C cannot be seen so
 *     127.3.0.0-127.3.0.3, 127.3.0.5, 127.3.0.9-127.3.0.250
 *
 * Bounded: so many addresses are kept over all reasons, and so many reasons; beyond that hosts are
 * only counted, and it is said. */
#ifndef WORMSIGN_REPORT_GATHERED_H
#define WORMSIGN_REPORT_GATHERED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "evidence/verdict.h"
#include "report/address_list.h"

struct page;

enum {
    GATHERED_HOSTS_MAX = 1 << 20,
    GATHERED_REASONS_MAX = 64, /* hosts of further ones are under "other reasons" */
    GATHERED_RANGES_MAX = 20   /* shown of one reason */
};

struct gathered_group {
    char reason[VERDICT_REASON_SIZE];
    uint64_t hosts; /* all of them */
    struct address_list kept;
};

/* All zero: empty. */
struct gathered {
    size_t reason_count;
    struct gathered_group groups[GATHERED_REASONS_MAX + 1]; /* the last: other reasons */
    uint64_t kept, not_kept;
};

/* False when memory is out: the host is missing. */
bool gathered_add(struct gathered *g, struct address host, const char *reason);

/* Writes the groups, the largest first and other reasons last; nothing where there is none. */
void gathered_lines(struct gathered *g, struct page *p);

void gathered_free(struct gathered *g);

#endif
