/* The head of an HTTP message, request or response, as it stands at the beginning of a stream.
 *
 * Only what tells hosts apart is read: the first line, the headers Host and Content-Type, and the
 * first bytes of the body. Source: RFC 9112; lines may end with LF alone (section 2.2).
 *
 *   GET /search?q=7 HTTP/1.0\r\nHost: 192.0.2.1\r\n\r\n
 *   HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\nMZ... */
#ifndef WORMSIGN_WIRE_HTTP_H
#define WORMSIGN_WIRE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/reader.h"

enum {
    HTTP_HEAD_MAX = 4096, /* a longer head is read as far as this */
    HTTP_BODY_WANTED = 2, /* bytes of a response's body that are worth waiting for */
    HTTP_HEADERS_MAX = 100
};

/* Readers are over the message's own bytes, and empty where there is no such part. */
struct http_message {
    bool is_request;
    uint16_t status; /* of a response; 0 where it is none of 100..999 */
    struct reader method, target, host, content_type, body;
};

/* The cheap gate: true when these could be the first bytes of an HTTP message: GET, HEAD, POST, PUT
 * or HTTP/. Four bytes are looked at; of fewer those that there are. */
bool http_may_be(struct reader bytes);

/* Reads what has come; false when its first line is none of HTTP, which leaves *out alone. *need:
 * how many bytes of the stream say all that is read here; 0: not all of it has come (at most
 * HTTP_HEAD_MAX are waited for). */
bool http_parse(struct reader bytes, struct http_message *out, size_t *need);

/* True when the text is a dotted IPv4 address, with a port behind it or none. */
bool http_host_is_ipv4(struct reader host);

#endif
