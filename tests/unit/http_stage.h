/* A stage on which HTTP is spoken: requests and answers in words, and connections that stand. */
#ifndef WORMSIGN_TESTS_HTTP_STAGE_H
#define WORMSIGN_TESTS_HTTP_STAGE_H

#include "stage.h"

#include <stdio.h>

#include "wire/http.h"

#define AT_NOON "2009-04-21T12:00:00Z"

/* One side of a connection from client to server. */
struct spoken {
    const char *client, *server, *time;
    uint16_t client_port, port; /* client_port 0: 49152 */
};

static inline struct observation spoken_seen(const struct spoken *s, enum observation_kind kind)
{
    struct observation seen = flow_seen(at(s->client), at(s->server), s->port, IP_TCP,
                                        when(s->time));
    seen.kind = kind;
    if (s->client_port != 0)
        seen.client.port = s->client_port;
    return seen;
}

static inline void said(struct stage *stage, struct spoken s, const void *bytes, size_t size,
                        bool by_client)
{
    struct http_message message;
    size_t need;
    assert_true(http_parse(reader_over(bytes, size), &message, &need));
    struct observation seen = spoken_seen(&s, OBSERVED_HTTP);
    seen.is_stream = true;
    seen.start_known = true;
    seen.by_client = by_client;
    seen.bytes = reader_over(bytes, size);
    seen.http = &message;
    stage->detector->observe(&stage->watcher, &seen);
}

/* The client sent "GET target" with this Host; host NULL: no header. */
static inline void asked(struct stage *stage, struct spoken s, const char *target, const char *host)
{
    char text[1024];
    int size = snprintf(text, sizeof text, "GET %s HTTP/1.0\r\n%s%s%s\r\n", target,
                        host != NULL ? "Host: " : "", host != NULL ? host : "",
                        host != NULL ? "\r\n" : "");
    assert_in_range(size, 1, sizeof text - 1);
    said(stage, s, text, (size_t)size, true);
}

/* The server answered with this type and body. */
static inline void served(struct stage *stage, struct spoken s, const char *type, const char *body)
{
    char text[256];
    int size = snprintf(text, sizeof text, "HTTP/1.0 200 OK\r\nContent-Type: %s\r\n\r\n%s", type,
                        body);
    assert_in_range(size, 1, sizeof text - 1);
    said(stage, s, text, (size_t)size, false);
}

/* The server let the client in. */
static inline void connected(struct stage *stage, struct spoken s)
{
    struct observation seen = spoken_seen(&s, OBSERVED_ANSWER);
    seen.by_client = false;
    stage->detector->observe(&stage->watcher, &seen);
}

/* The text of the first fact of this name; NULL: none. */
static inline const struct fact *fact_of(const struct sign *sign, const char *name)
{
    for (unsigned i = 0; i < sign->fact_count; i++)
        if (strcmp(sign->facts[i].name, name) == 0)
            return &sign->facts[i];
    return NULL;
}

#endif
