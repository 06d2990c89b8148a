/* The nearest known word to one that is not known: for "did you mean".
 *
 * Near is the edit distance (Levenshtein's, with the swap of two neighbours as one edit), at most a
 * third of the word's length and at least 1. A word that differs in case alone is nearest. */
#ifndef WORMSIGN_CLI_SUGGEST_H
#define WORMSIGN_CLI_SUGGEST_H

#include <stddef.h>

enum { SUGGEST_WORD_MAX = 40 }; /* longer words are near to nothing */

struct suggestion {
    const char *wrong;   /* the word that is not known */
    const char *nearest; /* NULL while nothing is near */
    size_t distance;
};

struct suggestion suggest_for(const char *wrong);

/* Offers a known word: it is kept when it is the nearest so far. */
void suggest_offer(struct suggestion *s, const char *known);

/* Insertions, deletions, replacements and swaps between two words; SIZE_MAX for a long one. */
size_t edit_distance(const char *a, const char *b);

#endif
