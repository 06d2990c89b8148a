/* A table of few rows: a walk over it is quick enough for every look-up of a name. */
#include "conficker/worm_sites.h"

#include <string.h>

const struct worm_site worm_sites[WORM_SITES] = {
    {"getmyip.org", WORM_SITE_ADDRESS},
    {"getmyip.co.uk", WORM_SITE_ADDRESS},
    {"checkip.dyndns.org", WORM_SITE_ADDRESS},
    {"whatsmyipaddress.com", WORM_SITE_ADDRESS},
    {"whatismyip.org", WORM_SITE_ADDRESS},
    {"trafficconverter.biz", WORM_SITE_PROGRAM},
    {"w3.org", WORM_SITE_CLOCK},
    {"ask.com", WORM_SITE_CLOCK},
    {"msn.com", WORM_SITE_CLOCK},
    {"yahoo.com", WORM_SITE_CLOCK},
    {"google.com", WORM_SITE_CLOCK},
    {"baidu.com", WORM_SITE_CLOCK},
    {"facebook.com", WORM_SITE_CLOCK},
    {"imageshack.us", WORM_SITE_CLOCK},
    {"rapidshare.com", WORM_SITE_CLOCK},
    {"myspace.com", WORM_SITE_CLOCK},
    {"ebay.com", WORM_SITE_CLOCK},
    {"cnn.com", WORM_SITE_CLOCK},
    {"aol.com", WORM_SITE_CLOCK},
};

bool name_is_of_site(const char *name, size_t length, const char *site)
{
    size_t size = strlen(site);
    if (length < size || memcmp(name + length - size, site, size) != 0)
        return false;
    return length == size || name[length - size - 1] == '.';
}

unsigned worm_site_of(const char *name, size_t length)
{
    for (unsigned i = 0; i < WORM_SITES; i++)
        if (name_is_of_site(name, length, worm_sites[i].name))
            return i;
    return WORM_SITES;
}
