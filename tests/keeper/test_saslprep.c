/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_saslprep.c - what SASLprep keeps is kept, and what it may change is not guessed. */
#include "tests/lib/sm_test.h"

#include "keeper/saslprep.h"

static enum smcred_status prepare(const char *password, bool *out_same)
{
    struct sm_vault *vault;
    struct sm_secret *prepared = NULL;
    assert_int_equal(sm_vault_new(&vault), SMCRED_OK);
    enum smcred_status status = saslprep(vault, sm_bytes_of(password), &prepared);
    *out_same = prepared && sm_secret_equal(prepared, sm_bytes_of(password));
    sm_secret_free(prepared);
    sm_vault_free(vault);
    return status;
}

static void keeps_what_rfc_4013_keeps(void **state)
{
    (void)state;
    static const char *const passwords[] = {"pencil",
                                            "USER",
                                            "a\tb\x01",
                                            "",
                                            "\xc3\xa9t\xc3\xa9" /* composed e acute */,
                                            "stra\303\237e",
                                            "\xd0\xbf\xd0\xb0\xd1\x80" /* Cyrillic */,
                                            "\xe2\x82\xac" /* euro */,
                                            "\xe4\xb8\xad\xe6\x96\x87" /* CJK */,
                                            "\xea\xb0\x80" /* Hangul */};
    for (size_t i = 0; i < sizeof passwords / sizeof *passwords; i++) {
        bool same;
        assert_int_equal(prepare(passwords[i], &same), SMCRED_OK);
        assert_true(same);
    }
}

static void takes_what_is_not_utf8_as_it_is(void **state)
{
    (void)state;
    static const char *const passwords[] = {"\xff",         "\xc0\x80",         "a\xe2\x82",
                                            "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80",
                                            "\xc2\xa0\xff"};
    for (size_t i = 0; i < sizeof passwords / sizeof *passwords; i++) {
        bool same;
        assert_int_equal(prepare(passwords[i], &same), SMCRED_OK);
        assert_true(same);
    }
}

static void does_not_guess_what_rfc_4013_changes(void **state)
{
    (void)state;
    static const char *const passwords[] = {"I\xc2\xadX" /* soft hyphen, mapped to nothing */,
                                            "\xc2\xaa" /* NFKC: a */,
                                            "\xe2\x85\xa8" /* NFKC: IX */,
                                            "\xc2\xa0" /* becomes a space */,
                                            "e\xcc\x81" /* composes */,
                                            "\330\2471" /* right to left */,
                                            "\xef\xac\x81" /* fi ligature */,
                                            "\xf0\x9f\x98\x80" /* unassigned in Unicode 3.2 */,
                                            "\xe1\x84\x80\xe1\x85\xa1" /* jamo that compose */};
    for (size_t i = 0; i < sizeof passwords / sizeof *passwords; i++) {
        bool same;
        assert_int_equal(prepare(passwords[i], &same), SMCRED_UNSUPPORTED);
    }
}

SM_TEST_MAIN(cmocka_unit_test(keeps_what_rfc_4013_keeps),
             cmocka_unit_test(takes_what_is_not_utf8_as_it_is),
             cmocka_unit_test(does_not_guess_what_rfc_4013_changes))
