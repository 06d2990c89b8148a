/* A stage for detect/exploit: streams told as the flow table shows them.
 *
 *   tell(&s, .from = "10.0.0.6", .stream = attack(), .first = 9);    in two segments, of 9 bytes
 *                                                                    and of all others */
#ifndef WORMSIGN_TESTS_TELLING_H
#define WORMSIGN_TESTS_TELLING_H

#include "made_smb.h"
#include "stage.h"

#include "base/compiler.h"
#include "evidence/edge.h"
#include "evidence/verdict.h"

static const char noon[] = "2009-04-21T12:00:00Z", later[] = "2009-04-21T13:00:00Z";
static const char attacker[] = "10.0.0.5", target[] = "10.0.0.7";
static const char url[] = "http://10.0.0.5:4321/abcdef";

static inline struct stage stage_new(void)
{
    return stage_of(SIGN_EXPLOIT);
}

/* A client's stream as the flow table shows it. */
struct telling {
    const char *from, *to, *time;
    struct reader stream;
    size_t first; /* bytes of its first segment; 0: all at once */
    uint16_t port_from, port_to;
    bool midway, by_server, client_unknown, is_datagram;
};

static inline struct observation seen_of(const struct telling *t, size_t before, size_t upto)
{
    struct reader stream = t->stream;
    const char *client = t->by_server ? t->to : t->from, *server = t->by_server ? t->from : t->to;
    uint16_t port = t->port_to != 0 ? t->port_to : 445;
    struct observation seen = flow_seen(at(client), at(server), port,
                                        t->is_datagram ? IP_UDP : IP_TCP, when(t->time));
    seen.kind = OBSERVED_PAYLOAD;
    seen.by_client = !t->by_server;
    seen.client_known = !t->client_unknown;
    seen.is_stream = !t->is_datagram;
    seen.start_known = !t->midway;
    seen.client.port = t->port_from != 0 ? t->port_from : 49152;
    seen.bytes = read_part(&stream, upto);
    seen.bytes_before = before;
    return seen;
}

/* From an exact copy, as far as the detector wants it. */
static inline void tell_it(struct stage *s, struct telling t)
{
    uint8_t *copy = malloc(t.stream.left != 0 ? t.stream.left : 1);
    size_t all = t.stream.left;
    assert_non_null(copy);
    memcpy(copy, read_bytes(&t.stream, all), all);
    t.stream = reader_over(copy, all);
    size_t ends[] = {t.first != 0 ? t.first : all, all}, before = 0;
    for (unsigned i = 0; i < COUNT_OF(ends) && before < all; i++) {
        struct observation seen = seen_of(&t, before, ends[i]);
        size_t wanted = s->detector->wants(&seen);
        if (wanted > before)
            s->detector->observe(&s->watcher, &seen);
        if (wanted <= ends[i])
            break;
        before = ends[i];
    }
    free(copy);
}

static inline struct telling usual(struct telling t)
{
    t.from = t.from != NULL ? t.from : attacker;
    t.to = t.to != NULL ? t.to : target;
    t.time = t.time != NULL ? t.time : noon;
    return t;
}

#define TELL(...) usual((struct telling){__VA_ARGS__})
#define tell(stage, ...) tell_it(stage, TELL(__VA_ARGS__))

static inline struct made *mark(char variant, const char *text, bool ended)
{
    static struct made m;
    made_begin(&m);
    made_mark(&m, variant, text, ended);
    return &m;
}

/* An exploit in one request, written to the pipe. */
static inline struct reader attack_with(char variant, const char *text, bool ended)
{
    static struct made m, call;
    made_begin(&call);
    made_request(&call, 3, made_reader(mark(variant, text, ended)));
    made_way_to_pipe(&m);
    made_write(&m, TREE, PIPE_FILE, made_reader(&call));
    return made_reader(&m);
}

static inline struct reader attack(void)
{
    return attack_with('B', url, true);
}

static const struct fact *fact_of(const struct sign *s, const char *name)
{
    for (unsigned i = 0; i < s->fact_count; i++)
        if (strcmp(s->facts[i].name, name) == 0)
            return &s->facts[i];
    return NULL;
}

static inline void assert_fact(const struct sign *s, const char *name, const char *value)
{
    const struct fact *f = fact_of(s, name);
    assert_non_null(f);
    assert_string_equal(f->text, value);
}

static inline struct sign sign_on(struct stage *s, const char *host)
{
    struct sign sign;
    assert_true(sign_of(s, host, noon, &sign));
    return sign;
}

static inline void assert_proof(struct stage *s)
{
    assert_int_equal(sign_on(s, attacker).weight, WEIGHT_PROOF);
    assert_int_equal(sign_on(s, target).marks, MARK_ATTACKED);
}

static inline void assert_points(struct stage *s, struct reader stream, bool midway)
{
    tell(s, .stream = stream, .midway = midway);
    struct sign sign = sign_on(s, attacker), none;
    assert_int_equal(sign.weight, WEIGHT_POINTS);
    assert_true(sign.points == VERDICT_EXPLOIT_ELSEWHERE_POINTS);
    assert_false(sign_of(s, target, noon, &none));
}

static inline void assert_nothing(struct telling t)
{
    struct stage s = stage_new();
    struct sign none;
    tell_it(&s, t);
    assert_false(sign_of(&s, attacker, noon, &none));
    assert_false(sign_of(&s, target, noon, &none));
    stage_clear(&s);
}

static inline size_t edges_on(struct stage *s, const char *host, struct edge *out, size_t room)
{
    return s->detector->edges(&s->watcher, at(host), day_of(when(noon)), slot_of(s, host, noon),
                              out, room);
}

#endif
