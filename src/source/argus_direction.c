/* Who is the source. A sensor says who sent the first packet that it saw, of TCP rather who sent
 * the SYN; that is wrong where only one side or the middle of a connection was seen. Here, and
 * nowhere else, all of a record is turned round then, by the same rules as Argus's own clients.
 * Whether the result is known or guessed stands in `turn`. Source: spec of Argus, 6. */
#include "observe/packet.h"
#include "source/argus_inside.h"

enum { PORT_SERVICE_MAX = 1024, PORT_FTP_DATA = 20 };

static void swap_ends(struct argus_flow *f)
{
    struct endpoint end = f->side[0].end;
    uint8_t mask = f->side[0].mask;
    f->side[0].end = f->side[1].end, f->side[1].end = end;
    f->side[0].mask = f->side[1].mask, f->side[1].mask = mask;
}

static void swap_counts(struct argus_flow *f)
{
    struct argus_side source = f->side[0];
    f->side[0] = f->side[1];
    f->side[1] = source;
    swap_ends(f); /* these stay */
}

/* The bits that speak of the source and of the destination stand side by side. */
static uint32_t swap_status(uint32_t status)
{
    const uint32_t of_source = 0x00455500, of_destination = of_source << 1;
    return (status & ~(of_source | of_destination)) | (status & of_source) << 1 |
           (status & of_destination) >> 1;
}

static void turn(struct argus_flow *f, enum argus_turn why)
{
    swap_counts(f);
    swap_ends(f);
    f->tcp_status = swap_status(f->tcp_status);
    f->turn = why;
}

/* Only the server's half was seen: its SYN-ACK is no beginning. */
static bool is_answer_only(const struct argus_flow *f)
{
    const uint32_t further = ARGUS_ESTABLISHED | ARGUS_SAW_FIN | ARGUS_SAW_FIN_ACK |
                             ARGUS_NORMAL_CLOSE;
    if ((f->tcp_status & ARGUS_SAW_SYN_ACK) == 0 || (f->tcp_status & ARGUS_SAW_SYN) != 0)
        return false;
    if (f->net == ARGUS_NET_TCP_BEGUN)
        return (f->side[0].tcp_flags & TCP_SYN) != 0;
    return (f->tcp_status & further) != 0;
}

/* The middle of a connection, sent from the port of a service. */
static bool is_from_service(const struct argus_flow *f)
{
    uint16_t source = f->side[0].end.port, destination = f->side[1].end.port;
    return (f->tcp_status & (ARGUS_SAW_SYN | ARGUS_SAW_SYN_ACK)) == 0 &&
           source <= PORT_SERVICE_MAX && source != PORT_FTP_DATA &&
           destination > PORT_SERVICE_MAX && argus_is_tcp_service(source);
}

/* A client of version 3 that corrected a reversed key left it marked as reversed: undoing that was
 * one turn too many, of the key alone. The ports tell. */
static bool is_key_wrong(const struct argus_flow *f, bool reversed)
{
    return reversed && f->client_turned && f->masks_known && is_from_service(f);
}

static bool is_to_many(struct address a)
{
    if (!address_is_v4(a))
        return a.high >> 56 == 0xff;
    return address_v4(a) >> 28 == 0xe || address_v4(a) == UINT32_MAX;
}

/* Clients of version 5 guess here too; who sent first is kept in `first_sender`. */
static bool is_udp_from_service(const struct argus_flow *f)
{
    uint16_t source = f->side[0].end.port, destination = f->side[1].end.port;
    if (is_to_many(f->side[1].end.address))
        return false;
    if (source > PORT_SERVICE_MAX && destination > PORT_SERVICE_MAX)
        return source < destination && argus_is_udp_service(source) &&
               argus_is_udp_service(destination);
    return source <= PORT_SERVICE_MAX && source < destination;
}

static void mend_tcp(struct argus_flow *f, bool reversed)
{
    if (f->net != ARGUS_NET_TCP && f->net != ARGUS_NET_TCP_BEGUN)
        return;
    if (is_key_wrong(f, reversed)) {
        swap_ends(f);
        f->turn = ARGUS_KEY_AGAINST_COUNTS;
    } else if (!f->client_turned && is_answer_only(f)) {
        turn(f, ARGUS_TURNED_BY_ANSWER);
    } else if (is_from_service(f)) {
        turn(f, ARGUS_TURNED_BY_PORTS);
    }
}

void argus_direction_mend(struct argus_flow *f, bool reversed)
{
    if (f->key == ARGUS_KEY_ARP && reversed) {
        swap_counts(f);
        f->turn = ARGUS_TURNED_ARP;
    }
    if (f->key != ARGUS_KEY_IPV4 && f->key != ARGUS_KEY_IPV6)
        return;
    if (f->protocol == IP_TCP)
        mend_tcp(f, reversed);
    else if (f->protocol == IP_UDP && f->version == 5 && is_udp_from_service(f))
        turn(f, ARGUS_TURNED_BY_PORTS);
    f->first_sender = f->protocol == IP_UDP && f->turn == ARGUS_TURNED_BY_PORTS;
}
