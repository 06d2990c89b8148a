/* An open-addressing table of names, which are looked up by each of a name's endings. */
#include "detect/sites.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"

enum { TABLE_SIZE = 1 << 18, LABEL_MAX = 63 };

_Static_assert(TABLE_SIZE > 2 * SITES_MAX, "the table is never more than half full");

struct sites {
    struct arena names;
    size_t count;
    uint64_t fingerprint;          /* the sum of the names' hashes */
    const char *table[TABLE_SIZE]; /* NULL: free */
};

struct sites *sites_new(void)
{
    struct sites *s = calloc(1, sizeof *s);
    if (s != NULL)
        s->names = arena_of((size_t)SITES_MAX * (SITE_NAME_MAX + 32));
    return s;
}

void sites_free(struct sites *s)
{
    if (s == NULL)
        return;
    arena_free(&s->names);
    free(s);
}

size_t sites_count(const struct sites *s)
{
    return s->count;
}

uint64_t sites_fingerprint(const struct sites *s)
{
    return s != NULL ? s->fingerprint : 0;
}

static size_t place_of(const struct sites *s, const char *name, size_t length)
{
    size_t at = hash_bytes(name, length) % TABLE_SIZE;
    while (s->table[at] != NULL &&
           (strlen(s->table[at]) != length || memcmp(s->table[at], name, length) != 0))
        at = (at + 1) % TABLE_SIZE;
    return at;
}

static bool is_of_names(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* The name in lower case, without a final dot; 0: it is none. */
static size_t normal_form(const char *name, char out[static SITE_NAME_MAX + 1], struct error *err)
{
    size_t length = strlen(name), label = 0, dots = 0;
    bool letter_at_end = false;
    if (length > 1 && name[length - 1] == '.')
        length--;
    if (length > SITE_NAME_MAX)
        return fail(err, ERROR_USAGE, "'%.60s...' is longer than a name can be", name);
    for (size_t i = 0; i < length; i++) {
        char c = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] - 'A' + 'a') : name[i];
        out[i] = c;
        bool good = c == '.' ? label > 0 : is_of_names(c) && ++label <= LABEL_MAX;
        if (!good)
            return fail(err, ERROR_USAGE,
                        "'%.100s' is not the name of a site (letters of other scripts are written "
                        "as xn--...)",
                        name);
        if (c == '.') {
            label = 0;
            dots++;
            letter_at_end = false;
        }
        letter_at_end |= c >= 'a' && c <= 'z';
    }
    out[length] = '\0';
    if (label == 0 || !letter_at_end)
        return fail(err, ERROR_USAGE, "'%.100s' is not the name of a site", name);
    if (dots == 0)
        return fail(err, ERROR_USAGE,
                    "'%.100s' would take in every name that ends so; give two labels or more",
                    name);
    return length;
}

bool sites_add(struct sites *s, const char *name, struct error *err)
{
    char normal[SITE_NAME_MAX + 1];
    size_t length = normal_form(name, normal, err);
    if (length == 0)
        return false;
    size_t at = place_of(s, normal, length);
    if (s->table[at] != NULL)
        return true;
    if (s->count == SITES_MAX)
        return fail(err, ERROR_LIMIT, "more than %d sites", SITES_MAX);
    char *kept = arena_take(&s->names, 1, length + 1);
    if (kept == NULL)
        return fail(err, ERROR_SYSTEM, "no memory for names of sites");
    memcpy(kept, normal, length + 1);
    s->table[at] = kept;
    s->count++;
    s->fingerprint += hash_bytes(normal, length);
    return true;
}

const char *sites_find(const struct sites *s, const char *name, size_t length)
{
    for (size_t from = 0; from < length; from++) {
        if (from > 0 && name[from - 1] != '.')
            continue;
        const char *found = s->table[place_of(s, name + from, length - from)];
        if (found != NULL)
            return found;
    }
    return NULL;
}
