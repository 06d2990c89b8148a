/* A table of few rows: a walk over it is quick enough for every look-up of a name, where most rows
 * are passed over by one letter. */
#include "conficker/worm_sites.h"

#include <string.h>

#define SITE(name, kind)                                                                           \
    {                                                                                              \
        name, sizeof(name) - 1, kind                                                               \
    }

const struct worm_site worm_sites[WORM_SITES] = {
    SITE("getmyip.org", WORM_SITE_ADDRESS),
    SITE("getmyip.co.uk", WORM_SITE_ADDRESS),
    SITE("checkip.dyndns.org", WORM_SITE_ADDRESS),
    SITE("whatsmyipaddress.com", WORM_SITE_ADDRESS),
    SITE("whatismyip.org", WORM_SITE_ADDRESS),
    SITE("trafficconverter.biz", WORM_SITE_PROGRAM),
    SITE("w3.org", WORM_SITE_CLOCK),
    SITE("ask.com", WORM_SITE_CLOCK),
    SITE("msn.com", WORM_SITE_CLOCK),
    SITE("yahoo.com", WORM_SITE_CLOCK),
    SITE("google.com", WORM_SITE_CLOCK),
    SITE("baidu.com", WORM_SITE_CLOCK),
    SITE("facebook.com", WORM_SITE_CLOCK),
    SITE("imageshack.us", WORM_SITE_CLOCK),
    SITE("rapidshare.com", WORM_SITE_CLOCK),
    SITE("myspace.com", WORM_SITE_CLOCK),
    SITE("ebay.com", WORM_SITE_CLOCK),
    SITE("cnn.com", WORM_SITE_CLOCK),
    SITE("aol.com", WORM_SITE_CLOCK),
};

static bool is_of(const char *name, size_t length, const char *site, size_t size)
{
    if (length < size || name[length - size] != site[0] ||
        memcmp(name + length - size, site, size) != 0)
        return false;
    return length == size || name[length - size - 1] == '.';
}

bool name_is_of_site(const char *name, size_t length, const char *site)
{
    return is_of(name, length, site, strlen(site));
}

unsigned worm_site_of(const char *name, size_t length)
{
    for (unsigned i = 0; i < WORM_SITES; i++)
        if (is_of(name, length, worm_sites[i].name, worm_sites[i].length))
            return i;
    return WORM_SITES;
}
