/* The frames are handed on as the bytes of a pcap file, so that they go the way of all captures. */
#include "source/device_live.h"

#include <pcap/pcap.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "base/writer.h"
#include "source/capture_writer.h"
#include "source/input.h"
#include "wire/link.h"

enum {
    RING_BYTES = 32 << 20, /* of the kernel: a quarter of a second of gigabit Ethernet */
    WAIT_MS = 100,         /* the kernel gives on what has come after this time at the latest */
    LATE_US = 3 * WAIT_MS * 1000, /* two turns of its timer, and one for a busy machine */
    FEED_BYTES = 4 << 20,
    RECORD_MOST = CAPTURE_WRITER_RECORD + CAPTURE_FRAME_MAX,
    DEVICES_SIZE = 200,
    NAME_ROOM = 64, /* beyond what a name takes, escaped */
    LACK_SIZE = 200
};

_Static_assert(FEED_BYTES > 4 * RECORD_MOST, "frames are taken many at a time");

enum phase { PHASE_PAUSING, PHASE_LISTENING, PHASE_OVER };

struct device_live {
    const struct device *device;
    pcap_t *pcap; /* NULL: not open */
    enum phase phase;
    int64_t due_us; /* when the pause is over, or at the end the ring is empty */
    unsigned pause_s, failed;
    bool ever;       /* it was open */
    bool more;       /* libpcap may hold frames for which there was no room */
    uint64_t missed; /* of the latest stream */
    u_int dropped;   /* the same as libpcap counts it, which begins again at 2^32 */
    char lack[LACK_SIZE];
    uint8_t *bytes; /* FEED_BYTES: whole records, from first to used */
    size_t first, used;
    struct error end; /* why it ends, once what is in the ring has been read */
};

static void *device_open(const void *device)
{
    struct device_live *l = calloc(1, sizeof *l);
    uint8_t *bytes = malloc(FEED_BYTES);
    if (l == NULL || bytes == NULL) {
        free(l);
        free(bytes);
        return NULL;
    }
    *l = (struct device_live){
        .device = device, .bytes = bytes, .pause_s = LIVE_PAUSE_FIRST_S, .due_us = INT64_MIN};
    return l;
}

static uint64_t device_missed(void *state)
{
    struct device_live *l = state;
    struct pcap_stat counts;
    if (l->pcap != NULL && pcap_stats(l->pcap, &counts) == 0) {
        l->missed += counts.ps_drop - l->dropped;
        l->dropped = counts.ps_drop;
    }
    return l->missed;
}

static void shut(struct device_live *l)
{
    if (l->pcap == NULL)
        return;
    (void)device_missed(l);
    pcap_close(l->pcap);
    l->pcap = NULL;
    l->dropped = 0;
    l->more = false;
}

static void device_close(void *state)
{
    struct device_live *l = state;
    if (l == NULL)
        return;
    shut(l);
    free(l->bytes);
    free(l);
}

static struct pollfd device_poll(const void *state)
{
    const struct device_live *l = state;
    return (struct pollfd){.fd = l->pcap != NULL ? pcap_get_selectable_fd(l->pcap) : -1,
                           .events = POLLIN};
}

static int64_t device_due_us(const void *state)
{
    const struct device_live *l = state;
    if (l->phase == PHASE_PAUSING)
        return l->due_us;
    if (l->more)
        return INT64_MIN;
    return l->end.kind != ERROR_NONE ? l->due_us : INT64_MAX;
}

static unsigned device_pause_s(const void *state)
{
    const struct device_live *l = state;
    return l->pause_s;
}

/* An interface that was never open would not be the next time; nor without memory. */
static enum live_event lose(struct device_live *l, int64_t now_us)
{
    bool was_open = l->phase == PHASE_LISTENING;
    shut(l);
    l->first = l->used = 0;
    l->pause_s = live_next_pause_s(l->pause_s, was_open || l->failed == 0);
    l->failed = was_open ? 0 : l->failed + 1;
    l->due_us = now_us + (int64_t)l->pause_s * US_PER_SECOND;
    bool hopeless = !l->ever || (l->device->attempts > 0 && l->failed >= l->device->attempts);
    l->phase = hopeless ? PHASE_OVER : PHASE_PAUSING;
    return hopeless ? LIVE_GIVEN_UP : LIVE_LOST;
}

/* "; there are eth0, lo": those that are up, as far as there is room. */
static void say_devices(struct text *out)
{
    char why[PCAP_ERRBUF_SIZE];
    pcap_if_t *all;
    const char *between = "; there are ";
    if (pcap_findalldevs(&all, why) != 0)
        return;
    for (const pcap_if_t *d = all; d != NULL && out->size - out->used > NAME_ROOM; d = d->next) {
        if ((d->flags & PCAP_IF_UP) == 0)
            continue;
        text_add(out, "%s", between);
        text_add_escaped(out, d->name, strlen(d->name));
        between = ", ";
    }
    pcap_freealldevs(all);
}

static bool refuse(const struct device_live *l, int code, struct error *err)
{
    char devices[DEVICES_SIZE];
    struct text there = text_over(devices, sizeof devices);
    switch (code) {
    case PCAP_ERROR_NO_SUCH_DEVICE:
        say_devices(&there);
        return fail(err, ERROR_SYSTEM, "there is no such interface%s", devices);
    case PCAP_ERROR_IFACE_NOT_UP:
        return fail(err, ERROR_SYSTEM, "it is not up; `ip link set dev IFACE up` mends that");
    case PCAP_ERROR_PERM_DENIED:
    case PCAP_ERROR_PROMISC_PERM_DENIED:
        return fail(err, ERROR_SYSTEM,
                    "its packets may not be read (CAP_NET_RAW); `wormsign doctor` says what to do");
    default:
        return fail(err, ERROR_SYSTEM, "%s, %.200s", pcap_statustostr(code), pcap_geterr(l->pcap));
    }
}

static bool compile(pcap_t *pcap, const char *filter, struct bpf_program *out, struct error *err)
{
    return pcap_compile(pcap, out, filter, 1, PCAP_NETMASK_UNKNOWN) == 0 ||
           fail(err, ERROR_USAGE, "filter: %.200s", pcap_geterr(pcap));
}

static bool set_filter(struct device_live *l, struct error *err)
{
    struct bpf_program program;
    if (l->device->filter == NULL)
        return true;
    if (!compile(l->pcap, l->device->filter, &program, err))
        return false;
    bool good = pcap_setfilter(l->pcap, &program) == 0 ||
                fail(err, ERROR_SYSTEM, "filter: %.200s", pcap_geterr(l->pcap));
    pcap_freecode(&program);
    return good;
}

/* The numbers of the registry, but for raw IP, which each system has another for. */
static uint32_t link_of(pcap_t *pcap)
{
    int link = pcap_datalink(pcap);
    return link == DLT_RAW ? LINK_RAW : (uint32_t)link;
}

/* It is open, and less than was asked for. */
static void note_lack(struct device_live *l, int code)
{
    struct text out = text_over(l->lack, sizeof l->lack);
    bool is_any = strcmp(l->device->name, "any") == 0; /* which some of libpcap do not tell */
    if (is_any || code == PCAP_WARNING_PROMISC_NOTSUP)
        text_add(&out, "not in promiscuous mode: of what others say to others, such as a mirror "
                       "port gets, there may be nothing");
    else if (code > 0)
        text_add(&out, "%s, %.100s", pcap_statustostr(code), pcap_geterr(l->pcap));
}

static bool listen_to(struct device_live *l, struct error *err)
{
    char why[PCAP_ERRBUF_SIZE];
    l->pcap = pcap_create(l->device->name, why);
    if (l->pcap == NULL)
        return fail(err, ERROR_SYSTEM, "%.200s", why);
    (void)pcap_set_snaplen(l->pcap, CAPTURE_FRAME_MAX);
    (void)pcap_set_promisc(l->pcap, 1);
    (void)pcap_set_timeout(l->pcap, WAIT_MS);
    (void)pcap_set_buffer_size(l->pcap, RING_BYTES);
    int code = pcap_activate(l->pcap);
    if (code < 0)
        return refuse(l, code, err);
    note_lack(l, code);
    if (link_name(link_of(l->pcap)) == NULL)
        return fail(err, ERROR_FORMAT, "its packets have a link type that is not known here (%u)",
                    link_of(l->pcap));
    if (pcap_setnonblock(l->pcap, 1, why) != 0)
        return fail(err, ERROR_SYSTEM, "%.200s", why);
    return set_filter(l, err);
}

static enum live_event begin(struct device_live *l, int64_t now_us, struct error *err)
{
    if (!listen_to(l, err))
        return lose(l, now_us);
    struct writer out = writer_over(l->bytes, FEED_BYTES);
    capture_header_write(&out, link_of(l->pcap), false);
    l->first = 0;
    l->used = out.used;
    l->missed = 0;
    l->ever = true;
    l->phase = PHASE_LISTENING;
    return LIVE_BEGAN;
}

static void add(struct device_live *l, const struct pcap_pkthdr *head, const uint8_t *bytes)
{
    const struct capture_frame frame = {
        .when_us = (int64_t)head->ts.tv_sec * US_PER_SECOND + head->ts.tv_usec,
        .wire_length = head->len,
        .bytes = reader_over(bytes, head->caplen),
    };
    if (!capture_writer_can_tell(frame.when_us) || head->caplen > CAPTURE_FRAME_MAX)
        return;
    struct writer out = writer_over(l->bytes, FEED_BYTES);
    out.used = l->used;
    capture_record_write(&out, &frame, false);
    write_bytes(&out, bytes, head->caplen);
    l->used = out.used;
}

/* What has come, as far as there is room. */
static bool take(struct device_live *l, struct error *err)
{
    struct pcap_pkthdr *head;
    const uint8_t *bytes;
    l->first = l->used = 0;
    l->more = false;
    while (FEED_BYTES - l->used >= RECORD_MOST) {
        int got = pcap_next_ex(l->pcap, &head, &bytes);
        if (got < 0)
            return fail(err, ERROR_SYSTEM, "%.200s", pcap_geterr(l->pcap));
        if (got == 0)
            return true;
        add(l, head, bytes);
    }
    l->more = true;
    return true;
}

static const char *device_lack(const void *state)
{
    const struct device_live *l = state;
    return l->lack;
}

static bool device_ready(const void *state)
{
    const struct device_live *l = state;
    return l->phase == PHASE_LISTENING && l->first < l->used;
}

/* libpcap tells that the interface is gone before it gives what came until then; asked again, it
 * gives that. */
static enum live_event hear(struct device_live *l, int64_t now_us, struct error *err)
{
    struct error why;
    if (device_ready(l))
        return LIVE_RECORDS;
    if (!take(l, &why) && l->end.kind == ERROR_NONE) {
        l->end = why;
        l->due_us = now_us + LATE_US;
    }
    if (device_ready(l))
        return LIVE_RECORDS;
    if (l->end.kind == ERROR_NONE || now_us < l->due_us)
        return LIVE_NOTHING;
    *err = l->end;
    l->end = (struct error){0};
    return lose(l, now_us);
}

static enum live_event device_step(void *state, int64_t now_us, struct error *err)
{
    struct device_live *l = state;
    switch (l->phase) {
    case PHASE_PAUSING:
        return now_us < l->due_us ? LIVE_NOTHING : begin(l, now_us, err);
    case PHASE_LISTENING:
        return hear(l, now_us, err);
    case PHASE_OVER:
        break;
    }
    return LIVE_NOTHING;
}

static size_t read_records(void *from, uint8_t *buffer, size_t size, struct error *err)
{
    struct device_live *l = from;
    size_t count = l->used - l->first;
    (void)err; /* whatever ended the stream was told by the step */
    count = count < size ? count : size;
    memcpy(buffer, l->bytes + l->first, count); /* reader: whole records of our own writing */
    l->first += count;
    return count;
}

static struct input *device_input(void *state, struct error *err)
{
    struct device_live *l = state;
    return input_open_feed(l->device->name, read_records, l, err);
}

bool device_filter_check(const char *filter, struct error *err)
{
    struct bpf_program program;
    pcap_t *dead = pcap_open_dead(DLT_EN10MB, CAPTURE_FRAME_MAX);
    if (dead == NULL)
        return fail(err, ERROR_SYSTEM, "no memory");
    bool good = compile(dead, filter, &program, err);
    if (good)
        pcap_freecode(&program);
    pcap_close(dead);
    return good;
}

const struct live_kind live_device = {
    .began = "listening",
    .silent =
        "not one packet was seen: is it the right interface, does the switch mirror to it, does "
        "a filter hide all?",
    .late_us = LATE_US,
    .open = device_open,
    .close = device_close,
    .poll = device_poll,
    .due_us = device_due_us,
    .step = device_step,
    .input = device_input,
    .ready = device_ready,
    .lack = device_lack,
    .pause_s = device_pause_s,
    .missed = device_missed,
};
