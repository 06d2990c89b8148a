/* The question of p2p-conficker: a bare P2P message to each port that an infected host would listen
 * on, TCP and UDP. Variants D and E answer with a message of their own.
 *
 * Ports of this week; within 24 hours of Monday 00:00 UTC also of the other week, as clocks go
 * wrong and hosts are asked for a while; with slack of the weeks before and after. Where the two
 * readings of the worm's generator differ, the ports of both.
 * An answer is believed when it decrypts, its checksum holds, its flags are sane and it is not our
 * own message sent back. Source: spec of asking, section b; conficker/message. */
#include "scan/probe.h"

#include <string.h>

#include "base/compiler.h"
#include "base/time.h"
#include "conficker/message.h"
#include "evidence/verdict.h"
#include "scan/real_addresses.h"

/* The bytes at the head by which an echo is known: the key, on TCP the prefix and most of it. */
enum { ECHO_SIZE = 8 };

enum { WEEKS_MAX = 3, READINGS = 2 };

struct weeks {
    size_t count;
    struct {
        uint32_t number;
        enum check_week name;
    } items[WEEKS_MAX];
};

static void add_week(struct weeks *w, uint32_t number, enum check_week name)
{
    w->items[w->count].number = number;
    w->items[w->count].name = name;
    w->count++;
}

static struct weeks weeks_of(const struct aim *aim)
{
    struct weeks weeks = {0};
    uint32_t this_week = aim->week_given ? aim->week : week_of(aim->when_us);
    uint32_t other = aim->week_given ? this_week : week_neighbour(aim->when_us);
    add_week(&weeks, this_week, CHECK_WEEK_THIS);
    if ((aim->slack || other < this_week) && this_week > 0)
        add_week(&weeks, this_week - 1, CHECK_WEEK_LAST);
    if ((aim->slack || other > this_week) && this_week < UINT32_MAX)
        add_week(&weeks, this_week + 1, CHECK_WEEK_NEXT);
    return weeks;
}

/* 0 is the port of an address for which none can be drawn. */
static size_t add_shot(struct shot *shots, size_t count, const struct shot *one)
{
    if (one->port == 0)
        return count;
    for (size_t i = 0; i < count; i++)
        if (shots[i].transport == one->transport && shots[i].port == one->port)
            return count;
    shots[count] = *one;
    return count + 1;
}

static uint16_t port_of(struct p2p_ports ports, enum transport transport, unsigned pair)
{
    return transport == TRANSPORT_TCP ? ports.tcp[pair] : ports.udp[pair];
}

static size_t aim_p2p(const struct aim *aim, uint32_t host,
                      struct shot shots[static PROBE_SHOTS_MAX])
{
    static const enum transport transports[] = {TRANSPORT_TCP, TRANSPORT_UDP};
    struct p2p_ports ports[WEEKS_MAX][READINGS];
    struct weeks weeks = weeks_of(aim);
    uint32_t owner = aim->real_given ? aim->real : host;
    (void)real_addresses_find(aim->reals, host, &owner);
    size_t count = 0;
    for (size_t w = 0; w < weeks.count; w++)
        ports_predicted_by_both(owner, weeks.items[w].number, ports[w]);
    for (size_t t = 0; t < COUNT_OF(transports); t++) {
        struct shot one = {.host = host, .transport = transports[t], .week = CHECK_WEEK_ANY};
        one.port = port_of(ports[0][0], one.transport, 0);
        count = add_shot(shots, count, &one);
        for (size_t w = 0; w < weeks.count; w++) {
            for (size_t r = 0; r < READINGS; r++) {
                one.week = weeks.items[w].name;
                one.port = port_of(ports[w][r], one.transport, 1);
                count = add_shot(shots, count, &one);
            }
        }
    }
    return count;
}

static void build(const struct shot *shot, struct writer *request)
{
    bool is_tcp = shot->transport == TRANSPORT_TCP;
    struct message_plan plan = {.transport = shot->transport};
    plan.fields.key = shot->key;
    plan.fields.flags = (uint16_t)(MESSAGE_MODE | MESSAGE_ENCODED | (is_tcp ? MESSAGE_IS_TCP : 0));
    message_build(&plan, request);
}

static bool is_whole(struct reader came)
{
    struct reader start = came;
    uint16_t prefix = read_le16(&start);
    return !start.failed && (prefix < MESSAGE_SIZE_MIN || start.left >= prefix);
}

static bool is_echo(const struct shot *shot, struct reader came)
{
    uint8_t request[REQUEST_SIZE];
    struct writer w = writer_over(request, sizeof request);
    build(shot, &w);
    const uint8_t *head = read_bytes(&came, ECHO_SIZE);
    return head != NULL && memcmp(head, request, ECHO_SIZE) == 0;
}

static enum check_cause cause_of_fault(enum message_fault fault)
{
    switch (fault) {
    case MESSAGE_CUT_KEY:
        return CAUSE_CUT_KEY;
    case MESSAGE_CUT_FLAGS:
        return CAUSE_CUT_FLAGS;
    case MESSAGE_CUT_IP:
    case MESSAGE_CUT_UNKNOWN0:
        return CAUSE_CUT_IP;
    case MESSAGE_CUT_UNKNOWN1:
        return CAUSE_CUT_UNKNOWN1;
    case MESSAGE_CUT_DATA_HEADER:
        return CAUSE_CUT_DATA_HEADER;
    case MESSAGE_CUT_DATA:
        return CAUSE_CUT_DATA;
    case MESSAGE_CUT_SYSINFO:
        return CAUSE_CUT_SYSINFO;
    case MESSAGE_CUT_CHECKSUM:
        return CAUSE_CUT_CHECKSUM;
    case MESSAGE_CUT_PREFIX:
    case MESSAGE_CUT_STREAM:
        return CAUSE_CUT_STREAM;
    case MESSAGE_PREFIX_SMALL:
        return CAUSE_PREFIX_SMALL;
    case MESSAGE_OK:
        break;
    }
    return CAUSE_VALID;
}

static void note_message(const struct shot *shot, const struct message *m, struct answer *out)
{
    out->flags = m->flags;
    out->cause = !message_checksum_holds(m)                           ? CAUSE_CHECKSUM
                 : !message_flags_are_sane(m->flags, shot->transport) ? CAUSE_FLAGS
                                                                      : CAUSE_VALID;
    if (out->cause != CAUSE_VALID || (m->flags & MESSAGE_HAS_SYSINFO) == 0)
        return;
    const struct message_sysinfo *s = &m->sysinfo;
    struct text system = text_over(out->system, sizeof out->system);
    text_add(&system, "Windows %u.%u build %u SP %u.%u", s->os_major, s->os_minor, s->os_build,
             s->sp_major, s->sp_minor);
}

static void judge(const struct shot *shot, struct reader came, struct answer *out)
{
    uint8_t scratch[ANSWER_SIZE];
    struct message m;
    struct reader start = came;
    out->size = came.left;
    out->head_size = (uint8_t)(came.left < ANSWER_HEAD ? came.left : ANSWER_HEAD);
    memcpy(out->head, read_bytes(&start, out->head_size), out->head_size);
    start = came;
    if (shot->transport == TRANSPORT_TCP) {
        out->wanted = read_le16(&start);
        out->came = (uint32_t)start.left;
    }
    enum message_fault fault = message_parse(came, shot->transport, scratch, sizeof scratch, &m);
    if (came.left == 1)
        out->cause = CAUSE_ONE_BYTE;
    else if (is_echo(shot, came))
        out->cause = CAUSE_ECHO;
    else if (fault != MESSAGE_OK)
        out->cause = cause_of_fault(fault);
    else
        note_message(shot, &m, out);
}

static void note_time(struct sign *s, int64_t when_us)
{
    if (s->count == 0 || when_us < s->first_us)
        s->first_us = when_us;
    if (s->count == 0 || when_us > s->last_us)
        s->last_us = when_us;
}

/* "40832/tcp 12001f...": what came, so that anybody can judge it again ('wormsign decode'). */
static void add_answer(struct sign *s, const struct shot *shot, const struct answer *a)
{
    char line[FACT_TEXT_SIZE];
    struct text text = text_over(line, sizeof line);
    text_add(&text, "%u/%s ", shot->port, shot->transport == TRANSPORT_TCP ? "tcp" : "udp");
    for (size_t i = 0; i < a->head_size; i++)
        text_add(&text, "%02x", a->head[i]);
    if (a->size > a->head_size)
        text_add(&text, "... (%zu bytes)", a->size);
    sign_add_text(s, FACT_ITEM, "answers", line);
}

/* Those that are none of its generator: they were named by who asks. */
static size_t named_ports(const struct asked *host)
{
    size_t count = 0;
    for (size_t i = 0; i < host->count; i++)
        count += host->shots[i].week == CHECK_WEEK_NONE;
    return count;
}

/* Takes the answers of one result into the sign; returns how many there are. */
static uint64_t gather(const struct asked *host, enum check_result result, struct sign *out)
{
    size_t others = named_ports(host);
    *out = (struct sign){.has_of = others == 0, .of = host->count - others};
    for (size_t i = 0; i < host->count; i++) {
        const struct answer *a = &host->answers[i];
        struct check check = {.transport = host->shots[i].transport, .cause = a->cause};
        if (check_result_of(&check) != result)
            continue;
        note_time(out, host->when_us[i]);
        add_answer(out, &host->shots[i], a);
        if (a->system[0] != '\0' && out->variants == 0) {
            sign_add_text(out, FACT_TEXT, "system", a->system);
            out->variants = VARIANT_D | VARIANT_E;
        }
        out->count++;
    }
    if (out->count > 0)
        out->day = day_of(out->first_us);
    return out->count;
}

static size_t report_valid(const struct asked *host, struct sign *out)
{
    if (gather(host, CHECK_INFECTED, out) == 0)
        return 0;
    out->id = SIGN_P2P_ANSWER;
    out->weight = WEIGHT_PROOF;
    out->variants = VARIANT_D | VARIANT_E;
    struct text says = text_over(out->says, sizeof out->says);
    text_add(
        &says,
        "Asked on the %zu ports that Conficker D or E would open%s, it answered on %llu with a "
        "message of the worm that decrypts and whose checksum holds.",
        host->count - named_ports(host), named_ports(host) > 0 ? " and on others" : "",
        (unsigned long long)out->count);
    return 1;
}

/* What was wrong with the first odd answer, in the words of the check. */
static const char *first_reason(const struct asked *host)
{
    for (size_t i = 0; i < host->count; i++) {
        const struct check check = {.transport = host->shots[i].transport,
                                    .cause = host->answers[i].cause};
        if (check_result_of(&check) == CHECK_ODD)
            return check_reason(&check);
    }
    return "";
}

static size_t report_odd(const struct asked *host, struct sign *out)
{
    if (gather(host, CHECK_ODD, out) == 0)
        return 0;
    out->id = SIGN_P2P_ODD_ANSWER;
    out->weight = WEIGHT_POINTS;
    out->points = VERDICT_ODD_ANSWER_POINTS;
    struct text says = text_over(out->says, sizeof out->says);
    text_add(&says,
             "Asked on the %zu ports that Conficker D or E would open, it sent data on %llu that "
             "is no valid message: %s.",
             host->count - named_ports(host), (unsigned long long)out->count, first_reason(host));
    return 1;
}

static size_t report(const struct asked *host, struct sign signs[static PROBE_SIGNS_MAX])
{
    size_t count = report_valid(host, &signs[0]);
    return count + report_odd(host, &signs[count]);
}

extern const struct probe probe_p2p;
const struct probe probe_p2p = {
    .id = "p2p",
    .claim = "A P2P message of Conficker D and E, to the ports that it would listen on.",
    .checks_ports = true,
    .sign_count = 2,
    .signs = {SIGN_P2P_ANSWER, SIGN_P2P_ODD_ANSWER},
    .aim = aim_p2p,
    .build = build,
    .is_whole = is_whole,
    .judge = judge,
    .report = report,
};
