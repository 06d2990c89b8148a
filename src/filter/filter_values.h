/* What follows a type: an address, a port, a number; text to what a term asks for. */
#ifndef WORMSIGN_FILTER_FILTER_VALUES_H
#define WORMSIGN_FILTER_FILTER_VALUES_H

#include <stdbool.h>
#include "base/error.h"
#include "filter/filter_inside.h"
#include "filter/filter_words.h"

/* Reads text as `type` wants it, into the part of *out that its ask looks at; compared: a
 * comparison stood before it. protocol: the number of the one that qualifies the type, or 0. False,
 * and *err says what would be right; *out may then be half filled. */
bool filter_value_read(const struct filter_word *type, const char *text, bool compared,
                       enum filter_compare compare, uint8_t protocol, struct filter_term *out,
                       struct error *err) MUST_CHECK;

/* Narrows the network in *out by `mask 255.255.0.0`. */
bool filter_mask_read(const char *text, struct filter_term *out, struct error *err) MUST_CHECK;

/* What a word without a type may have meant: "host 10.1.1.7"; false: nothing that is known. */
bool filter_value_meant(const char *text, char meant[static FILTER_WORD_SIZE]);

#endif
