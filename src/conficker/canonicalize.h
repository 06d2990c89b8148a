/* What the worm's own patch makes of two harmless paths.
 *
 * In the Server service of an infected host the worm has put a hook before NetpwPathCanonicalize,
 * so that no other worm comes in by MS08-067. The hook answers two paths otherwise than Windows
 * does, each asked for with room for 2 bytes:
 *
 *   1  \       Windows has no room for the answer, and says so; D and E return 0
 *   2  \..\    A, B and C return 87; Windows with Microsoft's patch 123, without it 0
 *
 * The four bytes where the path would be say more: D and E leave their mark there. Variants are
 * named as Microsoft does.
 * Source: spec of active checks, part (c), step 6: nmap's smb-check, Bonn's scs, and a scanner's
 * rule of 2009, which also takes a path of 0 for D or E. */
#ifndef WORMSIGN_CONFICKER_CANONICALIZE_H
#define WORMSIGN_CONFICKER_CANONICALIZE_H

#include <stdint.h>

enum { CANONICALIZE_CALLS = 2, CANONICALIZE_ROOM = 2 };

extern const char *const canonicalize_paths[CANONICALIZE_CALLS];

/* What came back of one call. */
struct canonicalize_answer {
    uint32_t path; /* four bytes, the first lowest */
    uint32_t code; /* 0: it is done; else an error of Windows */
};

enum canonicalize_finding {
    CANONICALIZE_INFECTED_A_C,
    CANONICALIZE_INFECTED_D_E,
    CANONICALIZE_LIKE_D_E,  /* returned 0 without the mark: weighs, and proves nothing */
    CANONICALIZE_PATCHED,   /* clean, and closed to the worm's exploit */
    CANONICALIZE_UNPATCHED, /* clean, and open */
    CANONICALIZE_UNKNOWN    /* neither the worm nor Windows as it is known */
};

/* What the answers mean; NULL: that call was not made, or not answered. Clean is only who answered
 * both. */
enum canonicalize_finding canonicalize_finding_of(const struct canonicalize_answer *first,
                                                  const struct canonicalize_answer *second);

#endif
