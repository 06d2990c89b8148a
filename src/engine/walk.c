/* The walk is fts(3)'s, which keeps its own stack and sees cycles. */
#include "engine/walk.h"

#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bool walk_is_directory(const char *path)
{
    struct stat kind;
    return strcmp(path, "-") != 0 && stat(path, &kind) == 0 && S_ISDIR(kind.st_mode);
}

static bool keep(struct walk *w, const char *path, struct error *err)
{
    if (w->count == WALK_FILES_MAX)
        return fail(err, ERROR_LIMIT, "more than %d files", WALK_FILES_MAX);
    if (w->count == w->room) {
        size_t room = w->room != 0 ? w->room * 2 : 64;
        char **paths = realloc(w->paths, room * sizeof *paths);
        if (paths == NULL)
            return fail(err, ERROR_SYSTEM, "no memory");
        w->paths = paths;
        w->room = room;
    }
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

/* What cannot be read is kept as well: who opens it finds out why, and names it. */
static bool is_wanted(const FTSENT *entry)
{
    struct stat kind;
    switch (entry->fts_info) {
    case FTS_F:
    case FTS_DNR:
    case FTS_ERR:
    case FTS_NS:
        return true;
    case FTS_SL: /* a link to a file, or to nowhere */
        return stat(entry->fts_accpath, &kind) != 0 || S_ISREG(kind.st_mode);
    default:
        return false;
    }
}

static bool add_below(struct walk *w, const char *path, struct error *err)
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
    const FTSENT *entry;
    while (good && (entry = fts_read(tree)) != NULL)
        good = !is_wanted(entry) || keep(w, entry->fts_path, err);
    if (good && errno != 0) /* fts_read's own failure; at the end it leaves 0 */
        good = fail(err, ERROR_SYSTEM, "%s: %s", path, strerror(errno));
    (void)fts_close(tree);
    free(root);
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
