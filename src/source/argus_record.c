/* The walk over a record's parts, and the parts that are read with few words: transport, metric,
 * network, user data, aggregation. */
#include "source/argus_record.h"

#include "observe/packet.h"
#include "source/argus_inside.h"

enum part_type {
    PART_TRANSPORT = 0x01,
    PART_KEY = 0x02,
    PART_TIME = 0x03,
    PART_METRIC = 0x10,
    PART_NETWORK = 0x30,
    PART_USER_DATA = 0x50,
    PART_AGGREGATION = 0x60
};

enum { WORD = ARGUS_PART_WORD };

/* A TCP block that the version-5 sensor writes is a word longer (mss). */
enum { NETWORK_TCP_BEGUN = 3, NETWORK_TCP_COMPACT = 4, NETWORK_TCP = 5, NETWORK_RTP = 10 };
enum { TCP_BLOCK_WORDS = 12, QUALIFIER_MSS = 2 };

static void read_transport(const struct argus_part *part, struct argus_flow *out)
{
    enum { HAS_ID = 1, HAS_SEQUENCE = 2, HAS_INTERFACE = 0x10 };
    struct reader r = part->body;
    size_t id_size = 0;
    if ((part->subtype & HAS_ID) != 0) {
        unsigned type = part->qualifier & ~(unsigned)HAS_INTERFACE;
        bool is_long = type == 0x02 || type == 0x22;
        id_size = is_long ? 16 : type == 0x03 ? 8 : 4;
        id_size += (part->qualifier & HAS_INTERFACE) != 0 ? 4 : 0;
    }
    for (; id_size > 0; id_size -= WORD)
        out->source_id = (out->source_id << 7 | out->source_id >> 25) ^ read_be32(&r);
    out->source_id_known = (part->subtype & HAS_ID) != 0 && !r.failed;
    out->sequence = (part->subtype & HAS_SEQUENCE) != 0 ? read_be32(&r) : 0;
    out->sequence_known = (part->subtype & HAS_SEQUENCE) != 0 && !r.failed;
}

static uint64_t read_count(struct reader *r, unsigned width)
{
    switch (width) {
    case 0:
        return read_u8(r);
    case 1:
        return read_be16(r);
    case 2:
        return read_be32(r);
    default:
        return read_be64(r);
    }
}

/* Width and sides stand in one number: 1 to 4 both, 5 to 8 the source, 9 to 12 the destination. */
static void read_metric(const struct argus_part *part, struct argus_flow *out)
{
    enum { WIDTHS = 4, WITH_APP_BYTES = 4 };
    struct reader r = part->body;
    unsigned how = part->qualifier & 15u;
    if (how == 0 || how > 3 * WIDTHS)
        return;
    unsigned width = (how - 1) % WIDTHS, sides = (how - 1) / WIDTHS;
    unsigned first = sides == 2, last = sides == 1 ? 0 : 1;
    out->app_bytes_known = part->subtype == WITH_APP_BYTES;
    for (unsigned i = first; i <= last; i++) {
        out->side[i].packets = read_count(&r, width);
        out->side[i].bytes = read_count(&r, width);
        if (out->app_bytes_known)
            out->side[i].app_bytes = read_count(&r, width);
    }
}

static void read_tcp_begun(struct reader r, struct argus_flow *out)
{
    out->net = ARGUS_NET_TCP_BEGUN;
    out->tcp_status = read_be32(&r);
    read_skip(&r, 10); /* sequence base, options, window */
    out->side[0].tcp_flags = read_u8(&r);
}

/* Of each block: eleven words, of which the eighth counts payload, then window, flags and shift. */
static void read_tcp(const struct argus_part *part, struct argus_flow *out)
{
    struct reader r = part->body;
    size_t block = WORD * (TCP_BLOCK_WORDS + (part->qualifier == QUALIFIER_MSS));
    out->net = ARGUS_NET_TCP;
    out->tcp_status = read_be32(&r);
    read_skip(&r, 8); /* state, options */
    out->syn_ack_us = read_be32(&r);
    read_skip(&r, 4);
    for (unsigned i = 0; i < 2 && r.left >= block; i++) {
        struct reader b = read_part(&r, block);
        read_skip(&b, 7 * WORD);
        out->side[i].tcp_bytes = read_be32(&b);
        read_skip(&b, 3 * WORD + 2);
        out->side[i].tcp_flags = read_u8(&b);
    }
}

static void read_network(const struct argus_part *part, struct argus_flow *out)
{
    struct reader r = part->body;
    switch (part->subtype) {
    case NETWORK_TCP_BEGUN:
        read_tcp_begun(r, out);
        break;
    case NETWORK_TCP_COMPACT:
        out->net = ARGUS_NET_TCP;
        out->tcp_status = read_be32(&r);
        out->side[0].tcp_flags = read_u8(&r);
        out->side[1].tcp_flags = read_u8(&r);
        break;
    case NETWORK_TCP:
        read_tcp(part, out);
        break;
    default:
        out->net = part->subtype == NETWORK_RTP ? ARGUS_NET_RTP : ARGUS_NET_OTHER;
        break;
    }
}

/* Clients add counts up, so there may be fewer bytes than are counted; and the last word is filled
 * up, so there may be more. */
static void read_user_data(const struct argus_part *part, struct argus_flow *out)
{
    enum { OF_SOURCE = 0x10, OF_DESTINATION = 0x20 };
    struct reader r = part->body;
    unsigned sides = part->subtype;
    if ((part->subtype & ARGUS_PART_LONG) == 0)
        sides = part->qualifier; /* the old form */
    if ((sides & (OF_SOURCE | OF_DESTINATION)) == 0)
        return;
    struct argus_data *data = &out->side[(sides & OF_SOURCE) != 0 ? 0 : 1].data;
    uint16_t limit = read_be16(&r), count = read_be16(&r);
    if (r.failed)
        return;
    size_t there = count < r.left ? count : r.left;
    *data = (struct argus_data){
        .present = true, .limit = limit, .count = count, .clamped = there < count};
    data->bytes = read_part(&r, there);
}

static void read_aggregation(const struct argus_part *part, struct argus_flow *out)
{
    struct reader r = part->body;
    uint32_t merged = read_be32(&r);
    if (merged > 1)
        out->merged = merged;
}

static void read_one(const struct argus_part *part, struct argus_flow *out, bool *reversed)
{
    switch (part->type) {
    case PART_TRANSPORT:
        read_transport(part, out);
        break;
    case PART_KEY:
        argus_key_read(part, out, reversed);
        break;
    case PART_TIME:
        argus_time_read(part, out);
        break;
    case PART_METRIC:
        read_metric(part, out);
        break;
    case PART_NETWORK:
        read_network(part, out);
        break;
    case PART_USER_DATA:
        read_user_data(part, out);
        break;
    case PART_AGGREGATION:
        read_aggregation(part, out);
        break;
    default:
        break; /* of no use here, or newer than we are: its length says where the next one is */
    }
}

bool argus_flow_read(const struct argus_record *r, struct argus_flow *out)
{
    struct reader parts = r->body;
    struct argus_part part;
    bool reversed = false;
    *out = (struct argus_flow){
        .version = r->version, .type = r->type, .cause = r->cause, .merged = 1};
    while (argus_next_part(&parts, &part, &out->damaged))
        read_one(&part, out, &reversed);
    argus_direction_mend(out, reversed);
    return out->key != ARGUS_KEY_NONE && out->times_known;
}

bool argus_has_port(const struct argus_record *r, uint16_t port)
{
    struct reader parts = r->body;
    struct argus_part part;
    bool damaged;
    while (argus_next_part(&parts, &part, &damaged))
        if (part.type == PART_KEY)
            return argus_key_has_port(&part, port);
    return false;
}
