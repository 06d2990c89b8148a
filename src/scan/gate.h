/* What is asked of a host first, where not everybody is to be asked on the ports of the worm: is
 * anybody there (--ping), or is it Windows by p2p-conficker's own rule (--windows-only).
 *
 *   ping          445 and 139 by TCP, and an ICMP echo (through sockets where this machine lets
 *                 us): whoever answers, by a refusal too, is there
 *   Windows only  445 or 139 takes connections, or NetBIOS answers on UDP 137 */
#ifndef WORMSIGN_SCAN_GATE_H
#define WORMSIGN_SCAN_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "scan/probe.h"

enum gate { GATE_NONE, GATE_PING, GATE_WINDOWS };

enum { GATE_SHOTS = 3 };

/* The shots; returns how many. Those of no probe in the table have one of their own. */
size_t gate_aim(enum gate gate, uint32_t host, struct shot shots[static GATE_SHOTS]);

enum gate_answer {
    GATE_OPEN,
    GATE_SHUT,
    GATE_UNHEARD /* nothing could be asked from here, or it was stopped */
};

/* What the answers of these shots come to. */
enum gate_answer gate_judge(enum gate gate, const struct asked *host);

/* The probe of a TCP port that is only connected to: who takes the connection is CAUSE_MUTE. */
const struct probe *gate_door(void);

/* Why a host that it keeps out was not asked. */
const char *gate_reason(enum gate gate);

/* The probes of a gate, for an engine that aims by probes; returns how many. */
size_t gate_probes(enum gate gate, const struct probe *out[static PROBES_MAX]);

#endif
