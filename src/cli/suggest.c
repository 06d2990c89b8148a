/* Three rows of the distance matrix are enough, as only the last number is wanted. */
#include "cli/suggest.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

static size_t least_of(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t edit_distance(const char *a, const char *b)
{
    size_t rows[3][SUGGEST_WORD_MAX + 1];
    size_t *before = rows[0], *above = rows[1], *here = rows[2];
    size_t a_length = strlen(a), b_length = strlen(b);
    if (a_length > SUGGEST_WORD_MAX || b_length > SUGGEST_WORD_MAX)
        return SIZE_MAX;
    for (size_t j = 0; j <= b_length; j++)
        above[j] = before[j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        here[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t replaced = above[j - 1] + (a[i - 1] != b[j - 1]);
            here[j] = least_of(replaced, 1 + least_of(above[j], here[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                here[j] = least_of(here[j], before[j - 2] + 1);
        }
        size_t *oldest = before;
        before = above;
        above = here;
        here = oldest;
    }
    return above[b_length];
}

struct suggestion suggest_for(const char *wrong)
{
    size_t length = strlen(wrong);
    return (struct suggestion){wrong, NULL, (length < 6 ? 1 : length / 3) + 1};
}

void suggest_offer(struct suggestion *s, const char *known)
{
    size_t distance = known != NULL ? edit_distance(s->wrong, known) : SIZE_MAX;
    if (known != NULL && strcasecmp(s->wrong, known) == 0)
        distance = 0;
    if (distance < s->distance) {
        s->distance = distance;
        s->nearest = known;
    }
}
