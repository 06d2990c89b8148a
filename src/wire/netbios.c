/* The name service (RFC 1002 §4.2) is laid out as DNS is:
 *
 *   id 2 | flags 2 | questions 2 | answers 2 | authorities 2 | additional 2
 *   question:  name | type 2 | class 2
 *   record:    name | type 2 | class 2 | time to live 4 | length 2 | data
 *   address data: (flags 2 | address 4)...
 *   status data:  count 1 | (name 16 | flags 2)... | MAC 6
 *
 * A name is 32 letters, two for each of its 16 bytes ('A' + high half, 'A' + low half), then the
 * labels of a scope; or, in a record, a pointer to the question's. A datagram (§4.4):
 *
 *   type 1 | flags 1 | id 2 | source 4 | port 2 | length 2 | offset 2 | name | name | data */
#include "wire/netbios.h"

#include <string.h>

enum {
    TYPE_ADDRESS = 0x20,
    TYPE_STATUS = 0x21,
    CLASS_IN = 1,
    GROUP_BIT = 0x8000,
    RESPONSE_BIT = 0x8000,
    LETTERS = 32,
    LABEL_MAX = 63,
    SCOPE_LABELS_MAX = 32,
    POINTER_BITS = 0xc0,
    POINTER_TO_QUESTION = 0xc00c,
    RECORDS_MAX = 4,
    DATAGRAM_TYPE_FIRST = 0x10, /* direct to one, direct to a group, broadcast */
    DATAGRAM_TYPE_LAST = 0x12
};

/* Two letters of sixteen; *good is cleared where one is none. */
static uint8_t byte_read(struct reader *letters, bool *good)
{
    unsigned high = read_u8(letters) - (unsigned)'A', low = read_u8(letters) - (unsigned)'A';
    *good &= high < 16 && low < 16;
    return (uint8_t)(high << 4 | (low & 15));
}

/* Steps over the labels of a scope and the empty one. */
static bool scope_skip(struct reader *r)
{
    for (unsigned labels = 0; labels <= SCOPE_LABELS_MAX; labels++) {
        uint8_t length = read_u8(r);
        if (r->failed || length > LABEL_MAX)
            return false;
        if (length == 0)
            return true;
        read_skip(r, length);
    }
    return false;
}

static bool name_read(struct reader *r, struct netbios_name *out)
{
    struct netbios_name name = {.suffix = 0};
    bool good = read_u8(r) == LETTERS;
    struct reader letters = read_part(r, LETTERS);
    for (unsigned i = 0; i < NETBIOS_NAME_LENGTH; i++)
        name.bytes[i] = byte_read(&letters, &good);
    name.suffix = byte_read(&letters, &good);
    if (!good || letters.failed || !scope_skip(r))
        return false;
    *out = name;
    return true;
}

/* The name of a record: its own, or the question's by a pointer. */
static bool record_name_read(struct reader *r, bool has_question, struct netbios_name *name)
{
    struct reader ahead = *r;
    if ((read_u8(&ahead) & POINTER_BITS) != POINTER_BITS)
        return name_read(r, name);
    return read_be16(r) == POINTER_TO_QUESTION && has_question && !r->failed;
}

static void addresses_read(struct reader data, struct netbios_message *m)
{
    while (data.left >= 6 && m->address_count < NETBIOS_ADDRESSES_MAX) {
        m->name.is_group |= (read_be16(&data) & GROUP_BIT) != 0;
        m->addresses[m->address_count++] = read_be32(&data);
    }
}

static void status_read(struct reader data, struct netbios_message *m)
{
    unsigned count = read_u8(&data);
    for (unsigned i = 0; i < count; i++) {
        struct netbios_name name;
        const uint8_t *bytes = read_bytes(&data, NETBIOS_NAME_LENGTH);
        name.suffix = read_u8(&data);
        name.is_group = (read_be16(&data) & GROUP_BIT) != 0;
        if (data.failed)
            return;
        memcpy(name.bytes, bytes, sizeof name.bytes);
        if (m->own_count < NETBIOS_OWN_NAMES_MAX)
            m->own[m->own_count++] = name;
    }
    uint64_t mac = read_be48(&data);
    if (!data.failed)
        m->mac = mac;
}

/* The record that the message is about; false where it is of another kind, or cut. */
static bool record_read(struct reader *r, bool has_question, struct netbios_message *m)
{
    if (!record_name_read(r, has_question, &m->name))
        return false;
    uint16_t type = read_be16(r), class = read_be16(r);
    read_skip(r, 4);
    struct reader data = read_part(r, read_be16(r));
    if (r->failed || class != CLASS_IN)
        return false;
    if (type == TYPE_ADDRESS)
        addresses_read(data, m);
    else if (type == TYPE_STATUS && m->is_response)
        status_read(data, m);
    return m->address_count + m->own_count > 0;
}

bool netbios_parse(struct reader bytes, struct netbios_message *out)
{
    struct netbios_message m = {0};
    m.id = read_be16(&bytes);
    uint16_t flags = read_be16(&bytes), questions = read_be16(&bytes);
    uint16_t answers = read_be16(&bytes), authorities = read_be16(&bytes);
    uint16_t additional = read_be16(&bytes);
    unsigned records = (unsigned)answers + authorities + additional;
    if (bytes.failed || questions > 1 || records == 0 || records > RECORDS_MAX)
        return false;
    m.is_response = (flags & RESPONSE_BIT) != 0;
    m.opcode = flags >> 11 & 15;
    m.rcode = flags & 15;
    if (questions == 1) {
        if (!name_read(&bytes, &m.name))
            return false;
        read_skip(&bytes, 4);
    }
    if (!record_read(&bytes, questions == 1, &m))
        return false;
    *out = m;
    return true;
}

bool netbios_datagram_parse(struct reader bytes, struct netbios_datagram *out)
{
    struct netbios_datagram d;
    uint8_t type = read_u8(&bytes);
    read_skip(&bytes, 3);
    d.source = read_be32(&bytes);
    read_skip(&bytes, 6);
    if (type < DATAGRAM_TYPE_FIRST || type > DATAGRAM_TYPE_LAST || bytes.failed ||
        !name_read(&bytes, &d.name))
        return false;
    *out = d;
    return true;
}

bool netbios_names_a_host(const struct netbios_name *name)
{
    bool is_computer = name->suffix == NETBIOS_WORKSTATION || name->suffix == NETBIOS_SERVER;
    /* "*" asks everybody; names that begin with 1 and 2 are of browsers. */
    return is_computer && !name->is_group && name->bytes[0] > 2 && name->bytes[0] != '*' &&
           name->bytes[0] != ' ';
}

struct netbios_name netbios_name_of(const char *text, uint8_t suffix, bool is_group)
{
    struct netbios_name name = {.suffix = suffix, .is_group = is_group};
    size_t length = strlen(text);
    memset(name.bytes, ' ', sizeof name.bytes);
    memcpy(name.bytes, text, length < sizeof name.bytes ? length : sizeof name.bytes);
    return name;
}

void netbios_name_write(struct writer *w, const struct netbios_name *name)
{
    write_u8(w, LETTERS);
    for (unsigned i = 0; i <= NETBIOS_NAME_LENGTH; i++) {
        uint8_t byte = i < NETBIOS_NAME_LENGTH ? name->bytes[i] : name->suffix;
        write_u8(w, (uint8_t)('A' + (byte >> 4)));
        write_u8(w, (uint8_t)('A' + (byte & 15)));
    }
    write_u8(w, 0);
}

void netbios_status_ask(struct writer *w, uint16_t id)
{
    static const struct netbios_name anybody = {.bytes = {'*'}}; /* and zeros behind it */
    write_be16(w, id);
    write_be16(w, 0);
    write_be16(w, 1); /* question */
    write_zeros(w, 6);
    netbios_name_write(w, &anybody);
    write_be16(w, TYPE_STATUS);
    write_be16(w, CLASS_IN);
}

const struct netbios_name *netbios_own(const struct netbios_message *m, uint8_t suffix,
                                       bool is_group)
{
    for (unsigned i = 0; i < m->own_count; i++)
        if (m->own[i].suffix == suffix && m->own[i].is_group == is_group)
            return &m->own[i];
    return NULL;
}

static void data_write(struct writer *w, const struct netbios_message *m)
{
    if (m->own_count == 0) {
        write_be16(w, (uint16_t)(6 * m->address_count));
        for (unsigned i = 0; i < m->address_count; i++) {
            write_be16(w, m->name.is_group ? GROUP_BIT : 0);
            write_be32(w, m->addresses[i]);
        }
        return;
    }
    write_be16(w, (uint16_t)(1 + 18 * m->own_count + 6));
    write_u8(w, (uint8_t)m->own_count);
    for (unsigned i = 0; i < m->own_count; i++) {
        write_bytes(w, m->own[i].bytes, sizeof m->own[i].bytes);
        write_u8(w, m->own[i].suffix);
        write_be16(w, m->own[i].is_group ? GROUP_BIT : 0);
    }
    write_be16(w, (uint16_t)(m->mac >> 32));
    write_be32(w, (uint32_t)m->mac);
}

void netbios_build(struct writer *w, const struct netbios_message *m)
{
    uint16_t type = m->own_count > 0 ? TYPE_STATUS : TYPE_ADDRESS;
    write_be16(w, m->id);
    write_be16(w, (uint16_t)((m->is_response ? RESPONSE_BIT : 0) | (m->opcode & 15) << 11 |
                             (m->rcode & 15)));
    write_be16(w, m->is_response ? 0 : 1);
    write_be16(w, m->is_response ? 1 : 0);
    write_be16(w, 0);
    write_be16(w, m->is_response ? 0 : 1);
    netbios_name_write(w, &m->name);
    if (!m->is_response) {
        write_be16(w, type);
        write_be16(w, CLASS_IN);
        write_be16(w, POINTER_TO_QUESTION);
    }
    write_be16(w, type);
    write_be16(w, CLASS_IN);
    write_be32(w, 0);
    data_write(w, m);
}

void netbios_datagram_build(struct writer *w, const struct netbios_datagram *d)
{
    struct netbios_name group = netbios_name_of("WORKGROUP", NETBIOS_WORKSTATION, true);
    write_u8(w, DATAGRAM_TYPE_FIRST + 1);
    write_zeros(w, 3);
    write_be32(w, d->source);
    write_be16(w, NETBIOS_DATAGRAM_PORT);
    write_zeros(w, 4);
    netbios_name_write(w, &d->name);
    netbios_name_write(w, &group);
}
