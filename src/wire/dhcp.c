/* DHCP messages (RFC 2131 §2, RFC 2132).
 *
 *   op 1 | hardware type 1 | its length 1 | hops 1 | id 4 | seconds 2 | flags 2
 *   ciaddr 4 | yiaddr 4 | siaddr 4 | giaddr 4 | chaddr 16 | server name 64 | file 128
 *   cookie 63825363 | options: code 1, length 1, data; 0 is padding, 255 the end
 *
 * Option 52 says that file (1) and server name (2) hold options too. Of an option that comes twice
 * the first counts. */
#include "wire/dhcp.h"

#include <string.h>

enum {
    OP_REQUEST = 1,
    OP_REPLY = 2,
    HARDWARE_ETHERNET = 1,
    HARDWARE_802 = 6,
    MAC_BYTES = 6,
    CHADDR_BYTES = 16,
    SERVER_NAME_BYTES = 64,
    FILE_BYTES = 128,
    OPTION_PAD = 0,
    OPTION_HOST_NAME = 12,
    OPTION_REQUESTED = 50,
    OPTION_OVERLOAD = 52,
    OPTION_TYPE = 53,
    OPTION_CLIENT_ID = 61,
    OPTION_FULL_NAME = 81,
    OPTION_END = 255,
    FULL_NAME_IS_WIRE = 4, /* RFC 4702: the E bit */
    FULL_NAME_HEAD = 3,
    LABEL_MAX = 63
};

#define COOKIE UINT32_C(0x63825363)

/* What stands in options, while they are read. */
struct options {
    struct dhcp_message *m;
    bool has_type;
    uint8_t overload;
    uint64_t id_mac; /* from the client's identifier */
    unsigned walked;
};

/* One label of a name as DNS writes it. */
static bool label_read(struct reader *data, struct dhcp_message *m)
{
    size_t length = read_u8(data);
    if (data->failed || length == 0 || length > LABEL_MAX)
        return false;
    size_t dot = m->full_length > 0;
    const uint8_t *label = read_bytes(data, length);
    if (label == NULL || m->full_length + dot + length > DHCP_NAME_MAX)
        return false;
    if (dot > 0)
        m->full_name[m->full_length] = '.';
    memcpy(m->full_name + m->full_length + dot, label, length);
    m->full_length = (uint8_t)(m->full_length + dot + length);
    return true;
}

static void full_name_read(struct reader data, struct dhcp_message *m)
{
    uint8_t flags = read_u8(&data);
    read_skip(&data, FULL_NAME_HEAD - 1);
    if (m->full_length > 0 || data.failed)
        return;
    if ((flags & FULL_NAME_IS_WIRE) != 0) {
        while (label_read(&data, m))
            continue;
    } else {
        size_t length = data.left;
        const uint8_t *name = read_bytes(&data, length);
        if (length > 0)
            memcpy(m->full_name, name, length);
        m->full_length = (uint8_t)length;
    }
    m->full_name[m->full_length] = '\0';
}

static void option_take(struct options *o, uint8_t code, struct reader data)
{
    switch (code) {
    case OPTION_HOST_NAME:
        if (o->m->name.left == 0)
            o->m->name = data;
        break;
    case OPTION_REQUESTED:
        if (data.left == 4 && o->m->requested == 0)
            o->m->requested = read_be32(&data);
        break;
    case OPTION_OVERLOAD:
        o->overload |= read_u8(&data);
        break;
    case OPTION_TYPE:
        if (data.left == 1 && !o->has_type) {
            o->m->type = read_u8(&data);
            o->has_type = true;
        }
        break;
    case OPTION_CLIENT_ID:
        if (data.left == 1 + MAC_BYTES && read_u8(&data) == HARDWARE_ETHERNET)
            o->id_mac = read_be48(&data);
        break;
    case OPTION_FULL_NAME:
        full_name_read(data, o->m);
        break;
    default:
        break;
    }
}

static void options_read(struct options *o, struct reader r)
{
    while (r.left > 0 && o->walked++ < DHCP_OPTIONS_MAX) {
        uint8_t code = read_u8(&r);
        if (code == OPTION_END)
            return;
        if (code == OPTION_PAD)
            continue;
        struct reader data = read_part(&r, read_u8(&r));
        if (r.failed)
            return;
        option_take(o, code, data);
    }
}

bool dhcp_parse(struct reader bytes, struct dhcp_message *out)
{
    struct dhcp_message m = {0};
    struct options options = {.m = &m};
    uint8_t op = read_u8(&bytes), hardware = read_u8(&bytes), length = read_u8(&bytes);
    read_skip(&bytes, 9); /* hops, id, seconds, flags */
    m.client = read_be32(&bytes);
    m.yours = read_be32(&bytes);
    read_skip(&bytes, 8); /* next server, relay */
    struct reader chaddr = read_part(&bytes, CHADDR_BYTES);
    struct reader server_name = read_part(&bytes, SERVER_NAME_BYTES);
    struct reader file = read_part(&bytes, FILE_BYTES);
    if (read_be32(&bytes) != COOKIE || bytes.failed || (op != OP_REQUEST && op != OP_REPLY))
        return false;
    m.is_reply = op == OP_REPLY;
    options_read(&options, bytes);
    if ((options.overload & 1) != 0)
        options_read(&options, file);
    if ((options.overload & 2) != 0)
        options_read(&options, server_name);
    if (!options.has_type)
        return false;
    if ((hardware == HARDWARE_ETHERNET || hardware == HARDWARE_802) && length == MAC_BYTES)
        m.mac = read_be48(&chaddr);
    if (m.mac == 0)
        m.mac = options.id_mac;
    *out = m;
    return true;
}

static void option_write(struct writer *w, uint8_t code, const void *data, size_t length)
{
    w->failed |= length > UINT8_MAX;
    write_u8(w, code);
    write_u8(w, (uint8_t)length);
    write_bytes(w, data, length);
}

void dhcp_build(struct writer *w, const struct dhcp_message *m)
{
    struct reader name = m->name;
    size_t name_length = name.left;
    write_u8(w, m->is_reply ? OP_REPLY : OP_REQUEST);
    write_u8(w, HARDWARE_ETHERNET);
    write_u8(w, MAC_BYTES);
    write_zeros(w, 9);
    write_be32(w, m->client);
    write_be32(w, m->yours);
    write_zeros(w, 8);
    write_be16(w, (uint16_t)(m->mac >> 32));
    write_be32(w, (uint32_t)m->mac);
    write_zeros(w, CHADDR_BYTES - MAC_BYTES + SERVER_NAME_BYTES + FILE_BYTES);
    write_be32(w, COOKIE);
    option_write(w, OPTION_TYPE, &m->type, 1);
    if (name_length > 0)
        option_write(w, OPTION_HOST_NAME, read_bytes(&name, name_length), name_length);
    if (m->requested != 0) {
        write_u8(w, OPTION_REQUESTED);
        write_u8(w, 4);
        write_be32(w, m->requested);
    }
    if (m->full_length > 0) {
        w->failed |= m->full_length > UINT8_MAX - FULL_NAME_HEAD;
        write_u8(w, OPTION_FULL_NAME);
        write_u8(w, (uint8_t)(m->full_length + FULL_NAME_HEAD));
        write_zeros(w, FULL_NAME_HEAD);
        write_bytes(w, m->full_name, m->full_length);
    }
    write_u8(w, OPTION_END);
}
