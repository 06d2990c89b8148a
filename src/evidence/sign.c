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
    case VARIANT_E_FIRST:
        break;
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

const struct mark_kind mark_kinds[MARKS] = {
    {MARK_ATTACKED,
     "Somebody sent the worm's exploit to this host. Whether it worked, the exploit alone does not "
     "tell.",
     "Look whether it fetched a file soon after (mark fetched) or shows signs of its own; ask it "
     "by "
     "'wormsign scan'; patch MS08-067 on it."},
    {MARK_FETCHED,
     "It fetched a file that may be the worm from a host that had reached it on port 445 or 139 "
     "just before.",
     "Treat it as infected until it was looked at: take it off the network, and ask it by "
     "'wormsign scan' once it runs."},
    {MARK_RELAY,
     "It passes on what others send: a name server, a proxy, an address behind which others hide. "
     "Signs that go through it may be those of its clients, so only an answer of its own or "
     "messages that nobody sent to it convict it.",
     "Look for the hosts behind it: its own logs, or a recording on its inner side; 'wormsign "
     "unmask' tells which private addresses open the ports that were seen."},
    {MARK_SCANNER,
     "It looks like somebody who searches for the worm: bare P2P requests alone, or names of lists "
     "of many dates. Only an answer of its own convicts it.",
     "Find out who runs it; name it by --exempt if it is yours."},
    {MARK_UNPATCHED,
     "Its answer over SMB is that of a system without the patch MS08-067: it is not infected, and "
     "open to the worm.",
     "Patch it, or keep ports 445 and 139 from it."},
};

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

unsigned variants_in_order(unsigned variants, enum variant out[static VARIANTS_MAX])
{
    static const enum variant usual[] = {VARIANT_A, VARIANT_B, VARIANT_C, VARIANT_D, VARIANT_E};
    static const enum variant e_first[] = {VARIANT_A, VARIANT_B, VARIANT_C, VARIANT_E, VARIANT_D};
    unsigned count = 0;
    for (unsigned i = 0; i < VARIANTS_MAX; i++) {
        enum variant one = (variants & VARIANT_E_FIRST) != 0 ? e_first[i] : usual[i];
        if ((variants & one) != 0)
            out[count++] = one;
    }
    return count;
}

void variants_say(struct text *out, unsigned variants)
{
    enum variant all[VARIANTS_MAX];
    unsigned count = variants_in_order(variants, all);
    for (unsigned i = 0; i < count; i++) {
        text_add(out, "%s%s", i == 0 ? "" : i + 1 < count ? ", " : " or ", variant_text(all[i]));
        if (all[i] == VARIANT_C || all[i] == VARIANT_D)
            text_add(out, " (SRI: %s)", all[i] == VARIANT_C ? "B++" : "C");
    }
}

void variants_list(struct text *out, unsigned variants, const char *between)
{
    enum variant all[VARIANTS_MAX];
    unsigned count = variants_in_order(variants, all);
    for (unsigned i = 0; i < count; i++)
        text_add(out, "%s%s", i > 0 ? between : "", variant_text(all[i]));
}

void marks_list(struct text *out, unsigned marks, const char *between)
{
    const char *before = "";
    for (unsigned bit = MARK_ATTACKED; bit <= MARK_UNPATCHED; bit <<= 1) {
        if ((marks & bit) == 0)
            continue;
        text_add(out, "%s%s", before, mark_text((enum mark)bit));
        before = between;
    }
}

void sign_kinds_list(struct text *out, const struct sign *signs, size_t count, const char *between)
{
    unsigned told = 0;
    for (size_t i = 0; i < count; i++) {
        enum sign_id id = signs[i].id;
        if ((told & 1u << id) == 0)
            text_add(out, "%s%s", told != 0 ? between : "", sign_kind_of(id)->id);
        told |= 1u << id;
    }
}
