/* Compares and copies of what the bounded reader gives out. */
#include "detect/http_seen.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/hash.h"
#include "observe/packet.h"

bool http_is_request(const struct observation *seen)
{
    return seen->client_known && seen->by_client && seen->http->is_request;
}

/* Takes the text off the front, in any case of letters; false leaves r alone. */
static bool take(struct reader *r, const char *text)
{
    struct reader copy = *r;
    size_t size = strlen(text);
    const uint8_t *bytes = read_bytes(&copy, size);
    if (bytes == NULL || strncasecmp((const char *)bytes, text, size) != 0)
        return false;
    *r = copy;
    return true;
}

bool http_is_get(const struct http_message *m)
{
    struct reader method = m->method;
    return take(&method, "GET") && method.left == 0;
}

struct reader http_path(const struct http_message *m)
{
    struct reader path = m->target, before = m->target;
    if (!take(&path, "http://"))
        return path;
    do {
        before = path;
    } while (path.left > 0 && read_u8(&path) != '/');
    return before;
}

uint64_t http_path_hash(struct reader path)
{
    size_t size = path.left;
    return hash_bytes(read_bytes(&path, size), size);
}

bool http_path_is_letters(struct reader path)
{
    if (read_u8(&path) != '/' || path.left == 0)
        return false;
    while (path.left > 0) {
        uint8_t c = read_u8(&path);
        if ((c < 'a' || c > 'z') && (c < 'A' || c > 'Z'))
            return false;
    }
    return true;
}

bool http_is_program_as_image(const struct observation *seen)
{
    const struct http_message *m = seen->http;
    if (!seen->client_known || seen->by_client || m->is_request)
        return false;
    struct reader type = m->content_type, body = m->body;
    return take(&type, "image/") && read_u8(&body) == 'M' && read_u8(&body) == 'Z';
}

void http_keep_example(struct examples *examples, uint64_t asked, const struct observation *seen,
                       struct reader path)
{
    if (!examples_want(examples, asked))
        return;
    char address[ADDRESS_TEXT_SIZE], text[EXAMPLE_TEXT_SIZE];
    size_t length = path.left;
    const uint8_t *bytes = read_bytes(&path, length);
    (void)snprintf(text, sizeof text, "%s:%u %.*s", address_text(seen->server.address, address),
                   seen->server.port, (int)length, bytes != NULL ? (const char *)bytes : "");
    examples_add(examples, asked, text);
}
