/* `timeout` and terminals may send two signals for one, so that the second is no insisting yet. */
#include "cli/running.h"

#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"

static volatile sig_atomic_t interrupted, asked;

static void interrupt(int signal_number)
{
    interrupted++;
    if (interrupted >= SIGNALS_TO_GIVE_UP)
        _exit(128 + signal_number);
}

static void ask(int signal_number)
{
    (void)signal_number;
    asked = 1;
}

int64_t running_now_us(void *context)
{
    struct timespec now;
    (void)context;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * US_PER_SECOND + now.tv_nsec / 1000;
}

static void watch_signals(int flags)
{
    struct sigaction action = {.sa_handler = interrupt, .sa_flags = flags}, before;
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    if (sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler != SIG_IGN) /* as nohup does */
        (void)sigaction(SIGHUP, &action, NULL);
}

void running_watch_signals(void)
{
    watch_signals(0);
}

void running_watch_signals_for_long(void)
{
    watch_signals(SA_RESTART);
}

void running_watch_status(void)
{
    struct sigaction action = {.sa_handler = ask, .sa_flags = SA_RESTART};
    (void)sigaction(SIGUSR1, &action, NULL);
}

/* A terminal hands over whole lines. Who reads one that another job has is stopped. */
static bool is_entered(void)
{
    struct pollfd terminal = {.fd = STDIN_FILENO, .events = POLLIN};
    char line[256];
    return isatty(STDIN_FILENO) != 0 && tcgetpgrp(STDIN_FILENO) == getpgrp() &&
           poll(&terminal, 1, 0) > 0 && read(STDIN_FILENO, line, sizeof line) > 0;
}

bool running_is_asked(void)
{
    bool was_asked = asked != 0;
    asked = 0;
    return is_entered() || was_asked;
}

bool running_is_interrupted(void)
{
    return interrupted != 0;
}

bool running_is_time(int64_t now_us, int64_t every_us, int64_t *next_us)
{
    if (every_us == 0)
        return false;
    if (*next_us == 0)
        *next_us = now_us + every_us;
    if (now_us < *next_us)
        return false;
    *next_us = now_us + every_us;
    return true;
}
