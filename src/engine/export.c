/* What is wanted, where it goes, and what is said of it in the end. */
#include "engine/export.h"

#include <errno.h>
#include <fcntl.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/plural.h"
#include "base/room.h"
#include "base/time.h"
#include "base/writer.h"
#include "detect/behind.h"
#include "engine/export_inside.h"
#include "engine/hunt_inside.h"
#include "engine/sentences.h"

#define AROUND_US (30 * 60 * US_PER_SECOND)
#define MARGIN_US US_PER_SECOND /* behind the last time of a sign */

enum { OWNER_ONLY = 0700 };

bool export_fail(struct export *x, const struct error *err)
{
    if (!x->failed)
        x->error = *err;
    x->failed = true;
    return false;
}

const char *export_host_name(struct address host, char buffer[static ADDRESS_TEXT_SIZE])
{
    (void)address_text(host, buffer);
    for (char *c = strchr(buffer, ':'); c != NULL; c = strchr(c, ':'))
        *c = '_';
    return buffer;
}

static bool is_empty(int folder)
{
    int copy = fcntl(folder, F_DUPFD_CLOEXEC, 0);
    DIR *list = copy >= 0 ? fdopendir(copy) : NULL;
    bool empty = list != NULL;
    const struct dirent *entry;
    while (empty && (entry = readdir(list)) != NULL)
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    if (list != NULL)
        (void)closedir(list);
    else if (copy >= 0)
        (void)close(copy);
    return empty;
}

static bool folder_open(struct export *x, struct error *err)
{
    const char *path = x->wishes.folder;
    bool made = mkdir(path, OWNER_ONLY) == 0;
    if (!made && errno != EEXIST)
        return fail(err, ERROR_SYSTEM, "cannot make the folder %.300s: %s", path, strerror(errno));
    x->folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (x->folder < 0 && (errno == ENOTDIR || errno == ELOOP))
        return fail(err, ERROR_USAGE,
                    "%.300s is no folder, or a link: evidence needs a new or an empty folder",
                    path);
    if (x->folder < 0)
        return fail(err, ERROR_SYSTEM, "cannot open the folder %.300s: %s", path, strerror(errno));
    if (!is_empty(x->folder))
        return fail(err, ERROR_USAGE,
                    "%.300s is not empty: evidence needs a new or an empty folder", path);
    return true;
}

static bool around_check(const struct export *x, struct error *err)
{
    char host[ADDRESS_TEXT_SIZE], name[EXPORT_NAME_SIZE];
    struct stat there;
    (void)snprintf(name, sizeof name, "around-%s.pcap", export_host_name(x->wishes.around, host));
    if (fstatat(x->folder, name, &there, AT_SYMLINK_NOFOLLOW) == 0)
        return fail(err, ERROR_USAGE,
                    "%s is there already: move it away, or name a folder by --evidence", name);
    return true;
}

struct export *export_open(const struct export_wishes *wishes, struct error *err)
{
    struct export *x = calloc(1, sizeof *x);
    if (x == NULL) {
        (void)fail(err, ERROR_SYSTEM, "no memory");
        return NULL;
    }
    x->wishes = *wishes;
    x->folder = AT_FDCWD;
    x->earliest_us = INT64_MAX;
    x->latest_us = INT64_MIN;
    bool good = wishes->folder == NULL || folder_open(x, err);
    if (good && wishes->has_around)
        good = around_check(x, err);
    if (good)
        return x;
    export_close(x);
    return NULL;
}

const struct error *export_failure(const struct export *x)
{
    return x->failed ? &x->error : NULL;
}

void export_close(struct export *x)
{
    if (x == NULL)
        return;
    for (size_t i = 0; i < x->count; i++) {
        for (struct export_file *f = x->wanted[i].files, *next; f != NULL; f = next) {
            next = f->next;
            if (!f->closed)
                (void)capture_writer_close(&f->writer, NULL);
            free(f);
        }
    }
    if (x->folder >= 0)
        (void)close(x->folder);
    free(x->wanted);
    free(x);
}

static bool want(struct export *x, const struct wanted *one)
{
    struct wanted *wanted = room_for_one(x->wanted, x->count, &x->room, sizeof *wanted);
    if (wanted == NULL)
        return false;
    x->wanted = wanted;
    x->wanted[x->count++] = *one;
    x->earliest_us = one->lead_us < x->earliest_us ? one->lead_us : x->earliest_us;
    x->latest_us = one->until_us > x->latest_us ? one->until_us : x->latest_us;
    return true;
}

static bool want_around(struct export *x, const struct verdict *v)
{
    x->around_found = true;
    return want(x, &(struct wanted){.host = v->host,
                                    .verdict = v->kind,
                                    .is_around = true,
                                    .lead_us = v->first_us - AROUND_US,
                                    .from_us = v->first_us - AROUND_US,
                                    .until_us = v->first_us + AROUND_US});
}

static bool comes_on_other_days(const struct verdict *v, const struct sign *s)
{
    for (size_t i = 0; i < v->sign_count; i++)
        if (v->signs[i].id == s->id && v->signs[i].day != s->day)
            return true;
    return false;
}

/* The wanted sign of this host, id and day, among those from `from` on, or NULL. */
static struct wanted *wanted_already(struct export *x, size_t from, const struct sign *s)
{
    for (size_t i = from; i < x->count; i++)
        if (!x->wanted[i].is_around && x->wanted[i].sign == s->id && x->wanted[i].day == s->day)
            return &x->wanted[i];
    return NULL;
}

static bool want_signs(struct export *x, const struct verdict *v)
{
    size_t from = x->count;
    for (size_t i = 0; i < v->sign_count; i++) {
        const struct sign *s = &v->signs[i];
        int64_t lead_us = s->first_us - behind_sign(s->id)->lead_s * US_PER_SECOND;
        struct wanted *same = wanted_already(x, from, s);
        if (same != NULL) {
            same->lead_us = lead_us < same->lead_us ? lead_us : same->lead_us;
            same->from_us = s->first_us < same->from_us ? s->first_us : same->from_us;
            same->until_us = s->last_us + MARGIN_US > same->until_us ? s->last_us + MARGIN_US
                                                                     : same->until_us;
        } else if (x->count >= x->wishes.limits.signs) {
            x->signs_left_out++;
        } else if (!want(x, &(struct wanted){.host = v->host,
                                             .verdict = v->kind,
                                             .sign = s->id,
                                             .day = s->day,
                                             .has_date = comes_on_other_days(v, s),
                                             .lead_us = lead_us,
                                             .from_us = s->first_us,
                                             .until_us = s->last_us + MARGIN_US})) {
            return false;
        }
    }
    return true;
}

bool export_want(struct export *x, const struct verdict *v)
{
    if (x->wishes.has_around && address_equal(v->host, x->wishes.around) && !want_around(x, v))
        return false;
    bool is_reported = v->kind == VERDICT_INFECTED || v->kind == VERDICT_SUSPICIOUS;
    if (x->wishes.folder == NULL || !v->home || !is_reported)
        return true;
    if (x->hosts == x->wishes.limits.hosts) {
        x->hosts_left_out++;
        return true;
    }
    x->hosts++;
    return want_signs(x, v);
}

static int compare_wanted(const void *a, const void *b)
{
    const struct wanted *first = a, *second = b;
    int order = address_compare(first->host, second->host);
    if (order == 0)
        order = first->is_around != second->is_around ? (first->is_around ? 1 : -1) : 0;
    if (order == 0)
        order = (first->sign > second->sign) - (first->sign < second->sign);
    return order != 0 ? order : (first->day > second->day) - (first->day < second->day);
}

static void close_files(struct export *x)
{
    struct error err;
    for (size_t i = 0; i < x->count; i++) {
        for (struct export_file *f = x->wanted[i].files; f != NULL; f = f->next) {
            if (!capture_writer_close(&f->writer, &err))
                (void)export_fail(x, &err);
            f->closed = true;
        }
    }
}

static void say_around(const struct export *x, struct sentences *notes)
{
    char host[ADDRESS_TEXT_SIZE];
    uint64_t packets = 0, files = 0;
    const char *name = "";
    (void)address_text(x->wishes.around, host);
    for (size_t i = 0; i < x->count; i++) {
        for (const struct export_file *f = x->wanted[i].files; f != NULL; f = f->next) {
            if (!x->wanted[i].is_around)
                continue;
            files++;
            packets += f->writer.packets;
            name = f->next == NULL || files == 1 ? f->name : name;
        }
    }
    if (!x->around_found)
        sentence_add(notes, "around: %s has no sign, so there is no hour to write", host);
    else if (files == 0)
        sentence_add(notes, "around: no packet of %s was written", host);
    else
        sentence_add(notes, "around: %llu packets of %s were written to %s%s",
                     (unsigned long long)packets, host, name,
                     files > 1 ? " and one more capture for each further link type" : "");
}

static void say_written(const struct export *x, struct sentences *notes)
{
    char folder[100];
    struct text text = text_over(folder, sizeof folder);
    if (x->wishes.has_around)
        say_around(x, notes);
    if (x->wishes.folder == NULL)
        return;
    text_add_escaped(&text, x->wishes.folder, strlen(x->wishes.folder));
    sentence_add(notes, "evidence: %llu capture%s of %zu host%s; index.jsonl names them, in %s%s",
                 (unsigned long long)x->files, plural(x->files), x->hosts, plural(x->hosts), folder,
                 text.cut ? "..." : "");
}

static void say_odd(const struct export *x, struct sentences *notes)
{
    if (x->without_packets > 0)
        sentence_add(notes, "evidence: %llu input%s without packets to write, being no capture",
                     (unsigned long long)x->without_packets,
                     x->without_packets == 1 ? " is" : "s are");
    if (x->times_left_out > 0)
        sentence_add(notes, "evidence: %llu packet%s left out, of a time that pcap cannot tell",
                     (unsigned long long)x->times_left_out,
                     x->times_left_out == 1 ? " was" : "s were");
    if (x->links_left_out > 0)
        sentence_add(notes,
                     "evidence: %llu packet%s left out, of more than %d link types of one sign",
                     (unsigned long long)x->links_left_out,
                     x->links_left_out == 1 ? " was" : "s were", EXPORT_LINKS_MAX);
}

static void say_limits(const struct export *x, struct sentences *limits)
{
    const struct export_limits *most = &x->wishes.limits;
    uint64_t cut = 0;
    for (size_t i = 0; i < x->count; i++)
        cut += x->wanted[i].cut == EXPORT_CUT_PACKETS;
    if (x->hosts_left_out + x->signs_left_out > 0)
        sentence_add(limits,
                     "evidence: of %zu hosts and %zu signs at most; %llu hosts and %llu signs have "
                     "no capture",
                     most->hosts, most->signs, (unsigned long long)x->hosts_left_out,
                     (unsigned long long)x->signs_left_out);
    if (cut > 0)
        sentence_add(limits,
                     "evidence: %llu capture%s the first %llu packets of a sign and not all",
                     (unsigned long long)cut, cut == 1 ? " has" : "s have",
                     (unsigned long long)most->packets);
    if (x->ended == EXPORT_CUT_BYTES)
        sentence_add(limits,
                     "evidence: %llu bytes in all are written at most; later packets are "
                     "in no capture",
                     (unsigned long long)most->bytes);
    if (x->ended == EXPORT_CUT_STOPPED)
        sentence_add(limits, "evidence: stopped while it was written: later packets are in no "
                             "capture");
}

bool export_run(struct export *x, struct hunt *h, struct sentences *limits, struct sentences *notes)
{
    struct error err;
    if (x->count > 0)
        qsort(x->wanted, x->count, sizeof x->wanted[0], compare_wanted);
    if (x->count > 0)
        (void)export_pass(x, h);
    close_files(x);
    if (x->wishes.folder != NULL && !export_index(x, h->input_names, &err))
        (void)export_fail(x, &err);
    say_limits(x, limits);
    say_written(x, notes);
    say_odd(x, notes);
    return !x->failed;
}
