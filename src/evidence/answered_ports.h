/* The P2P ports on which a host answered that the worm would not open at its address: those of
 * whoever stands behind it.
 *
 * The worm draws its ports from the address that its host has itself. A NAT that forwards them
 * shows them at another address, and there they give the host away (engine/behind_nat.h). Kept are
 * the smallest ports of each protocol, so that parts merge to the whole in any order. */
#ifndef WORMSIGN_EVIDENCE_ANSWERED_PORTS_H
#define WORMSIGN_EVIDENCE_ANSWERED_PORTS_H

#include <stdbool.h>
#include <stdint.h>
#include "base/reader.h"
#include "base/writer.h"
#include "conficker/ports.h"

enum { ANSWERED_PORTS_MAX = 8, ANSWERED_PROTOCOLS = 2 };

/* All zero: none. */
struct answered_ports {
    bool own; /* it answered on a port of its own address, too: it is infected itself */
    uint8_t count[ANSWERED_PROTOCOLS];                      /* by enum transport */
    uint16_t ports[ANSWERED_PROTOCOLS][ANSWERED_PORTS_MAX]; /* ascending */
};

/* A host at this address answered on this port; what no host can open is passed over. */
void answered_ports_add(struct answered_ports *a, uint32_t ipv4, enum transport transport,
                        uint16_t port, int64_t when_us);

void answered_ports_merge(struct answered_ports *into, const struct answered_ports *from);

void answered_ports_save(struct writer *out, const struct answered_ports *a);
/* Into an empty one; as in evidence/saving.h. */
void answered_ports_load(struct reader *in, struct answered_ports *out);

#endif
