/* source/device_live, without an interface: who is given up at the start, and which filters there
 * are. What passes an interface is looked at by tests/watch, in a network namespace. */
#include "testing.h"

#include <poll.h>
#include <string.h>

#include "source/device_live.h"

static void test_an_interface_that_is_not_there_is_given_up_at_once(void **state)
{
    const struct device device = {.name = "no-such-device0", .attempts = 3};
    struct error err = {0};
    (void)state;
    void *l = live_device.open(&device);
    assert_int_equal(live_device.due_us(l), INT64_MIN);
    assert_int_equal(live_device.step(l, 0, &err), LIVE_GIVEN_UP);
    assert_int_equal(err.kind, ERROR_SYSTEM);
    assert_int_equal(live_device.due_us(l), INT64_MAX);
    assert_int_equal(live_device.poll(l).fd, -1);
    assert_false(live_device.ready(l));
    assert_int_equal(live_device.missed(l), 0);
    assert_int_equal(live_device.step(l, INT64_MAX, &err), LIVE_NOTHING);
    live_device.close(l);
    live_device.close(NULL);
}

static void test_a_filter_is_in_the_words_of_tcpdump(void **state)
{
    static const char *const wrong[] = {"tcp portt 5", "man or tcp", "(", "port 99999"};
    struct error err;
    (void)state;
    assert_true(device_filter_check("tcp port 445 and not host 10.0.0.1", &err));
    assert_true(device_filter_check("", &err));
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(device_filter_check(wrong[i], &err));
        assert_int_equal(err.kind, ERROR_USAGE);
        assert_memory_equal(err.text, "filter: ", strlen("filter: "));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_interface_that_is_not_there_is_given_up_at_once),
        cmocka_unit_test(test_a_filter_is_in_the_words_of_tcpdump),
    };
    return cmocka_run_group_tests_name("device_live", tests, NULL, NULL);
}
