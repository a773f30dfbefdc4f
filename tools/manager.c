/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * manager.c - loads the module that speaks to Secrets Manager, and calls it.
 */
#include "tools/manager.h"

#include "common/clock.h"
#include "sources/chain.h"

struct manager {
    struct sm_vault *vault;
    struct source_chain *chain;
};

/*
 * Options that are the module's settings, which go before environment and profiles: --profile also
 * before keys in the environment, as in AWS's own tools.  What is not given, the module looks up.
 */
static const struct {
    const char *option;
    const char *setting;
} options[] = {
    {"endpoint-url", "endpoint_url"},
    {"region", "region"},
    {"profile", "profile"},
};
#define OPTION_COUNT (sizeof options / sizeof *options)

static int read_options(const struct tool_context *ctx, struct sm_source_setting list[OPTION_COUNT],
                        size_t *out_count)
{
    size_t count = 0;
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const char *value = tool_value(ctx, options[i].option);
        if (value && !*value)
            return tool_misused(ctx, "--%s is empty", options[i].option);
        if (value)
            list[count++] = (struct sm_source_setting){options[i].setting, value};
    }
    *out_count = count;
    return TOOL_EXIT_OK;
}

static enum smcred_status open_chain(struct manager *manager,
                                     const struct source_chain_section *section,
                                     struct sm_error *err)
{
    const char *module_dir = secure_getenv("SMCRED_MODULE_DIR");
    enum smcred_status status = sm_vault_new(&manager->vault);
    if (status != SMCRED_OK)
        return sm_error_set(err, status, "out of memory");
    status = source_chain_load("secretsmanager", module_dir, &manager->chain, err);
    if (status == SMCRED_OK)
        status = source_chain_open(manager->chain, section, 1, manager->vault, err);
    return status;
}

int manager_new(const struct tool_context *ctx, struct manager **out_manager)
{
    struct sm_error err = {0};
    struct sm_source_setting list[OPTION_COUNT];
    struct source_chain_section section = {.name = source_chain_section_of("secretsmanager"),
                                           .settings = {.list = list}};
    int code = read_options(ctx, list, &section.settings.count);
    if (code != TOOL_EXIT_OK)
        return code;
    struct manager *manager = calloc(1, sizeof *manager);
    if (!manager)
        return tool_failed(ctx, SMCRED_NO_MEMORY, "out of memory");
    enum smcred_status status = open_chain(manager, &section, &err);
    if (status != SMCRED_OK) {
        manager_free(manager);
        return tool_failed(ctx, status, "%s", err.text);
    }
    *out_manager = manager;
    return TOOL_EXIT_OK;
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

int manager_request(const struct tool_context *ctx, struct manager *manager,
                    struct request **out_request)
{
    enum smcred_status status = request_new(manager->vault, out_request);
    return status == SMCRED_OK ? TOOL_EXIT_OK : tool_failed(ctx, status, "out of memory");
}

enum smcred_status manager_try(const struct tool_context *ctx, struct manager *manager,
                               const char *operation, struct request *request, cJSON **out_answer,
                               struct sm_error *err)
{
    sm_autosecret struct sm_secret *answer = NULL;
    const struct sm_secret *body = request_end(request);
    if (!body)
        return sm_error_set(err, SMCRED_TOO_LARGE, "the request is too large");
    enum smcred_status status = source_chain_call(manager->chain, operation, body,
                                                  sm_boot_ms() + ctx->timeout_ms, &answer, err);
    if (status != SMCRED_OK)
        return status;
    struct sm_bytes text = sm_secret_view(answer);
    cJSON *parsed = cJSON_ParseWithLength(text.data, text.len);
    if (!cJSON_IsObject(parsed)) {
        cJSON_Delete(parsed);
        return sm_error_set(err, SMCRED_PROTOCOL, "the answer to %s is not a JSON object",
                            operation);
    }
    *out_answer = parsed;
    return SMCRED_OK;
}

int manager_call(const struct tool_context *ctx, struct manager *manager, const char *operation,
                 struct request *request, cJSON **out_answer)
{
    struct sm_error err = {0};
    enum smcred_status status = manager_try(ctx, manager, operation, request, out_answer, &err);
    return status == SMCRED_OK ? TOOL_EXIT_OK : tool_failed(ctx, status, "%s", err.text);
}
