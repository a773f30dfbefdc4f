/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * session.c - makes and opens session tokens.  Called by sts.c, by whoever lends somebody a
 * session, and by auth for every call made with one.
 */
#include "server/session.h"

#include <openssl/sha.h>
#include <stdio.h>

#include "server/base64.h"
#include "server/envelope.h"
#include "server/json.h"

#define PLACE_MAX (SERVER_KEY_ID_MAX + 16)

/* What the seal is bound to. */
static struct sm_bytes place_of(struct sm_bytes key_id, char out[PLACE_MAX])
{
    int len =
        snprintf(out, PLACE_MAX, "session%c%.*s", 0, (int)key_id.len, (const char *)key_id.data);
    return sm_bytes(out, (size_t)len); /* fits: longer ids are refused */
}

void server_session_done(struct server_session *session)
{
    free(session->policy);
    cJSON_Delete(session->tags);
    session->policy = NULL;
    session->tags = NULL;
}

void server_credentials_done(struct server_credentials *credentials)
{
    sm_secret_free(credentials->secret);
    free(credentials->token);
    credentials->secret = NULL;
    credentials->token = NULL;
}

void server_principal_id(const char *prefix, const char *arn,
                         char out_id[SERVER_PRINCIPAL_ID_LEN + 1])
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    uint8_t digest[SHA256_DIGEST_LENGTH];
    (void)SHA256((const uint8_t *)arn, strlen(arn), digest); /* answers `digest` */
    for (size_t i = 0; i < SERVER_PRINCIPAL_ID_LEN; i++)
        out_id[i] = i < 4 ? prefix[i] : alphabet[digest[i] % 32];
    out_id[SERVER_PRINCIPAL_ID_LEN] = '\0';
}

void server_session_init(struct server_session *session, const char *role, const char *name)
{
    char id[SERVER_PRINCIPAL_ID_LEN + 1];
    const char *account = strstr(role, "::"), *last = strrchr(role, '/');
    *session = (struct server_session){.policy = NULL};
    (void)snprintf(session->role, sizeof session->role, "%s", role); /* fits, as the next ones */
    (void)snprintf(session->principal, sizeof session->principal,
                   "arn:%.*s:sts::%.12s:assumed-role/%s/%s", (int)strcspn(role + 4, ":"), role + 4,
                   account ? account + 2 : "", last ? last + 1 : "", name);
    server_principal_id("AROA", role, id);
    (void)snprintf(session->user_id, sizeof session->user_id, "%s:%s", id, name);
}

/* --- making -------------------------------------------------------------------------------------
 */

/* The session and its secret as JSON in memory that is wiped. */
static enum smcred_status write_plain(const struct server *server,
                                      const struct server_session *session,
                                      const struct sm_secret *secret, struct sm_secret **out_plain)
{
    server_autojson cJSON *json = cJSON_CreateObject();
    server_json_add(json, "secret", sm_secret_view(secret).data);
    server_json_add(json, "role", session->role);
    server_json_add(json, "principal", session->principal);
    server_json_add(json, "user_id", session->user_id);
    server_json_add(json, "policy", session->policy);
    if (session->tags)
        (void)cJSON_AddItemToObject(json, "tags", cJSON_Duplicate(session->tags, true));
    (void)cJSON_AddNumberToObject(json, "issued_ms", (double)server->now_ms());
    (void)cJSON_AddNumberToObject(json, "expires_ms", (double)session->expires_ms);
    char *text = cJSON_PrintUnformatted(json);
    enum smcred_status status = server_json_failed() || !text ? SMCRED_NO_MEMORY : SMCRED_OK;
    if (status == SMCRED_OK)
        status = sm_secret_new(server->vault, sm_bytes_of(text), out_plain);
    cJSON_free(text);
    return status;
}

static enum smcred_status make_token(const struct server *server, const char *key_id,
                                     const struct server_session *session,
                                     const struct sm_secret *secret, char **out_token)
{
    char place[PLACE_MAX];
    sm_autosecret struct sm_secret *plain = NULL;
    sm_autofree uint8_t *sealed = NULL;
    size_t sealed_len;
    enum smcred_status status = write_plain(server, session, secret, &plain);
    if (status == SMCRED_OK)
        status = server_seal(server->vault, server->master_key,
                             place_of(sm_bytes_of(key_id), place), plain, &sealed, &sealed_len);
    if (status != SMCRED_OK)
        return status;
    if (server_base64_encoded_len(sealed_len) > SERVER_SESSION_TOKEN_MAX)
        return SMCRED_TOO_LARGE;
    char *token = malloc(server_base64_encoded_len(sealed_len) + 1);
    if (!token)
        return SMCRED_NO_MEMORY;
    server_base64_encode(sm_bytes(sealed, sealed_len), token);
    *out_token = token;
    return SMCRED_OK;
}

enum smcred_status server_session_create(const struct server *server,
                                         const struct server_session *session,
                                         struct server_credentials *out_credentials)
{
    struct server_credentials credentials = {.token = NULL};
    enum smcred_status status =
        server_key_pair(server->vault, "ASIA", credentials.key_id, &credentials.secret);
    if (status == SMCRED_OK)
        status =
            make_token(server, credentials.key_id, session, credentials.secret, &credentials.token);
    if (status != SMCRED_OK) {
        server_credentials_done(&credentials);
        return status;
    }
    *out_credentials = credentials;
    return SMCRED_OK;
}

/* --- opening ------------------------------------------------------------------------------------
 */

static enum smcred_status read_plain(const struct server *server, const cJSON *json,
                                     struct server_session *out_session,
                                     struct sm_secret **out_secret)
{
    struct server_session session = {.policy = NULL};
    const char *role = server_json_text(json, "role"), *policy = server_json_text(json, "policy");
    const char *principal = server_json_text(json, "principal");
    const char *user_id = server_json_text(json, "user_id");
    const char *secret = server_json_text(json, "secret");
    if (!role || !principal || !user_id || !secret)
        return SMCRED_INVALID;
    (void)snprintf(session.role, sizeof session.role, "%s", role); /* we wrote it: fits */
    (void)snprintf(session.principal, sizeof session.principal, "%s", principal);
    (void)snprintf(session.user_id, sizeof session.user_id, "%s", user_id);
    session.issued_ms = server_json_number(json, "issued_ms", 0);
    session.expires_ms = server_json_number(json, "expires_ms", 0);
    if (policy && !(session.policy = strdup(policy)))
        return SMCRED_NO_MEMORY;
    session.tags = cJSON_Duplicate(server_json_get(json, "tags"), true);
    enum smcred_status status = server_json_failed() ? SMCRED_NO_MEMORY : SMCRED_OK;
    if (status == SMCRED_OK)
        status = sm_secret_new(server->vault, sm_bytes_of(secret), out_secret);
    if (status == SMCRED_OK)
        *out_session = session;
    else
        server_session_done(&session);
    return status;
}

/* The sealed bytes of a token; NULL if it is none. */
static uint8_t *decode(struct sm_bytes token, size_t *out_len)
{
    char text[SERVER_SESSION_TOKEN_MAX + 1];
    if (token.len > SERVER_SESSION_TOKEN_MAX)
        return NULL;
    memcpy(text, token.data, token.len);
    text[token.len] = '\0';
    ptrdiff_t len = server_base64_decoded_len(text);
    uint8_t *sealed = len > 0 ? malloc((size_t)len) : NULL;
    if (!sealed)
        return NULL;
    server_base64_decode(text, sealed);
    *out_len = (size_t)len;
    return sealed;
}

enum smcred_status server_session_open(const struct server *server, struct sm_bytes key_id,
                                       struct sm_bytes token, struct server_session *out_session,
                                       struct sm_secret **out_secret)
{
    char place[PLACE_MAX];
    sm_autosecret struct sm_secret *plain = NULL;
    server_autojson cJSON *json = NULL;
    size_t len = 0;
    sm_autofree uint8_t *sealed = decode(token, &len);
    if (!sealed || key_id.len > SERVER_KEY_ID_MAX)
        return SMCRED_INVALID;
    enum smcred_status status = server_unseal(
        server->vault, server->master_key, place_of(key_id, place), sm_bytes(sealed, len), &plain);
    if (status == SMCRED_OK)
        status = server_json_parse(sm_secret_view(plain), &json);
    return status == SMCRED_OK ? read_plain(server, json, out_session, out_secret) : status;
}
