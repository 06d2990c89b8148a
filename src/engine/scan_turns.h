/* Asking a host in several turns: a gate first (is anybody there, is it Windows), then ports that
 * were named besides those of the worm's generator, and last what every host is asked.
 *
 * Ports are asked SHOTS_MAX at a time, so that a host with all its ports costs an engine no more
 * than thousands of hosts do. Among them are a few of the black list, which the worm never opens:
 * whoever takes connections or answers there does so anywhere. */
#ifndef WORMSIGN_ENGINE_SCAN_TURNS_H
#define WORMSIGN_ENGINE_SCAN_TURNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "engine/ports_told.h"
#include "scan/gate.h"
#include "scan/port_list.h"
#include "scan/socket_engine.h"

/* What is known of a host when its last turn is over. */
struct host_turns {
    const char *not_asked;           /* why the gate kept it out; NULL: it did not */
    const struct ports_asked *ports; /* NULL: none were named */
    const struct told_port *told;    /* what holds first */
    size_t told_count;
};

struct scan_turns_settings {
    enum gate gate;
    const struct port_list *ports; /* NULL: none */
    const struct engine_settings *engine;
};

/* What is known of a host before it is asked. */
struct known_host {
    bool is_there; /* and so passes the gate --ping */
    /* Of the named ports: those that are still to be asked, malloced, and what came of the others;
     * both are the turns' from then on. left NULL: all of them are. */
    struct port_list *left;
    struct ports_told told;
};

/* Where hosts come from and go to. */
struct scan_turns_face {
    void *context;
    bool (*next)(void *context, uint32_t *host);
    bool (*later)(void *context); /* NULL: never */
    /* Of the host that next gave just now. NULL: nothing is known. */
    struct known_host (*known)(void *context, uint32_t host);
    /* A host's last turn is over; asked has the answers of that turn. */
    void (*done)(void *context, const struct asked *asked, const struct host_turns *turns);
};

struct scan_turns;

/* NULL without memory. What is given is borrowed. */
struct scan_turns *scan_turns_new(const struct scan_turns_settings *settings,
                                  const struct scan_turns_face *face);

/* What the callbacks next, later, aim and done of an engine do. */
bool scan_turns_next(struct scan_turns *t, uint32_t *host);
bool scan_turns_later(struct scan_turns *t);
size_t scan_turns_aim(struct scan_turns *t, uint32_t host, int64_t when_us,
                      struct shot shots[static SHOTS_MAX], void **mark);
void scan_turns_done(struct scan_turns *t, const struct asked *asked);

/* Behind the engine's end: hosts whose last turn was never begun are handed over with what is
 * known. Returns how many had to be let go of without memory. */
uint64_t scan_turns_end(struct scan_turns *t);
void scan_turns_free(struct scan_turns *t); /* NULL is fine; behind the end */

#endif
