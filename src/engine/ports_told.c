/* The counts, and what of them is kept; controls say what the rest is worth. */
#include "engine/ports_told.h"

#include <stdlib.h>

#include "scan/port_list.h"

static bool is_listening(enum check_cause cause)
{
    return cause == CAUSE_MUTE || cause == CAUSE_CLOSED || cause == CAUSE_RESET;
}

/* How much it says: nothing but that it listens, data, data that hold. */
static int rank_of(const struct told_port *told)
{
    return told->answer.cause == CAUSE_VALID ? 2 : is_listening(told->answer.cause) ? 0 : 1;
}

/* One of those that say least. */
static size_t least_of(const struct ports_told *p)
{
    size_t least = 0;
    for (size_t i = 1; i < p->told_count; i++)
        if (rank_of(&p->told[i]) < rank_of(&p->told[least]))
            least = i;
    return least;
}

/* Keeps a port that said something; where there is no room, in place of one that said less. */
static void keep(struct ports_told *p, const struct told_port *told)
{
    size_t at = p->told_count;
    if (at == PORTS_TOLD_MAX) {
        p->ports.not_shown++;
        at = least_of(p);
        if (rank_of(&p->told[at]) >= rank_of(told))
            return;
    } else if (at == p->told_room) {
        size_t room = at > 0 ? 2 * at : 4;
        struct told_port *grown = realloc(p->told, room * sizeof *grown);
        if (grown == NULL) {
            p->ports.not_shown++;
            return;
        }
        p->told = grown;
        p->told_room = room;
    }
    p->told[at] = *told;
    p->told_count += at == p->told_count;
}

static enum check_result result_of(const struct shot *shot, enum check_cause cause)
{
    const struct check check = {.transport = shot->transport, .cause = cause};
    return check_result_of(&check);
}

static void count_result(struct ports_told *p, enum check_result result, enum check_cause cause,
                         uint64_t count)
{
    bool listens = is_listening(cause);
    p->ports.asked += count;
    p->ports.infected += result == CHECK_INFECTED ? count : 0;
    p->ports.odd += result == CHECK_ODD ? count : 0;
    p->ports.refused += result == CHECK_REFUSED ? count : 0;
    p->ports.listening += listens ? count : 0;
    p->ports.unanswered += result == CHECK_UNANSWERED && !listens ? count : 0;
    p->ports.failed += result == CHECK_ERROR ? count : 0;
}

void ports_told_count(struct ports_told *p, enum check_cause cause, uint64_t count)
{
    const struct shot any = {.transport = TRANSPORT_TCP};
    count_result(p, result_of(&any, cause), cause, count);
}

void ports_told_take(struct ports_told *p, const struct told_port *told)
{
    enum check_cause cause = told->answer.cause;
    enum check_result result = result_of(&told->shot, cause);
    bool says_data = result == CHECK_INFECTED || result == CHECK_ODD;
    bool listens = is_listening(cause);
    if (port_is_blacklisted(told->shot.port)) {
        bool is_tcp = told->shot.transport == TRANSPORT_TCP;
        p->ports.controls++;
        p->took += is_tcp && (listens || says_data);
        p->ports.takes_all = p->took == CONTROLS_TCP;
        p->ports.answers_all = p->ports.answers_all || (!is_tcp && says_data);
    }
    count_result(p, result, cause, 1);
    if (says_data || listens)
        keep(p, told);
}

static int compare_told(const void *a, const void *b)
{
    const struct told_port *x = a, *y = b;
    bool x_holds = x->answer.cause == CAUSE_VALID, y_holds = y->answer.cause == CAUSE_VALID;
    if (x_holds != y_holds)
        return x_holds ? -1 : 1;
    if (x->shot.transport != y->shot.transport)
        return x->shot.transport > y->shot.transport ? 1 : -1;
    return (x->shot.port > y->shot.port) - (x->shot.port < y->shot.port);
}

/* Where all connections are taken, those that stayed mute say nothing of their ports. */
static void forget_mute(struct ports_told *p)
{
    size_t kept = 0;
    for (size_t i = 0; i < p->told_count; i++)
        if (!is_listening(p->told[i].answer.cause))
            p->told[kept++] = p->told[i];
    p->told_count = kept;
}

void ports_told_finish(struct ports_told *p)
{
    if (p->ports.takes_all)
        forget_mute(p);
    if (p->told_count > 0)
        qsort(p->told, p->told_count, sizeof p->told[0], compare_told);
}

void ports_told_clear(struct ports_told *p)
{
    free(p->told);
    *p = (struct ports_told){0};
}
