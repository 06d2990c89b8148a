/* What goes where old evidence is let go of: who would no longer be infected without it, and what
 * inputs tell of whom they met. */
#ifndef WORMSIGN_ENGINE_STORE_KEEP_H
#define WORMSIGN_ENGINE_STORE_KEEP_H

#include <stdint.h>
#include "base/compiler.h"
#include "engine/store_report.h"

enum { STORE_LOSS_TEXT_SIZE = 256, STORE_LOSS_SHOWN = 5 };

struct store_loss {
    uint64_t hosts, days;             /* of which there is evidence, or an answer, that goes */
    uint64_t infected;                /* home hosts that are infected by it, and not without it */
    char names[STORE_LOSS_TEXT_SIZE]; /* the first of these, with commas */
};

/* What would go with all of before this day. The store is judged twice, by the settings' networks:
 * with it and without. */
bool store_loss_before(struct store *store, const struct store_report_settings *settings,
                       int32_t day, struct store_loss *out, struct error *err) MUST_CHECK;

/* Lets go of it, in the caller's transaction: whom an input met is then whoever is left in its
 * evidence. */
bool store_keep_from(struct store *store, int32_t day, struct error *err) MUST_CHECK;

#endif
