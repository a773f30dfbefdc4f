/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * targets.c - `smcred targets`: what I may reach, and how.
 */
#include "tools/commands.h"
#include "tools/render.h"

static const struct render_column columns[] = {
    {"TARGET", "name"}, {"ENGINE", "engine"},   {"TYPE AS HOST", "match"}, {"SOCKET", "socket"},
    {"USER", "user"},   {"DATABASE", "dbname"}, {"RULE", "rule"},          {NULL, NULL},
};

static const char nothing[] =
    "Nothing: no target of this host allows you.\n"
    "'smcred explain --host HOST' says which rule refuses a host you have in mind; an\n"
    "administrator grants it with `allow =` in the target's section of smcred.conf(5).\n";

static int run(const struct tool_context *ctx, int argc, char **argv)
{
    if (argc > 0)
        return tool_misused(ctx, "%s: no operand is expected", argv[0]);
    struct question question;
    autodocument cJSON *document = NULL;
    question_begin(&question, CTL_TARGETS);
    int code = document_ask(ctx, &question, &document);
    if (code != TOOL_EXIT_OK)
        return code;
    if (ctx->json)
        return document_print(ctx, document);
    const cJSON *targets = cJSON_GetObjectItemCaseSensitive(document, "targets");
    if (cJSON_GetArraySize(targets) == 0)
        (void)fputs(nothing, stdout);
    else
        render_table(ctx, targets, columns);
    return TOOL_EXIT_OK;
}

const struct tool_command tool_targets = {
    .name = "targets",
    .summary = "List what you may reach, and how",
    .operands = "",
    .run = run,
};
