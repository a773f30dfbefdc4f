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
#include "server/json.h"
#include "server/kms.h"

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

#define PLACE_MAX (SERVER_ARN_MAX + SERVER_VERSION_ID_MAX + 32)

/* What the seal is bound to: the secret, the version, the kind.  NUL stands in none of them. */
static struct sm_bytes place_of(const char *arn, const char *version, enum server_kind kind,
                                char out[PLACE_MAX])
{
    int len = snprintf(out, PLACE_MAX, "value%c%s%c%s%c%d", 0, arn, 0, version, 0, kind);
    return sm_bytes(out, (size_t)len); /* fits */
}

enum smcred_status server_value_seal(const struct server_call *call,
                                     const struct server_value *value,
                                     struct server_version *version)
{
    char room[PLACE_MAX];
    struct server_kms_key key;
    version->kind = value->kind;
    if (value->kind == SERVER_KIND_NONE)
        return SMCRED_OK;
    enum smcred_status status =
        server_kms_usable(call->server, &call->secret.place, call->secret.kms_key_id, &key);
    if (status != SMCRED_OK)
        return status;
    return server_kms_seal(call->server, &key,
                           place_of(call->secret.arn, version->id, version->kind, room),
                           value->plain, &version->sealed);
}

enum smcred_status server_value_unseal(const struct server_call *call,
                                       const struct server_version *version,
                                       struct server_value *out_value)
{
    char room[PLACE_MAX];
    struct sm_bytes place = place_of(call->secret.arn, version->id, version->kind, room);
    if (version->sealed.material != 0 && version->kms_disabled)
        return SMCRED_INVALID;
    enum smcred_status status =
        server_kms_unseal(call->server, place, &version->sealed, &out_value->plain);
    if (status == SMCRED_OK)
        out_value->kind = version->kind;
    return status;
}

enum smcred_status server_data_key_rewrap(const struct server *server,
                                          const struct server_data_key *old, int64_t row)
{
    char room[PLACE_MAX];
    struct server_sealed sealed = {.material = old->material};
    memcpy(sealed.wrapped, old->wrapped, sizeof sealed.wrapped);
    enum smcred_status status =
        server_kms_rewrap(server, place_of(old->arn, old->version, old->kind, room), row, &sealed);
    return status == SMCRED_OK
               ? server_store_data_key_put(server->store, old->secret, old->version, row,
                                           sm_bytes(sealed.wrapped, sizeof sealed.wrapped))
               : status;
}

enum smcred_status server_value_rekey(const struct server_call *call, const char *id)
{
    struct server_version version = {.kind = SERVER_KIND_NONE};
    struct server_data_key old = {.secret = call->secret.row};
    struct server_kms_key key;
    enum smcred_status status =
        server_store_version(call->server->store, call->secret.row, id, &version);
    if (status == SMCRED_OK && version.kms_disabled && version.sealed.material != 0)
        status = SMCRED_INVALID;
    if (status == SMCRED_OK && version.sealed.material != 0) {
        old.material = version.sealed.material;
        old.kind = version.kind;
        memcpy(old.wrapped, version.sealed.wrapped, sizeof old.wrapped);
        (void)snprintf(old.version, sizeof old.version, "%s", id);       /* fits */
        (void)snprintf(old.arn, sizeof old.arn, "%s", call->secret.arn); /* fits */
        status =
            server_kms_usable(call->server, &call->secret.place, call->secret.kms_key_id, &key);
        if (status == SMCRED_OK)
            status = server_data_key_rewrap(call->server, &old, key.material);
    }
    server_version_done(&version);
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
