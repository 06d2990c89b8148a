/* An insertion sort over four places. */
#include "evidence/examples.h"

#include <stdio.h>
#include <string.h>

bool examples_want(const struct examples *e, uint64_t hash)
{
    for (uint32_t i = 0; i < e->count; i++)
        if (e->kept[i].hash == hash)
            return false;
    return e->count < EXAMPLES_KEPT || hash < e->kept[EXAMPLES_KEPT - 1].hash;
}

void examples_add(struct examples *e, uint64_t hash, const char *text)
{
    if (!examples_want(e, hash))
        return;
    uint32_t at = e->count < EXAMPLES_KEPT ? e->count++ : EXAMPLES_KEPT - 1;
    for (; at > 0 && e->kept[at - 1].hash > hash; at--)
        e->kept[at] = e->kept[at - 1];
    memset(&e->kept[at], 0, sizeof e->kept[at]);
    e->kept[at].hash = hash;
    (void)snprintf(e->kept[at].text, sizeof e->kept[at].text, "%.*s", EXAMPLE_TEXT_SIZE - 1, text);
}

void examples_merge(struct examples *into, const struct examples *from)
{
    for (uint32_t i = 0; i < from->count; i++)
        examples_add(into, from->kept[i].hash, from->kept[i].text);
}

void examples_show(const struct examples *e, const char *fact, struct sign *out)
{
    for (uint32_t i = 0; i < e->count; i++)
        sign_add_text(out, FACT_ITEM, fact, e->kept[i].text);
}
