/* User data of UDP: datagrams one behind the other, with nothing between. One alone is itself.
 * Several are told apart where their content says where each ends:
 *
 *   DNS             by its own counts
 *   P2P messages    all as long as each other where the bytes divide by the packets; else the one
 *                   at the front, for its checksum needs no end, without the noise that may be
 *                   the next one's. Whether it is answered wrongly cannot be judged then
 *
 * Everything else of several is left alone: a datagram is poured whole, or known to be cut. */
#include "source/argus_pour.h"

#include "conficker/message.h"
#include "observe/names_told.h"
#include "observe/packet.h"

enum { DATAGRAMS_SPLIT_MAX = 64 }; /* of one buffer; more are no conversation of the worm's */

/* What the other side is known by: its latest datagram that was wanted. */
struct talk {
    struct reader wanted; /* of the other side; empty: none */
    bool asked;           /* and it asked something */
};

static struct observation datagram_of(const struct argus_scene *s, unsigned side,
                                      struct reader bytes)
{
    struct observation seen = argus_observation(s, side, OBSERVED_PAYLOAD);
    seen.start_known = true;
    seen.bytes = bytes;
    return seen;
}

static void pour_names(const struct argus_scene *s, unsigned side, const struct observation *seen,
                       struct sink *to)
{
    const struct endpoint *from = &s->flow->side[side].end, *other = &s->flow->side[1 - side].end;
    struct packet packet = {.when_us = seen->when_us,
                            .from = from->address,
                            .to = other->address,
                            .port_from = from->port,
                            .port_to = other->port,
                            .protocol = IP_UDP,
                            .payload = seen->bytes,
                            .payload_length = seen->bytes.left};
    if (!seen->cut && tells_names(&packet))
        names_told_pour(&packet, seen, to);
}

/* Pours a datagram if it is wanted or awaited; it is what the other side's next is held against. */
static void pour_payload(struct observation *seen, const struct talk *before, struct talk *now,
                         struct sink *to)
{
    seen->awaited = before->asked;
    if (before->wanted.left > 0)
        argus_note_start(seen, before->wanted);
    bool wanted = to->wants_datagram(to, seen->bytes);
    if (!wanted && !seen->awaited)
        return;
    to->take(to, seen);
    if (!wanted)
        return;
    now->wanted = seen->bytes;
    now->asked = to->awaits_answer(to, seen);
}

static void pour_dns_each(struct argus_pour *p, const struct argus_scene *s, unsigned side,
                          struct sink *to)
{
    const struct argus_side *one = &s->flow->side[side];
    struct reader rest = one->data.bytes, message;
    struct observation seen = datagram_of(s, side, rest);
    if (one->packets == 1) {
        seen.cut = argus_data_is_cut(&one->data);
        argus_pour_dns(p, &seen, rest, to);
        return;
    }
    while (dns_next(&rest, &message)) {
        seen.bytes = message;
        argus_pour_dns(p, &seen, message, to);
    }
    if (rest.left > 0) { /* the last one is cut, or none of DNS */
        seen.bytes = rest;
        seen.cut = true;
        argus_pour_dns(p, &seen, rest, to);
    }
}

/* The bytes divide evenly, and each part may be a message. */
static bool are_alike(const struct argus_side *one, struct sink *to)
{
    struct reader rest = one->data.bytes;
    if (argus_data_is_cut(&one->data) || one->packets > DATAGRAMS_SPLIT_MAX ||
        rest.left % one->packets != 0)
        return false;
    size_t size = rest.left / one->packets;
    while (rest.left > 0)
        if (!to->wants_datagram(to, read_part(&rest, size)))
            return false;
    return true;
}

/* The message at the front, as far as its checksum. */
static bool front_of(struct reader bytes, struct reader *out)
{
    uint8_t scratch[2048];
    struct message m;
    struct reader all = bytes.left > sizeof scratch ? read_part(&bytes, sizeof scratch) : bytes;
    if (message_parse(all, TRANSPORT_UDP, scratch, sizeof scratch, &m) != MESSAGE_OK ||
        !message_checksum_holds(&m))
        return false;
    *out = read_part(&all, all.left - m.noise_length);
    return true;
}

static void pour_several(const struct argus_scene *s, unsigned side, struct talk *before,
                         struct talk *now, struct sink *to)
{
    const struct argus_side *one = &s->flow->side[side];
    struct reader rest = one->data.bytes, part = rest;
    size_t size = rest.left;
    if (!to->wants_datagram(to, rest))
        return;
    before->asked = false; /* what is not known to be whole is not held against anybody */
    if (are_alike(one, to))
        size = rest.left / one->packets;
    else if (!front_of(rest, &rest))
        return;
    else
        size = rest.left;
    while (rest.left > 0) {
        part = read_part(&rest, size);
        struct observation seen = datagram_of(s, side, part);
        pour_payload(&seen, before, now, to);
    }
    now->asked = false;
}

void argus_pour_datagrams(struct argus_pour *p, const struct argus_scene *s, struct sink *to)
{
    struct talk talk[2] = {{{0}, false}, {{0}, false}};
    for (unsigned i = 0; i < 2; i++) {
        unsigned side = i == 0 ? s->client : 1 - s->client;
        const struct argus_side *one = &s->flow->side[side];
        if (one->data.bytes.left == 0)
            continue;
        if (argus_is_dns(s->flow)) {
            pour_dns_each(p, s, side, to);
        } else if (one->packets == 1) {
            struct observation seen = datagram_of(s, side, one->data.bytes);
            seen.cut = argus_data_is_cut(&one->data);
            pour_names(s, side, &seen, to);
            pour_payload(&seen, &talk[1 - i], &talk[i], to);
        } else if (one->packets > 1) {
            pour_several(s, side, &talk[1 - i], &talk[i], to);
        }
    }
}
