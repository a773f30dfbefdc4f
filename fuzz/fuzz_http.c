/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_http.c - a request's target and body against a store in memory: whatever is asked, the
 * answer is JSON, and an error has a type.
 *
 * The input is the operation's name, with its service if that is another, a line feed, the body.
 */
#include <stdlib.h>

#include "common/secret.h"
#include "server/call.h"
#include "server/dispatch.h"
#include "server/json.h"
#include "server/keys.h"
#include "server/store_sql.h"

#define TARGET_MAX 128
#define CALLER     "arn:aws:iam::000000000000:user/admin"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int64_t fixed_clock(void)
{
    return INT64_C(1795219200123);
}

static struct server server = {.lock_fd = -1};
static sqlite3 *pristine; /* the store's pages as every input finds them */

static void copy_store(sqlite3 *from, sqlite3 *to)
{
    sqlite3_backup *copy = sqlite3_backup_init(to, "main", from, "main");
    if (!copy || sqlite3_backup_step(copy, -1) != SQLITE_DONE ||
        sqlite3_backup_finish(copy) != SQLITE_OK)
        abort();
}

static void open_server(void)
{
    server_json_init();
    if (sm_vault_new(&server.vault) != SMCRED_OK ||
        sm_secret_new(server.vault, sm_bytes("0123456789abcdef0123456789abcdef", 32),
                      &server.master_key) != SMCRED_OK ||
        server_store_open(":memory:", &server.store, NULL) != SMCRED_OK ||
        server_store_setting_set(server.store, "region", "us-east-1") != SMCRED_OK ||
        server_store_setting_set(server.store, "account", "000000000000") != SMCRED_OK ||
        server_store_principal_add(server.store, CALLER, 1) != SMCRED_OK ||
        server_store_policy_put(server.store, CALLER, "all", SERVER_ADMINISTRATOR) != SMCRED_OK ||
        server_init(&server, NULL) != SMCRED_OK)
        abort();
    server.now_ms = fixed_clock;
}

static void ask(const char *target, struct sm_bytes body)
{
    static struct server_call call;
    server_call_init(&call, &server, "unix");
    memcpy(call.principal, CALLER, sizeof CALLER);
    call.error = server_dispatch_parse(&call, target, body);
    if (call.error == SERVER_OK)
        call.error = server_dispatch_run(&call);
    char *text = server_call_answer(&call).body;
    if (!text)
        abort();
    cJSON *answer = cJSON_Parse(text);
    if (!answer || (call.error != SERVER_OK && !server_json_text(answer, "__type")))
        abort();
    cJSON_Delete(answer);
    cJSON_free(text);
    server_call_done(&call);
}

/* Every input meets the same store, so that a finding repeats: one secret, made once and copied. */
static void reset_store(void)
{
    static const char create[] =
        "{\"Name\":\"db\",\"ClientRequestToken\":\"aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa\","
        "\"SecretString\":\"one\",\"Description\":\"d e\",\"Tags\":[{\"Key\":\"k\"}]}";
    if (pristine) {
        copy_store(pristine, server.store->db);
        return;
    }
    open_server();
    ask("secretsmanager.CreateSecret", sm_bytes_of(create));
    if (sqlite3_open(":memory:", &pristine) != SQLITE_OK)
        abort();
    copy_store(server.store->db, pristine);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char target[TARGET_MAX] = "";
    const uint8_t *line_feed = size > 0 ? memchr(data, '\n', size) : NULL;
    size_t name_len = line_feed ? (size_t)(line_feed - data) : 0;
    struct sm_secret *body;
    size_t room;
    if (!line_feed || name_len > TARGET_MAX - 32 || size > 65536)
        return 0;
    if (!memchr(data, '.', name_len)) /* "GetSecretValue"; "AmazonSSM.GetParameter" is whole */
        memcpy(target, "secretsmanager.", strlen("secretsmanager."));
    memcpy(target + strlen(target), data, name_len);
    reset_store();
    if (sm_secret_alloc(server.vault, size, &body) != SMCRED_OK)
        abort();
    memcpy(sm_secret_room(body, &room), line_feed + 1, size - name_len - 1);
    sm_secret_grow(body, size - name_len - 1);
    ask(target, sm_secret_view(body));
    sm_secret_free(body);
    return 0;
}
