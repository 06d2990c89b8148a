/* A file that appears under its name when it is whole: until then it is written beside its place,
 * under a name that no other run has. What was there before stays until then. */
#ifndef WORMSIGN_CLI_WHOLE_FILE_H
#define WORMSIGN_CLI_WHOLE_FILE_H

#include <stdbool.h>
#include <stdio.h>

struct whole_file {
    const char *path; /* borrowed */
    char *beside;     /* owned; NULL: nothing is open */
    FILE *file;
};

/* False with errno. */
bool whole_file_open(struct whole_file *f, const char *path);

/* Ends it, syncs it and moves it to its place; false with errno, and it is given up. */
bool whole_file_move(struct whole_file *f);

/* What was written is removed. Where nothing is open, nothing happens. */
void whole_file_give_up(struct whole_file *f);

#endif
