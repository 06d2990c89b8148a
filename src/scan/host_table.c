/* Two halves of eight bytes: the first address, and how many hosts come before it. Both fit 32
 * bits, for the last address of the last run is found from the count of all. */
#include "scan/host_table.h"

#include <stdlib.h>

#include "base/hash.h"
#include "scan/target_set.h"

enum { RUNS_FIRST = 64, NET_BITS = 8 };

struct run {
    uint32_t first, before;
};

struct host_table {
    struct run *runs;
    uint64_t run_count, room, count;
};

static bool add(struct host_table *t, uint32_t first, uint32_t last)
{
    if (t->run_count == t->room) {
        uint64_t room = t->room > 0 ? 2 * t->room : RUNS_FIRST;
        struct run *runs = realloc(t->runs, room * sizeof *runs);
        if (runs == NULL)
            return false;
        t->runs = runs;
        t->room = room;
    }
    t->runs[t->run_count++] = (struct run){first, (uint32_t)t->count};
    t->count += (uint64_t)last - first + 1;
    return true;
}

struct host_table *host_table_new(const struct target_set *set)
{
    struct host_table *t = calloc(1, sizeof *t);
    uint32_t first, last = 0, from = 0;
    while (t != NULL && target_set_range(set, from, &first, &last)) {
        if (!add(t, first, last)) {
            host_table_free(t);
            return NULL;
        }
        if (last == UINT32_MAX)
            break;
        from = last + 1;
    }
    return t;
}

void host_table_free(struct host_table *t)
{
    if (t == NULL)
        return;
    free(t->runs);
    free(t);
}

uint64_t host_table_count(const struct host_table *t)
{
    return t->count;
}

uint64_t host_table_runs(const struct host_table *t)
{
    return t->run_count;
}

static uint64_t size_of(const struct host_table *t, uint64_t run)
{
    uint64_t end = run + 1 < t->run_count ? t->runs[run + 1].before : t->count;
    return end - t->runs[run].before;
}

void host_table_run(const struct host_table *t, uint64_t run, uint32_t *first, uint32_t *last)
{
    *first = t->runs[run].first;
    *last = (uint32_t)(*first + size_of(t, run) - 1);
}

/* Runs around where the number would be if all were as long, of which one has it: in a list of
 * millions of single hosts these are few, and a search through all would be a walk through memory
 * that no cache holds. */
static void narrow(const struct host_table *t, uint64_t number, uint64_t *low, uint64_t *high)
{
    uint64_t guess = number * t->run_count / t->count, step = 1; /* both are below 2^32 */
    *low = guess;
    while (t->runs[*low].before > number) {
        *low = *low > step ? *low - step : 0;
        step *= 2;
    }
    *high = guess + 1;
    for (step = 1; *high < t->run_count && t->runs[*high].before <= number; step *= 2) {
        *low = *high;
        *high = t->run_count - *high > step ? *high + step : t->run_count;
    }
}

uint32_t host_table_at(const struct host_table *t, uint64_t number)
{
    uint64_t low, high; /* the last run that begins at or before it is from low on, below high */
    narrow(t, number, &low, &high);
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        if (t->runs[middle].before <= number)
            low = middle;
        else
            high = middle;
    }
    return (uint32_t)(t->runs[low].first + (number - t->runs[low].before));
}

bool host_table_find(const struct host_table *t, uint32_t host, uint64_t *number)
{
    uint64_t low = 0, high = t->run_count;
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        if (t->runs[middle].first <= host)
            low = middle;
        else
            high = middle;
    }
    if (t->run_count == 0 || host < t->runs[low].first ||
        (uint64_t)host - t->runs[low].first >= size_of(t, low))
        return false;
    *number = t->runs[low].before + (uint64_t)(host - t->runs[low].first);
    return true;
}

uint64_t host_table_hash(const struct host_table *t)
{
    return hash_pair(hash_bytes(t->runs, (size_t)t->run_count * sizeof *t->runs), t->count);
}

unsigned host_table_fullest_net(const struct host_table *t)
{
    uint64_t net = UINT64_MAX;
    unsigned here = 0, most = 0, full = 1U << NET_BITS;
    for (uint64_t i = 0; i < t->run_count && most < full; i++) {
        uint32_t first, last;
        host_table_run(t, i, &first, &last);
        if ((uint64_t)(last >> NET_BITS) > (uint64_t)(first >> NET_BITS) + 1)
            return full;
        for (uint64_t host = first; host <= last; host++) {
            here = host >> NET_BITS == net ? here + 1 : 1;
            net = host >> NET_BITS;
            most = here > most ? here : most;
        }
    }
    return most;
}

void host_table_write(const struct host_table *t, struct writer *w)
{
    for (uint64_t i = 0; i < t->run_count; i++) {
        uint32_t first, last;
        host_table_run(t, i, &first, &last);
        write_le32(w, first);
        write_le32(w, last);
    }
}

struct host_table *host_table_read(struct reader *r, uint64_t runs, struct error *err)
{
    struct host_table *t = calloc(1, sizeof *t);
    uint32_t previous = 0;
    bool good = t != NULL;
    for (uint64_t i = 0; good && i < runs; i++) {
        uint32_t first = read_le32(r), last = read_le32(r);
        good = !r->failed && first <= last && (i == 0 || first > previous) && add(t, first, last);
        previous = last;
    }
    if (good)
        return t;
    host_table_free(t);
    (void)fail(err, ERROR_FORMAT, "its list of hosts is damaged");
    return NULL;
}
