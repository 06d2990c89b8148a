/* The sine as the x87's FSIN instruction computes it, in portable integer arithmetic.
 *
 * The worm's name generators take the sine of numbers near 2^62. The x87 reduces such an argument
 * with a pi of only 66 bits (0xC90FDAA22168C234C / 2^66), which is another number there than the
 * true sine; a modern libm gives the true one and so other names.
 * Source: Intel's manuals (volume 1, "Approximation of Pi"); compared with the instruction. */
#ifndef WORMSIGN_CONFICKER_X87_SINE_H
#define WORMSIGN_CONFICKER_X87_SINE_H

/* FSIN of a whole number, 0 <= number <= 2^64, rounded to 53 bits (the last bit may differ from the
 * instruction's). From 2^63 on the instruction declines; here the reduction simply goes on. */
double x87_sine(double number);

#endif
