/* The rules by which signs become a verdict, and every weight, in this one place.
 *
 * By UTC day; the heaviest day decides. S is the best statistical sign of a day, as -log10 of its
 * chance times the number of statistical tests made; A is the sum of the signs that weigh a few
 * points.
 *   infected     a proof of its own, or S >= 9 by a sign with enough cases
 *   suspicious   S >= 3, or A >= 3, or S + A >= 4, or what would convict but for the rules below
 *   clean        else, where it was asked over SMB and answered as Microsoft's own function does
 *   unknown      everything else: silence is never clean
 * What does not convict: a sign that the host only passed on (relay); any sign but an answer of its
 * own, where it checks lists (scanner) or is exempt. A host that sends nothing but bare P2P
 * requests, and shows nothing beyond what a scanner shows, is a scanner: 3 points.
 * The pattern of a sweep is judged against scanners: it counts beside smb-sweep of its day, as
 * points, and never in S.
 * A relayed sign is set aside alone: a resolver that sends P2P messages nobody sent to it is
 * infected. */
#include "evidence/verdict.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "base/writer.h"
#include "evidence/smb_check.h"

#define S_INFECTED 9.0
#define S_SUSPICIOUS 3.0
#define A_SUSPICIOUS 3.0
#define SUM_SUSPICIOUS 4.0
#define A_MOST 8.0      /* all additive signs of a day together */
#define ONES_MOST 2.0   /* all signs of one point together */
#define SWEEPS_MOST 5.0 /* smb-sweep and sweep-pattern together, and the latter alone */
#define LISTENER_MOST 6.0
#define BARE_POINTS 3.0 /* a scanner's bare requests */

/* What a statistical sign weighs at most. */
static double most_of(const struct sign *s)
{
    return s->id == SIGN_P2P_LISTENER    ? LISTENER_MOST
           : s->id == SIGN_SWEEP_PATTERN ? SWEEPS_MOST
                                         : HUGE_VAL;
}

/* The weight of one statistical sign, corrected for the tests of its day. */
static double weight_of(const struct sign *s)
{
    double weight = -(s->false_alarm_log10 + log10(s->tests > 1 ? s->tests : 1));
    return weight > 0 ? fmin(weight, most_of(s)) : 0;
}

double sign_gravity(const struct sign *s)
{
    return s->weight == WEIGHT_PROOF         ? 1e9
           : s->weight == WEIGHT_STATISTICAL ? weight_of(s)
                                             : s->points;
}

static bool is_answer(const struct sign *s)
{
    return s->id == SIGN_P2P_ANSWER || s->id == SIGN_SMB_ANSWER;
}

/* Signs that a scanner shows as well as the worm. */
static bool is_scanners_too(const struct sign *s)
{
    return s->id == SIGN_P2P_MESSAGE || s->id == SIGN_P2P_PORTS || s->id == SIGN_P2P_LISTENER ||
           s->id == SIGN_SMB_SWEEP;
}

/* More than a scanner shows: a proof, or a chance that would convict by itself. A vulnerability
 * scanner also asks for /search, sweeps port 445 in lists of networks and meets chance signs of
 * 10^-3 a day: none of that turns its requests into proof (docs/truth.md has the calculation). */
static bool speaks_against_scanner(const struct sign *s)
{
    if (s->id == SIGN_P2P_MESSAGE || s->weight == WEIGHT_PROOF)
        return true;
    bool is_relayed = (s->marks & MARK_RELAY) != 0;
    return s->weight == WEIGHT_STATISTICAL && !is_scanners_too(s) && !s->below_floor &&
           !is_relayed && sign_gravity(s) >= S_INFECTED;
}

/* Nothing but bare requests, and nothing that a scanner would not show: 3 points, and the ports
 * that were asked count for nothing. */
static bool is_bare_scanner(const struct sign *signs, size_t count)
{
    bool bare = false;
    for (size_t i = 0; i < count; i++) {
        if (signs[i].id == SIGN_P2P_MESSAGE && signs[i].bare_only)
            bare = true;
        else if (speaks_against_scanner(&signs[i]))
            return false;
    }
    return bare;
}

static void rewrite_scanner(struct sign *signs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        signs[i].marks |= MARK_SCANNER;
        if (signs[i].id == SIGN_P2P_MESSAGE) {
            signs[i].weight = WEIGHT_POINTS;
            signs[i].points = BARE_POINTS;
        } else if (signs[i].id == SIGN_P2P_PORTS) {
            signs[i].weight = WEIGHT_POINTS;
            signs[i].points = 0;
        }
    }
}

static bool has_sweep(const struct sign *signs, size_t count, int32_t day)
{
    for (size_t i = 0; i < count; i++)
        if (signs[i].id == SIGN_SMB_SWEEP && signs[i].day == day && signs[i].points > 0)
            return true;
    return false;
}

/* A sweep's pattern where there was no sweep on that day: its chance is a scanner's, and no
 * scanner's work was seen. */
static void rewrite_lone_patterns(struct sign *signs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (signs[i].id != SIGN_SWEEP_PATTERN || has_sweep(signs, count, signs[i].day))
            continue;
        signs[i].weight = WEIGHT_POINTS;
        signs[i].points = 0;
    }
}

/* What one day weighs. */
struct day_weight {
    int32_t day;
    bool proof;             /* that convicts */
    bool set_aside;         /* a proof that does not */
    double s, s_convicting; /* the best statistical sign; the best one that may convict */
    double a;
};

struct rules {
    bool answers_only; /* scanner or exempt: only its own answers convict */
};

/* False for what is set aside, however much it weighs. */
static bool may_convict(const struct rules *rules, const struct sign *s)
{
    bool too_few = s->weight == WEIGHT_STATISTICAL && s->below_floor;
    return !too_few && (is_answer(s) || !(rules->answers_only || (s->marks & MARK_RELAY) != 0));
}

/* This sign is enough by itself. */
static bool convicts(const struct rules *rules, const struct sign *s)
{
    return may_convict(rules, s) &&
           (s->weight == WEIGHT_PROOF ||
            (s->weight == WEIGHT_STATISTICAL && weight_of(s) >= S_INFECTED));
}

static void weigh_sign(const struct rules *rules, const struct sign *s, struct day_weight *w)
{
    if (s->weight == WEIGHT_PROOF) {
        *(may_convict(rules, s) ? &w->proof : &w->set_aside) = true;
    } else if (s->weight == WEIGHT_STATISTICAL && s->id != SIGN_SWEEP_PATTERN) {
        w->s = fmax(w->s, weight_of(s));
        if (may_convict(rules, s))
            w->s_convicting = fmax(w->s_convicting, weight_of(s));
    }
}

/* The additive signs of [from, to), with their caps. The pattern of a sweep adds to the sweep: its
 * chance is no innocent host's, so it is none of S. */
static double add_points(const struct sign *signs, size_t from, size_t to)
{
    double ones = 0, sweeps = 0, others = 0;
    for (size_t i = from; i < to; i++) {
        if (signs[i].id == SIGN_SMB_SWEEP || signs[i].id == SIGN_SWEEP_PATTERN)
            sweeps += sign_gravity(&signs[i]);
        else if (signs[i].weight != WEIGHT_POINTS)
            continue;
        else if (signs[i].points <= 1)
            ones += signs[i].points;
        else
            others += signs[i].points;
    }
    return fmin(A_MOST, fmin(ones, ONES_MOST) + fmin(sweeps, SWEEPS_MOST) + others);
}

/* Among days of one verdict: a proof, then one that was set aside, then the sum. */
static bool is_heavier(const struct day_weight *a, const struct day_weight *b)
{
    if (a->proof != b->proof)
        return a->proof;
    if (a->set_aside != b->set_aside)
        return a->set_aside;
    return a->s + a->a > b->s + b->a;
}

static enum verdict_kind kind_of_day(const struct day_weight *w)
{
    if (w->proof || w->s_convicting >= S_INFECTED)
        return VERDICT_INFECTED;
    if (w->set_aside || w->s >= S_SUSPICIOUS || w->a >= A_SUSPICIOUS ||
        w->s + w->a >= SUM_SUSPICIOUS)
        return VERDICT_SUSPICIOUS;
    return VERDICT_UNKNOWN;
}

/* The gravest verdict goes before the largest sum: S of 3 alone is suspicious, S of 2.6 and A of 1
 * are not, and a weak day must not hide a telling one. */
static struct day_weight heaviest_day(const struct rules *rules, const struct sign *signs,
                                      size_t count)
{
    struct day_weight heaviest = {.day = count > 0 ? signs[0].day : 0};
    for (size_t from = 0, to; from < count; from = to) {
        struct day_weight day = {.day = signs[from].day};
        for (to = from; to < count && signs[to].day == day.day; to++)
            weigh_sign(rules, &signs[to], &day);
        day.a = add_points(signs, from, to);
        enum verdict_kind kind = kind_of_day(&day), before = kind_of_day(&heaviest);
        if (kind < before || (kind == before && is_heavier(&day, &heaviest)))
            heaviest = day;
    }
    return heaviest;
}

static int compare_by_day(const void *a, const void *b)
{
    const struct sign *x = a, *y = b;
    if (x->day != y->day)
        return x->day < y->day ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

static int compare_by_gravity(const void *a, const void *b)
{
    double x = sign_gravity(a), y = sign_gravity(b);
    if (x < y || x > y)
        return x < y ? 1 : -1;
    return compare_by_day(a, b);
}

static const char *why_not_infected(const struct circumstances *c, const struct verdict *v)
{
    if (c->exempt)
        return "It is exempt: only answers of its own would count.";
    if ((v->marks & MARK_SCANNER) != 0)
        return "It looks like a scanner or a checker of lists: find out who runs it.";
    if ((v->marks & MARK_RELAY) != 0)
        return "It passes these on for others: this address or a host behind it. Ask it by "
               "'wormsign scan', and look at the machines themselves.";
    return "";
}

/* The sign that is quoted: the gravest of those that carry the verdict. */
static const struct sign *leading_sign(const struct rules *rules, const struct verdict *v)
{
    for (size_t i = 0; i < v->sign_count && v->kind == VERDICT_INFECTED; i++)
        if (convicts(rules, &v->signs[i]))
            return &v->signs[i];
    return &v->signs[0];
}

static void say_origin(const struct origin *o, enum verdict_kind kind, struct text *out)
{
    char from[ADDRESS_TEXT_SIZE], when[TIME_TEXT_SIZE];
    const char *before = out->used > 0 ? " " : "";
    (void)address_text(o->from, from);
    (void)time_text(o->when_us, when);
    if (o->is_proof && kind == VERDICT_INFECTED)
        text_add(out, "%sInfected by %s at %s.", before, from, when);
    else if (o->is_proof)
        text_add(out, "%sProbably infected by %s at %s: look at it before others.", before, from,
                 when);
    else
        text_add(out, "%sAttacked by %s at %s, before it showed signs: perhaps infected by it.",
                 before, from, when);
}

static void say(const struct circumstances *c, const struct rules *rules, struct verdict *v)
{
    struct text says = text_over(v->says, sizeof v->says);
    const char *why_not = v->kind == VERDICT_INFECTED ? "" : why_not_infected(c, v);
    if (v->kind == VERDICT_INFECTED) {
        text_add(&says, "Infected with Conficker%s", v->variants != 0 ? " " : "");
        variants_say(&says, v->variants);
        text_add(&says, ": ");
    } else if (v->kind == VERDICT_SUSPICIOUS) {
        text_add(&says, "Suspicious: ");
    }
    if (v->sign_count > 0)
        text_add(&says, "%s", leading_sign(rules, v)->says);
    if (why_not[0] != '\0')
        text_add(&says, " %s", why_not);
    struct text advice = text_over(v->advice, sizeof v->advice);
    text_add(&advice, "%s", why_not);
    if (c->origin != NULL) {
        say_origin(c->origin, v->kind, &says);
        say_origin(c->origin, v->kind, &advice);
    }
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), wanted = strlen(end);
    return length >= wanted && strcmp(text + length - wanted, end) == 0;
}

/* Why a host that was asked stays unknown, which is v->reason. What it said over SMB goes before
 * its silence on the ports of the worm. */
static void say_unanswered(const struct verdict *v, struct text *out)
{
    bool smb_first = v->smb != NULL && (smb_check_is_heard(v->smb) || v->check_count == 0);
    size_t predicted = 0; /* they stand before those that were named */
    while (predicted < v->check_count && v->checks[predicted].week != CHECK_WEEK_NONE)
        predicted++;
    if (smb_first)
        smb_check_say_reason(v->smb, out);
    else if (predicted > 0)
        checks_say_unknown(v->checks, predicted, out);
    else
        text_add(out, "it was not asked to the end");
    if (smb_first || v->smb == NULL || v->hearing == HEARING_SILENT)
        return;
    char reason[VERDICT_REASON_SIZE];
    struct text smb = text_over(reason, sizeof reason);
    smb_check_say_reason(v->smb, &smb);
    if (ends_with(v->reason, reason))
        text_add(out, ", over SMB too");
    else
        text_add(out, "; %s", reason);
}

static void say_reason(const struct circumstances *c, struct verdict *v)
{
    struct text reason = text_over(v->reason, sizeof v->reason);
    if (c->exempt)
        text_add(&reason, "exempt: only answers of its own would count");
    else if (c->not_asked != NULL)
        text_add(&reason, "%s", c->not_asked);
    else if (v->check_count > 0 || v->smb != NULL)
        say_unanswered(v, &reason);
    else if (v->sign_count == 0)
        text_add(&reason, "no sign was seen, which proves nothing");
    else if ((v->marks & MARK_ATTACKED) != 0 && sign_gravity(&v->signs[0]) <= 0)
        text_add(&reason, "it was attacked, which does not say that the attack worked");
    else
        text_add(&reason, "the signs are too weak to say");
}

/* D does not spread by itself any more; E does. */
static bool is_sweeping(const struct verdict *v)
{
    for (size_t i = 0; i < v->sign_count; i++)
        if (v->signs[i].id == SIGN_SMB_SWEEP && v->signs[i].points >= 1)
            return true;
    return false;
}

/* The variants of the signs that carry the verdict: what is passed on for others says nothing of
 * what an infected host has itself. */
static unsigned variants_of(const struct rules *rules, const struct verdict *v)
{
    unsigned variants = 0;
    for (size_t i = 0; i < v->sign_count; i++)
        if (v->kind == VERDICT_INFECTED ? convicts(rules, &v->signs[i])
                                        : sign_gravity(&v->signs[i]) >= 1)
            variants |= v->signs[i].variants;
    const unsigned either = VARIANT_D | VARIANT_E;
    return variants | ((variants & either) == either && is_sweeping(v) ? VARIANT_E_FIRST : 0);
}

static void note_time(struct verdict *v, int64_t when_us)
{
    if (when_us == TIME_NONE)
        return;
    if (v->first_us == TIME_NONE || when_us < v->first_us)
        v->first_us = when_us;
    if (v->last_us == TIME_NONE || when_us > v->last_us)
        v->last_us = when_us;
}

static bool is_clean_answer(const struct smb_check *c)
{
    return c != NULL && (smb_result_of(c) == SMB_CLEAN || smb_result_of(c) == SMB_UNPATCHED);
}

static void take_smb(const struct smb_check *c, struct verdict *out)
{
    note_time(out, c->when_us);
    if (smb_result_of(c) == SMB_UNPATCHED)
        out->marks |= MARK_UNPATCHED;
}

/* Evidence is of its day, and a later clean answer takes none of it back: but whoever looks at the
 * host must know of it. */
static void say_clean_since(struct verdict *v)
{
    int64_t last_us = TIME_NONE;
    char when[TIME_TEXT_SIZE];
    for (size_t i = 0; i < v->sign_count; i++)
        last_us = v->signs[i].last_us > last_us ? v->signs[i].last_us : last_us;
    if (v->kind > VERDICT_SUSPICIOUS || !is_clean_answer(v->smb) || v->smb->when_us <= last_us)
        return;
    struct text says = {v->says, sizeof v->says, strlen(v->says), false};
    struct text advice = {v->advice, sizeof v->advice, strlen(v->advice), false};
    struct text *const both[] = {&says, &advice};
    (void)time_text(v->smb->when_us, when);
    for (size_t i = 0; i < COUNT_OF(both); i++)
        text_add(
            both[i],
            "%sAsked at %s, after its last sign, it answered as a clean host does: it may have "
            "been mended since.",
            both[i]->used > 0 ? " " : "", when);
}

static void say_clean(struct verdict *v)
{
    char when[TIME_TEXT_SIZE];
    struct text says = text_over(v->says, sizeof v->says);
    struct text advice = text_over(v->advice, sizeof v->advice);
    text_add(&says, "Clean when it was asked at %s: ", time_text(v->smb->when_us, when));
    smb_check_say_reason(v->smb, &says);
    text_add(&says, ".");
    if ((v->marks & MARK_UNPATCHED) == 0)
        return;
    text_add(&advice, "Install the update MS08-067 before the worm finds it.");
    text_add(&says, " %s", v->advice);
}

void verdict_of(const struct circumstances *c, struct sign *signs, size_t count,
                struct verdict *out)
{
    rewrite_lone_patterns(signs, count);
    if (is_bare_scanner(signs, count))
        rewrite_scanner(signs, count);
    *out = (struct verdict){.host = c->host,
                            .home = c->home,
                            .site = c->site,
                            .exempt = c->exempt,
                            .checks = c->checks,
                            .check_count = c->check_count,
                            .ports = c->ports,
                            .smb = c->smb,
                            .netbios = c->netbios,
                            .hearing = c->hearing,
                            .first_us = TIME_NONE,
                            .last_us = TIME_NONE};
    for (size_t i = 0; i < count; i++) {
        out->marks |= signs[i].marks;
        note_time(out, signs[i].first_us);
        note_time(out, signs[i].last_us);
    }
    for (size_t i = 0; i < c->check_count; i++)
        note_time(out, c->checks[i].when_us);
    if (c->smb != NULL)
        take_smb(c->smb, out);
    struct rules rules = {.answers_only = c->exempt || (out->marks & MARK_SCANNER) != 0};
    if (count > 0)
        qsort(signs, count, sizeof *signs, compare_by_day);
    struct day_weight heaviest = heaviest_day(&rules, signs, count);
    if (count > 0)
        qsort(signs, count, sizeof *signs, compare_by_gravity);
    out->signs = signs;
    out->sign_count = count;
    out->kind = kind_of_day(&heaviest);
    if (c->exempt && out->kind != VERDICT_INFECTED)
        out->kind = VERDICT_UNKNOWN;
    out->proof = heaviest.proof;
    out->weight = heaviest.s + heaviest.a;
    out->has_day = count > 0;
    out->day = heaviest.day;
    out->variants = variants_of(&rules, out);
    say(c, &rules, out);
    say_clean_since(out);
    if (out->kind == VERDICT_UNKNOWN && is_clean_answer(c->smb)) {
        out->kind = VERDICT_CLEAN;
        say_clean(out);
    }
    if (out->kind != VERDICT_UNKNOWN)
        return;
    say_reason(c, out);
    if ((c->check_count > 0 || c->smb != NULL || c->not_asked != NULL) && count == 0) {
        struct text says = text_over(out->says, sizeof out->says);
        text_add(&says, "Unknown: %s.", out->reason);
    }
}
