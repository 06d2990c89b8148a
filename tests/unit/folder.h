/* A folder of its own for a test, below $TMPDIR or /tmp, and what is put into it. Names are
 * relative to it. */
#ifndef WORMSIGN_TESTS_FOLDER_H
#define WORMSIGN_TESTS_FOLDER_H

#include "testing.h"

#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 512 };

struct folder {
    char path[PATH_SIZE / 2];
};

/* The path of a name, in buffer; returns buffer. */
static inline const char *path_in(const struct folder *f, const char *name, char buffer[PATH_SIZE])
{
    int length = snprintf(buffer, PATH_SIZE, "%s/%s", f->path, name);
    assert_in_range(length, 1, PATH_SIZE - 1);
    return buffer;
}

static inline struct folder folder_made(void)
{
    struct folder f;
    const char *base = getenv("TMPDIR");
    int length = snprintf(f.path, sizeof f.path, "%s/wormsign-test-XXXXXX",
                          base != NULL ? base : "/tmp");
    assert_in_range(length, 1, sizeof f.path - 1);
    assert_non_null(mkdtemp(f.path));
    return f;
}

static inline void folder_remove(struct folder *f)
{
    char *const roots[] = {f->path, NULL};
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    assert_non_null(tree);
    for (FTSENT *entry = fts_read(tree); entry != NULL; entry = fts_read(tree))
        if (entry->fts_info != FTS_D)
            assert_int_equal(remove(entry->fts_accpath), 0);
    assert_int_equal(fts_close(tree), 0);
}

static inline void put_folder(const struct folder *f, const char *name)
{
    char path[PATH_SIZE];
    assert_int_equal(mkdir(path_in(f, name, path), 0700), 0);
}

static inline void put_file(const struct folder *f, const char *name, const void *bytes,
                            size_t size)
{
    char path[PATH_SIZE];
    FILE *file = fopen(path_in(f, name, path), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static inline void put_link(const struct folder *f, const char *name, const char *target)
{
    char path[PATH_SIZE];
    assert_int_equal(symlink(target, path_in(f, name, path)), 0);
}

#endif
