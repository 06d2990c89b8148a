/* index.jsonl: one object a capture, in the order of hosts. The keys are in docs/evidence.md. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "engine/export_inside.h"
#include "report/foreign.h"

enum { SCHEMA = 1, OWNER_ONLY = 0600 };

static json_t *foreign_json(const char *text)
{
    char *safe = text_made_safe(text, SAFE_UTF8);
    json_t *made = safe != NULL ? json_string(safe) : NULL;
    free(safe);
    return made;
}

static json_t *time_json(int64_t when_us)
{
    char text[TIME_TEXT_SIZE];
    return json_string(time_text(when_us, text));
}

static json_t *inputs_json(const struct export_file *f, char *const *names)
{
    json_t *array = json_array();
    for (size_t i = 0; i < f->input_count && i < EXPORT_INPUTS_MAX; i++)
        (void)json_array_append_new(array, foreign_json(names[f->inputs[i]]));
    return array;
}

static const char *why_cut(const struct wanted *w, const struct export_file *f)
{
    static const char *const words[] = {[EXPORT_CUT_PACKETS] = "packets",
                                        [EXPORT_CUT_BYTES] = "bytes",
                                        [EXPORT_CUT_STOPPED] = "stopped"};
    return f->writer.failed ? "write" : words[w->cut];
}

/* A new reference; NULL without memory. */
static json_t *file_json(const struct wanted *w, const struct export_file *f, char *const *names)
{
    char host[ADDRESS_TEXT_SIZE], date[DATE_TEXT_SIZE], path[ADDRESS_TEXT_SIZE + EXPORT_NAME_SIZE];
    (void)snprintf(path, sizeof path, "%s%s%s", f->within, f->within[0] != '\0' ? "/" : "",
                   f->name);
    const char *why = why_cut(w, f);
    json_t *object = json_object();
    bool failed = json_object_set_new(object, "type", json_string("evidence")) != 0;
    failed |= json_object_set_new(object, "schema", json_integer(SCHEMA)) != 0;
    failed |= json_object_set_new(object, "host", json_string(address_text(w->host, host))) != 0;
    failed |= json_object_set_new(object, "verdict", json_string(verdict_kind_text(w->verdict))) !=
              0;
    if (!w->is_around) {
        const char *id = sign_kind_of(w->sign)->id;
        failed |= json_object_set_new(object, "sign", json_string(id)) != 0;
        failed |= json_object_set_new(object, "day", json_string(date_text(w->day, date))) != 0;
    }
    failed |= json_object_set_new(object, "file", json_string(path)) != 0;
    failed |= json_object_set_new(object, "link_type", json_integer(f->link_type)) != 0;
    failed |= json_object_set_new(object, "packets", json_integer((json_int_t)f->writer.packets)) !=
              0;
    failed |= json_object_set_new(object, "bytes", json_integer((json_int_t)f->writer.size)) != 0;
    failed |= json_object_set_new(object, "first", time_json(f->first_us)) != 0;
    failed |= json_object_set_new(object, "last", time_json(f->last_us)) != 0;
    failed |= json_object_set_new(object, "inputs", inputs_json(f, names)) != 0;
    failed |= json_object_set_new(object, "input_count",
                                  json_integer((json_int_t)f->input_count)) != 0;
    failed |= json_object_set_new(object, "cut_short", json_boolean(why != NULL)) != 0;
    if (why != NULL)
        failed |= json_object_set_new(object, "why", json_string(why)) != 0;
    if (!failed)
        return object;
    json_decref(object);
    return NULL;
}

static bool put_line(FILE *out, const struct wanted *w, const struct export_file *f,
                     char *const *names)
{
    json_t *object = f->first_us <= f->last_us ? file_json(w, f, names) : json_null();
    char *line = object != NULL && !json_is_null(object) ? json_dumps(object, JSON_COMPACT) : NULL;
    bool good = json_is_null(object) ||
                (line != NULL && fputs(line, out) >= 0 && fputc('\n', out) != EOF);
    free(line);
    json_decref(object);
    return good;
}

bool export_index(struct export *x, char *const *input_names, struct error *err)
{
    int file = openat(x->folder, "index.jsonl",
                      O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, OWNER_ONLY);
    FILE *out = file >= 0 ? fdopen(file, "w") : NULL;
    if (out == NULL) {
        (void)fail(err, ERROR_SYSTEM, "index.jsonl: %s", strerror(errno));
        if (file >= 0)
            (void)close(file);
        return false;
    }
    bool good = true;
    for (size_t i = 0; i < x->count && good; i++)
        for (const struct export_file *f = x->wanted[i].files; f != NULL && good; f = f->next)
            good = put_line(out, &x->wanted[i], f, input_names);
    int reason = errno;
    if (fclose(out) != 0 && good) {
        good = false;
        reason = errno;
    }
    return good || fail(err, ERROR_SYSTEM, "index.jsonl: %s", strerror(reason));
}
