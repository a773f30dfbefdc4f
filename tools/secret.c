/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * secret.c - `smcred secret ...`: what administrators do in Secrets Manager, with their own AWS
 * credentials.  The keeper has no part in it.  A value comes in and is never printed.
 */
#include <sys/prctl.h>

#include "tools/commands.h"
#include "tools/manager.h"
#include "tools/render.h"
#include "tools/secretvalue.h"

#define CALL_TIMEOUT_MS 30000
#define PAGES_MAX       10000 /* of ListSecrets; a list without end is broken off */

#define CONNECTION_OPTIONS                                                                         \
    {"endpoint-url", "URL", "where Secrets Manager is, if not AWS's own place"},                   \
        {"region", "REGION", "the AWS region"},                                                    \
        {"profile", "PROFILE", "the profile of the AWS configuration files"}, {NULL, NULL, NULL},

static const struct tool_option create_options[] = {
    {"from-file", "FILE", "the value; \"-\": standard input"},
    {"description", "TEXT", "what the secret is for"},
    CONNECTION_OPTIONS};
static const struct tool_option put_options[] = {
    {"from-file", "FILE", "the value; \"-\": standard input"}, CONNECTION_OPTIONS};
static const struct tool_option read_options[] = {CONNECTION_OPTIONS};

static int show(const struct tool_context *ctx, const cJSON *answer)
{
    if (ctx->json)
        return document_print(ctx, answer);
    render_object(ctx, answer);
    return TOOL_EXIT_OK;
}

/* Adds the value and makes the call; the value is gone when this returns. */
static int call_with_value(const struct tool_context *ctx, struct manager *manager,
                           const char *operation, struct request *request)
{
    struct sm_error err = {0};
    sm_autosecret struct sm_secret *value = NULL;
    autodocument cJSON *answer = NULL;
    enum smcred_status status =
        secret_value_read(manager_vault(manager), tool_value(ctx, "from-file"), &value, &err);
    if (status != SMCRED_OK)
        return tool_failed(ctx, status, "%s", err.text);
    request_secret(request, "SecretString", value);
    request_token(request);
    int code = manager_call(ctx, manager, operation, request, &answer);
    return code == TOOL_EXIT_OK ? show(ctx, answer) : code;
}

static int with_value(const struct tool_context *ctx, int argc, char **argv, const char *operation,
                      const char *name_member)
{
    automanager struct manager *manager = NULL;
    autorequest struct request *request = NULL;
    if (argc != 1)
        return tool_misused(ctx, "one secret's name is expected; the value is never an argument");
    (void)prctl(PR_SET_DUMPABLE, 0); /* from here on nobody of this uid may look inside */
    int code = manager_new(ctx, &manager);
    if (code == TOOL_EXIT_OK)
        code = manager_request(ctx, manager, &request);
    if (code != TOOL_EXIT_OK)
        return code;
    request_text(request, name_member, argv[0]);
    if (ctx->command == &tool_secret_create)
        request_text(request, "Description", tool_value(ctx, "description"));
    return call_with_value(ctx, manager, operation, request);
}

static int run_create(const struct tool_context *ctx, int argc, char **argv)
{
    return with_value(ctx, argc, argv, "CreateSecret", "Name");
}

static int run_put(const struct tool_context *ctx, int argc, char **argv)
{
    return with_value(ctx, argc, argv, "PutSecretValue", "SecretId");
}

static int run_get_metadata(const struct tool_context *ctx, int argc, char **argv)
{
    automanager struct manager *manager = NULL;
    autorequest struct request *request = NULL;
    autodocument cJSON *answer = NULL;
    if (argc != 1)
        return tool_misused(ctx, "one secret's name or ARN is expected");
    int code = manager_new(ctx, &manager);
    if (code == TOOL_EXIT_OK)
        code = manager_request(ctx, manager, &request);
    if (code != TOOL_EXIT_OK)
        return code;
    request_text(request, "SecretId", argv[0]);
    code = manager_call(ctx, manager, "DescribeSecret", request, &answer);
    return code == TOOL_EXIT_OK ? show(ctx, answer) : code;
}

/* One page of ListSecrets, whose rows move to `list`.  *token: of the next page, or NULL. */
static int list_page(const struct tool_context *ctx, struct manager *manager, cJSON *list,
                     char **token)
{
    autorequest struct request *request = NULL;
    autodocument cJSON *answer = NULL;
    char scratch[DOCUMENT_SCRATCH];
    int code = manager_request(ctx, manager, &request);
    if (code != TOOL_EXIT_OK)
        return code;
    request_number(request, "MaxResults", 100);
    request_text(request, "NextToken", *token);
    free(sm_take_ptr(token));
    code = manager_call(ctx, manager, "ListSecrets", request, &answer);
    if (code != TOOL_EXIT_OK)
        return code;
    cJSON *rows = cJSON_GetObjectItemCaseSensitive(answer, "SecretList");
    while (cJSON_GetArraySize(rows) > 0)
        (void)cJSON_AddItemToArray(list, cJSON_DetachItemFromArray(rows, 0)); /* cannot fail */
    const char *next = document_text(answer, "NextToken", scratch);
    if (*next && !(*token = strdup(next)))
        return tool_failed(ctx, SMCRED_NO_MEMORY, "out of memory");
    return TOOL_EXIT_OK;
}

static int run_list(const struct tool_context *ctx, int argc, char **argv)
{
    static const struct render_column columns[] = {
        {"NAME", "Name"}, {"DESCRIPTION", "Description"}, {"ARN", "ARN"}, {NULL, NULL}};
    automanager struct manager *manager = NULL;
    autodocument cJSON *all = cJSON_CreateObject();
    cJSON *list = cJSON_AddArrayToObject(all, "SecretList");
    sm_autofree char *token = NULL;
    if (argc > 0)
        return tool_misused(ctx, "%s: no operand is expected", argv[0]);
    int code =
        list ? manager_new(ctx, &manager) : tool_failed(ctx, SMCRED_NO_MEMORY, "out of memory");
    for (int page = 0; code == TOOL_EXIT_OK && page < PAGES_MAX && (page == 0 || token); page++)
        code = list_page(ctx, manager, list, &token);
    if (code != TOOL_EXIT_OK)
        return code;
    if (ctx->json)
        return document_print(ctx, all);
    render_table(ctx, list, columns);
    return TOOL_EXIT_OK;
}

const struct tool_command tool_secret_create = {
    .name = "secret create",
    .summary = "Create a secret with a value from a file, a pipe or a prompt",
    .operands = "NAME",
    .options = create_options,
    .timeout_ms = CALL_TIMEOUT_MS,
    .run = run_create,
};

const struct tool_command tool_secret_put = {
    .name = "secret put",
    .summary = "Give a secret a new value, which becomes AWSCURRENT",
    .operands = "NAME",
    .options = put_options,
    .timeout_ms = CALL_TIMEOUT_MS,
    .run = run_put,
};

const struct tool_command tool_secret_get_metadata = {
    .name = "secret get-metadata",
    .summary = "Show what is known of a secret, versions included, without its value",
    .operands = "NAME",
    .options = read_options,
    .timeout_ms = CALL_TIMEOUT_MS,
    .run = run_get_metadata,
};

const struct tool_command tool_secret_list = {
    .name = "secret list",
    .summary = "List all secrets, without their values",
    .operands = "",
    .options = read_options,
    .timeout_ms = CALL_TIMEOUT_MS,
    .run = run_list,
};
