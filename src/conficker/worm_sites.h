/* The sites of others that the worm visits: services that tell a host its own address, the site
 * from which variant A was to fetch a program, and sites that it asks only for the time. Names of
 * whole sites: www.google.com is of google.com.
 * Source: spec of behaviour, section 4. */
#ifndef WORMSIGN_CONFICKER_WORM_SITES_H
#define WORMSIGN_CONFICKER_WORM_SITES_H

#include <stdbool.h>
#include <stddef.h>

enum worm_site_kind { WORM_SITE_ADDRESS, WORM_SITE_PROGRAM, WORM_SITE_CLOCK };

enum { WORM_SITES = 19 };

struct worm_site {
    const char *name; /* lower case */
    size_t length;
    enum worm_site_kind kind;
};

extern const struct worm_site worm_sites[WORM_SITES];

/* True when the name, in lower case, is the site's or ends in it behind a dot. */
bool name_is_of_site(const char *name, size_t length, const char *site);

/* Which of worm_sites the name is of; WORM_SITES: none. */
unsigned worm_site_of(const char *name, size_t length);

#endif
