/* A buffer that doubles. Once memory is out it takes no more, so that nothing is written after a
 * gap; who made it tests `failed` at the end. */
#include "report/html_markup.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"

enum { FIRST_SIZE = 1024, DATE_LENGTH = 10, CLOCK_AT = 11, CLOCK_LENGTH = 8, MINUTE_LENGTH = 5 };

void markup_free(struct markup *m)
{
    free(m->text);
    *m = (struct markup){0};
}

void markup_clear(struct markup *m)
{
    m->used = 0;
    if (m->text != NULL)
        m->text[0] = '\0';
}

/* Room for so many bytes and a NUL. */
static bool make_room(struct markup *m, size_t length)
{
    size_t size = m->size > 0 ? m->size : FIRST_SIZE;
    if (m->failed || length > SIZE_MAX / 4 - m->used) {
        m->failed = true;
        return false;
    }
    while (size - 1 < m->used + length)
        size *= 2;
    if (size == m->size)
        return true;
    char *grown = realloc(m->text, size);
    if (grown == NULL) {
        m->failed = true;
        return false;
    }
    m->text = grown;
    m->size = size;
    return true;
}

void markup_add(struct markup *m, const char *text, size_t length)
{
    if (!make_room(m, length))
        return;
    memcpy(m->text + m->used, text, length);
    m->used += length;
    m->text[m->used] = '\0';
}

void markup_say(struct markup *m, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    size_t room = m->size - m->used; /* mostly it fits, and is printed once */
    int length = vsnprintf(m->size > 0 ? m->text + m->used : NULL, m->size > 0 ? room : 0, format,
                           arguments);
    if (length < 0 || !make_room(m, (size_t)length)) {
        m->failed = true;
    } else {
        if ((size_t)length >= room)
            (void)vsnprintf(m->text + m->used, (size_t)length + 1, format, again);
        m->used += (size_t)length;
    }
    va_end(again);
    va_end(arguments);
}

static const char *entity_of(char letter)
{
    switch (letter) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void markup_text(struct markup *m, enum safe_form form, const char *text)
{
    char *safe = text_made_safe(text, form);
    if (safe == NULL) {
        m->failed = true;
        return;
    }
    for (const char *next = safe; *next != '\0';) {
        size_t plain = strcspn(next, "&<>\"'");
        markup_add(m, next, plain);
        next += plain;
        const char *entity = entity_of(*next);
        if (entity == NULL)
            continue;
        markup_add(m, entity, strlen(entity));
        next++;
    }
    free(safe);
}

void markup_name(struct markup *m, const char *text)
{
    markup_say(m, "<bdi>");
    markup_text(m, SAFE_UTF8, text);
    markup_say(m, "</bdi>");
}

void markup_time(struct markup *m, int64_t when_us, bool with_seconds)
{
    char text[TIME_TEXT_SIZE];
    if (when_us == TIME_NONE || time_text(when_us, text)[0] == '-') {
        markup_say(m, "unknown");
        return;
    }
    if (m->days_only) {
        markup_say(m, "<time>%.*s</time>", DATE_LENGTH, text);
        return;
    }
    markup_say(m, "<time>%.*s %.*s</time>", DATE_LENGTH, text,
               with_seconds ? CLOCK_LENGTH : MINUTE_LENGTH, text + CLOCK_AT);
}

const char *count_text(uint64_t count, char buffer[static COUNT_TEXT_SIZE])
{
    char digits[COUNT_TEXT_SIZE];
    int length = snprintf(digits, sizeof digits, "%" PRIu64, count);
    size_t used = 0;
    assert(length > 0 && length <= 20);
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            buffer[used++] = ',';
        buffer[used++] = digits[i];
    }
    buffer[used] = '\0';
    return buffer;
}
