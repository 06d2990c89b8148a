/* DER is written from the inside out: each size is known before its head is written. */
#include "wire/spnego.h"

#include <string.h>

#include "base/writer.h"

enum {
    TAG_OBJECT = 0x06,
    TAG_OCTETS = 0x04,
    TAG_SEQUENCE = 0x30,
    TAG_FIRST = 0x60,
    TAG_0 = 0xa0,
    TAG_1 = 0xa1,
    TAG_2 = 0xa2,
    LENGTH_LONG = 0x80,
    LENGTH_BYTES_MAX = 4,
    TOKEN_MAX = 65000
};

static const uint8_t spnego[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x02}; /* 1.3.6.1.5.5.2 */
/* 1.3.6.1.4.1.311.2.2.10 */
static const uint8_t ntlmssp[] = {0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x02, 0x0a};

/* The size with a head in front. */
static size_t with_head(size_t size)
{
    return size + (size < 0x80 ? 2 : size < 0x100 ? 3 : 4);
}

static void write_head(struct writer *w, uint8_t tag, size_t size)
{
    write_u8(w, tag);
    if (size >= 0x100) {
        write_u8(w, LENGTH_LONG | 2);
        write_be16(w, (uint16_t)size);
        return;
    }
    if (size >= 0x80)
        write_u8(w, LENGTH_LONG | 1);
    write_u8(w, (uint8_t)size);
}

static void write_token(struct writer *w, struct reader token)
{
    size_t size = token.left;
    write_head(w, TAG_2, with_head(size));
    write_head(w, TAG_OCTETS, size);
    write_bytes(w, read_bytes(&token, size), size);
}

void spnego_first_build(struct writer *w, struct reader token)
{
    size_t object = with_head(sizeof ntlmssp);
    size_t list = with_head(with_head(object));
    size_t fields = list + with_head(with_head(token.left));
    size_t all = with_head(sizeof spnego) + with_head(with_head(fields));
    w->failed |= token.left >= TOKEN_MAX;
    write_head(w, TAG_FIRST, all);
    write_head(w, TAG_OBJECT, sizeof spnego);
    write_bytes(w, spnego, sizeof spnego);
    write_head(w, TAG_0, with_head(fields));
    write_head(w, TAG_SEQUENCE, fields);
    write_head(w, TAG_0, with_head(object));
    write_head(w, TAG_SEQUENCE, object);
    write_head(w, TAG_OBJECT, sizeof ntlmssp);
    write_bytes(w, ntlmssp, sizeof ntlmssp);
    write_token(w, token);
}

void spnego_then_build(struct writer *w, struct reader token)
{
    size_t fields = with_head(with_head(token.left));
    w->failed |= token.left >= TOKEN_MAX;
    write_head(w, TAG_1, with_head(fields));
    write_head(w, TAG_SEQUENCE, fields);
    write_token(w, token);
}

/* The next value and its tag; fails r where there is none. */
static struct reader read_value(struct reader *r, uint8_t *tag)
{
    *tag = read_u8(r);
    size_t size = read_u8(r);
    if (size >= LENGTH_LONG) {
        unsigned count = size & 0x7f;
        r->failed |= count == 0 || count > LENGTH_BYTES_MAX;
        size = 0;
        for (unsigned i = 0; i < count && !r->failed; i++)
            size = size << 8 | read_u8(r);
    }
    if (r->failed)
        r->left = 0;
    return read_part(r, size);
}

/* The next value, which must have this tag. */
static struct reader enter(struct reader *r, uint8_t wanted)
{
    uint8_t tag;
    struct reader value = read_value(r, &tag);
    value.failed |= r->failed || tag != wanted;
    if (value.failed)
        value.left = 0;
    return value;
}

static bool is_object(struct reader value, const uint8_t *object, size_t size)
{
    if (value.failed || value.left != size)
        return false;
    return memcmp(read_bytes(&value, size), object, size) == 0;
}

/* The value with this tag among the fields that follow. */
static struct reader find(struct reader fields, uint8_t wanted)
{
    while (fields.left > 0) {
        uint8_t tag;
        struct reader value = read_value(&fields, &tag);
        if (!fields.failed && tag == wanted)
            return value;
    }
    return (struct reader){.failed = true};
}

bool spnego_is_offered(struct reader blob)
{
    struct reader all = enter(&blob, TAG_FIRST);
    return is_object(enter(&all, TAG_OBJECT), spnego, sizeof spnego);
}

bool spnego_token_read(struct reader blob, struct reader *token)
{
    struct reader outer = blob;
    bool first = spnego_is_offered(blob);
    struct reader inner = enter(&outer, first ? TAG_FIRST : TAG_1);
    if (first) {
        (void)enter(&inner, TAG_OBJECT);
        inner = enter(&inner, TAG_0);
    }
    struct reader field = find(enter(&inner, TAG_SEQUENCE), TAG_2);
    struct reader found = enter(&field, TAG_OCTETS);
    if (found.failed)
        return false;
    *token = found;
    return true;
}
