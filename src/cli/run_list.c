/* A run is told of by what the store keeps of it: its row, how many inputs it met, how many home
 * hosts it called infected then, and of one that was not whole, why. */
#include "cli/run_list.h"

#include <string.h>

#include "base/plural.h"
#include "base/time.h"
#include "base/writer.h"
#include "engine/run_fault.h"
#include "store/store.h"

enum { SITE_SIZE = 256, VERB_SIZE = 32 };

struct run_list {
    const struct call *call;
    struct store *store;
    const char *site;
    bool json;
    uint64_t count;
    struct error err;
};

/* One run, as it is printed. */
struct told_run {
    const struct store_run *run;
    uint64_t inputs, infected;
    bool is_whole;
    char verb[VERB_SIZE]; /* it may be a stranger's, as the site may be */
    char began[TIME_TEXT_SIZE], ended[TIME_TEXT_SIZE], site[SITE_SIZE], fault[RUN_FAULT_SIZE];
};

static bool print_json(struct run_list *l, const struct told_run *t)
{
    const struct store_run *run = t->run;
    json_t *line = json_pack("{s:s, s:i, s:I, s:s, s:s?, s:s}", "type", "run", "schema", 1, "run",
                             (json_int_t)run->number, "verb", t->verb, "site",
                             run->site[0] != '\0' ? t->site : NULL, "began", t->began);
    if (line == NULL)
        return fail(&l->err, ERROR_FORMAT, "a run that cannot be so");
    if (run->ended)
        (void)json_object_set_new(line, "ended", json_string(t->ended));
    (void)json_object_set_new(line, "inputs", json_integer((json_int_t)t->inputs));
    (void)json_object_set_new(line, "infected", json_integer((json_int_t)t->infected));
    (void)json_object_set_new(line, "complete", json_boolean(t->is_whole));
    (void)json_object_set_new(line, "mended", json_boolean(run->is_mended));
    if (!t->is_whole)
        (void)json_object_set_new(line, "fault", json_string(t->fault));
    return console_json(l->call->console, line);
}

static bool print_text(struct run_list *l, const struct told_run *t)
{
    struct console *c = l->call->console;
    bool good = console_print(c, "run %lld: %s at %s", (long long)t->run->number, t->verb,
                              t->began);
    if (t->run->site[0] != '\0')
        good = good && console_print(c, ", site %s", t->site);
    good = good &&
           console_print(c, ", %llu input%s, %llu infected, %s\n", (unsigned long long)t->inputs,
                         plural(t->inputs), (unsigned long long)t->infected,
                         t->is_whole         ? "whole"
                         : t->run->is_mended ? "not whole, but done again since"
                                             : "NOT WHOLE");
    return good && (t->is_whole || console_print(c, "    %s\n", t->fault));
}

static bool print_run(void *context, const struct store_run *run)
{
    struct run_list *l = context;
    struct told_run t = {.run = run, .is_whole = store_run_is_whole(run)};
    if (l->site != NULL && strcmp(l->site, run->site) != 0)
        return true;
    l->count++;
    if (!store_run_counts(l->store, run->number, &t.inputs, &t.infected, &l->err))
        return false;
    struct text verb = text_over(t.verb, sizeof t.verb);
    text_add_escaped(&verb, run->verb, strlen(run->verb));
    struct text site = text_over(t.site, sizeof t.site);
    text_add_escaped(&site, run->site, strlen(run->site));
    (void)time_text(run->began_us, t.began);
    (void)time_text(run->ended ? run->ended_us : run->began_us, t.ended);
    if (!t.is_whole)
        run_fault_why(run, t.fault);
    return l->json ? print_json(l, &t) : print_text(l, &t);
}

enum exit_code run_list_print(const struct call *call, struct store *store, const char *site,
                              bool json)
{
    struct run_list l = {.call = call, .store = store, .site = site, .json = json};
    struct error err;
    if (!store_runs_each(store, print_run, &l, &err) && l.err.kind == ERROR_NONE)
        l.err = err;
    if (l.err.kind != ERROR_NONE) {
        console_complain(call->console, "store %s: %s", call->words.operands[0], l.err.text);
        return EXIT_FAILED;
    }
    if (l.count == 0 && !json)
        (void)console_print(call->console, "no run\n");
    return EXIT_DONE;
}
