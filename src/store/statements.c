/* The SQL of this program, a row each, and how values go in and come out.
 *
 * What comes out may have been written by strangers, so it is checked here: a text is within its
 * bounds and has no NUL, an address is one, a day is in the calendar. */
#include "store/store_inside.h"

#include <string.h>

#include "base/time.h"

/* 0000-01-01 and 9999-12-31 */
enum { DAY_FIRST = -719528, DAY_LAST = 2932896 };

const char *const statement_texts[STATEMENTS] = {
    [SQL_BEGIN] = "BEGIN IMMEDIATE",
    [SQL_COMMIT] = "COMMIT",
    [SQL_RUN_BEGIN] = "INSERT INTO runs(verb, site, settings, began_us) VALUES(?1, ?2, ?3, ?4)",
    [SQL_RUN_END] = "UPDATE runs SET ended_us = ?2, complete = ?3, summary = ?4 WHERE run = ?1",
    [SQL_RUNS] =
        "SELECT run, verb, site, settings, began_us, ended_us, complete, EXISTS (SELECT 1 FROM "
        "runs AS later WHERE later.run > runs.run AND later.complete = 1 AND later.verb = "
        "runs.verb AND later.site = runs.site AND later.settings = runs.settings), "
        /* Of one that is whole nobody asks; a long one could be of any size. */
        "CASE WHEN complete = 1 OR length(CAST(summary AS BLOB)) > 1048576 THEN NULL ELSE summary "
        "END FROM runs ORDER BY run",
    [SQL_RUN_COUNTS] = "SELECT (SELECT count(*) FROM run_inputs WHERE run = ?1), (SELECT count(*) "
                       "FROM verdicts WHERE run = ?1 AND home AND verdict = 'infected')",
    /* Inputs that no other run met. */
    [SQL_FORGET_EVIDENCE] = "DELETE FROM evidence WHERE input IN (SELECT input FROM run_inputs "
                            "WHERE run = ?1) AND input NOT IN (SELECT input FROM run_inputs WHERE "
                            "run <> ?1)",
    [SQL_FORGET_INPUTS] = "DELETE FROM inputs WHERE input IN (SELECT input FROM run_inputs WHERE "
                          "run = ?1) AND input NOT IN (SELECT input FROM run_inputs WHERE run <> "
                          "?1)",
    [SQL_FORGET_MET] = "DELETE FROM run_inputs WHERE run = ?1",
    [SQL_FORGET_ANSWERS] = "DELETE FROM answers WHERE run = ?1",
    [SQL_FORGET_VERDICTS] = "DELETE FROM verdicts WHERE run = ?1",
    [SQL_FORGET_EDGES] = "DELETE FROM edges WHERE run = ?1",
    [SQL_FORGET_RUN] = "DELETE FROM runs WHERE run = ?1",
    [SQL_SITES] = "SELECT DISTINCT site FROM runs ORDER BY site",
    [SQL_INPUT_FIND] = "SELECT input FROM inputs WHERE site = ?1 AND key = ?2",
    [SQL_INPUT_ADD] = "INSERT INTO inputs(site, key, name, format, records, bytes, damage, head) "
                      "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [SQL_INPUT_SET] = "UPDATE inputs SET format = ?2, records = ?3, bytes = ?4, damage = ?5, "
                      "head = ?6 WHERE input = ?1",
    [SQL_INPUT_SET_HEAD] = "UPDATE inputs SET head = ?2 WHERE input = ?1",
    [SQL_INPUT_SPAN] = "SELECT EXISTS (SELECT 1 FROM evidence WHERE input = ?1 AND day < ?2), "
                       "EXISTS (SELECT 1 FROM evidence WHERE input = ?1 AND day >= ?2)",
    [SQL_INPUT_MET] = "INSERT OR IGNORE INTO run_inputs(run, input) VALUES(?1, ?2)",
    [SQL_INPUTS] = "SELECT input, site, name, format, records, bytes, damage, head FROM inputs "
                   "WHERE site = ?1 ORDER BY input",
    [SQL_KIND_FIND] = "SELECT kind FROM kinds WHERE detector = ?1 AND form = ?2",
    [SQL_KIND_ADD] = "INSERT INTO kinds(detector, form) VALUES(?1, ?2)",
    [SQL_EVIDENCE_PUT] = "INSERT OR REPLACE INTO evidence(input, host, day, kind, slot) "
                         "VALUES(?1, ?2, ?3, ?4, ?5)",
    [SQL_EVIDENCE] = "SELECT host, day, detector, form, slot, kind FROM evidence CROSS JOIN kinds "
                     "USING(kind) WHERE input = ?1 AND day >= ?2 ORDER BY host, day, kind",
    [SQL_ANSWERS_PUT] =
        "INSERT OR REPLACE INTO answers(run, host, when_us, hearing, p2p, smb, reason, saved) "
        "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [SQL_ANSWERS] = "SELECT host, when_us, hearing, p2p, smb, reason, saved FROM answers JOIN runs "
                    "USING(run) WHERE site = ?1 AND when_us >= ?2 ORDER BY host, when_us, run",
    [SQL_NAME_PUT] =
        "INSERT OR REPLACE INTO names(site, subject, day, saved) VALUES(?1, ?2, ?3, ?4)",
    [SQL_NAME_GET] =
        "SELECT subject, day, saved FROM names WHERE site = ?1 AND subject = ?2 AND day = ?3",
    [SQL_NAMES] = "SELECT subject, day, saved FROM names WHERE site = ?1 AND day >= ?2",
    [SQL_VERDICT_PUT] =
        "INSERT OR REPLACE INTO verdicts(run, host, home, verdict, variants, marks, proof, weight, "
        "first_us, last_us, says, line) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    [SQL_EDGE_PUT] = "INSERT OR IGNORE INTO edges(run, source, target, when_us, cause, variants, "
                     "says) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    /* A victim's part is done to it: who was only attacked was not seen to do anything. Of evidence
     * its day alone is known, so what is younger than the last sign is that of later days. */
    [SQL_CHANGES] =
        "WITH a AS (SELECT host, verdict, says, proof, weight, last_us FROM verdicts WHERE run = "
        "?1 AND home), "
        "b AS (SELECT host, verdict, says, proof, weight FROM verdicts WHERE run = ?2 AND home), "
        "h AS (SELECT host FROM a WHERE verdict IN ('infected', 'suspicious') UNION "
        "SELECT host FROM b WHERE verdict IN ('infected', 'suspicious')), "
        "c AS (SELECT h.host, a.verdict AS before, b.verdict AS after, coalesce(b.says, a.says) AS "
        "says, b.verdict IN ('infected', 'suspicious') AS is_bad, a.proof AS a_proof, b.proof AS "
        "b_proof, a.weight AS a_weight, b.weight AS b_weight, coalesce(a.last_us, (SELECT began_us "
        "FROM runs WHERE run = ?1)) AS until_us FROM h LEFT JOIN a ON a.host = h.host LEFT JOIN b "
        "ON b.host = h.host) "
        "SELECT c.host, before, after, hearing, says, CASE WHEN is_bad THEN b_proof ELSE a_proof "
        "END, CASE WHEN is_bad THEN b_weight ELSE a_weight END, until_us, when_us, "
        "(SELECT max(day) FROM run_inputs CROSS JOIN evidence USING(input) JOIN kinds USING(kind) "
        "WHERE run = ?2 AND host = c.host AND detector NOT IN ('exploit', 'callback')), "
        "(SELECT count(DISTINCT day) FROM run_inputs CROSS JOIN evidence USING(input) JOIN kinds "
        "USING(kind) WHERE run = ?2 AND host = c.host AND detector NOT IN ('exploit', 'callback') "
        "AND day > until_us / 86400000000) "
        "FROM c LEFT JOIN answers ON answers.run = ?2 AND answers.host = c.host ORDER BY c.host",
    [SQL_COMMON_HOSTS] = "SELECT count(*) FROM verdicts AS a JOIN verdicts AS b ON b.run = ?2 AND "
                         "b.host = a.host WHERE a.run = ?1",
    [SQL_HOST_KNOWN] = "SELECT 1 FROM runs CROSS JOIN verdicts USING(run) WHERE site = ?1 AND "
                       "host = ?2 LIMIT 1",
    [SQL_ACKNOWLEDGE] = "INSERT OR REPLACE INTO acknowledgements(site, host, until_day, note, "
                        "when_us) VALUES(?1, ?2, ?3, ?4, ?5)",
    [SQL_ACKNOWLEDGEMENTS] = "SELECT site, host, until_day, note, when_us FROM acknowledgements "
                             "WHERE site = ?1 ORDER BY host",
    [SQL_PLACES_CLEAR] = "DELETE FROM sites",
    [SQL_PLACE_PUT] = "INSERT OR REPLACE INTO sites(prefix, site, owner) VALUES(?1, ?2, ?3)",
    [SQL_PLACES] = "SELECT prefix, site, owner FROM sites ORDER BY prefix, site",
    [SQL_LATEST_DAY] =
        "SELECT max(day) FROM (SELECT day FROM evidence WHERE day <= ?1 UNION ALL SELECT when_us / "
        "86400000000 FROM answers WHERE when_us / 86400000000 <= ?1)",
    [SQL_COUNT_BEFORE] =
        "WITH old AS (SELECT site, host, day FROM evidence JOIN inputs USING(input) WHERE day < ?1 "
        "UNION SELECT site, host, when_us / 86400000000 FROM answers JOIN runs USING(run) WHERE "
        "when_us < ?1 * 86400000000) SELECT (SELECT count(*) FROM (SELECT DISTINCT site, host FROM "
        "old)), (SELECT count(DISTINCT day) FROM old)",
    [SQL_LET_GO_EVIDENCE] = "DELETE FROM evidence WHERE day < ?1",
    [SQL_LET_GO_ANSWERS] = "DELETE FROM answers WHERE when_us < ?1 * 86400000000",
    [SQL_LET_GO_NAMES] = "DELETE FROM names WHERE day < ?1",
};

struct use use_begin(struct store *s, enum statement which)
{
    struct use u = {.store = s, .result = SQLITE_OK};
    if (s->statements[which] == NULL)
        u.result = sqlite3_prepare_v3(s->db, statement_texts[which], -1, SQLITE_PREPARE_PERSISTENT,
                                      &s->statements[which], NULL);
    u.statement = s->statements[which];
    return u;
}

static void note(struct use *u, int result)
{
    if (u->result == SQLITE_OK)
        u->result = result;
}

void bind_number(struct use *u, int64_t value)
{
    note(u, sqlite3_bind_int64(u->statement, ++u->place, value));
}

void bind_real(struct use *u, double value)
{
    note(u, sqlite3_bind_double(u->statement, ++u->place, value));
}

void bind_text(struct use *u, const char *text)
{
    note(u, sqlite3_bind_text(u->statement, ++u->place, text, -1, SQLITE_STATIC));
}

void bind_bytes(struct use *u, struct reader bytes)
{
    static const uint8_t nothing[1];
    const void *start = bytes.left > 0 ? bytes.next : nothing;
    note(u, sqlite3_bind_blob64(u->statement, ++u->place, start, bytes.left, SQLITE_STATIC));
}

void bind_address(struct use *u, struct address a)
{
    char text[ADDRESS_TEXT_SIZE];
    (void)address_text(a, text);
    note(u, sqlite3_bind_text(u->statement, ++u->place, text, -1, SQLITE_TRANSIENT));
}

void bind_time(struct use *u, int64_t when_us)
{
    if (when_us == TIME_NONE)
        note(u, sqlite3_bind_null(u->statement, ++u->place));
    else
        bind_number(u, when_us);
}

bool use_step(struct use *u)
{
    if (u->result != SQLITE_OK && u->result != SQLITE_ROW)
        return false;
    u->result = sqlite3_step(u->statement);
    return u->result == SQLITE_ROW;
}

bool use_end(struct use *u, struct error *err)
{
    while (use_step(u))
        ;
    bool good = u->result == SQLITE_DONE || store_fail(u->store, u->result, err);
    if (u->statement != NULL) {
        (void)sqlite3_reset(u->statement);
        (void)sqlite3_clear_bindings(u->statement);
    }
    return good;
}

void use_is_damaged(struct use *u)
{
    u->result = SQLITE_CORRUPT;
}

int64_t number_at(struct use *u, int column)
{
    return sqlite3_column_int64(u->statement, column);
}

uint64_t count_at(struct use *u, int column)
{
    int64_t count = sqlite3_column_int64(u->statement, column);
    if (count < 0)
        use_is_damaged(u);
    return count < 0 ? 0 : (uint64_t)count;
}

int32_t day_at(struct use *u, int column)
{
    int64_t day = sqlite3_column_int64(u->statement, column);
    if (day >= DAY_FIRST && day <= DAY_LAST)
        return (int32_t)day;
    use_is_damaged(u);
    return 0;
}

const char *text_at(struct use *u, int column)
{
    const char *text = (const char *)sqlite3_column_text(u->statement, column);
    size_t size = (size_t)sqlite3_column_bytes(u->statement, column);
    if (text == NULL)
        return "";
    if (size <= STORE_TEXT_MAX && strnlen(text, size + 1) == size)
        return text;
    use_is_damaged(u);
    return "";
}

struct reader bytes_at(struct use *u, int column)
{
    const void *bytes = sqlite3_column_blob(u->statement, column);
    int size = sqlite3_column_bytes(u->statement, column);
    return reader_over(bytes, bytes != NULL && size > 0 ? (size_t)size : 0);
}

struct address address_at(struct use *u, int column)
{
    struct address found = {0};
    struct error err;
    char text[ADDRESS_TEXT_SIZE];
    const char *kept = text_at(u, column);
    /* Each in its one form, or the same host would have two rows. */
    if (!address_parse(kept, &found, &err) || strcmp(address_text(found, text), kept) != 0)
        use_is_damaged(u);
    return found;
}
