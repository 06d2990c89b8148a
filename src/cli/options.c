/* The parser: a word is matched against the rows, its value against the row's kind, and the field
 * is filled. It knows no option by name but --help. */
#include "cli/options.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/compiler.h"
#include "base/time.h"
#include "cli/suggest.h"

const struct option common_options[COMMON_OPTIONS] = {
    {.name = "help",
     .short_name = "h",
     .help = "show this page",
     .kind = OPTION_FLAG,
     .into = offsetof(struct common_settings, help)},
    {.name = "verbose",
     .short_name = "v",
     .help = "talk more on stderr; can be repeated",
     .kind = OPTION_COUNT,
     .into = offsetof(struct common_settings, verbose)},
    {.name = "quiet",
     .short_name = "q",
     .help = "talk less: no notes and no progress, only errors",
     .kind = OPTION_FLAG,
     .into = offsetof(struct common_settings, quiet)},
};

size_t options_count(const struct option_set *set)
{
    return set->own_count + COMMON_OPTIONS;
}

const struct option *options_at(const struct option_set *set, size_t index)
{
    assert(index < options_count(set));
    return index < set->own_count ? &set->own[index] : &common_options[index - set->own_count];
}

const char *option_spelling(const struct option *option, char buffer[static OPTION_SPELLING_SIZE])
{
    bool is_long = option->name != NULL;
    (void)snprintf(buffer, OPTION_SPELLING_SIZE, "%s%s", is_long ? "--" : "-",
                   is_long ? option->name : option->short_name);
    return buffer;
}

static bool takes_value(const struct option *option)
{
    return option->kind != OPTION_FLAG && option->kind != OPTION_COUNT;
}

/* Where the parser stands, and what it fills. */
struct parse {
    const struct option_set *set;
    size_t count, next; /* arguments */
    const char *const *arguments;
    struct arena *memory;
    char *settings; /* the struct, as the bytes that `into` counts */
    struct option_words *words;
    struct error *err;
};

/* The row whose long or short name is the first `length` bytes of word. */
static const struct option *row_named(const struct option_set *set, bool is_long, const char *word,
                                      size_t length)
{
    for (size_t i = 0; i < options_count(set); i++) {
        const struct option *row = options_at(set, i);
        const char *name = is_long ? row->name : row->short_name;
        if (name != NULL && strlen(name) == length && memcmp(name, word, length) == 0)
            return row;
    }
    return NULL;
}

static bool fail_unknown(const struct parse *p, const char *argument)
{
    char spelling[OPTION_SPELLING_SIZE], wrong[OPTION_SPELLING_SIZE], nearest[OPTION_SPELLING_SIZE];
    (void)snprintf(wrong, sizeof wrong, "%.*s", (int)strcspn(argument, "="), argument);
    struct suggestion s = suggest_for(wrong);
    for (size_t i = 0; i < options_count(p->set); i++) {
        const struct option *row = options_at(p->set, i);
        const char *before = s.nearest;
        /* Between two letters nobody can guess. */
        if (strlen(wrong) == 2 && row->name == NULL)
            continue;
        suggest_offer(&s, option_spelling(row, spelling));
        if (s.nearest != before)
            memcpy(nearest, spelling, sizeof nearest);
        if (s.nearest == spelling)
            s.nearest = nearest;
    }
    if (s.nearest != NULL)
        return fail(p->err, ERROR_USAGE, "there is no option '%s'; did you mean %s?", wrong,
                    nearest);
    return fail(p->err, ERROR_USAGE, "there is no option '%s'; --help lists those that there are",
                wrong);
}

static bool store_number(const struct option *row, const char *value, struct option_number *out,
                         struct error *err)
{
    char *end;
    bool begins = (value[0] >= '0' && value[0] <= '9') || value[0] == '-';
    errno = 0;
    long long number = strtoll(value, &end, 10);
    if (!begins || end == value || *end != '\0' || errno != 0 || number < row->least ||
        number > row->most)
        return fail(err, ERROR_USAGE, "'%.100s' is not a number from %" PRId64 " to %" PRId64,
                    value, row->least, row->most);
    *out = (struct option_number){true, number};
    return true;
}

/* Units as nmap has them; a bare number is seconds. */
static bool store_duration(const struct option *row, const char *value, struct option_number *out,
                           struct error *err)
{
    static const struct {
        const char *text;
        int64_t us;
    } units[] = {{"", US_PER_SECOND},
                 {"s", US_PER_SECOND},
                 {"ms", US_PER_SECOND / 1000},
                 {"m", 60 * US_PER_SECOND},
                 {"h", 3600 * US_PER_SECOND}};
    char *end = NULL;
    bool begins = value[0] >= '0' && value[0] <= '9';
    errno = 0;
    long long number = begins ? strtoll(value, &end, 10) : 0;
    for (size_t i = 0; begins && errno == 0 && i < COUNT_OF(units); i++) {
        int64_t us;
        if (strcmp(end, units[i].text) != 0 || __builtin_mul_overflow(number, units[i].us, &us) ||
            us < row->least * US_PER_SECOND || us > row->most * US_PER_SECOND)
            continue;
        *out = (struct option_number){true, us};
        return true;
    }
    return fail(err, ERROR_USAGE,
                "'%.100s' is not a time from %" PRId64 " to %" PRId64
                " seconds; write 30, 500ms, 5m or 1h",
                value, row->least, row->most);
}

static bool store_choice(const struct option *row, const char *value, struct option_number *out,
                         struct error *err)
{
    int64_t place = 0;
    for (const char *choice = row->choices; *choice != '\0'; place++) {
        size_t length = strcspn(choice, "|");
        if (strlen(value) == length && strncasecmp(choice, value, length) == 0) {
            *out = (struct option_number){true, place};
            return true;
        }
        choice += length + (choice[length] == '|');
    }
    return fail(err, ERROR_USAGE, "'%.100s' is none of %s", value, row->choices);
}

static bool store_prefixes(const char *value, struct option_prefixes *out, struct error *err)
{
    char one[PREFIX_TEXT_SIZE];
    for (const char *next = value;; next++) {
        size_t length = strcspn(next, ",");
        if (out->count == OPTION_PREFIXES_MAX)
            return fail(err, ERROR_USAGE, "more than %d networks", OPTION_PREFIXES_MAX);
        if (length >= sizeof one)
            return fail(err, ERROR_USAGE, "'%.100s' is not a network; write it as 192.0.2.0/24",
                        next);
        memcpy(one, next, length);
        one[length] = '\0';
        if (!prefix_parse(one, &out->items[out->count], err))
            return false;
        out->count++;
        next += length;
        if (*next == '\0')
            return true;
    }
}

static bool store_text(const struct parse *p, const struct option *row, const char *value)
{
    char *field = p->settings + row->into;
    if (row->kind == OPTION_TEXT) {
        memcpy(field, &value, sizeof value);
        return true;
    }
    struct option_texts list;
    memcpy(&list, field, sizeof list);
    size_t room = p->count < OPTION_TEXTS_MAX ? p->count : OPTION_TEXTS_MAX;
    if (list.items == NULL)
        list.items = arena_take(p->memory, room, sizeof list.items[0]);
    if (list.items == NULL)
        return fail(p->err, ERROR_SYSTEM, "no memory for the command line");
    if (list.count == room)
        return fail(p->err, ERROR_USAGE, "given more than %d times", OPTION_TEXTS_MAX);
    list.items[list.count++] = value;
    memcpy(field, &list, sizeof list);
    return true;
}

/* The fields are reached by offset, so they are copied out, filled and copied back: no casts that
 * would hide a wrong alignment or type. */
static bool store_value(const struct parse *p, const struct option *row, const char *value)
{
    char *field = p->settings + row->into;
    struct option_number number = {false, 0};
    struct option_address address = {true, {0, 0}};
    struct option_day day = {true, 0};
    struct option_time time = {true, 0};
    struct option_prefixes prefixes;
    bool good = false;
    switch (row->kind) {
    case OPTION_FLAG:
    case OPTION_COUNT:
        break;
    case OPTION_TEXT:
    case OPTION_TEXTS:
        return store_text(p, row, value);
    case OPTION_NUMBER:
    case OPTION_CHOICE:
        good = row->kind == OPTION_NUMBER ? store_number(row, value, &number, p->err)
                                          : store_choice(row, value, &number, p->err);
        memcpy(field, &number, sizeof number);
        break;
    case OPTION_DURATION:
        good = store_duration(row, value, &number, p->err);
        memcpy(field, &number, sizeof number);
        break;
    case OPTION_ADDRESS:
        good = address_parse(value, &address.value, p->err);
        memcpy(field, &address, sizeof address);
        break;
    case OPTION_PREFIXES:
        memcpy(&prefixes, field, sizeof prefixes);
        good = store_prefixes(value, &prefixes, p->err);
        memcpy(field, &prefixes, sizeof prefixes);
        break;
    case OPTION_DAY:
        good = date_parse(value, &day.value, p->err);
        memcpy(field, &day, sizeof day);
        break;
    case OPTION_TIME:
        good = time_parse(value, &time.value_us, p->err);
        memcpy(field, &time, sizeof time);
        break;
    }
    return good;
}

static void store_presence(const struct parse *p, const struct option *row)
{
    char *field = p->settings + row->into;
    if (row->kind == OPTION_FLAG) {
        *field = true;
        return;
    }
    unsigned times;
    memcpy(&times, field, sizeof times);
    times++;
    memcpy(field, &times, sizeof times);
}

/* True when the word would be read as one of the options; so it can hardly be meant as a value. */
static bool is_an_option(const struct option_set *set, const char *word)
{
    size_t length = strcspn(word, "=");
    if (length > 2 && word[0] == '-' && word[1] == '-')
        return row_named(set, true, word + 2, length - 2) != NULL;
    return length > 1 && word[0] == '-' && row_named(set, false, word + 1, length - 1) != NULL;
}

/* Stores a row that was met; attached is its value in the same argument, or NULL. */
static bool take_option(struct parse *p, const struct option *row, const char *attached)
{
    char spelling[OPTION_SPELLING_SIZE];
    (void)option_spelling(row, spelling);
    if (!takes_value(row)) {
        if (attached != NULL)
            return fail(p->err, ERROR_USAGE, "%s takes no value, but was given '%.100s'", spelling,
                        attached);
        store_presence(p, row);
        return true;
    }
    const char *value = attached;
    if (value == NULL && p->next < p->count)
        value = p->arguments[p->next++];
    if (value == NULL || *value == '\0')
        return fail(p->err, ERROR_USAGE, "%s needs a value: %s %s", spelling, spelling, row->value);
    if (attached == NULL && is_an_option(p->set, value))
        return fail(p->err, ERROR_USAGE,
                    "%s needs a value: %s %s; what follows, '%.100s', is itself an option",
                    spelling, spelling, row->value, value);
    return store_value(p, row, value) || fail_in(p->err, "%s", spelling);
}

/* `-iL FILE`, `-iL=FILE`, `-vq`, `-j4`, `-j 4`: the whole word first, then letter by letter. */
static bool take_short(struct parse *p, const char *argument)
{
    size_t length = strcspn(argument, "=");
    const struct option *row = row_named(p->set, false, argument + 1, length - 1);
    if (row != NULL)
        return take_option(p, row, argument[length] == '=' ? argument + length + 1 : NULL);
    for (const char *letter = argument + 1; *letter != '\0'; letter++) {
        row = row_named(p->set, false, letter, 1);
        if (row == NULL)
            return fail_unknown(p, argument);
        if (takes_value(row))
            return take_option(p, row, letter[1] != '\0' ? letter + 1 : NULL);
        if (!take_option(p, row, NULL))
            return false;
    }
    return true;
}

static bool take_long(struct parse *p, const char *argument)
{
    size_t length = strcspn(argument, "=");
    const struct option *row = row_named(p->set, true, argument + 2, length - 2);
    if (row == NULL)
        return fail_unknown(p, argument);
    return take_option(p, row, argument[length] == '=' ? argument + length + 1 : NULL);
}

/* `-` or `--`: the rest is the filter, or operands, or `-` is an operand itself. */
static bool take_divider(struct parse *p, const char *argument)
{
    struct option_words *words = p->words;
    if (p->set->takes_filter) {
        words->has_filter = true;
        words->filter = p->arguments + p->next;
        words->filter_count = p->count - p->next;
        p->next = p->count;
        return true;
    }
    if (argument[1] == '\0')
        words->operands[words->operand_count++] = argument;
    while (argument[1] != '\0' && p->next < p->count)
        words->operands[words->operand_count++] = p->arguments[p->next++];
    return true;
}

bool options_parse(const struct option_set *set, size_t count, const char *const *arguments,
                   struct arena *memory, void *settings, struct option_words *out,
                   struct error *err)
{
    struct parse p = {set, count, 0, arguments, memory, settings, out, err};
    memset(out, 0, sizeof *out);
    out->operands = arena_take(memory, count + 1, sizeof out->operands[0]);
    if (out->operands == NULL)
        return fail(err, ERROR_SYSTEM, "no memory for the command line");
    while (p.next < p.count) {
        const char *argument = arguments[p.next++];
        bool good = true;
        if (argument[0] != '-')
            out->operands[out->operand_count++] = argument;
        else if (argument[1] == '\0' || strcmp(argument, "--") == 0)
            good = take_divider(&p, argument);
        else
            good = argument[1] == '-' ? take_long(&p, argument) : take_short(&p, argument);
        if (!good)
            return false;
    }
    return true;
}

bool options_ask_help(size_t count, const char *const *arguments)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(arguments[i], "--help") == 0 || strcmp(arguments[i], "-h") == 0)
            return true;
        if (strcmp(arguments[i], "--") == 0 || strcmp(arguments[i], "-") == 0)
            return false;
    }
    return false;
}
