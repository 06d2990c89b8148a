/* Lists of addresses and networks, as rafilteraddr takes them, IPv4 and IPv6, and quick answers
 * about what is in them.
 *
 *   # comment         10.1.1.7         10.9.0.0/16     fd00::/8     10.1.1.7 | and what follows
 *
 * A line is an address or a prefix; what follows it behind a blank, a tab, `,` `|` or `;` is passed
 * over, so that the output of `flows -s saddr,...` is a list too, with its line of titles and the
 * hardware addresses of what is no IP. Sorted, and what overlaps or touches is joined. Limits have
 * names; hitting one is an error. */
#ifndef WORMSIGN_FILTER_ADDRESS_LIST_H
#define WORMSIGN_FILTER_ADDRESS_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/address.h"
#include "base/compiler.h"
#include "base/error.h"
#include "base/reader.h"
#include "observe/flow_record.h"

enum {
    LISTED_ENTRIES_MAX = 10000000, /* lines with an address; 320 MB while they are read */
    LISTED_LINE_MAX = 4096         /* bytes of a line */
};

struct listed;

struct listed *listed_new(void);    /* NULL: no memory */
void listed_free(struct listed *l); /* NULL is fine */

/* Adds what a file holds ("-": stdin), and may be called for several. False, and *err names the
 * file and the line. */
bool listed_add_file(struct listed *l, const char *path, struct error *err) MUST_CHECK;

/* The same of bytes that are here already; name: for errors. */
bool listed_add_bytes(struct listed *l, const char *name, struct reader bytes,
                      struct error *err) MUST_CHECK;

/* After the last: sorts, so that it can be asked. */
void listed_close(struct listed *l);

/* How many entries were read; 0 is a list that holds nothing, which its reader may wish to say. */
size_t listed_entries(const struct listed *l);

/* Lines of hardware addresses and of titles: no entries, and no errors. */
size_t listed_passed_over(const struct listed *l);

/* Of a closed list; threads may share it. */
bool listed_holds(const struct listed *l, struct address a);

enum listed_side { LISTED_ANY, LISTED_SOURCE, LISTED_DESTINATION };

/* Whether the record's address of that side (of either) is listed. A record without addresses is
 * not. */
bool listed_holds_record(const struct listed *l, enum listed_side side,
                         const struct flow_record *record);

#endif
