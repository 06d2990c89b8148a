/* Flows are found by a hash of their name, in which the two ends stand in the order of their
 * numbers; side 0 of a flow is who sent first. Each flow stands in one queue by how long it may be
 * silent, the latest heard last, so that looking at four heads tells all that have ended. */
#include "source/flow_book_inside.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/time.h"

static const int64_t patience_us[FLOW_QUEUES] = {
    [FLOW_QUEUE_TCP] = FLOW_TCP_S * US_PER_SECOND,
    [FLOW_QUEUE_TCP_CLOSED] = FLOW_TCP_CLOSED_S * US_PER_SECOND,
    [FLOW_QUEUE_IP] = FLOW_IP_S * US_PER_SECOND,
    [FLOW_QUEUE_ICMP] = FLOW_ICMP_S * US_PER_SECOND,
};

struct flow_book *flow_book_new(bool large)
{
    struct flow_book *b = calloc(1, sizeof *b);
    if (b != NULL && pages_take(sizeof *b->table, large, &b->pages)) {
        b->table = b->pages.start;
        return b;
    }
    free(b);
    return NULL;
}

static void forget_data(struct book_flow *f)
{
    for (unsigned i = 0; i < 2; i++) {
        free(f->side[i].data);
        f->side[i].data = NULL;
    }
}

void flow_book_free(struct flow_book *b)
{
    if (b == NULL)
        return;
    for (unsigned q = 0; q < FLOW_QUEUES; q++)
        for (uint32_t at = b->queues[q].oldest; at != 0; at = b->table->flows[at].newer)
            forget_data(&b->table->flows[at]);
    pages_give_back(&b->pages);
    free(b);
}

uint64_t flow_book_flows(const struct flow_book *b)
{
    return b->begun;
}

uint64_t flow_book_let_go(const struct flow_book *b)
{
    return b->let_go;
}

static void leave_queue(struct flow_book *b, struct book_flow *f)
{
    struct flow_queue *q = &b->queues[f->queue];
    *(f->older != 0 ? &b->table->flows[f->older].newer : &q->oldest) = f->newer;
    *(f->newer != 0 ? &b->table->flows[f->newer].older : &q->newest) = f->older;
}

static void join_queue(struct flow_book *b, uint32_t at, enum flow_queue_kind kind)
{
    struct flow_queue *q = &b->queues[kind];
    struct book_flow *f = &b->table->flows[at];
    f->queue = (uint8_t)kind;
    f->older = q->newest;
    f->newer = 0;
    *(q->newest != 0 ? &b->table->flows[q->newest].newer : &q->oldest) = at;
    q->newest = at;
}

static uint32_t *bucket_of(struct flow_book *b, const struct flow_name *name)
{
    uint64_t hash = hash_pair(hash_pair(hash_address(name->end[0].address) + name->end[0].port,
                                        hash_address(name->end[1].address) + name->end[1].port),
                              (uint64_t)name->kind << 56 | (uint64_t)name->protocol << 48 |
                                  (uint64_t)name->number << 32 | name->id);
    return &b->table->buckets[hash % FLOW_BUCKETS];
}

static bool name_equal(const struct flow_name *a, const struct flow_name *b)
{
    return a->kind == b->kind && a->protocol == b->protocol && a->number == b->number &&
           a->id == b->id && a->end[0].port == b->end[0].port && a->end[1].port == b->end[1].port &&
           address_equal(a->end[0].address, b->end[0].address) &&
           address_equal(a->end[1].address, b->end[1].address);
}

uint32_t flow_book_find(struct flow_book *b, const struct flow_name *name)
{
    uint32_t at = *bucket_of(b, name);
    while (at != 0 && !name_equal(&b->table->flows[at].name, name))
        at = b->table->flows[at].next;
    return at;
}

/* Shows it to the sink, and its place is free. */
static void give(struct flow_book *b, uint32_t at, struct sink *to)
{
    struct flow_record record;
    struct book_flow *f = &b->table->flows[at];
    flow_book_record(f, &record);
    if (to->takes_record != NULL)
        (void)to->takes_record(to, &record);
    forget_data(f);
    leave_queue(b, f);
    f->in_use = false;
    uint32_t *link = bucket_of(b, &f->name);
    while (*link != at)
        link = &b->table->flows[*link].next;
    *link = f->next;
    f->next = b->free;
    b->free = at;
}

static void give_ended(struct flow_book *b, int64_t now_us, struct sink *to)
{
    for (unsigned q = 0; q < FLOW_QUEUES; q++) {
        uint32_t at;
        while ((at = b->queues[q].oldest) != 0 &&
               now_us - b->table->flows[at].heard_us > patience_us[q])
            give(b, at, to);
    }
}

/* Of all flows the one silent for longest; 0: there is none. */
static uint32_t longest_silent(const struct flow_book *b)
{
    uint32_t longest = 0;
    for (unsigned q = 0; q < FLOW_QUEUES; q++) {
        uint32_t at = b->queues[q].oldest;
        if (at != 0 &&
            (longest == 0 || b->table->flows[at].heard_us < b->table->flows[longest].heard_us))
            longest = at;
    }
    return longest;
}

static uint32_t free_place(struct flow_book *b, struct sink *to)
{
    if (b->free == 0 && b->used == FLOW_BOOK_MAX) {
        b->let_go++;
        give(b, longest_silent(b), to);
    }
    uint32_t at = b->free;
    if (at == 0)
        return ++b->used;
    b->free = b->table->flows[at].next;
    return at;
}

static uint32_t begin(struct flow_book *b, const struct flow_name *name, unsigned from,
                      const struct frame_about *frame, struct sink *to)
{
    uint32_t at = free_place(b, to);
    struct book_flow *f = &b->table->flows[at];
    uint32_t *bucket = bucket_of(b, name);
    *f = (struct book_flow){
        .name = *name,
        .in_use = true,
        .next = *bucket,
        .first_sender = (uint8_t)(frame->is_answer ? 1 - from : from), /* who asked */
        .is_fragment = frame->is_fragment,
        .first_us = frame->when_us,
        .last_us = frame->when_us};
    *bucket = at;
    join_queue(b, at, flow_book_queue_of(f));
    b->begun++;
    return at;
}

void flow_book_take(struct flow_book *b, const struct frame_about *frame, struct sink *to)
{
    struct flow_name name;
    unsigned from = flow_name_of(frame, &name);
    give_ended(b, frame->when_us, to);
    uint32_t at = frame->is_fragment ? flow_book_fragment(b, frame, &from) : 0;
    if (at == 0)
        at = flow_book_find(b, &name);
    if (at != 0 && flow_book_begins_anew(&b->table->flows[at], from, frame)) {
        give(b, at, to);
        at = 0;
    }
    if (at == 0)
        at = begin(b, &name, from, frame, to);
    struct book_flow *f = &b->table->flows[at];
    flow_book_add(b, f, from ^ f->first_sender, frame);
    f->heard_us = frame->when_us;
    leave_queue(b, f);
    join_queue(b, at, flow_book_queue_of(f));
    if (frame->more_fragments && !frame->is_fragment)
        flow_book_note_fragments(b, at, frame);
    if (frame->quote.protocol != 0)
        flow_book_map(b, frame);
    if (flow_book_is_over(&b->table->flows[at]))
        give(b, at, to);
}

void flow_book_end(struct flow_book *b, struct sink *to)
{
    uint32_t at;
    while ((at = longest_silent(b)) != 0)
        give(b, at, to);
}
