/* Which packets of a host stand behind a sign of it: those that its detector would look at.
 *
 * A packet tells less than a flow (who began is not known), so the answer is generous: no packet
 * that the sign rests on is left out, some that it does not rest on are in. */
#ifndef WORMSIGN_DETECT_BEHIND_H
#define WORMSIGN_DETECT_BEHIND_H

#include <stdbool.h>
#include <stdint.h>
#include "evidence/sign.h"

struct packet;

struct behind {
    int64_t lead_s; /* how long before the sign's first time what led to it may have begun */
    bool (*holds)(const struct packet *p);
};

/* Every sign has one. */
const struct behind *behind_sign(enum sign_id id);

#endif
