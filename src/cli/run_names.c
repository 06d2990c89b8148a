/* The runs of a store are few: they are walked once for each name. */
#include "cli/run_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "base/writer.h"
#include "store/store.h"

enum { RUN_NAME_SIZE = 64, LAST_MAX = 1000000, RUNS_NAMED_MAX = 20, SITE_SIZE = 256 };

/* One run that is looked for. */
struct search {
    const char *site;
    /* By one of the three: */
    int64_t number; /* 0: not */
    int64_t back;   /* so many before the last; -1: not */
    int64_t until_us;
    int64_t count; /* of the runs met, to count back from the last */
    int64_t wanted;
    /* Found: */
    int64_t found; /* 0: none */
    bool whole;
    char of_site[SITE_SIZE];
};

static bool is_of_site(const char *site, const struct store_run *run)
{
    return site == NULL || strcmp(site, run->site) == 0;
}

static bool count_run(void *context, const struct store_run *run)
{
    struct search *s = context;
    s->count += is_of_site(s->site, run);
    return true;
}

static bool find_run(void *context, const struct store_run *run)
{
    struct search *s = context;
    if (!is_of_site(s->site, run))
        return true;
    s->count++;
    bool fits = s->number != 0 ? run->number == s->number
                : s->back >= 0 ? s->count == s->wanted
                               : run->began_us < s->until_us;
    if (!fits)
        return true;
    s->found = run->number;
    s->whole = store_run_is_whole(run);
    (void)snprintf(s->of_site, sizeof s->of_site, "%s", run->site);
    return true;
}

static bool parse_number(const char *text, int64_t *out)
{
    char *end;
    if (text[0] < '0' || text[0] > '9' || strlen(text) > 18)
        return false;
    int64_t number = strtoll(text, &end, 10);
    if (*end != '\0')
        return false;
    *out = number;
    return true;
}

static bool parse_name(const char *text, struct search *s)
{
    struct error err;
    int32_t day;
    s->back = -1;
    if (strcmp(text, "last") == 0) {
        s->back = 0;
        return true;
    }
    if (strncmp(text, "last-", strlen("last-")) == 0)
        return parse_number(text + strlen("last-"), &s->back) && s->back <= LAST_MAX;
    if (parse_number(text, &s->number))
        return s->number > 0;
    if (!date_parse(text, &day, &err))
        return false;
    s->until_us = ((int64_t)day + 1) * US_PER_DAY;
    return true;
}

/* The runs that there are, as many as a line holds. */
struct there {
    const char *site;
    struct text text;
    uint64_t count;
};

static bool add_number(void *context, const struct store_run *run)
{
    struct there *there = context;
    if (!is_of_site(there->site, run))
        return true;
    if (there->count++ < RUNS_NAMED_MAX)
        text_add(&there->text, "%s%lld", there->count > 1 ? ", " : "", (long long)run->number);
    return true;
}

enum exit_code run_is_unknown(const struct call *call, struct store *store, const char *site,
                              const char *name)
{
    struct error err;
    char numbers[RUNS_NAMED_MAX * 22];
    struct there there = {.site = site, .text = text_over(numbers, sizeof numbers)};
    if (!store_runs_each(store, add_number, &there, &err) || there.count == 0)
        return call_is_wrong(call, "the store has no run '%s': there is none in it%s", name,
                             site != NULL ? " of this site" : "");
    return call_is_wrong(call, "the store has no run '%s': there %s %s%s (--runs tells of each)",
                         name, there.count == 1 ? "is" : "are", numbers,
                         there.count > RUNS_NAMED_MAX ? " and others" : "");
}

static enum exit_code find(const struct call *call, struct store *store, const char *name,
                           struct search *s)
{
    struct error err;
    bool good = true;
    if (!parse_name(name, s))
        return call_is_wrong(call, "'%s' names no run: say its number, last, last-1, or a date",
                             name);
    if (s->back >= 0) {
        good = store_runs_each(store, count_run, s, &err);
        s->wanted = s->count - s->back;
        s->count = 0;
    }
    if (!good || !store_runs_each(store, find_run, s, &err)) {
        console_complain(call->console, "store %s: %s", call->words.operands[0], err.text);
        return EXIT_FAILED;
    }
    if (s->found == 0)
        return run_is_unknown(call, store, s->site, name);
    if (!s->whole)
        console_note(call->console,
                     "run %lld was not whole: who is missing in it may be infected all the same",
                     (long long)s->found);
    return EXIT_DONE;
}

/* "A..B" into its two names; "last" alone is the last two. */
static bool split(const char *text, char first[RUN_NAME_SIZE], char second[RUN_NAME_SIZE])
{
    const char *dots = strstr(text, "..");
    if (strcmp(text, "last") == 0)
        text = "last-1..last", dots = strstr(text, "..");
    if (dots == NULL || dots == text || (size_t)(dots - text) >= RUN_NAME_SIZE)
        return false;
    (void)snprintf(first, RUN_NAME_SIZE, "%.*s", (int)(dots - text), text);
    const char *rest = dots[2] != '\0' ? dots + 2 : "last";
    return snprintf(second, RUN_NAME_SIZE, "%s", rest) < RUN_NAME_SIZE;
}

enum exit_code run_names_read(const struct call *call, struct store *store, const char *site,
                              const char *text, int64_t *before, int64_t *after)
{
    char first[RUN_NAME_SIZE], second[RUN_NAME_SIZE];
    struct search a = {.site = site}, b = {.site = site};
    if (!split(text, first, second))
        return call_is_wrong(call, "--diff takes two runs, as in 1..2 or last-1..last");
    enum exit_code code = find(call, store, first, &a);
    if (code == EXIT_DONE)
        code = find(call, store, second, &b);
    if (code != EXIT_DONE)
        return code;
    if (strcmp(a.of_site, b.of_site) != 0)
        return call_is_wrong(call,
                             "run %lld is of site '%s' and run %lld of '%s': the same address is "
                             "another host there",
                             (long long)a.found, a.of_site, (long long)b.found, b.of_site);
    if (a.found >= b.found)
        return call_is_wrong(call, "--diff goes from an earlier run to a later one");
    *before = a.found;
    *after = b.found;
    return EXIT_DONE;
}
