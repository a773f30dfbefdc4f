/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * source_change.c - a new password becomes a new version: DescribeSecret, GetSecretValue,
 * PutSecretValue.  In a worker.
 */
#include "keeper/source_change.h"

#include <cjson/cJSON.h>
#include <stdio.h>

#include "keeper/renewed.h"
#include "sources/request.h"

/* One call about the secret; its answer as JSON, to be deleted. */
static enum smcred_status ask(const struct source_change *change, const char *operation,
                              const struct sm_secret *value, cJSON **out_json, struct sm_error *err)
{
    autorequest struct request *request = NULL;
    sm_autosecret struct sm_secret *answer = NULL;
    enum smcred_status status = request_new(change->vault, &request);
    if (status != SMCRED_OK)
        return sm_error_set(err, status, "out of memory");
    request_text(request, "SecretId", change->change->id);
    if (value) {
        request_secret(request, "SecretString", value);
        request_token(request);
    }
    const struct sm_secret *body = request_end(request);
    if (!body)
        return sm_error_set(err, SMCRED_TOO_LARGE, "the request is too large");
    status = source_chain_call(change->chain, operation, body, change->change->deadline_ms, &answer,
                               err);
    if (status != SMCRED_OK)
        return status;
    struct sm_bytes text = sm_secret_view(answer);
    cJSON *json = cJSON_ParseWithLength(text.data, text.len);
    if (!cJSON_IsObject(json)) {
        cJSON_Delete(json);
        return sm_error_set(err, SMCRED_PROTOCOL, "%s: the answer is no JSON object", operation);
    }
    *out_json = json;
    return SMCRED_OK;
}

static const char *text_of(const cJSON *json, const char *member)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, member));
}

/* What chooses passwords itself takes none. */
static enum smcred_status refuse_rotated(const struct source_change *change, struct sm_error *err)
{
    cJSON *json = NULL;
    enum smcred_status status = ask(change, "DescribeSecret", NULL, &json, err);
    if (status != SMCRED_OK)
        return status;
    if (text_of(json, "RotationLambdaARN") ||
        cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(json, "RotationEnabled")))
        status = sm_error_set(err, SMCRED_UNSUPPORTED,
                              "this password is chosen by the secret's rotation function: have it "
                              "rotated (smcred rotate)");
    cJSON_Delete(json);
    return status;
}

static enum smcred_status renew(const struct source_change *change, const cJSON *json,
                                struct sm_secret **out_text, struct sm_error *err)
{
    const char *value = text_of(json, "SecretString"), *version_id = text_of(json, "VersionId");
    const char *expected = change->change->version_id;
    if (!value || !version_id)
        return sm_error_set(err, SMCRED_INVALID, "the secret has no text to be changed");
    if (expected && strcmp(expected, version_id) != 0)
        return sm_error_set(err, SMCRED_UNAVAILABLE,
                            "the secret was changed in this moment by somebody else; try again");
    return renewed_text(change->vault, sm_bytes_of(value), change->change->password, out_text, err);
}

static enum smcred_status put(const struct source_change *change, const struct sm_secret *text,
                              char out_version_id[CACHE_VERSION_MAX], struct sm_error *err)
{
    cJSON *json = NULL;
    enum smcred_status status = ask(change, "PutSecretValue", text, &json, err);
    if (status != SMCRED_OK)
        return status;
    const char *version_id = text_of(json, "VersionId");
    (void)snprintf(out_version_id, CACHE_VERSION_MAX, "%s", version_id ? version_id : "");
    cJSON_Delete(json);
    return SMCRED_OK;
}

enum smcred_status source_change(const struct source_change *change,
                                 char out_version_id[CACHE_VERSION_MAX], struct sm_error *err)
{
    cJSON *json = NULL;
    sm_autosecret struct sm_secret *text = NULL;
    enum smcred_status status = refuse_rotated(change, err);
    if (status == SMCRED_OK)
        status = ask(change, "GetSecretValue", NULL, &json, err);
    if (status != SMCRED_OK)
        return status;
    status = renew(change, json, &text, err);
    cJSON_Delete(json);
    return status == SMCRED_OK ? put(change, text, out_version_id, err) : status;
}
