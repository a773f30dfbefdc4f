/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * parameter_value.c - the only file that has both a parameter's text and its seal in hand.
 *
 * Every type is sealed in the store; the type decides what a caller sees without decryption.
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
static struct sm_bytes place_of(const struct server_call *call,
                                const struct server_parameter *parameter, char out[PLACE_MAX])
{
    char arn[SERVER_PARAMETER_ARN_MAX + 1];
    server_parameter_arn(call, parameter->name, arn);
    int len =
        snprintf(out, PLACE_MAX, "parameter%c%s%c%lld", 0, arn, 0, (long long)parameter->version);
    return sm_bytes(out, (size_t)len); /* fits: see PLACE_MAX */
}

enum server_error server_parameter_check_key(struct server_call *call,
                                             const struct server_parameter *parameter)
{
    struct server_kms_key key;
    if (!*parameter->key_id || strcmp(parameter->key_id, SERVER_PARAMETER_KEY) == 0)
        return SERVER_OK;
    enum smcred_status status =
        server_kms_find(call->server, &call->place, parameter->key_id, &key);
    if (status == SMCRED_NOT_FOUND || (status == SMCRED_OK && key.state != SERVER_KMS_ENABLED))
        return server_fail(call, SERVER_INVALID_KEY_ID, "Invalid keyId %s", parameter->key_id);
    return server_fail_status(call, status);
}

enum smcred_status server_parameter_seal(const struct server_call *call, const char *text,
                                         struct server_parameter *parameter)
{
    char place[PLACE_MAX];
    const struct server *server = call->server;
    sm_autosecret struct sm_secret *plain = NULL;
    enum smcred_status status = sm_secret_new(server->vault, sm_bytes_of(text), &plain);
    if (status != SMCRED_OK)
        return status;
    return server_seal(server->vault, server->master_key, place_of(call, parameter, place), plain,
                       &parameter->sealed, &parameter->sealed_len);
}

static enum smcred_status add_sealed(const struct server_parameter *parameter, cJSON *object)
{
    sm_autofree char *text = malloc(server_base64_encoded_len(parameter->sealed_len) + 1);
    if (!text)
        return SMCRED_NO_MEMORY;
    server_base64_encode(sm_bytes(parameter->sealed, parameter->sealed_len), text);
    server_json_add(object, "Value", text);
    return SMCRED_OK;
}

enum smcred_status server_parameter_add_value(const struct server_call *call,
                                              const struct server_parameter *parameter,
                                              bool decrypt, cJSON *object)
{
    char place[PLACE_MAX];
    const struct server *server = call->server;
    sm_autosecret struct sm_secret *plain = NULL;
    if (!decrypt && strcmp(parameter->type, "SecureString") == 0)
        return add_sealed(parameter, object);
    enum smcred_status status =
        server_unseal(server->vault, server->master_key, place_of(call, parameter, place),
                      sm_bytes(parameter->sealed, parameter->sealed_len), &plain);
    if (status == SMCRED_OK)
        server_json_add(object, "Value", sm_secret_view(plain).data); /* a NUL follows a secret */
    return status;
}
