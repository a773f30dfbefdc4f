/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * value.c - the only file that has both a value's JSON and its seal in hand.
 *
 * Called by secrets.c and versions.c.  A plaintext is in struct sm_secret or in cJSON's wiped
 * memory, nowhere else.
 */
#include "server/value.h"

#include <stdio.h>

#include "server/base64.h"
#include "server/envelope.h"
#include "server/json.h"

static enum smcred_status read_binary(struct server_call *call, const char *text,
                                      struct sm_secret **out_plain)
{
    size_t room;
    size_t len = (size_t)server_base64_decoded_len(text); /* validated */
    enum smcred_status status = sm_secret_alloc(call->server->vault, len, out_plain);
    if (status != SMCRED_OK)
        return status;
    server_base64_decode(text, sm_secret_room(*out_plain, &room));
    sm_secret_grow(*out_plain, len);
    return SMCRED_OK;
}

enum server_error server_value_read(struct server_call *call, struct server_value *out_value)
{
    const char *text = server_json_text(call->input, "SecretString");
    const char *binary = server_json_text(call->input, "SecretBinary");
    enum smcred_status status = SMCRED_OK;
    if (text && binary)
        return server_fail(call, SERVER_INVALID_PARAMETER,
                           "You can't specify both a binary secret value and a string secret value "
                           "in the same secret.");
    *out_value = (struct server_value){SERVER_KIND_NONE, NULL};
    if (text)
        status = sm_secret_new(call->server->vault, sm_bytes_of(text), &out_value->plain);
    else if (binary)
        status = read_binary(call, binary, &out_value->plain);
    if (status == SMCRED_OK)
        out_value->kind = text ? SERVER_KIND_TEXT : binary ? SERVER_KIND_BINARY : SERVER_KIND_NONE;
    return server_fail_status(call, status);
}

void server_value_done(struct server_value *value)
{
    sm_secret_free(value->plain);
    value->plain = NULL;
}

/* What the seal is bound to: the secret, the version, the kind.  NUL stands in none of them. */
static struct sm_bytes place_of(const struct server_call *call,
                                const struct server_version *version, char *out, size_t size)
{
    int len = snprintf(out, size, "value%c%s%c%s%c%d", 0, call->secret.arn, 0, version->id, 0,
                       version->kind);
    return sm_bytes(out, (size_t)len); /* fits: see PLACE_MAX */
}
#define PLACE_MAX (SERVER_ARN_MAX + SERVER_VERSION_ID_MAX + 32)

enum smcred_status server_value_seal(const struct server_call *call,
                                     const struct server_value *value,
                                     struct server_version *version)
{
    char place[PLACE_MAX];
    version->kind = value->kind;
    if (value->kind == SERVER_KIND_NONE)
        return SMCRED_OK;
    return server_seal(call->server->vault, call->server->master_key,
                       place_of(call, version, place, sizeof place), value->plain, &version->sealed,
                       &version->sealed_len);
}

enum smcred_status server_value_unseal(const struct server_call *call,
                                       const struct server_version *version,
                                       struct server_value *out_value)
{
    char place[PLACE_MAX];
    enum smcred_status status = server_unseal(
        call->server->vault, call->server->master_key, place_of(call, version, place, sizeof place),
        sm_bytes(version->sealed, version->sealed_len), &out_value->plain);
    if (status == SMCRED_OK)
        out_value->kind = version->kind;
    return status;
}

static enum smcred_status add_binary(struct sm_bytes plain, cJSON *object)
{
    size_t len = server_base64_encoded_len(plain.len);
    char *text = cJSON_malloc(len + 1); /* wiped when freed */
    if (!text)
        return SMCRED_NO_MEMORY;
    server_base64_encode(plain, text);
    server_json_add(object, "SecretBinary", text);
    cJSON_free(text);
    return SMCRED_OK;
}

enum smcred_status server_value_add(const struct server_value *value, cJSON *object)
{
    struct sm_bytes plain = sm_secret_view(value->plain);
    if (value->kind == SERVER_KIND_BINARY)
        return add_binary(plain, object);
    server_json_add(object, "SecretString", plain.data); /* a NUL follows a secret */
    return SMCRED_OK;
}
