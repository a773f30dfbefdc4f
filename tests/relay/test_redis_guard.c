/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_redis_guard.c - what a session may not do to the user that it is logged in as. */
#include "tests/lib/sm_test.h"

#include "relay/redis_guard.h"

/* What is said of a typed line; its name is ACL or CONFIG. */
static const char *said_of(const char *line, const char *user)
{
    struct relay_buffer command = relay_buffer(REDIS_COMMAND_MAX);
    struct redis_words words;
    struct sm_bytes name;
    size_t len = 0;
    assert_int_equal(redis_line_write(&command, sm_bytes_of(line)), SMCRED_OK);
    assert_int_equal(redis_words_parse(relay_buffer_view(&command), &words, &len), SMCRED_OK);
    assert_true(redis_words_next(&words, &name));
    const char *said =
        redis_word_is(name, "ACL") ? redis_guard_acl(words, user) : redis_guard_config(words, user);
    relay_buffer_clear(&command);
    assert_true(!said || strlen(said) <= 128); /* as much of a name does a server say again */
    return said;
}

static void is_refused(const char *line, const char *user, const char *why)
{
    const char *said = said_of(line, user);
    assert_non_null(said);
    assert_non_null(strstr(said, why));
}

#define PASSWORD "changed by rotation only"
#define LOCKED   "would be locked out"
#define SHOWN    "would show the target's secret"

static void the_own_password_is_not_set(void **state)
{
    (void)state;
    is_refused("ACL setuser app on >new", "app", PASSWORD);
    is_refused("acl SETUSER app <old", "app", PASSWORD);
    is_refused("acl setuser app ~* #0011", "app", PASSWORD);
    is_refused("acl setuser app !0011", "app", PASSWORD);
    is_refused("acl setuser app NoPass", "app", PASSWORD);
    is_refused("acl setuser app resetpass", "app", PASSWORD);
    is_refused("acl setuser app reset", "app", PASSWORD);
    is_refused("config set maxmemory 0 RequirePass x", "default", PASSWORD);
}

static void the_own_user_is_not_deleted_or_switched_off(void **state)
{
    (void)state;
    is_refused("acl deluser app", "app", LOCKED);
    is_refused("acl DelUser other app", "app", LOCKED);
    is_refused("acl setuser app OFF", "app", LOCKED);
}

static void the_password_that_a_server_keeps_is_not_shown(void **state)
{
    (void)state;
    is_refused("config get requirepass", "default", SHOWN);
    is_refused("config get port RequirePass", "default", SHOWN);
    is_refused("config get *", "default", SHOWN);
    is_refused("config get REQ*", "default", SHOWN);
    is_refused("config get [r]equirepass", "default", SHOWN);
    is_refused("config get requirepas\\s", "default", SHOWN);
    is_refused("config get requirepass*", "default", SHOWN);
    is_refused("config get \"requirepass\\x00\"", "default", SHOWN);
    is_refused("config get master*", "default", SHOWN);
    is_refused("config get primaryauth", "default", SHOWN);
}

static void all_else_is_the_servers_to_judge(void **state)
{
    (void)state;
    assert_null(said_of("acl setuser app on ~x* +get", "app"));
    assert_null(said_of("acl setuser application >new", "app"));
    assert_null(said_of("acl setuser", "app"));
    assert_null(said_of("acl deluser other", "app"));
    assert_null(said_of("acl", "app"));
    assert_null(said_of("acl whoami", "app"));
    assert_null(said_of("config set requirepass x", "app"));
    assert_null(said_of("config get requirepass", "app"));
    assert_null(said_of("config get port max* masterx* masterauths", "default"));
    assert_null(said_of("config set port x", "default"));
    assert_null(said_of("config", "default"));
    assert_null(said_of("config rewrite", "default"));
}

SM_TEST_MAIN(cmocka_unit_test(the_own_password_is_not_set),
             cmocka_unit_test(the_own_user_is_not_deleted_or_switched_off),
             cmocka_unit_test(the_password_that_a_server_keeps_is_not_shown),
             cmocka_unit_test(all_else_is_the_servers_to_judge))
