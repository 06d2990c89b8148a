/* A sign: one kind of evidence about one host on one UTC day, with the facts a person can check.
 *
 * What a sign means stands once, in the table of sign_kinds: `explain`, `list` and the reports read
 * it there. */
#ifndef WORMSIGN_EVIDENCE_SIGN_H
#define WORMSIGN_EVIDENCE_SIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/address.h"

struct text;

/* Microsoft's names; SRI's where they differ are added by variants_say. Bits of a set. */
enum variant {
    VARIANT_A = 1,
    VARIANT_B = 2,
    VARIANT_C = 4,
    VARIANT_D = 8,
    VARIANT_E = 16,
    VARIANT_E_FIRST = 32 /* no variant: of D and E, E is the likelier */
};

enum { VARIANTS_MAX = 5 };

/* Marks stand beside the verdict, never instead of it. Bits of a set. */
enum mark {
    MARK_ATTACKED = 1,
    MARK_FETCHED = 2,
    MARK_RELAY = 4,
    MARK_SCANNER = 8,
    MARK_UNPATCHED = 16
};

enum { MARKS = 5 };

/* What a mark says, for people. */
struct mark_kind {
    enum mark mark;
    const char *meaning, *advice;
};

extern const struct mark_kind mark_kinds[MARKS];

enum sign_id {
    SIGN_P2P_ANSWER,
    SIGN_P2P_ODD_ANSWER,
    SIGN_SMB_ANSWER,
    SIGN_P2P_MESSAGE,
    SIGN_P2P_LISTENER,
    SIGN_P2P_PORTS,
    SIGN_SMB_SWEEP,
    SIGN_SWEEP_PATTERN,
    SIGN_EXPLOIT,
    SIGN_CALLBACK,
    SIGN_ODD_HTTP,
    SIGN_RENDEZVOUS_DNS,
    SIGN_RENDEZVOUS_HTTP,
    SIGN_KNOWN_SITE,
    SIGN_IDS
};

struct sign_kind {
    const char *id;      /* "p2p-ports" */
    const char *weight;  /* "proof", "statistical", "3": in words for people */
    const char *claim;   /* one sentence: what it says of a host */
    const char *meaning; /* a paragraph: how it is judged and how it errs */
    const char *advice;  /* a paragraph: what to do */
};

/* The kind of a sign; every id has one. */
const struct sign_kind *sign_kind_of(enum sign_id id);

/* The kind with this id text, or NULL. */
const struct sign_kind *sign_kind_named(const char *id);

enum sign_weight { WEIGHT_POINTS, WEIGHT_STATISTICAL, WEIGHT_PROOF };

/* A fact: a number, a text, or one item of a list (items of one name that follow each other make
 * the list). Text from the network is stored as it came, at most FACT_TEXT_SIZE - 1 bytes: writers
 * escape it. */
enum fact_kind { FACT_NUMBER, FACT_TEXT, FACT_ITEM };

enum { FACT_TEXT_SIZE = 120, FACTS_MAX = 12, SIGN_SAYS_SIZE = 320 };

struct fact {
    const char *name; /* static */
    enum fact_kind kind;
    double number;
    char text[FACT_TEXT_SIZE];
};

/* One flow of those that a sign rests on, seen from its host: for tools that look for the flow
 * elsewhere. */
struct sign_flow {
    struct address peer;
    uint16_t port, peer_port; /* its own, the other's; 0: not known */
    uint32_t protocol;        /* as in IP; 0: no flow is known */
};

struct sign {
    enum sign_id id;
    int32_t day;    /* the UTC day it is weighed on */
    unsigned tests; /* statistical detectors that could have spoken of the host on that day */
    enum sign_weight weight;
    double points; /* WEIGHT_POINTS only */
    /* WEIGHT_STATISTICAL only: log10 of the chance that an innocent host shows it in a day. */
    double false_alarm_log10;
    bool has_of;
    uint64_t count, of; /* "41 of 43" */
    int64_t first_us, last_us;
    unsigned variants, marks; /* bits */
    bool below_floor;         /* statistical: too few cases to convict, however small the chance */
    bool bare_only;           /* p2p-message: nothing but bare requests, as a scanner sends them */
    /* One sentence, plain printable text; foreign text in it is escaped already. */
    char says[SIGN_SAYS_SIZE];
    struct sign_flow flow;
    unsigned fact_count;
    struct fact facts[FACTS_MAX];
};

/* Append a fact; silently full after FACTS_MAX (facts are examples, the counts are whole). */
void sign_add_number(struct sign *s, const char *name, double number);
void sign_add_text(struct sign *s, enum fact_kind kind, const char *name, const char *text);

/* The variants of a set, the likeliest first, else in their order; returns how many. */
unsigned variants_in_order(unsigned variants, enum variant out[static VARIANTS_MAX]);

/* Appends "D (SRI: C) or E": Microsoft's letters, SRI's beside them where old texts say another. */
void variants_say(struct text *out, unsigned variants);

/* "A", "B", ... for one bit; "attacked", ... for one bit. */
const char *variant_text(enum variant one);
const char *mark_text(enum mark one);

/* Append all of a set, and the kinds of these signs, each once, with this between them. */
void variants_list(struct text *out, unsigned variants, const char *between);
void marks_list(struct text *out, unsigned marks, const char *between);
void sign_kinds_list(struct text *out, const struct sign *signs, size_t count, const char *between);

#endif
