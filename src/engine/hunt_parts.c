/* Parts: what one input came to is joined with the rest, written to an evidence file, or read from
 * one. */
#include "engine/hunt_inside.h"

#include <string.h>

#include "base/writer.h"
#include "detect/sites.h"
#include "engine/recorder.h"
#include "evidence/names.h"

void hunt_pour_into(struct hunt *h, struct hosts *hosts)
{
    h->pouring_into = hosts;
    for (unsigned d = 0; d < detector_count; d++)
        h->watchers[d].hosts = hosts;
}

struct hosts *hunt_new_store(const struct hunt *h)
{
    size_t slot_sizes[HOSTS_KINDS_MAX];
    for (unsigned d = 0; d < detector_count; d++)
        slot_sizes[d] = detectors[d]->slot_size;
    return hosts_new(&h->settings->limits, slot_sizes, detector_count);
}

bool hunt_part_begin(struct hunt *h, struct hunt_part *part, struct input_totals *totals)
{
    *part = (struct hunt_part){.totals = totals,
                               .since_us = h->settings->since_us,
                               .until_us = h->settings->until_us,
                               .sampling = h->settings->sampling,
                               .sites = sites_fingerprint(h->settings->sites)};
    if (!h->keeps_parts)
        return true;
    part->hosts = hunt_new_store(h);
    if (part->hosts == NULL)
        return false;
    hunt_pour_into(h, part->hosts);
    return true;
}

struct digest hunt_part_key(const struct hunt_part *part)
{
    uint8_t key[DIGEST_BYTES + 4 * sizeof(uint64_t) + sizeof(uint32_t)];
    struct writer w = writer_over(key, sizeof key);
    write_le64(&w, part->digest.low);
    write_le64(&w, part->digest.high);
    write_le64(&w, part->size);
    write_le64(&w, (uint64_t)part->since_us);
    write_le64(&w, (uint64_t)part->until_us);
    write_le32(&w, part->sampling);
    write_le64(&w, part->sites);
    return digest_of(key, w.used);
}

bool hunt_met_part(struct hunt *h, const struct hunt_part *part)
{
    size_t before;
    return part->digest_known && known_met(&h->parts, hunt_part_key(part), 0, &before);
}

static void add_slot(struct hunt *h, const struct host_day *day, unsigned d)
{
    const void *slot = host_day_slot(day, d);
    void *into = hosts_slot(h->hosts, d, day->host, day->day);
    if (into == NULL && hunt_has_trail(d, slot))
        into = hosts_slot_of_part(h->hosts, d, day->host, day->day);
    if (into != NULL)
        detectors[d]->merge(&h->watchers[d], into, slot);
}

void hunt_add_evidence(struct hunt *h, struct hosts *from)
{
    size_t count;
    struct host_day *const *days = hosts_sorted(from, &count);
    hunt_pour_into(h, h->hosts);
    h->incomplete |= days == NULL;
    h->refused += hosts_refused(from);
    hosts_met_merge(h->hosts, from);
    for (size_t i = 0; i < count; i++) {
        hosts_make_room(h->hosts);
        for (unsigned d = 0; d < detector_count; d++)
            if (host_day_tells(days[i], d))
                add_slot(h, days[i], d);
    }
}

static void note_span(struct hunt *h, const struct hunt_part *part)
{
    if (!part->recognised)
        return;
    h->spans_differ |= h->has_span &&
                       (h->since_us != part->since_us || h->until_us != part->until_us);
    if (!h->has_span) {
        h->since_us = part->since_us;
        h->until_us = part->until_us;
    }
    h->has_span = true;
}

void hunt_add_part(struct hunt *h, const struct hunt_part *part)
{
    h->opened += part->opened;
    h->recognised += part->recognised;
    h->unrecognised += part->unrecognised;
    h->incomplete |= part->totals->damage_count > 0 || part->totals->interrupted;
    h->refused += part->refused;
    h->lost_look_ups += part->lost_look_ups;
    if (part->sampling > h->sampling)
        h->sampling = part->sampling;
    for (unsigned d = 0; d < detector_count; d++)
        h->watchers[d].sampling = h->sampling;
    note_span(h, part);
    reading_add_counts(&h->counts, &part->counts);
    home_add(&h->home, &part->home);
    if (part->hosts != NULL)
        hunt_add_evidence(h, part->hosts);
}

/* The first store is taken as it is: joining it with nothing would take as long as with another. */
static void take_store(struct hunt *h, struct hunt *from)
{
    hosts_free(h->hosts);
    h->hosts = from->hosts;
    from->hosts = NULL;
    hunt_pour_into(h, h->hosts);
    hunt_keep_gravest(h);
}

void hunt_absorb(struct hunt *h, struct hunt *from)
{
    if (hosts_is_fresh(h->hosts))
        take_store(h, from);
    else
        hunt_add_evidence(h, from->hosts);
    names_merge(h->names, from->names);
    h->lost_look_ups += calendar_failures(from->calendar);
}

void hunt_part_end(struct hunt *h, struct hunt_part *part)
{
    home_end_input(&h->home, &part->home);
    hunt_pour_into(h, h->hosts);
}

void hunt_keep_part(struct hunt *h, const struct hunt_part *part)
{
    if (h->partial != NULL && part->hosts != NULL)
        partial_out_add(h->partial, part);
    if (h->recorder != NULL && part->hosts != NULL)
        recorder_add_part(h->recorder, part);
}

void hunt_part_join(struct hunt *h, struct hunt_part *part)
{
    if (hunt_met_part(h, part)) {
        h->repeated++;
    } else {
        hunt_keep_part(h, part);
        hunt_add_part(h, part);
    }
    hosts_free(part->hosts);
    part->hosts = NULL;
}
