/* rendezvous-dns: names looked up that the worm makes on that date.
 *
 * Of every client and UTC day: how many distinct names could stand in a list, by length of their
 * label (n), and how many do stand in the list of that day or its neighbours (k). The chance that
 * an innocent host's names do so is a Poisson tail, over names of at least L letters, for every L;
 * the smallest tail counts, times the number of tails that were tried.
 *
 * A server that is asked such names and asks them on within a minute is a relay: its clients are
 * meant. A host that asks as many names of other dates checks lists: a scanner.
 * Source: spec of behaviour, section 3; names from conficker/domains. */
#include <math.h>
#include <stdio.h>

#include "base/hash.h"
#include "base/time.h"
#include "base/writer.h"
#include "conficker/domains.h"
#include "detect/calendar.h"
#include "detect/detector.h"
#include "detect/names_tried.h"
#include "evidence/chance.h"
#include "evidence/examples.h"
#include "evidence/hosts.h"
#include "evidence/saving.h"
#include "evidence/set.h"
#include "evidence/span.h"
#include "evidence/trail.h"
#include "observe/packet.h"
#include "wire/dns.h"

enum {
    DNS_PORT = 53,
    HALVES = 2, /* names that hit are kept by a bit of their hash: two sets stay exact for longer */
    DAYS_GRACE = 1,        /* the worm's clock and ours: the day before and after count */
    OTHER_DAYS_SMALL = 30, /* lists A and B: other dates looked at, each side */
    OTHER_DAYS_D = 7,      /* list D: 50,000 names a day, so fewer */
    LIST_NAMED_LOG10 = -9, /* a list whose chance is below this is named beside the best one */
    LABEL_FLOOR = 5,       /* 4-letter names never convict */
    NAMES_TO_CONVICT = 3
};

/* What few hosts need: names that hit. */
struct hits {
    struct set names[NAME_LISTS][NAME_LENGTHS][HALVES];
    uint64_t look_ups, nxdomain;
    struct span span;
    struct examples examples[NAME_LISTS];
};

struct trails {
    struct trail asked_of; /* names that hit, asked of this host */
    struct trail asked_by; /* and by it */
};

struct slot {
    struct names_tried tried; /* whose shape fits a list */
    struct hits *hits;
    struct trails *trails;
};

static struct hits *hits_of(struct watcher *w, struct slot *s)
{
    if (s->hits == NULL) {
        s->hits = hosts_extra(w->hosts, sizeof *s->hits);
        if (s->hits != NULL)
            s->hits->span = span_empty();
    }
    return s->hits;
}

static struct trails *trails_of(struct watcher *w, struct slot *s)
{
    if (s->trails == NULL)
        s->trails = hosts_extra(w->hosts, sizeof *s->trails);
    return s->trails;
}

/* Looks in the lists of the day and its neighbours; the name is known by its hash. */
static bool find_near(struct calendar *c, enum name_list list, int32_t day, uint64_t hash,
                      int32_t *found_day, struct name_match *match)
{
    static const int32_t order[] = {0, -DAYS_GRACE, DAYS_GRACE};
    for (unsigned i = 0; i < COUNT_OF(order); i++) {
        if (calendar_find(c, list, day + order[i], hash, match)) {
            *found_day = day + order[i];
            return true;
        }
    }
    return false;
}

struct look_up {
    const struct observation *seen;
    const struct dns_name *name;
    struct domain_shape shape;
    uint64_t hash;
};

static void note_hit(struct watcher *w, struct slot *s, const struct look_up *l,
                     enum name_list list, int32_t list_day, unsigned position)
{
    struct hits *hits = hits_of(w, s);
    if (hits == NULL)
        return;
    unsigned length = l->shape.label_length - DOMAIN_LABEL_MIN;
    (void)set_add(hosts_sets(w->hosts), &hits->names[list][length][l->hash % HALVES], l->hash);
    hits->look_ups += !l->seen->dns->is_response;
    hits->nxdomain += l->seen->dns->is_response && l->seen->dns->rcode == DNS_NXDOMAIN;
    span_add(&hits->span, l->seen->when_us);
    if (examples_want(&hits->examples[list], l->hash)) {
        char date[DATE_TEXT_SIZE], text[EXAMPLE_TEXT_SIZE];
        (void)snprintf(text, sizeof text, "%.*s (number %u of %s)", DOMAIN_NAME_SIZE - 1,
                       l->name->text, position + 1, date_text(list_day, date));
        examples_add(&hits->examples[list], l->hash, text);
    }
}

/* The name passed from client to server: remembered at both ends. */
static void note_trail(struct watcher *w, struct slot *client, const struct look_up *l)
{
    struct trails *by = trails_of(w, client);
    if (by != NULL)
        trail_add(w->hosts, &by->asked_by, l->hash, l->seen->when_us);
    struct slot *server = watcher_slot(w, l->seen->server.address, l->seen->when_us);
    struct trails *of = server != NULL ? trails_of(w, server) : NULL;
    if (of != NULL)
        trail_add(w->hosts, &of->asked_of, l->hash, l->seen->when_us);
}

static void observe_name(struct watcher *w, const struct look_up *l)
{
    struct slot *s = watcher_slot(w, l->seen->client.address, l->seen->when_us);
    if (s == NULL)
        return;
    int32_t day = day_of(l->seen->when_us);
    bool hit = false;
    names_tried_add(w->hosts, &s->tried, l->shape, l->hash);
    for (enum name_list list = NAME_LIST_A; list < NAME_LISTS; list++) {
        struct name_match match;
        int32_t list_day;
        if ((l->shape.lists & 1u << list) == 0)
            continue;
        if (find_near(w->calendar, list, day, l->hash, &list_day, &match)) {
            note_hit(w, s, l, list, list_day, match.position);
            hit = true;
        }
    }
    if (hit)
        note_trail(w, s, l);
}

static void observe(struct watcher *w, const struct observation *seen)
{
    const struct dns_message *dns = seen->dns;
    if (!seen->client_known || seen->server.port != DNS_PORT || dns->opcode != 0)
        return;
    for (unsigned i = 0; i < dns->name_count; i++) {
        const struct dns_name *name = &dns->names[i];
        struct look_up l = {.seen = seen, .name = name};
        if (name->type != DNS_TYPE_A && name->type != DNS_TYPE_AAAA)
            continue;
        if (!domain_shape_of(name->text, name->length, &l.shape))
            continue;
        l.hash = name_hash(name->text, name->length);
        observe_name(w, &l);
    }
}

static void merge(struct watcher *w, void *into_slot, const void *from_slot)
{
    struct slot *into = into_slot;
    const struct slot *from = from_slot;
    struct set_pool *pool = hosts_sets(w->hosts);
    names_tried_merge(w->hosts, &into->tried, &from->tried);
    struct trails *trails = from->trails != NULL ? trails_of(w, into) : NULL;
    if (trails != NULL) {
        trail_merge(w->hosts, &trails->asked_of, &from->trails->asked_of);
        trail_merge(w->hosts, &trails->asked_by, &from->trails->asked_by);
    }
    struct hits *hits = from->hits != NULL ? hits_of(w, into) : NULL;
    if (hits == NULL)
        return;
    for (unsigned list = 0; list < NAME_LISTS; list++) {
        for (unsigned i = 0; i < NAME_LENGTHS; i++)
            for (unsigned half = 0; half < HALVES; half++)
                set_merge(pool, &hits->names[list][i][half], &from->hits->names[list][i][half]);
        examples_merge(&hits->examples[list], &from->hits->examples[list]);
    }
    hits->look_ups += from->hits->look_ups;
    hits->nxdomain += from->hits->nxdomain;
    span_merge(&hits->span, from->hits->span);
}

static void release(struct watcher *w, void *slot)
{
    struct slot *s = slot;
    names_tried_free(w->hosts, &s->tried);
    for (unsigned list = 0; s->hits != NULL && list < NAME_LISTS; list++)
        for (unsigned i = 0; i < NAME_LENGTHS; i++)
            for (unsigned half = 0; half < HALVES; half++)
                set_free(hosts_sets(w->hosts), &s->hits->names[list][i][half]);
    hosts_give_extra(w->hosts, s->hits, sizeof *s->hits);
    if (s->trails == NULL)
        return;
    trail_free(w->hosts, &s->trails->asked_of);
    trail_free(w->hosts, &s->trails->asked_by);
    hosts_give_extra(w->hosts, s->trails, sizeof *s->trails);
}

static void save_hits(const struct hits *hits, struct writer *out)
{
    for (unsigned list = 0; list < NAME_LISTS; list++) {
        for (unsigned i = 0; i < NAME_LENGTHS; i++)
            for (unsigned half = 0; half < HALVES; half++)
                save_set(out, &hits->names[list][i][half]);
        save_examples(out, &hits->examples[list]);
    }
    write_le64(out, hits->look_ups);
    write_le64(out, hits->nxdomain);
    save_span(out, hits->span);
}

static void load_hits(struct watcher *w, struct hits *hits, struct reader *in)
{
    for (unsigned list = 0; list < NAME_LISTS; list++) {
        for (unsigned i = 0; i < NAME_LENGTHS; i++)
            for (unsigned half = 0; half < HALVES; half++)
                load_set(hosts_sets(w->hosts), &hits->names[list][i][half], in);
        load_examples(&hits->examples[list], in);
    }
    hits->look_ups = load_count(in);
    hits->nxdomain = load_count(in);
    hits->span = load_span(in);
    load_demand(in, hits->span.first_us <= hits->span.last_us);
}

static void save(const void *slot, struct writer *out)
{
    const struct slot *s = slot;
    names_tried_save(out, &s->tried);
    save_bool(out, s->trails != NULL);
    save_bool(out, s->hits != NULL);
    if (s->trails != NULL) {
        save_trail(out, &s->trails->asked_of);
        save_trail(out, &s->trails->asked_by);
    }
    if (s->hits != NULL)
        save_hits(s->hits, out);
}

static bool load(struct watcher *w, void *slot, struct reader *in)
{
    struct slot *s = slot;
    names_tried_load(w->hosts, &s->tried, in);
    bool has_trails = load_bool(in), has_hits = load_bool(in);
    if (in->failed || (has_trails && trails_of(w, s) == NULL))
        return !in->failed;
    if (has_trails) {
        load_trail(w->hosts, &s->trails->asked_of, in);
        load_trail(w->hosts, &s->trails->asked_by, in);
    }
    if (has_hits && hits_of(w, s) != NULL)
        load_hits(w, s->hits, in);
    return !in->failed;
}

/* What one list says of the host. */
struct tail {
    enum name_list list;
    double log10_chance;
    double hits, tried;           /* distinct names, all lengths */
    bool hits_exact, tried_exact; /* counted, not estimated */
    double hits_of_five;          /* with labels of LABEL_FLOOR letters or more */
};

/* The best of the nested tails, corrected for how many there are. Estimates enter on the safe
 * side. */
static struct tail tail_of(const struct slot *s, enum name_list list)
{
    unsigned shortest = list == NAME_LIST_D ? 4 : 5, longest = list == NAME_LIST_D ? 9 : 11;
    struct tail best = {.list = list, .hits_exact = true, .tried_exact = true};
    double k = 0, mean = 0;
    for (unsigned length = longest; length >= shortest; length--) {
        uint64_t items[NAMES_FEW];
        const struct set tried = names_tried_of(&s->tried, list, length, items);
        const struct set *hits = s->hits->names[list][length - DOMAIN_LABEL_MIN];
        mean += set_count_high(&tried) * domain_chance(list, length) * (2 * DAYS_GRACE + 1);
        for (unsigned half = 0; half < HALVES; half++) {
            k += set_count_low(&hits[half]);
            best.hits += set_count(&hits[half]);
            best.hits_exact &= set_is_exact(&hits[half]);
        }
        best.tried += set_count(&tried);
        best.tried_exact &= set_is_exact(&tried);
        if (length >= LABEL_FLOOR)
            best.hits_of_five = k;
        double chance = chance_poisson_tail(mean, k);
        if (chance < best.log10_chance)
            best.log10_chance = chance;
    }
    best.log10_chance += log10(longest - shortest + 1) + log10(NAME_LISTS);
    if (best.log10_chance > 0)
        best.log10_chance = 0;
    return best;
}

/* Of the sampled names that fit the list: how many stand in it now, how many on other dates. */
static bool checks_lists(struct watcher *w, int32_t day, const struct slot *s, enum name_list list)
{
    int32_t reach = list == NAME_LIST_D ? OTHER_DAYS_D : OTHER_DAYS_SMALL;
    unsigned now = 0, other = 0;
    for (int32_t away = -reach; away <= reach; away++) {
        for (unsigned length = LABEL_FLOOR; length <= DOMAIN_LABEL_MAX; length++) {
            uint64_t items[NAMES_FEW];
            const uint64_t *names;
            struct set tried = names_tried_of(&s->tried, list, length, items);
            size_t count = set_sample(&tried, &names);
            struct name_match match;
            for (size_t i = 0; i < count; i++)
                if (calendar_find(w->calendar, list, day + away, hash_number_undo(names[i]),
                                  &match))
                    *(away >= -DAYS_GRACE && away <= DAYS_GRACE ? &now : &other) += 1;
        }
    }
    return other >= NAMES_TO_CONVICT && other >= now;
}

static unsigned variants_of(enum name_list list)
{
    static const unsigned of[NAME_LISTS] = {[NAME_LIST_A] = VARIANT_A,
                                            [NAME_LIST_B] = VARIANT_B | VARIANT_C,
                                            [NAME_LIST_D] = VARIANT_D | VARIANT_E};
    return of[list];
}

static void say(struct sign *out, const struct tail *t, bool relay)
{
    static const char *const names[NAME_LISTS] = {"A", "B and C", "D and E"};
    struct text says = text_over(out->says, sizeof out->says);
    text_add(&says,
             "It looked up %s%.0f names that Conficker %s make%s on that date, among %s%.0f that "
             "could be such; ",
             t->hits_exact ? "" : "about ", t->hits, names[t->list],
             t->list == NAME_LIST_A ? "s" : "", t->tried_exact ? "" : "about ",
             fmax(t->tried, t->hits));
    chance_say(&says, t->log10_chance);
    text_add(&says, ".");
    if (relay)
        text_add(
            &says,
            " It was asked for the same names within a minute: this address or a host behind it.");
    if ((out->marks & MARK_SCANNER) != 0)
        text_add(&says,
                 " It also asks for as many names of other dates: somebody checks lists here.");
}

static bool report(struct watcher *w, int32_t day, const void *slot, struct sign *out)
{
    const struct slot *s = slot;
    if (s->hits == NULL)
        return false;
    struct tail best = {0};
    unsigned variants = 0;
    for (enum name_list list = NAME_LIST_A; list < NAME_LISTS; list++) {
        struct tail tail = tail_of(s, list);
        if (list == NAME_LIST_A || tail.log10_chance < best.log10_chance)
            best = tail;
        /* A resolver passes on names of several lists: each that convicts is named. */
        if (tail.log10_chance <= LIST_NAMED_LOG10 && tail.hits_of_five >= NAMES_TO_CONVICT)
            variants |= variants_of(list);
    }
    if (best.hits < 1)
        return false;
    bool relay = s->trails != NULL && trail_shared(&s->trails->asked_of, &s->trails->asked_by) > 0;
    out->weight = WEIGHT_STATISTICAL;
    out->false_alarm_log10 = best.log10_chance;
    out->below_floor = best.hits_of_five < NAMES_TO_CONVICT;
    out->variants = variants | variants_of(best.list);
    out->marks = relay ? MARK_RELAY : 0;
    if (!out->below_floor && checks_lists(w, day, s, best.list))
        out->marks |= MARK_SCANNER;
    out->count = (uint64_t)llround(best.hits);
    out->has_of = true;
    out->of = (uint64_t)llround(best.tried);
    if (out->of < out->count)
        out->of = out->count;
    out->first_us = s->hits->span.first_us;
    out->last_us = s->hits->span.last_us;
    sign_add_number(out, "names_of_5_letters_or_more", floor(best.hits_of_five));
    sign_add_number(out, "nxdomain", (double)s->hits->nxdomain);
    examples_show(&s->hits->examples[best.list], "names", out);
    say(out, &best, relay);
    return true;
}

const struct detector detector_rendezvous_dns = {
    .sign = SIGN_RENDEZVOUS_DNS,
    .slot_size = sizeof(struct slot),
    .statistical = true,
    .interests = 1u << OBSERVED_DNS,
    .observe = observe,
    .merge = merge,
    .release = release,
    .report = report,
    .save = save,
    .load = load,
};
