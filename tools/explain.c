/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * explain.c - `smcred explain`: what a connection would come to, and by which rule.
 */
#include "tools/commands.h"
#include "tools/render.h"

static const struct tool_option options[] = {
    {"host", "HOST", "the host as one would type it, a target socket's directory included"},
    {"port", "PORT", "the port (default: the engine's own)"},
    {"user", "USER", "a system user; another than yourself for administrators only"},
    {NULL, NULL, NULL},
};

static bool parse_port(const char *text, uint32_t *out_port)
{
    char *end;
    errno = 0;
    unsigned long port = strtoul(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || *text < '0' || *text > '9' || port == 0 ||
        port > UINT16_MAX)
        return false;
    *out_port = (uint32_t)port;
    return true;
}

static int ask(const struct tool_context *ctx, cJSON **out_document)
{
    struct question question;
    question_begin(&question, CTL_EXPLAIN);
    sm_wire_put_text(&question.wire, CTL_HOST, tool_value(ctx, "host"));
    const char *port_text = tool_value(ctx, "port");
    uint32_t port;
    if (port_text && !parse_port(port_text, &port))
        return tool_misused(ctx, "--port takes a number from 1 to %d", UINT16_MAX);
    if (port_text)
        sm_wire_put_u32(&question.wire, CTL_PORT, port);
    sm_wire_put_text(&question.wire, CTL_USER, tool_value(ctx, "user"));
    return document_ask(ctx, &question, out_document);
}

static int run(const struct tool_context *ctx, int argc, char **argv)
{
    autodocument cJSON *document = NULL;
    char scratch[DOCUMENT_SCRATCH];
    if (argc > 0)
        return tool_misused(ctx, "%s: no operand is expected; the host is given by --host",
                            argv[0]);
    if (!tool_value(ctx, "host"))
        return tool_misused(ctx, "--host is missing");
    int code = ask(ctx, &document);
    if (code != TOOL_EXIT_OK)
        return code;
    if (ctx->json)
        code = document_print(ctx, document);
    else
        render_object(ctx, document);
    if (code == TOOL_EXIT_OK && strcmp(document_text(document, "decision", scratch), "allow") != 0)
        return TOOL_EXIT_FAILED;
    return code;
}

const struct tool_command tool_explain = {
    .name = "explain",
    .summary = "Say what a connection to a host would come to, and by which rule",
    .operands = "--host HOST",
    .options = options,
    .run = run,
};
