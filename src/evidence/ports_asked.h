/* What came of ports that are not predicted for a host, and were asked because somebody named them
 * (scan -p, --all-ports). Only those that said something stand among its checks. */
#ifndef WORMSIGN_EVIDENCE_PORTS_ASKED_H
#define WORMSIGN_EVIDENCE_PORTS_ASKED_H

#include <stdbool.h>
#include <stdint.h>

struct ports_asked {
    uint64_t asked;
    uint64_t controls; /* of them, that nobody named: ports that nobody can have a reason to open */
    uint64_t infected, odd, listening, refused, unanswered, failed; /* together all */
    uint64_t not_shown; /* that said something and found no room among the checks */
    /* So do the controls: that a port is open says nothing then. */
    bool takes_all, answers_all;
};

#endif
