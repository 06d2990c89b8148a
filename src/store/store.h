/* What is kept between runs: a file of SQLite with runs, inputs, evidence by host and day, what
 * scans heard, names, verdicts, infections, acknowledgements, and whose networks these are.
 *
 * This folder knows tables and rows; what the bytes of evidence mean is the engine's. docs/store.md
 * shows the tables. Writers take turns: a transaction waits for that of another program. Every
 * reader checks what it hands out, as a store may come from strangers: addresses parse, days and
 * counts are such as can be, and the tables are those that this build makes.
 *
 * A site is "" where none was named. Functions return false and *err where SQLite refuses. */
#ifndef WORMSIGN_STORE_STORE_H
#define WORMSIGN_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/address.h"
#include "base/compiler.h"
#include "base/error.h"
#include "base/reader.h"

struct store;

enum {
    STORE_VERSION = 1,              /* of the tables: PRAGMA user_version */
    STORE_APPLICATION = 0x5753544f, /* "WSTO": PRAGMA application_id */
    STORE_WAIT_MS = 30000,          /* for another program's transaction */
    STORE_KEY_BYTES = 16,
    STORE_MAGIC_BYTES = 16,
    STORE_TEXT_MAX = 1 << 20 /* bytes of a text, and of a settings line */
};

enum store_use { STORE_READ, STORE_WRITE };

/* Ends the text of an error where the disk has no room: nothing else is wrong then. */
#define STORE_NO_ROOM "No space left on device"

/* Whether that is all that was wrong. */
bool store_lacks_room(const struct error *err);

/* Opens, and for writing makes, the file; one of another program or of a later version is refused
 * and left as it is. NULL and *err. */
struct store *store_open(const char *path, enum store_use use, struct error *err);
void store_close(struct store *s); /* NULL is fine; what was not committed is given up */

/* True when these may be the first bytes of a store. */
bool store_recognises(const uint8_t *start, size_t size);

/* What is read from here on is of one moment, whatever others write meanwhile. */
bool store_begin_reading(struct store *s, struct error *err) MUST_CHECK;

/* A transaction: all of it is kept, or nothing. */
bool store_begin(struct store *s, struct error *err) MUST_CHECK;
bool store_commit(struct store *s, struct error *err) MUST_CHECK;
void store_give_up(struct store *s); /* nothing, where none is open */
bool store_is_in_transaction(const struct store *s);

/* Runs */

struct store_run {
    int64_t number;
    const char *verb, *site;
    const char *settings; /* JSON: what decided what was looked at */
    int64_t began_us, ended_us;
    bool ended, complete;
    bool is_mended;      /* a later whole run of the same verb, site and settings stands for it */
    const char *summary; /* JSON, of a run that is not whole; "": none */
};

static inline bool store_run_is_whole(const struct store_run *run)
{
    return run->ended && run->complete;
}

bool store_run_begin(struct store *s, const struct store_run *run, int64_t *number,
                     struct error *err) MUST_CHECK;
bool store_run_end(struct store *s, int64_t number, int64_t ended_us, bool complete,
                   const char *summary, struct error *err) MUST_CHECK;

/* What a run left: inputs that it met, and home hosts that it called infected. */
bool store_run_counts(struct store *s, int64_t number, uint64_t *inputs, uint64_t *infected,
                      struct error *err) MUST_CHECK;
/* Takes a run away, with all that it alone said, heard and met. What it was told of names, which is
 * joined with what others were told, stays. */
bool store_run_forget(struct store *s, int64_t number, struct error *err) MUST_CHECK;

/* In their order; false from `each` ends that, and is no failure. */
bool store_runs_each(struct store *s, bool (*each)(void *context, const struct store_run *run),
                     void *context, struct error *err) MUST_CHECK;

/* Every site of a run, in the order of their names. */
bool store_sites_each(struct store *s, bool (*each)(void *context, const char *site), void *context,
                      struct error *err) MUST_CHECK;

/* Inputs and their evidence */

struct store_input {
    int64_t number;
    const char *site, *name, *format;
    uint64_t records, bytes, damage;
    const uint8_t *key; /* STORE_KEY_BYTES: its digest and settings; NULL: not known */
    struct reader head; /* of the engine */
};

/* *is_known: this key is there for this site already; then *number is that input's, and nothing is
 * added but that this run met it. */
bool store_input_add(struct store *s, int64_t run, const struct store_input *input, int64_t *number,
                     bool *is_known, struct error *err) MUST_CHECK;
/* Its counts, which a watch brings up to date. */
bool store_input_set(struct store *s, const struct store_input *input,
                     struct error *err) MUST_CHECK;
/* Its head alone. */
bool store_input_set_head(struct store *s, int64_t number, struct reader head,
                          struct error *err) MUST_CHECK;
/* Whether there is evidence of an input from before this day, and from this day on. */
bool store_input_span(struct store *s, int64_t number, int32_t day, bool *older, bool *younger,
                      struct error *err) MUST_CHECK;
bool store_inputs_each(struct store *s, const char *site,
                       bool (*each)(void *context, const struct store_input *input), void *context,
                       struct error *err) MUST_CHECK;

struct store_evidence {
    struct address host;
    int32_t day;
    const char *detector;
    unsigned form;
    int64_t kind; /* the number of this detector and form in this store */
    struct reader slot;
};

/* In place of what is there of this input, host, day and detector. */
bool store_evidence_put(struct store *s, int64_t input, const struct store_evidence *e,
                        struct error *err) MUST_CHECK;
/* From this day on, each host, day and kind once; false from `each` ends that, and it has the
 * reason. */
bool store_evidence_each(struct store *s, int64_t input, int32_t since_day,
                         bool (*each)(void *context, const struct store_evidence *e), void *context,
                         struct error *err) MUST_CHECK;

/* What scans heard */

struct store_answers {
    struct address host;
    int64_t when_us;
    const char *hearing, *p2p, *smb, *reason; /* for people */
    struct reader saved;
};

bool store_answers_put(struct store *s, int64_t run, const struct store_answers *a,
                       struct error *err) MUST_CHECK;
/* By address, then time. */
bool store_answers_each(struct store *s, const char *site, int64_t since_us,
                        bool (*each)(void *context, const struct store_answers *a), void *context,
                        struct error *err) MUST_CHECK;

/* Names: what was told of a subject on a day. */

struct store_name {
    const char *site, *subject;
    int32_t day;
    struct reader saved;
};

bool store_name_put(struct store *s, const struct store_name *n, struct error *err) MUST_CHECK;
/* Hands what is there of n's site, subject and day to `each`, once or not at all. */
bool store_name_get(struct store *s, const struct store_name *n,
                    bool (*each)(void *context, const struct store_name *found), void *context,
                    struct error *err) MUST_CHECK;
bool store_names_each(struct store *s, const char *site, int32_t since_day,
                      bool (*each)(void *context, const struct store_name *n), void *context,
                      struct error *err) MUST_CHECK;

/* Verdicts and infections, as a run said them */

struct store_verdict {
    struct address host;
    bool home;
    const char *verdict, *variants, *marks, *says;
    bool proof;
    double weight;
    int64_t first_us, last_us; /* TIME_NONE: none */
    const char *line;          /* JSON: the host's line as docs/json.md has it; NULL: not kept */
};

/* In place of what this run said of the host before. */
bool store_verdict_put(struct store *s, int64_t run, const struct store_verdict *v,
                       struct error *err) MUST_CHECK;

struct store_edge {
    struct address from, to;
    int64_t when_us;
    const char *cause, *variants, *says;
};

bool store_edge_put(struct store *s, int64_t run, const struct store_edge *e,
                    struct error *err) MUST_CHECK;

/* Of a host that the earlier or the later of two runs called infected or suspicious. */
struct store_change {
    struct address host;
    const char *before, *after; /* verdicts; "": none */
    const char *hearing;        /* of the later one, a scan; "": it did not ask this host */
    const char *says;           /* of the later one, where it has a verdict, else of the earlier */
    int64_t bad_until_us;       /* the last sign of the earlier verdict, else when that run began */
    int64_t asked_us;           /* by the later one; TIME_NONE: it did not ask this host */
    bool was_seen;              /* the later one kept evidence of what it did itself */
    int32_t seen_day;           /* the last day of that evidence */
    uint64_t later_days;        /* of how many days after that of bad_until_us that is */
    bool proof;                 /* of the verdict that is bad: the later, else the earlier */
    double weight;
};

/* Home hosts alone, by address. */
bool store_changes_each(struct store *s, int64_t before, int64_t after,
                        bool (*each)(void *context, const struct store_change *c), void *context,
                        struct error *err) MUST_CHECK;

/* How many hosts both runs have a verdict of. */
bool store_common_hosts(struct store *s, int64_t before, int64_t after, uint64_t *count,
                        struct error *err) MUST_CHECK;

/* Whether any run of this site said anything of the host. */
bool store_host_is_known(struct store *s, const char *site, struct address host, bool *is_known,
                         struct error *err) MUST_CHECK;

/* What people say */

struct store_acknowledgement {
    const char *site;
    struct address host;
    int32_t until_day; /* this day too */
    const char *note;
    int64_t when_us;
};

/* In place of what was said of the host before. */
bool store_acknowledge(struct store *s, const struct store_acknowledgement *a,
                       struct error *err) MUST_CHECK;
bool store_acknowledgements_each(struct store *s, const char *site,
                                 bool (*each)(void *context, const struct store_acknowledgement *a),
                                 void *context, struct error *err) MUST_CHECK;

struct store_place {
    struct prefix net;
    const char *site, *owner;
};

bool store_places_clear(struct store *s, struct error *err) MUST_CHECK;
bool store_place_put(struct store *s, const struct store_place *p, struct error *err) MUST_CHECK;
bool store_places_each(struct store *s, bool (*each)(void *context, const struct store_place *p),
                       void *context, struct error *err) MUST_CHECK;

/* Age */

/* The latest day of any evidence that is no later than `most`; false in *any: there is none. */
bool store_latest_day(struct store *s, int32_t most, bool *any, int32_t *day,
                      struct error *err) MUST_CHECK;
/* Of how many hosts and days (where they are of evidence or answers) there is anything that
 * store_let_go_before would let go of. */
bool store_count_before(struct store *s, int32_t day, uint64_t *hosts, uint64_t *days,
                        struct error *err) MUST_CHECK;
/* Lets go of evidence, answers and names of before this day. The inputs stay known. */
bool store_let_go_before(struct store *s, int32_t day, struct error *err) MUST_CHECK;

#endif
