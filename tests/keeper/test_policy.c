/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_policy.c - allow lists against identities, and the words of every refusal. */
#include "tests/lib/sm_test.h"

#include "keeper/policy.h"

static char allow_text[] = "@dba alice";
static char name[] = "orders", other_name[] = "billing";
static struct config_grant list[] = {{.group = true, .id = 500}, {.group = false, .id = 1000}};
static const struct config_target orders = {.name = name, .allow = {list, 2, allow_text}};
static const struct config_target billing = {.name = other_name};

static struct sm_peer peer(uid_t uid, gid_t gid, gid_t supplementary)
{
    return (struct sm_peer){
        .uid = uid, .gid = gid, .groups = {supplementary}, .group_count = 1, .pidfd = -1};
}

static void lets_in_who_is_listed(void **state)
{
    (void)state;
    static const struct {
        uid_t uid;
        gid_t gid, supplementary;
        bool allowed;
    } cases[] = {
        {1000, 1000, 1000, true},     {1001, 1001, 1001, false}, {1001, 500, 1001, true},
        {1001, 1001, 500, true},      {500, 1001, 1001, false}, /* a uid is no gid */
        {1001, 1000, 1000, false},    {0, 0, 0, false},         /* root is not listed either */
        {65534, 500, 500, false},                               /* whoever that is */
        {(uid_t)-1, 500, 500, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sm_peer who = peer(cases[i].uid, cases[i].gid, cases[i].supplementary);
        struct policy_decision decision = policy_connect(&orders, &who, "x");
        assert_int_equal(decision.allowed, cases[i].allowed);
        assert_string_equal(decision.rule, "target orders: allow = @dba alice");
    }
}

static void refuses_with_the_rule_and_28000(void **state)
{
    (void)state;
    struct sm_peer who = peer(1001, 1001, 1001);
    struct policy_decision decision = policy_connect(&orders, &who, "mallory");
    assert_string_equal(decision.sqlstate, "28000");
    assert_string_equal(decision.text,
                        "mallory may not use target orders, by rule \"target orders: "
                        "allow = @dba alice\"");
    decision = policy_connect(&billing, &who, "mallory");
    assert_string_equal(decision.rule, "target billing: no allow");
    assert_false(decision.allowed);
}

static void gives_values_by_allow_value_alone(void **state)
{
    (void)state;
    struct sm_peer alice = peer(1000, 1000, 1000);
    assert_true(policy_connect(&orders, &alice, "alice").allowed);
    struct policy_decision decision = policy_value(&orders, &alice, "alice");
    assert_false(decision.allowed);
    assert_string_equal(decision.rule, "target orders: no allow_value");
}

static void takes_only_the_users_that_mean_the_target(void **state)
{
    (void)state;
    assert_true(policy_user(&orders, "", "alice", "app").allowed);
    assert_true(policy_user(&orders, "alice", "alice", "app").allowed);
    assert_true(policy_user(&orders, "app", "alice", "app").allowed);
    struct policy_decision decision = policy_user(&orders, "postgres", "alice", "app");
    assert_false(decision.allowed);
    assert_string_equal(decision.sqlstate, "28000");
    assert_non_null(strstr(decision.text, "logs in as \"app\", not as \"postgres\""));
    assert_false(policy_user(&orders, "App", "alice", "app").allowed);
}

static void permits_replication_only_where_it_says_so(void **state)
{
    (void)state;
    struct config_target target = orders;
    assert_false(policy_replication(&target).allowed);
    target.replication = true;
    assert_true(policy_replication(&target).allowed);
}

static void makes_root_and_listed_users_administrators(void **state)
{
    (void)state;
    struct config config = {.admin = {list, 2, allow_text}};
    struct sm_peer root = peer(0, 0, 0), dba = peer(7, 7, 500), mallory = peer(8, 8, 8);
    assert_true(policy_admin(&config, &root, "root").allowed);
    assert_true(policy_admin(&config, &dba, "dba").allowed);
    struct policy_decision decision = policy_admin(&config, &mallory, "mallory");
    assert_false(decision.allowed);
    assert_string_equal(decision.rule, "keeper: admin = @dba alice");
}

static void says_which_targets_fit(void **state)
{
    (void)state;
    struct config_target both[] = {billing, orders};
    struct config config = {.targets = both, .target_count = 2};
    struct sm_peer alice = peer(1000, 1000, 1000), mallory = peer(8, 8, 8);
    char text[64], little[24];
    policy_fitting(&config, &alice, text, sizeof text);
    assert_string_equal(text, "Targets you may use: orders.");
    policy_fitting(&config, &mallory, text, sizeof text);
    assert_string_equal(text, "There is no target you may use.");
    policy_fitting(&config, &alice, little, sizeof little);
    assert_string_equal(little, "Targets you may use:...");
}

SM_TEST_MAIN(cmocka_unit_test(lets_in_who_is_listed),
             cmocka_unit_test(refuses_with_the_rule_and_28000),
             cmocka_unit_test(gives_values_by_allow_value_alone),
             cmocka_unit_test(takes_only_the_users_that_mean_the_target),
             cmocka_unit_test(permits_replication_only_where_it_says_so),
             cmocka_unit_test(makes_root_and_listed_users_administrators),
             cmocka_unit_test(says_which_targets_fit))
