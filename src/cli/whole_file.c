/* The name beside is that of the place, the number of the process and "tmp": a folder may be
 * anybody's, so the name is never one that is there already, and no link is followed. */
#include "cli/whole_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    NAMES_TRIED = 16, /* numbers of processes come again, and a killed one leaves its file */
    ENDING_SIZE = 64
};

bool whole_file_open(struct whole_file *f, const char *path)
{
    size_t size = strlen(path) + ENDING_SIZE;
    *f = (struct whole_file){.path = path, .beside = malloc(size)};
    if (f->beside == NULL)
        return false;
    (void)snprintf(f->beside, size, "%s.%ld.tmp", path, (long)getpid());
    f->file = fopen(f->beside, "wxe");
    for (unsigned i = 1; f->file == NULL && errno == EEXIST && i < NAMES_TRIED; i++) {
        (void)snprintf(f->beside, size, "%s.%ld-%u.tmp", path, (long)getpid(), i);
        f->file = fopen(f->beside, "wxe");
    }
    if (f->file != NULL)
        return true;
    int number = errno;
    free(f->beside);
    f->beside = NULL;
    errno = number;
    return false;
}

/* Who finds it under its name finds all of it, also after a power failure. */
static bool end(struct whole_file *f)
{
    bool good = fflush(f->file) == 0 && (fsync(fileno(f->file)) == 0 || errno == EINVAL);
    int number = errno;
    if (fclose(f->file) != 0 && good) {
        number = errno;
        good = false;
    }
    f->file = NULL;
    errno = number;
    return good;
}

bool whole_file_move(struct whole_file *f)
{
    bool good = end(f) && rename(f->beside, f->path) == 0;
    int number = errno;
    if (!good)
        (void)unlink(f->beside);
    free(f->beside);
    f->beside = NULL;
    errno = number;
    return good;
}

void whole_file_give_up(struct whole_file *f)
{
    if (f->beside == NULL)
        return;
    if (f->file != NULL)
        (void)fclose(f->file);
    f->file = NULL;
    (void)unlink(f->beside);
    free(f->beside);
    f->beside = NULL;
}
