/* `wormsign explain`: what a sign means, and what to do about a verdict, from the tables in
 * evidence/. */
#include <jansson.h>
#include <string.h>
#include <strings.h>

#include "cli/suggest.h"
#include "cli/verbs.h"
#include "detect/detector.h"
#include "evidence/mend.h"
#include "evidence/sign.h"
#include "scan/probe.h"

struct explain_settings {
    struct common_settings common;
    bool json;
};

static const struct option explain_options[] = {
    {.name = "json",
     .help = "a JSON object a line",
     .kind = OPTION_FLAG,
     .into = offsetof(struct explain_settings, json)},
};

/* By a detector or a probe of this build. */
static bool is_looked_for(const struct sign_kind *kind)
{
    bool found = false;
    for (unsigned d = 0; d < detector_count; d++)
        found |= sign_kind_of(detectors[d]->sign) == kind;
    for (unsigned p = 0; p < probe_count; p++)
        for (size_t i = 0; i < probes[p]->sign_count; i++)
            found |= sign_kind_of(probes[p]->signs[i]) == kind;
    return found;
}

static bool print_json(struct console *c, const struct sign_kind *kind)
{
    return console_json(c, json_pack("{s:s, s:i, s:s, s:s, s:s, s:s, s:s, s:b}", "type", "sign",
                                     "schema", 1, "sign", kind->id, "weight", kind->weight, "claim",
                                     kind->claim, "meaning", kind->meaning, "advice", kind->advice,
                                     "looked_for", is_looked_for(kind)));
}

static bool print_kind(struct console *c, const struct sign_kind *kind)
{
    return console_print(c, "%s (weight: %s)\n", kind->id, kind->weight) &&
           console_paragraph(c, 2, kind->claim) && console_print(c, "\nWhat it means\n") &&
           console_paragraph(c, 2, kind->meaning) && console_print(c, "\nWhat to do\n") &&
           console_paragraph(c, 2, kind->advice);
}

/* VERDICT_KINDS where the word is no verdict. */
static enum verdict_kind verdict_named(const char *word)
{
    enum verdict_kind kind = VERDICT_INFECTED;
    while (kind < VERDICT_KINDS && strcasecmp(verdict_kind_text(kind), word) != 0)
        kind++;
    return kind;
}

static bool print_mend_json(struct console *c, enum verdict_kind kind)
{
    const struct mend *mend = mend_of(kind);
    json_t *steps = json_array();
    for (size_t i = 0; i < mend->step_count; i++)
        (void)json_array_append_new(steps, json_pack("{s:s, s:s}", "title", mend->steps[i].title,
                                                     "text", mend->steps[i].text));
    return console_json(c, json_pack("{s:s, s:i, s:s, s:s, s:s, s:o}", "type", "verdict", "schema",
                                     1, "verdict", verdict_kind_text(kind), "title", mend->title,
                                     "summary", mend->summary, "steps", steps));
}

static bool print_mend(struct console *c, enum verdict_kind kind)
{
    const struct mend *mend = mend_of(kind);
    bool good = console_print(c, "%s\n", mend->title) && console_paragraph(c, 2, mend->summary);
    for (size_t i = 0; i < mend->step_count && good; i++)
        good = console_print(c, "\n%zu. %s\n", i + 1, mend->steps[i].title) &&
               console_paragraph(c, 3, mend->steps[i].text);
    return good;
}

/* NULL where the word is no mark. */
static const struct mark_kind *mark_named(const char *word)
{
    for (size_t i = 0; i < MARKS; i++)
        if (strcasecmp(mark_text(mark_kinds[i].mark), word) == 0)
            return &mark_kinds[i];
    return NULL;
}

static bool print_mark_json(struct console *c, const struct mark_kind *kind)
{
    return console_json(c, json_pack("{s:s, s:i, s:s, s:s, s:s}", "type", "mark", "schema", 1,
                                     "mark", mark_text(kind->mark), "meaning", kind->meaning,
                                     "advice", kind->advice));
}

static bool print_mark(struct console *c, const struct mark_kind *kind)
{
    return console_print(c, "%s (a mark: it stands beside the verdict)\n", mark_text(kind->mark)) &&
           console_print(c, "\nWhat it means\n") && console_paragraph(c, 2, kind->meaning) &&
           console_print(c, "\nWhat to do\n") && console_paragraph(c, 2, kind->advice);
}

static bool print_list(struct console *c)
{
    bool good = true;
    for (enum sign_id id = 0; id < SIGN_IDS && good; id++) {
        const struct sign_kind *kind = sign_kind_of(id);
        good = console_print(c, "%s (weight: %s)\n", kind->id, kind->weight) &&
               console_paragraph(c, 4, kind->claim);
    }
    return good &&
           console_print(c, "\n'wormsign explain SIGN' tells more about one; 'wormsign explain "
                            "infected' (or suspicious, clean, unknown) how to mend, 'wormsign "
                            "explain relay' (or attacked, fetched, scanner, unpatched) what a mark "
                            "says.\n");
}

static enum exit_code explain_all(struct console *c, bool json)
{
    bool good = true;
    if (!json)
        return print_list(c) ? EXIT_DONE : EXIT_FAILED;
    for (enum sign_id id = 0; id < SIGN_IDS && good; id++)
        good = print_json(c, sign_kind_of(id));
    return good ? EXIT_DONE : EXIT_FAILED;
}

static enum exit_code fail_unknown(const struct call *call, const char *name)
{
    struct suggestion s = suggest_for(name);
    for (enum sign_id id = 0; id < SIGN_IDS; id++)
        suggest_offer(&s, sign_kind_of(id)->id);
    for (enum verdict_kind kind = VERDICT_INFECTED; kind < VERDICT_KINDS; kind++)
        suggest_offer(&s, verdict_kind_text(kind));
    for (size_t i = 0; i < MARKS; i++)
        suggest_offer(&s, mark_text(mark_kinds[i].mark));
    if (s.nearest != NULL)
        return call_is_wrong(call, "there is no sign '%s'; did you mean %s?", name, s.nearest);
    return call_is_wrong(call, "there is no sign '%s'; 'wormsign explain' lists them", name);
}

/* The word is a sign, a mark or a verdict. */
static bool explain_one(struct console *c, const char *word, bool json)
{
    const struct sign_kind *kind = sign_kind_named(word);
    const struct mark_kind *mark = mark_named(word);
    if (mark != NULL)
        return json ? print_mark_json(c, mark) : print_mark(c, mark);
    if (kind == NULL)
        return json ? print_mend_json(c, verdict_named(word)) : print_mend(c, verdict_named(word));
    return json ? print_json(c, kind) : print_kind(c, kind);
}

static enum exit_code run_explain(const struct call *call)
{
    const struct explain_settings *settings = call->settings;
    const struct option_words *words = &call->words;
    if (words->operand_count == 0)
        return explain_all(call->console, settings->json);
    for (size_t i = 0; i < words->operand_count; i++) {
        if (sign_kind_named(words->operands[i]) == NULL && mark_named(words->operands[i]) == NULL &&
            verdict_named(words->operands[i]) == VERDICT_KINDS)
            return fail_unknown(call, words->operands[i]);
    }
    for (size_t i = 0; i < words->operand_count; i++) {
        bool good = i == 0 || settings->json || console_print(call->console, "\n");
        if (!good || !explain_one(call->console, words->operands[i], settings->json))
            return EXIT_FAILED;
    }
    return EXIT_DONE;
}

const struct verb verb_explain = {
    .name = "explain",
    .usage = "[SIGN|VERDICT|MARK]...",
    .summary = "what a sign means, and how to mend",
    .about =
        "A sign is one kind of evidence about a host. For each SIGN: what it says, how it is "
        "judged and how it errs, how it weighs, and what to do about it. Without one: the list "
        "of all signs. For a VERDICT (infected, suspicious, clean, unknown): what to do about "
        "such a host, step by step. For a MARK (attacked, fetched, relay, scanner, "
        "unpatched), which stands beside a verdict: what it says.\n",
    .examples = "wormsign explain p2p-answer\n"
                "wormsign explain infected\n",
    .words = "SIGNS",
    .settings_size = sizeof(struct explain_settings),
    .options = {explain_options, COUNT_OF(explain_options), false},
    .run = run_explain,
};
