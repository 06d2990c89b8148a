/* The store's report stands among the others, so it is told of whatever they are told of; and it
 * stands first, so that what somebody has read is kept. */
#include "cli/recording.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/time.h"
#include "base/writer.h"
#include "engine/recorder.h"
#include "store/store.h"

static int64_t wall_us(void *context)
{
    struct timespec now;
    (void)context;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * US_PER_SECOND + now.tv_nsec / 1000;
}

enum exit_code recording_check(const struct call *call, const char *path,
                               const struct output_options *outputs,
                               const struct option_texts *inputs)
{
    struct error err;
    struct stat about;
    if (path == NULL)
        return EXIT_DONE;
    if (stat(path, &about) == 0 && !S_ISREG(about.st_mode)) {
        console_complain(call->console, "%s is %s: a store cannot be there", path,
                         S_ISDIR(about.st_mode) ? "a directory" : "no ordinary file");
        return EXIT_FAILED;
    }
    enum exit_code code = outputs_check(call, outputs, inputs, path, OUTPUT_STORE);
    if (code != EXIT_DONE)
        return code;
    /* One that is not ours, or not to be written to, is found before any file is emptied. */
    struct store *store = store_open(path, STORE_WRITE, &err);
    if (store == NULL && !store_lacks_room(&err)) {
        console_complain(call->console, "store %s", err.text);
        return EXIT_FAILED;
    }
    store_close(store);
    return EXIT_DONE;
}

/* Text that is no UTF-8 cannot stand in JSON: its odd bytes are escaped. */
static json_t *text_json(const char *text)
{
    json_t *plain = json_string(text);
    size_t size = 4 * strlen(text) + 1;
    char *escaped = plain == NULL ? malloc(size) : NULL;
    if (escaped == NULL)
        return plain;
    struct text out = text_over(escaped, size);
    text_add_escaped(&out, text, strlen(text));
    plain = json_string(escaped);
    free(escaped);
    return plain;
}

json_t *recording_texts(const char *const *texts, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(array, text_json(texts[i]));
    return array;
}

json_t *recording_prefixes(const struct prefix *prefixes, size_t count)
{
    char text[PREFIX_TEXT_SIZE];
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(array, json_string(prefix_text(prefixes[i], text)));
    return array;
}

enum exit_code recording_open(struct recording *r, const struct call *call, const char *path,
                              const char *site, json_t *settings, bool host_by_host,
                              struct outputs *out)
{
    struct error err;
    *r = (struct recording){.call = call, .path = path};
    if (path != NULL && settings != NULL)
        r->settings = json_dumps(settings, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(settings);
    if (path == NULL)
        return EXIT_DONE;
    if (r->settings == NULL) {
        console_complain(call->console, "no memory for the store");
        return EXIT_FAILED;
    }
    const struct recorder_settings wishes = {.path = path,
                                             .verb = call->verb->name,
                                             .site = site,
                                             .settings = r->settings,
                                             .host_by_host = host_by_host,
                                             .wall_us = wall_us};
    r->recorder = recorder_open(&wishes, &err);
    if (r->recorder == NULL) {
        console_complain(call->console, "store %s%s", err.text,
                         store_lacks_room(&err) ? ": nothing of this run is kept" : "");
        r->has_no_room = store_lacks_room(&err);
        return r->has_no_room ? EXIT_DONE : EXIT_FAILED;
    }
    memmove(out->reports + 1, out->reports, out->report_count * sizeof out->reports[0]);
    out->reports[0] = recorder_report(r->recorder);
    out->report_count++;
    return EXIT_DONE;
}

bool recording_close(struct recording *r)
{
    const struct error *lost = r->recorder != NULL ? recorder_failure(r->recorder) : NULL;
    bool good = lost == NULL;
    if (!good)
        console_complain(r->call->console, "store %s: not all could be kept: %s", r->path,
                         lost->text);
    else if (r->recorder != NULL && recorder_known(r->recorder) > 0)
        console_note(r->call->console, "store %s: %llu input%s there before, and counted once",
                     r->path, (unsigned long long)recorder_known(r->recorder),
                     recorder_known(r->recorder) == 1 ? " was" : "s were");
    if (good && r->recorder != NULL && recorder_kept_nothing(r->recorder))
        console_note(r->call->console, "store %s: nothing was read, so this run is not kept",
                     r->path);
    recorder_close(r->recorder);
    free(r->settings);
    return good && !r->has_no_room;
}
