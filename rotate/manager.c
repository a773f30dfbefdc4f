/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * manager.c - loads the module that speaks to Secrets Manager, and calls it.
 */
#include "rotate/manager.h"

#include "common/clock.h"
#include "rotate/options.h"
#include "rotate/secret_value.h"
#include "rotate/stages.h"
#include "sources/chain.h"
#include "sources/json.h"
#include "sources/request.h"

#define CALL_TIMEOUT_MS 20000 /* all attempts of one call */

struct manager {
    struct sm_vault *vault;
    struct source_chain *chain;
};

/* What is not given, the module looks up as AWS's own tools do. */
static enum smcred_status open_chain(struct manager *manager, const struct options *options,
                                     struct sm_error *err)
{
    const struct sm_source_setting given[] = {{"endpoint_url", options->endpoint_url},
                                              {"region", options->region},
                                              {"profile", options->profile}};
    struct sm_source_setting settings[sizeof given / sizeof *given];
    struct source_chain_section section = {.name = source_chain_section_of("secretsmanager"),
                                           .settings = {.list = settings}};
    for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
        if (given[i].value)
            settings[section.settings.count++] = given[i];
    }
    enum smcred_status status = sm_vault_new(&manager->vault);
    if (status != SMCRED_OK)
        return sm_error_set(err, status, "out of memory");
    status = source_chain_load("secretsmanager", secure_getenv("SMCRED_MODULE_DIR"),
                               &manager->chain, err);
    return status == SMCRED_OK ? source_chain_open(manager->chain, &section, 1, manager->vault, err)
                               : status;
}

enum smcred_status manager_new(const struct options *options, struct manager **out_manager,
                               struct sm_error *err)
{
    struct manager *manager = calloc(1, sizeof *manager);
    if (!manager)
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    enum smcred_status status = open_chain(manager, options, err);
    if (status != SMCRED_OK) {
        manager_free(manager);
        return status;
    }
    *out_manager = manager;
    return SMCRED_OK;
}

void manager_free(struct manager *manager)
{
    if (!manager)
        return;
    source_chain_free(manager->chain);
    sm_vault_free(manager->vault);
    free(manager);
}

struct sm_vault *manager_vault(const struct manager *manager)
{
    return manager->vault;
}

static enum smcred_status begin(struct manager *manager, struct request **out_request,
                                struct sm_error *err)
{
    enum smcred_status status = request_new(manager->vault, out_request);
    return status == SMCRED_OK ? status : sm_error_set(err, status, "out of memory");
}

/* One operation; its answer is a JSON object. */
static enum smcred_status call(struct manager *manager, const char *operation,
                               struct request *request, cJSON **out_answer, struct sm_error *err)
{
    sm_autosecret struct sm_secret *answer = NULL;
    const struct sm_secret *body = request_end(request);
    if (!body)
        return sm_error_set(err, SMCRED_TOO_LARGE, "the request %s is too large", operation);
    enum smcred_status status = source_chain_call(manager->chain, operation, body,
                                                  sm_boot_ms() + CALL_TIMEOUT_MS, &answer, err);
    if (status != SMCRED_OK)
        return status;
    cJSON *json = json_parse(sm_secret_view(answer));
    if (!cJSON_IsObject(json)) {
        json_free(json);
        return sm_error_set(err, SMCRED_PROTOCOL, "the answer to %s is not a JSON object",
                            operation);
    }
    *out_answer = json;
    return SMCRED_OK;
}

enum smcred_status manager_describe(struct manager *manager, const char *secret_id,
                                    cJSON **out_description, struct sm_error *err)
{
    autorequest struct request *request = NULL;
    enum smcred_status status = begin(manager, &request, err);
    if (status != SMCRED_OK)
        return status;
    request_text(request, "SecretId", secret_id);
    return call(manager, "DescribeSecret", request, out_description, err);
}

enum smcred_status manager_value(struct manager *manager, const char *secret_id,
                                 const char *version_id, const char *label,
                                 struct secret_value **out_value, struct sm_error *err)
{
    autorequest struct request *request = NULL;
    json_auto cJSON *answer = NULL;
    enum smcred_status status = begin(manager, &request, err);
    if (status != SMCRED_OK)
        return status;
    request_text(request, "SecretId", secret_id);
    request_text(request, "VersionId", version_id);
    request_text(request, "VersionStage", label);
    status = call(manager, "GetSecretValue", request, &answer, err);
    if (status != SMCRED_OK)
        return status;
    const char *text = json_text(answer, "SecretString");
    if (!text)
        return sm_error_set(err, SMCRED_INVALID, "the %s version of secret %s is not text", label,
                            secret_id);
    struct sm_error why = {.text = ""};
    status = secret_value_parse(manager->vault, sm_bytes_of(text), out_value, &why);
    return status == SMCRED_OK
               ? status
               : sm_error_set(err, status, "secret %s, %s version: %s", secret_id, label, why.text);
}

enum smcred_status manager_random_password(struct manager *manager, const char *excluded,
                                           const char *length, struct sm_secret **out_password,
                                           struct sm_error *err)
{
    autorequest struct request *request = NULL;
    json_auto cJSON *answer = NULL;
    enum smcred_status status = begin(manager, &request, err);
    if (status != SMCRED_OK)
        return status;
    request_text(request, "ExcludeCharacters", excluded);
    if (length)
        request_number(request, "PasswordLength", (unsigned)strtoul(length, NULL, 10));
    status = call(manager, "GetRandomPassword", request, &answer, err);
    if (status != SMCRED_OK)
        return status;
    const char *password = json_text(answer, "RandomPassword");
    if (!password || !*password)
        return sm_error_set(err, SMCRED_PROTOCOL, "GetRandomPassword answered without one");
    status = sm_secret_new(manager->vault, sm_bytes_of(password), out_password);
    return status == SMCRED_OK ? status : sm_error_set(err, status, "out of memory");
}

enum smcred_status manager_put_pending(struct manager *manager, const char *secret_id,
                                       const char *token, const char *rotation_token,
                                       const struct sm_secret *text, struct sm_error *err)
{
    static const char *const labels[] = {STAGE_PENDING};
    autorequest struct request *request = NULL;
    json_auto cJSON *answer = NULL;
    enum smcred_status status = begin(manager, &request, err);
    if (status != SMCRED_OK)
        return status;
    request_text(request, "SecretId", secret_id);
    request_text(request, "ClientRequestToken", token);
    if (rotation_token && *rotation_token)
        request_text(request, "RotationToken", rotation_token);
    request_secret(request, "SecretString", text);
    request_list(request, "VersionStages", labels, 1);
    return call(manager, "PutSecretValue", request, &answer, err);
}

enum smcred_status manager_move_label(struct manager *manager, const char *secret_id,
                                      const char *label, const char *to, const char *from,
                                      struct sm_error *err)
{
    autorequest struct request *request = NULL;
    json_auto cJSON *answer = NULL;
    enum smcred_status status = begin(manager, &request, err);
    if (status != SMCRED_OK)
        return status;
    request_text(request, "SecretId", secret_id);
    request_text(request, "VersionStage", label);
    request_text(request, "MoveToVersionId", to);
    request_text(request, "RemoveFromVersionId", from);
    return call(manager, "UpdateSecretVersionStage", request, &answer, err);
}
