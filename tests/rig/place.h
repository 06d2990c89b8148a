/* Where a program that plays hosts may listen: on 127.0.0.0/8, and elsewhere only in a network
 * namespace that somebody made for a test, which is one that is not that of process 1. Where that
 * cannot be told, nowhere else. */
#ifndef WORMSIGN_TESTS_RIG_PLACE_H
#define WORMSIGN_TESTS_RIG_PLACE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/error.h"

/* The dotted form of a numeric address, first octet highest. */
void address_words(uint32_t address, char words[static INET_ADDRSTRLEN]);

bool is_loopback(uint32_t address);

/* any: the user has said --any. */
bool place_is_harmless(bool any, struct error *err) MUST_CHECK;
bool address_is_harmless(uint32_t address, const char *variant, bool any,
                         struct error *err) MUST_CHECK;

/* As many open files as the system allows: *most says how many. */
bool files_raise(uint64_t *most, struct error *err) MUST_CHECK;

#endif
