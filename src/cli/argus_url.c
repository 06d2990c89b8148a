/* The resolver gives socket addresses, of which the same reader takes the numbers as everywhere. */
#include "cli/argus_url.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/reader.h"

#define SCHEME "argus://"
#define DATAGRAM_SCHEME "argus-udp://"

enum { HOST_SIZE = 256, PORT_MAX = 65535 };

static bool port_parse(const char *text, uint16_t *port)
{
    char *end;
    if (text[0] < '0' || text[0] > '9')
        return false;
    unsigned long number = strtoul(text, &end, 10);
    *port = (uint16_t)number;
    return *end == '\0' && number > 0 && number <= PORT_MAX;
}

/* HOST, HOST:PORT, [HOST] or [HOST]:PORT. */
static bool split(const char *text, char host[static HOST_SIZE], uint16_t *port)
{
    bool bracketed = text[0] == '[';
    const char *from = text + bracketed;
    const char *end = bracketed ? strchr(from, ']') : from + strcspn(from, ":/");
    if (end == NULL || end == from || end - from >= HOST_SIZE)
        return false;
    (void)snprintf(host, HOST_SIZE, "%.*s", (int)(end - from), from);
    end += bracketed;
    *port = ARGUS_PORT;
    if (*end == '\0' || strcmp(end, "/") == 0)
        return true;
    return *end == ':' && port_parse(end + 1, port);
}

static void add_address(struct argus_server *out, const struct addrinfo *found)
{
    struct reader bytes = reader_over(found->ai_addr, found->ai_addrlen);
    struct address *to = &out->addresses[out->address_count];
    if (out->address_count == ARGUS_ADDRESSES_MAX)
        return;
    read_skip(&bytes, found->ai_family == AF_INET ? 4 : 8); /* family, port, flow */
    if (found->ai_family == AF_INET) {
        *to = address_of_v4(read_be32(&bytes));
    } else {
        to->high = read_be64(&bytes);
        to->low = read_be64(&bytes);
    }
    out->address_count += !bytes.failed;
}

static bool look_up(const char *host, struct argus_server *out, struct error *err)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    int result = getaddrinfo(host, NULL, &hints, &found);
    if (result != 0)
        return fail(err, ERROR_SYSTEM, "%s: %s", host, gai_strerror(result));
    for (const struct addrinfo *a = found; a != NULL; a = a->ai_next)
        if (a->ai_family == AF_INET || a->ai_family == AF_INET6)
            add_address(out, a);
    freeaddrinfo(found);
    return out->address_count > 0 || fail(err, ERROR_SYSTEM, "%s: no address", host);
}

bool argus_url_parse(const char *url, struct argus_server *out, struct error *err)
{
    char host[HOST_SIZE];
    *out = (struct argus_server){0};
    if (strncmp(url, DATAGRAM_SCHEME, strlen(DATAGRAM_SCHEME)) == 0)
        return fail(err, ERROR_USAGE, "%.200s: records in datagrams are not built yet", url);
    if (strncmp(url, SCHEME, strlen(SCHEME)) != 0)
        return fail(err, ERROR_USAGE,
                    "'%.200s' is no server: argus://HOST or argus://HOST:PORT; an interface stands "
                    "behind -i, and a filter behind a lone -",
                    url);
    if (strlen(url) >= ARGUS_NAME_SIZE || !split(url + strlen(SCHEME), host, &out->port))
        return fail(err, ERROR_USAGE, "'%.200s' is no server: argus://HOST or argus://HOST:PORT",
                    url);
    (void)snprintf(out->name, sizeof out->name, "%s", url);
    struct address literal;
    struct error ignored;
    if (!address_parse(host, &literal, &ignored))
        return look_up(host, out, err);
    out->addresses[out->address_count++] = literal;
    return true;
}
