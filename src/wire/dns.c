/* DNS messages (RFC 1035 §4).
 *
 *   id 2 | flags 2 | questions 2 | answers 2 | authorities 2 | additional 2
 *   question:  name | type 2 | class 2
 *   record:    name | type 2 | class 2 | time to live 4 | length 2 | data
 *
 * A name is labels (length 1..63, then bytes) up to an empty one, or up to a pointer (two high bits
 * set) to where the rest stands. A pointer must lead to before the place where its run of labels
 * began: so every name ends. */
#include "wire/dns.h"

#include <string.h>

enum {
    HEADER_BYTES = 12,
    LABEL_MAX = 63,
    NAME_WIRE_MAX = 255, /* RFC 1035 §2.3.4: length bytes and the empty label counted */
    POINTER_BITS = 0xc0,
    QUESTIONS_BELIEVED_MAX = 256,
    RECORDS_BELIEVED_MAX = 4096,
    CLASS_IN = 1,
    CLASS_MASK = 0x7fff, /* multicast DNS uses the high bit for something else (RFC 6762) */
    ANSWER_SECONDS = 300
};

struct header {
    uint16_t id, flags;
    uint16_t questions, answers, authorities, additional;
};

/* A message, and where in it we stand: pointers count from its beginning. */
struct walk {
    struct reader message;
    struct reader at;
};

static struct header header_read(struct reader *r)
{
    struct header h;
    h.id = read_be16(r);
    h.flags = read_be16(r);
    h.questions = read_be16(r);
    h.answers = read_be16(r);
    h.authorities = read_be16(r);
    h.additional = read_be16(r);
    return h;
}

static bool header_can_be(const struct header *h)
{
    unsigned opcode = h->flags >> 11 & 15;
    bool is_response = h->flags >> 15 != 0;
    if (opcode > 5 || opcode == 3)
        return false;
    if (h->questions > QUESTIONS_BELIEVED_MAX || h->answers > RECORDS_BELIEVED_MAX ||
        h->authorities > RECORDS_BELIEVED_MAX || h->additional > RECORDS_BELIEVED_MAX)
        return false;
    return h->questions != 0 || (is_response && h->answers != 0);
}

bool dns_may_be(struct reader bytes)
{
    struct header h = header_read(&bytes);
    return !bytes.failed && bytes.left > 0 && header_can_be(&h);
}

/* Steps over a name without following it. */
static bool name_skip(struct reader *r)
{
    for (;;) {
        uint8_t length = read_u8(r);
        if (r->failed)
            return false;
        if (length == 0)
            return true;
        if ((length & POINTER_BITS) == POINTER_BITS) {
            read_skip(r, 1);
            return !r->failed;
        }
        if (length > LABEL_MAX)
            return false;
        read_skip(r, length);
    }
}

static char plain_letter(uint8_t byte)
{
    if (byte >= 'A' && byte <= 'Z')
        byte = (uint8_t)(byte - 'A' + 'a');
    if (byte == '.')
        byte = 0xff;
    char letter;
    memcpy(&letter, &byte, 1);
    return letter;
}

static bool label_add(struct reader *r, uint8_t length, struct dns_name *name)
{
    size_t used = name->length;
    size_t dot = used != 0 ? 1 : 0;
    /* In text a label costs as much as on the wire; the first length byte and the empty label do
     * not show. */
    if (used + dot + length > NAME_WIRE_MAX - 2)
        return false;
    const uint8_t *label = read_bytes(r, length);
    if (label == NULL)
        return false;
    if (dot != 0)
        name->text[used++] = '.';
    for (size_t i = 0; i < length; i++)
        name->text[used + i] = plain_letter(label[i]);
    name->length = (uint8_t)(used + length);
    return true;
}

/* Reads the name at w->at and steps over it. */
static bool name_read(struct walk *w, struct dns_name *name)
{
    struct reader r = w->at;
    size_t start = w->message.left - r.left; /* of the present run of labels */
    unsigned pointers = 0;
    name->length = 0;
    for (;;) {
        uint8_t length = read_u8(&r);
        if (r.failed)
            return false;
        if (length == 0)
            break;
        if ((length & POINTER_BITS) == POINTER_BITS) {
            size_t target = (length & (size_t)LABEL_MAX) << 8 | read_u8(&r);
            if (r.failed || target >= start || target < HEADER_BYTES ||
                pointers++ == DNS_POINTERS_MAX)
                return false;
            r = w->message;
            read_skip(&r, target);
            start = target;
        } else if (length > LABEL_MAX || !label_add(&r, length, name)) {
            return false;
        }
    }
    name->text[name->length] = '\0';
    return name_skip(&w->at);
}

static void name_keep(struct dns_message *m, const struct dns_name *name)
{
    if (m->name_count == DNS_NAMES_MAX) {
        m->cut = true;
        return;
    }
    m->names[m->name_count++] = *name;
}

static bool name_is_kept(const struct dns_message *m, const struct dns_name *name)
{
    for (unsigned i = 0; i < m->name_count; i++)
        if (m->names[i].length == name->length &&
            memcmp(m->names[i].text, name->text, name->length) == 0)
            return true;
    return false;
}

/* The name and type of a question; w comes to stand at the class. */
static bool question_name_read(struct walk *w, struct dns_name *name)
{
    if (!name_read(w, name))
        return false;
    name->type = read_be16(&w->at);
    return !w->at.failed;
}

/* A question that is cut behind its type is still a question. */
static bool question_keep(struct walk *w, const struct dns_name *name, struct dns_message *m)
{
    name_keep(m, name);
    read_skip(&w->at, 2);
    return !w->at.failed;
}

static bool question_read(struct walk *w, struct dns_message *m)
{
    struct dns_name name;
    return question_name_read(w, &name) && question_keep(w, &name, m);
}

static void address_keep(struct dns_message *m, uint16_t type, struct reader data)
{
    struct address a;
    if (type == DNS_TYPE_A && data.left == 4) {
        a = address_of_v4(read_be32(&data));
    } else if (type == DNS_TYPE_AAAA && data.left == 16) {
        a.high = read_be64(&data);
        a.low = read_be64(&data);
    } else {
        return;
    }
    if (m->address_count == DNS_ADDRESSES_MAX) {
        m->cut = true;
        return;
    }
    m->addresses[m->address_count++] = a;
}

/* The name that is the data of a record; `at` stands where the data begins. */
static void pointer_keep(struct walk at, struct reader behind, struct dns_message *m)
{
    struct dns_name name;
    if (m->has_pointer || !name_read(&at, &name) || at.at.left != behind.left)
        return;
    name.type = DNS_TYPE_PTR;
    m->pointer = name;
    m->has_pointer = true;
}

static bool answer_read(struct walk *w, struct dns_message *m)
{
    struct dns_name owner;
    if (m->names_from_answers ? !name_read(w, &owner) : !name_skip(&w->at))
        return false;
    uint16_t type = read_be16(&w->at);
    if (w->at.failed)
        return false;
    if (m->names_from_answers && !name_is_kept(m, &owner)) {
        owner.type = type;
        name_keep(m, &owner);
    }
    uint16_t class = read_be16(&w->at) & CLASS_MASK;
    read_skip(&w->at, 4);
    size_t length = read_be16(&w->at);
    struct walk before = *w;
    struct reader data = read_part(&w->at, length);
    if (w->at.failed)
        return false;
    if (class == CLASS_IN && type == DNS_TYPE_PTR)
        pointer_keep(before, w->at, m);
    else if (class == CLASS_IN)
        address_keep(m, type, data);
    return true;
}

/* `first` is the first question, read already; NULL: there is none. */
static void sections_read(struct walk *w, const struct header *h, const struct dns_name *first,
                          struct dns_message *m)
{
    unsigned walked = 0;
    bool sound = true;
    if (first != NULL) {
        sound = question_keep(w, first, m);
        walked = 1;
    }
    for (unsigned i = walked; i < h->questions && sound; i++, walked++)
        sound = question_read(w, m);
    for (unsigned i = 0; i < h->answers && sound; i++, walked++)
        sound = walked < DNS_RECORDS_MAX && answer_read(w, m);
    if (!sound)
        m->cut = true;
}

bool dns_parse(struct reader bytes, struct dns_message *out)
{
    struct walk w = {.message = bytes, .at = bytes};
    struct header h = header_read(&w.at);
    if (w.at.failed || !header_can_be(&h))
        return false;
    /* A name and the type behind it are the least that makes a message. */
    struct walk ahead = w;
    struct dns_name first;
    if (!question_name_read(&ahead, &first))
        return false;
    if (h.questions > 0)
        w = ahead;
    out->id = h.id;
    out->is_response = h.flags >> 15 != 0;
    out->opcode = h.flags >> 11 & 15;
    out->rcode = h.flags & 15;
    out->name_count = 0;
    out->names_from_answers = h.questions == 0;
    out->address_count = 0;
    out->has_pointer = false;
    out->cut = false;
    sections_read(&w, &h, h.questions > 0 ? &first : NULL, out);
    return true;
}

bool dns_stream_next(struct reader *stream, bool take_cut, struct reader *message)
{
    struct reader ahead = *stream;
    size_t length = read_be16(&ahead);
    if (ahead.failed)
        return false;
    if (length > ahead.left) {
        if (!take_cut || ahead.left == 0)
            return false;
        length = ahead.left;
    }
    *message = read_part(&ahead, length);
    *stream = ahead;
    return true;
}

/* False where the name cannot be. */
static bool name_pass(struct reader *r)
{
    for (size_t passed = 0; passed < NAME_WIRE_MAX;) {
        uint8_t length = read_u8(r);
        if (length >= POINTER_BITS) {
            read_skip(r, 1);
            return !r->failed;
        }
        if (r->failed || length > LABEL_MAX)
            return false;
        if (length == 0)
            return true;
        read_skip(r, length);
        passed += length + 1U;
    }
    return false;
}

bool dns_next(struct reader *messages, struct reader *message)
{
    enum { QUESTION_REST = 4, RECORD_REST = 8 }; /* behind the name, but for a record's length */
    struct reader r = *messages, whole = *messages;
    struct header h = header_read(&r);
    if (r.failed || !header_can_be(&h))
        return false;
    unsigned records = (unsigned)h.answers + h.authorities + h.additional;
    for (unsigned i = 0; i < h.questions + records; i++) {
        if (!name_pass(&r))
            return false;
        read_skip(&r, i < h.questions ? QUESTION_REST : RECORD_REST);
        if (i >= h.questions)
            read_skip(&r, read_be16(&r));
        if (r.failed)
            return false;
    }
    *message = read_part(&whole, whole.left - r.left);
    *messages = whole;
    return true;
}

static void name_write(struct writer *w, const char *name)
{
    size_t left = strlen(name);
    if (left != 0 && name[left - 1] == '.')
        left--;
    if (left > NAME_WIRE_MAX - 2)
        w->failed = true;
    while (left != 0 && !w->failed) {
        const char *dot = memchr(name, '.', left);
        size_t length = dot != NULL ? (size_t)(dot - name) : left;
        if (length == 0 || length > LABEL_MAX || (dot != NULL && length + 1 == left)) {
            w->failed = true;
            return;
        }
        write_u8(w, (uint8_t)length);
        write_bytes(w, name, length);
        size_t step = dot != NULL ? length + 1 : length;
        name += step;
        left -= step;
    }
    write_u8(w, 0);
}

void dns_build(struct writer *w, uint16_t id, const char *name, uint16_t type, bool is_response,
               uint8_t rcode, const uint32_t *address)
{
    bool answers = is_response && address != NULL;
    write_be16(w, id);
    /* Recursion desired; in a response also available. */
    write_be16(w, is_response ? (uint16_t)(0x8180U | (rcode & 15U)) : 0x0100);
    write_be16(w, 1);
    write_be16(w, answers ? 1 : 0);
    write_be32(w, 0);
    name_write(w, name);
    write_be16(w, type);
    write_be16(w, CLASS_IN);
    if (!answers)
        return;
    write_be16(w, (uint16_t)(POINTER_BITS << 8 | HEADER_BYTES));
    write_be16(w, DNS_TYPE_A);
    write_be16(w, CLASS_IN);
    write_be32(w, ANSWER_SECONDS);
    write_be16(w, 4);
    write_be32(w, *address);
}
