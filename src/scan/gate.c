/* A port without a question: who takes the connection has said what there is to know. */
#include "scan/gate.h"

#include <assert.h>

#include "base/compiler.h"
#include "wire/transport.h"

enum { PORT_SMB = 445, PORT_SESSION = 139 };

static size_t aim_doors(const struct aim *aim, uint32_t host,
                        struct shot shots[static PROBE_SHOTS_MAX])
{
    static const uint16_t ports[] = {PORT_SMB, PORT_SESSION};
    (void)aim;
    for (size_t i = 0; i < COUNT_OF(ports); i++)
        shots[i] = (struct shot){.host = host, .transport = TRANSPORT_TCP, .port = ports[i]};
    return COUNT_OF(ports);
}

/* A datagram without a port is an ICMP echo (network.h). */
static size_t aim_echo(const struct aim *aim, uint32_t host,
                       struct shot shots[static PROBE_SHOTS_MAX])
{
    (void)aim;
    shots[0] = (struct shot){.host = host, .transport = TRANSPORT_UDP};
    return 1;
}

/* RFC 792; the kernel writes checksum and identifier. */
static void build_echo(const struct shot *shot, struct writer *request)
{
    write_u8(request, ICMP_ECHO);
    write_u8(request, 0);
    write_be16(request, 0);
    write_be16(request, 0);
    write_be16(request, (uint16_t)shot->key);
}

static bool is_whole(struct reader came)
{
    (void)came;
    return true;
}

static void judge(const struct shot *shot, struct reader came, struct answer *out)
{
    (void)shot;
    out->size = came.left;
    out->cause = CAUSE_SPOKE;
}

static size_t report(const struct asked *host, struct sign signs[static PROBE_SIGNS_MAX])
{
    (void)host;
    (void)signs;
    return 0;
}

static const struct probe probe_doors = {
    .id = "doors",
    .claim = "Whether 445 and 139 take connections.",
    .aim = aim_doors,
    .is_whole = is_whole,
    .judge = judge,
    .report = report,
};

static const struct probe probe_echo = {
    .id = "echo",
    .claim = "Whether it answers an ICMP echo.",
    .aim = aim_echo,
    .build = build_echo,
    .is_whole = is_whole,
    .judge = judge,
    .report = report,
};

size_t gate_aim(enum gate gate, uint32_t host, struct shot shots[static GATE_SHOTS])
{
    const struct probe *of[2] = {&probe_doors,
                                 gate == GATE_PING ? &probe_echo : probe_named("netbios")};
    const struct aim aim = {0};
    size_t count = 0;
    for (size_t p = 0; p < COUNT_OF(of); p++) {
        struct shot aimed[PROBE_SHOTS_MAX];
        size_t more = of[p]->aim(&aim, host, aimed);
        assert(count + more <= GATE_SHOTS);
        for (size_t i = 0; i < more; i++) {
            shots[count] = aimed[i];
            shots[count++].probe = of[p];
        }
    }
    return count;
}

const struct probe *gate_door(void)
{
    return &probe_doors;
}

size_t gate_probes(enum gate gate, const struct probe *out[static PROBES_MAX])
{
    if (gate == GATE_NONE)
        return 0;
    out[0] = &probe_doors;
    out[1] = gate == GATE_PING ? &probe_echo : probe_named("netbios");
    return 2;
}

static bool is_open(enum gate gate, const struct shot *shot, enum check_cause cause)
{
    bool took = cause == CAUSE_MUTE || cause == CAUSE_CLOSED || cause == CAUSE_RESET;
    bool refused = gate == GATE_PING && cause == CAUSE_REFUSED && shot->port != 0;
    return took || refused || cause == CAUSE_SPOKE;
}

enum gate_answer gate_judge(enum gate gate, const struct asked *host)
{
    size_t heard = 0;
    for (size_t i = 0; i < host->count; i++) {
        const struct check check = {.transport = host->shots[i].transport,
                                    .cause = host->answers[i].cause};
        if (is_open(gate, &host->shots[i], check.cause))
            return GATE_OPEN;
        heard += check_result_of(&check) != CHECK_ERROR && host->shots[i].port != 0;
    }
    return heard > 0 ? GATE_SHUT : GATE_UNHEARD;
}

const char *gate_reason(enum gate gate)
{
    return gate == GATE_PING ? "no answer to --ping (ICMP echo, 445/tcp, 139/tcp), so it was asked "
                               "nothing else"
                             : "neither 445, 139 nor NetBIOS was seen on it, so by --windows-only "
                               "it was asked nothing else";
}
