/* All sites are read before the first report begins: a store that turns out to be damaged must not
 * leave half a report behind that looks like a whole one.
 *
 * A change is told by what two runs said, as they said it. Cured is who was asked again and heard,
 * or seen again, without a sign, after the last sign of before; of whom nothing was heard since
 * nobody knows. */
#include "engine/store_report.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/room.h"
#include "base/time.h"
#include "base/writer.h"
#include "engine/joined_report.h"
#include "engine/ledger.h"
#include "engine/run_fault.h"
#include "store/store.h"

enum { REPORT_BYTES = 256 << 20, STRANGERS_SIZE = 256 };

struct change {
    struct address host;
    enum change_kind kind;
    bool infected, proof;
    double weight;
    const char *before, *after;
    char says[CHANGE_SAYS_SIZE];
};

/* One site: its hunt, and what people say of it. */
struct site {
    const char *name; /* "": none */
    bool only_listed; /* only whoever the list of networks puts at the site that is asked for */
    struct hunt_settings settings;
    struct hunt *hunt;
    struct ledger *ledger;
};

struct store_report {
    struct store *store;
    const struct store_report_settings *settings;
    struct arena memory;
    struct site *sites;
    size_t site_count;
    const char *change_site; /* of the two runs; NULL: none */
    char before_told[RUN_TOLD_SIZE], after_told[RUN_TOLD_SIZE];
    char strangers[STRANGERS_SIZE]; /* that the runs have no host in common; "": they have */
    struct change *changes;
    size_t change_count, change_room;
    struct error err;
};

static bool is_bad(const char *verdict)
{
    return strcmp(verdict, "infected") == 0 || strcmp(verdict, "suspicious") == 0;
}

static bool was_heard(const struct store_change *c)
{
    return strcmp(c->hearing, "some") == 0 || strcmp(c->hearing, "refused") == 0;
}

static bool was_asked_since(const struct store_change *c)
{
    return c->asked_us != TIME_NONE && c->asked_us > c->bad_until_us;
}

enum change_kind change_between(const struct store_change *c)
{
    if (is_bad(c->after))
        return is_bad(c->before) ? CHANGE_STILL : CHANGE_NEW;
    if (!is_bad(c->before))
        return CHANGE_KINDS;
    return (was_asked_since(c) && was_heard(c)) || c->later_days > 0 ? CHANGE_CURED : CHANGE_GONE;
}

static void say_seen_since(const struct store_change *c, struct text *says)
{
    char date[DATE_TEXT_SIZE];
    if (c->later_days == 1)
        text_add(says, "seen again on %s", date_text(c->seen_day, date));
    else
        text_add(says, "seen again on %llu days after its last sign, up to %s",
                 (unsigned long long)c->later_days, date_text(c->seen_day, date));
    text_add(says, strcmp(c->after, "clean") == 0 ? ", it answered as a clean host does"
                                                  : ", it showed no sign");
}

/* What the later run has is no younger: of days nothing tells whether it was before or after. */
static void say_not_since(const struct store_change *c, struct text *says)
{
    char last[TIME_TEXT_SIZE], asked[TIME_TEXT_SIZE], date[DATE_TEXT_SIZE];
    (void)time_text(c->bad_until_us, last);
    if (c->asked_us != TIME_NONE)
        text_add(says, "not asked since its last sign at %s: the later run asked it at %s", last,
                 time_text(c->asked_us, asked));
    else
        text_add(says,
                 "not seen since its last sign at %s: what the later run saw of it is of %s%s",
                 last, date_text(c->seen_day, date),
                 c->seen_day == day_of(c->bad_until_us) ? ", the same day" : "");
}

static void say_now(const struct store_change *c, struct text *says)
{
    bool since = was_asked_since(c);
    if (since && strcmp(c->after, "clean") == 0)
        text_add(says, "it was asked again");
    else if (since && strcmp(c->hearing, "some") == 0)
        text_add(says, "asked again, it showed no sign");
    else if (since && strcmp(c->hearing, "refused") == 0)
        text_add(says, "asked again, it refused on every port and showed no sign");
    else if (c->later_days > 0)
        say_seen_since(c, says);
    else if (since)
        text_add(says, "asked again, and nothing was heard");
    else if (c->asked_us != TIME_NONE || c->was_seen)
        say_not_since(c, says);
    else
        text_add(says, "neither asked nor seen again");
}

void change_say(const struct store_change *c, struct text *says)
{
    switch (change_between(c)) {
    case CHANGE_NEW:
        if (c->before[0] != '\0')
            text_add(says, "it was %s before. ", c->before);
        text_add(says, "%s", c->says);
        break;
    case CHANGE_STILL:
        if (strcmp(c->before, c->after) == 0)
            text_add(says, "as before. %s", c->says);
        else
            text_add(says, "it was %s before. %s", c->before, c->says);
        break;
    case CHANGE_CURED:
    case CHANGE_GONE:
    case CHANGE_KINDS:
        text_add(says, "it was %s; ", c->before);
        say_now(c, says);
        text_add(says, ". %s", c->after[0] != '\0' ? c->says : "");
    }
    while (says->used > 0 && says->start[says->used - 1] == ' ')
        says->start[--says->used] = '\0';
}

static bool out_of_memory(struct store_report *s)
{
    return fail(&s->err, ERROR_SYSTEM, "no memory");
}

static bool is_verdict(const char *text)
{
    bool found = text[0] == '\0';
    for (enum verdict_kind kind = 0; kind < VERDICT_KINDS; kind++)
        found = found || strcmp(verdict_kind_text(kind), text) == 0;
    return found;
}

static bool take_change(void *context, const struct store_change *c)
{
    struct store_report *s = context;
    if (!is_verdict(c->before) || !is_verdict(c->after))
        return fail(&s->err, ERROR_FORMAT, "the store is damaged (a verdict that cannot be)");
    enum change_kind kind = change_between(c);
    if (kind == CHANGE_KINDS)
        return true;
    struct change *changes = room_for_one(s->changes, s->change_count, &s->change_room,
                                          sizeof *changes);
    if (changes == NULL)
        return out_of_memory(s);
    s->changes = changes;
    struct change *change = &s->changes[s->change_count++];
    const char *bad = is_bad(c->after) ? c->after : c->before;
    *change = (struct change){.host = c->host,
                              .kind = kind,
                              .infected = strcmp(bad, "infected") == 0,
                              .proof = c->proof,
                              .weight = c->weight};
    change->before = c->before[0] != '\0' ? arena_text(&s->memory, c->before) : NULL;
    change->after = c->after[0] != '\0' ? arena_text(&s->memory, c->after) : NULL;
    struct text says = text_over(change->says, sizeof change->says);
    change_say(c, &says);
    return true;
}

/* The gravest first, by the verdict that made them bad. */
static int compare_changes(const void *a, const void *b)
{
    const struct change *x = a, *y = b;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    if (x->infected != y->infected)
        return x->infected ? -1 : 1;
    if (x->proof != y->proof)
        return x->proof ? -1 : 1;
    if (!x->proof && (x->weight > y->weight || x->weight < y->weight))
        return x->weight > y->weight ? -1 : 1;
    return address_compare(x->host, y->host);
}

static bool find_change_site(void *context, const struct store_run *run)
{
    struct store_report *s = context;
    if (run->number == s->settings->after)
        s->change_site = arena_text(&s->memory, run->site);
    if (run->number == s->settings->before)
        run_told(run, s->before_told);
    if (run->number == s->settings->after)
        run_told(run, s->after_told);
    return true;
}

static bool read_changes(struct store_report *s, struct error *err)
{
    const struct store_report_settings *o = s->settings;
    if (o->before == 0)
        return true;
    uint64_t common = 0;
    bool good = store_runs_each(s->store, find_change_site, s, err) &&
                store_common_hosts(s->store, o->before, o->after, &common, err) &&
                store_changes_each(s->store, o->before, o->after, take_change, s, err);
    struct text text = text_over(s->strangers, sizeof s->strangers);
    if (good && common == 0)
        text_add(&text,
                 "run %lld (%s) and run %lld (%s) have no host in common: they looked at different "
                 "things, and what changed between them says little",
                 (long long)o->before, s->before_told, (long long)o->after, s->after_told);
    if (s->change_count > 0)
        qsort(s->changes, s->change_count, sizeof s->changes[0], compare_changes);
    return good;
}

static bool add_site(void *context, const char *name)
{
    struct store_report *s = context;
    const char *wanted = s->settings->site;
    bool is_wanted = wanted == NULL || strcmp(wanted, name) == 0;
    if (!is_wanted && !(s->settings->site_is_listed && name[0] == '\0'))
        return true;
    if (s->site_count == STORE_SITES_MAX)
        return fail(&s->err, ERROR_LIMIT, "more than %d sites", STORE_SITES_MAX);
    struct site *site = &s->sites[s->site_count];
    *site = (struct site){.name = arena_text(&s->memory, name), .settings = s->settings->hunt};
    if (site->name == NULL)
        return out_of_memory(s);
    site->settings.site = name[0] != '\0' ? site->name : NULL;
    site->settings.verb = "report";
    site->settings.annotate = ledger_annotate;
    site->only_listed = !is_wanted;
    if (site->only_listed)
        site->settings.is_asked_for = ledger_is_asked_for;
    s->site_count++;
    return true;
}

static bool read_site(struct store_report *s, struct site *site, struct error *err)
{
    site->ledger = ledger_read(s->store, site->name, s->settings->today, err);
    site->settings.annotate_context = site->ledger;
    if (site->ledger != NULL && site->only_listed)
        ledger_ask_for(site->ledger, s->settings->site);
    site->hunt = site->ledger != NULL ? hunt_new(&site->settings, err) : NULL;
    return site->hunt != NULL &&
           hunt_read_store(site->hunt, s->store, site->name, s->settings->since_day, err);
}

static bool read_sites(struct store_report *s, struct error *err)
{
    if (!store_sites_each(s->store, add_site, s, err))
        return false;
    /* A store without a run has one site, of which nothing is known. */
    if (s->site_count == 0 && s->err.kind == ERROR_NONE)
        (void)add_site(s, s->settings->site != NULL ? s->settings->site : "");
    bool good = s->err.kind == ERROR_NONE && read_changes(s, err) && s->err.kind == ERROR_NONE;
    for (size_t i = 0; good && i < s->site_count; i++)
        good = read_site(s, &s->sites[i], err);
    if (s->err.kind != ERROR_NONE)
        *err = s->err;
    return good;
}

/* As the store is at one moment: of the caller's transaction, where there is one. */
static bool read_all(struct store_report *s, struct error *err)
{
    if (store_is_in_transaction(s->store))
        return read_sites(s, err);
    bool good = store_begin_reading(s->store, err) && read_sites(s, err);
    store_give_up(s->store);
    return good;
}

static struct ledger *ledger_of_changes(const struct store_report *s)
{
    for (size_t i = 0; i < s->site_count; i++)
        if (s->change_site != NULL && strcmp(s->sites[i].name, s->change_site) == 0)
            return s->sites[i].ledger;
    return NULL;
}

static bool tell_changes(const struct store_report *s, struct report *r)
{
    struct ledger *ledger = ledger_of_changes(s);
    bool good = true;
    for (size_t i = 0; good && r->format->change != NULL && i < s->change_count; i++) {
        const struct change *c = &s->changes[i];
        if (ledger != NULL && !ledger_is_asked_for(ledger, c->host))
            continue;
        struct host_change told = {.host = c->host,
                                   .kind = c->kind,
                                   .before_run = s->settings->before,
                                   .after_run = s->settings->after,
                                   .before_told = s->before_told,
                                   .after_told = s->after_told,
                                   .before = c->before,
                                   .after = c->after,
                                   .says = c->says};
        told.site = s->change_site != NULL && s->change_site[0] != '\0' ? s->change_site : NULL;
        if (ledger != NULL)
            told.owner = ledger_owner(ledger, c->host, &told.site);
        good = r->format->change(r, &told);
    }
    return good;
}

void store_report_tell(struct store_report *s, struct report *reports, size_t report_count,
                       struct hunt_outcome *out)
{
    size_t count = report_count < STORE_REPORTS_MAX ? report_count : STORE_REPORTS_MAX;
    struct joined joined[STORE_REPORTS_MAX];
    struct report proxies[STORE_REPORTS_MAX];
    int64_t began_us = s->settings->now_us(s->settings->context);
    *out = (struct hunt_outcome){.complete = true, .write_failed = report_count > count};
    for (size_t i = 0; i < count; i++) {
        joined_begin(&joined[i], &reports[i], "report");
        proxies[i] = joined_report(&joined[i]);
        if (s->strangers[0] != '\0')
            joined_note(&joined[i], s->strangers);
        out->write_failed |= !tell_changes(s, &reports[i]);
    }
    for (size_t i = 0; i < s->site_count; i++) {
        struct hunt_outcome one;
        hunt_finish(s->sites[i].hunt, proxies, count, 0, &one);
        out->infected_home += one.infected_home;
        out->complete &= one.complete;
        out->write_failed |= one.write_failed;
    }
    int64_t taken_us = s->settings->now_us(s->settings->context) - began_us;
    for (size_t i = 0; i < count; i++)
        out->write_failed |= !joined_end(&joined[i], (double)taken_us / (double)US_PER_SECOND);
}

struct store_report *store_report_read(struct store *store,
                                       const struct store_report_settings *settings,
                                       struct error *err)
{
    struct store_report *s = calloc(1, sizeof *s);
    if (s != NULL) {
        s->store = store;
        s->settings = settings;
        s->memory = arena_of(REPORT_BYTES);
        s->sites = calloc(STORE_SITES_MAX, sizeof *s->sites);
    }
    if (s == NULL || s->sites == NULL) {
        (void)fail(err, ERROR_SYSTEM, "no memory");
        store_report_free(s);
        return NULL;
    }
    if (read_all(s, err))
        return s;
    store_report_free(s);
    return NULL;
}

void store_report_free(struct store_report *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->site_count; i++) {
        hunt_free(s->sites[i].hunt);
        ledger_free(s->sites[i].ledger);
    }
    free(s->sites);
    free(s->changes);
    arena_free(&s->memory);
    free(s);
}
