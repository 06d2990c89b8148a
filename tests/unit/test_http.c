/* wire/http: heads of requests and responses, whole, cut and hostile. */
#include "testing.h"

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "wire/http.h"

static struct reader over(const char *text)
{
    return reader_over(text, strlen(text));
}

static void assert_is(struct reader r, const char *text)
{
    assert_int_equal(r.left, strlen(text));
    if (r.left > 0)
        assert_memory_equal(read_bytes(&r, strlen(text)), text, strlen(text));
}

static struct http_message parsed(const char *text)
{
    struct http_message m;
    memset(&m, 0xaa, sizeof m);
    size_t need;
    assert_true(http_parse(over(text), &m, &need));
    return m;
}

static void test_request_has_its_method_target_and_host(void **state)
{
    (void)state;
    struct http_message m = parsed("GET /search?q=7 HTTP/1.0\r\nUser-Agent: x\r\n"
                                   "hOST:  192.0.2.1 \r\nHost: other\r\n\r\nbody");
    assert_true(m.is_request);
    assert_is(m.method, "GET");
    assert_is(m.target, "/search?q=7");
    assert_is(m.host, "192.0.2.1");
    assert_is(m.body, "body");
}

static void test_response_has_its_status_type_and_body(void **state)
{
    (void)state;
    struct http_message m = parsed("HTTP/1.1 200 OK\nContent-Type: image/png\n\nMZ\x90");
    assert_false(m.is_request);
    assert_int_equal(m.status, 200);
    assert_is(m.content_type, "image/png");
    assert_is(m.body, "MZ\x90");
    assert_int_equal(parsed("HTTP/1.1 20 OK\r\n\r\n").status, 0);
    assert_int_equal(parsed("HTTP/1.1 2x0 OK\r\n\r\n").status, 0);
}

static void test_head_that_was_cut_is_read_as_far_as_it_goes(void **state)
{
    (void)state;
    assert_is(parsed("GET /x").target, "/x");
    assert_is(parsed("GET /x HTTP/1.1\r\nHost: exam").host, "exam");
    assert_is(parsed("GET /x HTTP/1.1\r\nHo").host, "");
}

static void test_what_is_no_http_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "GET",
                                        "GET ",
                                        "GETX /\r\n",
                                        "PUT  x",
                                        "POST\r\n\r\n",
                                        "get /\r\n",
                                        "GET / SIP/2.0\r\n",
                                        "HTTQ/1.1 200 OK\r\n"};
    struct http_message m;
    size_t need;
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        assert_false(http_parse(over(texts[i]), &m, &need));
}

static void test_gate_needs_no_more_than_four_bytes(void **state)
{
    (void)state;
    assert_true(http_may_be(over("G")) && http_may_be(over("HEAD")) && http_may_be(over("HTTP")));
    assert_false(http_may_be(over("")) || http_may_be(over("a")) || http_may_be(over("GETX")));
}

static size_t need_of(struct reader bytes)
{
    struct http_message m;
    size_t need;
    (void)http_parse(bytes, &m, &need);
    return need;
}

static void test_need_is_the_head_and_of_a_response_two_bytes_more(void **state)
{
    (void)state;
    assert_int_equal(need_of(over("GET / HTTP/1.1\r\nHost: x\r\n\r\nmore")), 27);
    assert_int_equal(need_of(over("GET / HTTP/1.1\r\nHost: x\r\n")), 0);
    assert_int_equal(need_of(over("HTTP/1.1 200 OK\r\n\r\nM")), 0);
    assert_int_equal(need_of(over("HTTP/1.1 200 OK\r\n\r\nMZ\x90")), 21);
    char *endless = calloc(1, HTTP_HEAD_MAX);
    memset(endless, 'x', HTTP_HEAD_MAX);
    assert_int_equal(need_of(reader_over(endless, HTTP_HEAD_MAX)), HTTP_HEAD_MAX);
    assert_int_equal(need_of(reader_over(endless, HTTP_HEAD_MAX - 1)), 0);
    free(endless);
}

static void test_every_truncation_is_read_within_its_bytes(void **state)
{
    (void)state;
    static const char text[] = "HTTP/1.1 200 OK\r\nContent-Type : \t text/html \r\n:\r\nHost\r\n"
                               "HOST: a\r\nX: \r\n\r\nMZ";
    for (size_t size = 0; size < sizeof text; size++) {
        char *copy = malloc(size + 1);
        memcpy(copy, text, size);
        char *exact = realloc(copy, size > 0 ? size : 1);
        assert_true(need_of(reader_over(exact, size)) <= size);
        free(exact);
    }
}

static void test_bare_addresses_are_known(void **state)
{
    (void)state;
    static const char *const yes[] = {"192.0.2.1", "0.0.0.0", "255.255.255.255:8080", "1.2.3.4:"};
    static const char *const no[] = {"",        "1.2.3",   "1.2.3.4.5",  "256.1.1.1", "1.2.3.x",
                                     "1..2.3.", "a.b.c.d", "1.2.3.4444", "1.2.3:80",  "www.x.org"};
    for (size_t i = 0; i < COUNT_OF(yes); i++)
        assert_true(http_host_is_ipv4(over(yes[i])));
    for (size_t i = 0; i < COUNT_OF(no); i++)
        assert_false(http_host_is_ipv4(over(no[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request_has_its_method_target_and_host),
        cmocka_unit_test(test_response_has_its_status_type_and_body),
        cmocka_unit_test(test_head_that_was_cut_is_read_as_far_as_it_goes),
        cmocka_unit_test(test_what_is_no_http_is_refused),
        cmocka_unit_test(test_gate_needs_no_more_than_four_bytes),
        cmocka_unit_test(test_need_is_the_head_and_of_a_response_two_bytes_more),
        cmocka_unit_test(test_every_truncation_is_read_within_its_bytes),
        cmocka_unit_test(test_bare_addresses_are_known),
    };
    return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
