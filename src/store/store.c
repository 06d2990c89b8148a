/* The file: opening it, its tables and their versions, transactions.
 *
 * Whether a file is ours is asked before anything is written to it: application_id and
 * user_version stand in its head, and its tables must be word for word those below. A file that
 * somebody made to harm has others (views, triggers, computed columns), and is refused whole.
 * The journal is a write-ahead log: who reads never waits, who is killed loses what was not
 * committed and nothing else. The last who leaves takes the log away, a reader too. A store in a
 * folder that cannot be written to is opened as one that does not change, where no log lies beside
 * it; so is one on a disk that has no room for a log. */
#include "store/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/writer.h"
#include "store/store_inside.h"

enum {
    VALUE_MAX = 1 << 26, /* bytes of a value, and of a statement */
    TURN_MS = 10         /* between two tries */
};

static const uint8_t magic[] = "SQLite format 3"; /* with its NUL */

/* What each version adds to the one before: version 1 is all of it so far. A later one is a row
 * more, and never changes one that is here. */
static const struct {
    int version;
    const char *name, *sql;
} tables[] = {
    {1, "runs",
     "CREATE TABLE runs(run INTEGER PRIMARY KEY, verb TEXT NOT NULL, site TEXT NOT NULL, settings "
     "TEXT NOT NULL, began_us INTEGER NOT NULL, ended_us INTEGER, complete INTEGER, summary TEXT)"},
    {1, "inputs",
     "CREATE TABLE inputs(input INTEGER PRIMARY KEY, site TEXT NOT NULL, key BLOB, name TEXT NOT "
     "NULL, format TEXT, records INTEGER NOT NULL, bytes INTEGER NOT NULL, damage INTEGER NOT "
     "NULL, head BLOB NOT NULL, UNIQUE(site, key))"},
    {1, "run_inputs",
     "CREATE TABLE run_inputs(run INTEGER NOT NULL, input INTEGER NOT NULL, PRIMARY KEY(run, "
     "input)) WITHOUT ROWID"},
    {1, "kinds",
     "CREATE TABLE kinds(kind INTEGER PRIMARY KEY, detector TEXT NOT NULL, form INTEGER NOT NULL, "
     "UNIQUE(detector, form))"},
    {1, "evidence",
     "CREATE TABLE evidence(input INTEGER NOT NULL, host TEXT NOT NULL, day INTEGER NOT NULL, kind "
     "INTEGER NOT NULL, slot BLOB NOT NULL, PRIMARY KEY(input, host, day, kind)) WITHOUT ROWID"},
    {1, "answers",
     "CREATE TABLE answers(run INTEGER NOT NULL, host TEXT NOT NULL, when_us INTEGER NOT NULL, "
     "hearing TEXT NOT NULL, p2p TEXT, smb TEXT, reason TEXT, saved BLOB NOT NULL, PRIMARY "
     "KEY(run, host)) WITHOUT ROWID"},
    {1, "names",
     "CREATE TABLE names(site TEXT NOT NULL, subject TEXT NOT NULL, day INTEGER NOT NULL, saved "
     "BLOB NOT NULL, PRIMARY KEY(site, subject, day)) WITHOUT ROWID"},
    {1, "verdicts",
     "CREATE TABLE verdicts(run INTEGER NOT NULL, host TEXT NOT NULL, home INTEGER NOT NULL, "
     "verdict TEXT NOT NULL, variants TEXT NOT NULL, marks TEXT NOT NULL, proof INTEGER NOT NULL, "
     "weight REAL NOT NULL, first_us INTEGER, last_us INTEGER, says TEXT NOT NULL, line TEXT, "
     "PRIMARY KEY(run, host)) WITHOUT ROWID"},
    {1, "edges",
     "CREATE TABLE edges(run INTEGER NOT NULL, source TEXT NOT NULL, target TEXT NOT NULL, when_us "
     "INTEGER, cause TEXT NOT NULL, variants TEXT NOT NULL, says TEXT NOT NULL, PRIMARY KEY(run, "
     "source, target, cause)) WITHOUT ROWID"},
    {1, "acknowledgements",
     "CREATE TABLE acknowledgements(site TEXT NOT NULL, host TEXT NOT NULL, until_day INTEGER NOT "
     "NULL, note TEXT NOT NULL, when_us INTEGER NOT NULL, PRIMARY KEY(site, host)) WITHOUT ROWID"},
    {1, "sites",
     "CREATE TABLE sites(prefix TEXT NOT NULL, site TEXT NOT NULL, owner TEXT NOT NULL, PRIMARY "
     "KEY(prefix, site)) WITHOUT ROWID"},
    {1, "evidence_by_day", "CREATE INDEX evidence_by_day ON evidence(day)"},
};

bool store_recognises(const uint8_t *start, size_t size)
{
    struct reader r = reader_over(start, size);
    const uint8_t *found = read_bytes(&r, sizeof magic);
    return found != NULL && memcmp(found, magic, sizeof magic) == 0;
}

bool store_lacks_room(const struct error *err)
{
    size_t size = strlen(err->text), end = strlen(STORE_NO_ROOM);
    return err->kind == ERROR_SYSTEM && size >= end &&
           strcmp(err->text + size - end, STORE_NO_ROOM) == 0;
}

static bool lacks_room(const struct store *s)
{
    return s->db != NULL && sqlite3_system_errno(s->db) == ENOSPC;
}

bool store_fail(const struct store *s, int result, struct error *err)
{
    switch (result & 0xff) {
    case SQLITE_NOTADB:
        return fail(err, ERROR_FORMAT, "this is no store of wormsign");
    case SQLITE_CORRUPT:
        return fail(err, ERROR_FORMAT, "the store is damaged (%s)",
                    sqlite3_errcode(s->db) == SQLITE_OK ? "a value that cannot be"
                                                        : sqlite3_errmsg(s->db));
    case SQLITE_TOOBIG:
        return fail(err, ERROR_FORMAT, "the store is damaged (a value is too large)");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return fail(err, ERROR_SYSTEM, "another program has been writing to it for %d s",
                    STORE_WAIT_MS / 1000);
    case SQLITE_NOMEM:
        return fail(err, ERROR_SYSTEM, "no memory");
    case SQLITE_READONLY:
        return fail(err, ERROR_SYSTEM, "it cannot be written to");
    case SQLITE_FULL:
        return fail(err, ERROR_SYSTEM, STORE_NO_ROOM);
    case SQLITE_IOERR:
        return lacks_room(s) ? fail(err, ERROR_SYSTEM, STORE_NO_ROOM)
                             : fail(err, ERROR_SYSTEM, "%s", sqlite3_errstr(result));
    default:
        return fail(err, ERROR_SYSTEM, "%s", sqlite3_errstr(result));
    }
}

static bool run_sql(struct store *s, const char *sql, struct error *err)
{
    int result = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
    return result == SQLITE_OK || store_fail(s, result, err);
}

/* The number that a pragma, or another question, answers. */
static bool ask_number(struct store *s, const char *sql, int64_t *out, struct error *err)
{
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2(s->db, sql, -1, &statement, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_step(statement);
    if (result == SQLITE_ROW)
        *out = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    return result == SQLITE_ROW || store_fail(s, result, err);
}

bool store_begin(struct store *s, struct error *err)
{
    struct use u = use_begin(s, SQL_BEGIN);
    s->in_transaction = use_end(&u, err);
    return s->in_transaction;
}

bool store_begin_reading(struct store *s, struct error *err)
{
    s->in_transaction = run_sql(s, "BEGIN", err);
    return s->in_transaction;
}

bool store_commit(struct store *s, struct error *err)
{
    struct use u = use_begin(s, SQL_COMMIT);
    bool good = use_end(&u, err);
    if (!good)
        store_give_up(s);
    s->in_transaction = false;
    return good;
}

void store_give_up(struct store *s)
{
    if (s->in_transaction)
        (void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    s->in_transaction = false;
    /* Kinds that were added are no longer there. */
    s->kind_count = 0;
}

bool store_is_in_transaction(const struct store *s)
{
    return s->in_transaction;
}

static bool table_is_ours(const char *name, const char *sql, int64_t version)
{
    for (size_t i = 0; i < COUNT_OF(tables); i++)
        if (strcmp(tables[i].name, name) == 0)
            return tables[i].version <= version && strcmp(tables[i].sql, sql) == 0;
    return false;
}

static size_t tables_of(int64_t version)
{
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(tables); i++)
        count += tables[i].version <= version;
    return count;
}

/* All of its tables are ours, and all of ours are there. */
static bool check_tables(struct store *s, int64_t version, struct error *err)
{
    sqlite3_stmt *statement = NULL;
    size_t found = 0;
    bool ours = true;
    int result = sqlite3_prepare_v2(s->db,
                                    "SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE "
                                    "'sqlite\\_autoindex\\_%' ESCAPE '\\'",
                                    -1, &statement, NULL);
    while (result == SQLITE_OK || result == SQLITE_ROW) {
        result = sqlite3_step(statement);
        if (result != SQLITE_ROW)
            break;
        const char *name = (const char *)sqlite3_column_text(statement, 0);
        const char *sql = (const char *)sqlite3_column_text(statement, 1);
        ours = ours && name != NULL && sql != NULL && table_is_ours(name, sql, version);
        found++;
    }
    (void)sqlite3_finalize(statement);
    if (result != SQLITE_DONE)
        return store_fail(s, result, err);
    return (ours && found == tables_of(version)) ||
           fail(err, ERROR_FORMAT, "its tables are not those of a store of wormsign");
}

/* In one transaction, so that a version is whole or not there. */
static bool migrate(struct store *s, int64_t from, struct error *err)
{
    char pragmas[128];
    struct text text = text_over(pragmas, sizeof pragmas);
    text_add(&text, "PRAGMA application_id = %d; PRAGMA user_version = %d", STORE_APPLICATION,
             STORE_VERSION);
    bool good = store_begin(s, err);
    /* Another program may have done it since. */
    int64_t now = from;
    good = good && ask_number(s, "PRAGMA user_version", &now, err);
    for (size_t i = 0; good && i < COUNT_OF(tables); i++)
        good = tables[i].version <= now || run_sql(s, tables[i].sql, err);
    good = good && run_sql(s, pragmas, err) && store_commit(s, err);
    if (!good)
        store_give_up(s);
    return good;
}

static bool examine_now(struct store *s, int64_t *version, struct error *err)
{
    int64_t application = 0, objects = 0;
    if (!ask_number(s, "PRAGMA application_id", &application, err) ||
        !ask_number(s, "PRAGMA user_version", version, err) ||
        !ask_number(s, "SELECT count(*) FROM sqlite_schema", &objects, err))
        return false;
    if (application == 0 && *version == 0 && objects == 0)
        return true;
    if (application != STORE_APPLICATION || *version < 1)
        return fail(err, ERROR_FORMAT, "this is no store of wormsign, but another database");
    if (*version > STORE_VERSION)
        return fail(err, ERROR_FORMAT,
                    "it is of version %lld, and this build knows version %d and those before",
                    (long long)*version, STORE_VERSION);
    return check_tables(s, *version, err);
}

/* Whether it is a store, or an empty file that may become one; *version is 0 for that. As it is at
 * one moment: another program may be making a store of it. */
static bool examine(struct store *s, int64_t *version, struct error *err)
{
    if (!store_begin_reading(s, err) || !examine_now(s, version, err))
        return false; /* its last word is why, so nothing more is asked of it */
    store_give_up(s);
    return true;
}

/* SQLite does not wait by itself where two programs that have both begun to read a new file want to
 * give it its log. */
static bool use_log(struct store *s, struct error *err)
{
    int result = SQLITE_BUSY;
    (void)sqlite3_busy_timeout(s->db, 0);
    for (int waited_ms = 0; result == SQLITE_BUSY && waited_ms < STORE_WAIT_MS;
         waited_ms += TURN_MS) {
        result = sqlite3_exec(s->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL) & 0xff;
        if (result == SQLITE_BUSY)
            (void)sqlite3_sleep(TURN_MS);
    }
    (void)sqlite3_busy_timeout(s->db, STORE_WAIT_MS);
    return result == SQLITE_OK || store_fail(s, result, err);
}

/* A log beside it tells of what the file itself does not, unless it is empty. */
static bool has_log(const char *path)
{
    size_t size = strlen(path) + sizeof "-wal";
    char *log = malloc(size);
    if (log == NULL)
        return true;
    (void)snprintf(log, size, "%s-wal", path);
    struct stat about;
    bool there = stat(log, &about) == 0 && about.st_size > 0;
    free(log);
    return there;
}

/* An empty file is nobody's, and so is its log where that is empty as well: a run was killed before
 * it kept anything. */
static bool refuse_version(struct store *s, int64_t version, struct error *err)
{
    if (version == 0 && !has_log(s->path))
        (void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
    return fail(err, ERROR_FORMAT,
                version == 0 ? "it is empty: no run has written to it"
                             : "it is of an older version, and only a run that writes to it "
                               "brings it up to date");
}

static bool prepare(struct store *s, enum store_use use, struct error *err)
{
    int64_t version = 0;
    (void)sqlite3_extended_result_codes(s->db, 0);
    (void)sqlite3_busy_timeout(s->db, STORE_WAIT_MS);
    (void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    (void)sqlite3_limit(s->db, SQLITE_LIMIT_LENGTH, VALUE_MAX);
    if (!run_sql(s, "PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY", err) ||
        !examine(s, &version, err))
        return false;
    if (use == STORE_READ)
        return version == STORE_VERSION || refuse_version(s, version, err);
    return use_log(s, err) && run_sql(s, "PRAGMA synchronous = NORMAL", err) &&
           (version == STORE_VERSION || migrate(s, version, err));
}

/* "file:PATH?..." with all bytes escaped that mean something there; NULL without memory. */
static char *uri_of(const char *path, const char *ending)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t size = strlen("file:") + 3 * strlen(path) + strlen(ending) + 1;
    char *uri = malloc(size);
    if (uri == NULL)
        return NULL;
    struct text text = text_over(uri, size);
    text_add(&text, "file:");
    for (const char *at = path; *at != '\0'; at++) {
        unsigned byte = (unsigned char)*at;
        if (strchr("?#%", *at) != NULL || byte < ' ' || byte > '~')
            text_add(&text, "%%%c%c", digits[byte >> 4], digits[byte & 15]);
        else
            text_add(&text, "%c", *at);
    }
    text_add(&text, "%s", ending);
    return uri;
}

static bool open_database(struct store *s, enum store_use use, int flags, const char *ending,
                          struct error *err)
{
    char *uri = uri_of(s->path, ending);
    if (uri == NULL)
        return fail(err, ERROR_SYSTEM, "no memory");
    int result = sqlite3_open_v2(uri, &s->db, flags | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL);
    free(uri);
    if (result != SQLITE_OK)
        return store_fail(s, result, err);
    /* Whose log it is is known when the file has been looked at; until then it is left alone. */
    (void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    if ((use == STORE_READ && !run_sql(s, "PRAGMA query_only = ON", err)) || !prepare(s, use, err))
        return false;
    (void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
    return true;
}

static void close_database(struct store *s)
{
    for (unsigned i = 0; i < STATEMENTS; i++)
        (void)sqlite3_finalize(s->statements[i]);
    memset(s->statements, 0, sizeof s->statements);
    (void)sqlite3_close_v2(s->db);
    s->db = NULL;
    s->in_transaction = false;
}

/* Why it could not be opened so may let it be opened otherwise. */
static bool is_about_place(const struct store *s)
{
    int result = s->db != NULL ? sqlite3_errcode(s->db) & 0xff : SQLITE_OK;
    return result == SQLITE_CANTOPEN || result == SQLITE_READONLY || result == SQLITE_FULL ||
           (result == SQLITE_IOERR && lacks_room(s));
}

/* Who may not write to the file leaves its log behind, and the owner might then not be able to
 * write to that; who may takes it away in the end, if nobody else has the store. So who may write
 * opens it for that, and writes nothing. */
static bool open_to_read(struct store *s, struct error *err)
{
    if (access(s->path, R_OK) != 0)
        return fail(err, ERROR_SYSTEM, "cannot open: %s", strerror(errno));
    if (access(s->path, W_OK) == 0) {
        if (open_database(s, STORE_READ, SQLITE_OPEN_READWRITE, "", err))
            return true;
        if (!is_about_place(s))
            return false;
        close_database(s);
    }
    if (open_database(s, STORE_READ, SQLITE_OPEN_READONLY, "", err))
        return true;
    if (has_log(s->path) || !is_about_place(s))
        return false;
    close_database(s);
    return open_database(s, STORE_READ, SQLITE_OPEN_READONLY, "?immutable=1", err);
}

static bool open_it(struct store *s, enum store_use use, struct error *err)
{
    struct stat about;
    if (stat(s->path, &about) == 0 && S_ISDIR(about.st_mode))
        return fail(err, ERROR_SYSTEM, "it is a directory");
    if (use == STORE_READ)
        return open_to_read(s, err);
    /* What is there and cannot be written to would only fail at the first commit. */
    if (access(s->path, F_OK) == 0 && access(s->path, W_OK) != 0)
        return fail(err, ERROR_SYSTEM, "cannot write to it: %s", strerror(errno));
    return open_database(s, use, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, "", err);
}

struct store *store_open(const char *path, enum store_use use, struct error *err)
{
    struct store *s = calloc(1, sizeof *s);
    if (s != NULL)
        s->path = strdup(path);
    if (s == NULL || s->path == NULL) {
        free(s);
        (void)fail(err, ERROR_SYSTEM, "%s: no memory", path);
        return NULL;
    }
    if (open_it(s, use, err))
        return s;
    (void)fail_in(err, "%s", path);
    store_close(s);
    return NULL;
}

void store_close(struct store *s)
{
    if (s == NULL)
        return;
    store_give_up(s);
    close_database(s);
    free(s->path);
    free(s);
}
