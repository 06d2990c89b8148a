/* Any bytes as the state file of a scan that goes on. The first byte says how they become one: as
 * they are (even), or behind a head whose sizes and digest hold, as no chance finds these (odd):
 *
 *     bytes a host and hosts 2 | progress 64 | turns 1, each place 8 and time 8 | settings
 *
 * (with 2 in the first byte there are as many hosts as the settings say). Where it opens it is used
 * as --resume uses it: the settings are read, hosts are aimed at in the week that each turn says,
 * knocks are asked for, set and found, and the place goes on. What is believed must be consistent,
 * and a file that was closed must open again and say the same. */
#define _GNU_SOURCE /* memfd_create */

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/reader.h"
#include "base/writer.h"
#include "engine/scan_saved.h"
#include "scan/raw_state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    HEAD_BYTES = 1160,
    PAGE_BYTES = 4096,
    HOSTS_MADE_MAX = 4096,
    HOSTS_TRIED = 64,
    FILE_ROOM = 1 << 20
};

static uint8_t file_bytes[FILE_ROOM];

static uint64_t hosts_of(struct reader settings)
{
    struct error err;
    struct scan_saved saved;
    uint64_t hosts = scan_saved_read(settings, &saved, &err) ? host_table_count(saved.hosts) : 0;
    scan_saved_clear(&saved);
    return hosts;
}

static void add_head(struct writer *w, unsigned bytes, uint64_t hosts, struct reader settings,
                     uint64_t size)
{
    struct digest digest = digest_of(settings.next, settings.left);
    write_bytes(w, "wormsign scan\n\0", 16);
    write_le32(w, 2);
    write_le32(w, bytes);
    write_le64(w, settings.left);
    write_le64(w, digest.low);
    write_le64(w, digest.high);
    write_le64(w, hosts);
    write_le64(w, size);
}

static void add_part(struct writer *w, struct reader *from, size_t size)
{
    size_t there = from->left < size ? from->left : size;
    if (there > 0)
        write_bytes(w, read_bytes(from, there), there);
    write_zeros(w, size - there);
}

/* A file whose sizes and digest hold; how many bytes, 0: there is no room for it. */
static size_t make_file(bool as_settings, struct reader r)
{
    uint16_t shape = read_le16(&r);
    unsigned bytes = 1U << (shape >> 14) % 3;
    uint64_t hosts = shape % HOSTS_MADE_MAX;
    struct reader progress = read_part(&r, 64 < r.left ? 64 : r.left);
    uint8_t turns = r.left > 0 ? read_u8(&r) : 0;
    size_t turns_size = (size_t)turns % (RAW_WEEKS_MAX + 1) * 16;
    struct reader turned = read_part(&r, turns_size < r.left ? turns_size : r.left);
    if (as_settings)
        hosts = hosts_of(r);
    if (hosts > HOSTS_MADE_MAX || r.left > FILE_ROOM / 2)
        return 0;
    size_t states_at = (HEAD_BYTES + r.left + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
    size_t size = states_at + (size_t)hosts * bytes;
    struct writer w = writer_over(file_bytes, sizeof file_bytes);
    add_head(&w, bytes, hosts, r, size);
    add_part(&w, &progress, 64);
    write_le64(&w, turns);
    add_part(&w, &turned, (size_t)RAW_WEEKS_MAX * 16);
    assert(w.used == HEAD_BYTES);
    add_part(&w, &r, r.left);
    write_zeros(&w, size - w.used);
    assert(!w.failed);
    return size;
}

/* The hosts that the engine would ask next, as at the time of their place. */
static void aim_at(const struct raw_state *s, const struct scan_saved *saved)
{
    struct raw_plan plan = {.probe_count = saved->probe_count, .aim = saved->aim};
    struct knock knocks[KNOCKS_MAX];
    const uint64_t count = host_table_count(saved->hosts);
    for (size_t i = 0; i < saved->probe_count; i++)
        plan.probes[i] = saved->probes[i];
    for (uint64_t i = 0; i < count && i < HOSTS_TRIED; i++) {
        uint64_t number = (raw_state_progress(s).place + i) % count, same;
        uint32_t host = host_table_at(saved->hosts, number);
        plan.aim.when_us = raw_state_when(s, number, saved->aim.when_us);
        assert(raw_knocks(&plan, host, knocks) <= KNOCKS_MAX + 1);
        assert(host_table_find(saved->hosts, host, &same) && same == number);
    }
}

static void read_settings(const struct raw_state *s, struct reader settings)
{
    struct error err;
    struct scan_saved saved;
    if (scan_saved_read(settings, &saved, &err)) {
        assert(saved.shard < saved.shards && saved.passes <= RAW_PASSES);
        assert(saved.probe_count > 0 && saved.probe_count <= PROBES_MAX);
        if (host_table_count(saved.hosts) == raw_state_hosts(s))
            aim_at(s, &saved);
    }
    scan_saved_clear(&saved);
}

/* The first hosts and the last one, every knock. */
static void knock(struct raw_state *s)
{
    const uint64_t hosts = raw_state_hosts(s);
    for (uint64_t i = 0; i < HOSTS_TRIED && i < hosts; i++) {
        uint64_t host = i + 1 < HOSTS_TRIED ? i : hosts - 1;
        for (unsigned k = 0; k < raw_state_knocks(s); k++) {
            raw_state_set(s, host, k, KNOCK_OPEN);
            assert(raw_state_of(s, host, k) == KNOCK_OPEN);
        }
        assert(!raw_state_is_found(s, host));
        raw_state_set(s, host, raw_state_knocks(s) - 1, KNOCK_ANSWERED);
        assert(raw_state_is_found(s, host));
    }
}

/* One more place and one more week, as a scan that goes on notes them. */
static void go_on(struct raw_state *s)
{
    struct raw_progress p = raw_state_progress(s);
    assert(p.pass <= RAW_PASSES && p.place <= raw_state_hosts(s));
    assert(raw_state_turns(s) <= RAW_WEEKS_MAX);
    p.sent++;
    raw_state_note(s, &p);
    if (raw_state_turn(s, p.place, 77))
        assert(raw_state_when(s, p.place, 0) == 77);
    assert(raw_state_turns(s) <= RAW_WEEKS_MAX);
}

static void use_file(const char *path)
{
    struct error err;
    struct reader settings, again;
    struct raw_state *s = raw_state_open(path, &settings, &err);
    if (s == NULL)
        return;
    read_settings(s, settings);
    knock(s);
    go_on(s);
    struct raw_progress noted = raw_state_progress(s);
    unsigned turns = raw_state_turns(s);
    struct digest digest = digest_of(settings.next, settings.left);
    uint64_t hosts = raw_state_hosts(s);
    raw_state_free(s);
    s = raw_state_open(path, &again, &err);
    assert(s != NULL && raw_state_hosts(s) == hosts && raw_state_turns(s) == turns);
    assert(digest_equal(digest_of(again.next, again.left), digest));
    assert(raw_state_progress(s).sent == noted.sent && raw_state_is_found(s, hosts - 1));
    raw_state_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    struct reader r = reader_over(data, size);
    uint8_t how = read_u8(&r);
    bool made = (how & 1) != 0;
    size_t used = made ? make_file((how & 2) != 0, r) : r.left;
    int fd = memfd_create("state", MFD_CLOEXEC);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (r.failed || used == 0) {
        (void)close(fd);
        return 0;
    }
    if (fd < 0 || write(fd, made ? file_bytes : r.next, used) != (ssize_t)used)
        abort();
    use_file(path);
    (void)close(fd);
    return 0;
}
