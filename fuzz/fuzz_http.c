/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_http.c - a request's target and body against a store in memory: whatever is asked, the
 * answer is JSON, and an error has a type.
 *
 * The input is the operation's name, a line feed, the body.
 */
#include <stdlib.h>

#include "common/secret.h"
#include "server/call.h"
#include "server/dispatch.h"
#include "server/json.h"
#include "server/keys.h"

#define TARGET_MAX 128
#define CALLER     "arn:aws:iam::000000000000:user/admin"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int64_t fixed_clock(void)
{
    return INT64_C(1795219200123);
}

/* A new store for every input, so that a finding repeats. */
static void open_server(struct server *server)
{
    *server = (struct server){.lock_fd = -1};
    server_json_init();
    if (sm_vault_new(&server->vault) != SMCRED_OK ||
        sm_secret_new(server->vault, sm_bytes("0123456789abcdef0123456789abcdef", 32),
                      &server->master_key) != SMCRED_OK ||
        server_store_open(":memory:", &server->store, NULL) != SMCRED_OK ||
        server_store_setting_set(server->store, "region", "us-east-1") != SMCRED_OK ||
        server_store_setting_set(server->store, "account", "000000000000") != SMCRED_OK ||
        server_store_principal_add(server->store, CALLER, 1) != SMCRED_OK ||
        server_store_policy_put(server->store, CALLER, "all", SERVER_ADMINISTRATOR) != SMCRED_OK ||
        server_init(server, NULL) != SMCRED_OK)
        abort();
    server->now_ms = fixed_clock;
}

static void close_server(struct server *server)
{
    server_done(server);
    server_store_close(server->store);
    sm_secret_free(server->master_key);
    sm_vault_free(server->vault);
}

static void ask(struct server *server, const char *target, struct sm_bytes body)
{
    static struct server_call call;
    server_call_init(&call, server, "unix");
    memcpy(call.principal, CALLER, sizeof CALLER);
    call.error = server_dispatch_parse(&call, target, body);
    if (call.error == SERVER_OK)
        call.error = server_dispatch_run(&call);
    char *text = server_call_body(&call);
    if (!text)
        abort();
    cJSON *answer = cJSON_Parse(text);
    if (!answer || (call.error != SERVER_OK && !server_json_text(answer, "__type")))
        abort();
    cJSON_Delete(answer);
    cJSON_free(text);
    server_call_done(&call);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char create[] =
        "{\"Name\":\"db\",\"ClientRequestToken\":\"aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa\","
        "\"SecretString\":\"one\",\"Description\":\"d e\",\"Tags\":[{\"Key\":\"k\"}]}";
    char target[TARGET_MAX] = "secretsmanager.";
    const uint8_t *line_feed = size > 0 ? memchr(data, '\n', size) : NULL;
    size_t name_len = line_feed ? (size_t)(line_feed - data) : 0;
    struct server server;
    struct sm_secret *body;
    size_t room;
    if (!line_feed || name_len > TARGET_MAX - 32 || size > 65536)
        return 0;
    memcpy(target + strlen(target), data, name_len);
    open_server(&server);
    ask(&server, "secretsmanager.CreateSecret", sm_bytes_of(create));
    if (sm_secret_alloc(server.vault, size, &body) != SMCRED_OK)
        abort();
    memcpy(sm_secret_room(body, &room), line_feed + 1, size - name_len - 1);
    sm_secret_grow(body, size - name_len - 1);
    ask(&server, target, sm_secret_view(body));
    sm_secret_free(body);
    close_server(&server);
    return 0;
}
