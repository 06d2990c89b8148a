/* The words of a filter's text, one after the other: parentheses, signs, and what stands between
 * them. */
#ifndef WORMSIGN_FILTER_FILTER_TOKENS_H
#define WORMSIGN_FILTER_FILTER_TOKENS_H

#include <stdbool.h>
#include <stddef.h>
#include "filter/filter_inside.h"

enum token_kind {
    TOKEN_END,
    TOKEN_WORD,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_NOT,
    TOKEN_AND,
    TOKEN_OR,
    TOKEN_COMPARE, /* compare */
    TOKEN_WRONG    /* a sign that is none here */
};

struct token {
    enum token_kind kind;
    enum filter_compare compare;
    struct filter_spot spot;
    /* As it was written, cut where it is longer; then it is no word that anybody knows. */
    char word[FILTER_WORD_SIZE];
};

/* The first token at or behind text[at]. */
struct token token_at(const char *text, size_t at);

/* The one that follows. */
struct token token_after(const char *text, const struct token *t);

#endif
