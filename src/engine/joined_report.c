/* The totals of a hunt live no longer than it does, so all of them that is text is copied. */
#include "engine/joined_report.h"

#include <stdlib.h>
#include <string.h>

#include "base/room.h"

enum { JOINED_BYTES = 256 << 20 };

void joined_begin(struct joined *j, struct report *to, const char *verb)
{
    *j = (struct joined){.to = to, .memory = arena_of(JOINED_BYTES)};
    j->sum = (struct totals){.verb = verb, .complete = true};
    j->failed = !to->format->begin(to);
}

static const char *keep_text(struct joined *j, const char *text)
{
    const char *kept = arena_text(&j->memory, text);
    j->failed |= kept == NULL;
    return kept != NULL ? kept : "";
}

static bool pass_begin(struct report *r)
{
    (void)r;
    return true;
}

static bool pass_host(struct report *r, const struct verdict *v)
{
    struct joined *j = r->state;
    return j->to->format->host(j->to, v);
}

static bool pass_edge(struct report *r, const struct infection *i)
{
    struct joined *j = r->state;
    return j->to->format->edge(j->to, i);
}

static void add_inputs(struct joined *j, const struct totals *t)
{
    for (size_t i = 0; i < t->input_count; i++) {
        struct input_totals *inputs = room_for_one(j->inputs, j->sum.input_count, &j->input_room,
                                                   sizeof *inputs);
        j->failed |= inputs == NULL;
        if (inputs == NULL)
            return;
        j->inputs = inputs;
        struct input_totals *input = &j->inputs[j->sum.input_count++];
        *input = t->inputs[i];
        input->name = keep_text(j, input->name);
        if (input->format != NULL)
            input->format = keep_text(j, input->format);
    }
}

/* Each sentence once: most are true of several sites. */
static void add_sentences(struct joined *j, const char **into, size_t *count,
                          const char *const *from, size_t from_count)
{
    for (size_t i = 0; i < from_count && *count < JOINED_SENTENCES_MAX; i++) {
        size_t at = 0;
        while (at < *count && strcmp(into[at], from[i]) != 0)
            at++;
        if (at == *count)
            into[(*count)++] = keep_text(j, from[i]);
    }
}

void joined_note(struct joined *j, const char *note)
{
    add_sentences(j, j->notes, &j->sum.note_count, &note, 1);
}

static bool add_totals(struct report *r, const struct totals *t)
{
    struct joined *j = r->state;
    struct totals *sum = &j->sum;
    sum->complete &= t->complete;
    for (unsigned kind = 0; kind < VERDICT_KINDS; kind++)
        sum->hosts[kind] += t->hosts[kind];
    sum->outside_infected += t->outside_infected;
    sum->acknowledged += t->acknowledged;
    sum->asked_dark |= t->asked_dark;
    sum->seen += t->seen;
    sum->seen_is_estimate |= t->seen_is_estimate;
    sum->expected_false_hosts += t->expected_false_hosts;
    add_inputs(j, t);
    add_sentences(j, j->limits, &sum->limit_count, t->limits_hit, t->limit_count);
    add_sentences(j, j->notes, &sum->note_count, t->notes, t->note_count);
    return !j->failed;
}

static const struct report_format format = {
    .id = "joined",
    .claim = "The hosts of several hunts, for one report.",
    .begin = pass_begin,
    .host = pass_host,
    .edge = pass_edge,
    .end = add_totals,
};

struct report joined_report(struct joined *j)
{
    return (struct report){.format = &format, .state = j};
}

bool joined_end(struct joined *j, double seconds)
{
    j->sum.inputs = j->inputs;
    j->sum.limits_hit = j->limits;
    j->sum.notes = j->notes;
    j->sum.seconds = seconds;
    bool good = j->to->format->end(j->to, &j->sum) && !j->failed;
    free(j->inputs);
    arena_free(&j->memory);
    return good;
}
