/* The filter language: any text compiles, or is refused with a word of it to blame; and what
 * compiles answers, the opposite of its negation. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "filter/filter.h"

static struct flow_record records[4];

/* Of all kinds of numbers, from the text itself. */
static void make_records(const uint8_t *data, size_t size)
{
    memset(records, 0, sizeof records);
    for (size_t i = 0; i < 4; i++) {
        struct flow_record *r = &records[i];
        uint64_t seed = size + i * UINT64_C(0x9e3779b97f4a7c15);
        for (size_t n = 0; n < size && n < 64; n++)
            seed = (seed ^ data[n]) * UINT64_C(0x100000001b3);
        r->kind = (enum flow_kind)(i == 0 ? FLOW_IPV4 : seed % (FLOW_OTHER + 1));
        r->protocol = i % 2 == 0 ? 6 : (uint8_t)(seed >> 8);
        r->counts_known = r->times_known = r->loss_known = (seed >> 16 & 3) != 0;
        r->tcp_status = (uint32_t)(seed >> 20);
        r->last_us = (int64_t)(seed >> 40);
        r->mapped = (enum flow_icmp_mapped)(seed >> 3 & 3);
        for (unsigned side = 0; side < 2; side++) {
            r->side[side].end.address = address_of_v4((uint32_t)(seed >> (8 * side)));
            r->side[side].end.port = (uint16_t)(seed >> (16 * side));
            r->side[side].packets = seed >> (48 + side) & 255;
            r->side[side].bytes = r->side[side].packets * 60;
        }
    }
}

/* not ( text ), as it is; NULL where there is no room or no memory. */
static struct filter *negation(const char *text, size_t size)
{
    static const char before[] = "not (", behind[] = ")";
    char *whole = malloc(size + sizeof before + sizeof behind);
    if (whole == NULL)
        return NULL;
    memcpy(whole, before, sizeof before - 1);
    memcpy(whole + sizeof before - 1, text, size);
    memcpy(whole + sizeof before - 1 + size, behind, sizeof behind);
    struct filter *f = filter_compile(whole, NULL, NULL);
    free(whole);
    return f;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct filter_spot spot;
    struct error err = {0};
    char *text = malloc(size + 1);
    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    size_t length = strlen(text);
    struct filter *f = filter_compile(text, &spot, &err);
    assert(spot.at <= length && spot.length <= length - spot.at);
    assert((f == NULL) == (err.kind != ERROR_NONE));
    struct filter *opposite = f != NULL ? negation(text, length) : NULL;
    make_records(data, size);
    for (size_t i = 0; f != NULL && i < 4; i++) {
        bool answer = filter_matches(f, &records[i]);
        assert(opposite == NULL || filter_matches(opposite, &records[i]) != answer);
    }
    filter_free(opposite);
    filter_free(f);
    free(text);
    return 0;
}
