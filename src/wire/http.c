/* Line by line through the bounded reader; names of headers in any case. */
#include "wire/http.h"

#include <string.h>
#include <strings.h>

#include "base/compiler.h"

enum { START_SIZE = 4 };

/* How many bytes stand before the first such one; all that are left where there is none. */
static size_t size_before(struct reader r, uint8_t wanted)
{
    size_t all = r.left;
    const uint8_t *bytes = read_bytes(&r, all);
    const uint8_t *found = all > 0 ? memchr(bytes, wanted, all) : NULL;
    return found != NULL ? (size_t)(found - bytes) : all;
}

static bool ends_in_return(struct reader line)
{
    if (line.left == 0)
        return false;
    read_skip(&line, line.left - 1);
    return read_u8(&line) == '\r';
}

/* The next line without its end; false when there is no whole line left, which leaves r alone. */
static bool read_line(struct reader *r, struct reader *line)
{
    size_t size = size_before(*r, '\n');
    if (size == r->left)
        return false;
    *line = read_part(r, size);
    read_skip(r, 1);
    if (ends_in_return(*line))
        *line = read_part(line, size - 1);
    return true;
}

static bool begins_with(struct reader r, const char *text)
{
    size_t size = strlen(text);
    const uint8_t *bytes = read_bytes(&r, size);
    return bytes != NULL && memcmp(bytes, text, size) == 0;
}

/* Four letters as they stand in a stream, read as a number. */
#define LETTERS(a, b, c, d)                                                                        \
    ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

static bool may_begin(struct reader bytes)
{
    static const char *const starts[] = {"GET ", "HTTP", "POST", "HEAD", "PUT "};
    size_t size = bytes.left;
    const uint8_t *start = read_bytes(&bytes, size);
    bool found = false;
    for (size_t i = 0; i < COUNT_OF(starts) && size > 0; i++)
        found |= memcmp(start, starts[i], size) == 0;
    return found;
}

bool http_may_be(struct reader bytes)
{
    if (RARELY(bytes.left < START_SIZE))
        return may_begin(bytes);
    switch (read_le32(&bytes)) {
    case LETTERS('G', 'E', 'T', ' '):
    case LETTERS('H', 'T', 'T', 'P'):
    case LETTERS('P', 'O', 'S', 'T'):
    case LETTERS('H', 'E', 'A', 'D'):
    case LETTERS('P', 'U', 'T', ' '):
        return true;
    default:
        return false;
    }
}

/* Takes what stands before the separator, and the separator; all that is left where there is
 * none. */
static struct reader read_until(struct reader *r, uint8_t separator)
{
    struct reader part = read_part(r, size_before(*r, separator));
    if (r->left > 0)
        read_skip(r, 1);
    return part;
}

static struct reader trimmed(struct reader r)
{
    while (r.left > 0) {
        struct reader copy = r;
        uint8_t c = read_u8(&copy);
        if (c != ' ' && c != '\t')
            break;
        r = copy;
    }
    while (r.left > 0) {
        struct reader copy = r;
        read_skip(&copy, r.left - 1);
        uint8_t c = read_u8(&copy);
        if (c != ' ' && c != '\t')
            break;
        r = read_part(&r, r.left - 1);
    }
    return r;
}

static bool is_named(struct reader name, const char *text)
{
    size_t size = strlen(text);
    const uint8_t *bytes = name.left == size ? read_bytes(&name, size) : NULL;
    return bytes != NULL && strncasecmp((const char *)bytes, text, size) == 0;
}

static bool read_first_line(struct reader line, struct http_message *out)
{
    if (!http_may_be(line))
        return false;
    out->is_request = !begins_with(line, "HTTP/");
    if (out->is_request) {
        out->method = read_until(&line, ' ');
        out->target = read_until(&line, ' ');
        return out->target.left > 0 && (line.left == 0 || begins_with(line, "HTTP/"));
    }
    (void)read_until(&line, ' ');
    struct reader status = read_until(&line, ' ');
    unsigned value = 0;
    bool good = status.left == 3;
    while (status.left > 0) {
        unsigned digit = (unsigned)read_u8(&status) - '0';
        good = good && digit <= 9;
        value = value * 10 + digit % 10;
    }
    out->status = good && value >= 100 ? (uint16_t)value : 0;
    return true;
}

/* Most are neither, which their first letter tells. */
static void read_header(struct reader line, struct http_message *out)
{
    struct reader first = line;
    uint8_t letter = read_u8(&first) | 0x20;
    if (letter != 'h' && letter != 'c')
        return;
    struct reader name = read_until(&line, ':');
    if (is_named(name, "host") && out->host.left == 0)
        out->host = trimmed(line);
    else if (is_named(name, "content-type") && out->content_type.left == 0)
        out->content_type = trimmed(line);
}

/* A head that was cut: what there is of its last line counts as a line. */
static bool next_line(struct reader *r, struct reader *line)
{
    if (read_line(r, line))
        return true;
    *line = read_part(r, r->left);
    return line->left > 0;
}

/* Of so many bytes, of which `rest` stand behind the head's empty line. */
static size_t need_of(bool is_request, size_t all, size_t rest)
{
    size_t head = all - rest;
    if (is_request)
        return head;
    return rest >= HTTP_BODY_WANTED ? head + HTTP_BODY_WANTED : 0;
}

bool http_parse(struct reader bytes, struct http_message *out, size_t *need)
{
    const size_t all = bytes.left;
    bool is_request = !begins_with(bytes, "HTTP");
    struct http_message m = {0};
    struct reader line;
    bool is_http = next_line(&bytes, &line) && read_first_line(line, &m);
    *need = all >= HTTP_HEAD_MAX ? HTTP_HEAD_MAX : 0;
    for (unsigned i = 0; next_line(&bytes, &line); i++) {
        if (line.left == 0) {
            *need = need_of(is_request, all, bytes.left);
            if (i < HTTP_HEADERS_MAX)
                m.body = bytes;
            break;
        }
        if (i < HTTP_HEADERS_MAX)
            read_header(line, &m);
    }
    if (is_http)
        *out = m;
    return is_http;
}

bool http_host_is_ipv4(struct reader host)
{
    unsigned dots = 0, digits = 0, value = 0;
    while (host.left > 0) {
        uint8_t c = read_u8(&host);
        if (c == ':' && dots == 3)
            break;
        if (c == '.') {
            if (digits == 0)
                return false;
            dots++;
            digits = value = 0;
            continue;
        }
        if (c < '0' || c > '9')
            return false;
        value = value * 10 + (unsigned)(c - '0');
        if (++digits > 3 || value > 255)
            return false;
    }
    return dots == 3 && digits > 0;
}
