/* `wormsign domains`: the names of a day, and which day and variant makes a name.
 *
 * Checking makes each day's lists once and looks all names up in them, so a span of years costs as
 * much for a thousand names as for one. Lists that no name can stand in, by its shape, are not
 * made. */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/room.h"
#include "base/time.h"
#include "base/writer.h"
#include "cli/lines.h"
#include "cli/verbs.h"
#include "conficker/domains.h"
#include "conficker/name_index.h"

enum {
    NAME_TEXT_MAX = 254, /* a DNS name is no longer */
    CHECK_NAMES_MAX = 4 * 1024 * 1024,
    CHECK_MATCHES_MAX = 16 * 1024 * 1024
};

struct domains_settings {
    struct common_settings common;
    bool json, check;
    struct option_number variant;
    struct option_day date, since, until;
    struct option_texts lists;
};

static const struct option domains_options[] = {
    {.name = "variant",
     .value = "VARIANT",
     .help = "whose names, by Microsoft's letters; C has B's list, E has D's, and sri-c is D",
     .kind = OPTION_CHOICE,
     .into = offsetof(struct domains_settings, variant),
     .choices = "A|B|C|D|E|sri-c"},
    {.name = "date",
     .value = "DATE",
     .help =
         "the UTC date, from 2008-01-01 to 2100-12-31; default: today; with --check also the day "
         "before and the day after",
     .kind = OPTION_DAY,
     .into = offsetof(struct domains_settings, date)},
    {.name = "check",
     .help = "say for each NAME which variant makes it, and when",
     .kind = OPTION_FLAG,
     .into = offsetof(struct domains_settings, check)},
    {.name = "since",
     .value = "DATE",
     .help = "with --check: the first date; default with --until: 2008-01-01",
     .kind = OPTION_DAY,
     .into = offsetof(struct domains_settings, since)},
    {.name = "until",
     .value = "DATE",
     .help = "with --check: the last date; default with --since: tomorrow",
     .kind = OPTION_DAY,
     .into = offsetof(struct domains_settings, until)},
    {.short_name = "iL",
     .value = "FILE",
     .help = "with --check: read names from FILE (-: stdin), one a line; can be repeated",
     .kind = OPTION_TEXTS,
     .into = offsetof(struct domains_settings, lists)},
    {.name = "json",
     .help = "a JSON object a line",
     .kind = OPTION_FLAG,
     .into = offsetof(struct domains_settings, json)},
};

/* Which variants share a list. */
static const struct {
    const char *text, *letters;
} list_variants[NAME_LISTS] = {
    [NAME_LIST_A] = {"A", "A"}, [NAME_LIST_B] = {"B,C", "BC"}, [NAME_LIST_D] = {"D,E", "DE"}};

/* By the place of the variant in the choices. */
static const enum name_list list_of_choice[] = {NAME_LIST_A, NAME_LIST_B, NAME_LIST_B,
                                                NAME_LIST_D, NAME_LIST_D, NAME_LIST_D};

/* letters NULL: no variant makes the name, and date and position are absent. */
static bool print_json(struct console *c, const char *name, const char *letters, int32_t day,
                       unsigned position)
{
    char date[DATE_TEXT_SIZE];
    json_t *variants = json_array();
    for (; letters != NULL && *letters != '\0'; letters++)
        (void)json_array_append_new(variants, json_stringn(letters, 1));
    bool found = json_array_size(variants) > 0;
    json_t *line = json_pack("{s:s, s:i, s:s, s:o}", "type", "domain", "schema", 1, "name", name,
                             "variants", variants);
    if (line != NULL && found) {
        (void)json_object_set_new(line, "date", json_string(date_text(day, date)));
        (void)json_object_set_new(line, "position", json_integer(position));
    }
    return console_json(c, line);
}

static enum exit_code print_list(const struct call *call, enum name_list list, int32_t day)
{
    const struct domains_settings *s = call->settings;
    struct domain_generator g;
    char name[DOMAIN_NAME_SIZE];
    domains_begin(&g, list, day);
    for (unsigned i = 0; i < domains_count(list); i++) {
        (void)domains_next(&g, name);
        bool good = s->json ? print_json(call->console, name, list_variants[list].letters, day, i)
                            : console_print(call->console, "%s\n", name);
        if (!good)
            return EXIT_FAILED;
    }
    return EXIT_DONE;
}

/* A name that is asked for. */
struct asked {
    char *text; /* NUL-terminated, as it came */
    uint64_t hash;
    unsigned lists; /* those that it could stand in, by its shape and by --variant */
};

struct found {
    uint32_t asked; /* which */
    int32_t day;
    struct name_match match;
};

struct check {
    struct console *console;
    bool json;
    unsigned lists; /* bits: those wanted */
    int32_t since, until;
    struct asked *asked;
    size_t asked_count, asked_room;
    struct found *found;
    size_t found_count, found_room;
    struct name_index *index;
};

/* Makes room for one more item, by doubling; false at the limit or without memory. */
static bool grow(void **items, size_t count, size_t *room, size_t size, size_t most)
{
    if (count < *room)
        return true;
    void *bigger = count < most ? room_for_one(*items, count, room, size) : NULL;
    if (bigger != NULL)
        *items = bigger;
    return bigger != NULL;
}

static bool ask(struct check *check, const char *name, struct error *err)
{
    struct domain_shape shape = {0, 0};
    size_t length = strlen(name);
    void *items = check->asked;
    bool room = grow(&items, check->asked_count, &check->asked_room, sizeof check->asked[0],
                     CHECK_NAMES_MAX);
    check->asked = items;
    char *text = room ? strdup(name) : NULL;
    if (text == NULL)
        return fail(err, ERROR_LIMIT, "more names than fit at once (%d at most)", CHECK_NAMES_MAX);
    if (!domain_shape_of(name, length, &shape))
        shape.lists = 0;
    check->asked[check->asked_count++] = (struct asked){text, name_hash(name, length),
                                                        shape.lists & check->lists};
    return true;
}

/* True for what can stand in a name; a dot ends a label. */
static bool is_of_name(unsigned char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '-' || byte == '_' || byte == '.';
}

/* Where a label too many stands in front of what could be one of the worm's names: that name. */
static const char *name_inside(const char *name)
{
    struct domain_shape shape;
    const char *inside = strchr(name, '.');
    if (domain_shape_of(name, strlen(name), &shape))
        return NULL;
    while (inside != NULL && !domain_shape_of(inside + 1, strlen(inside + 1), &shape))
        inside = strchr(inside + 1, '.');
    return inside != NULL ? inside + 1 : NULL;
}

/* A word that is more or less than a name is found in no list, and "no" would be the wrong answer
 * to what was meant. */
static bool check_bare_name(const char *name, struct error *err)
{
    if (strstr(name, "://") != NULL || strchr(name, '/') != NULL)
        return fail(err, ERROR_FORMAT, "is a URL; give the name in it alone");
    for (const char *next = name; *next != '\0'; next++) {
        if (!is_of_name((unsigned char)*next))
            return fail(err, ERROR_FORMAT, "byte 0x%02x at place %zu stands in no name",
                        (unsigned)(unsigned char)*next, (size_t)(next - name) + 1);
    }
    if (name[0] == '.' || strstr(name, "..") != NULL)
        return fail(err, ERROR_FORMAT, "has an empty label");
    const char *inside = name_inside(name);
    if (inside != NULL)
        return fail(err, ERROR_FORMAT,
                    "has a label too many: the worm puts nothing in front of its names; check %s",
                    inside);
    return true;
}

static bool ask_line(void *context, uint64_t number, struct reader line, struct error *err)
{
    (void)number;
    char name[NAME_TEXT_MAX + 1], more[2];
    bool too_long;
    if (!line_word(&line, name, sizeof name, &too_long))
        return too_long ? fail(err, ERROR_FORMAT, "is no name: longer than %d bytes, or binary",
                               NAME_TEXT_MAX)
                        : fail(err, ERROR_FORMAT, "is empty");
    if (line_word(&line, more, sizeof more, &too_long) || too_long)
        return fail(err, ERROR_FORMAT, "more than one name");
    return check_bare_name(name, err) && ask(context, name, err);
}

static bool keep(struct check *check, struct found found)
{
    void *items = check->found;
    bool room = grow(&items, check->found_count, &check->found_room, sizeof check->found[0],
                     CHECK_MATCHES_MAX);
    check->found = items;
    if (room)
        check->found[check->found_count++] = found;
    return room;
}

static bool look_up_day(struct check *check, int32_t day)
{
    struct name_match match;
    for (size_t i = 0; i < check->asked_count; i++) {
        const struct asked *asked = &check->asked[i];
        for (enum name_list list = 0; list < NAME_LISTS && asked->lists != 0; list++) {
            if ((asked->lists & 1u << list) == 0 ||
                !name_index_find(check->index, list, asked->hash, &match))
                continue;
            if (!keep(check, (struct found){(uint32_t)i, day, match}))
                return false;
        }
    }
    return true;
}

static bool look_up(struct check *check)
{
    unsigned lists = 0;
    char date[DATE_TEXT_SIZE];
    for (size_t i = 0; i < check->asked_count; i++)
        lists |= check->asked[i].lists;
    for (int32_t day = check->since; day <= check->until && lists != 0; day++) {
        name_index_reset(check->index, day);
        name_index_fill(check->index, lists);
        if (!look_up_day(check, day))
            return false;
        console_progress(check->console, "domains: %s, %d of %d days, %zu found",
                         date_text(day, date), day - check->since + 1,
                         check->until - check->since + 1, check->found_count);
    }
    return true;
}

static int compare_found(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    if (x->asked != y->asked)
        return x->asked < y->asked ? -1 : 1;
    if (x->day != y->day)
        return x->day < y->day ? -1 : 1;
    return (int)x->match.list - (int)y->match.list;
}

static bool print_found(struct check *check, const char *name, const struct found *found)
{
    char date[DATE_TEXT_SIZE];
    if (check->json)
        return print_json(
            check->console, name, found != NULL ? list_variants[found->match.list].letters : NULL,
            found != NULL ? found->day : 0, found != NULL ? found->match.position : 0);
    if (found == NULL)
        return console_print(check->console, "%s\t-\t-\t-\n", name);
    return console_print(check->console, "%s\t%s\t%s\t%u\n", name,
                         list_variants[found->match.list].text, date_text(found->day, date),
                         found->match.position);
}

/* By name in the order in which they were asked, then by date. */
static bool print_answers(struct check *check)
{
    char name[4 * NAME_TEXT_MAX + 1];
    size_t next = 0;
    if (check->found_count > 0)
        qsort(check->found, check->found_count, sizeof check->found[0], compare_found);
    for (size_t i = 0; i < check->asked_count; i++) {
        struct text t = text_over(name, sizeof name);
        text_add_escaped(&t, check->asked[i].text, strlen(check->asked[i].text));
        bool none = next == check->found_count || check->found[next].asked != i;
        if (none && !print_found(check, name, NULL))
            return false;
        for (; next < check->found_count && check->found[next].asked == i; next++) {
            if (!print_found(check, name, &check->found[next]))
                return false;
        }
    }
    return true;
}

/* "No" depends on the days, so those that nobody chose are told. */
static void note_days(const struct call *call, const struct check *check)
{
    const struct domains_settings *s = call->settings;
    char since[DATE_TEXT_SIZE], until[DATE_TEXT_SIZE];
    if (check->asked_count > 0 && !s->date.given && !s->since.given && !s->until.given)
        console_note(call->console,
                     "looked in the lists of %s to %s; --date, or --since and --until, choose "
                     "other days",
                     date_text(check->since, since), date_text(check->until, until));
}

static enum exit_code check_names(const struct call *call, struct check *check)
{
    const struct domains_settings *s = call->settings;
    enum exit_code code = EXIT_DONE;
    struct error err;
    for (size_t i = 0; i < call->words.operand_count; i++) {
        struct reader word = reader_over(call->words.operands[i], strlen(call->words.operands[i]));
        if (ask_line(check, 0, word, &err))
            continue;
        console_complain(call->console, "'%.300s': %s", call->words.operands[i], err.text);
        code = EXIT_INCOMPLETE;
    }
    code = exit_graver(code, lines_each(call, &s->lists, NAME_TEXT_MAX * 2, ask_line, check));
    if (code == EXIT_FAILED)
        return code;
    if (!look_up(check)) {
        console_complain(call->console,
                         "more than %d answers, or no memory for them: what follows "
                         "is incomplete",
                         CHECK_MATCHES_MAX);
        code = EXIT_INCOMPLETE;
    }
    note_days(call, check);
    return print_answers(check) ? code : EXIT_FAILED;
}

static enum exit_code run_check(const struct call *call, struct check *check)
{
    check->index = calloc(1, sizeof *check->index);
    if (check->index == NULL) {
        console_complain(call->console, "no memory for a day's names");
        return EXIT_FAILED;
    }
    enum exit_code code = check_names(call, check);
    for (size_t i = 0; i < check->asked_count; i++)
        free(check->asked[i].text);
    free(check->asked);
    free(check->found);
    free(check->index);
    return code;
}

static enum exit_code fail_day(const struct call *call, int32_t day)
{
    char date[DATE_TEXT_SIZE];
    return call_is_wrong(call, "%s is outside of 2008-01-01 to 2100-12-31", date_text(day, date));
}

/* The span to check: --since and --until, or a day and its neighbours. */
static void span_of(const struct call *call, int32_t today, int32_t *since, int32_t *until)
{
    const struct domains_settings *s = call->settings;
    bool has_span = s->since.given || s->until.given;
    int32_t day = s->date.given ? s->date.value : today;
    *since = has_span ? day_of_date(2008, 1, 1) : day - 1;
    *until = day + 1;
    if (s->since.given)
        *since = s->since.value;
    if (s->until.given)
        *until = s->until.value;
    /* The day before the first that is covered and the day after the last have no names. */
    if (!has_span && domains_day_is_covered(day)) {
        *since += !domains_day_is_covered(*since);
        *until -= !domains_day_is_covered(*until);
    }
}

static enum exit_code begin_check(const struct call *call, int32_t today)
{
    const struct domains_settings *s = call->settings;
    struct check check = {.console = call->console, .json = s->json};
    check.lists = s->variant.given ? 1u << list_of_choice[s->variant.value]
                                   : (1u << NAME_LISTS) - 1;
    span_of(call, today, &check.since, &check.until);
    if (s->date.given && (s->since.given || s->until.given))
        return call_is_wrong(call, "--date and --since or --until both name the days; give one");
    if (!domains_day_is_covered(check.since) || !domains_day_is_covered(check.until))
        return fail_day(call, domains_day_is_covered(check.since) ? check.until : check.since);
    if (check.since > check.until)
        return call_is_wrong(call, "--since is later than --until");
    if (call->words.operand_count == 0 && s->lists.count == 0)
        return call_is_wrong(call, "--check needs a name, or a list of them with -iL FILE");
    return run_check(call, &check);
}

static enum exit_code run_domains(const struct call *call)
{
    const struct domains_settings *s = call->settings;
    int32_t today = day_of(call->now_us);
    int32_t day = s->date.given ? s->date.value : today;
    if (s->check)
        return begin_check(call, today);
    if (call->words.operand_count > 0 || s->lists.count > 0 || s->since.given || s->until.given)
        return call_is_wrong(call, "names, -iL, --since and --until belong to --check");
    if (!s->variant.given)
        return call_is_wrong(call, "say whose names: --variant A, B, C, D, E or sri-c");
    if (!domains_day_is_covered(day))
        return fail_day(call, day);
    return print_list(call, list_of_choice[s->variant.value], day);
}

const struct verb verb_domains = {
    .name = "domains",
    .usage = "--variant VARIANT [--date DATE] | --check [OPTIONS] NAME... | -iL FILE",
    .summary = "the names that the worm looks up on a day; is this name one of them?",
    .about =
        "Prints the domain names that a variant generates for a UTC date, one a line, in the order "
        "in which they are generated: 250 for A, 250 for B and C, 50,000 for D and E (some stand "
        "there twice). Letters are Microsoft's; D is what SRI and most papers call Conficker C.\n"
        "With --check, prints for each NAME and each day that makes it a line, separated by tabs: "
        "name, variants, date, position in the list from 0; a name that no variant makes has a "
        "dash "
        "for each. The days are today and its neighbours, because clocks differ; --since and "
        "--until widen that to any span. A name is known by a hash: a foreign one is taken for the "
        "worm's once in 10^9 look-ups.\n"
        "Exit: 0 done (found or not), 2 wrong command line, 3 something asked was no bare name, 4 "
        "failed.\n",
    .examples = "wormsign domains --variant D --date 2009-04-01\n"
                "wormsign domains --check --date 2009-01-08 mphtfrxs.net\n"
                "wormsign domains --check --since 2008-11-21 --until 2009-12-31 -iL names.txt\n",
    .settings_size = sizeof(struct domains_settings),
    .options = {domains_options, COUNT_OF(domains_options), false},
    .run = run_domains,
};
