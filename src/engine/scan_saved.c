/* Little-endian: secret 8, rate 8, shard 4, shards 4 | of the aim: when 8, week 4, real 4, flags 1
 * (week given 1, slack 2, real given 4) | gate 1, passes 1 | left out: 8 8 8 | probes: number 1,
 * each length 1 and its id | site: length 1, bytes | runs 8, each first 4 and last 4 | names 8,
 * each host 4, length 1, bytes | real addresses 8, each host 4, real 4 | named ports: 0, or 1 and a
 * bit a port, of TCP, then of UDP, in words of 8 | the store's settings: length 4, bytes; files of
 * before end without. */
#include "engine/scan_saved.h"

#include <stdlib.h>
#include <string.h>

enum {
    PORT_WORDS = PORT_VALUES / 64,
    FIXED_BYTES = 8 + 8 + 4 + 4 + 8 + 4 + 4 + 1 + 2 + 24 + 1 + PROBES_MAX * 32 + SCAN_SAVED_SITE +
                  24 + 1 + 2 * PORT_WORDS * 8,
    TEXT_MAX = 255,
    FLAG_WEEK = 1,
    FLAG_SLACK = 2,
    FLAG_REAL = 4
};

static void write_text(struct writer *w, const char *text)
{
    size_t length = strlen(text);
    length = length < TEXT_MAX ? length : TEXT_MAX;
    write_u8(w, (uint8_t)length);
    write_bytes(w, text, length);
}

static void write_aim(struct writer *w, const struct aim *aim)
{
    write_le64(w, (uint64_t)aim->when_us);
    write_le32(w, aim->week);
    write_le32(w, aim->real);
    write_u8(w, (uint8_t)((aim->week_given ? FLAG_WEEK : 0) | (aim->slack ? FLAG_SLACK : 0) |
                          (aim->real_given ? FLAG_REAL : 0)));
}

static void write_ports(struct writer *w, const struct port_list *ports)
{
    write_u8(w, ports != NULL);
    for (unsigned i = 0; ports != NULL && i < 2 * PORT_WORDS; i++)
        write_le64(w, ports->bits[i / PORT_WORDS][i % PORT_WORDS]);
}

/* Without what is longer than a store would take, the scan goes on all the same. */
static size_t settings_length(const struct scan_settings *s)
{
    size_t length = s->settings != NULL ? strlen(s->settings) : 0;
    return length <= SCAN_SAVED_SETTINGS_MAX ? length : 0;
}

uint8_t *scan_saved_write(const struct scan_settings *s, size_t *size, struct error *err)
{
    const struct raw_settings *raw = s->raw;
    size_t room = FIXED_BYTES + host_table_runs(raw->hosts) * HOST_TABLE_RUN_BYTES +
                  s->name_count * (4 + 1 + HOST_NAME_SIZE) +
                  real_addresses_count(raw->plan.aim.reals) * REAL_ADDRESS_BYTES +
                  settings_length(s);
    uint8_t *bytes = malloc(room);
    if (bytes == NULL) {
        (void)fail(err, ERROR_SYSTEM, "no memory for the settings of the scan");
        return NULL;
    }
    struct writer w = writer_over(bytes, room);
    write_le64(&w, raw->secret);
    write_le64(&w, raw->rate + s->engine.rate); /* of both engines */
    write_le32(&w, raw->shard);
    write_le32(&w, raw->shards);
    write_aim(&w, &raw->plan.aim);
    write_u8(&w, (uint8_t)s->gate);
    write_u8(&w, (uint8_t)raw->passes);
    write_le64(&w, s->left_out.excluded);
    write_le64(&w, s->left_out.reserved);
    write_le64(&w, s->left_out.never);
    write_u8(&w, (uint8_t)s->engine.probe_count);
    for (size_t i = 0; i < s->engine.probe_count; i++)
        write_text(&w, s->engine.probes[i]->id);
    write_text(&w, s->site != NULL ? s->site : "");
    write_le64(&w, host_table_runs(raw->hosts));
    host_table_write(raw->hosts, &w);
    write_le64(&w, s->name_count);
    for (size_t i = 0; i < s->name_count; i++) {
        write_le32(&w, s->names[i].host);
        write_text(&w, s->names[i].name);
    }
    write_le64(&w, real_addresses_count(raw->plan.aim.reals));
    real_addresses_write(raw->plan.aim.reals, &w);
    write_ports(&w, s->ports);
    write_le32(&w, (uint32_t)settings_length(s));
    write_bytes(&w, s->settings, settings_length(s));
    *size = w.used;
    if (!w.failed)
        return bytes;
    free(bytes);
    (void)fail(err, ERROR_LIMIT, "the settings of the scan do not fit");
    return NULL;
}

static void read_text(struct reader *r, char *out, size_t room)
{
    size_t length = read_u8(r);
    const uint8_t *bytes = read_bytes(r, length);
    size_t kept = length < room - 1 ? length : room - 1;
    if (bytes == NULL)
        kept = 0;
    if (kept > 0)
        memcpy(out, bytes, kept);
    out[kept] = '\0';
}

static bool read_probes(struct reader *r, struct scan_saved *out)
{
    size_t count = read_u8(r);
    char id[32];
    bool good = count > 0 && count <= PROBES_MAX;
    for (size_t i = 0; good && i < count; i++) {
        read_text(r, id, sizeof id);
        out->probes[i] = probe_named(id);
        good = out->probes[i] != NULL;
    }
    out->probe_count = good ? count : 0;
    return good;
}

static void read_aim(struct reader *r, struct aim *aim)
{
    aim->when_us = (int64_t)read_le64(r);
    aim->week = read_le32(r);
    aim->real = read_le32(r);
    uint8_t flags = read_u8(r);
    aim->week_given = (flags & FLAG_WEEK) != 0;
    aim->slack = (flags & FLAG_SLACK) != 0;
    aim->real_given = (flags & FLAG_REAL) != 0;
}

static bool read_names(struct reader *r, struct scan_saved *out)
{
    uint64_t count = read_le64(r);
    if (count > r->left)
        return false;
    out->names = calloc(count + 1, sizeof *out->names);
    for (uint64_t i = 0; out->names != NULL && i < count; i++) {
        out->names[i].host = read_le32(r);
        read_text(r, out->names[i].name, sizeof out->names[i].name);
        if (i > 0 && out->names[i].host < out->names[i - 1].host)
            return false;
    }
    out->name_count = count;
    return out->names != NULL && !r->failed;
}

/* What is on the black list is left out, as of any list. */
static bool read_ports(struct reader *r, struct scan_saved *out, struct error *err)
{
    uint8_t has = read_u8(r);
    if (r->failed || has > 1)
        return fail(err, ERROR_FORMAT, "its list of ports is damaged");
    if (has == 0)
        return true;
    out->ports = calloc(1, sizeof *out->ports);
    if (out->ports == NULL)
        return fail(err, ERROR_SYSTEM, "no memory for its list of ports");
    for (unsigned port = 0; port < 2 * PORT_VALUES; port += 64) {
        for (uint64_t word = read_le64(r); word != 0; word &= word - 1)
            port_list_add(out->ports, port < PORT_VALUES ? TRANSPORT_TCP : TRANSPORT_UDP,
                          (uint16_t)(port + (unsigned)__builtin_ctzll(word)));
    }
    return (!r->failed && out->ports->count > 0) ||
           fail(err, ERROR_FORMAT, "its list of ports is damaged");
}

static bool read_settings(struct reader *r, struct scan_saved *out, struct error *err)
{
    if (r->left == 0)
        return true;
    size_t length = read_le32(r);
    if (r->failed || length != r->left || length > SCAN_SAVED_SETTINGS_MAX)
        return fail(err, ERROR_FORMAT, "what a store keeps of it is damaged");
    if (length == 0)
        return true;
    out->settings = malloc(length + 1);
    if (out->settings == NULL)
        return fail(err, ERROR_SYSTEM, "no memory for its settings");
    memcpy(out->settings, read_bytes(r, length), length); /* reader: all that is left */
    out->settings[length] = '\0';
    return strlen(out->settings) == length ||
           fail(err, ERROR_FORMAT, "what a store keeps of it is damaged");
}

bool scan_saved_read(struct reader r, struct scan_saved *out, struct error *err)
{
    *out = (struct scan_saved){0};
    out->secret = read_le64(&r);
    out->rate = read_le64(&r);
    out->shard = read_le32(&r);
    out->shards = read_le32(&r);
    read_aim(&r, &out->aim);
    uint8_t gate = read_u8(&r);
    out->passes = read_u8(&r);
    out->gate = gate <= GATE_WINDOWS ? (enum gate)gate : GATE_NONE;
    out->left_out.excluded = read_le64(&r);
    out->left_out.reserved = read_le64(&r);
    out->left_out.never = read_le64(&r);
    bool good = read_probes(&r, out) && out->shard < out->shards && gate <= GATE_WINDOWS &&
                out->passes <= RAW_PASSES;
    read_text(&r, out->site, sizeof out->site);
    uint64_t runs = read_le64(&r);
    if (!good || r.failed || runs == 0 || runs > r.left / HOST_TABLE_RUN_BYTES)
        return fail(err, ERROR_FORMAT, "its settings are none of a scan");
    out->hosts = host_table_read(&r, runs, err);
    if (out->hosts == NULL)
        return false;
    if (!read_names(&r, out))
        return fail(err, ERROR_FORMAT, "its list of names is damaged");
    uint64_t reals = read_le64(&r);
    out->reals = real_addresses_read(&r, reals, err);
    out->aim.reals = out->reals;
    return out->reals != NULL && read_ports(&r, out, err) && read_settings(&r, out, err);
}

void scan_saved_clear(struct scan_saved *s)
{
    host_table_free(s->hosts);
    free(s->names);
    real_addresses_free(s->reals);
    free(s->ports);
    free(s->settings);
    *s = (struct scan_saved){0};
}
