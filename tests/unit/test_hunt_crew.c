/* engine/hunt_crew: a worker whose store is nearly full hands it over between two records and
 * begins anew. Verdicts, their words and what was counted are the same as of one hunt with room
 * enough: hosts whose evidence comes piece by piece are told by all of it.
 *
 * The store of all takes its limits when the hunt is made, and the workers take theirs when they
 * are made, from the same settings: so a test lowers the limits in between. The captures show as
 * many new hosts from one look at the store to the next as make it nearly full, and not more: all
 * in the middle of that stretch, as batches that are cut short let the looks come early. */
#include "scene.h"

#include "base/hash.h"
#include "engine/hunt_crew.h"
#include "folder.h"
#include "source/packet_reader.h"

enum {
    FRAMES_A_LOOK = READING_PROGRESS_CALLS * PACKET_BATCH,
    LOOKS = 3, /* in each capture, and a rest that nobody looks at */
    EVERY = 4, /* one in so many frames is of a new host, in the middle of each stretch, */
    FROM = FRAMES_A_LOOK / 4,
    TO = FROM + FRAMES_A_LOOK / 4,
    ROOM = (TO - FROM) / EVERY + 16, /* and for those that act */
    CAPTURES = 2,
    OUTSIDE = 0x2d000000 /* 45.0.0.0: nobody of ours */
};

static const char tuesday[] = "2009-04-21T00:00:01Z";
static const char peer[] = "10.0.0.1", proven[] = "10.0.0.2", resolving[] = "10.0.0.3",
                  sweeping[] = "10.0.0.4", resolver[] = "10.0.0.9";

static struct address stranger(uint64_t number)
{
    return address_of_v4(OUTSIDE + (uint32_t)(hash_number(number) % (1 << 24)));
}

/* A flow to the port that is predicted for its server. */
static void meet_a_peer(struct scene *s, uint64_t number)
{
    struct address to = stranger(number);
    struct p2p_ports ports = ports_predicted_for((uint32_t)to.low, week_of(s->now_us),
                                                 READING_NMAP);
    ask_udp(s, host_of(peer), to, ports.udp[0], words_of("hello"), words_of(""));
}

/* Another name of this day's list each time. */
static void ask_for_a_name(struct scene *s, uint64_t number)
{
    char name[DOMAIN_NAME_SIZE];
    struct domain_generator g;
    domains_begin(&g, NAME_LIST_B, day_of(s->now_us));
    for (uint64_t i = 0; i <= number % 200; i++)
        assert_true(domains_next(&g, name) > 0);
    look_up(s, resolving, resolver, name);
}

/* What those hosts do that there is something to say of; each a few times between two looks. */
static void act(struct scene *s, uint64_t number)
{
    switch (number % 4) {
    case 0:
        meet_a_peer(s, number);
        break;
    case 1:
        try_tcp(s, host_of(sweeping), stranger(number), 445);
        break;
    case 2:
        ask_for_a_name(s, number / 4);
        break;
    default:
        if (number % 64 == 63)
            speak_p2p(s, host_of(proven), stranger(number));
        break;
    }
}

/* Most packets are of one flow, which needs no more room. */
static struct reel *capture_made(uint64_t which)
{
    struct scene s = scene_at(tuesday);
    uint64_t number = which * 100000;
    while (s.reel->count < LOOKS * FRAMES_A_LOOK + FROM) {
        size_t at = s.reel->count % FRAMES_A_LOOK;
        if (at >= FROM && at < TO && at % EVERY == 0)
            send_udp(&s, address_of_v4((uint32_t)(0x0a100000 + number)), 5000,
                     address_of_v4(OUTSIDE), 3000, words_of("hello"));
        else if (s.reel->count % 61 == 0)
            act(&s, number);
        else
            send_udp(&s, host_of(resolver), 5000, address_of_v4(OUTSIDE), 3000, words_of("on"));
        number++;
    }
    return s.reel;
}

static void put_captures(const struct folder *f)
{
    for (uint64_t i = 0; i < CAPTURES; i++) {
        char name[32];
        size_t size;
        struct reel *r = capture_made(i);
        uint8_t *bytes = reel_cut(r, 0, r->count, &size);
        (void)snprintf(name, sizeof name, "%llu.pcap", (unsigned long long)i);
        put_file(f, name, bytes, size);
        free(bytes);
        reel_free(r);
    }
}

/* All captures, with so many threads; each worker has this room, and the store of all enough. */
static struct caught *read_by(const struct folder *f, unsigned threads, size_t host_days)
{
    struct hunt_settings settings = settings_usual();
    struct hunt *h = hunt_begun(&settings);
    struct hunt_crew *c = hunt_crew_new(h);
    assert_non_null(c);
    for (unsigned i = 0; i < CAPTURES; i++) {
        char name[32], path[PATH_SIZE];
        (void)snprintf(name, sizeof name, "%u.pcap", i);
        assert_true(hunt_crew_add(c, path_in(f, name, path), true));
    }
    settings.limits.host_days = host_days;
    assert_true(hunt_crew_run(c, threads));
    hunt_crew_free(c);
    return hunt_ended(h, NULL);
}

static void assert_same(const struct caught *a, const struct caught *b)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        const struct verdict *x = &a->hosts[i], *y = &b->hosts[i];
        assert_true(address_equal(x->host, y->host));
        assert_int_equal(x->kind, y->kind);
        assert_string_equal(x->says, y->says);
        assert_int_equal(x->sign_count, y->sign_count);
        assert_true(x->weight >= y->weight && x->weight <= y->weight);
        assert_int_equal(x->first_us, y->first_us);
        assert_int_equal(x->last_us, y->last_us);
    }
    assert_int_equal(a->records, b->records);
    assert_int_equal(a->totals.seen, b->totals.seen);
    assert_int_equal(a->totals.complete, b->totals.complete);
    assert_string_equal(a->noted, b->noted);
}

static int begin(void **state)
{
    static struct folder f;
    f = folder_made();
    put_captures(&f);
    *state = &f;
    return 0;
}

static int end(void **state)
{
    folder_remove(*state);
    return 0;
}

static void test_each_of_these_hosts_is_found_where_there_is_room(void **state)
{
    struct caught *c = read_by(*state, 1, 1 << 20);
    assert_int_equal(kind_on(c, peer), VERDICT_INFECTED);
    assert_int_equal(kind_on(c, proven), VERDICT_INFECTED);
    assert_int_equal(kind_on(c, resolving), VERDICT_INFECTED);
    assert_int_equal(kind_on(c, sweeping), VERDICT_SUSPICIOUS);
    assert_true(c->totals.complete);
    free(c);
}

static void test_a_worker_without_room_hands_over_what_it_has_and_reads_on(void **state)
{
    struct caught *whole = read_by(*state, 1, 1 << 20);
    struct caught *c = read_by(*state, 2, ROOM);
    assert_same(whole, c);
    free(c);
    free(whole);
}

/* So the test above has seen it happen: nobody reads one of these captures within that room. */
static void test_the_room_of_a_worker_is_too_small_for_a_capture(void **state)
{
    struct hunt_settings settings = settings_usual();
    char path[PATH_SIZE];
    settings.limits.host_days = ROOM;
    struct hunt *h = hunt_begun(&settings);
    assert_true(hunt_read(h, path_in(*state, "0.pcap", path), true));
    struct caught *c = hunt_ended(h, NULL);
    assert_false(c->totals.complete);
    free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_of_these_hosts_is_found_where_there_is_room),
        cmocka_unit_test(test_a_worker_without_room_hands_over_what_it_has_and_reads_on),
        cmocka_unit_test(test_the_room_of_a_worker_is_too_small_for_a_capture),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
