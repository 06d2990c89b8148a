/* Options as table rows: one row makes the parser, --help, the man page and shell completion.
 *
 * A row says how an option is spelt, what its value is, its bounds, and into which field of the
 * verb's settings it goes. Spellings: `--name`, `--name VALUE`, `--name=VALUE`; one letter `-v`,
 * `-j4`, `-j 4`, flags together `-vq`; and nmap's several letters behind one dash, `-iL FILE`,
 * `-iL=FILE`. Names are never abbreviated, so that a new option cannot change what a script means.
 *
 * A settings struct begins with struct common_settings. A lone `-` or `--` begins the filter where
 * the verb takes one; elsewhere `--` ends the options and `-` is an operand. */
#ifndef WORMSIGN_CLI_OPTIONS_H
#define WORMSIGN_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/arena.h"
#include "base/error.h"

enum {
    OPTION_PREFIXES_MAX = 256, /* networks that one option can hold */
    OPTION_TEXTS_MAX = 4096    /* times that a repeatable option can be given */
};

/* What the value is, and in brackets the type of the field that it goes into. */
enum option_kind {
    OPTION_FLAG,     /* no value; repeating changes nothing (bool) */
    OPTION_COUNT,    /* no value; each time counts one (unsigned) */
    OPTION_NUMBER,   /* least..most (struct option_number) */
    OPTION_DURATION, /* least..most in seconds; "30", "500ms", "5m" (struct option_number, in us) */
    OPTION_TEXT,     /* anything, but not empty (const char *, NULL when not given) */
    OPTION_TEXTS,    /* the same, repeatable (struct option_texts) */
    OPTION_CHOICE,   /* one of choices, whose place is kept (struct option_number) */
    OPTION_ADDRESS,  /* (struct option_address) */
    OPTION_PREFIXES, /* networks, separated by commas, repeatable (struct option_prefixes) */
    OPTION_DAY,      /* a date in UTC (struct option_day) */
    OPTION_TIME      /* a date, or a date and a time, in UTC (struct option_time) */
};

struct option_number {
    bool given;
    int64_t value;
};

struct option_texts {
    size_t count;
    const char **items;
};

struct option_address {
    bool given;
    struct address value;
};

struct option_prefixes {
    size_t count;
    struct prefix items[OPTION_PREFIXES_MAX];
};

struct option_day {
    bool given;
    int32_t value; /* days since 1970-01-01 */
};

struct option_time {
    bool given;
    int64_t value_us;
};

struct option {
    const char *name;       /* "week" for --week; NULL: none */
    const char *short_name; /* "v" for -v, "iL" for -iL; NULL: none */
    const char *value;      /* "FILE" in the help; NULL: takes none */
    const char *help;       /* one clause, lower case, no full stop */
    enum option_kind kind;
    size_t into;         /* offset in the settings */
    int64_t least, most; /* OPTION_NUMBER, OPTION_DURATION */
    const char *choices; /* OPTION_CHOICE: "auto|always|never" */
};

/* Where every settings struct begins, and its rows. */
struct common_settings {
    bool help, quiet;
    unsigned verbose;
};

enum { COMMON_OPTIONS = 3 };
extern const struct option common_options[COMMON_OPTIONS];

/* All that one verb understands: its own rows and the common ones. */
struct option_set {
    const struct option *own;
    size_t own_count;
    bool takes_filter;
};

/* What stood between the options. Borrowed from argv. */
struct option_words {
    size_t operand_count;
    const char **operands;
    bool has_filter; /* a lone - or -- was there, maybe with nothing behind it */
    size_t filter_count;
    const char *const *filter;
};

size_t options_count(const struct option_set *set);
const struct option *options_at(const struct option_set *set, size_t index);

/* Reads the arguments (behind the verb's name) into the zeroed settings. What must outlive the call
 * is taken from memory. On a wrong argument: false, and *err says what is wrong and what would be
 * right. */
bool options_parse(const struct option_set *set, size_t count, const char *const *arguments,
                   struct arena *memory, void *settings, struct option_words *out,
                   struct error *err) MUST_CHECK;

/* True when --help or -h is among the options: asked first, so that help comes whatever else is
 * wrong. */
bool options_ask_help(size_t count, const char *const *arguments);

/* "--week", or "-iL" where there is no long name, in buffer; returns buffer. */
enum { OPTION_SPELLING_SIZE = 64 };
const char *option_spelling(const struct option *option, char buffer[static OPTION_SPELLING_SIZE]);

#endif
