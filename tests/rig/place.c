/* Which addresses the programs of the rig may listen on; and how many files they may open. */
#include "place.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { NAMESPACE_TEXT_SIZE = 64 };

void address_words(uint32_t address, char words[static INET_ADDRSTRLEN])
{
    struct in_addr in = {htonl(address)};
    (void)inet_ntop(AF_INET, &in, words, INET_ADDRSTRLEN);
}

bool is_loopback(uint32_t address)
{
    return address >> 24 == 127;
}

static bool namespace_read(const char *link, char text[static NAMESPACE_TEXT_SIZE])
{
    ssize_t size = readlink(link, text, NAMESPACE_TEXT_SIZE - 1);
    if (size <= 0)
        return false;
    text[size] = '\0';
    return true;
}

static bool is_in_own_namespace(void)
{
    char own[NAMESPACE_TEXT_SIZE], first[NAMESPACE_TEXT_SIZE];
    return namespace_read("/proc/self/ns/net", own) && namespace_read("/proc/1/ns/net", first) &&
           strcmp(own, first) != 0;
}

bool place_is_harmless(bool any, struct error *err)
{
    if (any && !is_in_own_namespace())
        return fail(err, ERROR_USAGE, "--any works only in a network namespace of a test");
    return true;
}

bool address_is_harmless(uint32_t address, const char *variant, bool any, struct error *err)
{
    if (is_loopback(address))
        return true;
    char words[INET_ADDRSTRLEN];
    address_words(address, words);
    if (!is_in_own_namespace())
        return fail(err, ERROR_USAGE,
                    "%s=%s: outside 127.0.0.0/8 only in a network namespace of a test", words,
                    variant);
    if (!any)
        return fail(err, ERROR_USAGE, "%s=%s: outside 127.0.0.0/8 only with --any", words, variant);
    return true;
}

bool files_raise(uint64_t *most, struct error *err)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return fail(err, ERROR_SYSTEM, "limit of open files: %s", strerror(errno));
    files.rlim_cur = files.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &files) != 0)
        return fail(err, ERROR_SYSTEM, "limit of open files: %s", strerror(errno));
    *most = files.rlim_max;
    return true;
}
