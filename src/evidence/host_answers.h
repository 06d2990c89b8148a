/* What a host was asked and answered in one scan, as it is kept between runs: its checks, what it
 * told over SMB and NetBIOS, the signs that the answers are, and the names by which it was known.
 *
 * Written from a scan's verdict, which borrows all of it. What is loaded comes from strangers, and
 * is checked field by field as evidence files are (evidence/saving.h). */
#ifndef WORMSIGN_EVIDENCE_HOST_ANSWERS_H
#define WORMSIGN_EVIDENCE_HOST_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>
#include "evidence/netbios_check.h"
#include "evidence/smb_check.h"
#include "evidence/verdict.h"

struct arena;
struct reader;
struct writer;

enum {
    HOST_ANSWERS_FORM = 1,
    HOST_ANSWERS_CHECKS_MAX = 32,
    HOST_ANSWERS_SIGNS_MAX = 16,
    HOST_ANSWERS_BYTES_MAX = 1 << 17 /* of one saved; the fullest takes half of it */
};

struct host_answers {
    enum hearing hearing;
    unsigned name_count;
    char names[VERDICT_NAMES_MAX][HOST_NAME_SIZE];
    size_t check_count, sign_count;
    struct check *checks;          /* the arena's, as are the others */
    struct sign *signs;            /* names of their facts too */
    struct smb_check *smb;         /* NULL: not asked */
    struct netbios_check *netbios; /* NULL: it told none */
};

void host_answers_save(struct writer *w, const struct verdict *v);

/* False, and *out is untouched, when saving did not write them so, or without memory. */
bool host_answers_load(struct reader *r, struct arena *memory, struct host_answers *out);

#endif
