/* Names of variants and marks, and the facts of a sign. What signs mean is in sign_kinds.c. */
#include "evidence/sign.h"

#include "base/writer.h"

#include <assert.h>
#include <string.h>

const char *variant_text(enum variant one)
{
    switch (one) {
    case VARIANT_A:
        return "A";
    case VARIANT_B:
        return "B";
    case VARIANT_C:
        return "C";
    case VARIANT_D:
        return "D";
    case VARIANT_E:
        return "E";
    }
    return "?";
}

const char *mark_text(enum mark one)
{
    switch (one) {
    case MARK_ATTACKED:
        return "attacked";
    case MARK_FETCHED:
        return "fetched";
    case MARK_RELAY:
        return "relay";
    case MARK_SCANNER:
        return "scanner";
    case MARK_UNPATCHED:
        return "unpatched";
    }
    return "?";
}

void sign_add_number(struct sign *s, const char *name, double number)
{
    assert(s->fact_count <= FACTS_MAX);
    if (s->fact_count == FACTS_MAX)
        return;
    s->facts[s->fact_count++] = (struct fact){.name = name, .kind = FACT_NUMBER, .number = number};
}

void sign_add_text(struct sign *s, enum fact_kind kind, const char *name, const char *text)
{
    assert(s->fact_count <= FACTS_MAX && kind != FACT_NUMBER);
    if (s->fact_count == FACTS_MAX)
        return;
    struct fact *f = &s->facts[s->fact_count++];
    *f = (struct fact){.name = name, .kind = kind};
    size_t length = strnlen(text, FACT_TEXT_SIZE - 1);
    memcpy(f->text, text, length);
    f->text[length] = '\0';
}

void variants_say(struct text *out, unsigned variants)
{
    const char *between = "";
    for (unsigned bit = VARIANT_A; bit <= VARIANT_E; bit <<= 1) {
        if ((variants & bit) == 0)
            continue;
        text_add(out, "%s%s", between, variant_text((enum variant)bit));
        if (bit == VARIANT_C || bit == VARIANT_D)
            text_add(out, " (SRI: %s)", bit == VARIANT_C ? "B++" : "C");
        between = " or ";
    }
}
