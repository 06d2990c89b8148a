/* Findings come in the order of addresses, so one walk through the old list finds each. */
#include "engine/told.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "report/report.h"

bool told_begin(struct told *t, size_t hosts, size_t infections)
{
    free(t->now);
    free(t->infections_now);
    t->now = calloc(hosts + 1, sizeof *t->now);
    t->infections_now = calloc(infections + 1, sizeof *t->infections_now);
    t->now_count = t->passed = t->infection_now_count = 0;
    return t->now != NULL && t->infections_now != NULL;
}

bool told_host_rises(struct told *t, struct address host, enum verdict_kind kind)
{
    enum verdict_kind before = VERDICT_UNKNOWN;
    while (t->passed < t->host_count && address_compare(t->hosts[t->passed].host, host) < 0)
        t->passed++;
    if (t->passed < t->host_count && address_equal(t->hosts[t->passed].host, host))
        before = t->hosts[t->passed].kind;
    bool rises = kind < before && kind <= VERDICT_SUSPICIOUS;
    t->now[t->now_count++] = (struct told_host){host, rises ? kind : before};
    t->said += rises;
    return rises;
}

static int compare_hashes(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

bool told_infection_is_new(struct told *t, const struct infection *i)
{
    uint64_t ends = hash_pair(hash_address(i->from), hash_address(i->to));
    uint64_t hash = hash_pair(ends, hash_bytes(i->cause, strlen(i->cause)));
    bool is_new = t->infection_count == 0 || bsearch(&hash, t->infections, t->infection_count,
                                                     sizeof hash, compare_hashes) == NULL;
    t->infections_now[t->infection_now_count++] = hash;
    t->said += is_new;
    return is_new;
}

void told_end(struct told *t)
{
    free(t->hosts);
    free(t->infections);
    t->hosts = t->now;
    t->host_count = t->now_count;
    t->infections = t->infections_now;
    t->infection_count = t->infection_now_count;
    t->now = NULL;
    t->infections_now = NULL;
    if (t->infection_count > 0)
        qsort(t->infections, t->infection_count, sizeof *t->infections, compare_hashes);
}

void told_free(struct told *t)
{
    free(t->hosts);
    free(t->now);
    free(t->infections);
    free(t->infections_now);
    *t = (struct told){0};
}
