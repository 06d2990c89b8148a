/* responder ADDRESS=VARIANT...: plays hosts infected with Conficker D or E, and hosts that only
 * look it, for tests of scanners. README.md says what it is for; `responder --list` has the
 * variants.
 *
 * It opens the ports that the worm would open at each address, says `ready N` when all N sockets
 * listen, and answers until it is told to end (SIGTERM, SIGINT), its stdin ends (a pipe), or its
 * time is over. It speaks only to who has spoken to it. */
#include "responder.h"

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

enum { SECONDS_DEFAULT = 600, SECONDS_MAX = 3600, ROLES_MAX = 20000, EVENTS_AT_ONCE = 256 };

#define TIME_LAST INT64_C(253402300799) /* 9999-12-31 */

static const char usage[] = "usage: responder [--time UNIX_SECONDS] [--for SECONDS] [--both-weeks] "
                            "[--real-ip ADDR] [--any]\n"
                            "                 ADDRESS=VARIANT... | @FILE...\n"
                            "       responder --list\n";

void note(struct rig *rig, const char *format, ...)
{
    if (rig->notes++ >= NOTES_MAX)
        return;
    va_list arguments;
    va_start(arguments, format);
    (void)fprintf(stderr, "responder: ");
    (void)vfprintf(stderr, format, arguments);
    (void)fprintf(stderr, "\n");
    va_end(arguments);
}

static bool role_add(void *settings, const char *text, struct error *err)
{
    struct settings *s = settings;
    struct role role = {0};
    char address[ROLE_LINE_SIZE];
    const char *variant;
    if (!role_parse(text, address, &variant, err))
        return false;
    role.variant = variant_named(variant);
    if (role.variant == NULL)
        return fail(err, ERROR_USAGE, "no variant '%s': see --list", variant);
    if (!ipv4_parse(address, &role.address, err))
        return false;
    if (s->role_count == ROLES_MAX)
        return fail(err, ERROR_USAGE, "more than %d addresses", ROLES_MAX);
    if (s->role_count == s->role_room) {
        s->role_room = s->role_room != 0 ? 2 * s->role_room : 64;
        struct role *more = realloc(s->roles, s->role_room * sizeof *more);
        if (more == NULL)
            return fail(err, ERROR_SYSTEM, "no memory for %zu addresses", s->role_room);
        s->roles = more;
    }
    s->roles[s->role_count++] = role;
    return true;
}

static bool option_take(struct settings *s, int option, const char *value, struct error *err)
{
    int64_t seconds = 0;
    switch (option) {
    case 't':
        if (!number_parse(value, "--time", 0, TIME_LAST, &seconds, err))
            return false;
        s->when_us = seconds * US_PER_SECOND;
        return true;
    case 'f':
        return number_parse(value, "--for", 1, SECONDS_MAX, &s->for_seconds, err);
    case 'r':
        s->has_real_ip = true;
        return ipv4_parse(value, &s->real_ip, err);
    case 'b':
        s->both_weeks = true;
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
        {"time", required_argument, NULL, 't'},    {"for", required_argument, NULL, 'f'},
        {"real-ip", required_argument, NULL, 'r'}, {"both-weeks", no_argument, NULL, 'b'},
        {"any", no_argument, NULL, 'a'},           {NULL, 0, NULL, 0},
    };
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;)
        if (!option_take(s, option, optarg, err))
            return false;
    return roles_take(argc - optind, argv + optind, role_add, s, err) &&
           addresses_are_harmless(s, err);
}

static void list(void)
{
    const struct variant *v = NULL;
    for (size_t i = 0; (v = variant_at(i)) != NULL; i++)
        (void)printf("%s\t%s\n", v->name, v->sentence);
}

/* False when it is the word to end. */
static bool dispatch(struct rig *rig, const struct epoll_event *event, int64_t now_us)
{
    size_t index = waker_index(event->data.u64);
    switch (waker_kind(event->data.u64)) {
    case WAKER_SIGNAL:
        return false;
    case WAKER_STDIN:
        return !stdin_has_ended();
    case WAKER_LISTENER:
        if (rig->listeners[index].transport == TRANSPORT_TCP)
            tcp_accept(rig, &rig->listeners[index], now_us);
        else
            udp_receive(rig, &rig->listeners[index], now_us);
        return true;
    case WAKER_CONNECTION:
        tcp_event(rig, index, event->events, now_us);
        return true;
    }
    return true;
}

/* When something is due. */
static int64_t due_us(const struct rig *rig, int64_t end_us)
{
    int64_t due = rig->next_due_us < end_us ? rig->next_due_us : end_us;
    return udp_due_us(rig) < due ? udp_due_us(rig) : due;
}

static void respond(struct rig *rig, int64_t end_us)
{
    struct epoll_event events[EVENTS_AT_ONCE];
    int64_t now_us = clock_us(CLOCK_MONOTONIC);
    while (now_us < end_us) {
        int count = epoll_wait(rig->epoll, events, EVENTS_AT_ONCE,
                               wait_ms(now_us, due_us(rig, end_us)));
        now_us = clock_us(CLOCK_MONOTONIC);
        for (int i = 0; i < count; i++)
            if (!dispatch(rig, &events[i], now_us))
                return;
        tcp_timers(rig, now_us);
        udp_timers(rig, now_us);
    }
}

static bool play(struct rig *rig, const struct settings *s, struct error *err)
{
    int signal_fd = -1;
    bool good = wakers_open(&rig->epoll, &signal_fd, err) && listeners_open(rig, s, err);
    if (good) {
        (void)printf("ready %zu\n", rig->listener_count);
        (void)fflush(stdout);
        respond(rig, clock_us(CLOCK_MONOTONIC) + s->for_seconds * US_PER_SECOND);
    }
    tcp_close_all(rig);
    listeners_close(rig);
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
    struct settings s = {.when_us = clock_us(CLOCK_REALTIME), .for_seconds = SECONDS_DEFAULT};
    struct rig *rig = calloc(1, sizeof *rig);
    bool good = rig != NULL && arguments_take(&s, argc, argv, &err);
    if (good) {
        rig->next_due_us = NEVER_US;
        good = play(rig, &s, &err);
    }
    free(s.roles);
    free(rig);
    if (good)
        return 0;
    (void)fprintf(stderr, "responder: %s\n", err.text);
    if (err.kind == ERROR_USAGE)
        (void)fprintf(stderr, "%s", usage);
    return err.kind == ERROR_USAGE ? 2 : 1;
}
