/* Large pages begin at multiples of their size, so one more than is needed is mapped and the start
 * is moved up to the first. They matter: most of the time of a long run is else spent on finding
 * small ones. */
#include "base/pages.h"

#include <stdint.h>
#include <sys/mman.h>

enum { LARGE_PAGE = 1 << 21 };

bool pages_take(size_t size, bool large, struct pages *out)
{
    *out = (struct pages){0};
    void *mapped = mmap(NULL, size + LARGE_PAGE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED)
        return false;
    uintptr_t aligned = ((uintptr_t)mapped + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE;
    *out = (struct pages){(void *)aligned, mapped, size + LARGE_PAGE};
    if (large)
        (void)madvise(out->start, size, MADV_HUGEPAGE);
    return true;
}

void pages_give_back(struct pages *p)
{
    if (p->mapped != NULL)
        (void)munmap(p->mapped, p->mapped_size);
    *p = (struct pages){0};
}
