/* How long the name generators, the shape gate and the name index take, on one core. Prints the
 * best of several rounds, which is the one that the machine disturbed least. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/compiler.h"
#include "base/hash.h"
#include "base/time.h"
#include "conficker/domains.h"
#include "conficker/name_index.h"

enum { ROUNDS = 15, LOOK_UPS = 1 << 20 };

static double seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Results go here, so that no compiler may leave the work out. */
static volatile uint64_t sink;

static void generate_list_d(void *context)
{
    (void)context;
    struct domain_generator generator;
    char name[DOMAIN_NAME_SIZE];
    uint64_t sum = 0;
    domains_begin(&generator, NAME_LIST_D, day_of_date(2009, 4, 1));
    for (size_t i = 0; i < domains_count(NAME_LIST_D); i++)
        sum += domains_next(&generator, name) + (uint8_t)name[0];
    sink = sum;
}

static void fill_index(void *context)
{
    struct name_index *index = context;
    name_index_reset(index, day_of_date(2009, 4, 1));
    name_index_fill(index, 1u << NAME_LIST_A | 1u << NAME_LIST_B | 1u << NAME_LIST_D);
    sink = index->large[0];
}

static const char *const ordinary[] = {"www.google.com",
                                       "google.com",
                                       "mail.example.org",
                                       "fonts.gstatic.com",
                                       "update.microsoft.com",
                                       "ocsp.digicert.com",
                                       "65.1.168.192.in-addr.arpa",
                                       "api.github.com",
                                       "printer-2.corp.local",
                                       "bbc.co.uk",
                                       "ntp.ubuntu.com",
                                       "clients4.google.com",
                                       "heise.de",
                                       "detectportal.firefox.com",
                                       "outlook.office365.com",
                                       "debian.org"};

struct names {
    const char *text[LOOK_UPS];
    size_t length[LOOK_UPS];
};

static void judge_ordinary_names(void *context)
{
    const struct names *names = context;
    uint64_t sum = 0;
    for (size_t i = 0; i < LOOK_UPS; i++) {
        struct domain_shape shape;
        if (domain_shape_of(names->text[i], names->length[i], &shape))
            sum += shape.label_length;
    }
    sink = sum;
}

struct look_ups {
    const struct name_index *index;
    uint64_t hashes[LOOK_UPS];
};

static void look_up_hashes(void *context)
{
    const struct look_ups *asked = context;
    struct name_match match;
    uint64_t sum = 0;
    for (size_t i = 0; i < LOOK_UPS; i++)
        if (name_index_find(asked->index, NAME_LIST_D, asked->hashes[i], &match))
            sum += match.position;
    sink = sum;
}

static void hash_ordinary_names(void *context)
{
    const struct names *names = context;
    uint64_t sum = 0;
    for (size_t i = 0; i < LOOK_UPS; i++)
        sum += name_hash(names->text[i], names->length[i]);
    sink = sum;
}

static double best_of(void (*work)(void *context), void *context)
{
    double best = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        double start = seconds();
        work(context);
        double taken = seconds() - start;
        if (taken < best)
            best = taken;
    }
    return best;
}

int main(void)
{
    struct name_index *index = calloc(1, sizeof *index);
    struct names *names = malloc(sizeof *names);
    struct look_ups *asked = malloc(sizeof *asked);
    if (index == NULL || names == NULL || asked == NULL)
        return 1;
    /* In random order: a fixed rotation would be learned by the branch predictor. */
    for (size_t i = 0; i < LOOK_UPS; i++) {
        names->text[i] = ordinary[hash_number(i) % COUNT_OF(ordinary)];
        names->length[i] = strlen(names->text[i]);
        asked->hashes[i] = hash_number(i);
    }
    asked->index = index;
    printf("50,000 names of D        %7.2f ms\n", 1e3 * best_of(generate_list_d, NULL));
    printf("index of A, B and D      %7.2f ms\n", 1e3 * best_of(fill_index, index));
    printf("shape of ordinary names  %7.1f M/s\n",
           LOOK_UPS / 1e6 / best_of(judge_ordinary_names, names));
    printf("hash of ordinary names   %7.1f M/s\n",
           LOOK_UPS / 1e6 / best_of(hash_ordinary_names, names));
    printf("look-ups of foreign names%7.1f M/s\n", LOOK_UPS / 1e6 / best_of(look_up_hashes, asked));
    free(asked);
    free(names);
    free(index);
    return 0;
}
