/* User data of TCP: payload as it came, segments sent again twice and late ones late, up to the
 * sensor's limit, and begun anew with each record of a long flow. So it is the head of the stream
 * where the record is the flow's first that has any; what comes later continues nothing that is
 * kept. */
#include "source/argus_pour.h"

#include "observe/flows.h"
#include "observe/http_head.h"

enum { PORT_SMB = 445, PORT_NETBIOS = 139 };

/* Sent again, out of order, or missing: bits of the source; the destination's stand beside them. */
enum { NOT_IN_ORDER = 0x450100 };

static bool is_in_order(const struct argus_flow *f, unsigned side)
{
    return (f->tcp_status & (uint32_t)NOT_IN_ORDER << side) == 0;
}

static bool start_is_known(const struct argus_scene *s, unsigned side)
{
    uint32_t begun = side == s->client ? ARGUS_SAW_SYN : ARGUS_SAW_SYN | ARGUS_SAW_SYN_ACK;
    return (*s->known & ARGUS_KNOWN_WHOLE) != 0 && (s->flow->tcp_status & begun) != 0;
}

static bool is_to_smb(const struct argus_flow *f, unsigned from)
{
    uint16_t to = f->side[1 - from].end.port;
    return to == PORT_SMB || to == PORT_NETBIOS;
}

static struct reader head_of(const struct argus_data *data)
{
    struct reader r = data->bytes;
    return r.left > STREAM_HEAD_BYTES ? read_part(&r, STREAM_HEAD_BYTES) : r;
}

static void pour_dns_stream(struct argus_pour *p, const struct observation *stream, struct sink *to)
{
    struct reader rest = stream->bytes, message;
    struct observation seen = *stream;
    while (dns_stream_next(&rest, stream->cut, &message))
        argus_pour_dns(p, &seen, message, to);
}

/* Pours one side's head. True when it asked something. */
static bool pour_head(struct argus_pour *p, const struct argus_scene *s, struct observation *seen,
                      struct sink *to)
{
    bool asks = false;
    if (to->wants(to, seen) > 0) {
        to->take(to, seen);
        asks = to->awaits_answer(to, seen);
    }
    (void)http_head_pour(seen, to);
    if (argus_is_dns(s->flow))
        pour_dns_stream(p, seen, to);
    return asks;
}

/* Whoever sends payload had an answer, though nothing else of it was seen: captures of one
 * direction show no more. */
static void pour_silent(const struct argus_scene *s, struct sink *to)
{
    if (!s->seen.client_known || (*s->known & ARGUS_KNOWN_ANSWERED) != 0 ||
        s->flow->side[s->client].tcp_bytes == 0)
        return;
    struct observation seen = argus_observation(s, s->client, OBSERVED_PAYLOAD);
    seen.is_stream = true;
    seen.cut = true;
    if (to->wants(to, &seen) > 0)
        to->take(to, &seen);
}

void argus_pour_streams(struct argus_pour *p, const struct argus_scene *s, struct sink *to)
{
    const struct argus_flow *f = s->flow;
    bool asked = false;
    for (unsigned i = 0; i < 2; i++) {
        unsigned side = i == 0 ? s->client : 1 - s->client;
        const struct argus_data *data = &f->side[side].data;
        struct reader before = f->side[1 - side].data.bytes;
        if (data->bytes.left == 0 || (*s->known & argus_spoke_bit(side)) != 0)
            continue;
        *s->known |= argus_spoke_bit(side);
        struct observation seen = argus_observation(s, side, OBSERVED_PAYLOAD);
        seen.is_stream = true;
        seen.start_known = start_is_known(s, side);
        seen.bytes = head_of(data);
        seen.cut = argus_data_is_cut(data) || data->bytes.left > STREAM_HEAD_BYTES;
        seen.awaited = asked && is_in_order(f, side);
        p->smb_cut += i == 0 && seen.cut && seen.bytes.left < STREAM_HEAD_BYTES &&
                      is_to_smb(f, side);
        if (i == 1 && before.left > 0)
            argus_note_start(&seen, before);
        asked = pour_head(p, s, &seen, to);
    }
    if (f->side[s->client].data.bytes.left == 0)
        pour_silent(s, to);
}
