/* A hunt whose evidence store is full: it says so, keeps who shows proof, and is never more severe
 * than with room enough, whatever the order in which the inputs come. */
#include "scene.h"

#include "base/hash.h"

static const char tuesday[] = "2009-04-21T00:00:01Z";

enum {
    HOSTS = 240, /* actors; the innocent are most of them */
    HOURS = 46,  /* two days */
    NATS = 2,
    CLIENT_FIRST = 104,
    CLIENT_LAST = 112,
    ROOM = 64,           /* host-days kept, where room is short */
    CUTS = 12,           /* inputs */
    OUTSIDE = 0x2d000000 /* 45.0.0.0: nobody of ours */
};

enum part {
    INNOCENT,
    PROVEN,     /* sends messages with something in them, once */
    PEER,       /* meets predicted ports all the time */
    LATE,       /* much by chance before, predicted ports in the last hours */
    BARE,       /* bare requests on one day, predicted ports on the other */
    BEHIND_NAT, /* meets predicted ports; all that it sends is repeated by the NAT */
    CLIENT,     /* one of many behind the other NAT, and meets a predicted port once a day */
    NAT,
    CHECKER, /* names of all dates on one day, predicted ports on the other */
    PARTS
};

static enum part part_of(uint32_t host)
{
    static const enum part few[] = {PROVEN, PEER, LATE, BARE, BEHIND_NAT, CHECKER};
    if (host < NATS)
        return NAT;
    if (host >= CLIENT_FIRST && host <= CLIENT_LAST)
        return CLIENT;
    return host % 10 == 3 ? few[host / 10 % 6] : INNOCENT;
}

struct world {
    struct scene scene;
    uint64_t seed, drawn;
};

static uint32_t draw(struct world *w, uint32_t below)
{
    return (uint32_t)(hash_pair(w->seed, w->drawn++) % below);
}

static struct address actor(uint32_t host)
{
    return address_of_v4(0x0a000100 + host);
}

static struct address stranger(struct world *w)
{
    return address_of_v4(OUTSIDE + draw(w, 1 << 24));
}

/* A flow of UDP whose server's port says nothing, or is the predicted one. */
static void reach(struct world *w, uint32_t host, bool predicted)
{
    struct scene *s = &w->scene;
    struct address to = stranger(w);
    struct p2p_ports ports = ports_predicted_for((uint32_t)to.low, week_of(s->now_us),
                                                 READING_NMAP);
    uint16_t port = predicted ? ports.udp[0] : (uint16_t)(3000 + draw(w, 40000));
    ask_udp(s, actor(host), to, port, words_of("hello"), words_of(""));
    if (part_of(host) == BEHIND_NAT || part_of(host) == CLIENT)
        ask_udp(s, actor(part_of(host) == CLIENT), to, port, words_of("hello"), words_of(""));
}

/* No bare request: something is in it. */
static void send_message(struct world *w, uint32_t host)
{
    static const uint8_t noise[20] = {1, 2, 3};
    uint8_t bytes[128];
    struct writer out = writer_over(bytes, sizeof bytes);
    struct message_plan plan = {.fields = {.key = UINT64_C(0x1122334455667788) + 977 * w->drawn++,
                                           .flags = MESSAGE_MODE | MESSAGE_ENCODED},
                                .noise = noise,
                                .noise_length = sizeof noise,
                                .transport = TRANSPORT_UDP};
    message_build(&plan, &out);
    assert_false(out.failed);
    ask_udp(&w->scene, actor(host), stranger(w), 40000, reader_over(bytes, out.used), words_of(""));
}

static void check_names(struct world *w, uint32_t host)
{
    char text[ADDRESS_TEXT_SIZE], name[DOMAIN_NAME_SIZE];
    struct domain_generator g;
    (void)address_text(actor(host), text);
    for (int32_t away = -3; away <= 3; away++) {
        domains_begin(&g, NAME_LIST_B, day_of(w->scene.now_us) + away);
        for (unsigned i = 0; i < 3; i++) {
            assert_true(domains_next(&g, name) > 0);
            look_up(&w->scene, text, "10.9.9.9", name);
        }
    }
}

/* What a host does in one hour. */
static void act(struct world *w, uint32_t host, unsigned hour)
{
    bool second_day = hour >= 24, late = hour % 24 >= 20;
    switch (part_of(host)) {
    case PROVEN:
        if (hour == 4 + host % 40)
            send_message(w, host);
        reach(w, host, false);
        break;
    case PEER:
    case BEHIND_NAT:
        reach(w, host, true);
        break;
    case LATE:
        for (unsigned i = 0; i < 12; i++)
            reach(w, host, late && i == 0);
        break;
    case BARE:
        if (second_day)
            reach(w, host, true);
        else if (hour == 12)
            ask_bare(&w->scene, actor(host), stranger(w), 40000);
        else
            reach(w, host, false);
        break;
    case CHECKER:
        if (second_day)
            reach(w, host, true);
        else if (hour == 14)
            check_names(w, host);
        break;
    case CLIENT:
        for (unsigned i = 0; i < 6; i++)
            reach(w, host, i == 0 && hour % 24 == 2 * (host % 12));
        break;
    case NAT:
        break;
    case INNOCENT:
    case PARTS:
        if (draw(w, 4) == 0)
            reach(w, host, draw(w, 60) == 0);
        break;
    }
}

static struct reel *world_of(uint64_t seed)
{
    struct world w = {.scene = scene_at(tuesday), .seed = seed};
    int64_t begun_us = w.scene.now_us;
    for (unsigned hour = 0; hour < HOURS; hour++) {
        uint32_t first = draw(&w, HOSTS);
        w.scene.now_us = begun_us + (int64_t)hour * 3600 * US_PER_SECOND;
        for (uint32_t i = 0; i < HOSTS; i++)
            act(&w, (first + i * 7) % HOSTS, hour);
    }
    return w.scene.reel;
}

/* The inputs of a run, in an order that the number says; 0: as they were. */
static struct caught *hunted(const struct reel *r, size_t host_days, uint64_t order,
                             struct hunt_outcome *outcome)
{
    size_t cut[CUTS];
    struct hunt_settings settings = settings_usual();
    settings.limits.host_days = host_days;
    for (size_t i = 0; i < CUTS; i++) {
        size_t other = order == 0 ? i : (size_t)(hash_pair(order, i) % (i + 1));
        cut[i] = cut[other];
        cut[other] = i;
    }
    struct hunt *h = hunt_begun(&settings);
    for (size_t i = 0; i < CUTS; i++)
        assert_true(hunt_part(h, r, r->count * cut[i] / CUTS, r->count * (cut[i] + 1) / CUTS));
    return hunt_ended(h, outcome);
}

static enum verdict_kind kind_of(const struct caught *c, uint32_t host)
{
    char text[ADDRESS_TEXT_SIZE];
    return kind_on(c, address_text(actor(host), text));
}

static void test_with_room_the_world_is_as_it_is_meant(void **state)
{
    (void)state;
    struct reel *r = world_of(1);
    struct hunt_outcome outcome;
    struct caught *c = hunted(r, 1 << 20, 0, &outcome);
    static const enum verdict_kind meant[PARTS] = {
        [PROVEN] = VERDICT_INFECTED,    [PEER] = VERDICT_INFECTED,  [LATE] = VERDICT_SUSPICIOUS,
        [BARE] = VERDICT_SUSPICIOUS,    [NAT] = VERDICT_SUSPICIOUS, [CHECKER] = VERDICT_SUSPICIOUS,
        [BEHIND_NAT] = VERDICT_INFECTED};
    for (uint32_t host = 0; host < HOSTS; host++) {
        if (part_of(host) == INNOCENT ||
            part_of(host) == CLIENT) /* who met a predicted port by chance is suspicious */
            assert_int_not_equal(kind_of(c, host), VERDICT_INFECTED);
        else
            assert_int_equal(kind_of(c, host), meant[part_of(host)]);
    }
    assert_true(outcome.complete);
    free(c);
    reel_free(r);
}

static void test_a_hunt_without_room_is_never_more_severe_and_misses_no_proof(void **state)
{
    (void)state;
    size_t milder = 0;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct reel *r = world_of(seed);
        struct caught *whole = hunted(r, 1 << 20, 0, NULL);
        for (uint64_t order = 0; order < 6; order++) {
            struct caught *c = hunted(r, ROOM + 16 * (size_t)order, order, NULL);
            for (uint32_t host = 0; host < HOSTS; host++) {
                enum verdict_kind with_room = kind_of(whole, host), now = kind_of(c, host);
                assert_true(now >= with_room); /* the gravest kind is the first */
                milder += now > with_room;
                assert_true(part_of(host) != PROVEN || now == VERDICT_INFECTED);
            }
            free(c);
        }
        free(whole);
        reel_free(r);
    }
    assert_true(milder > 0); /* room was short indeed */
}

static void test_what_was_let_go_is_said_and_the_run_is_incomplete(void **state)
{
    (void)state;
    struct reel *r = world_of(2);
    struct hunt_outcome outcome;
    struct caught *c = hunted(r, ROOM * 4, 0, &outcome);
    assert_false(outcome.complete || c->totals.complete);
    assert_non_null(strstr(c->noted, "host-days were let go, the least suspicious first"));
    assert_null(strstr(c->noted, "no room"));
    free(c);
    reel_free(r);
}

/* Those that meet predicted ports hour by hour outlast the innocent. */
static void test_the_gravest_by_chance_are_found_though_the_store_is_short(void **state)
{
    (void)state;
    struct reel *r = world_of(3);
    struct caught *c = hunted(r, 300, 0, NULL); /* of some 480 */
    for (uint32_t host = 0; host < HOSTS; host++)
        if (part_of(host) == PEER)
            assert_int_equal(kind_of(c, host), VERDICT_INFECTED);
    free(c);
    reel_free(r);
}

static void test_merging_into_a_full_store_lets_go_likewise(void **state)
{
    (void)state;
    struct reel *r = world_of(1);
    char *bytes = NULL;
    size_t size = 0;
    struct error err;
    struct hunt_settings settings = settings_usual();
    FILE *file = open_memstream(&bytes, &size);
    assert_non_null(file);
    struct hunt *h = hunt_begun(&settings);
    assert_true(hunt_keep_parts(h, file, &err));
    for (size_t i = 0; i < CUTS; i++)
        assert_true(hunt_part(h, r, r->count * i / CUTS, r->count * (i + 1) / CUTS));
    assert_true(hunt_end_parts(h, &err));
    struct caught *whole = hunted(r, 1 << 20, 0, NULL);
    free(hunt_ended(h, NULL));
    assert_int_equal(fclose(file), 0);
    for (size_t room = HOSTS; room < 400; room += 40) {
        settings.limits.host_days = room;
        h = hunt_begun(&settings);
        struct input *in = input_open_memory("parts", bytes, size, &err);
        assert_non_null(in);
        hunt_merge_input(h, in);
        input_close(in);
        struct caught *c = hunt_ended(h, NULL);
        assert_non_null(strstr(c->noted, "host-days were let go"));
        for (uint32_t host = 0; host < HOSTS; host++) {
            assert_true(kind_of(c, host) >= kind_of(whole, host));
            assert_true(part_of(host) != PROVEN || kind_of(c, host) == VERDICT_INFECTED);
        }
        free(c);
    }
    free(whole);
    free(bytes);
    reel_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_with_room_the_world_is_as_it_is_meant),
        cmocka_unit_test(test_a_hunt_without_room_is_never_more_severe_and_misses_no_proof),
        cmocka_unit_test(test_what_was_let_go_is_said_and_the_run_is_incomplete),
        cmocka_unit_test(test_the_gravest_by_chance_are_found_though_the_store_is_short),
        cmocka_unit_test(test_merging_into_a_full_store_lets_go_likewise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
