/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * resource_policy.c - PutResourcePolicy, GetResourcePolicy, DeleteResourcePolicy,
 * ValidateResourcePolicy.
 */
#include "server/access.h"
#include "server/iam.h"
#include "server/json.h"
#include "server/operations.h"
#include "server/secrets.h"
#include "server/secretsmanager.h"

#define BROAD "You can't attach a resource-based policy that allows broad access to the secret."

static const char *words_of(enum server_iam_flaw flaw)
{
    switch (flaw) {
    case SERVER_IAM_SOUND:
        return "";
    case SERVER_IAM_SYNTAX:
        return "This resource policy contains a syntax error.";
    case SERVER_IAM_PRINCIPAL:
        return "This resource policy contains an unsupported principal.";
    case SERVER_IAM_SERVICE:
        return "This resource policy contains an unsupported service principal.";
    case SERVER_IAM_INVALID_SERVICE:
        return "This resource policy contains an invalid service principal.";
    }
    return "";
}

/* Parses the request's policy; `err` says where it is flawed. */
static enum server_iam_flaw read_policy(const struct server_call *call, cJSON **out_policy,
                                        struct sm_error *err)
{
    const char *text = server_json_text(call->input, "ResourcePolicy");
    if (server_json_parse(sm_bytes_of(text), out_policy) != SMCRED_OK)
        *out_policy = NULL; /* no JSON object, or no memory, which server_json_failed() says */
    return server_iam_check(*out_policy, SERVER_IAM_RESOURCE, err);
}

/* Whoever puts a policy must be able to take it away again. */
static enum server_error check_lock_out(struct server_call *call)
{
    enum server_error error = server_access_check(
        &(struct server_access){.call = call,
                                .action = "secretsmanager:PutResourcePolicy",
                                .resource = call->secret.arn,
                                .shown = call->secret.arn,
                                .secret = &call->secret,
                                .policy = server_json_text(call->input, "ResourcePolicy")});
    return error != SERVER_ACCESS_DENIED
               ? error
               : server_fail(call, SERVER_INVALID_PARAMETER,
                             "Your requested changes will not allow you to manage this secret in "
                             "the future.");
}

enum server_error server_put_resource_policy(struct server_call *call)
{
    server_autojson cJSON *policy = NULL;
    const char *text = server_json_text(call->input, "ResourcePolicy");
    enum server_iam_flaw flaw = read_policy(call, &policy, NULL);
    if (flaw != SERVER_IAM_SOUND)
        return server_fail(call, SERVER_MALFORMED_POLICY, "%s", words_of(flaw));
    if (server_json_is_true(call->input, "BlockPublicPolicy") && server_iam_is_public(policy))
        return server_fail(call, SERVER_PUBLIC_POLICY, BROAD);
    enum server_error error = check_lock_out(call);
    if (error != SERVER_OK)
        return error;
    server_secret_identify(call, call->output);
    return server_fail_status(
        call, server_store_resource_policy_put(call->server->store, call->secret.row, text));
}

enum server_error server_get_resource_policy(struct server_call *call)
{
    sm_autofree char *document = NULL;
    enum smcred_status status =
        server_store_resource_policy(call->server->store, call->secret.row, &document);
    server_secret_identify(call, call->output);
    if (status == SMCRED_OK)
        server_json_add(call->output, "ResourcePolicy", document);
    return status == SMCRED_NOT_FOUND ? SERVER_OK : server_fail_status(call, status);
}

enum server_error server_delete_resource_policy(struct server_call *call)
{
    server_secret_identify(call, call->output);
    return server_fail_status(
        call, server_store_resource_policy_delete(call->server->store, call->secret.row));
}

static void add_finding(struct server_call *call, const char *check, const char *message)
{
    cJSON *findings = server_json_get_own(call->output, "ValidationErrors");
    cJSON *finding = server_json_append_object(
        findings ? findings : server_json_add_array(call->output, "ValidationErrors"));
    server_json_add(finding, "CheckName", check);
    server_json_add(finding, "ErrorMessage", message);
}

enum server_error server_validate_resource_policy(struct server_call *call)
{
    server_autojson cJSON *policy = NULL;
    struct sm_error err = {.text = ""};
    const char *id = server_json_text(call->input, "SecretId");
    enum server_error error =
        id ? server_secretsmanager_find(call, id, "PutResourcePolicy", true)
           : server_secretsmanager_allows(call, "PutResourcePolicy", NULL, NULL);
    if (error != SERVER_OK)
        return error;
    enum server_iam_flaw flaw = read_policy(call, &policy, &err);
    if (flaw == SERVER_IAM_SYNTAX)
        add_finding(call, "PolicySyntax", err.text);
    else if (flaw != SERVER_IAM_SOUND)
        add_finding(call, "PolicyPrincipal", err.text);
    else if (server_iam_is_public(policy))
        add_finding(call, "PublicPolicy", BROAD);
    server_json_add_bool(call->output, "PolicyValidationPassed",
                         !server_json_get(call->output, "ValidationErrors"));
    return SERVER_OK;
}
