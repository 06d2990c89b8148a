/* The names of the verdicts and the form of a MAC, as reports and programs read them. They are part
 * of the JSON schema: a new name is a new schema number. */
#include "evidence/verdict.h"

#include "base/writer.h"

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

const char *mac_text(uint64_t mac, char buffer[static MAC_TEXT_SIZE])
{
    struct text text = text_over(buffer, MAC_TEXT_SIZE);
    for (unsigned byte = 0; byte < 6; byte++)
        text_add(&text, "%s%02x", byte > 0 ? ":" : "", (unsigned)(mac >> (40 - 8 * byte) & 0xff));
    return buffer;
}
