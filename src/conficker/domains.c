/* The name generators of variants A, B (and C) and D (and E), bit for bit.
 *
 *   day's key  = ((FILETIME of midnight * multiply) mod 2^64) / divide + add
 *   number()   : d = (double)key;  p = (double)((key * step) mod 2^64)
 *                x = (p + sin(d)) * d * d;  key = bits(x);  number = low 32 bits, signed
 *   name       = number() letters, each letter a number(), a dot, the suffix by a number()
 *
 * The worm's own code also adds a constant and log(d) to x; they are below half an ulp and change
 * no name. Every step rounds to 53 bits, to nearest.
 *
 * Where the sine can be left out: a product of 2^54 or more gives a p of 2^54 or more, whose
 * neighbours are at least 2 below and 4 above it. p + sin(d) is within 1 of p, so it rounds to p;
 * at p = 2^54 with sin(d) = -1 it lies half-way to the neighbour below and the tie goes to the even
 * mantissa, which is p's. So the sine is computed for 1 number in 1,024.
 *
 * Nothing overflows: p < 2^64 + 1 and d <= 2^64 keep x below 2^193, so key is never the bits of an
 * infinity or NaN, and no double is converted to an integer but in x87_sine, within its range.
 * Source: published analyses as facts; tests/vectors/domains-{a,b,d}.tsv. */
#include "conficker/domains.h"

#include <assert.h>
#include <float.h>
#include <string.h>

#include "base/compiler.h"
#include "base/reader.h"
#include "conficker/suffixes.h"
#include "conficker/x87_sine.h"

_Static_assert(FLT_EVAL_METHOD == 0, "doubles must be computed in 53 bits, not in the x87's 64");
_Static_assert(DOMAIN_LABEL_MAX + 1 + sizeof((struct suffix){0}.text) <= DOMAIN_NAME_SIZE,
               "the longest label, a dot and a padded suffix fit");

#define SINE_COUNTS_BELOW (UINT64_C(1) << 54)
#define FILETIME_TICKS_A_DAY INT64_C(864000000000)
#define FILETIME_DAYS_BEFORE_1970 134774 /* since 1601-01-01 */

enum { LETTERS = 26, DAY_FIRST = 13879 /* 2008-01-01 */, DAY_LAST = 47846 /* 2100-12-31 */ };

struct rule {
    uint64_t multiply, divide, add; /* from the date to the day's key */
    uint64_t step;
    unsigned names_a_day;
    unsigned label_min, label_max;
};

#define TICKS_A_WEEK UINT64_C(0x58028E44000)
#define TICKS_IN_TWO_DAYS UINT64_C(0x19254D38000)

static const struct rule rules[NAME_LISTS] = {
    [NAME_LIST_A] = {0x463DA5676, TICKS_A_WEEK, 0xB46A7637, 0x64236735, 250, 5, 11},
    [NAME_LIST_B] = {0x352C94565, TICKS_A_WEEK, 0xA3596526, 0x53125624, 250, 5, 11},
    [NAME_LIST_D] = {0x2682D10B7, TICKS_IN_TWO_DAYS, 0xF1E34A09, 0x4F3D859E, 50000, 4, 9},
};

size_t domains_count(enum name_list list)
{
    assert(list < NAME_LISTS);
    return rules[list].names_a_day;
}

bool domains_day_is_covered(int32_t day)
{
    return day >= DAY_FIRST && day <= DAY_LAST;
}

void domains_begin(struct domain_generator *g, enum name_list list, int32_t day)
{
    assert(list < NAME_LISTS);
    const struct rule *rule = &rules[list];
    /* For days far from today the ticks wrap; the worm's product does so on any day. */
    uint64_t ticks = (uint64_t)((int64_t)day + FILETIME_DAYS_BEFORE_1970) * FILETIME_TICKS_A_DAY;
    g->list = list;
    g->key = ticks * rule->multiply / rule->divide + rule->add;
}

/* The double nearest to n, without the branch on the highest bit that a plain conversion costs: the
 * halves and the shift are exact, so only the sum rounds, once. Half of all products have
 * that bit. */
static inline double nearest_double(uint64_t n)
{
    return (double)(uint32_t)(n >> 32) * 0x1p32 + (double)(uint32_t)n;
}

static inline int32_t next_number(uint64_t *key, uint64_t step)
{
    uint64_t product = *key * step;
    double d = (double)*key;
    double p = nearest_double(product);
    if (RARELY(product < SINE_COUNTS_BELOW))
        p += x87_sine(d);
    double x = p * d * d;
    memcpy(key, &x, sizeof *key);
    return (int32_t)(uint32_t)*key;
}

/* abs() for every number: INT32_MIN, met once in 4 * 10^9 numbers, has no abs() in C. */
static inline uint32_t magnitude(int32_t number)
{
    return number < 0 ? 0u - (uint32_t)number : (uint32_t)number;
}

/* A and B take the remainder with its sign: -3..3, so 8 letters are twice as likely as 5 or 11. */
static inline size_t label_length(enum name_list list, int32_t number)
{
    if (list == NAME_LIST_D)
        return magnitude(number) % 6 + 4;
    return (size_t)(number % 4 + 8);
}

static inline unsigned suffix_index(enum name_list list, int32_t number)
{
    switch (list) {
    case NAME_LIST_A:
        return (uint32_t)number % 5;
    case NAME_LIST_B:
        return (uint32_t)number & 7;
    case NAME_LIST_D:
        return magnitude(number) % 116;
    case NAME_LISTS:
        break;
    }
    return 0;
}

size_t domains_next(struct domain_generator *g, char name[static DOMAIN_NAME_SIZE])
{
    assert(g->list < NAME_LISTS);
    uint64_t step = rules[g->list].step;
    uint64_t key = g->key;
    size_t length = label_length(g->list, next_number(&key, step));
    for (size_t i = 0; i < length; i++)
        name[i] = (char)('a' + magnitude(next_number(&key, step)) % LETTERS);
    const struct suffix *suffix = suffix_at(g->list,
                                            suffix_index(g->list, next_number(&key, step)));
    name[length] = '.';
    memcpy(name + length + 1, suffix->text, sizeof suffix->text);
    g->key = key;
    return length + 1 + suffix->length;
}

/* The letters at the head of a name, at most one more than a label can have; steps over the byte
 * behind them, which is returned (0 where the name ends there). */
static inline uint8_t skip_letters(struct reader *name, unsigned *letters)
{
    uint8_t byte = read_u8(name);
    unsigned count = 0;
    while ((unsigned)(byte | 0x20) - 'a' < LETTERS && count <= DOMAIN_LABEL_MAX) {
        count++;
        byte = read_u8(name);
    }
    *letters = count;
    return byte;
}

bool domain_shape_of(const char *name, size_t length, struct domain_shape *out)
{
    struct reader rest = reader_over(name, length);
    unsigned letters;
    if (skip_letters(&rest, &letters) != '.' || letters < DOMAIN_LABEL_MIN ||
        letters > DOMAIN_LABEL_MAX || rest.left > SUFFIX_LENGTH_MAX + 1)
        return false;
    if (rest.left > 0 && name[length - 1] == '.')
        rest = read_part(&rest, rest.left - 1);
    unsigned lists = suffix_lists(rest);
    for (unsigned list = 0; list < NAME_LISTS; list++)
        if (letters < rules[list].label_min || letters > rules[list].label_max)
            lists &= ~(1u << list);
    if (lists == 0)
        return false;
    *out = (struct domain_shape){.label_length = letters, .lists = lists};
    return true;
}

/* Letters and suffixes are drawn evenly (low mantissa bits, remainders of 32-bit numbers), so all
 * names of one length are equally likely and only the length has a distribution: D's six lengths
 * are even; of the four remainders of A and B, 0 gives 8 letters and 1, 2, 3 share their chance
 * with -1, -2, -3. */
double domain_chance(enum name_list list, unsigned label_letters)
{
    assert(list < NAME_LISTS);
    const struct rule *rule = &rules[list];
    if (label_letters < rule->label_min || label_letters > rule->label_max)
        return 0;
    double share = 1.0 / 6;
    if (list != NAME_LIST_D)
        share = label_letters == 8 ? 1.0 / 4 : 1.0 / 8;
    double possible_names = suffixes_count(list);
    for (unsigned i = 0; i < label_letters; i++)
        possible_names *= LETTERS;
    return rule->names_a_day * share / possible_names;
}
