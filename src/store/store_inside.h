/* The inside of the store, shared by store.c (the file and its tables), statements.c (SQL by row),
 * store_write.c and store_read.c alone.
 *
 * Every statement of this program is a row of one table, prepared when it is first used. Binding
 * and stepping stick on failure, as a reader does: one test at the end is enough. */
#ifndef WORMSIGN_STORE_STORE_INSIDE_H
#define WORMSIGN_STORE_STORE_INSIDE_H

#include <sqlite3.h>
#include "store/store.h"

enum statement {
    SQL_BEGIN,
    SQL_COMMIT,
    SQL_RUN_BEGIN,
    SQL_RUN_END,
    SQL_RUNS,
    SQL_RUN_COUNTS,
    SQL_FORGET_EVIDENCE,
    SQL_FORGET_INPUTS,
    SQL_FORGET_MET,
    SQL_FORGET_ANSWERS,
    SQL_FORGET_VERDICTS,
    SQL_FORGET_EDGES,
    SQL_FORGET_RUN,
    SQL_SITES,
    SQL_INPUT_FIND,
    SQL_INPUT_ADD,
    SQL_INPUT_SET,
    SQL_INPUT_SET_HEAD,
    SQL_INPUT_SPAN,
    SQL_INPUT_MET,
    SQL_INPUTS,
    SQL_KIND_FIND,
    SQL_KIND_ADD,
    SQL_EVIDENCE_PUT,
    SQL_EVIDENCE,
    SQL_ANSWERS_PUT,
    SQL_ANSWERS,
    SQL_NAME_PUT,
    SQL_NAME_GET,
    SQL_NAMES,
    SQL_VERDICT_PUT,
    SQL_EDGE_PUT,
    SQL_CHANGES,
    SQL_COMMON_HOSTS,
    SQL_HOST_KNOWN,
    SQL_ACKNOWLEDGE,
    SQL_ACKNOWLEDGEMENTS,
    SQL_PLACES_CLEAR,
    SQL_PLACE_PUT,
    SQL_PLACES,
    SQL_LATEST_DAY,
    SQL_COUNT_BEFORE,
    SQL_LET_GO_EVIDENCE,
    SQL_LET_GO_ANSWERS,
    SQL_LET_GO_NAMES,
    STATEMENTS
};

/* The detectors' kinds that this store has met, so that each is looked up once. */
enum { STORE_KINDS_MAX = 64, STORE_KIND_ID_SIZE = 33 };

struct store_kind {
    char detector[STORE_KIND_ID_SIZE];
    unsigned form;
    int64_t number;
};

struct store {
    sqlite3 *db;
    char *path;
    bool in_transaction;
    sqlite3_stmt *statements[STATEMENTS];
    struct store_kind kinds[STORE_KINDS_MAX];
    unsigned kind_count;
};

/* One use of a statement. */
struct use {
    struct store *store;
    sqlite3_stmt *statement; /* NULL: it could not be prepared */
    int place;               /* of the value that is bound next */
    int result;              /* of SQLite; SQLITE_OK or SQLITE_ROW: good so far */
};

struct use use_begin(struct store *s, enum statement which);
void bind_number(struct use *u, int64_t value);
void bind_real(struct use *u, double value);
void bind_text(struct use *u, const char *text); /* borrowed until use_end; NULL: null */
void bind_bytes(struct use *u, struct reader bytes);
void bind_address(struct use *u, struct address a);
void bind_time(struct use *u, int64_t when_us); /* TIME_NONE: null */
/* True while there is a row. */
bool use_step(struct use *u);
/* Steps to the end, and ends the use; false and *err where something failed. */
bool use_end(struct use *u, struct error *err);

int64_t number_at(struct use *u, int column);
uint64_t count_at(struct use *u, int column);      /* at least 0, else the use fails */
int32_t day_at(struct use *u, int column);         /* of the years 0 to 9999 */
const char *text_at(struct use *u, int column);    /* "" for null; until the next step */
struct reader bytes_at(struct use *u, int column); /* until the next step */
struct address address_at(struct use *u, int column);
/* A value that no build of ours writes. */
void use_is_damaged(struct use *u);

/* Says what SQLite says; always false. */
bool store_fail(const struct store *s, int result, struct error *err);

extern const char *const statement_texts[STATEMENTS];

#endif
