/* The files below a directory, in sorted order of their paths.
 *
 * Regular files only. Symbolic links are followed, also out of the tree; each directory is entered
 * once, however many links lead to it, so a walk always ends. What cannot be read (a closed
 * directory, a link to nowhere) is among the paths: who opens it names it, with the reason. */
#ifndef WORMSIGN_ENGINE_WALK_H
#define WORMSIGN_ENGINE_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include "base/error.h"

enum { WALK_FILES_MAX = 10 * 1000 * 1000 };

struct walk {
    char **paths; /* owned */
    size_t count, room;
};

/* Adds path itself when it is no directory (or "-"), else every file below it. False and *err when
 * the walk itself fails, or memory or WALK_FILES_MAX is exhausted; what was found stays. */
bool walk_add(struct walk *w, const char *path, struct error *err);
bool walk_is_directory(const char *path);
void walk_free(struct walk *w);

#endif
