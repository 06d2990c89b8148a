/* A user's list of names of sites. A name that is looked up is of a site when it is the site's name
 * or ends in it behind a dot: www.example.com is of example.com, notexample.com is not. */
#ifndef WORMSIGN_DETECT_SITES_H
#define WORMSIGN_DETECT_SITES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"

enum { SITES_MAX = 100000, SITE_NAME_MAX = 253 };

struct sites;

struct sites *sites_new(void);    /* NULL: no memory */
void sites_free(struct sites *s); /* NULL is fine */

/* Adds a name of at least two labels, in any case, with or without a dot at its end; one that is
 * there already is fine. False: it is no such name, or there are SITES_MAX. */
bool sites_add(struct sites *s, const char *name, struct error *err) MUST_CHECK;

size_t sites_count(const struct sites *s);

/* The same number for the same names, in whatever order they came; 0 for no list (NULL). */
uint64_t sites_fingerprint(const struct sites *s);

/* The site of the list that this name, in lower case, is of: the longest; NULL: none. */
const char *sites_find(const struct sites *s, const char *name, size_t length);

#endif
