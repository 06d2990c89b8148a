/* evidence/smb_check: what each end of a conversation is taken for, in the words of 2009 and in
 * ours. */
#include "testing.h"

#include <string.h>

#include "base/compiler.h"
#include "base/writer.h"
#include "evidence/sign.h"
#include "evidence/smb_check.h"

enum { TEXT_SIZE = 300 };

static const char *words_of(struct smb_check c)
{
    static char buffer[TEXT_SIZE];
    struct text text = text_over(buffer, sizeof buffer);
    smb_check_say_words(&c, &text);
    assert_false(text.cut);
    return buffer;
}

static const char *reason_of(struct smb_check c)
{
    static char buffer[TEXT_SIZE];
    struct text text = text_over(buffer, sizeof buffer);
    smb_check_say_reason(&c, &text);
    assert_false(text.cut);
    return buffer;
}

static void test_only_answers_to_both_questions_are_more_than_unknown(void **state)
{
    (void)state;
    for (enum smb_cause cause = 0; cause < SMB_CAUSES; cause++) {
        struct smb_check c = {.cause = cause, .stage = SMB_STAGE_SECOND};
        enum smb_result wanted = cause == SMB_CAUSE_WORM_DE || cause == SMB_CAUSE_WORM_DE_EMPTY ||
                                         cause == SMB_CAUSE_WORM_ABC
                                     ? SMB_INFECTED
                                 : cause == SMB_CAUSE_PATCHED     ? SMB_CLEAN
                                 : cause == SMB_CAUSE_NOT_PATCHED ? SMB_UNPATCHED
                                                                  : SMB_UNKNOWN;
        assert_int_equal(smb_result_of(&c), wanted);
        assert_true(strlen(words_of(c)) > 0 && strlen(reason_of(c)) > 0);
    }
}

static void test_variants_are_those_of_the_answer(void **state)
{
    (void)state;
    struct smb_check c = {.cause = SMB_CAUSE_WORM_ABC};
    assert_int_equal(smb_check_variants(&c), VARIANT_A | VARIANT_B | VARIANT_C);
    c.cause = SMB_CAUSE_WORM_DE;
    assert_int_equal(smb_check_variants(&c), VARIANT_D | VARIANT_E);
    c.cause = SMB_CAUSE_WORM_DE_EMPTY;
    assert_int_equal(smb_check_variants(&c), VARIANT_D | VARIANT_E);
    c.cause = SMB_CAUSE_PATCHED;
    assert_int_equal(smb_check_variants(&c), 0);
}

static void test_words_are_those_of_smb_check_vulns(void **state)
{
    (void)state;
    static const struct {
        struct smb_check check;
        const char *words;
    } rows[] = {
        {{.cause = SMB_CAUSE_WORM_ABC}, "Likely INFECTED (by Conficker.C or lower)"},
        {{.cause = SMB_CAUSE_WORM_DE}, "Likely INFECTED (by Conficker.D or higher)"},
        {{.cause = SMB_CAUSE_PATCHED}, "Likely CLEAN"},
        {{.cause = SMB_CAUSE_NOT_PATCHED}, "Likely CLEAN"},
        {{.cause = SMB_CAUSE_DENIED}, "Likely CLEAN; access was denied."},
        {{.cause = SMB_CAUSE_LOGIN_FAILED, .status = 0xc000006d},
         "UNKNOWN; got error NT_STATUS_LOGON_FAILURE"},
        {{.cause = SMB_CAUSE_STATUS, .status = 0xdeadbeef}, "UNKNOWN; got error 0xdeadbeef"},
        {{.cause = SMB_CAUSE_NO_SHARE, .status = 0xc00000cc},
         "UNKNOWN; Network name not found (required service has crashed). (Error "
         "NT_STATUS_BAD_NETWORK_NAME)"},
        {{.cause = SMB_CAUSE_OTHER_CODE, .status = 0x32},
         "UNKNOWN; got error NT_STATUS_UNKNOWN (0x00000032) (srvsvc.netpathcanonicalize)"},
        {{.cause = SMB_CAUSE_NETWORK, .network = CAUSE_MUTE, .stage = SMB_STAGE_TREE},
         "UNKNOWN; got error SMB: Failed to receive bytes: TIMEOUT"},
        {{.cause = SMB_CAUSE_NETWORK, .network = CAUSE_CLOSED, .stage = SMB_STAGE_TREE},
         "UNKNOWN; got error SMB: Failed to receive bytes: EOF"},
        {{.cause = SMB_CAUSE_GARBAGE, .stage = SMB_STAGE_TREE},
         "UNKNOWN; got error SMB: ERROR: Server returned less data than it was supposed to"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_string_equal(words_of(rows[i].check), rows[i].words);
}

static void test_reason_says_where_it_ended(void **state)
{
    (void)state;
    static const struct {
        struct smb_check check;
        const char *reason;
    } rows[] = {
        {{.cause = SMB_CAUSE_NETWORK, .network = CAUSE_REFUSED, .network_139 = CAUSE_REFUSED},
         "ports 445 and 139 refuse"},
        {{.cause = SMB_CAUSE_NETWORK, .network = CAUSE_SILENT, .network_139 = CAUSE_SILENT},
         "ports 445 and 139 do not answer"},
        {{.cause = SMB_CAUSE_NETWORK,
          .network = CAUSE_UNREACHABLE,
          .network_139 = CAUSE_UNREACHABLE},
         "ports 445 and 139 cannot be reached"},
        {{.cause = SMB_CAUSE_NETWORK, .network = CAUSE_REFUSED, .network_139 = CAUSE_SILENT},
         "port 445 refuses, port 139 does not answer"},
        {{.cause = SMB_CAUSE_NETWORK,
          .network = CAUSE_NO_DESCRIPTOR,
          .network_139 = CAUSE_NO_DESCRIPTOR},
         "not asked: no file descriptor was left"},
        {{.cause = SMB_CAUSE_NETWORK, .network = CAUSE_MUTE, .stage = SMB_STAGE_NEGOTIATE},
         "it fell silent at negotiating"},
        {{.cause = SMB_CAUSE_NETWORK, .network = CAUSE_RESET, .stage = SMB_STAGE_PIPE},
         "it reset the connection at opening the pipe"},
        {{.cause = SMB_CAUSE_NETWORK, .network = CAUSE_CLOSED, .stage = SMB_STAGE_SECOND},
         "it closed the connection at the second question"},
        {{.cause = SMB_CAUSE_GARBAGE, .stage = SMB_STAGE_LOGIN},
         "what it sent at logging in is no answer"},
        {{.cause = SMB_CAUSE_STATUS, .stage = SMB_STAGE_TREE, .status = 0xc00000ca},
         "an error at opening IPC$: NT_STATUS_NETWORK_ACCESS_DENIED"},
        {{.cause = SMB_CAUSE_FAULT, .stage = SMB_STAGE_FIRST, .status = 0x1c010002},
         "a fault at the first question: 0x1c010002"},
        {{.cause = SMB_CAUSE_OTHER_CODE, .status = 0x32},
         "its answer to the second question is neither Microsoft's nor the worm's (0x32)"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_string_equal(reason_of(rows[i].check), rows[i].reason);
}

static void test_host_is_heard_when_a_connection_stood(void **state)
{
    (void)state;
    struct smb_check c = {.cause = SMB_CAUSE_NETWORK};
    assert_false(smb_check_is_heard(&c));
    c.stage = SMB_STAGE_NAME;
    assert_true(smb_check_is_heard(&c));
}

static void test_old_numbers_of_windows_are_given_their_names(void **state)
{
    (void)state;
    assert_string_equal(smb_os_text("Windows 5.0"), "Windows 2000");
    assert_string_equal(smb_os_text("Windows 5.1"), "Windows XP");
    assert_string_equal(smb_os_text("Windows Server 2003 3790"), "Windows Server 2003 3790");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_answers_to_both_questions_are_more_than_unknown),
        cmocka_unit_test(test_variants_are_those_of_the_answer),
        cmocka_unit_test(test_words_are_those_of_smb_check_vulns),
        cmocka_unit_test(test_reason_says_where_it_ended),
        cmocka_unit_test(test_host_is_heard_when_a_connection_stood),
        cmocka_unit_test(test_old_numbers_of_windows_are_given_their_names),
    };
    return cmocka_run_group_tests_name("smb_check", tests, NULL, NULL);
}
