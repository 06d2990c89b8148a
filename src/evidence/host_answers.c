/* Each piece has its writer and its reader side by side, in the order of the bytes.
 *
 * Enums are kept by number: whoever adds to one in its middle gives HOST_ANSWERS_FORM another
 * number; the assertions below are the reminder. docs/store.md tells who reads what. */
#include "evidence/host_answers.h"

#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "base/time.h"
#include "evidence/saving.h"

_Static_assert((int)CHECK_CAUSES == 30 && (int)SMB_CAUSES == 27 && (int)SMB_STAGES == 9,
               "kept by number: a new one needs another HOST_ANSWERS_FORM, unless it is the last");

enum { FACT_NAME_SIZE = 33 };

/* No sign that weighs points weighs as many. */
#define POINTS_MOST 8.0

static void save_number(struct writer *w, double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    write_le64(w, bits);
}

static double load_number(struct reader *r)
{
    uint64_t bits = read_le64(r);
    double number;
    memcpy(&number, &bits, sizeof number);
    load_demand(r, isfinite(number));
    return r->failed ? 0 : number;
}

/* Below a limit, as enums and sets of bits are. */
static unsigned load_below(struct reader *r, unsigned limit)
{
    unsigned value = read_u8(r);
    load_demand(r, value < limit);
    return r->failed ? 0 : value;
}

/* A time, or none. */
static void save_maybe_time(struct writer *w, int64_t when_us)
{
    save_bool(w, when_us != TIME_NONE);
    if (when_us != TIME_NONE)
        save_time(w, when_us);
}

static int64_t load_maybe_time(struct reader *r)
{
    return load_bool(r) ? load_time(r) : TIME_NONE;
}

static void save_check(struct writer *w, const struct check *c)
{
    write_u8(w, (uint8_t)c->transport);
    write_le16(w, c->port);
    write_u8(w, (uint8_t)c->week);
    write_u8(w, (uint8_t)c->cause);
    write_le32(w, c->wanted);
    write_le32(w, c->came);
    save_maybe_time(w, c->when_us);
}

static void load_check(struct reader *r, struct check *c)
{
    c->transport = load_below(r, 2) == TRANSPORT_TCP ? TRANSPORT_TCP : TRANSPORT_UDP;
    c->port = read_le16(r);
    c->week = (enum check_week)load_below(r, CHECK_WEEK_NEXT + 1);
    c->cause = (enum check_cause)load_below(r, CHECK_CAUSES);
    c->wanted = read_le32(r);
    c->came = read_le32(r);
    c->when_us = load_maybe_time(r);
}

static void save_smb(struct writer *w, const struct smb_check *c)
{
    write_le16(w, c->port);
    write_u8(w, (uint8_t)c->stage);
    write_u8(w, (uint8_t)c->cause);
    write_u8(w, (uint8_t)c->network);
    write_u8(w, (uint8_t)c->network_139);
    write_le32(w, c->status);
    save_maybe_time(w, c->when_us);
    save_bool(w, c->smb1_known);
    save_bool(w, c->smb1);
    save_bool(w, c->demands_signing);
    const char *const texts[] = {c->os,        c->lanman,     c->computer, c->domain,
                                 c->workgroup, c->dns_domain, c->forest,   c->fqdn};
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        save_text(w, texts[i]);
    save_bool(w, c->has_time);
    save_bool(w, c->has_offset);
    write_le64(w, (uint64_t)c->time_us); /* the host's own clock can say anything */
    write_le64(w, (uint64_t)c->asked_us);
    write_le32(w, (uint32_t)c->offset_minutes);
}

static void load_smb(struct reader *r, struct smb_check *c)
{
    c->port = read_le16(r);
    c->stage = (enum smb_stage)load_below(r, SMB_STAGES);
    c->cause = (enum smb_cause)load_below(r, SMB_CAUSES);
    c->network = (enum check_cause)load_below(r, CHECK_CAUSES);
    c->network_139 = (enum check_cause)load_below(r, CHECK_CAUSES);
    c->status = read_le32(r);
    c->when_us = load_maybe_time(r);
    c->smb1_known = load_bool(r);
    c->smb1 = load_bool(r);
    c->demands_signing = load_bool(r);
    load_text(r, c->os, sizeof c->os);
    load_text(r, c->lanman, sizeof c->lanman);
    load_text(r, c->computer, sizeof c->computer);
    load_text(r, c->domain, sizeof c->domain);
    load_text(r, c->workgroup, sizeof c->workgroup);
    load_text(r, c->dns_domain, sizeof c->dns_domain);
    load_text(r, c->forest, sizeof c->forest);
    load_text(r, c->fqdn, sizeof c->fqdn);
    c->has_time = load_bool(r);
    c->has_offset = load_bool(r);
    c->time_us = (int64_t)read_le64(r);
    c->asked_us = (int64_t)read_le64(r);
    c->offset_minutes = (int32_t)read_le32(r);
}

static void save_netbios(struct writer *w, const struct netbios_check *c)
{
    save_maybe_time(w, c->when_us);
    save_text(w, c->computer);
    save_text(w, c->server);
    save_text(w, c->group);
    save_text(w, c->user);
    write_le64(w, c->mac);
}

static void load_netbios(struct reader *r, struct netbios_check *c)
{
    c->when_us = load_maybe_time(r);
    load_text(r, c->computer, sizeof c->computer);
    load_text(r, c->server, sizeof c->server);
    load_text(r, c->group, sizeof c->group);
    load_text(r, c->user, sizeof c->user);
    c->mac = read_le64(r);
}

static void save_fact(struct writer *w, const struct fact *f)
{
    save_text(w, f->name);
    write_u8(w, (uint8_t)f->kind);
    save_number(w, f->number);
    save_text(w, f->text);
}

static void load_fact(struct reader *r, struct arena *memory, struct fact *f)
{
    char name[FACT_NAME_SIZE];
    load_printable(r, name, sizeof name);
    f->kind = (enum fact_kind)load_below(r, FACT_ITEM + 1);
    f->number = load_number(r);
    load_text(r, f->text, sizeof f->text);
    f->name = arena_text(memory, name);
    load_demand(r, f->name != NULL);
}

static void save_sign(struct writer *w, const struct sign *s)
{
    save_text(w, sign_kind_of(s->id)->id);
    write_le32(w, (uint32_t)s->day);
    write_le32(w, s->tests);
    write_u8(w, (uint8_t)s->weight);
    save_number(w, s->points);
    save_number(w, s->false_alarm_log10);
    save_bool(w, s->has_of);
    write_le64(w, s->count);
    write_le64(w, s->of);
    save_maybe_time(w, s->first_us);
    save_maybe_time(w, s->last_us);
    write_u8(w, (uint8_t)s->variants);
    write_u8(w, (uint8_t)s->marks);
    save_bool(w, s->below_floor);
    save_bool(w, s->bare_only);
    save_text(w, s->says);
    write_u8(w, (uint8_t)s->fact_count);
    for (unsigned i = 0; i < s->fact_count; i++)
        save_fact(w, &s->facts[i]);
}

static void load_sign_id(struct reader *r, struct sign *s)
{
    char id[FACT_NAME_SIZE];
    load_printable(r, id, sizeof id);
    s->id = SIGN_IDS;
    for (enum sign_id i = 0; i < SIGN_IDS; i++)
        if (strcmp(sign_kind_of(i)->id, id) == 0)
            s->id = i;
    load_demand(r, s->id != SIGN_IDS);
}

/* What verdicts and reports take for granted of a sign. */
static void demand_sense(struct reader *r, const struct sign *s)
{
    load_demand(r, s->first_us != TIME_NONE && s->first_us <= s->last_us &&
                       s->day == day_of(s->first_us));
    load_demand(r, s->points >= 0 && s->points <= POINTS_MOST && s->false_alarm_log10 <= 0);
    load_demand(r, !s->has_of || s->count <= s->of);
}

static void load_sign(struct reader *r, struct arena *memory, struct sign *s)
{
    load_sign_id(r, s);
    s->day = (int32_t)read_le32(r);
    s->tests = read_le32(r);
    s->weight = (enum sign_weight)load_below(r, WEIGHT_PROOF + 1);
    s->points = load_number(r);
    s->false_alarm_log10 = load_number(r);
    s->has_of = load_bool(r);
    s->count = load_count(r);
    s->of = load_count(r);
    s->first_us = load_maybe_time(r);
    s->last_us = load_maybe_time(r);
    s->variants = load_below(r, 2 * VARIANT_E_FIRST);
    s->marks = load_below(r, 2 * MARK_UNPATCHED);
    s->below_floor = load_bool(r);
    s->bare_only = load_bool(r);
    load_printable(r, s->says, sizeof s->says);
    s->fact_count = load_below(r, FACTS_MAX + 1);
    for (unsigned i = 0; i < s->fact_count && !r->failed; i++)
        load_fact(r, memory, &s->facts[i]);
    demand_sense(r, s);
}

void host_answers_save(struct writer *w, const struct verdict *v)
{
    write_u8(w, HOST_ANSWERS_FORM);
    write_u8(w, (uint8_t)v->hearing);
    write_u8(w, (uint8_t)v->name_count);
    for (unsigned i = 0; i < v->name_count; i++)
        save_text(w, v->names[i]);
    write_u8(w, (uint8_t)v->check_count);
    for (size_t i = 0; i < v->check_count; i++)
        save_check(w, &v->checks[i]);
    save_bool(w, v->smb != NULL);
    if (v->smb != NULL)
        save_smb(w, v->smb);
    save_bool(w, v->netbios != NULL);
    if (v->netbios != NULL)
        save_netbios(w, v->netbios);
    write_u8(w, (uint8_t)v->sign_count);
    for (size_t i = 0; i < v->sign_count; i++)
        save_sign(w, &v->signs[i]);
}

/* Room for what is to be loaded; NULL fails the reader. */
static void *room_for(struct reader *r, struct arena *memory, size_t count, size_t size)
{
    void *room = r->failed ? NULL : arena_take(memory, count, size);
    load_demand(r, room != NULL);
    return room;
}

static void load_asked(struct reader *r, struct arena *memory, struct host_answers *a)
{
    if (load_bool(r)) {
        a->smb = room_for(r, memory, 1, sizeof *a->smb);
        if (a->smb != NULL)
            load_smb(r, a->smb);
    }
    if (load_bool(r)) {
        a->netbios = room_for(r, memory, 1, sizeof *a->netbios);
        if (a->netbios != NULL)
            load_netbios(r, a->netbios);
    }
}

bool host_answers_load(struct reader *r, struct arena *memory, struct host_answers *out)
{
    struct host_answers a = {0};
    load_demand(r, read_u8(r) == HOST_ANSWERS_FORM);
    a.hearing = (enum hearing)load_below(r, HEARING_SOME + 1);
    a.name_count = load_below(r, VERDICT_NAMES_MAX + 1);
    for (unsigned i = 0; i < a.name_count; i++)
        load_text(r, a.names[i], sizeof a.names[i]);
    a.check_count = load_below(r, HOST_ANSWERS_CHECKS_MAX + 1);
    a.checks = room_for(r, memory, a.check_count + 1, sizeof *a.checks);
    for (size_t i = 0; i < a.check_count && !r->failed; i++)
        load_check(r, &a.checks[i]);
    load_asked(r, memory, &a);
    a.sign_count = load_below(r, HOST_ANSWERS_SIGNS_MAX + 1);
    a.signs = room_for(r, memory, a.sign_count + 1, sizeof *a.signs);
    for (size_t i = 0; i < a.sign_count && !r->failed; i++)
        load_sign(r, memory, &a.signs[i]);
    load_demand(r, r->left == 0);
    if (r->failed)
        return false;
    *out = a;
    return true;
}
