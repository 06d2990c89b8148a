/* Signals through signalfd, so that one wait serves all. */
#include "wakers.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/time.h"

enum { DROPPED_SIZE = 256 };

int64_t clock_us(clockid_t clock)
{
    struct timespec now = {0};
    (void)clock_gettime(clock, &now);
    return now.tv_sec * US_PER_SECOND + now.tv_nsec / 1000;
}

int wait_ms(int64_t now_us, int64_t due_us)
{
    return due_us <= now_us ? 0 : (int)((due_us - now_us + MILLISECOND_US - 1) / MILLISECOND_US);
}

static bool waker_add(int epoll, int fd, enum waker kind)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = waker_word(kind, 0)};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

bool wakers_open(int *epoll, int *signal_fd, struct error *err)
{
    sigset_t ends;
    (void)sigemptyset(&ends);
    (void)sigaddset(&ends, SIGTERM);
    (void)sigaddset(&ends, SIGINT);
    (void)signal(SIGPIPE, SIG_IGN);
    *epoll = epoll_create1(EPOLL_CLOEXEC);
    *signal_fd = sigprocmask(SIG_BLOCK, &ends, NULL) == 0 ? signalfd(-1, &ends, SFD_CLOEXEC) : -1;
    if (*epoll < 0 || *signal_fd < 0 || !waker_add(*epoll, *signal_fd, WAKER_SIGNAL))
        return fail(err, ERROR_SYSTEM, "signals: %s", strerror(errno));
    struct stat in;
    bool is_pipe = fstat(STDIN_FILENO, &in) == 0 && (S_ISFIFO(in.st_mode) || S_ISSOCK(in.st_mode));
    if (is_pipe && !waker_add(*epoll, STDIN_FILENO, WAKER_STDIN))
        return fail(err, ERROR_SYSTEM, "stdin: %s", strerror(errno));
    return true;
}

bool stdin_has_ended(void)
{
    char dropped[DROPPED_SIZE];
    ssize_t got = read(STDIN_FILENO, dropped, sizeof dropped);
    return got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN);
}
