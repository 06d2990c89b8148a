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

#endif
