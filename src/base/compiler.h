/* The few compiler attributes this project uses, under names of their own.
 *
 * C17 has no attributes; GCC 12 and Clang 14 both know these. Everything else is plain C. */
#ifndef WORMSIGN_BASE_COMPILER_H
#define WORMSIGN_BASE_COMPILER_H

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(format_at, first_at) __attribute__((format(printf, format_at, first_at)))
#define RARELY(condition) __builtin_expect(!!(condition), 0)
#define MOSTLY(condition) __builtin_expect(!!(condition), 1)
#define COLD __attribute__((cold, noinline))
#define ALWAYS_INLINE inline __attribute__((always_inline))

/* Number of elements of an array (not of a pointer). */
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
