/* Timeline, ports and fan of a host. */
#include "report/html_pictures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "base/time.h"
#include "base/writer.h"
#include "conficker/ports.h"
#include "report/html_svg.h"

enum { SAYS_SIZE = 400, LANE = 26, AXIS_BELOW = 26, BAR = 12 };

static bool has_time(int64_t when_us)
{
    char text[TIME_TEXT_SIZE];
    return when_us != TIME_NONE && time_text(when_us, text)[0] != '-';
}

static bool is_timed(const struct sign *s)
{
    return has_time(s->first_us) && has_time(s->last_us) && s->first_us <= s->last_us;
}

/* The span of all signs; false where none has a time. Lanes: one a kind. */
static bool span_of_signs(const struct verdict *v, int64_t *first, int64_t *last, size_t *lanes)
{
    bool seen[SIGN_IDS] = {false};
    bool found = false;
    *lanes = 0;
    for (size_t i = 0; i < v->sign_count; i++) {
        const struct sign *s = &v->signs[i];
        if (!is_timed(s))
            continue;
        *first = !found || s->first_us < *first ? s->first_us : *first;
        *last = !found || s->last_us > *last ? s->last_us : *last;
        *lanes += !seen[s->id];
        found = seen[s->id] = true;
    }
    return found;
}

static void timeline_lane(struct markup *m, const struct verdict *v, enum sign_id id, double top,
                          const struct time_axis *axis)
{
    bool named = false;
    for (size_t i = 0; i < v->sign_count; i++) {
        const struct sign *s = &v->signs[i];
        if (s->id != id || !is_timed(s))
            continue;
        double from = time_axis_at(axis, s->first_us), to = time_axis_at(axis, s->last_us);
        if (!named)
            svg_words(m, "end", PICTURE_LABELS - 10, top + 14, "%s", sign_kind_of(id)->id);
        named = true;
        svg_box(m, s->weight == WEIGHT_PROOF ? "bar bad" : "bar hint", from - 2, top + 4,
                to - from + 4, BAR);
    }
}

void picture_timeline(struct markup *m, const struct verdict *v)
{
    int64_t first = 0, last = 0;
    size_t lanes = 0;
    bool drawn[SIGN_IDS] = {false};
    if (m->days_only || v->sign_count < 2 || !span_of_signs(v, &first, &last, &lanes))
        return; /* of one sign the words say it */
    struct time_axis axis = time_axis_over(first, last, PICTURE_LABELS,
                                           PICTURE_WIDTH - PICTURE_MARGIN);
    double bottom = (double)lanes * LANE + 6, top = 4;
    svg_begin(m, "When each sign showed",
              "A bar from the first to the last time of each sign, UTC; red where it is a proof.",
              bottom + AXIS_BELOW);
    svg_time_axis(m, &axis, 0, bottom);
    for (size_t i = 0; i < v->sign_count; i++) {
        enum sign_id id = v->signs[i].id;
        if (drawn[id] || !is_timed(&v->signs[i]))
            continue;
        timeline_lane(m, v, id, top, &axis);
        drawn[id] = true;
        top += LANE;
    }
    svg_end(m);
}

#define PORT_LEFT ((double)PICTURE_LABELS)
#define PORT_RIGHT ((double)(PICTURE_WIDTH - PICTURE_MARGIN))

static double port_at(uint16_t port)
{
    return count_axis_at(port, UINT16_MAX, PORT_LEFT, PORT_RIGHT);
}

static const char *transport_text(enum transport transport)
{
    return transport == TRANSPORT_TCP ? "tcp" : "udp";
}

/* What the worm would open on one protocol: the port of the address, that of the week, and near
 * Monday that of the week beside it; 0: none. */
enum { EXPECTED = 3, WORDS_ABOVE = 11, WORDS_BELOW = 19, WORDS_WIDTH = 60 };

static void expect_ports(struct address host, int64_t when_us, enum transport transport,
                         uint16_t out[static EXPECTED])
{
    uint32_t week = week_of(when_us), beside = week_neighbour(when_us);
    struct p2p_ports now = ports_predicted_for(address_v4(host), week, READING_NMAP);
    struct p2p_ports then = ports_predicted_for(address_v4(host), beside, READING_NMAP);
    bool is_tcp = transport == TRANSPORT_TCP;
    out[0] = is_tcp ? now.tcp[0] : now.udp[0];
    out[1] = is_tcp ? now.tcp[1] : now.udp[1];
    out[2] = beside == week ? 0 : is_tcp ? then.tcp[1] : then.udp[1];
}

/* The empty row: where the worm would be. Words stand below where a neighbour has them above. */
static void port_row(struct markup *m, const char *label, enum transport transport,
                     const uint16_t expected[static EXPECTED], double y)
{
    svg_line(m, "axis", PORT_LEFT, y, PORT_RIGHT, y);
    svg_words(m, "end", PORT_LEFT - 10, y + 4, "%s %s", label, transport_text(transport));
    for (unsigned i = 0; i < EXPECTED; i++) {
        double x = port_at(expected[i]);
        bool is_near = false;
        if (expected[i] == 0)
            continue;
        for (unsigned before = 0; before < i; before++)
            is_near |= expected[before] != 0 && fabs(port_at(expected[before]) - x) < WORDS_WIDTH;
        svg_dot(m, "ring", x, y, 7);
        svg_words(m, "middle", x, y + (is_near ? WORDS_BELOW : -WORDS_ABOVE), "%u",
                  (unsigned)expected[i]);
    }
}

static void port_seen(struct markup *m, const char *class, uint16_t port, double y,
                      const uint16_t expected[static EXPECTED])
{
    bool is_expected = false;
    for (unsigned i = 0; i < EXPECTED; i++)
        is_expected |= port == expected[i];
    svg_dot(m, class, port_at(port), y, 4);
    if (!is_expected)
        svg_words(m, "middle", port_at(port), y + WORDS_BELOW, "%u", (unsigned)port);
}

/* "9490/tcp", which our detector wrote; anything else is not drawn. */
static bool parse_port(const char *text, enum transport *transport, uint16_t *port)
{
    unsigned number = 0;
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 5)
        return false;
    for (size_t i = 0; i < digits; i++)
        number = number * 10 + (unsigned)(text[i] - '0');
    bool is_tcp = strcmp(text + digits, "/tcp") == 0;
    if (number > UINT16_MAX || (!is_tcp && strcmp(text + digits, "/udp") != 0))
        return false;
    *transport = is_tcp ? TRANSPORT_TCP : TRANSPORT_UDP;
    *port = (uint16_t)number;
    return true;
}

/* "190.64.152.31:63360/udp". */
static bool parse_peer(const char *text, struct address *peer, enum transport *transport,
                       uint16_t *port)
{
    char address[ADDRESS_TEXT_SIZE];
    const char *colon = strrchr(text, ':');
    size_t length = colon != NULL ? (size_t)(colon - text) : 0;
    if (length == 0 || length >= sizeof address || !parse_port(colon + 1, transport, port))
        return false;
    memcpy(address, text, length);
    address[length] = '\0';
    return address_parse(address, peer, NULL) && address_is_v4(*peer);
}

static bool is_of(const struct fact *f, const char *name)
{
    return f->kind != FACT_NUMBER && strcmp(f->name, name) == 0;
}

static const char *class_of_check(const struct check *c)
{
    switch (check_result_of(c)) {
    case CHECK_INFECTED:
        return "seen bad";
    case CHECK_ODD:
        return "seen hint";
    case CHECK_REFUSED:
    case CHECK_UNANSWERED:
    case CHECK_ERROR:
    case CHECK_RESULTS:
        break;
    }
    return "seen none";
}

/* What was seen on the host's own ports of one protocol. */
static void own_ports_seen(struct markup *m, const struct verdict *v, enum transport row, double y,
                           const uint16_t expected[static EXPECTED])
{
    enum transport transport;
    uint16_t port;
    for (size_t i = 0; i < v->check_count; i++)
        if (v->checks[i].transport == row && v->checks[i].port != 0)
            port_seen(m, class_of_check(&v->checks[i]), v->checks[i].port, y, expected);
    for (size_t i = 0; i < v->sign_count; i++)
        for (unsigned f = 0; f < v->signs[i].fact_count; f++)
            if (is_of(&v->signs[i].facts[f], "predicted_ports") &&
                parse_port(v->signs[i].facts[f].text, &transport, &port) && transport == row)
                port_seen(m, "seen bad", port, y, expected);
    for (unsigned i = 0; i < v->behind_count; i++)
        for (unsigned k = 0; k < v->behind[i].port_count; k++)
            if (v->behind[i].ports[k].transport == row)
                port_seen(m, "seen hint", v->behind[i].ports[k].port, y, expected);
}

enum { PEERS_SHOWN = 3, ROW_HEIGHT = 44 };

struct met_peer {
    struct address address;
    enum transport transport;
    uint16_t port;
    int64_t when_us;
};

/* Peers that it asked on a predicted port: examples in the facts of p2p-ports. */
static size_t peers_met(const struct verdict *v, struct met_peer out[static PEERS_SHOWN])
{
    size_t count = 0;
    for (size_t i = 0; i < v->sign_count; i++)
        for (unsigned f = 0; f < v->signs[i].fact_count && count < PEERS_SHOWN; f++) {
            out[count].when_us = v->signs[i].first_us;
            count += is_of(&v->signs[i].facts[f], "met") &&
                     parse_peer(v->signs[i].facts[f].text, &out[count].address,
                                &out[count].transport, &out[count].port);
        }
    return count;
}

/* When its ports were met: of a check, else of the P2P sign; TIME_NONE where nothing is of P2P. */
static int64_t ports_time(const struct verdict *v)
{
    for (size_t i = 0; i < v->check_count; i++)
        if (has_time(v->checks[i].when_us))
            return v->checks[i].when_us;
    for (size_t i = 0; i < v->sign_count; i++) {
        enum sign_id id = v->signs[i].id;
        bool is_p2p = id == SIGN_P2P_ANSWER || id == SIGN_P2P_ODD_ANSWER ||
                      id == SIGN_P2P_MESSAGE || id == SIGN_P2P_LISTENER || id == SIGN_P2P_PORTS;
        if (is_p2p && has_time(v->signs[i].first_us))
            return v->signs[i].first_us;
    }
    return TIME_NONE;
}

static void peer_row(struct markup *m, const struct met_peer *peer, double y)
{
    char address[ADDRESS_TEXT_SIZE];
    uint16_t expected[EXPECTED];
    expect_ports(peer->address, peer->when_us, peer->transport, expected);
    port_row(m, address_text(peer->address, address), peer->transport, expected, y);
    port_seen(m, "seen bad", peer->port, y, expected);
}

static void own_row(struct markup *m, const struct verdict *v, int64_t when_us,
                    enum transport transport, double y)
{
    uint16_t expected[EXPECTED];
    expect_ports(v->host, when_us, transport, expected);
    port_row(m, "its own", transport, expected, y);
    own_ports_seen(m, v, transport, y, expected);
}

void picture_ports(struct markup *m, const struct verdict *v)
{
    struct met_peer peers[PEERS_SHOWN];
    int64_t when_us = ports_time(v);
    if (when_us == TIME_NONE || !address_is_v4(v->host))
        return;
    uint32_t week = week_of(when_us);
    size_t peer_count = peers_met(v, peers);
    char says[SAYS_SIZE];
    struct text text = text_over(says, sizeof says);
    text_add(&text, "Rings: the ports that variants D and E compute in week %u%s. Dots: %s.%s",
             (unsigned)week, week_neighbour(when_us) != week ? " and the week beside it" : "",
             v->check_count > 0 ? "ports that were asked, grey where no data came"
                                : "ports that were met",
             peer_count > 0 ? " Below are peers that it sought there." : "");
    double y = 26;
    svg_begin(m, "P2P ports, expected against seen", says,
              (double)(2 + peer_count) * ROW_HEIGHT + 14);
    own_row(m, v, when_us, TRANSPORT_TCP, y);
    y += ROW_HEIGHT;
    own_row(m, v, when_us, TRANSPORT_UDP, y);
    for (size_t i = 0; i < peer_count; i++) {
        y += ROW_HEIGHT;
        peer_row(m, &peers[i], y);
    }
    svg_end(m);
}

static const struct sign *sweep_of(const struct verdict *v)
{
    const struct sign *found = NULL;
    for (size_t i = 0; i < v->sign_count; i++)
        if (v->signs[i].id == SIGN_SMB_SWEEP && (found == NULL || v->signs[i].of > found->of))
            found = &v->signs[i];
    return found;
}

enum { RAYS = 40, FAN_HEIGHT = 250, FAN_LENGTH = 180, FAN_BROKEN = 112, FAN_X = 300 };

/* In the middle of the fan, as far as they reach. */
static void fan_rays(struct markup *m, unsigned from, unsigned to, double reach)
{
    static const double widest = 1.4; /* radians to either side */
    double middle = FAN_HEIGHT / 2.0;
    for (unsigned i = from; i < to; i++) {
        double angle = -widest + 2 * widest * i / (RAYS - 1);
        markup_say(m, "M%d %.0fL%.0f %.0f", FAN_X, middle, FAN_X + reach * cos(angle),
                   middle + reach * sin(angle));
    }
}

void picture_shapes(struct markup *m)
{
    markup_say(m,
               "<svg class=\"apart\" aria-hidden=\"true\"><symbol id=\"fan\" "
               "viewBox=\"0 0 %d %d\"><path class=\"ray fails\" d=\"",
               PICTURE_WIDTH, FAN_HEIGHT);
    fan_rays(m, 0, RAYS, FAN_BROKEN);
    markup_say(m, "\"/></symbol></svg>\n");
}

void picture_fan(struct markup *m, const struct verdict *v)
{
    char host[ADDRESS_TEXT_SIZE], tried[COUNT_TEXT_SIZE], failed[COUNT_TEXT_SIZE];
    char says[SAYS_SIZE];
    const struct sign *s = sweep_of(v);
    if (s == NULL || s->of == 0 || s->count > s->of)
        return;
    unsigned answered = (unsigned)ceil((double)(s->of - s->count) / (double)s->of * RAYS);
    unsigned from = (RAYS - answered) / 2;
    struct text text = text_over(says, sizeof says);
    text_add(&text,
             "It tried %s addresses on a day, and %s of them gave no connection: the grey rays. "
             "Each of the %d rays stands for its share.",
             count_text(s->of, tried), count_text(s->count, failed), RAYS);
    svg_begin(m, "Attempts on port 445", says, FAN_HEIGHT);
    markup_say(m, "<use href=\"#fan\"/><path class=\"ray\" d=\"");
    fan_rays(m, from, from + answered, FAN_LENGTH);
    markup_say(m, "\"/>");
    svg_dot(m, "seen bad", FAN_X, FAN_HEIGHT / 2.0, 8);
    svg_words(m, "end", FAN_X - 20, FAN_HEIGHT / 2.0 + 4, "%s", address_text(v->host, host));
    svg_end(m);
}
