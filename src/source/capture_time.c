/* The arithmetic: seconds and the rest are told apart first, so that no product passes 64 bits.
 * Decimal, n >= 6: the rest divided by 10^(n-6); n < 6: times 10^(6-n), below 10^6. Binary: rest *
 * 10^6 >> n, where for n > 44 the rest first loses its lowest n - 44 bits (10^6 < 2^20). */
#include "source/capture_time.h"

#include "base/time.h"

/* 0000-01-01T00:00:00Z and 9999-12-31T23:59:59Z */
#define SECONDS_FIRST INT64_C(-62167219200)
#define SECONDS_LAST INT64_C(253402300799)

enum {
    BINARY_EXACT_BITS = 44,
    MICROSECOND_EXPONENT = 6,
    NANOSECOND_EXPONENT = 9,
    MICROSECOND_BITS = 20 /* 2^-20 s is the coarsest binary unit below a microsecond */
};

static const uint64_t powers_of_ten[] = {
    1,
    10,
    100,
    1000,
    10000,
    100000,
    1000000,
    10000000,
    100000000,
    1000000000,
    10000000000,
    100000000000,
    1000000000000,
    10000000000000,
    100000000000000,
    1000000000000000,
    10000000000000000,
    100000000000000000,
    1000000000000000000,
    UINT64_C(10000000000000000000),
};
_Static_assert(COUNT_OF(powers_of_ten) == CAPTURE_TIME_DECIMAL_MAX + 1, "one power an exponent");

bool capture_time_is_known(const struct pcapng_interface *interface)
{
    return interface->exponent <=
           (interface->binary ? CAPTURE_TIME_BINARY_MAX : CAPTURE_TIME_DECIMAL_MAX);
}

static void split_decimal(unsigned exponent, uint64_t units, uint64_t *seconds, uint64_t *rest_us)
{
    *seconds = units / powers_of_ten[exponent];
    uint64_t rest = units % powers_of_ten[exponent];
    *rest_us = exponent >= MICROSECOND_EXPONENT
                   ? rest / powers_of_ten[exponent - MICROSECOND_EXPONENT]
                   : rest * powers_of_ten[MICROSECOND_EXPONENT - exponent];
}

static void split_binary(unsigned exponent, uint64_t units, uint64_t *seconds, uint64_t *rest_us)
{
    *seconds = units >> exponent;
    uint64_t rest = units & ((UINT64_C(1) << exponent) - 1);
    if (exponent > BINARY_EXACT_BITS) {
        rest >>= exponent - BINARY_EXACT_BITS;
        exponent = BINARY_EXACT_BITS;
    }
    *rest_us = (rest * (uint64_t)US_PER_SECOND) >> exponent;
}

static int64_t time_clipped(bool past, struct capture_notes *notes)
{
    notes->clipped_times++;
    return past ? SECONDS_FIRST * US_PER_SECOND : SECONDS_LAST * US_PER_SECOND;
}

int64_t capture_time(const struct pcapng_interface *interface, uint64_t units,
                     struct capture_notes *notes)
{
    uint64_t seconds, rest_us;
    if (RARELY(!interface->time_known))
        return TIME_NONE;
    if (interface->binary)
        split_binary(interface->exponent, units, &seconds, &rest_us);
    else
        split_decimal(interface->exponent, units, &seconds, &rest_us);
    int64_t whole;
    if (RARELY(__builtin_add_overflow(seconds, interface->offset_seconds, &whole)))
        return time_clipped(false, notes); /* seconds are never negative: only upwards */
    if (RARELY(whole < SECONDS_FIRST || whole > SECONDS_LAST))
        return time_clipped(whole < SECONDS_FIRST, notes);
    return whole * US_PER_SECOND + (int64_t)rest_us;
}

bool capture_time_is_fine(const struct pcapng_interface *interface)
{
    return interface->time_known &&
           interface->exponent > (interface->binary ? MICROSECOND_BITS - 1 : MICROSECOND_EXPONENT);
}

uint16_t capture_time_rest_ns(const struct pcapng_interface *interface, uint64_t units)
{
    unsigned exponent = interface->exponent;
    if (!capture_time_is_fine(interface))
        return 0;
    if (!interface->binary) {
        if (MOSTLY(exponent == NANOSECOND_EXPONENT))
            return (uint16_t)(units % 1000);
        if (exponent > NANOSECOND_EXPONENT)
            return (uint16_t)(units / powers_of_ten[exponent - NANOSECOND_EXPONENT] % 1000);
        uint64_t rest = units % powers_of_ten[exponent - MICROSECOND_EXPONENT];
        return (uint16_t)(rest * powers_of_ten[NANOSECOND_EXPONENT - exponent]);
    }
    uint64_t rest = units & ((UINT64_C(1) << exponent) - 1);
    if (exponent > BINARY_EXACT_BITS) {
        rest >>= exponent - BINARY_EXACT_BITS;
        exponent = BINARY_EXACT_BITS;
    }
    /* What split_binary shifts out, so that the two fit together. */
    uint64_t below = (rest * (uint64_t)US_PER_SECOND) & ((UINT64_C(1) << exponent) - 1);
    return (uint16_t)((below * 1000) >> exponent);
}
