/* cmocka as the unit tests use it: its four headers in their order, and its macro fail() out of the
 * way of ours. */
#ifndef WORMSIGN_TESTS_TESTING_H
#define WORMSIGN_TESTS_TESTING_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#undef fail

/* Fails with words of its own, as fail_msg does, which needs fail. */
#define fails(...) (print_error(__VA_ARGS__), print_error("\n"), _fail(__FILE__, __LINE__))

#endif
