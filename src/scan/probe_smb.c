/* Is the host's NetpwPathCanonicalize the worm's? A conversation over SMB, and the sign that comes
 * of it. Variants A to C answer the second question in their way, D and E the first.
 * Source: spec of asking, section c, step 6. */
#include <inttypes.h>

#include "base/time.h"
#include "base/writer.h"
#include "evidence/smb_check.h"
#include "evidence/verdict.h"
#include "scan/dialogue.h"
#include "scan/probe.h"
#include "wire/netbios_session.h"
#include "wire/smb.h"

/* nmap waited 10 s for each step. A connection has less: most hosts that will take it do so at
 * once, and there are two ports to try. */
static const struct probe_times times = {.connect_us = 3 * US_PER_SECOND,
                                         .answer_us = 10 * US_PER_SECOND};

static size_t aim(const struct aim *a, uint32_t host, struct shot shots[static PROBE_SHOTS_MAX])
{
    (void)a;
    shots[0] = (struct shot){.host = host, .transport = TRANSPORT_TCP, .port = SMB_PORT};
    return 1;
}

static size_t report(const struct asked *host, struct sign signs[static PROBE_SIGNS_MAX])
{
    const struct smb_check *c = host->count > 0 ? host->answers[0].smb : NULL;
    char reason[SIGN_SAYS_SIZE];
    struct text text = text_over(reason, sizeof reason);
    if (c == NULL || smb_result_of(c) != SMB_INFECTED)
        return 0;
    bool is_proof = c->cause != SMB_CAUSE_WORM_DE_EMPTY;
    signs[0] = (struct sign){.id = SIGN_SMB_ANSWER,
                             .day = day_of(c->when_us),
                             .weight = is_proof ? WEIGHT_PROOF : WEIGHT_POINTS,
                             .points = is_proof ? 0 : VERDICT_SMB_EMPTY_POINTS,
                             .count = 1,
                             .first_us = c->when_us,
                             .last_us = c->when_us,
                             .variants = smb_check_variants(c)};
    smb_check_say_reason(c, &text);
    struct text says = text_over(signs[0].says, sizeof signs[0].says);
    text_add(&says, "Asked over SMB on port %u, %s.", c->port, reason);
    sign_add_number(&signs[0], "port", c->port);
    return 1;
}

extern const struct dialogue dialogue_smb;
extern const struct probe probe_smb;
const struct probe probe_smb = {
    .id = "smb",
    .claim = "Two harmless calls to the Server service, which infected hosts answer otherwise than "
             "Windows does; and which Windows it is.",
    .times = &times,
    .dialogue = &dialogue_smb,
    .doors = {SMB_PORT, NETBIOS_SESSION_PORT},
    .sign_count = 1,
    .signs = {SIGN_SMB_ANSWER},
    .aim = aim,
    .report = report,
};
