/* source/argus_live: when a server is tried again and when it is given up, by a clock that is made
 * here; and the connection itself, against a listener on loopback. */
#include "testing.h"

#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/time.h"
#include "base/writer.h"
#include "source/argus_live.h"
#include "source/argus_stream.h"
#include "source/argus_talk.h"
#include "source/input.h"

enum { STEPS_MAX = 400 };

/* A socket of ours, bound to a port of loopback; only one that listens can be connected to. */
struct place {
    int descriptor;
    uint16_t port;
};

static struct place place_of(bool listens)
{
    struct place p = {.descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof at;
    assert_true(p.descriptor >= 0);
    assert_int_equal(bind(p.descriptor, (const struct sockaddr *)&at, size), 0);
    assert_int_equal(getsockname(p.descriptor, (struct sockaddr *)&at, &size), 0);
    assert_true(!listens || listen(p.descriptor, 4) == 0);
    p.port = ntohs(at.sin_port);
    return p;
}

static struct argus_server server_at(struct place p, unsigned attempts)
{
    return (struct argus_server){.name = "argus://test",
                                 .addresses = {address_of_v4(INADDR_LOOPBACK)},
                                 .address_count = 1,
                                 .port = p.port,
                                 .attempts = attempts};
}

/* Steps, waiting for the socket but not for the clock, until something is told. */
static enum live_event next_event(void *l, int64_t now_us, struct error *err)
{
    for (unsigned i = 0; i < STEPS_MAX; i++) {
        enum live_event event = live_argus.step(l, now_us, err);
        if (event != LIVE_NOTHING)
            return event;
        struct pollfd wanted = live_argus.poll(l);
        (void)poll(&wanted, 1, 10);
    }
    return LIVE_NOTHING;
}

static void test_pauses_grow_from_a_second_to_a_minute(void **state)
{
    (void)state;
    static const unsigned pauses[] = {1, 2, 4, 8, 16, 32, 60, 60, 60};
    struct place nobody = place_of(false);
    struct argus_server server = server_at(nobody, 0);
    void *l = live_argus.open(&server);
    struct error err = {0};
    int64_t now = 0;
    for (size_t i = 0; i < sizeof pauses / sizeof pauses[0]; i++) {
        assert_int_equal(next_event(l, now, &err), LIVE_LOST);
        assert_non_null(strstr(err.text, "Connection refused"));
        assert_int_equal(live_argus.pause_s(l), pauses[i]);
        assert_int_equal(live_argus.due_us(l), now + pauses[i] * US_PER_SECOND);
        assert_int_equal(live_argus.step(l, live_argus.due_us(l) - 1, &err), LIVE_NOTHING);
        assert_int_equal(live_argus.poll(l).fd, -1);
        now = live_argus.due_us(l);
    }
    live_argus.close(l);
    (void)close(nobody.descriptor);
}

static void test_it_is_given_up_after_so_many_attempts(void **state)
{
    (void)state;
    struct place nobody = place_of(false);
    struct argus_server server = server_at(nobody, 3);
    void *l = live_argus.open(&server);
    struct error err = {0};
    assert_int_equal(next_event(l, 0, &err), LIVE_LOST);
    assert_int_equal(next_event(l, live_argus.due_us(l), &err), LIVE_LOST);
    assert_int_equal(next_event(l, live_argus.due_us(l), &err), LIVE_GIVEN_UP);
    assert_int_equal(live_argus.due_us(l), INT64_MAX);
    assert_int_equal(live_argus.step(l, INT64_MAX, &err), LIVE_NOTHING);
    live_argus.close(l);
    (void)close(nobody.descriptor);
}

static int accepted(struct place p)
{
    int descriptor = accept(p.descriptor, NULL, NULL);
    assert_true(descriptor >= 0);
    return descriptor;
}

static void greet(int descriptor)
{
    uint8_t mar[ARGUS_MAR_BYTES];
    struct writer w = writer_over(mar, sizeof mar);
    write_be32(&w, 0x83100020);
    write_be32(&w, 0);
    write_be32(&w, ARGUS_COOKIE_3);
    write_zeros(&w, sizeof mar - w.used);
    assert_int_equal(send(descriptor, mar, sizeof mar, 0), sizeof mar);
}

static void test_all_addresses_of_a_name_are_tried_before_a_pause(void **state)
{
    (void)state;
    struct place here = place_of(true);
    struct argus_server server = server_at(here, 1);
    server.addresses[1] = server.addresses[0];
    server.addresses[0] = address_of_v4(INADDR_LOOPBACK + 1); /* where nobody listens */
    server.address_count = 2;
    void *l = live_argus.open(&server);
    struct error err = {0};
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(live_argus.step(l, 0, &err), LIVE_NOTHING);
        struct pollfd wanted = live_argus.poll(l);
        (void)poll(&wanted, 1, 10);
    }
    int there = accepted(here);
    greet(there);
    assert_int_equal(next_event(l, 0, &err), LIVE_BEGAN);
    (void)close(there);
    live_argus.close(l);
    (void)close(here.descriptor);
}

static void test_records_come_through_the_input_and_leave_is_taken(void **state)
{
    (void)state;
    struct place here = place_of(true);
    struct argus_server server = server_at(here, 1);
    void *l = live_argus.open(&server);
    struct error err = {0};
    size_t available;
    char heard[64] = "";
    assert_int_equal(live_argus.step(l, 0, &err), LIVE_NOTHING);
    int there = accepted(here);
    greet(there);
    assert_int_equal(next_event(l, 0, &err), LIVE_BEGAN);
    assert_int_equal(live_argus.step(l, 0, &err), LIVE_RECORDS);
    struct input *in = live_argus.input(l, &err);
    assert_non_null(in);
    (void)input_peek(in, ARGUS_MAR_BYTES, &available);
    assert_int_equal(available, ARGUS_MAR_BYTES);
    input_take(in, available);
    assert_false(live_argus.ready(l));
    (void)input_peek(in, 1, &available);
    assert_int_equal(available, 0); /* the end for now */
    greet(there);                   /* a record like any other, here */
    assert_int_equal(next_event(l, 0, &err), LIVE_RECORDS);
    (void)input_peek(in, ARGUS_MAR_BYTES, &available);
    assert_int_equal(available, ARGUS_MAR_BYTES);
    input_close(in);
    live_argus.close(l);
    assert_true(recv(there, heard, sizeof heard - 1, MSG_WAITALL) > 0);
    assert_string_equal(heard, "START: user='',cmd='wormsign'DONE: ");
    (void)close(there);
    (void)close(here.descriptor);
}

static void test_silence_ends_a_stream_after_three_intervals(void **state)
{
    (void)state;
    enum { ALIVE_US = ARGUS_ALIVE_DEFAULT_S * ARGUS_ALIVE_TIMES * 1000000 };
    struct place here = place_of(true);
    struct argus_server server = server_at(here, 1);
    void *l = live_argus.open(&server);
    struct error err = {0};
    assert_int_equal(live_argus.step(l, 0, &err), LIVE_NOTHING);
    int there = accepted(here);
    greet(there);
    assert_int_equal(next_event(l, 0, &err), LIVE_BEGAN);
    struct input *in = live_argus.input(l, &err);
    size_t available;
    (void)input_peek(in, ARGUS_MAR_BYTES, &available);
    assert_int_equal(live_argus.due_us(l), ALIVE_US);
    assert_int_equal(live_argus.step(l, ALIVE_US - 1, &err), LIVE_NOTHING);
    assert_int_equal(live_argus.step(l, ALIVE_US, &err), LIVE_LOST);
    assert_non_null(strstr(err.text, "fell silent"));
    assert_int_equal(live_argus.pause_s(l), 1);
    input_close(in);
    live_argus.close(l);
    (void)close(there);
    (void)close(here.descriptor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pauses_grow_from_a_second_to_a_minute),
        cmocka_unit_test(test_it_is_given_up_after_so_many_attempts),
        cmocka_unit_test(test_all_addresses_of_a_name_are_tried_before_a_pause),
        cmocka_unit_test(test_records_come_through_the_input_and_leave_is_taken),
        cmocka_unit_test(test_silence_ends_a_stream_after_three_intervals),
    };
    return cmocka_run_group_tests_name("argus_live", tests, NULL, NULL);
}
