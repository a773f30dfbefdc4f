/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * revoke.c - `smcred revoke`: the kill switch.  For administrators.
 */
#include "tools/commands.h"
#include "tools/render.h"

#include <stdio.h>

static const struct tool_option options[] = {
    {"reason", "TEXT", "why; it stands in the audit log and is told to those it hits"},
    {"lift", NULL, "take the revocation back"},
    {"list", NULL, "show what is revoked now"},
    {NULL, NULL, NULL},
};

static const struct render_column columns[] = {
    {"KIND", "kind"}, {"NAME", "name"},     {"VERSION", "version"},
    {"BY", "by"},     {"REASON", "reason"}, {NULL, NULL},
};

static int list(const struct tool_context *ctx)
{
    struct question question;
    autodocument cJSON *document = NULL;
    question_begin(&question, CTL_STATUS);
    int code = document_ask(ctx, &question, &document);
    if (code != TOOL_EXIT_OK)
        return code;
    cJSON *rows = cJSON_DetachItemFromObjectCaseSensitive(document, "revocations");
    if (!rows)
        return tool_failed(ctx, SMCRED_DENIED, "only an administrator sees what is revoked");
    if (ctx->json) {
        autodocument cJSON *answer = cJSON_CreateObject();
        if (!answer || !cJSON_AddItemToObject(answer, "revocations", rows)) {
            cJSON_Delete(rows);
            return tool_failed(ctx, SMCRED_NO_MEMORY, "out of memory");
        }
        return document_print(ctx, answer);
    }
    if (cJSON_GetArraySize(rows) > 0)
        render_table(ctx, rows, columns);
    else
        (void)puts("nothing is revoked");
    cJSON_Delete(rows);
    return TOOL_EXIT_OK;
}

/* It is in force, but perhaps not what was meant. */
static void warn_of_none(const struct tool_context *ctx, const cJSON *document)
{
    const cJSON *targets = cJSON_GetObjectItemCaseSensitive(document, "targets");
    if (targets && cJSON_GetArraySize(targets) == 0)
        (void)fprintf(stderr, "%s: warning: no target of this host has that secret\n", ctx->name);
    else if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(document, "unknown")))
        (void)fprintf(stderr, "%s: warning: no such version of it has been seen here\n", ctx->name);
}

static int run(const struct tool_context *ctx, int argc, char **argv)
{
    struct question question;
    autodocument cJSON *document = NULL;
    if (tool_value(ctx, "list"))
        return argc == 0 ? list(ctx) : tool_misused(ctx, "--list takes no operand");
    bool is_version = argc > 0 && strcmp(argv[0], "version") == 0;
    if (argc != (is_version ? 3 : 2))
        return tool_misused(ctx, "a kind and its name are expected, and for a version its "
                                 "VersionId");
    question_begin(&question, CTL_REVOKE);
    sm_wire_put_text(&question.wire, CTL_KIND, argv[0]);
    sm_wire_put_text(&question.wire, CTL_NAME, argv[1]);
    if (is_version)
        sm_wire_put_text(&question.wire, CTL_VERSION, argv[2]);
    sm_wire_put_text(&question.wire, CTL_REASON, tool_value(ctx, "reason"));
    if (tool_value(ctx, "lift"))
        sm_wire_put(&question.wire, CTL_LIFT, sm_bytes("", 0));
    int code = document_ask(ctx, &question, &document);
    if (code != TOOL_EXIT_OK)
        return code;
    warn_of_none(ctx, document);
    if (ctx->json)
        return document_print(ctx, document);
    render_object(ctx, document);
    return TOOL_EXIT_OK;
}

const struct tool_command tool_revoke = {
    .name = "revoke",
    .summary = "Withdraw a secret, a version, a user or a session at once, until it is lifted",
    .operands = "secret NAME|version NAME ID|user NAME|session ID|--list",
    .options = options,
    .run = run,
};
