/* Patterns are compiled to machine code where the system lets us (PCRE2's JIT), else interpreted;
 * the limits hold either way. Neither UTF nor callouts: bytes in, yes or no out. */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "filter/pattern.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "filter/filter_inside.h"

enum { STACK_FIRST_BYTES = 32 * 1024 };

struct pattern {
    char *text; /* owned; as it was given */
    unsigned sides;
    pcre2_code *code;
};

struct patterns {
    size_t count;
    struct pattern items[PATTERNS_MAX];
    pcre2_match_context *context;
    pcre2_match_data *found;
    pcre2_jit_stack *stack;
    const struct pattern *limited;
};

static bool compile(struct pattern *p, const char *text, bool ignore_case, struct error *err)
{
    const char *expression = text;
    p->sides = SIDE_EITHER;
    if (strncmp(text, "s:", 2) == 0 || strncmp(text, "d:", 2) == 0) {
        p->sides = text[0] == 's' ? SIDE_SOURCE : SIDE_DESTINATION;
        expression += 2;
    }
    if (strnlen(text, PATTERN_LENGTH_MAX + 1) > PATTERN_LENGTH_MAX)
        return fail(err, ERROR_LIMIT, "longer than %d bytes", PATTERN_LENGTH_MAX);
    if (expression[0] == '\0')
        return fail(err, ERROR_USAGE, "empty: it would be found in everything");
    p->text = strdup(text);
    if (p->text == NULL)
        return fail(err, ERROR_SYSTEM, "no memory");
    uint32_t options = PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_UTF | PCRE2_NEVER_UCP |
                       (ignore_case ? PCRE2_CASELESS : 0);
    int why;
    PCRE2_SIZE at;
    p->code = pcre2_compile((PCRE2_SPTR)expression, PCRE2_ZERO_TERMINATED, options, &why, &at,
                            NULL);
    if (p->code == NULL) {
        PCRE2_UCHAR says[256];
        (void)pcre2_get_error_message(why, says, sizeof says);
        return fail(err, ERROR_USAGE, "column %zu: %s",
                    (size_t)at + 1 + (size_t)(expression - text), (const char *)says);
    }
    /* Where the system forbids new machine code the pattern is interpreted: only speed differs. */
    (void)pcre2_jit_compile(p->code, PCRE2_JIT_COMPLETE);
    return true;
}

static bool prepare(struct patterns *p)
{
    p->context = pcre2_match_context_create(NULL);
    p->found = pcre2_match_data_create(1, NULL);
    p->stack = pcre2_jit_stack_create(STACK_FIRST_BYTES, PATTERN_STACK_BYTES, NULL);
    if (p->context == NULL || p->found == NULL)
        return false;
    (void)pcre2_set_match_limit(p->context, PATTERN_MATCH_LIMIT);
    (void)pcre2_set_depth_limit(p->context, PATTERN_DEPTH_LIMIT);
    (void)pcre2_set_heap_limit(p->context, PATTERN_HEAP_KIB_LIMIT);
    if (p->stack != NULL) /* else the 32 KiB of its own */
        pcre2_jit_stack_assign(p->context, NULL, p->stack);
    return true;
}

struct patterns *patterns_compile(const char *const *texts, size_t count, bool ignore_case,
                                  struct error *err)
{
    if (count > PATTERNS_MAX) {
        (void)fail(err, ERROR_LIMIT, "more than %d patterns", PATTERNS_MAX);
        return NULL;
    }
    struct patterns *p = calloc(1, sizeof *p);
    bool good = p != NULL && prepare(p);
    if (!good)
        (void)fail(err, ERROR_SYSTEM, "no memory for patterns");
    for (size_t i = 0; good && i < count; i++) {
        p->count = i + 1;
        good = compile(&p->items[i], texts[i], ignore_case, err);
        if (!good)
            (void)fail_in(err, "pattern '%.100s'", texts[i]);
    }
    if (good)
        return p;
    patterns_free(p);
    return NULL;
}

void patterns_free(struct patterns *p)
{
    if (p == NULL)
        return;
    for (size_t i = 0; i < p->count; i++) {
        free(p->items[i].text);
        pcre2_code_free(p->items[i].code);
    }
    pcre2_match_data_free(p->found);
    pcre2_match_context_free(p->context);
    pcre2_jit_stack_free(p->stack);
    free(p);
}

/* Any other failure, too, means that it is not known whether the pattern is there. */
static enum patterns_result search(struct patterns *p, const struct pattern *wanted,
                                   const struct flow_side *side)
{
    if (!side->data_present)
        return PATTERNS_MISSED;
    const uint8_t *bytes = side->data.left > 0 ? side->data.next : (const uint8_t *)"";
    int result = pcre2_match(wanted->code, bytes, side->data.left, 0, 0, p->found, p->context);
    if (result >= 0)
        return PATTERNS_MATCHED;
    return result == PCRE2_ERROR_NOMATCH ? PATTERNS_MISSED : PATTERNS_LIMIT;
}

/* Found on one side is found, whatever became of the search of the other. */
static enum patterns_result one(struct patterns *p, const struct pattern *wanted,
                                const struct flow_record *record)
{
    enum patterns_result source = PATTERNS_MISSED;
    if ((wanted->sides & SIDE_SOURCE) != 0)
        source = search(p, wanted, &record->side[0]);
    if (source == PATTERNS_MATCHED || (wanted->sides & SIDE_DESTINATION) == 0)
        return source;
    enum patterns_result destination = search(p, wanted, &record->side[1]);
    return destination == PATTERNS_MISSED ? source : destination;
}

enum patterns_result patterns_match(struct patterns *p, const struct flow_record *record)
{
    enum patterns_result all = PATTERNS_MATCHED;
    for (size_t i = 0; i < p->count; i++) {
        enum patterns_result found = one(p, &p->items[i], record);
        if (found == PATTERNS_MISSED)
            return PATTERNS_MISSED; /* it is known, whatever was given up */
        if (found == PATTERNS_LIMIT) {
            p->limited = &p->items[i];
            all = PATTERNS_LIMIT;
        }
    }
    return all;
}

const char *patterns_limited_by(const struct patterns *p)
{
    return p->limited != NULL ? p->limited->text : NULL;
}
