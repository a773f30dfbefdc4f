/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * server_fixture.h - a server without HTTP: a store in memory, a clock that stands where it is put.
 */
#ifndef SERVER_FIXTURE_H
#define SERVER_FIXTURE_H

#include "tests/lib/sm_test.h"

#include <stdio.h>

#include "server/call.h"
#include "server/dispatch.h"
#include "server/json.h"
#include "server/keys.h"

#define FIXTURE_NOW_MS INT64_C(1795219200123) /* 2026-11-21T00:00:00.123Z */
#define FIXTURE_ADMIN  "arn:aws:iam::000000000000:user/admin"
#define TOKEN_A        "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa"
#define TOKEN_B        "bbbbbbbb-bbbb-bbbb-bbbb-bbbbbbbbbbbb"
#define TOKEN_C        "cccccccc-cccc-cccc-cccc-cccccccccccc"

static int64_t fixture_now_ms = FIXTURE_NOW_MS;

static const char *fixture_caller = FIXTURE_ADMIN;
static const char *fixture_target = "secretsmanager."; /* the service */

static int64_t fixture_clock(void)
{
    return fixture_now_ms;
}

static int start_server(void **state)
{
    static struct server server;
    server_json_init();
    server = (struct server){.lock_fd = -1};
    fixture_now_ms = FIXTURE_NOW_MS;
    fixture_caller = FIXTURE_ADMIN;
    fixture_target = "secretsmanager.";
    assert_int_equal(sm_vault_new(&server.vault), SMCRED_OK);
    assert_int_equal(sm_secret_new(server.vault, sm_bytes("0123456789abcdef0123456789abcdef", 32),
                                   &server.master_key),
                     SMCRED_OK);
    assert_int_equal(server_store_open(":memory:", &server.store, NULL), SMCRED_OK);
    assert_int_equal(server_store_setting_set(server.store, "region", "us-east-1"), SMCRED_OK);
    assert_int_equal(server_store_setting_set(server.store, "account", "000000000000"), SMCRED_OK);
    assert_int_equal(server_init(&server, NULL), SMCRED_OK);
    server.now_ms = fixture_clock;
    assert_int_equal(server_store_principal_add(server.store, FIXTURE_ADMIN, 1), SMCRED_OK);
    assert_int_equal(server_store_policy_put(server.store, FIXTURE_ADMIN, "AdministratorAccess",
                                             SERVER_ADMINISTRATOR),
                     SMCRED_OK);
    *state = &server;
    return 0;
}

static int stop_server(void **state)
{
    struct server *server = *state;
    server_done(server);
    server_store_close(server->store);
    sm_secret_free(server->master_key);
    sm_vault_free(server->vault);
    return 0;
}

/* Runs an operation as if its signature had been verified; free the answer with cJSON_Delete(). */
static cJSON *ask(struct server *server, const char *operation, const char *body)
{
    struct server_call call;
    char target[128];
    (void)snprintf(target, sizeof target, "%s%s", fixture_target, operation);
    server_call_init(&call, server, "unix");
    memcpy(call.principal, fixture_caller, strlen(fixture_caller) + 1);
    call.error = server_dispatch_parse(&call, target, sm_bytes_of(body));
    if (call.error == SERVER_OK)
        call.error = server_dispatch_run(&call);
    char *text = server_call_answer(&call).body;
    assert_non_null(text);
    cJSON *answer = cJSON_Parse(text);
    assert_non_null(answer);
    cJSON_free(text);
    server_call_done(&call);
    return answer;
}

/* The operation answers a type and a message; NULL: any. */
__attribute__((unused)) static void fails(struct server *server, const char *operation,
                                          const char *body, const char *type, const char *message)
{
    server_autojson cJSON *answer = ask(server, operation, body);
    const char *said = server_json_text(answer, "Message");
    if (!said)
        said = server_json_text(answer, "message");
    const char *its_type = server_json_text(answer, "__type");
    if (!its_type)
        fail_msg("%s %s succeeded", operation, body);
    assert_string_equal(its_type, type);
    if (message)
        assert_string_equal(said, message);
}

__attribute__((unused)) static void succeeds(struct server *server, const char *operation,
                                             const char *body)
{
    server_autojson cJSON *answer = ask(server, operation, body);
    if (server_json_get(answer, "__type"))
        fail_msg("%s %s: %s", operation, body, cJSON_PrintUnformatted(answer));
}

/* A member of a successful answer is this text. */
__attribute__((unused)) static void answers(struct server *server, const char *operation,
                                            const char *body, const char *member, const char *text)
{
    server_autojson cJSON *answer = ask(server, operation, body);
    const char *said = server_json_text(answer, member);
    if (!said)
        fail_msg("%s %s has no %s", operation, body, member);
    assert_string_equal(said, text);
}

#endif
