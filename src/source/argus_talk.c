/* Each state looks at what stands between `whole` and `end`, and goes on to the next where it is
 * all there. */
#include "source/argus_talk.h"

#include <stdlib.h>
#include <string.h>

#include "source/argus_stream.h"

enum { REPLY_BYTES = 2, GREETING_BYTES_MAX = 8 * ARGUS_MAR_BYTES };

#define START "START: user='',cmd='wormsign'"

bool argus_filter_check(const char *filter, struct error *err)
{
    size_t length = strlen(filter);
    if (length > ARGUS_FILTER_MAX)
        return fail(err, ERROR_LIMIT, "the filter has %zu letters, and %d are the most", length,
                    ARGUS_FILTER_MAX);
    for (size_t i = 0; i < length; i++)
        if (filter[i] < ' ' || filter[i] > '~')
            return fail(err, ERROR_USAGE, "the filter has letters that no filter has");
    return true;
}

bool argus_talk_begin(struct argus_talk *t, const char *filter)
{
    *t = (struct argus_talk){.filter = filter, .alive_s = ARGUS_ALIVE_DEFAULT_S};
    t->bytes = malloc(ARGUS_TALK_BYTES);
    return t->bytes != NULL;
}

void argus_talk_end(struct argus_talk *t)
{
    free(t->bytes);
    *t = (struct argus_talk){0};
}

uint8_t *argus_talk_room(struct argus_talk *t, size_t *size)
{
    if (t->first > 0) {
        memmove(t->bytes, t->bytes + t->first, t->end - t->first);
        t->whole -= t->first;
        t->end -= t->first;
        t->first = 0;
    }
    *size = ARGUS_TALK_BYTES - t->end;
    return t->bytes + t->end;
}

static struct reader unread(const struct argus_talk *t)
{
    return reader_over(t->bytes + t->whole, t->end - t->whole);
}

static bool over(struct argus_talk *t, bool hopeless)
{
    t->state = ARGUS_TALK_BAD;
    t->hopeless = hopeless;
    return false;
}

/* A short record instead of a greeting. */
static bool refused(struct argus_talk *t, const struct argus_record *r, struct error *err)
{
    switch (r->options) {
    case ARGUS_ACCESS_DENIED:
        (void)fail(err, ERROR_SYSTEM, "the server lets nobody in from here (access denied)");
        return over(t, true);
    case ARGUS_TOO_MANY_CLIENTS:
        (void)fail(err, ERROR_SYSTEM, "the server has too many clients");
        return over(t, false);
    default:
        (void)fail(err, ERROR_SYSTEM, "the server refuses, for reason %u", r->options);
        return over(t, false);
    }
}

static bool is_greeting(struct argus_talk *t, const struct argus_record *r, struct error *err)
{
    struct argus_mar mar;
    argus_mar_read(r, &mar);
    if (r->cause == ARGUS_ERROR)
        return refused(t, r, err);
    if (r->cause != ARGUS_START || (mar.cookie != ARGUS_COOKIE_3 && mar.cookie != ARGUS_COOKIE_5)) {
        (void)fail(err, ERROR_FORMAT, "what answers there does not begin as an Argus server does");
        return over(t, true);
    }
    if (mar.wants_sasl) {
        (void)fail(err, ERROR_SYSTEM,
                   "the server asks for a login (SASL), which is not built here: let it serve "
                   "this machine without one, or read its files");
        return over(t, true);
    }
    if (mar.mar_interval_s > 0)
        t->alive_s = mar.mar_interval_s;
    return true;
}

static bool greeted(struct argus_talk *t, struct text *send, struct error *err)
{
    struct argus_record record;
    struct error why;
    size_t size;
    struct reader bytes = unread(t);
    if (argus_is_version_2(bytes.next, bytes.left)) {
        (void)fail(err, ERROR_FORMAT, "the server speaks version 2 of Argus, of before 2003");
        return over(t, true);
    }
    switch (argus_frame(bytes, &size, &record, &why)) {
    case ARGUS_FRAME_SHORT:
        if (size <= GREETING_BYTES_MAX)
            return true;
        break;
    case ARGUS_FRAME_RECORD:
        if (record.type != ARGUS_MAR)
            break;
        if (!is_greeting(t, &record, err))
            return false;
        t->whole += size;
        t->records++;
        t->state = t->filter != NULL ? ARGUS_TALK_FILTER : ARGUS_TALK_RECORDS;
        if (t->filter != NULL)
            text_add(send, "FILTER: man or (%s)", t->filter);
        else
            text_add(send, START);
        return true;
    case ARGUS_FRAME_PADDING:
    case ARGUS_FRAME_BAD:
        break;
    }
    (void)fail(err, ERROR_FORMAT, "what answers there does not begin as an Argus server does");
    return over(t, true);
}

/* The answer is no record: it is taken out from behind what is. */
static bool filter_answered(struct argus_talk *t, struct text *send, struct error *err)
{
    struct reader bytes = unread(t);
    const uint8_t *reply = read_bytes(&bytes, REPLY_BYTES);
    char words[16];
    struct text shown = text_over(words, sizeof words);
    if (reply == NULL)
        return true;
    if (memcmp(reply, "OK", REPLY_BYTES) == 0) {
        memmove(t->bytes + t->whole, reply + REPLY_BYTES, bytes.left);
        t->end -= REPLY_BYTES;
        t->state = ARGUS_TALK_RECORDS;
        text_add(send, START);
        return true;
    }
    text_add_escaped(&shown, reply, REPLY_BYTES);
    if (memcmp(reply, "TI", REPLY_BYTES) == 0) {
        (void)fail(err, ERROR_SYSTEM, "the server had no time for the filter (TI)");
        return over(t, false);
    }
    (void)fail(err, ERROR_USAGE, "the server does not take the filter \"%s\": it says %s%s",
               t->filter, words,
               memcmp(reply, "SY", REPLY_BYTES) == 0 ? ", a mistake in how it is written" : "");
    return over(t, true);
}

/* Records move together over padding between them, which says nothing; the rest moves once. */
static bool records_came(struct argus_talk *t, struct error *err)
{
    struct argus_record record;
    struct error why;
    struct reader bytes = unread(t);
    size_t size;
    enum argus_frame frame;
    while ((frame = argus_frame(bytes, &size, &record, &why)) == ARGUS_FRAME_RECORD ||
           frame == ARGUS_FRAME_PADDING) {
        const uint8_t *from = read_bytes(&bytes, size);
        if (frame == ARGUS_FRAME_PADDING)
            continue;
        if (from != t->bytes + t->whole)
            memmove(t->bytes + t->whole, from, size);
        t->whole += size;
        t->records++;
    }
    size_t left = bytes.left;
    const uint8_t *rest = read_bytes(&bytes, left);
    if (rest != t->bytes + t->whole)
        memmove(t->bytes + t->whole, rest, left);
    t->end = t->whole + left;
    if (frame != ARGUS_FRAME_BAD)
        return true;
    (void)fail(err, ERROR_FORMAT, "what came is no record: %.200s", why.text);
    return over(t, false);
}

bool argus_talk_came(struct argus_talk *t, size_t count, struct text *send, struct error *err)
{
    t->end += count;
    if (t->state == ARGUS_TALK_GREETING && !greeted(t, send, err))
        return false;
    if (t->state == ARGUS_TALK_FILTER && !filter_answered(t, send, err))
        return false;
    return t->state != ARGUS_TALK_RECORDS || records_came(t, err);
}

const uint8_t *argus_talk_whole(const struct argus_talk *t, size_t *size)
{
    *size = t->whole - t->first;
    return t->bytes + t->first;
}

void argus_talk_take(struct argus_talk *t, size_t size)
{
    t->first += size;
}

size_t argus_talk_cut(const struct argus_talk *t)
{
    return t->end - t->whole;
}
