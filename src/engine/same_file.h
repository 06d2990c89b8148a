/* Whether two files hold the same bytes, told before either is read for anything else. */
#ifndef WORMSIGN_ENGINE_SAME_FILE_H
#define WORMSIGN_ENGINE_SAME_FILE_H

#include <stdbool.h>
#include "base/digest.h"

/* What files that are the same have in common: their size and their first bytes. False for what is
 * no regular file, empty or cannot be read: such a one is like no other. */
bool same_file_start(const char *path, struct digest *out);

/* True when both can be read and hold the same bytes. go_on(context) is asked now and then; false
 * from it ends the comparison, with false. */
bool same_file(const char *a, const char *b, bool (*go_on)(void *context), void *context);

#endif
