/* What people say of hosts, as a store keeps it: whose networks these are, and of which hosts
 * somebody knows already. It stands beside verdicts and weighs nothing.
 *
 * A list of networks names site and owner, and the longest network that holds a host wins. Where a
 * run named its site itself, that holds, and only lines of that site tell the owner: two sites can
 * have the same addresses. */
#ifndef WORMSIGN_ENGINE_LEDGER_H
#define WORMSIGN_ENGINE_LEDGER_H

#include <stdbool.h>
#include <stdint.h>
#include "base/compiler.h"
#include "base/error.h"
#include "evidence/verdict.h"

struct ledger;
struct store;

enum { LEDGER_ROWS_MAX = 1 << 20 }; /* networks, and acknowledgements of a site */

/* All that the store keeps of this site ("": without a name). today: acknowledgements that ended
 * before it are passed over. NULL and *err. */
struct ledger *ledger_read(struct store *store, const char *site, int32_t today, struct error *err);
void ledger_free(struct ledger *l); /* NULL is fine */

/* From here on ledger_is_asked_for knows only hosts that the list of networks puts at this site,
 * which is borrowed. */
void ledger_ask_for(struct ledger *l, const char *site);
bool ledger_is_asked_for(void *ledger, struct address host);

/* Adds what is said of the host; it borrows from the ledger. */
void ledger_annotate(void *ledger, struct verdict *v);

/* The owner of a host at a site, NULL: none; *site becomes that of the list where it is NULL. */
const char *ledger_owner(const struct ledger *l, struct address host, const char **site);

#endif
