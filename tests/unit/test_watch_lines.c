/* engine/watch, its loop: what a line is asked for and when, by a line that is played here. */
#include "testing.h"

#include <poll.h>
#include <string.h>

#include "base/writer.h"
#include "engine/hunt.h"
#include "engine/watch.h"
#include "source/capture_writer.h"
#include "source/input.h"
#include "wire/link.h"

enum { STEPS = 20, LATE_US = 100000, STEP_US = 10000 };

/* A stream of no records, whose losses are told at each step. */
struct played {
    uint8_t head[CAPTURE_WRITER_HEADER];
    size_t given;
    unsigned steps, steps_after_end, asked_missed;
    bool over, behind;
    const char *lack;
    int64_t clock_us;
    char said[1000];
    struct text say;
};

static void *played_open(const void *what)
{
    return (void *)(uintptr_t)what;
}

static void played_close(void *state)
{
    (void)state;
}

static struct pollfd played_poll(const void *state)
{
    (void)state;
    return (struct pollfd){.fd = -1};
}

static int64_t played_due_us(const void *state)
{
    const struct played *p = state;
    return p->behind ? INT64_MIN : p->clock_us;
}

static enum live_event played_step(void *state, int64_t now_us, struct error *err)
{
    struct played *p = state;
    (void)now_us;
    (void)err;
    p->steps++;
    p->steps_after_end += p->over;
    return p->steps == 1 ? LIVE_BEGAN : LIVE_NOTHING;
}

static size_t played_read(void *from, uint8_t *buffer, size_t size, struct error *err)
{
    struct played *p = from;
    size_t count = sizeof p->head - p->given;
    (void)err;
    assert_true(count <= size);
    memcpy(buffer, p->head + p->given, count);
    p->given += count;
    return count;
}

static struct input *played_input(void *state, struct error *err)
{
    return input_open_feed("played", played_read, state, err);
}

static bool played_ready(const void *state)
{
    (void)state;
    return false;
}

static const char *played_lack(const void *state)
{
    const struct played *p = state;
    return p->lack;
}

static uint64_t played_missed(void *state)
{
    struct played *p = state;
    return ++p->asked_missed;
}

static int64_t now_us(void *context)
{
    struct played *p = context;
    return p->clock_us += STEP_US;
}

static bool is_over(void *context, const struct watch_progress *now)
{
    struct played *p = context;
    (void)now;
    p->over = p->steps >= STEPS;
    return p->over;
}

static void say(void *context, const char *text)
{
    struct played *p = context;
    text_add(&p->say, "%s\n", text);
}

static void looked(void *context)
{
    (void)context;
}

/* Until the line was stepped STEPS times; the hunt, to be freed. */
static struct hunt *watch(struct played *p, int64_t late_us)
{
    const struct hunt_settings hunting = {.since_us = INT64_MIN,
                                          .until_us = INT64_MAX,
                                          .sampling = 1,
                                          .limits = HOSTS_LIMITS_DEFAULT};
    struct live_kind kind = {.began = "playing",
                             .late_us = late_us,
                             .open = played_open,
                             .close = played_close,
                             .poll = played_poll,
                             .due_us = played_due_us,
                             .step = played_step,
                             .input = played_input,
                             .ready = played_ready,
                             .lack = played_lack,
                             .missed = played_missed};
    const struct watch_line line = {"line", &kind, p};
    const struct watch_settings settings = {.lines = &line,
                                            .line_count = 1,
                                            .keep_days = 1,
                                            .look_every_us = INT32_MAX,
                                            .now_us = now_us,
                                            .wall_us = now_us,
                                            .is_over = is_over,
                                            .say = say,
                                            .looked = looked,
                                            .context = p};
    struct writer head = writer_over(p->head, sizeof p->head);
    struct error err;
    bool written;
    capture_header_write(&head, LINK_ETHERNET, false);
    p->say = text_over(p->said, sizeof p->said);
    struct hunt *h = hunt_new(&hunting, &err);
    assert_non_null(h);
    assert_true(watch_run(h, &settings, NULL, 0, &written, &err));
    return h;
}

static void test_losses_are_asked_for_at_each_step_and_told_once(void **state)
{
    (void)state;
    struct played p = {.lack = ""};
    hunt_free(watch(&p, 0));
    assert_int_equal(p.steps, STEPS);
    assert_true(p.asked_missed >= STEPS);
    assert_string_equal(p.said,
                        "line: playing\n"
                        "line: packets come faster than they can be judged, and are lost\n");
}

static void test_what_a_stream_lacks_is_told_when_it_begins(void **state)
{
    (void)state;
    struct played p = {.lack = "half of it"};
    hunt_free(watch(&p, 0));
    assert_memory_equal(p.said, "line: playing; half of it\n", 26);
}

static void test_a_line_that_gives_late_is_heard_so_long_after_the_end(void **state)
{
    (void)state;
    struct played prompt = {.lack = ""}, late = {.lack = ""};
    hunt_free(watch(&prompt, 0));
    hunt_free(watch(&late, LATE_US));
    assert_int_equal(prompt.steps_after_end, 0);
    assert_true(late.steps_after_end >= 1);
    assert_true(late.steps_after_end <= LATE_US / STEP_US);
}

/* What waits is taken, and what goes on coming does not keep the watch. */
static void test_a_line_that_is_behind_at_the_end_is_heard_some_times_more(void **state)
{
    (void)state;
    struct played p = {.lack = "", .behind = true};
    hunt_free(watch(&p, 0));
    assert_true(p.steps_after_end >= 2);
    assert_true(p.steps_after_end < 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_losses_are_asked_for_at_each_step_and_told_once),
        cmocka_unit_test(test_what_a_stream_lacks_is_told_when_it_begins),
        cmocka_unit_test(test_a_line_that_gives_late_is_heard_so_long_after_the_end),
        cmocka_unit_test(test_a_line_that_is_behind_at_the_end_is_heard_some_times_more),
    };
    return cmocka_run_group_tests_name("watch_lines", tests, NULL, NULL);
}
