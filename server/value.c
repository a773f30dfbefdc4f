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

/* The key for a new value of call->secret; SMCRED_REVOKED if it is disabled or gone. */
static enum smcred_status find_material(const struct server_call *call, int64_t *out_row,
                                        const struct sm_secret **out_material)
{
    struct server_kms_key key;
    enum smcred_status status =
        server_kms_find(call->server, &call->secret.place, call->secret.kms_key_id, &key);
    if (status == SMCRED_NOT_FOUND || (status == SMCRED_OK && key.state != SERVER_KMS_ENABLED))
        return SMCRED_REVOKED;
    if (status != SMCRED_OK)
        return status;
    *out_row = key.material;
    return server_kms_material(call->server, key.material, out_material);
}

enum smcred_status server_value_seal(const struct server_call *call,
                                     const struct server_value *value,
                                     struct server_version *version)
{
    char room[PLACE_MAX];
    sm_autosecret struct sm_secret *data_key = NULL;
    const struct sm_secret *material;
    version->kind = value->kind;
    if (value->kind == SERVER_KIND_NONE)
        return SMCRED_OK;
    struct sm_bytes place = place_of(call->secret.arn, version->id, version->kind, room);
    enum smcred_status status = find_material(call, &version->material, &material);
    if (status == SMCRED_OK)
        status = server_data_key_new(call->server->vault, &data_key);
    if (status == SMCRED_OK)
        status = server_wrap(material, place, data_key, version->wrapped);
    return status == SMCRED_OK ? server_enclose(data_key, place, value->plain, &version->sealed,
                                                &version->sealed_len)
                               : status;
}

static enum smcred_status disclose(const struct server_call *call,
                                   const struct server_version *version, struct sm_bytes place,
                                   struct sm_secret **out_plain)
{
    const struct server *server = call->server;
    struct sm_bytes sealed = sm_bytes(version->sealed, version->sealed_len);
    sm_autosecret struct sm_secret *data_key = NULL;
    const struct sm_secret *material;
    if (version->material == 0) /* of before there were keys */
        return server_unseal(server->vault, server->master_key, place, sealed, out_plain);
    if (version->kms_disabled)
        return SMCRED_INVALID;
    enum smcred_status status = server_kms_material(server, version->material, &material);
    if (status == SMCRED_OK)
        status = server_unwrap(server->vault, material, place, version->wrapped, &data_key);
    return status == SMCRED_OK ? server_disclose(server->vault, data_key, place, sealed, out_plain)
                               : status;
}

enum smcred_status server_value_unseal(const struct server_call *call,
                                       const struct server_version *version,
                                       struct server_value *out_value)
{
    char room[PLACE_MAX];
    struct sm_bytes place = place_of(call->secret.arn, version->id, version->kind, room);
    enum smcred_status status = disclose(call, version, place, &out_value->plain);
    if (status == SMCRED_OK)
        out_value->kind = version->kind;
    return status;
}

enum smcred_status server_data_key_rewrap(const struct server *server,
                                          const struct server_data_key *old, int64_t row)
{
    char room[PLACE_MAX];
    uint8_t wrapped[SERVER_WRAPPED_LEN];
    sm_autosecret struct sm_secret *data_key = NULL;
    const struct sm_secret *material;
    struct sm_bytes place = place_of(old->arn, old->version, old->kind, room);
    enum smcred_status status = server_kms_material(server, old->material, &material);
    if (status == SMCRED_OK)
        status = server_unwrap(server->vault, material, place, old->wrapped, &data_key);
    if (status == SMCRED_OK)
        status = server_kms_material(server, row, &material);
    if (status == SMCRED_OK)
        status = server_wrap(material, place, data_key, wrapped);
    return status == SMCRED_OK ? server_store_data_key_put(server->store, old->secret, old->version,
                                                           row, sm_bytes(wrapped, sizeof wrapped))
                               : status;
}

enum smcred_status server_value_rekey(const struct server_call *call, const char *id)
{
    struct server_version version = {.kind = SERVER_KIND_NONE};
    struct server_data_key old = {.secret = call->secret.row};
    const struct sm_secret *material;
    int64_t row;
    enum smcred_status status =
        server_store_version(call->server->store, call->secret.row, id, &version);
    if (status == SMCRED_OK && version.kms_disabled && version.material != 0)
        status = SMCRED_INVALID;
    if (status == SMCRED_OK && version.material != 0) {
        old.material = version.material;
        old.kind = version.kind;
        memcpy(old.wrapped, version.wrapped, sizeof old.wrapped);
        (void)snprintf(old.version, sizeof old.version, "%s", id);       /* fits */
        (void)snprintf(old.arn, sizeof old.arn, "%s", call->secret.arn); /* fits */
        status = find_material(call, &row, &material);
        if (status == SMCRED_OK)
            status = server_data_key_rewrap(call->server, &old, row);
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
