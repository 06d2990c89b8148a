/* Entries are ranges, kept in two sorted arrays (IPv4 needs 8 bytes a range, IPv6 32), and found by
 * halving. A table by the first 16 bits of IPv4 says where to begin, so a look at ten million
 * costs about as much as one at a thousand. */
#include "filter/address_list.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK_BYTES = 1 << 16, FIRST_SIZE = 64, V4_BUCKETS = 1 << 16, ENTRY_TEXT_MAX = 64 };

struct range_4 {
    uint32_t first, last;
};

struct range_6 {
    struct address first, last;
};

struct listed {
    struct range_4 *v4; /* owned */
    size_t v4_count, v4_size;
    struct range_6 *v6; /* owned */
    size_t v6_count, v6_size;
    uint32_t
        *v4_starts; /* owned; of a closed list: the first range that ends in this /16 or behind */
    size_t entries, passed_over;
    bool is_closed;
};

/* What is read: a line may begin in one block and end in the next. */
struct lines {
    const char *name;
    uint64_t number;
    size_t used;
    char line[LISTED_LINE_MAX + 1];
};

struct listed *listed_new(void)
{
    return calloc(1, sizeof(struct listed));
}

void listed_free(struct listed *l)
{
    if (l == NULL)
        return;
    free(l->v4);
    free(l->v6);
    free(l->v4_starts);
    free(l);
}

/* Room for one more; false without memory. */
static bool grow(void **items, size_t item_size, size_t count, size_t *size)
{
    if (count < *size)
        return true;
    size_t larger = *size != 0 ? *size * 2 : FIRST_SIZE, bytes;
    if (__builtin_mul_overflow(larger, item_size, &bytes))
        return false;
    void *moved = realloc(*items, bytes);
    if (moved == NULL)
        return false;
    *items = moved;
    *size = larger;
    return true;
}

static bool add_4(struct listed *l, uint32_t first, uint32_t last)
{
    void *items = l->v4;
    bool good = grow(&items, sizeof *l->v4, l->v4_count, &l->v4_size);
    l->v4 = items;
    if (good)
        l->v4[l->v4_count++] = (struct range_4){first, last};
    return good;
}

static bool add_6(struct listed *l, struct address first, struct address last)
{
    void *items = l->v6;
    bool good = grow(&items, sizeof *l->v6, l->v6_count, &l->v6_size);
    l->v6 = items;
    if (good)
        l->v6[l->v6_count++] = (struct range_6){first, last};
    return good;
}

/* Not ::/0 to the list's own: a network of IPv6 that is wide enough to hold the mapped form of all
 * of IPv4 is none of IPv4. */
static bool add(struct listed *l, struct prefix p)
{
    struct address mask = address_mask(p.bits);
    struct address last = {p.base.high | ~mask.high, p.base.low | ~mask.low};
    if (address_is_v4(p.base) && p.bits >= 96)
        return add_4(l, address_v4(p.base), address_v4(last));
    return add_6(l, p.base, last);
}

/* What the lists that `flows` and ra print have beside addresses: titles, and 02:00:5e:10:00:01. */
static bool is_passed_over(const char *entry)
{
    /* ra prints 0 for the records that a sensor writes about itself. */
    static const char *const titles[] = {"SrcAddr", "DstAddr", "saddr", "daddr", "0"};
    enum { MAC_LENGTH = 17 };
    for (size_t i = 0; i < COUNT_OF(titles); i++)
        if (strcmp(entry, titles[i]) == 0)
            return true;
    for (size_t i = 0; i < MAC_LENGTH; i++)
        if (i % 3 == 2 ? entry[i] != ':' : !isxdigit((unsigned char)entry[i]))
            return false; /* a NUL, too, is neither */
    return entry[MAC_LENGTH] == '\0';
}

/* The entry of a line: its first word. Nothing of an empty one, or of a comment. */
static bool take_line(struct listed *l, struct lines *in, struct error *err)
{
    char entry[ENTRY_TEXT_MAX];
    struct prefix p;
    struct error why;
    in->line[in->used] = '\0';
    const char *start = in->line + strspn(in->line, " \t\r\f\v");
    size_t length = strcspn(start, " \t\r\f\v,|;#");
    bool has_nul = strlen(in->line) != in->used;
    in->number++;
    in->used = 0;
    if (!has_nul && (*start == '\0' || *start == '#'))
        return true;
    if (has_nul || length == 0 || length >= sizeof entry)
        return fail(err, ERROR_FORMAT, "%s: line %llu: begins with no address or network", in->name,
                    (unsigned long long)in->number);
    memcpy(entry, start, length);
    entry[length] = '\0';
    if (is_passed_over(entry)) {
        l->passed_over++;
        return true;
    }
    if (!prefix_parse(entry, &p, &why))
        return fail(err, ERROR_FORMAT, "%s: line %llu: %s", in->name,
                    (unsigned long long)in->number, why.text);
    if (l->entries == LISTED_ENTRIES_MAX)
        return fail(err, ERROR_LIMIT, "%s: line %llu: more than %d addresses and networks",
                    in->name, (unsigned long long)in->number, LISTED_ENTRIES_MAX);
    if (!add(l, p))
        return fail(err, ERROR_SYSTEM, "%s: line %llu: no memory", in->name,
                    (unsigned long long)in->number);
    l->entries++;
    return true;
}

/* What is left of the first line, its end included where it is here. */
static size_t line_length(struct reader bytes)
{
    size_t size = bytes.left;
    const uint8_t *start = read_bytes(&bytes, size);
    const uint8_t *end = memchr(start, '\n', size);
    return end != NULL ? (size_t)(end - start) + 1 : size;
}

static bool take_bytes(struct listed *l, struct lines *in, struct reader bytes, struct error *err)
{
    while (bytes.left > 0) {
        size_t length = line_length(bytes);
        const uint8_t *line = read_bytes(&bytes, length);
        bool is_whole = line[length - 1] == '\n';
        length -= is_whole;
        if (length > LISTED_LINE_MAX - in->used)
            return fail(err, ERROR_LIMIT, "%s: line %llu: longer than %d bytes", in->name,
                        (unsigned long long)in->number + 1, LISTED_LINE_MAX);
        memcpy(in->line + in->used, line, length);
        in->used += length;
        if (is_whole && !take_line(l, in, err))
            return false;
    }
    return true;
}

static bool take_file(struct listed *l, struct lines *in, int file, uint8_t *block,
                      struct error *err)
{
    for (;;) {
        ssize_t got = read(file, block, BLOCK_BYTES);
        if (got == 0)
            return in->used == 0 || take_line(l, in, err);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail(err, ERROR_SYSTEM, "%s: %s", in->name, strerror(errno));
        if (!take_bytes(l, in, reader_over(block, (size_t)got), err))
            return false;
    }
}

bool listed_add_file(struct listed *l, const char *path, struct error *err)
{
    bool is_stdin = strcmp(path, "-") == 0;
    struct lines *in = calloc(1, sizeof *in);
    uint8_t *block = malloc(BLOCK_BYTES);
    int file = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    bool good = false;
    if (in == NULL || block == NULL) {
        (void)fail(err, ERROR_SYSTEM, "%s: no memory", path);
    } else if (file < 0) {
        (void)fail(err, ERROR_SYSTEM, "%s: %s", path, strerror(errno));
    } else {
        in->name = is_stdin ? "stdin" : path;
        good = take_file(l, in, file, block, err);
    }
    if (!is_stdin && file >= 0)
        (void)close(file);
    free(block);
    free(in);
    return good;
}

bool listed_add_bytes(struct listed *l, const char *name, struct reader bytes, struct error *err)
{
    struct lines *in = calloc(1, sizeof *in);
    if (in == NULL)
        return fail(err, ERROR_SYSTEM, "%s: no memory", name);
    in->name = name;
    bool good = take_bytes(l, in, bytes, err) && (in->used == 0 || take_line(l, in, err));
    free(in);
    return good;
}

static int compare_4(const void *a, const void *b)
{
    const struct range_4 *x = a, *y = b;
    return x->first < y->first ? -1 : x->first > y->first;
}

static int compare_6(const void *a, const void *b)
{
    const struct range_6 *x = a, *y = b;
    return address_compare(x->first, y->first);
}

static void join_4(struct listed *l)
{
    size_t kept = 0;
    for (size_t i = 0; i < l->v4_count; i++) {
        struct range_4 r = l->v4[i];
        struct range_4 *before = kept > 0 ? &l->v4[kept - 1] : NULL;
        if (before == NULL || (before->last != UINT32_MAX && r.first > before->last + 1))
            l->v4[kept++] = r;
        else if (r.last > before->last)
            before->last = r.last;
    }
    l->v4_count = kept;
}

static void join_6(struct listed *l)
{
    size_t kept = 0;
    for (size_t i = 0; i < l->v6_count; i++) {
        struct range_6 r = l->v6[i];
        struct range_6 *before = kept > 0 ? &l->v6[kept - 1] : NULL;
        if (before == NULL || address_compare(r.first, before->last) > 0)
            l->v6[kept++] = r;
        else if (address_compare(r.last, before->last) > 0)
            before->last = r.last;
    }
    l->v6_count = kept;
}

/* Without memory for it, every search begins at the whole. */
static void index_4(struct listed *l)
{
    l->v4_starts = malloc((V4_BUCKETS + 1) * sizeof *l->v4_starts);
    if (l->v4_starts == NULL)
        return;
    size_t at = 0;
    for (uint32_t bucket = 0; bucket < V4_BUCKETS; bucket++) {
        while (at < l->v4_count && l->v4[at].last < bucket << 16)
            at++;
        l->v4_starts[bucket] = (uint32_t)at;
    }
    l->v4_starts[V4_BUCKETS] = (uint32_t)l->v4_count;
}

void listed_close(struct listed *l)
{
    if (l->is_closed)
        return;
    l->is_closed = true;
    if (l->v4_count > 0) {
        qsort(l->v4, l->v4_count, sizeof *l->v4, compare_4);
        join_4(l);
        index_4(l);
    }
    if (l->v6_count > 0) {
        qsort(l->v6, l->v6_count, sizeof *l->v6, compare_6);
        join_6(l);
    }
}

size_t listed_entries(const struct listed *l)
{
    return l->entries;
}

size_t listed_passed_over(const struct listed *l)
{
    return l->passed_over;
}

static bool holds_4(const struct listed *l, uint32_t a)
{
    size_t from = 0, end = l->v4_count;
    if (l->v4_starts != NULL) {
        from = l->v4_starts[a >> 16];
        end = l->v4_starts[(a >> 16) + 1]; /* itself found where none before it is */
    }
    while (from < end) {
        size_t middle = from + (end - from) / 2;
        if (l->v4[middle].last < a)
            from = middle + 1;
        else
            end = middle;
    }
    return from < l->v4_count && l->v4[from].first <= a && a <= l->v4[from].last;
}

static bool holds_6(const struct listed *l, struct address a)
{
    size_t from = 0, end = l->v6_count;
    while (from < end) {
        size_t middle = from + (end - from) / 2;
        if (address_compare(l->v6[middle].last, a) < 0)
            from = middle + 1;
        else
            end = middle;
    }
    return from < l->v6_count && address_compare(l->v6[from].first, a) <= 0;
}

bool listed_holds(const struct listed *l, struct address a)
{
    return address_is_v4(a) ? holds_4(l, address_v4(a)) : holds_6(l, a);
}

bool listed_holds_record(const struct listed *l, enum listed_side side, const struct flow_record *r)
{
    bool source = side != LISTED_DESTINATION && flow_has_address(r, 0);
    bool destination = side != LISTED_SOURCE && flow_has_address(r, 1);
    return (source && listed_holds(l, r->side[0].end.address)) ||
           (destination && listed_holds(l, r->side[1].end.address));
}
