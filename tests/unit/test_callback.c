/* detect/callback: a fetch from whoever had reached port 445 just before; evidence/smallest. */
#include "hostile_slot.h"
#include "http_stage.h"

#include "base/hash.h"
#include "evidence/edge.h"
#include "evidence/smallest.h"

#define ATTACKER "10.0.0.5"
#define VICTIM "10.0.0.9"
#define REACHED "2009-04-21T12:00:00Z"
#define FETCHED "2009-04-21T12:00:04Z"

enum { EDGES_ROOM = 512 };

static void reached(struct stage *s, uint16_t port, const char *time)
{
    connected(s, (struct spoken){.client = ATTACKER, .server = VICTIM, .port = port, .time = time});
}

static struct spoken fetch_at(uint16_t port, const char *time)
{
    return (struct spoken){.client = VICTIM, .server = ATTACKER, .port = port, .time = time};
}

static size_t edges_of(struct stage *s, const char *host, const char *time, struct edge *out)
{
    return s->detector->edges(&s->watcher, at(host), day_of(when(time)), slot_of(s, host, time),
                              out, EDGES_ROOM);
}

static size_t edge_count(struct stage *s, const char *time)
{
    static struct edge edges[EDGES_ROOM];
    return edges_of(s, VICTIM, time, edges);
}

static void test_a_program_as_picture_after_445_weighs_six(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_CALLBACK);
    struct edge edges[EDGES_ROOM];
    reached(&s, 445, REACHED);
    asked(&s, fetch_at(4321, FETCHED), "/qwerty", "10.0.0.5:4321");
    served(&s, fetch_at(4321, FETCHED), "Image/JPEG", "MZ\x90");
    assert_int_equal(edges_of(&s, VICTIM, FETCHED, edges), 1);
    assert_int_equal(edges[0].cause, EDGE_CALLBACK);
    assert_true(address_equal(edges[0].from, at(ATTACKER)));
    assert_true(address_equal(edges[0].to, at(VICTIM)));
    assert_true(address_equal(edges[0].url_host, at(ATTACKER)));
    assert_int_equal(edges[0].url_port, 4321);
    assert_true(edges[0].url_path == hash_bytes("/qwerty", 7));
    assert_true(edges[0].when_us == when(FETCHED) && edges[0].points == 6 && !edges[0].proof);
    assert_non_null(strstr(edges[0].says, "it served /qwerty on port 4321"));
    assert_non_null(strstr(edges[0].says, "4 s after it reached port 445"));
    stage_clear(&s);
}

static double points_of(const char *path, const char *type, const char *body)
{
    struct stage s = stage_of(SIGN_CALLBACK);
    struct edge edges[EDGES_ROOM];
    reached(&s, 139, REACHED);
    asked(&s, fetch_at(4321, FETCHED), path, NULL);
    served(&s, fetch_at(4321, FETCHED), type, body);
    assert_int_equal(edges_of(&s, VICTIM, FETCHED, edges), 1);
    stage_clear(&s);
    return edges[0].points;
}

static void test_without_program_image_type_or_letters_it_weighs_three(void **state)
{
    (void)state;
    assert_true(points_of("/qwerty", "image/png", "MZ") == 6);
    assert_true(points_of("/qwerty", "image/png", "\x89PNG") == 3);
    assert_true(points_of("/qwerty", "application/octet-stream", "MZ") == 3);
    assert_true(points_of("/qwerty", "xximage/png", "MZ") == 3);
    assert_true(points_of("/qwerty.gif", "image/gif", "MZ") == 3);
    assert_true(points_of("/", "image/gif", "MZ") == 3);
    assert_true(points_of("http://10.0.0.5:4321/qwerty", "image/png", "MZ") == 6);
}

static void test_the_program_must_come_by_the_same_connection(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_CALLBACK);
    struct edge edges[EDGES_ROOM];
    struct spoken other = fetch_at(4321, FETCHED);
    other.client_port = 50000;
    reached(&s, 445, REACHED);
    asked(&s, fetch_at(4321, FETCHED), "/qwerty", NULL);
    served(&s, other, "image/png", "MZ");
    assert_int_equal(edges_of(&s, VICTIM, FETCHED, edges), 1);
    assert_true(edges[0].points == 3);
    stage_clear(&s);
}

static void test_the_client_is_marked_and_weighs_one(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_CALLBACK);
    struct sign sign;
    asked(&s, fetch_at(4321, FETCHED), "/qwerty", NULL);
    assert_false(sign_of(&s, VICTIM, FETCHED, &sign));
    reached(&s, 445, REACHED);
    assert_true(sign_of(&s, VICTIM, FETCHED, &sign));
    assert_true(sign.weight == WEIGHT_POINTS && sign.points == 1);
    assert_int_equal(sign.marks, MARK_FETCHED);
    assert_int_equal(sign.count, 1);
    assert_true(sign.first_us == when(FETCHED) && sign.last_us == when(FETCHED));
    assert_string_equal(fact_of(&sign, "fetched")->text, "10.0.0.5:4321 /qwerty");
    assert_false(sign_of(&s, ATTACKER, FETCHED, &sign));
    stage_clear(&s);
}

static void test_an_update_server_on_a_web_port_is_nothing(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_CALLBACK);
    reached(&s, 445, REACHED);
    asked(&s, fetch_at(8530, FETCHED), "/update", NULL);
    served(&s, fetch_at(8530, FETCHED), "image/png", "MZ");
    assert_int_equal(edge_count(&s, FETCHED), 0);
    stage_clear(&s);
}

static void test_without_445_before_it_is_nothing(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_CALLBACK);
    asked(&s, fetch_at(4321, FETCHED), "/qwerty", NULL);
    served(&s, fetch_at(4321, FETCHED), "image/png", "MZ");
    assert_int_equal(edge_count(&s, FETCHED), 0);
    reached(&s, 446, REACHED);                  /* another port */
    reached(&s, 445, "2009-04-21T12:00:04.1Z"); /* after the fetch */
    connected(
        &s, (struct spoken){.client = "10.0.0.6", .server = VICTIM, .port = 445, .time = REACHED});
    assert_int_equal(edge_count(&s, FETCHED), 0);
    stage_clear(&s);
}

/* A client that mounts a share and fetches from the same server. */
static void test_who_talks_to_itself_is_nothing(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_CALLBACK);
    struct spoken fetch = fetch_at(4321, FETCHED);
    fetch.server = VICTIM;
    connected(&s,
              (struct spoken){.client = VICTIM, .server = VICTIM, .port = 445, .time = REACHED});
    asked(&s, fetch, "/qwerty", NULL);
    assert_int_equal(edge_count(&s, FETCHED), 0);
    stage_clear(&s);
}

static void test_445_in_the_same_direction_is_nothing(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_CALLBACK);
    connected(&s, fetch_at(445, REACHED));
    asked(&s, fetch_at(4321, FETCHED), "/qwerty", NULL);
    assert_int_equal(edge_count(&s, FETCHED), 0);
    stage_clear(&s);
}

/* An attempt that nobody answered is no connection; an exploit needs one. */
static void test_an_attempt_on_445_is_not_enough(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_CALLBACK);
    struct observation seen = flow_seen(at(ATTACKER), at(VICTIM), 445, IP_TCP, when(REACHED));
    assert_int_equal(s.detector->interests & 1u << OBSERVED_BEGIN, 0);
    s.detector->observe(&s.watcher, &(struct observation){.kind = OBSERVED_HTTP});
    seen.client_known = false;
    seen.kind = OBSERVED_ANSWER;
    s.detector->observe(&s.watcher, &seen);
    asked(&s, fetch_at(4321, FETCHED), "/qwerty", NULL);
    assert_int_equal(edge_count(&s, FETCHED), 0);
    stage_clear(&s);
}

static size_t edges_after(const char *contact, const char *fetch)
{
    struct stage s = stage_of(SIGN_CALLBACK);
    reached(&s, 445, contact);
    asked(&s, fetch_at(4321, fetch), "/qwerty", NULL);
    size_t count = edge_count(&s, fetch);
    stage_clear(&s);
    return count;
}

static void test_ten_minutes_are_the_limit(void **state)
{
    (void)state;
    assert_int_equal(edges_after("2009-04-21T12:05:00Z", "2009-04-21T12:05:00Z"), 1);
    assert_int_equal(edges_after("2009-04-21T12:05:00Z", "2009-04-21T12:15:00Z"), 1);
    assert_int_equal(edges_after("2009-04-21T12:05:00Z", "2009-04-21T12:15:00.000001Z"), 0);
    assert_int_equal(edges_after("2009-04-21T12:05:00Z", "2009-04-21T12:16:00Z"), 0);
    assert_int_equal(edges_after("2009-04-21T12:05:00Z", "2009-04-21T12:04:59.999999Z"), 0);
}

/* A server that is reached all day is not by that reached within ten minutes of each fetch. */
static void test_an_hour_between_contacts_is_not_bridged(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_CALLBACK);
    reached(&s, 445, "2009-04-21T12:00:00Z");
    reached(&s, 445, "2009-04-21T13:00:00Z");
    asked(&s, fetch_at(4321, "2009-04-21T12:30:00Z"), "/qwerty", NULL);
    assert_int_equal(edge_count(&s, FETCHED), 0);
    asked(&s, fetch_at(4321, "2009-04-21T13:08:00Z"), "/asdf", NULL);
    assert_int_equal(edge_count(&s, FETCHED), 1);
    stage_clear(&s);
}

static void test_midnight_between_contact_and_fetch_does_not_matter(void **state)
{
    (void)state;
    assert_int_equal(edges_after("2009-04-21T23:55:00Z", "2009-04-22T00:04:00Z"), 1);
    assert_int_equal(edges_after("2009-04-21T23:49:00Z", "2009-04-22T00:00:00Z"), 0);
    struct stage s = stage_of(SIGN_CALLBACK);
    struct edge edges[EDGES_ROOM];
    reached(&s, 445, "2009-04-21T23:59:50Z");
    asked(&s, fetch_at(4321, "2009-04-21T23:59:59Z"), "/qwerty", NULL);
    served(&s, fetch_at(4321, "2009-04-22T00:00:01Z"), "image/png", "MZ");
    assert_int_equal(edges_of(&s, VICTIM, "2009-04-21T23:59:59Z", edges), 1);
    assert_true(edges[0].points == 6);
    assert_int_equal(edge_count(&s, "2009-04-22T00:00:01Z"), 0);
    stage_clear(&s);
}

static void test_only_get_is_a_fetch(void **state)
{
    (void)state;
    static const char post[] = "POST /report HTTP/1.1\r\nHost: a\r\n\r\n";
    struct stage s = stage_of(SIGN_CALLBACK);
    reached(&s, 445, REACHED);
    said(&s, fetch_at(4321, FETCHED), post, sizeof post - 1, true);
    assert_int_equal(edge_count(&s, FETCHED), 0);
    stage_clear(&s);
}

static void test_a_hostile_path_is_escaped_in_what_is_said(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_CALLBACK);
    struct edge edges[EDGES_ROOM];
    struct sign sign;
    char target[200] = "/\x1b[2J\\\x80";
    memset(target + strlen(target), 0x9b, 150);
    reached(&s, 445, REACHED);
    asked(&s, fetch_at(4321, FETCHED), target, NULL);
    assert_int_equal(edges_of(&s, VICTIM, FETCHED, edges), 1);
    assert_true(sign_of(&s, VICTIM, FETCHED, &sign));
    for (const char *c = edges[0].says; *c != '\0'; c++)
        assert_in_range(*c, ' ', '~');
    for (const char *c = sign.says; *c != '\0'; c++)
        assert_in_range(*c, ' ', '~');
    stage_clear(&s);
}

/* Whoever asks for thousands of things must not push out the one fetch of letters only. */
static void test_a_flood_of_fetches_and_contacts_is_bounded(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_CALLBACK);
    struct edge edges[EDGES_ROOM];
    reached(&s, 445, REACHED);
    asked(&s, fetch_at(4321, FETCHED), "/qwerty", NULL);
    for (unsigned i = 0; i < 5000; i++) {
        char target[32];
        (void)snprintf(target, sizeof target, "/stream/%u.ts", i);
        asked(&s, fetch_at(9000, FETCHED), target, NULL);
    }
    size_t count = edges_of(&s, VICTIM, FETCHED, edges);
    assert_int_equal(count, 256);
    assert_non_null(strstr(edges[0].says, "/qwerty"));
    stage_clear(&s);
}

enum { STEPS = 40 };

/* One of many observations at the victim. */
static void step(struct stage *s, const char *victim, unsigned number)
{
    char peer[32], time[40], target[32];
    (void)snprintf(peer, sizeof peer, "10.0.1.%u", number % 4 + 1);
    (void)snprintf(time, sizeof time, "2009-04-21T12:%02u:%02uZ", number * 7 % 60, number);
    (void)snprintf(target, sizeof target, "/%c%c", 'a' + (char)(number % 20),
                   number % 3 != 0 ? 'x' : '1');
    struct spoken fetch = {.client = victim,
                           .server = peer,
                           .port = 4000,
                           .time = time,
                           .client_port = (uint16_t)(50000 + number / 4)};
    if (number % 2 == 0)
        connected(s, (struct spoken){.client = peer, .server = victim, .port = 445, .time = time});
    asked(s, fetch, target, NULL);
    if (number % 5 == 0)
        served(s, fetch, "image/png", "MZ");
}

static void check_split(unsigned at_step)
{
    static struct edge a_edges[EDGES_ROOM], b_edges[EDGES_ROOM];
    struct stage whole = stage_of(SIGN_CALLBACK), parts = stage_of(SIGN_CALLBACK);
    struct sign a, b;
    for (unsigned i = 0; i < STEPS; i++) {
        step(&whole, VICTIM, i);
        step(&parts, i < at_step ? "10.0.0.10" : VICTIM, i);
    }
    for (unsigned again = 0; again < 2; again++)
        parts.detector->merge(&parts.watcher, slot_of(&parts, VICTIM, REACHED),
                              slot_of(&parts, "10.0.0.10", REACHED));
    size_t count = edges_of(&whole, VICTIM, REACHED, a_edges);
    assert_in_range(count, 8, STEPS);
    assert_int_equal(edges_of(&parts, VICTIM, REACHED, b_edges), count);
    assert_memory_equal(a_edges, b_edges, count * sizeof a_edges[0]);
    assert_true(sign_of(&whole, VICTIM, REACHED, &a) && sign_of(&parts, VICTIM, REACHED, &b));
    assert_memory_equal(&a, &b, sizeof a);
    stage_clear(&whole);
    stage_clear(&parts);
}

static void test_merging_at_every_point_gives_the_whole(void **state)
{
    (void)state;
    for (unsigned at_step = 0; at_step <= STEPS; at_step++)
        check_split(at_step);
}

/* Saved slots */

/* Every path that matters: none, short, of letters, long, with hostile bytes. */
static void fetch_everything(struct stage *s)
{
    static const char *const targets[] = {
        "/qwerty",
        "/",
        "/\x1b[2J\x80",
        "http://a",
        "/abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl",
        "/0123456789012345678901234567890123456789012345678901234567890"};
    reached(s, 445, REACHED);
    for (unsigned i = 0; i < COUNT_OF(targets); i++)
        asked(s, fetch_at(4321, FETCHED), targets[i], NULL);
    served(s, fetch_at(4321, FETCHED), "image/png", "MZ");
    for (unsigned i = 0; i < STEPS; i++)
        step(s, VICTIM, i);
}

static void test_a_saved_slot_says_the_same(void **state)
{
    (void)state;
    static struct edge a_edges[EDGES_ROOM], b_edges[EDGES_ROOM];
    struct stage whole = stage_of(SIGN_CALLBACK), other = stage_of(SIGN_CALLBACK);
    struct sign a, b;
    fetch_everything(&whole);
    stage_reload(&whole, &other, VICTIM, REACHED);
    size_t count = edges_of(&whole, VICTIM, REACHED, a_edges);
    assert_in_range(count, 14, STEPS + 6);
    assert_int_equal(edges_of(&other, VICTIM, REACHED, b_edges), count);
    assert_memory_equal(a_edges, b_edges, count * sizeof a_edges[0]);
    assert_true(sign_of(&whole, VICTIM, REACHED, &a) && sign_of(&other, VICTIM, REACHED, &b));
    assert_memory_equal(&a, &b, sizeof a);
    stage_clear(&whole);
    stage_clear(&other);
}

static void test_a_full_slot_and_an_empty_one_are_saved(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_CALLBACK), other = stage_of(SIGN_CALLBACK);
    stage_reload(&s, &other, "10.0.0.77", REACHED);
    for (unsigned i = 0; i < 3000; i++) {
        char target[32], peer[32];
        (void)snprintf(target, sizeof target, "/stream/%u.ts", i);
        (void)snprintf(peer, sizeof peer, "10.1.%u.%u", i / 200, i % 200 + 1);
        struct spoken fetch = fetch_at(9000, FETCHED);
        fetch.client_port = (uint16_t)(2000 + i);
        asked(&s, fetch, target, NULL);
        served(&s, fetch, "image/png", "MZ");
        connected(&s,
                  (struct spoken){.client = peer, .server = VICTIM, .port = 445, .time = REACHED});
    }
    reached(&s, 445, REACHED);
    stage_reload(&s, &other, VICTIM, REACHED);
    assert_int_equal(edge_count(&other, FETCHED), edge_count(&s, FETCHED));
    stage_clear(&s);
    stage_clear(&other);
}

static void test_a_saved_slot_of_strangers_harms_nothing(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_CALLBACK);
    fetch_everything(&s);
    hostile_check(&s, VICTIM, REACHED);
    stage_clear(&s);
}

/* The only fetch of letters, whose bytes stand at the end before those of the images. */
static void test_a_path_that_is_not_what_is_said_of_it_is_refused(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_CALLBACK), other = stage_of(SIGN_CALLBACK);
    uint8_t bytes[256];
    asked(&s, fetch_at(4321, FETCHED), "/qwerty", NULL);
    struct writer w = writer_over(bytes, sizeof bytes);
    s.detector->save(slot_of(&s, VICTIM, FETCHED), &w);
    uint8_t *path = bytes + w.used - 2 - 7;
    bool whole;
    assert_memory_equal(path, "/qwerty", 7);
    assert_true(hostile_load(&other, at("10.0.0.1"), bytes, w.used, &whole));
    path[6] = 'z';
    assert_false(hostile_load(&other, at("10.0.0.2"), bytes, w.used, &whole));
    path[6] = 'y';
    path[-2] = false; /* is_letters, before the size */
    assert_false(hostile_load(&other, at("10.0.0.3"), bytes, w.used, &whole));
    stage_clear(&s);
    stage_clear(&other);
}

/* Two images, which stand last: a bool, two times and the rank of each. */
static void test_a_list_out_of_order_is_refused(void **state)
{
    (void)state;
    enum { ITEM = 25 };
    struct stage s = stage_of(SIGN_CALLBACK), other = stage_of(SIGN_CALLBACK);
    uint8_t bytes[256], swapped[ITEM];
    served(&s, fetch_at(4321, FETCHED), "image/png", "MZ");
    served(&s, fetch_at(4322, FETCHED), "image/png", "MZ");
    struct writer w = writer_over(bytes, sizeof bytes);
    s.detector->save(slot_of(&s, VICTIM, FETCHED), &w);
    uint8_t *last = bytes + w.used - ITEM;
    bool whole;
    assert_true(hostile_load(&other, at("10.0.0.1"), bytes, w.used, &whole));
    memcpy(swapped, last, ITEM);
    memcpy(last, last - ITEM, ITEM);
    assert_false(hostile_load(&other, at("10.0.0.2"), bytes, w.used, &whole)); /* one twice */
    memcpy(last - ITEM, swapped, ITEM);
    assert_false(hostile_load(&other, at("10.0.0.3"), bytes, w.used, &whole));
    stage_clear(&s);
    stage_clear(&other);
}

/* evidence/smallest */

struct item {
    struct ranked ranked;
    uint64_t payload;
};

static const struct smallest_of items_kept = {sizeof(struct item), 50};

static void add(struct hosts *h, struct smallest *list, uint64_t number)
{
    struct item item = {{hash_number(number % 300), {(int64_t)number, (int64_t)number}},
                        number % 300};
    smallest_add(h, list, items_kept, &item);
}

static void test_a_list_keeps_its_smallest_in_any_order(void **state)
{
    (void)state;
    struct hosts_limits limits = HOSTS_LIMITS_DEFAULT;
    struct hosts *h = hosts_new(&limits, (const size_t[]){1}, 1);
    assert_non_null(h);
    for (unsigned part = 1; part <= 900; part += 37) {
        struct smallest up = {0}, down = {0}, rest = {0};
        for (uint64_t i = 0; i < 900; i++)
            add(h, &up, i);
        for (uint64_t i = 900; i-- > 0;)
            add(h, i < part ? &down : &rest, i);
        smallest_merge(h, &down, &rest, items_kept);
        assert_int_equal(up.count, 50);
        assert_int_equal(down.count, 50);
        for (uint32_t i = 0; i < 50; i++) {
            const struct item *a = smallest_at(&up, items_kept, i);
            const struct item *b = smallest_at(&down, items_kept, i);
            assert_memory_equal(a, b, sizeof *a);
            assert_int_equal(a->ranked.rank, hash_number(a->payload));
            assert_true(a->ranked.span.first_us == (int64_t)a->payload);
            assert_true(a->ranked.span.last_us == (int64_t)a->payload + 600);
            assert_ptr_equal(smallest_find(&up, items_kept, a->ranked.rank), a);
        }
        assert_null(smallest_find(&up, items_kept, UINT64_MAX));
    }
    hosts_free(h);
}

static void test_a_list_without_memory_keeps_fewer_and_counts(void **state)
{
    (void)state;
    struct hosts_limits limits = HOSTS_LIMITS_DEFAULT;
    limits.slot_bytes = 0;
    struct hosts *h = hosts_new(&limits, (const size_t[]){1}, 1);
    struct smallest list = {0};
    assert_non_null(h);
    add(h, &list, 1);
    assert_int_equal(list.count, 0);
    assert_int_equal(hosts_refused(h), 1);
    hosts_free(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_program_as_picture_after_445_weighs_six),
        cmocka_unit_test(test_without_program_image_type_or_letters_it_weighs_three),
        cmocka_unit_test(test_the_program_must_come_by_the_same_connection),
        cmocka_unit_test(test_the_client_is_marked_and_weighs_one),
        cmocka_unit_test(test_an_update_server_on_a_web_port_is_nothing),
        cmocka_unit_test(test_without_445_before_it_is_nothing),
        cmocka_unit_test(test_who_talks_to_itself_is_nothing),
        cmocka_unit_test(test_445_in_the_same_direction_is_nothing),
        cmocka_unit_test(test_an_attempt_on_445_is_not_enough),
        cmocka_unit_test(test_ten_minutes_are_the_limit),
        cmocka_unit_test(test_an_hour_between_contacts_is_not_bridged),
        cmocka_unit_test(test_midnight_between_contact_and_fetch_does_not_matter),
        cmocka_unit_test(test_only_get_is_a_fetch),
        cmocka_unit_test(test_a_hostile_path_is_escaped_in_what_is_said),
        cmocka_unit_test(test_a_flood_of_fetches_and_contacts_is_bounded),
        cmocka_unit_test(test_merging_at_every_point_gives_the_whole),
        cmocka_unit_test(test_a_saved_slot_says_the_same),
        cmocka_unit_test(test_a_full_slot_and_an_empty_one_are_saved),
        cmocka_unit_test(test_a_saved_slot_of_strangers_harms_nothing),
        cmocka_unit_test(test_a_path_that_is_not_what_is_said_of_it_is_refused),
        cmocka_unit_test(test_a_list_out_of_order_is_refused),
        cmocka_unit_test(test_a_list_keeps_its_smallest_in_any_order),
        cmocka_unit_test(test_a_list_without_memory_keeps_fewer_and_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
