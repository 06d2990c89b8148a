/* How fast are random payloads turned away? The gate (two key steps) against the whole parse, on
 * random UDP payloads of 40 bytes: what every high port of a busy network looks like. */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "base/hash.h"
#include "conficker/message.h"

enum { PAYLOADS = 16384, PAYLOAD_SIZE = 40, ROUNDS_GATE = 4000, ROUNDS_PARSE = 400 };

static uint8_t payloads[PAYLOADS][PAYLOAD_SIZE];

static double now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static uint64_t gate_all(void)
{
    uint64_t passed = 0;
    for (size_t i = 0; i < PAYLOADS; i++)
        passed += message_may_be(reader_over(payloads[i], PAYLOAD_SIZE), TRANSPORT_UDP);
    return passed;
}

static uint64_t parse_all(void)
{
    uint64_t parsed = 0;
    uint8_t scratch[PAYLOAD_SIZE];
    struct message m;
    for (size_t i = 0; i < PAYLOADS; i++)
        parsed += message_parse(reader_over(payloads[i], PAYLOAD_SIZE), TRANSPORT_UDP, scratch,
                                sizeof scratch, &m) == MESSAGE_OK;
    return parsed;
}

static void measure(const char *what, uint64_t (*all)(void), int rounds)
{
    double start = now();
    uint64_t passed = 0;
    for (int i = 0; i < rounds; i++)
        passed += all();
    double payloads_done = (double)rounds * PAYLOADS, seconds = now() - start;
    printf("%-6s %6.1f M payloads/s, 1 in %.1f passes\n", what, payloads_done / seconds * 1e-6,
           payloads_done / (double)passed);
}

int main(void)
{
    for (size_t i = 0; i < PAYLOADS; i++)
        for (size_t k = 0; k < PAYLOAD_SIZE; k++)
            payloads[i][k] = (uint8_t)hash_pair(i, k);
    measure("gate", gate_all, ROUNDS_GATE);
    measure("parse", parse_all, ROUNDS_PARSE);
    return 0;
}
