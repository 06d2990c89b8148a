/* The captures are read by the program's own sources: flows that began and DNS messages are what
 * is asked of them. */
#include "corpus_model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conficker/ports.h"
#include "engine/walk.h"
#include "observe/observation.h"
#include "observe/packet.h"
#include "source/input.h"
#include "source/source.h"
#include "wire/dns.h"

struct reading {
    struct sink sink; /* first: a sink is given back as the whole */
    struct model *model;
};

static void note_pair(struct model *m, const struct observation *seen)
{
    if (seen->protocol != IP_TCP && seen->protocol != IP_UDP)
        return;
    if (!seen->client_known || !address_is_v4(seen->server.address) ||
        seen->server.port < PORT_LOWEST || m->pair_count == MODEL_PAIRS_MAX)
        return;
    m->pairs[m->pair_count++] = (struct model_pair){.address = address_v4(seen->server.address),
                                                    .port = seen->server.port};
}

/* The longest end of the name that is a label and a suffix of some list; NULL: there is none. */
static const char *end_of(const struct dns_name *name)
{
    const char *end = name->text;
    for (;; end++) {
        struct domain_shape shape;
        size_t left = name->length - (size_t)(end - name->text);
        if (domain_shape_of(end, left, &shape))
            return end;
        end = memchr(end, '.', left);
        if (end == NULL)
            return NULL;
    }
}

static unsigned letter_of(char c)
{
    return (unsigned)(c - 'a');
}

static void note_name(struct model *m, const struct dns_name *name)
{
    const char *at = end_of(name);
    if (at == NULL || m->suffix_count == MODEL_SUFFIXES_MAX)
        return;
    unsigned last = MODEL_LETTERS - 1;
    for (; *at != '.'; at++) {
        if (*at < 'a' || *at > 'z')
            return;
        m->follows[last][letter_of(*at)]++;
        last = letter_of(*at);
    }
    m->follows[last][MODEL_LETTERS - 1]++;
    (void)snprintf(m->suffixes[m->suffix_count++], sizeof m->suffixes[0], "%.6s", at + 1);
    m->names++;
}

static void take(struct sink *self, const struct observation *seen)
{
    struct model *m = ((struct reading *)self)->model;
    if (seen->kind == OBSERVED_BEGIN)
        note_pair(m, seen);
    else if (seen->kind == OBSERVED_DNS && !seen->dns->is_response)
        for (unsigned i = 0; i < seen->dns->name_count; i++)
            note_name(m, &seen->dns->names[i]);
}

static void read_capture(struct model *m, const char *path)
{
    struct error err;
    struct source_settings settings = {.since_us = INT64_MIN, .until_us = INT64_MAX};
    struct reading r = {.sink = sink_of_nothing, .model = m};
    r.sink.take = take;
    struct input *in = input_open(path, &err);
    const struct source_format *format = in != NULL ? source_format_for(in) : NULL;
    void *source = format != NULL ? format->open(in, &settings, &err) : NULL;
    while (source != NULL) {
        enum source_result result = format->next(source, &r.sink, &err);
        if (result == SOURCE_END || result == SOURCE_DAMAGED)
            break;
    }
    m->files += source != NULL;
    if (source != NULL)
        format->close(source);
    input_close(in);
}

static int compare_pairs(const void *a, const void *b)
{
    const struct model_pair *x = a, *y = b;
    if (x->address != y->address)
        return x->address < y->address ? -1 : 1;
    return (x->port > y->port) - (x->port < y->port);
}

static void settle(struct model *m)
{
    size_t kept = 0;
    if (m->pair_count > 0)
        qsort(m->pairs, m->pair_count, sizeof m->pairs[0], compare_pairs);
    for (size_t i = 0; i < m->pair_count; i++)
        if (kept == 0 || compare_pairs(&m->pairs[kept - 1], &m->pairs[i]) != 0)
            m->pairs[kept++] = m->pairs[i];
    m->pair_count = kept;
    for (unsigned from = 0; from < MODEL_LETTERS; from++)
        for (unsigned to = 0; to < MODEL_LETTERS; to++)
            /* One more of everything: what the captures lack is rare, not impossible. */
            m->follows[from][to] += 1 + (to > 0 ? m->follows[from][to - 1] : 0);
}

struct model *model_of(const char *folder)
{
    struct error err;
    struct walk walk = {0};
    struct model *m = calloc(1, sizeof *m);
    if (m == NULL || !walk_add(&walk, folder, &err)) {
        (void)fprintf(stderr, "%s cannot be read\n", folder);
        free(m);
        return NULL;
    }
    for (size_t i = 0; i < walk.count; i++)
        read_capture(m, walk.paths[i]);
    walk_free(&walk);
    settle(m);
    if (m->pair_count == 0 || m->suffix_count == 0) {
        (void)fprintf(stderr, "the captures below %s have no flows or no names\n", folder);
        free(m);
        return NULL;
    }
    return m;
}

uint32_t drawn_evenly_in_log(uint64_t *state, uint32_t low, uint32_t high)
{
    double share = (double)(drawn(state) >> 11) * 0x1p-53;
    return (uint32_t)(low * pow((double)high / low, share));
}

struct model_pair model_draw_pair(const struct model *m, uint64_t *state)
{
    struct model_pair pair = m->pairs[drawn_below(state, (uint32_t)m->pair_count)];
    uint64_t chosen = drawn(state);
    if ((chosen & 3) != 0)
        pair.address ^= (uint32_t)(chosen >> 32) & ((chosen & 3) == 1 ? 0xffff : 0xffffff);
    return pair;
}

static unsigned draw_letter(const struct model *m, uint64_t *state, unsigned last)
{
    uint32_t at = drawn_below(state, m->follows[last][MODEL_LETTERS - 1]);
    unsigned letter = 0;
    while (m->follows[last][letter] <= at)
        letter++;
    return letter;
}

size_t model_draw_name(const struct model *m, uint64_t *state, char name[static DOMAIN_NAME_SIZE])
{
    size_t length;
    do {
        unsigned last = MODEL_LETTERS - 1;
        for (length = 0; length <= DOMAIN_LABEL_MAX; length++) {
            last = draw_letter(m, state, last);
            if (last == MODEL_LETTERS - 1)
                break;
            name[length] = (char)('a' + last);
        }
    } while (length < DOMAIN_LABEL_MIN || length > DOMAIN_LABEL_MAX);
    const char *suffix = m->suffixes[drawn_below(state, (uint32_t)m->suffix_count)];
    name[length++] = '.';
    size_t more = strlen(suffix);
    memcpy(name + length, suffix, more + 1);
    return length + more;
}
