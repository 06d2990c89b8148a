/* Who the hosts are, as far as the traffic tells: names, MACs, and which machine had which address
 * when. So that a person finds the box behind an address.
 *
 * What is told is kept by UTC day, of an address or (what a DHCP client says of itself) of a MAC,
 * each with the span of time in which it was told. Of the names of a kind on a day those with the
 * smallest hashes stay, of the leases those of the MACs with the smallest: so parts merge to the
 * whole, in any order. Where more was told than is kept, a bit says so. The bytes of all are
 * limited; what found no room is counted. */
#ifndef WORMSIGN_EVIDENCE_NAMES_H
#define WORMSIGN_EVIDENCE_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/address.h"
#include "base/compiler.h"

struct name_day;
struct reader;
struct told_name;
struct verdict;
struct names;
struct writer;

enum {
    NAMES_A_KIND = 4,          /* names of one kind, of an address or MAC on a day */
    NAMES_LEASES = 8,          /* machines of an address on a day */
    NAMES_BYTES = 64 << 20,    /* the usual limit */
    NAMES_LEASE_TRUST_DAYS = 8 /* a machine that was not heard for longer may have lost its address:
                                  Windows servers lease for eight days */
};

/* Whether what was told of one goes before what was told of the other, in the order of
 * names_each_in_order. */
struct name_when {
    struct address address;
    uint64_t mac;
    int32_t day;
};
bool name_when_goes_before(struct name_when a, struct name_when b);

struct names *names_new(size_t limit_bytes); /* NULL: no memory */
void names_free(struct names *n);            /* NULL is fine */

void names_tell(struct names *n, const struct told_name *told, int64_t when_us);
void names_merge(struct names *into, const struct names *from);

/* Lets go of what was told before this day. False without memory: nothing is let go. */
bool names_let_go_before(struct names *n, int32_t day) MUST_CHECK;

enum { NAME_DAY_BYTES_MAX = 4096 }; /* of one that is saved */

/* Calls `each` for what was told of each address or MAC on each day; false from it ends that. */
bool names_each(const struct names *n, bool (*each)(void *context, const struct name_day *day),
                void *context);

/* The same by subject and day, as names_settle sorts them; false without memory, too. */
bool names_each_in_order(struct names *n, bool (*each)(void *context, const struct name_day *day),
                         void *context);

/* Of whom: an address, or a MAC, where the other is zero; and on which day. */
struct address name_day_address(const struct name_day *day);
uint64_t name_day_mac(const struct name_day *day);
int32_t name_day_day(const struct name_day *day);

/* The same bytes for the same names, in whatever order they were told. */
void name_day_save(struct writer *w, const struct name_day *day);

/* Merges what was saved, by strangers maybe. False when saving did not write it so: what was merged
 * by then is sound. */
bool names_load_day(struct names *into, struct reader *r);

/* Of how many addresses or MACs and days something was told. */
uint64_t names_count(const struct names *n);

/* How often there was no room. */
uint64_t names_refused(const struct names *n);
/* So often where those were told that are merged here. */
void names_note_refused(struct names *n, uint64_t count);

/* Sorts what was told, before names_fill; false without memory. To be called again when more was
 * told. */
bool names_settle(struct names *n);

/* Fills what the verdict says of the machine: its names, the nearest in time to its evidence and
 * the best first; its MAC and the addresses that this MAC had. */
void names_fill(const struct names *n, struct verdict *v);

#endif
