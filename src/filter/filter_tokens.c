/* A sign ends a word (`port>=1024`), and so does a blank or a parenthesis. Shells make people write
 * `\(`: the backslash is passed over. */
#include "filter/filter_tokens.h"

#include <string.h>

#include "base/compiler.h"

static const struct {
    const char *text;
    enum token_kind kind;
    enum filter_compare compare;
} signs[] = {
    /* longer ones before those that they begin with */
    {"\\(", TOKEN_OPEN, COMPARE_EQ},    {"\\)", TOKEN_CLOSE, COMPARE_EQ},
    {"\\!", TOKEN_NOT, COMPARE_EQ},     {"(", TOKEN_OPEN, COMPARE_EQ},
    {")", TOKEN_CLOSE, COMPARE_EQ},     {"&&", TOKEN_AND, COMPARE_EQ},
    {"||", TOKEN_OR, COMPARE_EQ},       {"!=", TOKEN_COMPARE, COMPARE_NE},
    {"!", TOKEN_NOT, COMPARE_EQ},       {">=", TOKEN_COMPARE, COMPARE_GTE},
    {"<=", TOKEN_COMPARE, COMPARE_LTE}, {"==", TOKEN_COMPARE, COMPARE_EQ},
    {">", TOKEN_COMPARE, COMPARE_GT},   {"<", TOKEN_COMPARE, COMPARE_LT},
    {"=", TOKEN_WRONG, COMPARE_EQ},     {"&", TOKEN_WRONG, COMPARE_EQ},
    {"|", TOKEN_WRONG, COMPARE_EQ},
};

static const struct {
    const char *text;
    enum token_kind kind;
    enum filter_compare compare;
} words[] = {
    {"and", TOKEN_AND, COMPARE_EQ},      {"or", TOKEN_OR, COMPARE_EQ},
    {"not", TOKEN_NOT, COMPARE_EQ},      {"gt", TOKEN_COMPARE, COMPARE_GT},
    {"gte", TOKEN_COMPARE, COMPARE_GTE}, {"lt", TOKEN_COMPARE, COMPARE_LT},
    {"lte", TOKEN_COMPARE, COMPARE_LTE}, {"eq", TOKEN_COMPARE, COMPARE_EQ},
    {"ne", TOKEN_COMPARE, COMPARE_NE},
};

static const char blanks[] = " \t\r\n\f\v", ends[] = " \t\r\n\f\v()&|<>=!\\";

static void keep(struct token *t, const char *text, size_t at, size_t length)
{
    size_t kept = length < sizeof t->word - 1 ? length : sizeof t->word - 1;
    t->spot = (struct filter_spot){at, length};
    memcpy(t->word, text + at, kept);
    t->word[kept] = '\0';
}

struct token token_at(const char *text, size_t at)
{
    struct token t = {.kind = TOKEN_END};
    at += strspn(text + at, blanks);
    t.spot = (struct filter_spot){at, 0};
    if (text[at] == '\0')
        return t;
    for (size_t i = 0; i < COUNT_OF(signs); i++) {
        size_t length = strlen(signs[i].text);
        if (strncmp(text + at, signs[i].text, length) != 0)
            continue;
        t.kind = signs[i].kind;
        t.compare = signs[i].compare;
        keep(&t, text, at, length);
        return t;
    }
    size_t length = strcspn(text + at, ends);
    t.kind = length > 0 ? TOKEN_WORD : TOKEN_WRONG; /* a backslash alone */
    keep(&t, text, at, length > 0 ? length : 1);
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (strcmp(t.word, words[i].text) == 0) {
            t.kind = words[i].kind;
            t.compare = words[i].compare;
        }
    return t;
}

struct token token_after(const char *text, const struct token *t)
{
    return token_at(text, t->spot.at + t->spot.length);
}
