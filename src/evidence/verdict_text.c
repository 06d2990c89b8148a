/* The names of the verdicts, as reports and programs read them. They are part of the JSON schema:
 * a new name is a new schema number. */
#include "evidence/verdict.h"

const char *verdict_kind_text(enum verdict_kind kind)
{
    switch (kind) {
    case VERDICT_INFECTED:
        return "infected";
    case VERDICT_SUSPICIOUS:
        return "suspicious";
    case VERDICT_CLEAN:
        return "clean";
    case VERDICT_UNKNOWN:
    case VERDICT_KINDS:
        break;
    }
    return "unknown";
}
