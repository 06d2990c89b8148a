/* The walk is fts(3)'s, which keeps its own stack. It follows no link: a link to a directory waits
 * until all that stands in the tree itself was walked, so that what can be reached without a link
 * is named without one; then it is a walk of its own. Directories are known by device and inode. */
#include "engine/walk.h"

#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/room.h"
#include "engine/known.h"

/* One walk_add of a directory. */
struct descent {
    struct walk *found, links; /* links: to directories, in the order in which they were met */
    struct known entered;
};

bool walk_is_directory(const char *path)
{
    struct stat kind;
    return strcmp(path, "-") != 0 && stat(path, &kind) == 0 && S_ISDIR(kind.st_mode);
}

static bool keep(struct walk *w, const char *path, struct error *err)
{
    if (w->count == WALK_FILES_MAX)
        return fail(err, ERROR_LIMIT, "more than %d files", WALK_FILES_MAX);
    char **paths = room_for_one(w->paths, w->count, &w->room, sizeof *paths);
    if (paths == NULL)
        return fail(err, ERROR_SYSTEM, "no memory");
    w->paths = paths;
    w->paths[w->count] = strdup(path);
    if (w->paths[w->count] == NULL)
        return fail(err, ERROR_SYSTEM, "no memory");
    w->count++;
    return true;
}

static int compare_names(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* As a walk meets them: what is below a directory stands at the place of its name. */
static int compare_paths(const void *a, const void *b)
{
    const char *const *first = a, *const *second = b;
    const char *x = *first, *y = *second;
    while (*x != '\0' && *x == *y) {
        x++;
        y++;
    }
    unsigned char next_x = (unsigned char)*x, next_y = (unsigned char)*y;
    if (next_x == '/' && next_y != '\0')
        return next_y == '/' ? 0 : -1;
    if (next_y == '/' && next_x != '\0')
        return 1;
    return (next_x > next_y) - (next_x < next_y);
}

/* Whether it is entered for the first time. */
static bool is_new(struct descent *d, const FTSENT *entry)
{
    size_t before;
    const struct digest key = {.low = entry->fts_statp->st_ino, .high = entry->fts_statp->st_dev};
    return !known_met(&d->entered, key, 0, &before);
}

/* What cannot be read is kept as well: who opens it finds out why, and names it. */
static bool take_entry(struct descent *d, FTS *tree, FTSENT *entry, struct error *err)
{
    struct stat kind;
    switch (entry->fts_info) {
    case FTS_D:
        if (!is_new(d, entry))
            (void)fts_set(tree, entry, FTS_SKIP);
        return true;
    case FTS_F:
    case FTS_DNR:
    case FTS_ERR:
    case FTS_NS:
        return keep(d->found, entry->fts_path, err);
    case FTS_SL:
        if (stat(entry->fts_accpath, &kind) != 0 || S_ISREG(kind.st_mode))
            return keep(d->found, entry->fts_path, err);
        return !S_ISDIR(kind.st_mode) || keep(&d->links, entry->fts_path, err);
    default:
        return true;
    }
}

static bool descend(struct descent *d, const char *path, struct error *err)
{
    char *root = strdup(path);
    char *const roots[] = {root, NULL};
    FTS *tree = root != NULL
                    ? fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_COMFOLLOW, compare_names)
                    : NULL;
    if (tree == NULL) {
        free(root);
        return fail(err, ERROR_SYSTEM, "%s: %s", path, strerror(errno));
    }
    bool good = true;
    FTSENT *entry;
    while (good && (entry = fts_read(tree)) != NULL)
        good = take_entry(d, tree, entry, err);
    if (good && errno != 0) /* fts_read's own failure; at the end it leaves 0 */
        good = fail(err, ERROR_SYSTEM, "%s: %s", path, strerror(errno));
    (void)fts_close(tree);
    free(root);
    return good;
}

static bool add_below(struct walk *w, const char *path, struct error *err)
{
    struct descent d = {.found = w};
    size_t first = w->count;
    bool good = descend(&d, path, err);
    for (size_t i = 0; good && i < d.links.count; i++)
        good = descend(&d, d.links.paths[i], err);
    if (w->count > first)
        qsort(w->paths + first, w->count - first, sizeof *w->paths, compare_paths);
    walk_free(&d.links);
    known_free(&d.entered);
    return good;
}

bool walk_add(struct walk *w, const char *path, struct error *err)
{
    return walk_is_directory(path) ? add_below(w, path, err) : keep(w, path, err);
}

void walk_free(struct walk *w)
{
    for (size_t i = 0; i < w->count; i++)
        free(w->paths[i]);
    free(w->paths);
    *w = (struct walk){0};
}
