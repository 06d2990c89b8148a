/* The raw end (a descriptor or memory), the chain of decompressing stages above it, and the window.
 *
 * The first bytes decide: they are read into a buffer; where they begin a compressed stream, that
 * buffer becomes the stage's and the next one is filled from the stage; the last buffer is the
 * window. What is left in the window moves down before each read, to where the read itself lands on
 * a page boundary. Plain bytes in memory are visible all at once and never copied. */
#include "source/input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source/decompress.h"
#include "source/read_ahead.h"
#include "source/windows.h"

enum {
    PAGE_BYTES = 4096,
    READ_AHEAD_FROM = 1024 * 1024 /* compressed inputs that go on beyond this are worth a thread */
};

struct input_stream {
    char *name;
    int descriptor; /* -1: memory */
    bool descriptor_owned;
    bool regular;                /* a file, which has an end */
    bool is_feed;                /* what ended may go on */
    struct digester *digester;   /* of what is read; NULL: nobody asked for it */
    struct reader memory, whole; /* what is left of it, and all */
    _Atomic uint64_t raw_offset; /* written by the thread that reads, read by who shows progress */
    uint64_t raw_size;
    bool raw_ended;
    struct error raw_error;
    bool interrupted; /* that error is a signal */

    struct decompress_stage *stages[INPUT_NESTED_MAX];
    size_t stage_count;
    struct byte_source top; /* what the window is filled from */

    struct read_ahead *ahead; /* NULL: nobody reads ahead */
    bool ahead_tried, chunk_held;

    const struct input *followed; /* or NULL */
    struct windows windows;       /* but where chunks are read ahead */
    bool ended;
    struct error error;
};

static bool fail_errno(struct error *err, const char *what)
{
    int number = errno;
    char text[128];
    if (strerror_r(number, text, sizeof text) != 0)
        (void)fail(err, ERROR_SYSTEM, "%s: error %d", what, number);
    else
        (void)fail(err, ERROR_SYSTEM, "%s: %s", what, text);
    return false;
}

/* read(), patiently where stdin was handed to us non-blocking. A signal that somebody handles ends
 * it: a run that is to stop must not wait for a silent pipe. */
static ssize_t read_patiently(int descriptor, uint8_t *buffer, size_t size)
{
    for (;;) {
        /* Only here can a thread that reads ahead be cancelled. */
        int before;
        (void)pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &before);
        ssize_t count = read(descriptor, buffer, size);
        (void)pthread_setcancelstate(before, NULL);
        if (count >= 0 || errno != EAGAIN)
            return count;
        struct pollfd wanted = {.fd = descriptor, .events = POLLIN};
        if (poll(&wanted, 1, -1) < 0)
            return -1;
    }
}

static size_t raw_read(void *from, uint8_t *buffer, size_t size, struct error *err)
{
    struct input_stream *s = from;
    size_t count = 0;
    if (s->descriptor < 0) {
        count = size < s->memory.left ? size : s->memory.left;
        const uint8_t *bytes = read_bytes(&s->memory, count);
        if (count != 0)
            memcpy(buffer, bytes, count);
    } else if (!s->raw_ended) {
        ssize_t result = read_patiently(s->descriptor, buffer, size);
        if (result < 0) {
            s->interrupted = errno == EINTR;
            (void)fail_errno(&s->raw_error, "read failed");
            (void)fail_in(&s->raw_error, "offset %llu", (unsigned long long)s->raw_offset);
        } else {
            count = (size_t)result;
        }
        s->raw_ended = count == 0;
    }
    s->raw_offset += count;
    if (s->digester != NULL)
        digester_add(s->digester, buffer, count);
    if (s->raw_error.kind != ERROR_NONE && err != NULL)
        *err = s->raw_error;
    return count;
}

/* Room for count bytes in the window and one read more; what is visible moves to the front. */
static bool window_make_room(struct input *in, size_t count)
{
    struct input_stream *s = in->stream;
    size_t needed = count + INPUT_READ_BYTES + PAGE_BYTES;
    size_t rest = in->view.left;
    size_t start = (PAGE_BYTES - rest % PAGE_BYTES) % PAGE_BYTES;
    struct window *next = windows_next(&s->windows, needed);
    if (next == NULL)
        return fail(&s->error, ERROR_SYSTEM, "no memory for %zu bytes of input", needed);
    if (rest != 0)
        memmove(next->bytes + start, in->view.next, rest); /* reader: the window itself moves */
    in->view = reader_over(next->bytes + start, rest);
    windows_move(&s->windows, next);
    return true;
}

/* Makes the next chunk the window, with what is left of the old one in front of it. False when that
 * does not fit. */
static bool window_to_chunk(struct input *in, size_t count)
{
    struct input_stream *s = in->stream;
    size_t rest = in->view.left;
    uint8_t *chunk;
    if (rest > READ_AHEAD_ROOM_BYTES || count > READ_AHEAD_ROOM_BYTES)
        return false;
    size_t got = read_ahead_next(s->ahead, &chunk, &s->error);
    if (got == 0) {
        s->ended = true;
        return true;
    }
    if (rest != 0)
        memcpy(chunk - rest, in->view.next, rest); /* reader: the window itself moves */
    in->view = reader_over(chunk - rest, rest + got);
    in->view_end += got;
    if (s->chunk_held)
        read_ahead_release(s->ahead);
    s->chunk_held = true;
    return true;
}

/* Decompresses ahead from here on, where the input has proved to be long; or goes on without. Plain
 * files are not read ahead: what another processor has read must then be fetched from its cache,
 * which costs more than the reading saves. */
static void begin_ahead(struct input *in)
{
    struct input_stream *s = in->stream;
    s->ahead_tried = true;
    if (sysconf(_SC_NPROCESSORS_ONLN) > 1)
        s->ahead = read_ahead_start(s->top);
}

/* From the chunks, or straight from the source. */
static size_t read_more(struct input_stream *s, uint8_t *buffer, size_t room)
{
    uint8_t *chunk;
    if (s->ahead == NULL)
        return s->top.read(s->top.from, buffer, room < INPUT_READ_BYTES ? room : INPUT_READ_BYTES,
                           &s->error);
    assert(room >= READ_AHEAD_CHUNK_BYTES);
    size_t got = read_ahead_next(s->ahead, &chunk, &s->error);
    if (got != 0) {
        memcpy(buffer, chunk, got);
        read_ahead_release(s->ahead);
    }
    return got;
}

/* Something larger than a chunk is wanted: it is put together in a buffer of its own. */
static void fill_buffer(struct input *in, size_t count)
{
    struct input_stream *s = in->stream;
    s->ended = !window_make_room(in, count);
    if (s->chunk_held)
        read_ahead_release(s->ahead); /* what was left of it has moved */
    s->chunk_held = false;
    size_t start = (PAGE_BYTES - in->view.left % PAGE_BYTES) % PAGE_BYTES;
    const struct window *window = s->windows.now;
    while (!s->ended && in->view.left < count) {
        size_t used = start + in->view.left;
        size_t got = read_more(s, window->bytes + used, window->size - used);
        in->view = reader_over(window->bytes + start, in->view.left + got);
        in->view_end += got;
        s->ended = got == 0;
    }
}

void input_fill(struct input *in, size_t count)
{
    struct input_stream *s = in->stream;
    assert(count <= INPUT_WINDOW_MAX);
    s->ended = s->ended && !s->is_feed;
    if (!s->ahead_tried && !s->ended && in->view_end >= READ_AHEAD_FROM && s->stage_count > 0)
        begin_ahead(in);
    while (s->ahead != NULL && !s->ended && in->view.left < count)
        if (!window_to_chunk(in, count))
            break;
    if (!s->ended && in->view.left < count)
        fill_buffer(in, count);
}

/* Reads until there is enough to recognise by, or the end. An error sticks in the source and comes
 * again. */
static size_t read_start(struct byte_source source, uint8_t *buffer)
{
    size_t used = 0, got = 1;
    while (used < DECOMPRESS_RECOGNISE_BYTES && got != 0) {
        struct error ignored;
        got = source.read(source.from, buffer + used, INPUT_READ_BYTES - used, &ignored);
        used += got;
    }
    return used;
}

/* Puts a stage over the top, which begins with the bytes in the buffer, given away here. */
static bool stage_add(struct input_stream *s, const struct decompressor *how, uint8_t *buffer,
                      size_t used, struct error *err)
{
    if (s->stage_count == INPUT_NESTED_MAX) {
        free(buffer);
        return fail(err, ERROR_LIMIT, "compressed more than %d times over (%s inside %s)",
                    INPUT_NESTED_MAX, how->name,
                    decompress_stage_name(s->stages[INPUT_NESTED_MAX - 1]));
    }
    struct decompress_stage *stage = decompress_stage_open(how, s->top, buffer, used, err);
    if (stage == NULL)
        return false;
    s->stages[s->stage_count++] = stage;
    s->top.read = decompress_stage_read;
    s->top.from = stage;
    return true;
}

static bool stream_begin(struct input *in, struct error *err)
{
    struct input_stream *s = in->stream;
    s->top = (struct byte_source){.read = raw_read, .from = s, .raw_offset = &s->raw_offset};
    for (;;) {
        uint8_t *buffer = malloc(INPUT_READ_BYTES);
        if (buffer == NULL)
            return fail(err, ERROR_SYSTEM, "no memory for a buffer");
        size_t used = read_start(s->top, buffer);
        const struct decompressor *how = decompressor_for(buffer, used);
        if (how == NULL) {
            if (!windows_begin(&s->windows, buffer, INPUT_READ_BYTES))
                return fail(err, ERROR_SYSTEM, "no memory for a buffer");
            in->view = reader_over(buffer, used);
            in->view_end = used;
            return true;
        }
        if (!stage_add(s, how, buffer, used, err))
            return false;
    }
}

static struct input *input_new(const char *name, struct error *err)
{
    struct input *in = calloc(1, sizeof *in);
    struct input_stream *s = calloc(1, sizeof *s);
    char *copy = strdup(name);
    if (in == NULL || s == NULL || copy == NULL) {
        free(in);
        free(s);
        free(copy);
        (void)fail(err, ERROR_SYSTEM, "no memory");
        return NULL;
    }
    s->name = copy;
    s->descriptor = -1;
    windows_init(&s->windows);
    in->stream = s;
    return in;
}

static bool descriptor_check(struct input_stream *s, struct error *err)
{
    struct stat about;
    if (fstat(s->descriptor, &about) != 0)
        return fail_errno(err, "cannot stat");
    if (S_ISDIR(about.st_mode))
        return fail(err, ERROR_SYSTEM, "is a directory, not a file");
    s->regular = S_ISREG(about.st_mode);
    if (s->regular) {
        off_t at = lseek(s->descriptor, 0, SEEK_CUR); /* stdin may be partly read */
        s->raw_size = (uint64_t)(about.st_size - (at > 0 && at <= about.st_size ? at : 0));
        (void)posix_fadvise(s->descriptor, 0, 0, POSIX_FADV_SEQUENTIAL);
    }
    return true;
}

/* Whoever reads that a file is not there, and sees its name in the directory, would not think of
 * where it points to. */
static void say_why_closed(const char *path, struct error *err)
{
    struct stat about;
    bool is_missing = errno == ENOENT;
    (void)fail_errno(err, "cannot open");
    if (is_missing && lstat(path, &about) == 0 && S_ISLNK(about.st_mode))
        (void)fail(err, ERROR_SYSTEM,
                   "cannot open: it is a symbolic link, and what it points to is not there");
}

static struct input *open_path(const char *path, bool digested, struct error *err)
{
    struct input *in = input_new(path, err);
    if (in == NULL)
        return NULL;
    struct input_stream *s = in->stream;
    s->digester = digested ? digester_new() : NULL;
    s->descriptor_owned = strcmp(path, "-") != 0;
    s->descriptor = s->descriptor_owned ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
    if (s->descriptor < 0)
        say_why_closed(path, err);
    else if (descriptor_check(s, err) && stream_begin(in, err))
        return in;
    input_close(in);
    return NULL;
}

struct input *input_open(const char *path, struct error *err)
{
    return open_path(path, false, err);
}

struct input *input_open_digested(const char *path, struct error *err)
{
    return open_path(path, true, err);
}

struct input *input_open_memory(const char *name, const void *bytes, size_t size, struct error *err)
{
    struct input *in = input_new(name, err);
    if (in == NULL)
        return NULL;
    struct input_stream *s = in->stream;
    s->memory = reader_over(bytes, size);
    s->whole = s->memory;
    s->raw_size = size;
    if (decompressor_for(bytes, size) == NULL) {
        in->view = s->memory;
        in->view_end = size;
        s->raw_offset = size;
        s->ended = true;
        return in;
    }
    if (stream_begin(in, err))
        return in;
    input_close(in);
    return NULL;
}

struct input *input_open_feed(const char *name,
                              size_t (*read)(void *from, uint8_t *buffer, size_t size,
                                             struct error *err),
                              void *from, struct error *err)
{
    struct input *in = input_new(name, err);
    if (in == NULL)
        return NULL;
    struct input_stream *s = in->stream;
    s->top = (struct byte_source){.read = read, .from = from, .raw_offset = &s->raw_offset};
    s->is_feed = true;
    return in;
}

void input_close(struct input *in)
{
    if (in == NULL)
        return;
    struct input_stream *s = in->stream;
    read_ahead_stop(s->ahead);
    for (size_t i = 0; i < s->stage_count; i++)
        decompress_stage_close(s->stages[i]);
    if (s->descriptor_owned && s->descriptor >= 0)
        (void)close(s->descriptor);
    digester_free(s->digester);
    windows_clear(&s->windows);
    free(s->name);
    free(s);
    free(in);
}

const char *input_name(const struct input *in)
{
    return in->stream->name;
}

void input_hold(struct input *in, struct input_held *held)
{
    struct windows *w = &in->stream->windows;
    struct window *now = windows_hold(w);
    assert(held->count < INPUT_HELD_MAX);
    if (held->count > 0 && held->windows[held->count - 1] == now)
        windows_let_go(w, now);
    else
        held->windows[held->count++] = now;
}

void input_let_go(struct input *in, struct input_held *held)
{
    for (size_t i = 0; i < held->count; i++)
        windows_let_go(&in->stream->windows, held->windows[i]);
    held->count = 0;
}

void input_follow(struct input *in, const struct input *other)
{
    in->stream->followed = other;
}

uint64_t input_raw_offset(const struct input *in)
{
    const struct input *followed = in->stream->followed;
    return followed != NULL ? followed->stream->raw_offset : in->stream->raw_offset;
}

uint64_t input_raw_size(const struct input *in)
{
    return in->stream->raw_size;
}

bool input_is_large(const struct input *in)
{
    enum { LARGE_BYTES = 16 << 20 };
    uint64_t size = input_raw_size(in);
    return size == 0 || size >= LARGE_BYTES;
}

bool input_failed(const struct input *in, struct error *err)
{
    if (in->stream->error.kind == ERROR_NONE)
        return false;
    if (err != NULL)
        *err = in->stream->error;
    return true;
}

bool input_was_interrupted(const struct input *in)
{
    return in->stream->interrupted;
}

bool input_digest(struct input *in, struct digest *out)
{
    struct input_stream *s = in->stream;
    if (s->descriptor < 0) {
        *out = digest_of(s->whole.next, s->whole.left); /* reader: all of our caller's bytes */
        return true;
    }
    read_ahead_stop(s->ahead);
    s->ahead = NULL;
    s->ended = true;
    in->view = reader_over(NULL, 0);
    uint8_t *rest = malloc(INPUT_READ_BYTES);
    struct error err = {0};
    while (rest != NULL && s->regular && !s->raw_ended)
        (void)raw_read(s, rest, INPUT_READ_BYTES, &err);
    free(rest);
    if (s->digester == NULL || !s->raw_ended || s->raw_error.kind != ERROR_NONE)
        return false;
    *out = digester_digest(s->digester);
    return true;
}

const char *input_compression(const struct input *in)
{
    const struct input_stream *s = in->stream;
    return s->stage_count > 0 ? decompress_stage_name(s->stages[0]) : NULL;
}
