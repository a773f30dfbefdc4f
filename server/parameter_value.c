/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * parameter_value.c - the only file that has both a parameter's text and its seal in hand.
 *
 * Every type is sealed in the store, a SecureString under its key of KMS, others under the master
 * key; the type decides what a caller sees without decryption.
 */
#include "server/parameter_value.h"

#include <stdio.h>

#include "server/base64.h"
#include "server/envelope.h"
#include "server/json.h"
#include "server/kms.h"
#include "server/parameter_names.h"

#define PLACE_MAX (SERVER_PARAMETER_ARN_MAX + 64)

/* What the seal is bound to: the parameter's ARN and the version.  NUL stands in neither. */
static struct sm_bytes place_of(const struct server_parameter *parameter, char out[PLACE_MAX])
{
    char arn[SERVER_PARAMETER_ARN_MAX + 1];
    server_parameter_arn(&parameter->place, parameter->name, arn);
    int len =
        snprintf(out, PLACE_MAX, "parameter%c%s%c%lld", 0, arn, 0, (long long)parameter->version);
    return sm_bytes(out, (size_t)len); /* fits: see PLACE_MAX */
}

/* --- who may use the key ------------------------------------------------------------------------
 */

/* Nobody needs leave to use the default key. */
static enum server_error allow(struct server_call *call, const struct server_parameter *parameter,
                               const char *id, const char *action)
{
    return strcmp(parameter->key_id, SERVER_KMS_SSM) == 0
               ? SERVER_OK
               : server_kms_allow(call, &parameter->place, id, action, parameter->name);
}

static enum server_error bad_key(struct server_call *call, const struct server_parameter *parameter)
{
    return server_fail(call, SERVER_INVALID_KEY_ID, "Invalid keyId %s", parameter->key_id);
}

enum server_error server_parameter_may_seal(struct server_call *call,
                                            const struct server_parameter *parameter)
{
    struct server_kms_key key;
    bool is_advanced = strcmp(parameter->tier, "Advanced") == 0;
    if (!*parameter->key_id)
        return SERVER_OK;
    enum smcred_status status =
        server_kms_usable(call->server, &parameter->place, parameter->key_id, &key);
    if (status == SMCRED_REVOKED)
        return bad_key(call, parameter);
    if (status != SMCRED_OK)
        return server_fail_status(call, status);
    return allow(call, parameter, key.id, is_advanced ? "kms:GenerateDataKey" : "kms:Encrypt");
}

enum server_error server_parameter_may_open(struct server_call *call,
                                            const struct server_parameter *parameter)
{
    if (parameter->sealed.material == 0) /* no SecureString, or one of before they had data keys */
        return SERVER_OK;
    if (parameter->kms_disabled)
        return bad_key(call, parameter);
    return allow(call, parameter, parameter->kms_key, "kms:Decrypt");
}

/* --- the value ----------------------------------------------------------------------------------
 */

enum smcred_status server_parameter_seal(const struct server_call *call, const char *text,
                                         struct server_parameter *parameter)
{
    char room[PLACE_MAX];
    const struct server *server = call->server;
    struct server_kms_key key;
    struct sm_bytes place = place_of(parameter, room);
    sm_autosecret struct sm_secret *plain = NULL;
    enum smcred_status status = sm_secret_new(server->vault, sm_bytes_of(text), &plain);
    if (status != SMCRED_OK)
        return status;
    parameter->sealed.material = 0;
    if (!*parameter->key_id)
        return server_seal(server->vault, server->master_key, place, plain,
                           &parameter->sealed.bytes, &parameter->sealed.len);
    status = server_kms_usable(server, &parameter->place, parameter->key_id, &key);
    return status == SMCRED_OK ? server_kms_seal(server, &key, place, plain, &parameter->sealed)
                               : status;
}

enum smcred_status server_parameter_rewrap(const struct server *server, int64_t key, int64_t row)
{
    char room[PLACE_MAX];
    server_autoparameter struct server_parameter parameter = {.row = 0};
    enum smcred_status status = server_store_parameter_under(server->store, key, row, &parameter);
    if (status == SMCRED_OK)
        status = server_kms_rewrap(server, place_of(&parameter, room), row, &parameter.sealed);
    return status == SMCRED_OK ? server_store_parameter_rewrap(server->store, &parameter) : status;
}

static enum smcred_status add_sealed(const struct server_parameter *parameter, cJSON *object)
{
    sm_autofree char *text = malloc(server_base64_encoded_len(parameter->sealed.len) + 1);
    if (!text)
        return SMCRED_NO_MEMORY;
    server_base64_encode(sm_bytes(parameter->sealed.bytes, parameter->sealed.len), text);
    server_json_add(object, "Value", text);
    return SMCRED_OK;
}

enum smcred_status server_parameter_add_value(const struct server_call *call,
                                              const struct server_parameter *parameter,
                                              bool decrypt, cJSON *object)
{
    char room[PLACE_MAX];
    sm_autosecret struct sm_secret *plain = NULL;
    if (!decrypt && strcmp(parameter->type, "SecureString") == 0)
        return add_sealed(parameter, object);
    enum smcred_status status =
        server_kms_unseal(call->server, place_of(parameter, room), &parameter->sealed, &plain);
    if (status == SMCRED_OK)
        server_json_add(object, "Value", sm_secret_view(plain).data); /* a NUL follows a secret */
    return status;
}
