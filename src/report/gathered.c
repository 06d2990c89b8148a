/* One list of addresses a reason, sorted when all have come. */
#include "report/gathered.h"

#include <stdlib.h>
#include <string.h>

#include "base/plural.h"
#include "base/writer.h"
#include "report/page.h"

static const char other_reasons[] = "other reasons";

static struct gathered_group *group_of(struct gathered *g, const char *reason)
{
    for (size_t i = 0; i < g->reason_count; i++)
        if (strcmp(g->groups[i].reason, reason) == 0)
            return &g->groups[i];
    bool is_full = g->reason_count == GATHERED_REASONS_MAX;
    struct gathered_group *group = &g->groups[is_full ? GATHERED_REASONS_MAX : g->reason_count++];
    struct text text = text_over(group->reason, sizeof group->reason);
    text_add(&text, "%s", is_full ? other_reasons : reason);
    return group;
}

bool gathered_add(struct gathered *g, struct address host, const char *reason)
{
    struct gathered_group *group = group_of(g, reason);
    group->hosts++;
    if (g->kept == GATHERED_HOSTS_MAX) {
        g->not_kept++;
        return true;
    }
    g->kept++;
    return address_list_add(&group->kept, host);
}

/* Arrival is chance, so groups of one size are told apart by their words. */
static int compare_groups(const void *a, const void *b)
{
    const struct gathered_group *const *x = a, *const *y = b;
    if ((*x)->hosts != (*y)->hosts)
        return (*x)->hosts < (*y)->hosts ? 1 : -1;
    return strcmp((*x)->reason, (*y)->reason);
}

static void range_line(struct page *p, struct gathered_group *group)
{
    char address[ADDRESS_TEXT_SIZE];
    const struct address_list *list = &group->kept;
    size_t from = 0;
    address_list_sort(&group->kept);
    page_begin(p, 4, 4);
    for (size_t shown = 0; from < list->count && shown < GATHERED_RANGES_MAX; shown++) {
        size_t end = address_list_range(list, from);
        struct address first = list->items[from], last = list->items[end - 1];
        page_say(p, "%s%s", from > 0 ? ", " : "", address_text(first, address));
        if (!address_equal(first, last))
            page_say(p, "-%s", address_text(last, address));
        from = end;
    }
    uint64_t more = group->hosts - from;
    if (more > 0)
        page_say(p, "%s%llu more host%s", from > 0 ? " and " : "", (unsigned long long)more,
                 plural(more));
    page_end(p);
}

static void group_lines(struct page *p, struct gathered_group *group)
{
    page_begin(p, 2, 6);
    page_say(p, "%llu host%s: ", (unsigned long long)group->hosts, plural(group->hosts));
    page_add(p, SAFE_SENTENCE, group->reason);
    page_end(p);
    if (group->kept.count > 0)
        range_line(p, group);
}

static void limit_line(struct page *p, uint64_t not_kept)
{
    page_begin(p, 2, 4);
    page_say(p, "Limit reached: %d hosts are kept here by address; %llu more host%s only counted.",
             GATHERED_HOSTS_MAX, (unsigned long long)not_kept, not_kept == 1 ? " is" : "s are");
    page_end(p);
}

void gathered_lines(struct gathered *g, struct page *p)
{
    struct gathered_group *order[GATHERED_REASONS_MAX];
    for (size_t i = 0; i < g->reason_count; i++)
        order[i] = &g->groups[i];
    if (g->reason_count > 1)
        qsort(order, g->reason_count, sizeof *order, compare_groups);
    for (size_t i = 0; i < g->reason_count; i++)
        group_lines(p, order[i]);
    if (g->groups[GATHERED_REASONS_MAX].hosts > 0)
        group_lines(p, &g->groups[GATHERED_REASONS_MAX]);
    if (g->not_kept > 0)
        limit_line(p, g->not_kept);
}

void gathered_free(struct gathered *g)
{
    for (size_t i = 0; i <= GATHERED_REASONS_MAX; i++)
        address_list_free(&g->groups[i].kept);
}
