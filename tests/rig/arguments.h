/* What the programs that play hosts are told: numbers, and which address plays what, on the command
 * line or a line each in a file. */
#ifndef WORMSIGN_TESTS_RIG_ARGUMENTS_H
#define WORMSIGN_TESTS_RIG_ARGUMENTS_H

#include <stdbool.h>
#include <stdint.h>
#include "base/error.h"

bool number_parse(const char *text, const char *option, int64_t first, int64_t last, int64_t *out,
                  struct error *err) MUST_CHECK;
bool ipv4_parse(const char *text, uint32_t *out, struct error *err) MUST_CHECK;

enum { ROLE_LINE_SIZE = 256 };

/* Takes ADDRESS=VARIANT apart; *variant is borrowed from the text. Neither is looked at. */
bool role_parse(const char *text, char address[static ROLE_LINE_SIZE], const char **variant,
                struct error *err) MUST_CHECK;

/* Hands over each of `count` arguments, and of "@FILE" each line of the file; empty lines and lines
 * that begin with # are passed over. */
bool roles_take(int count, char **arguments,
                bool (*add)(void *context, const char *text, struct error *err), void *context,
                struct error *err) MUST_CHECK;

#endif
