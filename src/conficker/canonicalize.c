/* The worm is looked for in both answers before anything is called clean. */
#include "conficker/canonicalize.h"

#include <stdbool.h>
#include <stddef.h>

enum { CODE_DONE = 0, CODE_INVALID_PARAMETER = 87, CODE_INVALID_NAME = 123 };

#define MARK_OF_D_E UINT32_C(0x5c45005c)

const char *const canonicalize_paths[CANONICALIZE_CALLS] = {"\\", "\\..\\"};

enum canonicalize_finding canonicalize_finding_of(const struct canonicalize_answer *first,
                                                  const struct canonicalize_answer *second)
{
    bool is_done = first != NULL && first->code == CODE_DONE;
    if (is_done && first->path == MARK_OF_D_E)
        return CANONICALIZE_INFECTED_D_E;
    if (second != NULL && second->code == CODE_INVALID_PARAMETER)
        return CANONICALIZE_INFECTED_A_C;
    if (is_done) /* no Windows does that, whatever it says then */
        return first->path == 0 ? CANONICALIZE_LIKE_D_E : CANONICALIZE_UNKNOWN;
    if (first != NULL && second != NULL && second->code == CODE_INVALID_NAME)
        return CANONICALIZE_PATCHED;
    if (first != NULL && second != NULL && second->code == CODE_DONE)
        return CANONICALIZE_UNPATCHED;
    return CANONICALIZE_UNKNOWN;
}
