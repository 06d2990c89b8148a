/* The sink of nothing. */
#include "observe/observation.h"

static void take(struct sink *self, const struct observation *seen)
{
    (void)self, (void)seen;
}

static bool wants_datagram(struct sink *self, struct reader bytes)
{
    (void)self, (void)bytes;
    return false;
}

static size_t wants(struct sink *self, const struct observation *head)
{
    (void)self, (void)head;
    return 0;
}

static bool awaits_answer(struct sink *self, const struct observation *seen)
{
    (void)self, (void)seen;
    return false;
}

const struct sink sink_of_nothing = {
    .take = take, .wants_datagram = wants_datagram, .wants = wants, .awaits_answer = awaits_answer};
