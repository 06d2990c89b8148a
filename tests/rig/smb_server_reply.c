/* One request of SMB1 taken apart, and the frame of an answer.
 *
 *   frame    00 | length (3, big-endian) | message
 *   message  FF 'S' 'M' 'B' | command | status 4 | flags | flags2 | pid high 2 | signature 8 |
 *            0 2 | tid | pid | uid | mid | word count | words | byte count (2) | bytes
 *
 * Twists of the header and the counts are done here, to every answer of a variant that has one. */
#include "smb_server.h"

#include <string.h>

#include "base/compiler.h"

enum { FLAGS_OF_REPLIES = 0x98, FLAGS2_UNICODE = 0x8000, WORD_COUNT_AT = 32, FRAME_HEADER = 4 };

static const uint8_t smb1_magic[4] = {0xff, 'S', 'M', 'B'};

bool request_parse(struct reader message, struct request *out)
{
    struct request q = {.message = message};
    struct reader r = message;
    const uint8_t *magic = read_bytes(&r, sizeof smb1_magic);
    q.command = read_u8(&r);
    q.status = read_le32(&r);
    q.flags = read_u8(&r);
    q.flags2 = read_le16(&r);
    q.pid_high = read_le16(&r);
    read_skip(&r, 10); /* signature, reserved */
    q.tid = read_le16(&r);
    q.pid = read_le16(&r);
    q.uid = read_le16(&r);
    q.mid = read_le16(&r);
    q.words = read_part(&r, 2U * read_u8(&r));
    q.bytes = read_part(&r, read_le16(&r));
    if (r.failed || memcmp(magic, smb1_magic, sizeof smb1_magic) != 0)
        return false;
    q.bytes_start = SMB1_HEADER_SIZE + 1 + q.words.left + 2;
    *out = q;
    return true;
}

struct reply reply_begin(struct connection *c, const struct request *q, uint32_t status)
{
    enum twist twist = c->variant->twist;
    struct reply r = {.c = c, .frame = c->out_size};
    r.w = writer_over(c->out, sizeof c->out);
    r.w.used = c->out_size;
    write_zeros(&r.w, FRAME_HEADER);
    write_bytes(&r.w, smb1_magic, sizeof smb1_magic);
    write_u8(&r.w, (uint8_t)(q->command + (twist == TWIST_OTHER_COMMAND)));
    write_le32(&r.w, status);
    write_u8(&r.w, FLAGS_OF_REPLIES);
    write_le16(&r.w, q->flags2);
    write_le16(&r.w, q->pid_high);
    write_zeros(&r.w, 10);
    write_le16(&r.w, c->has_tree ? c->tid : q->tid);
    write_le16(&r.w, q->pid);
    write_le16(&r.w, c->is_logged_in || status == STATUS_MORE_PROCESSING ? c->uid : q->uid);
    write_le16(&r.w, (uint16_t)(q->mid + (twist == TWIST_OTHER_MID)));
    write_u8(&r.w, 0);
    return r;
}

size_t reply_at(const struct reply *r)
{
    return r->w.used - r->frame - FRAME_HEADER;
}

void reply_bytes(struct reply *r)
{
    size_t words_at = r->frame + FRAME_HEADER + WORD_COUNT_AT;
    if (r->w.failed)
        return;
    uint8_t count = (uint8_t)((r->w.used - words_at - 1) / 2);
    r->w.start[words_at] = r->c->variant->twist == TWIST_WORDS_OUTSIDE ? 0xff : count;
    r->bytes_at = r->w.used;
    write_le16(&r->w, 0);
}

enum act reply_end(struct reply *r)
{
    if (r->bytes_at == 0)
        reply_bytes(r);
    if (r->w.failed)
        return ACT_CLOSE;
    size_t bytes = r->w.used - r->bytes_at - 2, size = reply_at(r);
    if (r->c->variant->twist == TWIST_BYTES_OUTSIDE)
        bytes += 5000;
    r->w.start[r->bytes_at] = (uint8_t)bytes;
    r->w.start[r->bytes_at + 1] = (uint8_t)(bytes >> 8);
    r->w.start[r->frame + 2] = (uint8_t)(size >> 8);
    r->w.start[r->frame + 3] = (uint8_t)size;
    r->c->out_size = r->w.used;
    return ACT_SEND;
}

enum act reply_status(struct connection *c, const struct request *q, uint32_t status)
{
    struct reply r = reply_begin(c, q, status);
    return reply_end(&r);
}

void write_utf16(struct writer *w, const char *text, bool with_end)
{
    for (const char *next = text; *next != '\0'; next++)
        write_le16(w, (uint8_t)*next);
    if (with_end)
        write_le16(w, 0);
}

void reply_string(struct reply *r, const struct request *q, const char *text)
{
    if ((q->flags2 & FLAGS2_UNICODE) == 0) {
        write_bytes(&r->w, text, strlen(text) + 1);
        return;
    }
    if (reply_at(r) % 2 != 0)
        write_u8(&r->w, 0);
    write_utf16(&r->w, text, true);
}

void string_read(struct reader *bytes, bool is_unicode, char *text, size_t size)
{
    size_t used = 0;
    while (bytes->left >= (is_unicode ? 2U : 1U)) {
        unsigned letter = is_unicode ? read_le16(bytes) : read_u8(bytes);
        if (letter == 0)
            break;
        if (used + 1 < size)
            text[used++] = (char)(letter >= ' ' && letter < 127 ? letter : '?');
    }
    text[used] = '\0';
}

void request_string(const struct request *q, struct reader *bytes, char *text, size_t size)
{
    bool is_unicode = (q->flags2 & FLAGS2_UNICODE) != 0;
    size_t at = q->bytes_start + (q->bytes.left - bytes->left);
    if (is_unicode && at % 2 != 0)
        read_skip(bytes, 1);
    string_read(bytes, is_unicode, text, size);
}

/* The escapes would clear a terminal and set its title. */
#define HOSTILE "\033[2J\033]0;owned\007\r\n"

const char *name_of_server(const struct variant *v)
{
    return v->names == NAMES_CONTROL ? "VIC" HOSTILE "TIM" : "VICTIM";
}

const char *name_of_domain(const struct variant *v)
{
    return v->names == NAMES_CONTROL ? "WORK\t\"<b>" HOSTILE : "WORKGROUP";
}

const char *name_of_system(const struct variant *v)
{
    return v->names == NAMES_CONTROL ? "Windows " HOSTILE "\x7f\x9b 5.1" : "Windows 5.1";
}

bool upset_comes(struct connection *c, enum step at)
{
    const struct upset *u = &c->variant->upset;
    if (at == STEP_NONE || u->at != at)
        return false;
    if (u->times == 0)
        return true;
    if (c->host->upsets++ < u->times)
        return true;
    c->host->upsets = 0;
    return false;
}

enum act upset_act(struct connection *c, const struct request *q)
{
    switch (c->variant->upset.how) {
    case REFUSES:
        return reply_status(c, q, c->variant->upset.status);
    case FALLS_SILENT:
        c->is_silent = true;
        return ACT_NOTHING;
    case CLOSES:
        return ACT_CLOSE;
    case RESETS:
        return ACT_RESET;
    case IS_CUT:
        break;
    }
    (void)reply_status(c, q, STATUS_OK);
    c->out_size -= c->out_size / 2;
    return ACT_SEND_AND_CLOSE;
}
