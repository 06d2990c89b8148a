/* The source of capture files: packets, followed as flows, poured as observations. Each file has a
 * flow table of its own, so files can be read in any order. */
#include <stdlib.h>

#include "observe/flows.h"
#include "source/capture_flows.h"
#include "source/packet_reader.h"
#include "source/shared_packets.h"
#include "source/source.h"

struct captures {
    struct packet_reader reader; /* not where the file is shared */
    struct flows *flows;
    struct shared_packets *shared;  /* NULL: the file is read by one */
    const struct packet_slot *slot; /* of it, so many packets of which were taken */
    size_t taken;
    struct capture_flows *records; /* where flow records are wanted: then flows is NULL */
    struct packet_batch batch;
    enum capture_result end; /* of the last batch: said once its packets have been poured */
};

static void captures_close(void *state)
{
    struct captures *c = state;
    if (c->shared != NULL)
        input_follow(c->reader.in, NULL);
    else
        packet_reader_close(&c->reader);
    flows_free(c->flows);
    capture_flows_close(c->records);
    free(c);
}

/* Where several threads read the file, the one that reads it has a reader and an input of its own;
 * ours tells how far that is. */
static bool begin(struct captures *c, struct input *in, const struct source_settings *settings,
                  struct error *err)
{
    if (settings->shares <= 1)
        return packet_reader_open(&c->reader, in, settings, err);
    c->reader.in = in;
    c->reader.settings = *settings;
    c->shared = shared_packets_join(settings, err);
    if (c->shared != NULL)
        input_follow(in, meeting_input(settings->meeting));
    return c->shared != NULL;
}

static void *captures_open(struct input *in, const struct source_settings *settings,
                           struct error *err)
{
    struct captures *c = calloc(1, sizeof *c);
    if (c == NULL) {
        (void)fail(err, ERROR_SYSTEM, "no memory");
        return NULL;
    }
    if (!begin(c, in, settings, err)) {
        free(c);
        return NULL;
    }
    c->end = CAPTURE_FRAME;
    if (settings->flow_records)
        c->records = capture_flows_open(c->reader.file, in, settings);
    else
        c->flows = flows_new(input_is_large(in));
    if (c->flows == NULL && c->records == NULL) {
        (void)fail(err, ERROR_SYSTEM, "no memory");
        captures_close(c);
        return NULL;
    }
    return c;
}

static const char *captures_format(const void *state)
{
    const struct captures *c = state;
    return c->shared != NULL ? shared_packets_format(c->shared)
                             : capture_file_format(c->reader.file);
}

static enum source_result result_of(enum capture_result result)
{
    switch (result) {
    case CAPTURE_FRAME:
        return SOURCE_MORE;
    case CAPTURE_SKIPPED:
        return SOURCE_SKIPPED;
    case CAPTURE_END:
        return SOURCE_END;
    case CAPTURE_DAMAGED:
        break;
    }
    return SOURCE_DAMAGED;
}

static bool is_of_port(const struct packet *p, uint16_t port)
{
    bool has_ports = p->protocol == IP_TCP || p->protocol == IP_UDP;
    return has_ports && (p->port_from == port || p->port_to == port);
}

/* Closes up the packets of the port that is asked for. */
static void keep_port(struct packet_batch *batch, uint16_t port)
{
    size_t kept = 0;
    for (size_t i = 0; i < batch->count; i++)
        if (is_of_port(&batch->packets[i], port))
            batch->packets[kept++] = batch->packets[i];
    batch->count = kept;
}

/* No frame that was read stays behind: of an input that is fed, nobody knows when more will come,
 * and who pours asks it, not us. */
static void take_batch(struct captures *c, struct sink *to)
{
    do {
        packet_reader_fill(&c->reader, &c->batch);
        if (c->reader.settings.only_port != 0)
            keep_port(&c->batch, c->reader.settings.only_port);
        flows_take(c->flows, c->batch.packets, c->batch.count, to);
    } while (packet_reader_has_frames(&c->reader));
    c->end = c->batch.end;
}

/* A batch of the slot, so that whoever pours can look about as often as where nothing is shared.
 * Nothing where the run was stopped: who pours asks for that by and by. */
static void take_of_slot(struct captures *c, struct sink *to)
{
    const struct source_settings *s = &c->reader.settings;
    if (c->slot == NULL) {
        c->slot = meeting_next(s->meeting, s->share);
        c->taken = 0;
    }
    if (c->slot == NULL)
        return;
    const struct packet *packets = &c->slot->packets[s->share * (SLOT_PACKETS / s->shares)];
    size_t count = c->slot->stretches.count[s->share];
    size_t most = count - c->taken < PACKET_BATCH ? count - c->taken : PACKET_BATCH;
    flows_take(c->flows, &packets[c->taken], most, to);
    c->taken += most;
    c->batch.counts = c->slot->counts;
    if (c->taken < count)
        return;
    c->end = c->slot->end;
    c->batch.error = c->slot->error;
    c->slot = NULL;
}

/* What ends a batch other than a frame is said by the call after, when its packets have been
 * poured. */
static enum source_result captures_next(void *state, struct sink *to, struct error *err)
{
    struct captures *c = state;
    if (c->records != NULL)
        return capture_flows_next(c->records, to, err);
    if (c->end != CAPTURE_FRAME) {
        enum capture_result end = c->end;
        *err = c->batch.error;
        if (end == CAPTURE_SKIPPED)
            c->end = CAPTURE_FRAME;
        return result_of(end);
    }
    if (c->shared != NULL)
        take_of_slot(c, to);
    else
        take_batch(c, to);
    return SOURCE_MORE;
}

static void captures_counts(const void *state, struct source_counts *out)
{
    const struct captures *c = state;
    if (c->records != NULL) {
        capture_flows_counts(c->records, out);
        return;
    }
    const struct flows_counts *flows = flows_counts(c->flows);
    *out = c->reader.settings.share > 0 ? (struct source_counts){0} : c->batch.counts;
    out->mirrored = flows->mirrored;
    out->dns_damaged = flows->dns_damaged;
    out->flows = flows->flows;
    out->flows_let_go = flows->flows_let_go;
    out->heads_let_go = flows->heads_let_go;
}

const struct source_format source_captures = {
    .id = "capture",
    .claim = "pcap and pcapng files, as tcpdump, Wireshark and argus sensors write them.",
    .recognises = capture_file_recognises,
    .open = captures_open,
    .format = captures_format,
    .next = captures_next,
    .counts = captures_counts,
    .close = captures_close,
};
