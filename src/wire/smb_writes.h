/* What a client writes in the head of an SMB1 stream, and whether into a named pipe or a file.
 *
 * Only the client's side is read, so the numbers of trees and files, which the server gives, are
 * matched by their order: the first request on a tree that was not met before belongs to a tree
 * connected before. Where that leaves a choice, or the stream's start was not seen, it is untold
 * unless the client opens nothing there but the pipes that every Windows has.
 *
 * Not read: the later parts of a transaction, raw writes, opens and writes of the oldest kinds. */
#ifndef WORMSIGN_WIRE_SMB_WRITES_H
#define WORMSIGN_WIRE_SMB_WRITES_H

#include "wire/smb.h"

enum { SMB_TREES_MAX = 8 }; /* what is written to further ones is untold */

enum smb_target { SMB_TO_UNTOLD, SMB_TO_PIPE, SMB_TO_FILE };

struct smb_tree {
    uint16_t number;
    enum smb_target target;
    bool opened_pipe, opened_other; /* by the names of what was opened */
};

struct smb_writes {
    struct smb_walk walk;
    bool start_known;
    unsigned pipes_awaited, files_awaited; /* trees asked for, whose number was not met yet */
    unsigned tree_count;
    struct smb_tree trees[SMB_TREES_MAX];
};

struct smb_writes smb_writes_over(struct reader stream, bool start_known);

/* The next write and what it goes to; false at the end, which walk.ending tells. */
bool smb_writes_next(struct smb_writes *w, struct smb_write *out, enum smb_target *target);

#endif
