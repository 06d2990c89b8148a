/* smb_server ADDRESS=VARIANT...: plays Windows hosts as the SMB check for Conficker sees them,
 * infected and not, for tests of scanners. README.md says what it is for; `smb_server --list` has
 * the variants.
 *
 * It says `ready N` when all N sockets listen, and answers until it is told to end (SIGTERM,
 * SIGINT), its stdin ends (a pipe), or its time is over. It speaks only to who has spoken to it. */
#include "smb_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "arguments.h"
#include "base/time.h"

enum { SECONDS_DEFAULT = 600, SECONDS_MAX = 3600, HOSTS_MAX = 20000, EVENTS_AT_ONCE = 256 };

static const char usage[] =
    "usage: smb_server [--for SECONDS] [--log FILE] [--smb PORT] [--session PORT] [--names PORT]\n"
    "                  [--any] ADDRESS=VARIANT... | @FILE...\n"
    "       smb_server --list\n";

void note(struct rig *rig, const char *format, ...)
{
    if (rig->notes++ >= NOTES_MAX)
        return;
    va_list arguments;
    va_start(arguments, format);
    (void)fprintf(stderr, "smb_server: ");
    (void)vfprintf(stderr, format, arguments);
    (void)fprintf(stderr, "\n");
    va_end(arguments);
}

static bool host_room_make(struct settings *s, struct error *err)
{
    if (s->host_count == HOSTS_MAX)
        return fail(err, ERROR_USAGE, "more than %d addresses", HOSTS_MAX);
    if (s->host_count < s->host_room)
        return true;
    s->host_room = s->host_room != 0 ? 2 * s->host_room : 64;
    struct host *more = realloc(s->hosts, s->host_room * sizeof *more);
    if (more == NULL)
        return fail(err, ERROR_SYSTEM, "no memory for %zu addresses", s->host_room);
    s->hosts = more;
    return true;
}

static bool host_add(void *settings, const char *text, struct error *err)
{
    struct settings *s = settings;
    struct host host = {0};
    char address[ROLE_LINE_SIZE];
    const char *variant;
    if (!role_parse(text, address, &variant, err))
        return false;
    host.variant = variant_named(variant);
    if (host.variant == NULL)
        return fail(err, ERROR_USAGE, "no variant '%s': see --list", variant);
    if (!ipv4_parse(address, &host.address, err) || !host_room_make(s, err))
        return false;
    s->hosts[s->host_count++] = host;
    return true;
}

static bool port_take(const char *value, const char *option, uint16_t *port, struct error *err)
{
    int64_t number = 0;
    if (!number_parse(value, option, 0, UINT16_MAX, &number, err))
        return false;
    *port = (uint16_t)number;
    return true;
}

static bool option_take(struct settings *s, int option, const char *value, struct error *err)
{
    switch (option) {
    case 'f':
        return number_parse(value, "--for", 1, SECONDS_MAX, &s->for_seconds, err);
    case 'd':
        return port_take(value, "--smb", &s->direct_port, err);
    case 's':
        return port_take(value, "--session", &s->session_port, err);
    case 'n':
        return port_take(value, "--names", &s->names_port, err);
    case 'l':
        s->log_path = value;
        return true;
    case 'a':
        s->any = true;
        return true;
    default:
        return fail(err, ERROR_USAGE, "wrong option");
    }
}

static bool arguments_take(struct settings *s, int argc, char **argv, struct error *err)
{
    static const struct option options[] = {
        {"for", required_argument, NULL, 'f'},
        {"log", required_argument, NULL, 'l'},
        {"smb", required_argument, NULL, 'd'},
        {"session", required_argument, NULL, 's'},
        {"names", required_argument, NULL, 'n'},
        {"any", no_argument, NULL, 'a'},
        {NULL, 0, NULL, 0},
    };
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;)
        if (!option_take(s, option, optarg, err))
            return false;
    return roles_take(argc - optind, argv + optind, host_add, s, err) &&
           addresses_are_harmless(s, err);
}

static void list(void)
{
    const struct variant *v = NULL;
    for (size_t i = 0; (v = variant_at(i)) != NULL; i++)
        (void)printf("%s\t%s\n", v->name, v->sentence);
}

/* False when it is the word to end. Listeners wait for their round: who has closed a connection
 * before making another is to be seen closing it first. */
static bool dispatch(struct rig *rig, const struct epoll_event *event, bool is_listeners_round,
                     int64_t now_us)
{
    size_t index = waker_index(event->data.u64);
    enum waker kind = waker_kind(event->data.u64);
    if ((kind == WAKER_LISTENER) != is_listeners_round)
        return true;
    switch (kind) {
    case WAKER_SIGNAL:
        return false;
    case WAKER_STDIN:
        return !stdin_has_ended();
    case WAKER_LISTENER:
        if (rig->listeners[index].service == SERVICE_NAMES)
            names_receive(rig, &rig->listeners[index]);
        else
            talk_accept(rig, &rig->listeners[index], now_us);
        return true;
    case WAKER_CONNECTION:
        talk_event(rig, index, event->events, now_us);
        return true;
    }
    return true;
}

/* When something is due. */
static int64_t due_us(const struct rig *rig, int64_t end_us)
{
    return rig->next_due_us < end_us ? rig->next_due_us : end_us;
}

static void respond(struct rig *rig, int64_t end_us)
{
    struct epoll_event events[EVENTS_AT_ONCE];
    int64_t now_us = clock_us(CLOCK_MONOTONIC);
    while (now_us < end_us) {
        int count = epoll_wait(rig->epoll, events, EVENTS_AT_ONCE,
                               wait_ms(now_us, due_us(rig, end_us)));
        now_us = clock_us(CLOCK_MONOTONIC);
        for (int i = 0; i < 2 * count; i++)
            if (!dispatch(rig, &events[i % count], i >= count, now_us))
                return;
        talk_timers(rig, now_us);
        if (rig->log != NULL)
            (void)fflush(rig->log);
    }
}

static bool log_open(struct rig *rig, struct error *err)
{
    const char *path = rig->settings->log_path;
    if (path == NULL)
        return true;
    rig->log = fopen(path, "ae");
    return rig->log != NULL || fail(err, ERROR_SYSTEM, "%s: %s", path, strerror(errno));
}

static bool play(struct rig *rig, struct error *err)
{
    int signal_fd = -1;
    bool good = wakers_open(&rig->epoll, &signal_fd, err) && log_open(rig, err) &&
                listeners_open(rig, err);
    if (good) {
        (void)printf("ready %zu\n", rig->listener_count);
        (void)fflush(stdout);
        int64_t now_us = clock_us(CLOCK_MONOTONIC);
        respond(rig, now_us + rig->settings->for_seconds * US_PER_SECOND);
    }
    talk_close_all(rig);
    listeners_close(rig);
    if (rig->log != NULL && fclose(rig->log) != 0)
        good = fail(err, ERROR_SYSTEM, "%s: not all written", rig->settings->log_path);
    (void)close(signal_fd);
    (void)close(rig->epoll);
    return good;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        list();
        return 0;
    }
    struct error err = {0};
    struct settings s = {
        .for_seconds = SECONDS_DEFAULT, .direct_port = 445, .session_port = 139, .names_port = 137};
    struct rig *rig = calloc(1, sizeof *rig);
    bool good = rig != NULL && arguments_take(&s, argc, argv, &err);
    if (good) {
        rig->settings = &s;
        rig->next_due_us = NEVER_US;
        good = play(rig, &err);
    }
    free(s.hosts);
    free(rig);
    if (good)
        return 0;
    (void)fprintf(stderr, "smb_server: %s\n", err.text);
    if (err.kind == ERROR_USAGE)
        (void)fprintf(stderr, "%s", usage);
    return err.kind == ERROR_USAGE ? 2 : 1;
}
