/* Hosts with something to say of them, judged: signs from slots, verdicts from signs.
 *
 * A verdict with its signs takes as much memory as the evidence behind it, or more. So of each
 * there is only one at a time: all hosts are judged for their order, and those with signs again
 * when they are written. The evidence stays as it is meanwhile, so both come to the same. */
#ifndef WORMSIGN_ENGINE_FINDINGS_H
#define WORMSIGN_ENGINE_FINDINGS_H

#include "engine/edges.h"
#include "engine/hunt_inside.h"
#include "evidence/smb_check.h"

struct behind_nat;
struct sentences;

/* What is known of one host. */
struct dossier {
    struct address host;
    struct host_day *const *days;
    const uint16_t *relayed; /* of each day: bits of detectors */
    size_t day_count;
    const struct served *served; /* signs of its own that the edges gave it */
    size_t served_count;
    const struct hunt_asked *asked; /* what a scan heard of it; NULL: nothing */
};

/* A host with signs, and what of its verdict says where it stands among the others. */
struct finding {
    struct dossier of;
    enum verdict_kind kind;
    bool home, proof;
    bool is_said;      /* a watch has said all of its verdict already */
    bool was_said;     /* a watch has said this or less */
    bool acknowledged; /* somebody knows, so it is counted in no verdict */
    bool fetched;      /* by no verdict of its own, and yet to be treated as infected */
    double weight;
};

struct findings {
    struct finding *items;
    size_t count, room;
    bool is_last;            /* of a watch: this is its end */
    uint64_t home_host_days; /* that a statistical detector spoke of */
    struct edges edges;
    bool *edge_is_said;           /* of each infection; NULL: none */
    struct host_day *const *days; /* all of them, the evidence store's */
    size_t day_count;
    uint16_t *relayed;         /* of each day */
    struct behind_nat *behind; /* NULL: not looked for yet */
    struct sign *signs;        /* of the host that is judged */
    size_t sign_room;
    struct smb_check smb; /* what it answered, if it was asked */
};

/* Judges all hosts as they stand; in the order of their addresses. False without memory. */
bool findings_judge(struct hunt *h, struct findings *f);

/* In the order in which they are written: ours first, the gravest first. */
void findings_sort(struct findings *f);

/* Looks for who is behind an address that answers for others; of findings in their order, so that
 * the gravest are looked behind. False without memory. */
bool findings_look_behind(struct findings *f, struct sentences *limits);

/* The same verdict again, with all that is said of the host; it borrows from findings until the
 * next one is judged. False without memory. */
bool findings_judge_again(struct hunt *h, const struct finding *one, struct findings *f,
                          struct verdict *out);

void findings_free(struct findings *f);

#endif
