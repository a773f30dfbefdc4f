/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_rhosts.c - where logins come from: nets match addresses, names match names, nothing else. */
#include "tests/lib/sm_test.h"

#include "keeper/rhosts.h"

static bool matches(const char *word, const char *claimed)
{
    struct rhost rhost;
    assert_null(rhosts_parse(word, &rhost));
    return rhosts_match(&rhost, claimed);
}

static void a_net_holds_its_addresses(void **state)
{
    (void)state;
    assert_true(matches("10.0.0.0/8", "10.255.0.1"));
    assert_false(matches("10.0.0.0/8", "11.0.0.1"));
    assert_true(matches("192.0.2.64/26", "192.0.2.127"));
    assert_false(matches("192.0.2.64/26", "192.0.2.128"));
    assert_true(matches("192.0.2.7", "192.0.2.7"));
    assert_true(matches("192.0.2.7", "::ffff:192.0.2.7")); /* as a socket of both kinds has it */
    assert_true(matches("2001:db8::/33", "2001:db8:7fff::1"));
    assert_false(matches("2001:db8::/33", "2001:db8:8000::1"));
    assert_true(matches("fe80::/10", "fe80::1%eth0"));
    assert_true(matches("0.0.0.0/0", "203.0.113.9"));
    assert_false(matches("0.0.0.0/0", "2001:db8::1"));
    assert_true(matches("::/0", "203.0.113.9"));
}

static void a_name_that_looks_like_an_address_is_none(void **state)
{
    (void)state;
    assert_false(matches("10.0.0.0/8", "10.0.0.1.evil.example"));
    assert_false(matches("10.0.0.0/8", "10.1"));
    assert_false(matches("10.0.0.0/8", ""));
    assert_false(matches("10.0.0.0/8", "10.0.0.1 "));
    assert_false(matches("10.0.0.0/8", "10.0.0.1%lo"));
}

static void names_match_names(void **state)
{
    (void)state;
    assert_true(matches("jump.example", "JUMP.Example"));
    assert_false(matches("jump.example", "jump.example.evil"));
    assert_true(matches("*.example", "a.b.example"));
    assert_false(matches("*.example", "example"));
    assert_false(matches("*.example", ".example"));
    assert_false(matches("*.example", "evilexample"));
    assert_true(matches("local", ""));
    assert_false(matches("local", "local"));
}

static void what_was_forged_is_read_to_its_end_and_no_further(void **state)
{
    (void)state;
    char forged[257];
    memset(forged, '1', sizeof forged - 1);
    forged[sizeof forged - 1] = '\0';
    assert_false(matches("10.0.0.0/8", forged));
    assert_false(matches("::/0", forged));
    for (size_t i = 0; i < sizeof forged - 1; i++)
        forged[i] = (char)(i % 255 + 1);
    assert_false(matches("::/0", forged));
    assert_false(matches("jump.example", forged));
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    static const char *const none[] = {"10.0.0.0/33", "10.1.0.0/8", "10.0.0.0/",  "10.0.0.0/8x",
                                       "/8",          "jump/24",    "*.",         "*",
                                       "-host",       "a b",        "::1/129",    "host:22",
                                       "1.2.3.4/-1",  ".example",   "*.*.example"};
    struct rhost rhost;
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_non_null(rhosts_parse(none[i], &rhost));
}

SM_TEST_MAIN(cmocka_unit_test(a_net_holds_its_addresses),
             cmocka_unit_test(a_name_that_looks_like_an_address_is_none),
             cmocka_unit_test(names_match_names),
             cmocka_unit_test(what_was_forged_is_read_to_its_end_and_no_further),
             cmocka_unit_test(nonsense_is_refused))
