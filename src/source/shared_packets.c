/* Packets that have no flow tell nobody anything and are left out here. A slot ends early where one
 * share's stretch is full, so that any mixture of flows fits. */
#include "source/shared_packets.h"

#include <assert.h>
#include <stdlib.h>

#include "observe/flow_key.h"
#include "observe/frame.h"

struct shared_packets {
    struct input *in; /* borrowed */
    struct packet_reader reader;
    unsigned shares;
    size_t each; /* places of a share */
    struct packet_batch batch;
};

static void *open_shared(struct input *in, const void *with, struct error *err)
{
    const struct source_settings *settings = with;
    struct shared_packets *s = calloc(1, sizeof *s);
    if (s == NULL) {
        (void)fail(err, ERROR_SYSTEM, "no memory");
        return NULL;
    }
    s->in = in;
    s->shares = settings->shares;
    s->each = SLOT_PACKETS / s->shares;
    if (packet_reader_open(&s->reader, in, settings, err))
        return s;
    free(s);
    return NULL;
}

static void close_shared(void *from)
{
    struct shared_packets *s = from;
    packet_reader_close(&s->reader);
    free(s);
}

static void clear(void *from, void *of)
{
    struct shared_packets *s = from;
    struct packet_slot *slot = of;
    input_let_go(s->in, &slot->held);
    slot->stretches = (struct stretches){{0}};
    slot->kept_bytes = 0;
}

/* A payload that the decoder will write over. */
static void keep_payload(struct packet_slot *slot, struct packet *packet)
{
    struct reader from = packet->payload;
    uint8_t *to = slot->kept + slot->kept_bytes;
    size_t size = from.left;
    const uint8_t *bytes = read_bytes(&from, size);
    if (size > 0)
        memcpy(to, bytes, size);
    packet->payload = reader_over(to, size);
    slot->kept_bytes += size;
}

static void sort_batch(struct shared_packets *s, struct packet_slot *slot)
{
    for (size_t i = 0; i < s->batch.count; i++) {
        struct packet *packet = &s->batch.packets[i];
        if (!packet_has_flow(packet))
            continue;
        if (RARELY(packet->reassembled))
            keep_payload(slot, packet);
        unsigned share = flow_share_of(flow_key_of(packet).hash, s->shares);
        slot->packets[stretches_take(&slot->stretches, share, s->each)] = *packet;
    }
}

static bool has_room(const struct shared_packets *s, const struct packet_slot *slot)
{
    return slot->held.count < INPUT_HELD_MAX &&
           slot->kept_bytes + FRAGMENT_BYTES_MAX <= SLOT_KEPT_BYTES &&
           stretches_have_room(&slot->stretches, s->shares, s->each, PACKET_BATCH);
}

static bool fill(void *from, void *of)
{
    enum { BATCHES = 2 * SLOT_PACKETS / PACKET_BATCH };
    struct shared_packets *s = from;
    struct packet_slot *slot = of;
    s->batch.end = CAPTURE_FRAME;
    for (unsigned i = 0; i < BATCHES && s->batch.end == CAPTURE_FRAME && has_room(s, slot); i++) {
        packet_reader_fill(&s->reader, &s->batch);
        input_hold(s->in, &slot->held);
        sort_batch(s, slot);
    }
    slot->end = s->batch.end;
    slot->error = s->batch.error;
    slot->counts = s->batch.counts;
    return slot->end == CAPTURE_END || slot->end == CAPTURE_DAMAGED;
}

static const struct meeting_work work = {.slot_size = sizeof(struct packet_slot),
                                         .open = open_shared,
                                         .fill = fill,
                                         .clear = clear,
                                         .close = close_shared};

_Static_assert(SLOT_PACKETS / MEETING_SHARES_MAX >= PACKET_BATCH, "any batch fits an empty slot");

struct shared_packets *shared_packets_join(const struct source_settings *settings,
                                           struct error *err)
{
    assert(settings->only_port == 0 && !settings->flow_records);
    return meeting_join(settings->meeting, settings->share, &work, settings, err);
}

const char *shared_packets_format(const struct shared_packets *s)
{
    return capture_file_format(s->reader.file);
}
