/* Trying is the only way to know: some links say that they are back long before they carry. */
#include "scan/raw_patience.h"

#include "base/time.h"

enum { TRY_AGAIN_US = 250000 };

/* A device that is down ends each wait at once. */
static void sleep_until(const struct raw_network *network, int64_t until_us)
{
    while (network->now_us(network->context) < until_us)
        network->wait(network->context, until_us);
}

bool raw_patience(const struct raw_network *network, const struct raw_face *face,
                  struct raw_counts *counts, struct error *reason)
{
    int64_t now_us = network->now_us(network->context);
    const int64_t until_us = now_us + RAW_PATIENCE_S * US_PER_SECOND;
    bool sends = false;
    while (!sends && now_us < until_us) {
        counts->stuck = *reason;
        if (face->watch(face->context, counts))
            break;
        sleep_until(network, now_us + TRY_AGAIN_US);
        sends = network->flush(network->context, reason);
        now_us = network->now_us(network->context);
    }
    counts->stuck = (struct error){0};
    return sends;
}
