/* A short table of trees, brought forward by every request. */
#include "wire/smb_writes.h"

#include <string.h>

#include "base/compiler.h"

struct smb_writes smb_writes_over(struct reader stream, bool start_known)
{
    return (struct smb_writes){.walk = smb_walk_over(stream), .start_known = start_known};
}

static bool ends_with(const struct smb_name *name, const char *with)
{
    size_t size = strlen(with);
    return name->size >= size && memcmp(name->text + name->size - size, with, size) == 0;
}

static bool is_pipe_of_windows(const struct smb_name *name)
{
    static const char *const pipes[] = {"atsvc",    "browser", "epmapper", "lsarpc",
                                        "netlogon", "samr",    "spoolss",  "srvsvc",
                                        "svcctl",   "wkssvc",  "winreg"};
    size_t slash = name->size > 0 && name->text[0] == '\\' ? 1 : 0;
    for (size_t i = 0; i < COUNT_OF(pipes); i++)
        if (name->size - slash == strlen(pipes[i]) &&
            memcmp(name->text + slash, pipes[i], name->size - slash) == 0)
            return true;
    return false;
}

static void await_tree(struct smb_writes *w, const struct smb_request *q)
{
    struct smb_name share;
    bool is_pipes = smb_name_of(q, &share) && ends_with(&share, "\\ipc$");
    *(is_pipes ? &w->pipes_awaited : &w->files_awaited) += 1;
}

/* What the tree that is met now for the first time is. */
static enum smb_target target_of_new(struct smb_writes *w)
{
    if (!w->start_known || (w->pipes_awaited > 0) == (w->files_awaited > 0))
        return SMB_TO_UNTOLD;
    bool is_pipes = w->pipes_awaited > 0;
    *(is_pipes ? &w->pipes_awaited : &w->files_awaited) -= 1;
    return is_pipes ? SMB_TO_PIPE : SMB_TO_FILE;
}

/* NULL: there is no room for one more. */
static struct smb_tree *tree_of(struct smb_writes *w, uint16_t number)
{
    for (unsigned i = 0; i < w->tree_count; i++)
        if (w->trees[i].number == number)
            return &w->trees[i];
    if (w->tree_count == SMB_TREES_MAX)
        return NULL;
    struct smb_tree *tree = &w->trees[w->tree_count++];
    *tree = (struct smb_tree){.number = number, .target = target_of_new(w)};
    return tree;
}

static void forget_tree(struct smb_writes *w, uint16_t number)
{
    for (unsigned i = 0; i < w->tree_count; i++)
        if (w->trees[i].number == number)
            w->trees[i] = w->trees[--w->tree_count];
}

/* A user who leaves takes all trees along, and nobody says which were meant by those awaited. */
static void forget_all(struct smb_writes *w)
{
    w->tree_count = w->pipes_awaited = w->files_awaited = 0;
    w->start_known = false;
}

static void note_open(struct smb_writes *w, const struct smb_request *q)
{
    struct smb_tree *tree = tree_of(w, q->header.tree);
    struct smb_name name;
    if (tree == NULL)
        return;
    bool is_pipe = smb_name_of(q, &name) && is_pipe_of_windows(&name);
    *(is_pipe ? &tree->opened_pipe : &tree->opened_other) = true;
}

static void note(struct smb_writes *w, const struct smb_request *q)
{
    switch (q->command) {
    case SMB_NEGOTIATE:
    case SMB_SESSION_SETUP_ANDX:
    case SMB_ECHO:
        return;
    case SMB_TREE_CONNECT:
    case SMB_TREE_CONNECT_ANDX:
        await_tree(w, q);
        return;
    case SMB_TREE_DISCONNECT:
        (void)tree_of(w, q->header.tree); /* one that was never used is not awaited any more */
        forget_tree(w, q->header.tree);
        return;
    case SMB_LOGOFF_ANDX:
        forget_all(w);
        return;
    case SMB_OPEN:
    case SMB_OPEN_ANDX:
    case SMB_NT_CREATE_ANDX:
        note_open(w, q);
        return;
    default:
        (void)tree_of(w, q->header.tree);
    }
}

static enum smb_target target_of(struct smb_writes *w, const struct smb_write *write)
{
    if (write->to_pipe)
        return SMB_TO_PIPE;
    const struct smb_tree *tree = tree_of(w, write->tree);
    if (tree == NULL)
        return SMB_TO_UNTOLD;
    bool only_pipes = tree->opened_pipe && !tree->opened_other;
    return tree->target == SMB_TO_UNTOLD && only_pipes ? SMB_TO_PIPE : tree->target;
}

bool smb_writes_next(struct smb_writes *w, struct smb_write *out, enum smb_target *target)
{
    struct smb_request q;
    while (smb_next(&w->walk, &q)) {
        if (smb_header_is_reply(&q.header))
            continue;
        note(w, &q);
        if (!smb_write_of(&q, out))
            continue;
        *target = target_of(w, out);
        return true;
    }
    return false;
}
