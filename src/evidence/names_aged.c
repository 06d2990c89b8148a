/* What was told before a day is let go: the rest is told to a new store, which takes the old one's
 * place. So no piece of memory needs to be given back alone. */
#include "evidence/names_inside.h"

bool names_let_go_before(struct names *n, int32_t day)
{
    struct names *younger = names_new(n->arena.limit_bytes);
    if (younger == NULL)
        return false;
    for (size_t i = 0; i < n->table_size; i++)
        if (n->table[i] != NULL && n->table[i]->day < day)
            n->table[i] = NULL; /* it is walked once more, and nothing is looked up in it */
    names_merge(younger, n);
    struct names old = *n;
    *n = *younger;
    *younger = old;
    names_free(younger);
    return true;
}
