/* The suffix tables. D's 116 are written once, each by its form and its two last letters, and make
 * two tables: the texts in the generator's order, and for each form a square of 26 x 26 letters
 * that tells at once whether a suffix is among them (the gate before every name look-up must not
 * search). Source: tests/vectors/suffixes-d.txt. */
#include "conficker/suffixes.h"

#include <assert.h>
#include <stdbool.h>

/* clang-format off */
#define SUFFIXES_OF_D(PLAIN, CO, COM)                                                              \
    PLAIN(a, c) PLAIN(a, e) PLAIN(a, g) PLAIN(a, m) PLAIN(a, s) PLAIN(a, t) PLAIN(b, e)           \
    PLAIN(b, o) PLAIN(b, z) PLAIN(c, a) PLAIN(c, d) PLAIN(c, h) PLAIN(c, l) PLAIN(c, n)           \
    CO(c, r) CO(i, d) CO(i, l) CO(k, e) CO(k, r) CO(n, z) CO(u, g) CO(u, k) CO(v, i) CO(z, a)     \
    COM(a, g) COM(a, i) COM(a, r) COM(b, o) COM(b, r) COM(b, s) COM(c, o) COM(d, o) COM(f, j)     \
    COM(g, h) COM(g, l) COM(g, t) COM(h, n) COM(j, m) COM(k, i) COM(l, c) COM(m, t) COM(m, x)     \
    COM(n, g) COM(n, i) COM(p, a) COM(p, e) COM(p, r) COM(p, t) COM(p, y) COM(s, v) COM(t, r)     \
    COM(t, t) COM(t, w) COM(u, a) COM(u, y) COM(v, e) PLAIN(c, x) PLAIN(c, z) PLAIN(d, j)         \
    PLAIN(d, k) PLAIN(d, m) PLAIN(e, c) PLAIN(e, s) PLAIN(f, m) PLAIN(f, r) PLAIN(g, d)           \
    PLAIN(g, r) PLAIN(g, s) PLAIN(g, y) PLAIN(h, k) PLAIN(h, n) PLAIN(h, t) PLAIN(h, u)           \
    PLAIN(i, e) PLAIN(i, m) PLAIN(i, n) PLAIN(i, r) PLAIN(i, s) PLAIN(k, n) PLAIN(k, z)           \
    PLAIN(l, a) PLAIN(l, c) PLAIN(l, i) PLAIN(l, u) PLAIN(l, v) PLAIN(l, y) PLAIN(m, d)           \
    PLAIN(m, e) PLAIN(m, n) PLAIN(m, s) PLAIN(m, u) PLAIN(m, w) PLAIN(m, y) PLAIN(n, f)           \
    PLAIN(n, l) PLAIN(n, o) PLAIN(p, e) PLAIN(p, k) PLAIN(p, l) PLAIN(p, s) PLAIN(r, o)           \
    PLAIN(r, u) PLAIN(s, c) PLAIN(s, g) PLAIN(s, h) PLAIN(s, k) PLAIN(s, u) PLAIN(t, c)           \
    PLAIN(t, j) PLAIN(t, l) PLAIN(t, n) PLAIN(t, o) PLAIN(t, w) PLAIN(u, s) PLAIN(v, c)           \
    PLAIN(v, n)

enum { a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, LETTERS };
/* clang-format on */

#define TEXT(literal)                                                                              \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }
#define TEXT_PLAIN(first, second) TEXT(#first #second),
#define TEXT_CO(first, second) TEXT("co." #first #second),
#define TEXT_COM(first, second) TEXT("com." #first #second),
#define MARK(first, second) [first][second] = 1,
#define SKIP(first, second)

static const struct suffix suffixes_of_a[] = {TEXT("com"), TEXT("net"), TEXT("org"), TEXT("info"),
                                              TEXT("biz")};
static const struct suffix suffixes_of_b[] = {TEXT("cc"),  TEXT("cn"),  TEXT("ws"),   TEXT("com"),
                                              TEXT("net"), TEXT("org"), TEXT("info"), TEXT("biz")};
static const struct suffix suffixes_of_d[] = {SUFFIXES_OF_D(TEXT_PLAIN, TEXT_CO, TEXT_COM)};

static const uint8_t plain_of_d[LETTERS][LETTERS] = {SUFFIXES_OF_D(MARK, SKIP, SKIP)};
static const uint8_t co_of_d[LETTERS][LETTERS] = {SUFFIXES_OF_D(SKIP, MARK, SKIP)};
static const uint8_t com_of_d[LETTERS][LETTERS] = {SUFFIXES_OF_D(SKIP, SKIP, MARK)};

static const struct {
    const struct suffix *suffixes;
    unsigned count;
} tables[NAME_LISTS] = {
    [NAME_LIST_A] = {suffixes_of_a, COUNT_OF(suffixes_of_a)},
    [NAME_LIST_B] = {suffixes_of_b, COUNT_OF(suffixes_of_b)},
    [NAME_LIST_D] = {suffixes_of_d, COUNT_OF(suffixes_of_d)},
};

_Static_assert(COUNT_OF(suffixes_of_a) == 5, "A draws its suffix modulo 5");
_Static_assert(COUNT_OF(suffixes_of_b) == 8, "B draws its suffix from three bits");
_Static_assert(COUNT_OF(suffixes_of_d) == 116, "D draws its suffix modulo 116");

unsigned suffixes_count(enum name_list list)
{
    assert(list < NAME_LISTS);
    return tables[list].count;
}

const struct suffix *suffix_at(enum name_list list, unsigned index)
{
    assert(list < NAME_LISTS && index < tables[list].count);
    return &tables[list].suffixes[index];
}

/* Up to four characters as the number that pack() makes of them. */
#define PACKED2(first, second) ((uint64_t)(first) << 8 | (uint64_t)(second))
#define PACKED3(first, second, third) (PACKED2(first, second) << 8 | (uint64_t)(third))
#define PACKED4(first, second, third, fourth)                                                      \
    (PACKED3(first, second, third) << 8 | (uint64_t)(fourth))

/* The bytes in lower case as one number, the last one lowest; 0 when one is neither letter nor
 * dot. So equal numbers are equal texts: no byte is zero. */
static inline uint64_t pack(struct reader bytes)
{
    uint64_t packed = 0;
    while (bytes.left > 0) {
        uint8_t byte = read_u8(&bytes);
        uint8_t lower = byte | 0x20; /* a dot has this bit already */
        if ((unsigned)lower - 'a' >= LETTERS && byte != '.')
            return 0;
        packed = packed << 8 | lower;
    }
    return packed;
}

static inline bool is_of_d(const uint8_t square[LETTERS][LETTERS], uint64_t packed)
{
    unsigned first = (unsigned)(packed >> 8 & 0xFF) - 'a';
    unsigned second = (unsigned)(packed & 0xFF) - 'a';
    return first < LETTERS && second < LETTERS && square[first][second] != 0;
}

unsigned suffix_lists(struct reader bytes)
{
    const unsigned in_a = 1u << NAME_LIST_A, in_b = 1u << NAME_LIST_B, in_d = 1u << NAME_LIST_D;
    size_t length = bytes.left;
    if (length < SUFFIX_LENGTH_MIN || length > SUFFIX_LENGTH_MAX)
        return 0;
    uint64_t packed = pack(bytes);
    switch (packed) {
    case PACKED3('c', 'o', 'm'):
    case PACKED3('n', 'e', 't'):
    case PACKED3('o', 'r', 'g'):
    case PACKED3('b', 'i', 'z'):
    case PACKED4('i', 'n', 'f', 'o'):
        return in_a | in_b;
    case PACKED2('c', 'c'):
    case PACKED2('w', 's'):
        return in_b;
    case PACKED2('c', 'n'):
        return in_b | in_d;
    default:
        break;
    }
    if (length == 2)
        return is_of_d(plain_of_d, packed) ? in_d : 0;
    if (packed >> 16 == PACKED3('c', 'o', '.'))
        return is_of_d(co_of_d, packed) ? in_d : 0;
    if (packed >> 16 == PACKED4('c', 'o', 'm', '.'))
        return is_of_d(com_of_d, packed) ? in_d : 0;
    return 0;
}
