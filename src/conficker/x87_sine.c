/* FSIN by integers: x * 2^66 modulo a turn of 2 * pi66 is exact, then an ordinary sine of a small
 * angle.
 *
 * pi66 is divisible by 4, so a turn is divisible by 8 and the remainder can be taken of x * 2^63
 * by an eighth of the turn: x * 2^63 has at most 128 bits, x * 2^66 would not fit.
 *
 * The small angle is rounded to 53 bits and libm's sine may err in the last bit, so the result is
 * FSIN's within an ulp or two of 2^-53. That is enough for the generators: they round p + sin(d)
 * to 53 bits with p a whole number, so 2^-53 matters only beside a p of a few bits or exactly on a
 * tie, about once in 10^18 calls. */
#include "conficker/x87_sine.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>

__extension__ typedef unsigned __int128 wide;

#define ANGLE_BITS 66
#define HALF_TURN ((wide)0xC << 64 | (wide)0x90FDAA22168C234C)
#define TURN_EIGHTH (HALF_TURN >> 2)

_Static_assert((0x90FDAA22168C234C & 3) == 0, "an eighth of a turn is a whole number");

double x87_sine(double number)
{
    assert(number >= 0 && number <= 0x1p64);
    wide angle = ((wide)number << (ANGLE_BITS - 3)) % TURN_EIGHTH << 3;
    bool below_axis = angle >= HALF_TURN;
    if (below_axis)
        angle -= HALF_TURN;
    if (2 * angle > HALF_TURN)
        angle = HALF_TURN - angle;
    double sine = sin((double)angle * 0x1p-66);
    return below_axis ? -sine : sine;
}
