/* Rows out, each checked before anybody sees it. A row that is not as ours are ends the walk with
 * an error: a store that is damaged in one place is not believed in the others. */
#include <string.h>

#include "base/time.h"
#include "base/writer.h"
#include "store/store_inside.h"

/* Where `each` ended the walk early, what it did not see is not looked at. */
static bool end_walk(struct use *u, bool go_on, struct error *err)
{
    if (!go_on && (u->result == SQLITE_ROW || u->result == SQLITE_OK))
        u->result = SQLITE_DONE;
    return use_end(u, err);
}

static bool is_null(const struct use *u, int column)
{
    return sqlite3_column_type(u->statement, column) == SQLITE_NULL;
}

static bool is_sound(const struct use *u)
{
    return u->result == SQLITE_ROW;
}

bool store_runs_each(struct store *s, bool (*each)(void *context, const struct store_run *run),
                     void *context, struct error *err)
{
    struct use u = use_begin(s, SQL_RUNS);
    bool go_on = true;
    while (go_on && use_step(&u)) {
        struct store_run run = {.number = number_at(&u, 0),
                                .verb = text_at(&u, 1),
                                .site = text_at(&u, 2),
                                .settings = text_at(&u, 3),
                                .began_us = number_at(&u, 4),
                                .ended_us = number_at(&u, 5),
                                .ended = !is_null(&u, 5),
                                .complete = number_at(&u, 6) == 1,
                                .is_mended = number_at(&u, 7) != 0,
                                .summary = text_at(&u, 8)};
        go_on = is_sound(&u) && each(context, &run);
    }
    return end_walk(&u, go_on, err);
}

/* The two counts of one row. */
static bool read_counts(struct use *u, uint64_t *first, uint64_t *second, struct error *err)
{
    *first = *second = 0;
    if (use_step(u)) {
        *first = count_at(u, 0);
        *second = count_at(u, 1);
    }
    return use_end(u, err);
}

bool store_run_counts(struct store *s, int64_t number, uint64_t *inputs, uint64_t *infected,
                      struct error *err)
{
    struct use u = use_begin(s, SQL_RUN_COUNTS);
    bind_number(&u, number);
    return read_counts(&u, inputs, infected, err);
}

bool store_input_span(struct store *s, int64_t number, int32_t day, bool *older, bool *younger,
                      struct error *err)
{
    uint64_t before, after;
    struct use u = use_begin(s, SQL_INPUT_SPAN);
    bind_number(&u, number);
    bind_number(&u, day);
    bool good = read_counts(&u, &before, &after, err);
    *older = before != 0;
    *younger = after != 0;
    return good;
}

bool store_count_before(struct store *s, int32_t day, uint64_t *hosts, uint64_t *days,
                        struct error *err)
{
    struct use u = use_begin(s, SQL_COUNT_BEFORE);
    bind_number(&u, day);
    return read_counts(&u, hosts, days, err);
}

bool store_common_hosts(struct store *s, int64_t before, int64_t after, uint64_t *count,
                        struct error *err)
{
    struct use u = use_begin(s, SQL_COMMON_HOSTS);
    bind_number(&u, before);
    bind_number(&u, after);
    *count = use_step(&u) ? count_at(&u, 0) : 0;
    return use_end(&u, err);
}

bool store_sites_each(struct store *s, bool (*each)(void *context, const char *site), void *context,
                      struct error *err)
{
    struct use u = use_begin(s, SQL_SITES);
    bool go_on = true;
    while (go_on && use_step(&u)) {
        const char *site = text_at(&u, 0);
        go_on = is_sound(&u) && each(context, site);
    }
    return end_walk(&u, go_on, err);
}

bool store_inputs_each(struct store *s, const char *site,
                       bool (*each)(void *context, const struct store_input *input), void *context,
                       struct error *err)
{
    struct use u = use_begin(s, SQL_INPUTS);
    bool go_on = true;
    bind_text(&u, site);
    while (go_on && use_step(&u)) {
        struct store_input input = {.number = number_at(&u, 0),
                                    .site = text_at(&u, 1),
                                    .name = text_at(&u, 2),
                                    .format = text_at(&u, 3),
                                    .records = count_at(&u, 4),
                                    .bytes = count_at(&u, 5),
                                    .damage = count_at(&u, 6),
                                    .head = bytes_at(&u, 7)};
        go_on = is_sound(&u) && each(context, &input);
    }
    return end_walk(&u, go_on, err);
}

/* Of the evidence of one input: in this order rows stand, each once. */
struct row_key {
    char host[ADDRESS_TEXT_SIZE];
    int32_t day;
    int64_t kind;
};

/* SQLite believes its index, which a hostile file has made itself; so it is looked at again. */
static bool comes_after(struct row_key *before, const struct store_evidence *e, const char *host)
{
    int order = strcmp(before->host, host);
    bool after = order < 0 || (order == 0 && (before->day < e->day ||
                                              (before->day == e->day && before->kind < e->kind)));
    struct text text = text_over(before->host, sizeof before->host);
    text_add(&text, "%s", host);
    before->day = e->day;
    before->kind = e->kind;
    return after;
}

bool store_evidence_each(struct store *s, int64_t input, int32_t since_day,
                         bool (*each)(void *context, const struct store_evidence *e), void *context,
                         struct error *err)
{
    struct use u = use_begin(s, SQL_EVIDENCE);
    struct row_key before = {.day = INT32_MIN};
    bool go_on = true;
    bind_number(&u, input);
    bind_number(&u, since_day);
    while (go_on && use_step(&u)) {
        struct store_evidence e = {.host = address_at(&u, 0),
                                   .day = day_at(&u, 1),
                                   .detector = text_at(&u, 2),
                                   .form = (unsigned)count_at(&u, 3),
                                   .slot = bytes_at(&u, 4),
                                   .kind = number_at(&u, 5)};
        if (!comes_after(&before, &e, text_at(&u, 0)))
            use_is_damaged(&u);
        go_on = is_sound(&u) && each(context, &e);
    }
    return end_walk(&u, go_on, err);
}

bool store_answers_each(struct store *s, const char *site, int64_t since_us,
                        bool (*each)(void *context, const struct store_answers *a), void *context,
                        struct error *err)
{
    struct use u = use_begin(s, SQL_ANSWERS);
    bool go_on = true;
    bind_text(&u, site);
    bind_number(&u, since_us);
    while (go_on && use_step(&u)) {
        struct store_answers a = {.host = address_at(&u, 0),
                                  .when_us = number_at(&u, 1),
                                  .hearing = text_at(&u, 2),
                                  .p2p = text_at(&u, 3),
                                  .smb = text_at(&u, 4),
                                  .reason = text_at(&u, 5),
                                  .saved = bytes_at(&u, 6)};
        go_on = is_sound(&u) && each(context, &a);
    }
    return end_walk(&u, go_on, err);
}

static bool walk_names(struct use *u, const char *site,
                       bool (*each)(void *context, const struct store_name *n), void *context,
                       struct error *err)
{
    bool go_on = true;
    while (go_on && use_step(u)) {
        struct store_name n = {
            .site = site, .subject = text_at(u, 0), .day = day_at(u, 1), .saved = bytes_at(u, 2)};
        go_on = is_sound(u) && each(context, &n);
    }
    return end_walk(u, go_on, err);
}

bool store_name_get(struct store *s, const struct store_name *n,
                    bool (*each)(void *context, const struct store_name *found), void *context,
                    struct error *err)
{
    struct use u = use_begin(s, SQL_NAME_GET);
    bind_text(&u, n->site);
    bind_text(&u, n->subject);
    bind_number(&u, n->day);
    return walk_names(&u, n->site, each, context, err);
}

bool store_names_each(struct store *s, const char *site, int32_t since_day,
                      bool (*each)(void *context, const struct store_name *n), void *context,
                      struct error *err)
{
    struct use u = use_begin(s, SQL_NAMES);
    bind_text(&u, site);
    bind_number(&u, since_day);
    return walk_names(&u, site, each, context, err);
}

bool store_changes_each(struct store *s, int64_t before, int64_t after,
                        bool (*each)(void *context, const struct store_change *c), void *context,
                        struct error *err)
{
    struct use u = use_begin(s, SQL_CHANGES);
    bool go_on = true;
    bind_number(&u, before);
    bind_number(&u, after);
    while (go_on && use_step(&u)) {
        struct store_change c = {.host = address_at(&u, 0),
                                 .before = text_at(&u, 1),
                                 .after = text_at(&u, 2),
                                 .hearing = text_at(&u, 3),
                                 .says = text_at(&u, 4),
                                 .proof = number_at(&u, 5) != 0,
                                 .weight = sqlite3_column_double(u.statement, 6),
                                 .bad_until_us = number_at(&u, 7),
                                 .asked_us = is_null(&u, 8) ? TIME_NONE : number_at(&u, 8),
                                 .was_seen = !is_null(&u, 9),
                                 .later_days = count_at(&u, 10)};
        c.seen_day = c.was_seen ? day_at(&u, 9) : 0;
        go_on = is_sound(&u) && each(context, &c);
    }
    return end_walk(&u, go_on, err);
}

bool store_host_is_known(struct store *s, const char *site, struct address host, bool *is_known,
                         struct error *err)
{
    struct use u = use_begin(s, SQL_HOST_KNOWN);
    bind_text(&u, site);
    bind_address(&u, host);
    *is_known = use_step(&u);
    return use_end(&u, err);
}

bool store_acknowledgements_each(struct store *s, const char *site,
                                 bool (*each)(void *context, const struct store_acknowledgement *a),
                                 void *context, struct error *err)
{
    struct use u = use_begin(s, SQL_ACKNOWLEDGEMENTS);
    bool go_on = true;
    bind_text(&u, site);
    while (go_on && use_step(&u)) {
        struct store_acknowledgement a = {.site = text_at(&u, 0),
                                          .host = address_at(&u, 1),
                                          .until_day = day_at(&u, 2),
                                          .note = text_at(&u, 3),
                                          .when_us = number_at(&u, 4)};
        go_on = is_sound(&u) && each(context, &a);
    }
    return end_walk(&u, go_on, err);
}

bool store_places_each(struct store *s, bool (*each)(void *context, const struct store_place *p),
                       void *context, struct error *err)
{
    struct use u = use_begin(s, SQL_PLACES);
    bool go_on = true;
    while (go_on && use_step(&u)) {
        struct error wrong;
        struct store_place p = {.site = text_at(&u, 1), .owner = text_at(&u, 2)};
        if (!prefix_parse(text_at(&u, 0), &p.net, &wrong))
            use_is_damaged(&u);
        go_on = is_sound(&u) && each(context, &p);
    }
    return end_walk(&u, go_on, err);
}

bool store_latest_day(struct store *s, int32_t most, bool *any, int32_t *day, struct error *err)
{
    struct use u = use_begin(s, SQL_LATEST_DAY);
    bind_number(&u, most);
    *any = use_step(&u) && !is_null(&u, 0);
    if (*any)
        *day = day_at(&u, 0);
    return use_end(&u, err);
}
