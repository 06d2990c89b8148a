/* The file is opened for each write again, and must then still be the file that was left: regular,
 * with one name, of the size that it had. */
#include "source/capture_writer.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/time.h"
#include "base/writer.h"

#define MAGIC_MICROSECONDS UINT32_C(0xa1b2c3d4)
#define MAGIC_NANOSECONDS UINT32_C(0xa1b23c4d)

enum { OWNER_ONLY = 0600, PCAP_MAJOR = 2, PCAP_MINOR = 4 };

static int open_at(const struct capture_place *place, int flags)
{
    int folder = place->folder;
    if (place->within != NULL) {
        folder = openat(folder, place->within, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (folder < 0)
            return -1;
    }
    int file = openat(folder, place->name, flags | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, OWNER_ONLY);
    int reason = errno;
    if (place->within != NULL)
        (void)close(folder);
    errno = reason;
    return file;
}

static bool refuse(struct capture_writer *w, const char *reason, struct error *err)
{
    w->failed = true;
    w->packets -= w->waiting;
    w->waiting = 0;
    w->used = 0;
    return fail(err, ERROR_SYSTEM, "%s%s%s: %s", w->place.within != NULL ? w->place.within : "",
                w->place.within != NULL ? "/" : "", w->place.name, reason);
}

static bool is_as_it_was_left(int file, const struct capture_writer *w)
{
    struct stat now;
    return fstat(file, &now) == 0 && S_ISREG(now.st_mode) && now.st_nlink == 1 &&
           (uint64_t)now.st_size == w->size;
}

/* All of the parts, or none of them. */
static bool put_parts(int file, struct capture_writer *w, const struct iovec *parts, int count)
{
    size_t wanted = 0;
    for (int i = 0; i < count; i++)
        wanted += parts[i].iov_len;
    ssize_t done = writev(file, parts, count);
    if (done == (ssize_t)wanted) {
        w->size += wanted;
        return true;
    }
    int reason = done < 0 ? errno : ENOSPC;
    if (done > 0 && ftruncate(file, (off_t)w->size) != 0)
        reason = errno;
    errno = reason;
    return false;
}

static bool append(struct capture_writer *w, const struct iovec *parts, int count,
                   struct error *err)
{
    int file = open_at(&w->place, O_APPEND);
    if (file < 0)
        return refuse(w, strerror(errno), err);
    bool same = is_as_it_was_left(file, w);
    bool good = same && put_parts(file, w, parts, count);
    int reason = errno;
    if (close(file) != 0 && good) {
        good = false;
        reason = errno;
    }
    if (!good)
        return refuse(w, same ? strerror(reason) : "somebody else changed it", err);
    w->waiting = 0;
    return true;
}

static bool put_out(struct capture_writer *w, struct error *err)
{
    struct iovec part = {w->buffer, w->used};
    if (w->used == 0)
        return true;
    w->used = 0;
    return append(w, &part, 1, err);
}

void capture_header_write(struct writer *out, uint32_t link_type, bool nanoseconds)
{
    write_le32(out, nanoseconds ? MAGIC_NANOSECONDS : MAGIC_MICROSECONDS);
    write_le16(out, PCAP_MAJOR);
    write_le16(out, PCAP_MINOR);
    write_zeros(out, 8);
    write_le32(out, CAPTURE_FRAME_MAX);
    write_le32(out, link_type);
    assert(!out->failed);
}

bool capture_writer_open(struct capture_writer *w, const struct capture_place *place,
                         uint32_t link_type, bool nanoseconds, struct error *err)
{
    uint8_t header[CAPTURE_WRITER_HEADER];
    struct writer out = writer_over(header, sizeof header);
    *w = (struct capture_writer){.place = *place, .nanoseconds = nanoseconds};
    w->buffer = malloc(CAPTURE_WRITER_BUFFER);
    if (w->buffer == NULL)
        return refuse(w, "no memory", err);
    int file = open_at(place, O_CREAT | O_EXCL);
    if (file < 0)
        return refuse(w, strerror(errno), err);
    (void)close(file);
    capture_header_write(&out, link_type, nanoseconds);
    struct iovec part = {header, sizeof header};
    return append(w, &part, 1, err);
}

bool capture_writer_can_tell(int64_t when_us)
{
    return when_us >= 0 && when_us / US_PER_SECOND <= UINT32_MAX;
}

void capture_record_write(struct writer *out, const struct capture_frame *frame, bool nanoseconds)
{
    size_t captured = frame->bytes.left;
    uint32_t us = (uint32_t)(frame->when_us % US_PER_SECOND);
    write_le32(out, (uint32_t)(frame->when_us / US_PER_SECOND));
    write_le32(out, nanoseconds ? us * 1000 + frame->rest_ns : us);
    write_le32(out, (uint32_t)captured);
    write_le32(out, frame->wire_length > captured ? frame->wire_length : (uint32_t)captured);
    assert(!out->failed);
}

bool capture_writer_add(struct capture_writer *w, const struct capture_frame *frame,
                        struct error *err)
{
    uint8_t record[CAPTURE_WRITER_RECORD];
    struct writer out = writer_over(record, sizeof record);
    size_t captured = frame->bytes.left;
    assert(capture_writer_can_tell(frame->when_us) && captured <= CAPTURE_FRAME_MAX);
    if (w->failed)
        return refuse(w, "it was given up", err);
    capture_record_write(&out, frame, w->nanoseconds);
    struct reader bytes = frame->bytes;
    const uint8_t *frame_bytes = read_bytes(&bytes, captured);
    if (w->used + sizeof record + captured > CAPTURE_WRITER_BUFFER && !put_out(w, err))
        return false;
    w->packets++;
    w->waiting++;
    if (sizeof record + captured > CAPTURE_WRITER_BUFFER) {
        char *unchanged = (char *)(uintptr_t)frame_bytes; /* iovec knows no const */
        struct iovec parts[] = {{record, sizeof record}, {unchanged, captured}};
        return append(w, parts, 2, err);
    }
    struct writer buffer = writer_over(w->buffer, CAPTURE_WRITER_BUFFER);
    buffer.used = w->used;
    write_bytes(&buffer, record, sizeof record);
    write_bytes(&buffer, frame_bytes, captured);
    assert(!buffer.failed);
    w->used = buffer.used;
    return true;
}

bool capture_writer_close(struct capture_writer *w, struct error *err)
{
    bool good = w->failed || put_out(w, err);
    free(w->buffer);
    w->buffer = NULL;
    w->used = 0;
    return good;
}
