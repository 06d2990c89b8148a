/* From text to terms and jumps, without recursion: what a parenthesis interrupts waits in a frame.
 *
 *   expression := operand { (and | or) operand }             equally strong, left to right
 *   operand    := [not] ( '(' expression ')' | primitive )
 *   primitive  := protocol | state | [protocol] [src | dst | src or dst | src and dst] type given
 *   given      := [not] ( [gt | >= ...] value | '(' given { (and | or) given } ')' )
 *
 * A value alone takes protocol, side and type from the one before it (`port 25 or 80`), where only
 * `and`, `or` and `not` stand between. `not` negates all of the primitive, its protocol too, as in
 * ra: `tcp port not 80` is `not (tcp and port 80)`.
 *
 * A fragment is a piece of program whose ends are still open: the jumps that wait for the same
 * place are chained through themselves. */
#include "filter/filter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filter/filter_inside.h"
#include "filter/filter_tokens.h"
#include "filter/filter_values.h"
#include "filter/filter_words.h"
#include "wire/assigned_names.h"

enum { NO_JUMP = 0xffff };

/* Jump 2n+w is go_on[w] of term n. */
struct chain {
    unsigned head, tail;
};

struct fragment {
    unsigned entry;
    struct chain ends[2]; /* [0] where it does not hold, [1] where it does */
};

struct frame {
    struct fragment left;
    bool has_left, negated;
    bool of_type;       /* opened behind a type: nothing but its values stands in it */
    unsigned joined_by; /* 1: and, 0: or: the end of `left` that goes on */
    struct filter_spot opened;
};

/* What a value alone means; type NULL: nothing. */
struct carried {
    const struct filter_word *protocol;
    bool has_number; /* the protocol is one of IP's, by number */
    uint8_t number;
    enum filter_level level;
    enum filter_sides sides;
    const struct filter_word *type;
};

struct compiler {
    const char *text;
    struct token token;
    struct filter *filter;
    struct carried carried;
    const char *number_wanted; /* the word just read, where people write a number behind it */
    unsigned depth;
    struct frame frames[FILTER_NESTING_MAX + 1];
    struct filter_spot *spot;
    struct error *err;
};

static void advance(struct compiler *c)
{
    c->token = token_after(c->text, &c->token);
}

/* The word that is to blame, and what is said about it. */
static bool wrong(struct compiler *c, const struct token *at, const char *says)
{
    if (c->spot != NULL)
        *c->spot = at->spot;
    if (at->kind == TOKEN_END)
        return fail(c->err, ERROR_USAGE, "filter, at its end: %s", says);
    return fail(c->err, ERROR_USAGE, "filter, column %zu, '%.60s': %s", at->spot.at + 1, at->word,
                says);
}

static uint16_t *jump(struct filter *f, unsigned number)
{
    return &f->terms[number / 2].go_on[number % 2];
}

static void chain_fill(struct filter *f, struct chain open, unsigned target)
{
    for (unsigned at = open.head; at != NO_JUMP;) {
        unsigned following = *jump(f, at);
        *jump(f, at) = (uint16_t)target;
        at = following;
    }
}

static struct chain chain_join(struct filter *f, struct chain a, struct chain b)
{
    if (a.head == NO_JUMP)
        return b;
    if (b.head == NO_JUMP)
        return a;
    *jump(f, a.tail) = (uint16_t)b.head;
    return (struct chain){a.head, b.tail};
}

/* and: which is 1, the end where `left` holds goes on to `right`; or: 0. */
static struct fragment joined(struct filter *f, struct fragment left, unsigned which,
                              struct fragment right)
{
    struct fragment both = {.entry = left.entry};
    chain_fill(f, left.ends[which], right.entry);
    both.ends[which] = right.ends[which];
    both.ends[!which] = chain_join(f, left.ends[!which], right.ends[!which]);
    return both;
}

static struct fragment negated(struct fragment x)
{
    return (struct fragment){x.entry, {x.ends[1], x.ends[0]}};
}

static bool term_add(struct compiler *c, const struct filter_term *t, struct fragment *out)
{
    struct filter *f = c->filter;
    if (f->count == FILTER_TERMS_MAX)
        return fail(c->err, ERROR_LIMIT, "filter: more than %d questions", FILTER_TERMS_MAX);
    if (f->count == f->size) {
        size_t larger = f->size != 0 ? f->size * 2 : 8;
        struct filter_term *moved = realloc(f->terms, larger * sizeof *moved);
        if (moved == NULL)
            return fail(c->err, ERROR_SYSTEM, "no memory for the filter");
        f->terms = moved;
        f->size = larger;
    }
    unsigned at = (unsigned)f->count++;
    f->terms[at] = *t;
    f->terms[at].go_on[0] = f->terms[at].go_on[1] = NO_JUMP;
    *out = (struct fragment){at, {{2 * at, 2 * at}, {2 * at + 1, 2 * at + 1}}};
    return true;
}

static void note_need(struct compiler *c, const struct filter_word *w, const char *text)
{
    if (w->needs != 0 && c->filter->needs == 0)
        (void)snprintf(c->filter->needs_word, sizeof c->filter->needs_word, "%s", text);
    c->filter->needs |= w->needs;
}

/* The protocol before a type, or alone. */
static bool protocol_term(struct compiler *c, const struct carried *k, struct fragment *out)
{
    struct filter_term t = {.ask = ASK_KIND};
    if (k->has_number) {
        t.ask = ASK_PROTOCOL;
        t.range.first = t.range.last = k->number;
    } else {
        t.range.first = k->protocol->first;
    }
    return term_add(c, &t, out);
}

/* Puts the protocol of what is carried before a fragment, where there is one. */
static bool qualified(struct compiler *c, const struct carried *k, const struct filter_term *t,
                      struct fragment *out)
{
    struct fragment before, term;
    bool has_protocol = k->has_number || (k->protocol != NULL && k->protocol->first != 0);
    if (has_protocol && !protocol_term(c, k, &before))
        return false;
    if (!term_add(c, t, &term))
        return false;
    *out = has_protocol ? joined(c->filter, before, 1, term) : term;
    return true;
}

static bool takes_comparison(const struct filter_word *type)
{
    return type->ask == ASK_PORT || type->ask == ASK_PROTOCOL || type->ask == ASK_NUMBER ||
           type->ask == ASK_REAL;
}

/* `mask M` behind a network. */
static bool mask_of(struct compiler *c, struct filter_term *t)
{
    if (c->carried.type->value != VALUE_NET || c->token.kind != TOKEN_WORD ||
        strcmp(c->token.word, "mask") != 0)
        return true;
    advance(c);
    struct error why;
    if (c->token.kind != TOKEN_WORD)
        return wrong(c, &c->token, "mask wants a mask, as 255.255.0.0");
    if (!filter_mask_read(c->token.word, t, &why))
        return wrong(c, &c->token, why.text);
    advance(c);
    return true;
}

/* A value, with a comparison before it or none, of the type that is carried. */
static bool value(struct compiler *c, struct fragment *out)
{
    const struct filter_word *type = c->carried.type;
    struct filter_term t = {.ask = type->ask, .field = type->field};
    bool compared = c->token.kind == TOKEN_COMPARE;
    enum filter_compare compare = compared ? c->token.compare : COMPARE_EQ;
    char says[ERROR_TEXT_SIZE];
    struct error why;
    if (compared && !takes_comparison(type)) {
        (void)snprintf(says, sizeof says, "%s has no order, so it is not compared", type->text);
        return wrong(c, &c->token, says);
    }
    if (compared)
        advance(c);
    if (c->token.kind == TOKEN_WRONG && c->token.word[0] == '=')
        return wrong(c, &c->token, "equal is written eq, or ==");
    if (c->token.kind != TOKEN_WORD) {
        (void)snprintf(says, sizeof says, "%s wants %s", type->text, type->want);
        return wrong(c, &c->token, says);
    }
    t.sides = type->has_sides ? (uint8_t)c->carried.sides : SIDE_SOURCE;
    if (!filter_value_read(type, c->token.word, compared, compare,
                           c->carried.has_number ? c->carried.number : 0, &t, &why))
        return wrong(c, &c->token, why.text);
    note_need(c, type, type->text);
    advance(c);
    return mask_of(c, &t) && qualified(c, &c->carried, &t, out);
}

/* Says what may have been meant by a word that stands where none is known. */
static bool unknown_word(struct compiler *c)
{
    char says[ERROR_TEXT_SIZE], value_meant[FILTER_WORD_SIZE];
    const char *meant = filter_word_meant(c->token.word);
    if (filter_value_meant(c->token.word, value_meant))
        meant = value_meant;
    if (meant != NULL)
        (void)snprintf(says, sizeof says, "no word of filters; did you mean '%s'?", meant);
    else
        (void)snprintf(says, sizeof says,
                       "no word of filters; an address wants host or net before it");
    return wrong(c, &c->token, says);
}

/* A word that is a question of its own. */
static bool state(struct compiler *c, const struct filter_word *w, struct fragment *out)
{
    struct carried k = c->carried;
    struct filter_term t = {.ask = w->ask, .sides = (uint8_t)k.sides};
    t.range.first = w->first;
    if (w->ask == ASK_TCP && w->has_sides) {
        uint64_t source = k.sides == SIDE_DESTINATION ? 0 : w->first;
        t.range.first = source | (k.sides == SIDE_SOURCE ? 0 : w->first << 1);
    }
    note_need(c, w, w->text);
    advance(c);
    c->carried = (struct carried){0};
    bool is_tag = w->ask == ASK_VLAN || w->ask == ASK_MPLS;
    c->number_wanted = is_tag ? w->text : NULL;
    return qualified(c, &k, &t, out);
}

/* src, dst, `src or dst`, `src and dst`. */
static void sides(struct compiler *c, const struct filter_word *first)
{
    c->carried.sides = (enum filter_sides)first->first;
    advance(c);
    if (c->token.kind != TOKEN_OR && c->token.kind != TOKEN_AND)
        return;
    struct token behind = token_after(c->text, &c->token);
    const struct filter_word *second = behind.kind == TOKEN_WORD
                                           ? filter_word(behind.word, LEVEL_ANY)
                                           : NULL;
    if (second == NULL || second->kind != WORD_SIDE || second->first == first->first)
        return;
    c->carried.sides = c->token.kind == TOKEN_OR ? SIDE_EITHER : SIDE_BOTH;
    advance(c);
    advance(c);
}

/* tcp, ip, ether, or a protocol of IP that has no word of its own. */
static bool protocol(struct compiler *c)
{
    const struct filter_word *w = filter_word(c->token.word, LEVEL_ANY);
    uint8_t number;
    if (w != NULL && w->kind != WORD_PROTOCOL)
        return false;
    if (w == NULL && !protocol_number(c->token.word, &number))
        return false;
    c->carried.protocol = w;
    c->carried.has_number = w == NULL;
    c->carried.number = w == NULL ? number : 0;
    c->carried.level = w != NULL && w->first == 0 ? LEVEL_ETHER : LEVEL_IP;
    advance(c);
    return true;
}

enum head { HEAD_TERM, HEAD_OPEN, HEAD_WRONG };

static enum head head_wrong(struct compiler *c, const char *says)
{
    (void)wrong(c, &c->token, says);
    return HEAD_WRONG;
}

/* Behind protocol and side: which type, or which state. has_side: src or dst stood there. */
static enum head type_or_state(struct compiler *c, bool has_protocol, bool has_side,
                               struct fragment *out)
{
    char says[ERROR_TEXT_SIZE];
    bool is_word = c->token.kind == TOKEN_WORD;
    const struct filter_word *w = is_word ? filter_word(c->token.word, c->carried.level) : NULL;
    if (w != NULL && w->kind == WORD_TYPE && has_side && !w->has_sides) {
        (void)snprintf(says, sizeof says, "%s has no sides: src and dst do not go before it",
                       w->text);
        return head_wrong(c, says);
    }
    if (w != NULL && w->kind == WORD_TYPE) {
        c->carried.type = w;
        advance(c);
        return HEAD_OPEN;
    }
    bool goes_behind = w != NULL && w->kind == WORD_STATE && (w->has_sides || !has_side) &&
                       (!has_protocol ||
                        (w->ask >= ASK_MULTICAST && w->ask <= ASK_ETHER_BROADCAST));
    if (goes_behind)
        return state(c, w, out) ? HEAD_TERM : HEAD_WRONG;
    uint8_t number;
    if (has_side && is_word &&
        (protocol_number(c->token.word, &number) || (w != NULL && w->kind == WORD_PROTOCOL)))
        return head_wrong(c, "a protocol stands before src and dst: tcp src port N");
    if (has_side && (!is_word || w != NULL))
        return head_wrong(c, "host, net, port or the like is wanted behind src and dst");
    if (has_side) {
        c->carried.type = filter_word("host", c->carried.level);
        return HEAD_OPEN;
    }
    if (c->carried.level == LEVEL_ETHER)
        return wrong(c, &c->token,
                     "host, src, dst, proto, multicast or broadcast is wanted behind "
                     "ether")
                   ? HEAD_TERM
                   : HEAD_WRONG;
    struct carried k = c->carried;
    c->carried = (struct carried){0};
    return protocol_term(c, &k, out) ? HEAD_TERM : HEAD_WRONG;
}

static bool begins_primitive(const struct token *t)
{
    uint8_t number;
    return t->kind == TOKEN_WORD &&
           (filter_word(t->word, LEVEL_ANY) != NULL || protocol_number(t->word, &number));
}

/* [protocol] [side] and then what type_or_state finds. */
static enum head head(struct compiler *c, struct fragment *out)
{
    c->carried = (struct carried){.sides = SIDE_EITHER};
    bool has_protocol = protocol(c);
    const struct filter_word *w = c->token.kind == TOKEN_WORD
                                      ? filter_word(c->token.word, LEVEL_ANY)
                                      : NULL;
    bool has_side = w != NULL && w->kind == WORD_SIDE;
    if (has_side)
        sides(c, w);
    return type_or_state(c, has_protocol, has_side, out);
}

static bool group_open(struct compiler *c, bool is_negated, bool of_type)
{
    if (c->depth == FILTER_NESTING_MAX) {
        if (c->spot != NULL)
            *c->spot = c->token.spot;
        return fail(c->err, ERROR_LIMIT,
                    "filter, column %zu: more than %d parentheses within each other",
                    c->token.spot.at + 1, FILTER_NESTING_MAX);
    }
    c->frames[++c->depth] = (struct frame){
        .negated = is_negated, .of_type = of_type, .opened = c->token.spot};
    if (!of_type)
        c->carried = (struct carried){0};
    advance(c);
    return true;
}

/* Up to the end of a primitive; parentheses on the way there are opened. */
static bool operand(struct compiler *c, struct fragment *out)
{
    bool is_negated = false, open = c->frames[c->depth].of_type;
    for (;;) {
        enum head found = HEAD_OPEN;
        if (c->token.kind == TOKEN_NOT) {
            is_negated = !is_negated;
            advance(c);
        } else if (c->token.kind == TOKEN_OPEN) {
            if (!group_open(c, is_negated, open))
                return false;
            is_negated = false;
        } else if (!open && begins_primitive(&c->token)) {
            found = head(c, out);
            open = true;
        } else if (open || (c->carried.type != NULL && c->token.kind <= TOKEN_COMPARE &&
                            (c->token.kind == TOKEN_WORD || c->token.kind == TOKEN_COMPARE))) {
            found = value(c, out) ? HEAD_TERM : HEAD_WRONG;
        } else if (c->token.kind == TOKEN_WORD) {
            return unknown_word(c);
        } else {
            return wrong(c, &c->token, "a question is wanted here, as tcp, host A or port N");
        }
        if (found == HEAD_WRONG)
            return false;
        if (found == HEAD_TERM) {
            *out = is_negated ? negated(*out) : *out;
            return true;
        }
    }
}

/* Takes an operand into the frame that is open. */
static void take(struct compiler *c, struct fragment x)
{
    struct frame *into = &c->frames[c->depth];
    into->left = into->has_left ? joined(c->filter, into->left, into->joined_by, x) : x;
    into->has_left = true;
}

static bool group_close(struct compiler *c)
{
    if (c->depth == 0)
        return wrong(c, &c->token, "closes a parenthesis that was not opened");
    const struct frame *done = &c->frames[c->depth--];
    take(c, done->negated ? negated(done->left) : done->left);
    if (!done->of_type) /* port (80 or 139) or 22: the type goes on */
        c->carried = (struct carried){0};
    advance(c);
    return true;
}

/* Something follows an operand that does not join it to the next. */
static bool no_join(struct compiler *c)
{
    static const char *const joins[] = {"and", "or", "not"};
    char says[ERROR_TEXT_SIZE];
    if (c->number_wanted != NULL &&
        (c->token.kind == TOKEN_COMPARE || strspn(c->token.word, "0123456789") > 0)) {
        (void)snprintf(says, sizeof says, "%s takes no number; did you mean '%s'?",
                       c->number_wanted, strcmp(c->number_wanted, "vlan") == 0 ? "vid" : "mid");
        return wrong(c, &c->token, says);
    }
    if (c->token.kind == TOKEN_COMPARE)
        return wrong(c, &c->token, "what stands before it is not compared");
    for (size_t i = 0; i < COUNT_OF(joins); i++)
        if (strcasecmp(c->token.word, joins[i]) == 0 && c->token.kind == TOKEN_WORD) {
            (void)snprintf(says, sizeof says, "words are written small; did you mean '%s'?",
                           joins[i]);
            return wrong(c, &c->token, says);
        }
    return wrong(c, &c->token, "'and' or 'or' is wanted before it");
}

/* Between two operands. */
static bool between(struct compiler *c)
{
    char says[ERROR_TEXT_SIZE];
    switch (c->token.kind) {
    case TOKEN_AND:
    case TOKEN_OR:
        c->number_wanted = NULL;
        c->frames[c->depth].joined_by = c->token.kind == TOKEN_AND;
        advance(c);
        return true;
    case TOKEN_WRONG:
        if (c->token.word[0] == '=')
            return wrong(c, &c->token, "equal is written eq, or ==, behind a word like port");
        (void)snprintf(says, sizeof says, "no sign of filters; did you mean '%.1s%.1s'?",
                       c->token.word, c->token.word);
        return wrong(c, &c->token, says);
    case TOKEN_WORD:
    case TOKEN_OPEN:
    case TOKEN_NOT:
    case TOKEN_COMPARE:
        return no_join(c);
    case TOKEN_END:
    case TOKEN_CLOSE:
        break;
    }
    return false;
}

static bool expression(struct compiler *c)
{
    for (;;) {
        struct fragment x;
        if (!operand(c, &x))
            return false;
        take(c, x);
        while (c->token.kind == TOKEN_CLOSE)
            if (!group_close(c))
                return false;
        if (c->token.kind == TOKEN_END)
            break;
        if (!between(c))
            return false;
    }
    if (c->depth == 0)
        return true;
    struct token opened = token_at(c->text, c->frames[c->depth].opened.at);
    return wrong(c, &opened, "is not closed");
}

struct filter *filter_compile(const char *text, struct filter_spot *spot, struct error *err)
{
    if (spot != NULL)
        *spot = (struct filter_spot){0};
    if (strnlen(text, FILTER_TEXT_MAX + 1) > FILTER_TEXT_MAX) {
        (void)fail(err, ERROR_LIMIT, "filter: longer than %d bytes", FILTER_TEXT_MAX);
        return NULL;
    }
    struct compiler *c = calloc(1, sizeof *c);
    struct filter *f = calloc(1, sizeof *f);
    bool good = c != NULL && f != NULL;
    if (good) {
        *c = (struct compiler){
            .text = text, .token = token_at(text, 0), .filter = f, .spot = spot, .err = err};
        f->entry = FILTER_YES;
        if (c->token.kind != TOKEN_END && (good = expression(c))) {
            const struct fragment *whole = &c->frames[0].left;
            chain_fill(f, whole->ends[0], FILTER_NO);
            chain_fill(f, whole->ends[1], FILTER_YES);
            f->entry = (uint16_t)whole->entry;
        }
    } else {
        (void)fail(err, ERROR_SYSTEM, "no memory for the filter");
    }
    free(c);
    if (good)
        return f;
    filter_free(f);
    return NULL;
}
