/* engine/hunt: a whole run, from capture to verdicts. samples/outbreak.pcap.gz has its truth in
 * samples/README.md; however it is read, cut or ordered, the verdicts must be those. */
#include "folder.h"
#include "hunting.h"

#include "detect/detector.h"

#include "base/compiler.h"
#include "base/time.h"
#include "conficker/message.h"
#include "conficker/ports.h"
#include "observe/packet.h"
#include "wire/build.h"

static const char sample[] = SAMPLES "/outbreak.pcap.gz";

static const struct {
    const char *host;
    unsigned variants;
} infected[] = {{"10.9.1.11", VARIANT_A},
                {"10.9.2.22", VARIANT_B | VARIANT_C},
                {"10.9.3.33", VARIANT_D | VARIANT_E},
                {"10.9.4.44", VARIANT_D | VARIANT_E}};

static const char *const innocent[] = {"10.9.2.57", "10.9.0.53", "10.9.0.99", "10.9.0.98",
                                       "10.9.1.60", "10.9.2.61", "10.9.3.62", "10.9.4.63",
                                       "10.9.0.1",  "10.9.0.20", "10.9.0.80", "10.9.5.70"};

static int64_t when(const char *text)
{
    int64_t us;
    assert_true(time_parse(text, &us, NULL));
    return us;
}

static struct caught *hunted(const struct hunt_settings *settings, struct hunt_outcome *outcome)
{
    struct hunt *h = hunt_begun(settings);
    assert_true(hunt_read(h, sample, true));
    return hunt_ended(h, outcome);
}

/* Exactly the infected hosts of the truth, with their variants; relay and scanner marked. */
static void check_truth(const struct caught *c)
{
    size_t home_infected = 0;
    for (size_t i = 0; i < c->count; i++)
        home_infected += c->hosts[i].home && c->hosts[i].kind == VERDICT_INFECTED;
    assert_int_equal(home_infected, COUNT_OF(infected));
    for (size_t i = 0; i < COUNT_OF(infected); i++) {
        const struct verdict *v = verdict_on(c, infected[i].host);
        assert_non_null(v);
        assert_int_equal(v->kind, VERDICT_INFECTED);
        assert_int_equal(v->variants, infected[i].variants);
        assert_int_equal(v->marks, 0);
    }
    assert_int_equal(verdict_on(c, "10.9.0.53")->marks, MARK_RELAY);
    assert_int_equal(verdict_on(c, "10.9.0.98")->marks, MARK_SCANNER);
}

static void test_the_infected_of_the_outbreak_are_found_and_no_other(void **state)
{
    (void)state;
    struct hunt_settings settings = settings_usual();
    struct hunt_outcome outcome;
    struct caught *c = hunted(&settings, &outcome);
    check_truth(c);
    for (size_t i = 0; i < COUNT_OF(innocent); i++)
        assert_int_not_equal(kind_on(c, innocent[i]), VERDICT_INFECTED);
    assert_true(outcome.complete && !outcome.nothing_opened && !outcome.write_failed);
    assert_int_equal(outcome.infected_home, 4);
    assert_int_equal(c->damages, 0);
    free(c);
}

static void test_what_is_not_seated_tells_nothing(void **state)
{
    (void)state;
    struct hunt_settings settings = settings_usual();
    for (unsigned d = 0; d < detector_count; d++)
        if (detectors[d]->sign != SIGN_P2P_MESSAGE)
            settings.unseated |= 1u << d;
    struct hunt *h = hunt_begun(&settings);
    assert_true(hunt_read(h, sample, true));
    struct caught *c = hunt_ended(h, NULL);
    assert_int_equal(kind_on(c, "10.9.3.33"), VERDICT_INFECTED);
    assert_int_equal(kind_on(c, "10.9.1.11"), VERDICT_UNKNOWN); /* that looks up names alone */
    free(c);
}

static void test_the_summary_counts_what_was_met(void **state)
{
    (void)state;
    struct hunt_settings settings = settings_usual();
    struct caught *c = hunted(&settings, NULL);
    assert_true(c->totals.complete);
    assert_string_equal(c->totals.verb, "hunt");
    assert_int_equal(c->totals.hosts[VERDICT_INFECTED], 4);
    assert_int_equal(c->totals.outside_infected, 63);
    assert_int_equal(c->records, 20312);
    assert_int_equal(c->totals.limit_count, 0);
    assert_true(c->totals.seconds > 1.4 && c->totals.seconds < 1.6);
    /* At least the four, and no more than one a host seen. */
    assert_true(c->totals.expected_false_hosts >= 4e-9 &&
                c->totals.expected_false_hosts < (double)c->totals.seen * 1e-9);
    free(c);
}

static void test_verdicts_come_home_first_and_the_gravest_first(void **state)
{
    (void)state;
    struct hunt_settings settings = settings_usual();
    struct caught *c = hunted(&settings, NULL);
    for (size_t i = 1; i < c->count; i++) {
        const struct verdict *a = &c->hosts[i - 1], *b = &c->hosts[i];
        assert_true(a->home >= b->home);
        if (a->home == b->home)
            assert_true(a->kind <= b->kind);
        if (a->home == b->home && a->kind == b->kind)
            assert_true(a->proof > b->proof || (a->proof && b->proof) || a->weight >= b->weight);
    }
    free(c);
}

/* The same hosts with the same verdicts, but for the counts in their sentences. */
static void check_same_verdicts(const struct caught *a, const struct caught *b)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        char text[ADDRESS_TEXT_SIZE];
        const struct verdict *v = verdict_on(b, address_text(a->hosts[i].host, text));
        assert_non_null(v);
        assert_int_equal(v->kind, a->hosts[i].kind);
        assert_int_equal(v->variants, a->hosts[i].variants);
        assert_int_equal(v->marks, a->hosts[i].marks);
        assert_int_equal(v->proof, a->hosts[i].proof);
    }
}

static void test_a_file_read_twice_gives_the_same_verdicts(void **state)
{
    (void)state;
    struct hunt_settings settings = settings_usual();
    struct caught *once = hunted(&settings, NULL);
    struct hunt *h = hunt_begun(&settings);
    assert_true(hunt_read(h, sample, true) && hunt_read(h, sample, true));
    struct caught *twice = hunt_ended(h, NULL);
    check_same_verdicts(once, twice);
    assert_int_equal(twice->totals.input_count, 2);
    for (size_t i = 0; i < once->count; i++)
        if (!once->hosts[i].proof) /* what is weighed does not grow */
            assert_float_equal(once->hosts[i].weight, twice->hosts[i].weight, 1e-9);
    free(once);
    free(twice);
}

static void test_a_capture_cut_in_two_gives_the_same_verdicts(void **state)
{
    (void)state;
    struct hunt_settings settings = settings_usual();
    struct reel *r = reel_of_file(sample);
    struct caught *whole = hunted(&settings, NULL);
    for (size_t cut = 0; cut <= r->count; cut += 2539) {
        struct hunt *h = hunt_begun(&settings);
        assert_true(hunt_part(h, r, 0, cut) && hunt_part(h, r, cut, r->count));
        struct caught *c = hunt_ended(h, NULL);
        check_truth(c);
        check_same_verdicts(whole, c);
        assert_true(c->totals.complete);
        free(c);
    }
    free(whole);
    reel_free(r);
}

static void test_files_may_come_in_any_order(void **state)
{
    (void)state;
    enum { PART = 1500 };
    struct hunt_settings settings = settings_usual();
    struct reel *r = reel_of_file(sample);
    struct hunt *h = hunt_begun(&settings);
    for (size_t part = r->count / PART + 1; part-- > 0;)
        assert_true(hunt_part(h, r, part * PART,
                              (part + 1) * PART < r->count ? (part + 1) * PART : r->count));
    struct caught *c = hunt_ended(h, NULL);
    check_truth(c);
    assert_int_equal(c->records, r->count);
    free(c);
    reel_free(r);
}

static void test_of_exempt_hosts_only_answers_convict(void **state)
{
    (void)state;
    struct prefix exempt[2];
    struct hunt_settings settings = settings_usual();
    struct hunt_outcome outcome;
    assert_true(prefix_parse("10.9.3.33", &exempt[0], NULL)); /* it answered */
    assert_true(prefix_parse("10.9.4.0/24", &exempt[1], NULL));
    settings.exempt = exempt;
    settings.exempt_count = 2;
    struct caught *c = hunted(&settings, &outcome);
    assert_int_equal(kind_on(c, "10.9.3.33"), VERDICT_INFECTED);
    assert_non_null(verdict_on(c, "10.9.4.44"));
    assert_int_equal(kind_on(c, "10.9.4.44"), VERDICT_UNKNOWN);
    assert_int_equal(kind_on(c, "10.9.1.11"), VERDICT_INFECTED);
    assert_int_equal(outcome.infected_home, 3);
    free(c);
}

static void test_only_what_lies_in_the_window_counts(void **state)
{
    (void)state;
    struct hunt_settings settings = settings_usual();
    settings.since_us = when("2009-04-21T16:10:00Z"); /* A looks up from 16:04, B from 16:11 */
    struct caught *late = hunted(&settings, NULL);
    assert_int_equal(kind_on(late, "10.9.1.11"), VERDICT_SUSPICIOUS); /* both sweep all the time */
    assert_int_equal(kind_on(late, "10.9.2.22"), VERDICT_INFECTED);
    settings.since_us = INT64_MIN;
    settings.until_us = when("2009-04-21T16:10:00Z");
    struct caught *early = hunted(&settings, NULL);
    assert_int_equal(kind_on(early, "10.9.1.11"), VERDICT_INFECTED);
    assert_int_equal(kind_on(early, "10.9.2.22"), VERDICT_SUSPICIOUS);
    for (size_t i = 0; i < early->count; i++)
        assert_true(early->hosts[i].last_us < settings.until_us);
    settings.until_us = when("2009-04-21T16:00:00Z");
    struct caught *before = hunted(&settings, NULL);
    assert_int_equal(before->count, 0);
    assert_true(before->totals.complete && before->records == 20312);
    free(late);
    free(early);
    free(before);
}

static void test_hosts_outside_home_are_reported_apart(void **state)
{
    (void)state;
    struct prefix home;
    struct hunt_settings settings = settings_usual();
    struct hunt_outcome outcome;
    assert_true(prefix_parse("10.9.3.0/24", &home, NULL));
    settings.home = &home;
    settings.home_count = 1;
    struct caught *c = hunted(&settings, &outcome);
    assert_int_equal(outcome.infected_home, 1);
    assert_int_equal(c->totals.outside_infected, 63 + 3);
    assert_false(verdict_on(c, "10.9.4.44")->home);
    free(c);
}

static void test_a_home_that_is_elsewhere_is_named(void **state)
{
    (void)state;
    struct prefix home;
    struct hunt_settings settings = settings_usual();
    assert_true(prefix_parse("192.168.0.0/16", &home, NULL));
    settings.home = &home;
    settings.home_count = 1;
    settings.sampling = 10;
    struct caught *c = hunted(&settings, NULL);
    assert_non_null(strstr(c->noted, "say --home 10.9.0.0/16"));
    assert_non_null(strstr(c->noted, "sampled 1 in 10"));
    free(c);
}

struct patience {
    unsigned asked, stop_at;
    uint64_t records;
};

static bool watch(void *context, const struct reading_progress *now)
{
    struct patience *p = context;
    assert_true(now->records >= p->records && now->input != NULL);
    p->records = now->records;
    return ++p->asked == p->stop_at;
}

static void test_a_stopped_run_is_incomplete(void **state)
{
    (void)state;
    struct hunt_settings settings = settings_usual();
    struct hunt_outcome outcome;
    struct patience patience = {.stop_at = 2}; /* once before the input, once in it */
    struct hunt *h = hunt_begun(&settings);
    hunt_watch(h, watch, &patience);
    assert_false(hunt_read(h, sample, true));
    struct caught *c = hunt_ended(h, &outcome);
    assert_false(outcome.complete || c->totals.complete);
    assert_true(c->records >= READING_PROGRESS_CALLS && c->records < 20312);
    assert_non_null(strstr(c->noted, "the run was interrupted: 1 input was not read to its end"));
    assert_int_equal(c->damages, 0);
    assert_int_equal(kind_on(c, "10.9.1.11"), VERDICT_INFECTED); /* what was read counts */
    free(c);
}

static void test_a_run_can_be_stopped_between_small_files(void **state)
{
    (void)state;
    struct hunt_settings settings = settings_usual();
    struct hunt_outcome outcome;
    struct patience patience = {.stop_at = 3};
    struct reel *r = reel_of_file(sample);
    struct hunt *h = hunt_begun(&settings);
    hunt_watch(h, watch, &patience);
    assert_true(hunt_part(h, r, 0, 10) && hunt_part(h, r, 10, 20));
    assert_false(hunt_part(h, r, 20, 30));
    struct caught *c = hunt_ended(h, &outcome);
    assert_false(outcome.complete);
    assert_int_equal(c->records, 20);
    free(c);
    reel_free(r);
}

static void test_a_missing_file_is_damage(void **state)
{
    (void)state;
    struct folder f = folder_made();
    char path[PATH_SIZE];
    struct hunt_settings settings = settings_usual();
    struct hunt_outcome outcome;
    struct hunt *h = hunt_begun(&settings);
    assert_true(hunt_read(h, path_in(&f, "missing", path), true));
    struct caught *c = hunt_ended(h, &outcome);
    assert_true(outcome.nothing_opened && !outcome.complete);
    assert_int_equal(c->damages, 1);
    assert_non_null(strstr(c->noted, "No such file"));
    free(c);
    folder_remove(&f);
}

static void test_a_file_of_no_known_format_is_damage_where_it_was_named(void **state)
{
    (void)state;
    static const char text[] = "Dear Sir, please find the capture attached.\n";
    for (size_t size = 0; size < sizeof text; size += sizeof text - 1) {
        struct folder f = folder_made();
        char path[PATH_SIZE];
        struct hunt_settings settings = settings_usual();
        struct hunt_outcome outcome;
        put_file(&f, "text", text, size);
        struct hunt *h = hunt_begun(&settings);
        assert_true(hunt_read(h, path_in(&f, "text", path), true));
        assert_true(hunt_read(h, sample, true)); /* and ends no run */
        struct caught *c = hunt_ended(h, &outcome);
        assert_false(outcome.complete || outcome.nothing_opened);
        assert_int_equal(c->damages, 1);
        assert_non_null(strstr(c->noted, size == 0 ? "it is empty" : "no format that is known"));
        check_truth(c);
        free(c);
        folder_remove(&f);
    }
}

static void test_a_file_of_no_known_format_in_a_folder_is_passed_over(void **state)
{
    (void)state;
    struct folder f = folder_made();
    char path[PATH_SIZE];
    struct hunt_settings settings = settings_usual();
    struct hunt_outcome outcome;
    put_file(&f, "README", "captures of April\n", 18);
    struct hunt *h = hunt_begun(&settings);
    assert_true(hunt_read(h, sample, true));
    assert_true(hunt_read(h, path_in(&f, "README", path), false));
    struct caught *c = hunt_ended(h, &outcome);
    assert_true(outcome.complete && !outcome.nothing_opened);
    assert_int_equal(c->damages, 0);
    assert_non_null(strstr(c->noted, "1 file is of no format that is known here"));
    free(c);
    folder_remove(&f);
}

static void test_a_folder_that_could_not_be_read_is_damage(void **state)
{
    (void)state;
    struct hunt_settings settings = settings_usual();
    struct hunt_outcome outcome;
    struct hunt *h = hunt_begun(&settings);
    assert_true(hunt_read(h, "/", true));
    hunt_note_failure(h, "closed", "closed/x: Permission denied");
    struct caught *c = hunt_ended(h, &outcome);
    assert_true(outcome.nothing_opened && !outcome.complete);
    assert_int_equal(c->damages, 2);
    assert_non_null(strstr(c->noted, "closed/x: Permission denied"));
    free(c);
}

static void test_of_a_cut_capture_what_came_before_counts(void **state)
{
    (void)state;
    size_t size;
    struct hunt_settings settings = settings_usual();
    struct hunt_outcome outcome;
    struct reel *r = reel_of_file(sample);
    uint8_t *bytes = reel_cut(r, 0, r->count, &size);
    struct hunt *h = hunt_begun(&settings);
    assert_true(hunt_bytes(h, bytes, size - 1));
    struct caught *c = hunt_ended(h, &outcome);
    check_truth(c);
    assert_false(outcome.complete);
    assert_int_equal(c->damages, 1);
    assert_int_equal(c->records, r->count - 1);
    free(c);
    free(bytes);
    reel_free(r);
}

static void test_evidence_without_room_is_a_limit_and_incomplete(void **state)
{
    (void)state;
    struct hunt_settings settings = settings_usual();
    struct hunt_outcome outcome;
    settings.limits.host_days = 2;
    struct caught *c = hunted(&settings, &outcome);
    assert_false(outcome.complete);
    assert_non_null(strstr(c->noted, "no room for a host's evidence"));
    free(c);
}

static void test_a_folder_without_a_capture_leaves_a_run_incomplete(void **state)
{
    (void)state;
    struct folder f = folder_made();
    char path[PATH_SIZE];
    struct hunt_settings settings = settings_usual();
    struct hunt_outcome outcome;
    put_file(&f, "README", "captures of April\n", 18);
    struct hunt *h = hunt_begun(&settings);
    assert_true(hunt_read(h, path_in(&f, "README", path), false));
    struct caught *c = hunt_ended(h, &outcome);
    assert_false(outcome.complete || outcome.nothing_opened);
    assert_non_null(strstr(c->noted, "nothing was read"));
    free(c);
    folder_remove(&f);
}

static void test_no_input_at_all_is_a_failure(void **state)
{
    (void)state;
    struct hunt_settings settings = settings_usual();
    struct hunt_outcome outcome;
    struct caught *c = hunt_ended(hunt_begun(&settings), &outcome);
    assert_true(!outcome.complete && outcome.nothing_opened);
    assert_int_equal(c->count, 0);
    free(c);
    hunt_free(NULL);
}

static bool refuse_host(struct report *r, const struct verdict *v)
{
    (void)r, (void)v;
    return false;
}

static void test_a_report_that_refuses_does_not_take_the_others_along(void **state)
{
    (void)state;
    struct report_format refusing = collecting;
    refusing.host = refuse_host;
    struct caught *refused = calloc(1, sizeof *refused), *told = calloc(1, sizeof *told);
    assert_true(refused != NULL && told != NULL);
    struct report reports[] = {{.format = &refusing, .state = refused},
                               {.format = &collecting, .state = told}};
    struct hunt_settings settings = settings_usual();
    struct hunt_outcome outcome;
    struct hunt *h = hunt_begun(&settings);
    assert_true(hunt_read(h, sample, true));
    hunt_finish(h, reports, 2, 0, &outcome);
    hunt_free(h);
    assert_true(outcome.write_failed);
    assert_int_equal(refused->ends, 1);
    check_truth(told);
    free(refused);
    free(told);
}

/* `host` sends message number `key` to its peer of that number. */
static void add_message(struct reel *r, const char *host, uint32_t key, int64_t when_us)
{
    uint8_t message[256], frame[512];
    struct writer w = writer_over(message, sizeof message);
    struct message_plan plan = {
        .fields = {.key = key + UINT64_C(0x1122334455667788),
                   .flags = MESSAGE_MODE | MESSAGE_ENCODED | MESSAGE_HAS_UNKNOWN0},
        .transport = TRANSPORT_UDP};
    message_build(&plan, &w);
    struct wire_packet packet = {.to = address_of_v4(0x0b000000 + key * 77777),
                                 .port_from = 4000,
                                 .port_to = 5000,
                                 .protocol = IP_UDP,
                                 .ip_id = (uint16_t)(key + 1),
                                 .payload = message,
                                 .payload_length = w.used};
    assert_true(address_parse(host, &packet.from, NULL));
    struct writer out = writer_over(frame, sizeof frame);
    wire_build_frame(&out, &packet);
    assert_false(w.failed || out.failed);
    reel_add(r, when_us, frame, out.used, (uint32_t)out.used);
}

static void test_a_nat_seen_on_both_sides_is_not_infected(void **state)
{
    (void)state;
    struct hunt_settings settings = settings_usual();
    struct reel *r = reel_new();
    for (uint32_t i = 0; i < 10; i++) {
        int64_t when_us = when("2009-04-21T16:00:00Z") + i * US_PER_SECOND;
        add_message(r, "10.0.0.5", i, when_us);
        add_message(r, "172.16.0.1", i, when_us + 200);
    }
    struct hunt *h = hunt_begun(&settings);
    assert_true(hunt_part(h, r, 0, r->count));
    struct caught *c = hunt_ended(h, NULL);
    assert_int_equal(kind_on(c, "10.0.0.5"), VERDICT_INFECTED);
    assert_int_equal(kind_on(c, "172.16.0.1"), VERDICT_SUSPICIOUS);
    assert_int_equal(verdict_on(c, "172.16.0.1")->marks, MARK_RELAY);
    free(c);
    reel_free(r);
}

/* 10.0.0.5 begins to contact one peer on its predicted port and so many on others. */
static struct caught *hunted_one_among(uint32_t others)
{
    struct hunt_settings settings = settings_usual();
    struct reel *r = reel_new();
    int64_t when_us = when("2009-04-21T16:00:00Z");
    for (uint32_t i = 0; i <= others; i++) {
        uint8_t frame[128];
        uint32_t peer = 0x0b000000 + i * 77777;
        uint16_t port = ports_predicted_for(peer, week_of(when_us), READING_NMAP).udp[0];
        struct wire_packet packet = {.from = address_of_v4(0x0a000005),
                                     .to = address_of_v4(peer),
                                     .port_from = 4000,
                                     .port_to = i == 0 ? port : port ^ 1,
                                     .protocol = IP_UDP,
                                     .payload = "x",
                                     .payload_length = 1};
        struct writer out = writer_over(frame, sizeof frame);
        wire_build_frame(&out, &packet);
        assert_false(out.failed);
        reel_add(r, when_us + i, frame, out.used, (uint32_t)out.used);
    }
    struct hunt *h = hunt_begun(&settings);
    assert_true(hunt_part(h, r, 0, r->count));
    reel_free(r);
    return hunt_ended(h, NULL);
}

static void test_what_chance_does_every_hundredth_day_is_not_shown(void **state)
{
    (void)state;
    struct caught *shown = hunted_one_among(200), *chance = hunted_one_among(400);
    assert_non_null(verdict_on(shown, "10.0.0.5")); /* 201 * 2 / 56384 = 10^-2.1 */
    assert_int_equal(kind_on(shown, "10.0.0.5"), VERDICT_UNKNOWN);
    assert_null(verdict_on(chance, "10.0.0.5")); /* 401 * 2 / 56384 = 10^-1.8 */
    free(shown);
    free(chance);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_infected_of_the_outbreak_are_found_and_no_other),
        cmocka_unit_test(test_what_is_not_seated_tells_nothing),
        cmocka_unit_test(test_the_summary_counts_what_was_met),
        cmocka_unit_test(test_verdicts_come_home_first_and_the_gravest_first),
        cmocka_unit_test(test_a_file_read_twice_gives_the_same_verdicts),
        cmocka_unit_test(test_a_capture_cut_in_two_gives_the_same_verdicts),
        cmocka_unit_test(test_files_may_come_in_any_order),
        cmocka_unit_test(test_of_exempt_hosts_only_answers_convict),
        cmocka_unit_test(test_only_what_lies_in_the_window_counts),
        cmocka_unit_test(test_hosts_outside_home_are_reported_apart),
        cmocka_unit_test(test_a_home_that_is_elsewhere_is_named),
        cmocka_unit_test(test_a_stopped_run_is_incomplete),
        cmocka_unit_test(test_a_run_can_be_stopped_between_small_files),
        cmocka_unit_test(test_a_missing_file_is_damage),
        cmocka_unit_test(test_a_file_of_no_known_format_is_damage_where_it_was_named),
        cmocka_unit_test(test_a_file_of_no_known_format_in_a_folder_is_passed_over),
        cmocka_unit_test(test_a_folder_that_could_not_be_read_is_damage),
        cmocka_unit_test(test_of_a_cut_capture_what_came_before_counts),
        cmocka_unit_test(test_evidence_without_room_is_a_limit_and_incomplete),
        cmocka_unit_test(test_a_folder_without_a_capture_leaves_a_run_incomplete),
        cmocka_unit_test(test_no_input_at_all_is_a_failure),
        cmocka_unit_test(test_a_report_that_refuses_does_not_take_the_others_along),
        cmocka_unit_test(test_a_nat_seen_on_both_sides_is_not_infected),
        cmocka_unit_test(test_what_chance_does_every_hundredth_day_is_not_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
