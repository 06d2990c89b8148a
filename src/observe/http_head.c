/* A head that the capture cut is read as far as it goes. */
#include "observe/http_head.h"

#include "wire/http.h"

size_t http_head_pour(const struct observation *stream, struct sink *to)
{
    struct http_message message;
    size_t need;
    if (!http_may_be(stream->bytes))
        return 0;
    bool is_http = http_parse(stream->bytes, &message, &need);
    if (is_http && (need > stream->bytes_before || (need == 0 && stream->cut))) {
        struct observation seen = *stream;
        seen.kind = OBSERVED_HTTP;
        seen.http = &message;
        to->take(to, &seen);
    }
    return need != 0 ? need : HTTP_HEAD_MAX;
}
