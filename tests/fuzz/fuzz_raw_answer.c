/* Packets of a hostile network, before the raw engine: nothing of them is believed that does not
 * carry a cookie of ours, and a reset never follows the word of somebody who was not asked.
 *
 * The bytes are one block of the ring: frames, whose packets are read and held against the knocks
 * of whoever they name. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "scan/gate.h"
#include "scan/raw_plan.h"
#include "scan/raw_ring.h"

enum { US = 0x0a090101, FRAMES_MAX = 1000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take(const struct raw_plan *plan, struct reader packet)
{
    struct raw_answer a;
    struct knock knocks[KNOCKS_MAX];
    uint8_t bytes[RAW_PACKET_SIZE];
    const size_t size = packet.left;
    if (!raw_answer_read(packet, US, &a))
        return;
    assert(a.payload.left <= size);
    size_t count = raw_knocks(plan, a.host, knocks);
    for (size_t i = 0; i < count && i < KNOCKS_MAX; i++) {
        if (!raw_answer_is_true(plan, &knocks[i], &a))
            continue;
        struct writer w = writer_over(bytes, sizeof bytes);
        if (a.transport == TRANSPORT_TCP)
            raw_build_question(plan, &knocks[i], &a, &w);
        assert(!w.failed && a.host == knocks[i].shot.host && a.port == knocks[i].shot.port);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct raw_plan plan = {.probes = {probe_named("p2p")},
                                  .probe_count = 1,
                                  .aim = {.week_given = true, .week = 2050},
                                  .key = raw_cookie_key_of(7),
                                  .source = US,
                                  .tcp_ports = {30000, 30001, 30002},
                                  .udp_first = 40000,
                                  .udp_count = 1024};
    struct raw_block block = raw_block_over(data, size);
    struct raw_frame frame;
    struct reader packet, arp;
    const uint8_t *mac;
    uint32_t host;
    for (int i = 0; i < FRAMES_MAX && raw_block_next(&block, &frame); i++) {
        assert(frame.bytes.left <= size);
        if (raw_frame_packet(&frame, i % 2 == 1, &packet, &arp))
            take(&plan, packet);
        else if (raw_arp_read(arp, &host, &mac))
            assert(mac != NULL);
    }
    struct raw_plan ping = plan;
    ping.probe_count = gate_probes(GATE_PING, ping.probes);
    take(&plan, reader_over(data, size));
    take(&ping, reader_over(data, size));
    return 0;
}
