/* Names of hosts during a hunt: what observations tell goes into the evidence. */
#ifndef WORMSIGN_ENGINE_HUNT_NAMES_H
#define WORMSIGN_ENGINE_HUNT_NAMES_H

struct hunt;
struct observation;

/* Notes what an OBSERVED_NAME or OBSERVED_DNS tells of who a host is. */
void hunt_note_name(struct hunt *h, const struct observation *seen);

#endif
