/* Examples read back from a set of addresses: what is counted anyway need not be kept twice. */
#ifndef WORMSIGN_DETECT_SAMPLED_H
#define WORMSIGN_DETECT_SAMPLED_H

#include <stdbool.h>
#include <stdint.h>
#include "evidence/set.h"

struct sign;

/* How many are shown of a list. */
enum { SAMPLED_SHOWN = 4 };

/* Of two sets of hash_address() of IPv4 addresses: adds the first few that `of` holds and `without`
 * (NULL: nothing) is known not to hold, as the items of one fact. */
void sampled_show(const struct set *of, const struct set *without, const char *fact,
                  struct sign *out);

/* Whether all that the set holds can be hash_address() of IPv4 addresses: asked of sets that
 * strangers saved. */
bool sampled_are_ipv4(const struct set *set);

#endif
