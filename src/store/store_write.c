/* Rows in. What one transaction holds is the caller's choice. */
#include <string.h>

#include "base/writer.h"
#include "store/store_inside.h"

bool store_run_begin(struct store *s, const struct store_run *run, int64_t *number,
                     struct error *err)
{
    struct use u = use_begin(s, SQL_RUN_BEGIN);
    bind_text(&u, run->verb);
    bind_text(&u, run->site);
    bind_text(&u, run->settings);
    bind_number(&u, run->began_us);
    if (!use_end(&u, err))
        return false;
    *number = sqlite3_last_insert_rowid(s->db);
    return true;
}

bool store_run_end(struct store *s, int64_t number, int64_t ended_us, bool complete,
                   const char *summary, struct error *err)
{
    struct use u = use_begin(s, SQL_RUN_END);
    bind_number(&u, number);
    bind_number(&u, ended_us);
    bind_number(&u, complete);
    bind_text(&u, summary);
    return use_end(&u, err);
}

bool store_run_forget(struct store *s, int64_t number, struct error *err)
{
    static const enum statement each[] = {
        SQL_FORGET_EVIDENCE, SQL_FORGET_INPUTS, SQL_FORGET_MET, SQL_FORGET_ANSWERS,
        SQL_FORGET_VERDICTS, SQL_FORGET_EDGES,  SQL_FORGET_RUN};
    for (size_t i = 0; i < COUNT_OF(each); i++) {
        struct use u = use_begin(s, each[i]);
        bind_number(&u, number);
        if (!use_end(&u, err))
            return false;
    }
    return true;
}

static struct reader key_of(const struct store_input *input)
{
    return reader_over(input->key, STORE_KEY_BYTES);
}

static bool find_input(struct store *s, const struct store_input *input, int64_t *number,
                       bool *is_known, struct error *err)
{
    *is_known = false;
    if (input->key == NULL)
        return true;
    struct use u = use_begin(s, SQL_INPUT_FIND);
    bind_text(&u, input->site);
    bind_bytes(&u, key_of(input));
    if (use_step(&u)) {
        *is_known = true;
        *number = number_at(&u, 0);
    }
    return use_end(&u, err);
}

static bool add_input(struct store *s, const struct store_input *input, int64_t *number,
                      struct error *err)
{
    struct use u = use_begin(s, SQL_INPUT_ADD);
    bind_text(&u, input->site);
    if (input->key != NULL)
        bind_bytes(&u, key_of(input));
    else
        bind_text(&u, NULL);
    bind_text(&u, input->name);
    bind_text(&u, input->format);
    bind_number(&u, (int64_t)input->records);
    bind_number(&u, (int64_t)input->bytes);
    bind_number(&u, (int64_t)input->damage);
    bind_bytes(&u, input->head);
    if (!use_end(&u, err))
        return false;
    *number = sqlite3_last_insert_rowid(s->db);
    return true;
}

bool store_input_add(struct store *s, int64_t run, const struct store_input *input, int64_t *number,
                     bool *is_known, struct error *err)
{
    if (!find_input(s, input, number, is_known, err) ||
        (!*is_known && !add_input(s, input, number, err)))
        return false;
    struct use u = use_begin(s, SQL_INPUT_MET);
    bind_number(&u, run);
    bind_number(&u, *number);
    return use_end(&u, err);
}

bool store_input_set(struct store *s, const struct store_input *input, struct error *err)
{
    struct use u = use_begin(s, SQL_INPUT_SET);
    bind_number(&u, input->number);
    bind_text(&u, input->format);
    bind_number(&u, (int64_t)input->records);
    bind_number(&u, (int64_t)input->bytes);
    bind_number(&u, (int64_t)input->damage);
    bind_bytes(&u, input->head);
    return use_end(&u, err);
}

bool store_input_set_head(struct store *s, int64_t number, struct reader head, struct error *err)
{
    struct use u = use_begin(s, SQL_INPUT_SET_HEAD);
    bind_number(&u, number);
    bind_bytes(&u, head);
    return use_end(&u, err);
}

/* The row of this detector and form, made where there is none. */
static bool kind_row(struct store *s, const char *detector, unsigned form, int64_t *number,
                     struct error *err)
{
    struct use u = use_begin(s, SQL_KIND_FIND);
    bind_text(&u, detector);
    bind_number(&u, form);
    bool found = use_step(&u);
    if (found)
        *number = number_at(&u, 0);
    if (!use_end(&u, err) || found)
        return found;
    u = use_begin(s, SQL_KIND_ADD);
    bind_text(&u, detector);
    bind_number(&u, form);
    if (!use_end(&u, err))
        return false;
    *number = sqlite3_last_insert_rowid(s->db);
    return true;
}

static bool kind_of(struct store *s, const char *detector, unsigned form, int64_t *number,
                    struct error *err)
{
    for (unsigned i = 0; i < s->kind_count; i++) {
        *number = s->kinds[i].number;
        if (s->kinds[i].form == form && strcmp(s->kinds[i].detector, detector) == 0)
            return true;
    }
    if (!kind_row(s, detector, form, number, err))
        return false;
    if (s->kind_count < STORE_KINDS_MAX) {
        struct store_kind *kind = &s->kinds[s->kind_count++];
        struct text text = text_over(kind->detector, sizeof kind->detector);
        text_add(&text, "%s", detector);
        kind->form = form;
        kind->number = *number;
    }
    return true;
}

bool store_evidence_put(struct store *s, int64_t input, const struct store_evidence *e,
                        struct error *err)
{
    int64_t kind;
    if (!kind_of(s, e->detector, e->form, &kind, err))
        return false;
    struct use u = use_begin(s, SQL_EVIDENCE_PUT);
    bind_number(&u, input);
    bind_address(&u, e->host);
    bind_number(&u, e->day);
    bind_number(&u, kind);
    bind_bytes(&u, e->slot);
    return use_end(&u, err);
}

bool store_answers_put(struct store *s, int64_t run, const struct store_answers *a,
                       struct error *err)
{
    struct use u = use_begin(s, SQL_ANSWERS_PUT);
    bind_number(&u, run);
    bind_address(&u, a->host);
    bind_number(&u, a->when_us);
    bind_text(&u, a->hearing);
    bind_text(&u, a->p2p);
    bind_text(&u, a->smb);
    bind_text(&u, a->reason);
    bind_bytes(&u, a->saved);
    return use_end(&u, err);
}

bool store_name_put(struct store *s, const struct store_name *n, struct error *err)
{
    struct use u = use_begin(s, SQL_NAME_PUT);
    bind_text(&u, n->site);
    bind_text(&u, n->subject);
    bind_number(&u, n->day);
    bind_bytes(&u, n->saved);
    return use_end(&u, err);
}

bool store_verdict_put(struct store *s, int64_t run, const struct store_verdict *v,
                       struct error *err)
{
    struct use u = use_begin(s, SQL_VERDICT_PUT);
    bind_number(&u, run);
    bind_address(&u, v->host);
    bind_number(&u, v->home);
    bind_text(&u, v->verdict);
    bind_text(&u, v->variants);
    bind_text(&u, v->marks);
    bind_number(&u, v->proof);
    bind_real(&u, v->weight);
    bind_time(&u, v->first_us);
    bind_time(&u, v->last_us);
    bind_text(&u, v->says);
    bind_text(&u, v->line);
    return use_end(&u, err);
}

bool store_edge_put(struct store *s, int64_t run, const struct store_edge *e, struct error *err)
{
    struct use u = use_begin(s, SQL_EDGE_PUT);
    bind_number(&u, run);
    bind_address(&u, e->from);
    bind_address(&u, e->to);
    bind_time(&u, e->when_us);
    bind_text(&u, e->cause);
    bind_text(&u, e->variants);
    bind_text(&u, e->says);
    return use_end(&u, err);
}

bool store_acknowledge(struct store *s, const struct store_acknowledgement *a, struct error *err)
{
    struct use u = use_begin(s, SQL_ACKNOWLEDGE);
    bind_text(&u, a->site);
    bind_address(&u, a->host);
    bind_number(&u, a->until_day);
    bind_text(&u, a->note);
    bind_number(&u, a->when_us);
    return use_end(&u, err);
}

bool store_places_clear(struct store *s, struct error *err)
{
    struct use u = use_begin(s, SQL_PLACES_CLEAR);
    return use_end(&u, err);
}

bool store_place_put(struct store *s, const struct store_place *p, struct error *err)
{
    char net[PREFIX_TEXT_SIZE];
    struct use u = use_begin(s, SQL_PLACE_PUT);
    bind_text(&u, prefix_text(p->net, net));
    bind_text(&u, p->site);
    bind_text(&u, p->owner);
    return use_end(&u, err);
}

bool store_let_go_before(struct store *s, int32_t day, struct error *err)
{
    static const enum statement each[] = {SQL_LET_GO_EVIDENCE, SQL_LET_GO_ANSWERS,
                                          SQL_LET_GO_NAMES};
    for (size_t i = 0; i < COUNT_OF(each); i++) {
        struct use u = use_begin(s, each[i]);
        bind_number(&u, day);
        if (!use_end(&u, err))
            return false;
    }
    return true;
}
