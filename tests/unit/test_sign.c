/* evidence/sign: the table of sign kinds is whole, names are right, facts are bounded. */
#include "testing.h"

#include <stdbool.h>
#include <string.h>

#include "evidence/sign.h"

static void test_every_sign_has_a_kind_with_all_its_words(void **state)
{
    (void)state;
    for (enum sign_id id = 0; id < SIGN_IDS; id++) {
        const struct sign_kind *kind = sign_kind_of(id);
        const char *const words[] = {kind->id, kind->weight, kind->claim, kind->meaning,
                                     kind->advice};
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
            assert_true(words[i] != NULL && words[i][0] != '\0');
        assert_int_equal(kind->claim[strlen(kind->claim) - 1], '.');
        assert_int_equal(kind->meaning[strlen(kind->meaning) - 1], '.');
    }
}

static void test_words_are_printable_and_have_single_blanks(void **state)
{
    (void)state;
    for (enum sign_id id = 0; id < SIGN_IDS; id++) {
        const struct sign_kind *kind = sign_kind_of(id);
        const char *const words[] = {kind->weight, kind->claim, kind->meaning, kind->advice};
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
            assert_null(strstr(words[i], "  "));
            for (const char *c = words[i]; *c != '\0'; c++)
                assert_in_range(*c, 0x20, 0x7e);
        }
    }
}

static void test_kind_is_found_by_its_id_alone(void **state)
{
    (void)state;
    for (enum sign_id id = 0; id < SIGN_IDS; id++)
        assert_ptr_equal(sign_kind_named(sign_kind_of(id)->id), sign_kind_of(id));
    assert_ptr_equal(sign_kind_named("rendezvous-dns"), sign_kind_of(SIGN_RENDEZVOUS_DNS));
    assert_null(sign_kind_named("p2p"));
    assert_null(sign_kind_named(""));
}

static void test_variants_and_marks_have_their_names(void **state)
{
    (void)state;
    assert_string_equal(variant_text(VARIANT_A), "A");
    assert_string_equal(variant_text(VARIANT_E), "E");
    assert_string_equal(mark_text(MARK_ATTACKED), "attacked");
    assert_string_equal(mark_text(MARK_UNPATCHED), "unpatched");
}

static void test_facts_are_kept_up_to_their_limit(void **state)
{
    (void)state;
    struct sign s = {.id = SIGN_P2P_PORTS};
    sign_add_number(&s, "tried", 43);
    for (int i = 0; i < FACTS_MAX + 3; i++)
        sign_add_text(&s, FACT_ITEM, "name", "a.com");
    assert_int_equal(s.fact_count, FACTS_MAX);
    assert_true(s.facts[0].kind == FACT_NUMBER && s.facts[0].number == 43);
    assert_string_equal(s.facts[FACTS_MAX - 1].text, "a.com");
    sign_add_number(&s, "more", 1);
    assert_int_equal(s.fact_count, FACTS_MAX);
}

static void test_long_fact_text_is_cut_and_ended(void **state)
{
    (void)state;
    struct sign s = {.id = SIGN_ODD_HTTP};
    char text[2 * FACT_TEXT_SIZE];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    sign_add_text(&s, FACT_TEXT, "request", text);
    assert_int_equal(strlen(s.facts[0].text), FACT_TEXT_SIZE - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_sign_has_a_kind_with_all_its_words),
        cmocka_unit_test(test_words_are_printable_and_have_single_blanks),
        cmocka_unit_test(test_kind_is_found_by_its_id_alone),
        cmocka_unit_test(test_variants_and_marks_have_their_names),
        cmocka_unit_test(test_facts_are_kept_up_to_their_limit),
        cmocka_unit_test(test_long_fact_text_is_cut_and_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
