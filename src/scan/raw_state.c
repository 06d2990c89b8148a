/* The file, little-endian:
 *
 *     0  "wormsign scan\n" and two zeros       16 bytes
 *    16  version, bytes a host                 4 4
 *    24  settings: size, digest                8 8 8
 *    48  hosts                                 8
 *    56  size of the file                      8
 *    64  pass, place, sent, asked, answered, silent x 3: 8 each, rewritten as the scan goes on
 *   128  turns of the week: number 8, then 64 of place 8, time 8
 *  1160  settings, zeros up to the next page, then the states
 *
 * It is given its room on the disk when it is made (a full disk is found out then, and not by a
 * fault in mid-scan). */
#include "scan/raw_state.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/writer.h"

enum {
    MAGIC_BYTES = 16,
    FILE_VERSION = 4, /* where what a seed draws is another as well */
    PROGRESS_AT = 64,
    PROGRESS_BYTES = 64,
    WEEKS_AT = 128,
    HEAD_BYTES = WEEKS_AT + 8 + RAW_WEEKS_MAX * 16,
    PAGE_BYTES = 4096,
    KNOCKS_A_BYTE = 4
};

/* What a file that is to be believed may have at most: all addresses, four bytes each, and their
 * settings. */
#define FILE_BYTES_MAX (INT64_C(64) << 30)

static const uint8_t magic[MAGIC_BYTES] = "wormsign scan\n";

struct raw_state {
    uint8_t *mapped;
    size_t mapped_size;
    uint8_t *states; /* within */
    uint64_t hosts;
    unsigned bytes;
    int fd; /* -1: memory alone */
    struct raw_progress progress;
    uint64_t turn_count;
    struct {
        uint64_t place;
        int64_t when_us;
    } turns[RAW_WEEKS_MAX];
};

/* What the head of a file says. */
struct head {
    uint32_t version, bytes;
    uint64_t settings_size, hosts, file_size;
    struct digest digest;
};

static uint64_t states_at(uint64_t settings_size)
{
    return (HEAD_BYTES + settings_size + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
}

static struct raw_state *new_state(uint64_t hosts, unsigned bytes, int fd, size_t size,
                                   struct error *err)
{
    struct raw_state *s = calloc(1, sizeof *s);
    int how = fd >= 0 ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    void *mapped = s != NULL ? mmap(NULL, size, PROT_READ | PROT_WRITE, how, fd, 0) : MAP_FAILED;
    if (mapped == MAP_FAILED) {
        free(s);
        (void)fail(err, ERROR_SYSTEM, "no memory for the state of %llu hosts",
                   (unsigned long long)hosts);
        return NULL;
    }
    *s = (struct raw_state){
        .mapped = mapped, .mapped_size = size, .states = mapped, .hosts = hosts, .bytes = bytes};
    s->fd = fd;
    return s;
}

struct raw_state *raw_state_new(uint64_t hosts, unsigned bytes, struct error *err)
{
    assert(hosts > 0 && bytes > 0);
    return new_state(hosts, bytes, -1, (size_t)(hosts * bytes), err);
}

static void write_head(struct writer *w, const struct head *h)
{
    write_bytes(w, magic, sizeof magic);
    write_le32(w, h->version);
    write_le32(w, h->bytes);
    write_le64(w, h->settings_size);
    write_le64(w, h->digest.low);
    write_le64(w, h->digest.high);
    write_le64(w, h->hosts);
    write_le64(w, h->file_size);
    assert(w->failed || w->used == PROGRESS_AT);
}

static bool fill(struct raw_state *s, struct reader settings, struct error *err)
{
    const struct head h = {.version = FILE_VERSION,
                           .bytes = s->bytes,
                           .settings_size = settings.left,
                           .hosts = s->hosts,
                           .file_size = s->mapped_size,
                           .digest = digest_of(settings.next, settings.left)};
    struct writer w = writer_over(s->mapped, s->mapped_size);
    size_t size = settings.left;
    write_head(&w, &h);
    write_zeros(&w, HEAD_BYTES - w.used);
    write_bytes(&w, read_bytes(&settings, size), size);
    s->states = s->mapped + states_at(size);
    return !w.failed || fail(err, ERROR_SYSTEM, "its settings do not fit");
}

static bool take_room(int fd, uint64_t size, struct error *err)
{
    int refused = posix_fallocate(fd, 0, (off_t)size);
    return refused == 0 || fail(err, ERROR_SYSTEM, "no room for its %llu bytes: %s",
                                (unsigned long long)size, strerror(refused));
}

static bool lock(int fd, struct error *err)
{
    return flock(fd, LOCK_EX | LOCK_NB) == 0 ||
           fail(err, ERROR_SYSTEM, errno == EWOULDBLOCK ? "another scan has it" : "%s",
                strerror(errno));
}

/* Hands what was written to the disk. */
static bool keep(const struct raw_state *s, struct error *err)
{
    if (msync(s->mapped, s->mapped_size, MS_SYNC) == 0)
        return true;
    return fail(err, ERROR_SYSTEM, "cannot be written: %s", strerror(errno));
}

struct raw_state *raw_state_create(const char *path, struct reader settings, uint64_t hosts,
                                   unsigned bytes, struct error *err)
{
    uint64_t size = states_at(settings.left) + hosts * bytes;
    struct raw_state *s = NULL;
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        (void)(errno == EEXIST
                   ? fail(err, ERROR_SYSTEM,
                          "%s: there is such a file; --resume goes on with a scan, and what is no "
                          "longer wanted is yours to remove",
                          path)
                   : fail(err, ERROR_SYSTEM, "%s: %s", path, strerror(errno)));
        return NULL;
    }
    if (lock(fd, err) && take_room(fd, size, err))
        s = new_state(hosts, bytes, fd, (size_t)size, err);
    if (s != NULL && fill(s, settings, err) && keep(s, err))
        return s;
    (void)fail_in(err, "%s", path);
    if (s == NULL)
        (void)close(fd);
    raw_state_free(s);
    (void)unlink(path);
    return NULL;
}

static bool read_head(struct reader *r, struct head *h, struct error *err)
{
    const uint8_t *start = read_bytes(r, MAGIC_BYTES);
    if (start == NULL || memcmp(start, magic, MAGIC_BYTES) != 0)
        return fail(err, ERROR_FORMAT, "this is no state of a scan");
    h->version = read_le32(r);
    h->bytes = read_le32(r);
    h->settings_size = read_le64(r);
    h->digest.low = read_le64(r);
    h->digest.high = read_le64(r);
    h->hosts = read_le64(r);
    h->file_size = read_le64(r);
    if (r->failed)
        return fail(err, ERROR_CUT, "it ends within its first lines");
    if (h->version != FILE_VERSION)
        return fail(err, ERROR_FORMAT, "it is of version %u, and this program writes %d",
                    h->version, FILE_VERSION);
    return true;
}

static struct raw_progress read_progress(struct reader *r)
{
    struct raw_progress p;
    p.pass = read_le64(r);
    p.place = read_le64(r);
    p.sent = read_le64(r);
    p.asked = read_le64(r);
    p.answered = read_le64(r);
    for (unsigned i = 0; i < RAW_PASSES; i++)
        p.silent[i] = read_le64(r);
    return p;
}

/* They lie one behind the other. */
static bool read_turns(struct reader *r, struct raw_state *s)
{
    s->turn_count = read_le64(r);
    bool good = s->turn_count <= RAW_WEEKS_MAX;
    for (size_t i = 0; i < RAW_WEEKS_MAX; i++) {
        s->turns[i].place = read_le64(r);
        s->turns[i].when_us = (int64_t)read_le64(r);
        good = good && (i == 0 || i >= s->turn_count || s->turns[i].place > s->turns[i - 1].place);
    }
    return good;
}

/* Everything that is used later is held against the size that the file has. */
static bool believe(struct raw_state *s, struct reader *settings, struct error *err)
{
    struct head h = {0};
    struct reader r = reader_over(s->mapped, s->mapped_size);
    if (!read_head(&r, &h, err))
        return false;
    if (h.file_size > s->mapped_size)
        return fail(err, ERROR_CUT, "it is cut: it has %llu bytes of %llu",
                    (unsigned long long)s->mapped_size, (unsigned long long)h.file_size);
    bool whole = h.file_size == s->mapped_size && h.settings_size < s->mapped_size &&
                 (h.bytes == 1 || h.bytes == 2 || h.bytes == 4) && h.hosts > 0 &&
                 h.hosts <= UINT64_C(1) << 32 &&
                 states_at(h.settings_size) + h.hosts * h.bytes == h.file_size;
    s->progress = read_progress(&r);
    whole = read_turns(&r, s) && whole;
    *settings = read_part(&r, whole ? (size_t)h.settings_size : 0);
    whole = whole && !r.failed && s->progress.pass <= RAW_PASSES && s->progress.place <= h.hosts &&
            digest_equal(digest_of(settings->next, settings->left), h.digest);
    if (!whole)
        return fail(err, ERROR_FORMAT, "it is damaged");
    s->states = s->mapped + states_at(h.settings_size);
    s->hosts = h.hosts;
    s->bytes = h.bytes;
    return true;
}

static int open_locked(const char *path, size_t *size, struct error *err)
{
    struct stat about;
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    bool good = fd >= 0 && fstat(fd, &about) == 0;
    if (!good)
        (void)fail(err, ERROR_SYSTEM, "%s", strerror(errno));
    else if (!S_ISREG(about.st_mode))
        good = fail(err, ERROR_FORMAT, "this is no file");
    else if (about.st_size < HEAD_BYTES || about.st_size > FILE_BYTES_MAX)
        good = fail(err, ERROR_FORMAT, "this is no state of a scan, by its size");
    good = good && lock(fd, err);
    if (good) {
        *size = (size_t)about.st_size;
        return fd;
    }
    if (fd >= 0)
        (void)close(fd);
    return -1;
}

struct raw_state *raw_state_open(const char *path, struct reader *settings, struct error *err)
{
    size_t size = 0;
    int fd = open_locked(path, &size, err);
    struct raw_state *s = fd >= 0 ? new_state(0, 0, fd, size, err) : NULL;
    if (s != NULL && believe(s, settings, err))
        return s;
    (void)fail_in(err, "%s", path);
    if (s == NULL && fd >= 0)
        (void)close(fd);
    raw_state_free(s);
    return NULL;
}

void raw_state_free(struct raw_state *s)
{
    if (s == NULL)
        return;
    (void)munmap(s->mapped, s->mapped_size);
    if (s->fd >= 0)
        (void)close(s->fd);
    free(s);
}

uint64_t raw_state_hosts(const struct raw_state *s)
{
    return s->hosts;
}

unsigned raw_state_knocks(const struct raw_state *s)
{
    return s->bytes * KNOCKS_A_BYTE;
}

enum knock_state raw_state_of(const struct raw_state *s, uint64_t host, unsigned knock)
{
    assert(host < s->hosts && knock < s->bytes * KNOCKS_A_BYTE);
    uint8_t byte = s->states[host * s->bytes + knock / KNOCKS_A_BYTE];
    return (enum knock_state)(byte >> 2 * (knock % KNOCKS_A_BYTE) & 3);
}

void raw_state_set(struct raw_state *s, uint64_t host, unsigned knock, enum knock_state to)
{
    assert(host < s->hosts && knock < s->bytes * KNOCKS_A_BYTE);
    uint8_t *byte = &s->states[host * s->bytes + knock / KNOCKS_A_BYTE];
    unsigned shift = 2 * (knock % KNOCKS_A_BYTE);
    *byte = (uint8_t)((*byte & ~(3U << shift)) | (unsigned)to << shift);
}

bool raw_state_is_found(const struct raw_state *s, uint64_t host)
{
    for (unsigned i = 0; i < s->bytes; i++) {
        unsigned byte = s->states[host * s->bytes + i];
        if ((byte & byte >> 1 & 0x55) != 0) /* two set bits beside each other */
            return true;
    }
    return false;
}

/* A pair of bits is open or answered by its higher bit, refused or answered by its lower one. */
void raw_state_sum(const struct raw_state *s, uint64_t first, uint64_t hosts,
                   uint64_t sums[static KNOCK_STATES])
{
    uint64_t high = 0, low = 0, both = 0;
    assert(first + hosts <= s->hosts);
    for (uint64_t i = first * s->bytes; i < (first + hosts) * s->bytes; i++) {
        unsigned byte = s->states[i];
        high += (unsigned)__builtin_popcount(byte >> 1 & 0x55);
        low += (unsigned)__builtin_popcount(byte & 0x55);
        both += (unsigned)__builtin_popcount(byte & byte >> 1 & 0x55);
    }
    sums[KNOCK_REFUSED] = low - both;
    sums[KNOCK_OPEN] = high - both;
    sums[KNOCK_ANSWERED] = both;
    sums[KNOCK_SILENT] = hosts * s->bytes * KNOCKS_A_BYTE - low - high + both;
}

struct raw_progress raw_state_progress(const struct raw_state *s)
{
    return s->progress;
}

void raw_state_note(struct raw_state *s, const struct raw_progress *p)
{
    s->progress = *p;
    if (s->fd < 0)
        return;
    struct writer w = writer_over(s->mapped + PROGRESS_AT, PROGRESS_BYTES);
    write_le64(&w, p->pass);
    write_le64(&w, p->place);
    write_le64(&w, p->sent);
    write_le64(&w, p->asked);
    write_le64(&w, p->answered);
    for (unsigned i = 0; i < RAW_PASSES; i++)
        write_le64(&w, p->silent[i]);
    assert(!w.failed);
}

bool raw_state_turn(struct raw_state *s, uint64_t place, int64_t when_us)
{
    while (s->turn_count > 0 && s->turns[s->turn_count - 1].place >= place)
        s->turn_count--; /* of places that are asked again */
    if (s->turn_count == RAW_WEEKS_MAX)
        return false;
    s->turns[s->turn_count].place = place;
    s->turns[s->turn_count++].when_us = when_us;
    if (s->fd < 0)
        return true;
    struct writer w = writer_over(s->mapped + WEEKS_AT, HEAD_BYTES - WEEKS_AT);
    write_le64(&w, s->turn_count);
    for (size_t i = 0; i < RAW_WEEKS_MAX; i++) {
        write_le64(&w, s->turns[i].place);
        write_le64(&w, (uint64_t)s->turns[i].when_us);
    }
    assert(!w.failed);
    return true;
}

unsigned raw_state_turns(const struct raw_state *s)
{
    return (unsigned)s->turn_count;
}

int64_t raw_state_when(const struct raw_state *s, uint64_t place, int64_t first_us)
{
    int64_t when_us = first_us;
    for (size_t i = 0; i < s->turn_count && s->turns[i].place <= place; i++)
        when_us = s->turns[i].when_us;
    return when_us;
}

double raw_lost_share(const struct raw_progress *p)
{
    double heard[RAW_PASSES] = {0}, tries = 0, lost = 0;
    uint64_t silent = p->asked;
    if (p->pass < RAW_PASSES)
        return (double)NAN;
    for (unsigned i = 0; i < RAW_PASSES; i++) {
        heard[i] = silent > p->silent[i] ? (double)(silent - p->silent[i]) : 0;
        silent = p->silent[i];
        tries += (i + 1) * heard[i];
        lost += i * heard[i];
    }
    return tries > 0 ? lost / tries : (double)NAN;
}
