/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * status.c - `smcred status`: how the keeper is.
 */
#include "tools/commands.h"
#include "tools/render.h"

static int run(const struct tool_context *ctx, int argc, char **argv)
{
    if (argc > 0)
        return tool_misused(ctx, "%s: no operand is expected", argv[0]);
    struct question question;
    autodocument cJSON *document = NULL;
    question_begin(&question, CTL_STATUS);
    int code = document_ask(ctx, &question, &document);
    if (code != TOOL_EXIT_OK)
        return code;
    if (ctx->json)
        return document_print(ctx, document);
    render_object(ctx, document);
    return TOOL_EXIT_OK;
}

const struct tool_command tool_status = {
    .name = "status",
    .summary = "Show the keeper's cache, relays and sessions",
    .operands = "",
    .run = run,
};
