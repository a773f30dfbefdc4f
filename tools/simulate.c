/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * simulate.c - `smcred simulate`: what would become of the next login if something happened now.
 * For administrators.
 */
#include "tools/commands.h"
#include "tools/render.h"

#include <stdio.h>

static const struct tool_option options[] = {
    {"secret", "NAME", "whose logins: a secret's name or ARN, or one of its targets"},
    {"sm-down", NULL, "Secrets Manager does not answer"},
    {"rotated", NULL, "a rotation is over, and the keeper has not noticed"},
    {"half-rotated", NULL, "the database has AWSPENDING's password, and AWSCURRENT has not moved"},
    {"changed", NULL, "the database has a password that Secrets Manager does not know"},
    {NULL, NULL, NULL},
};

/* The one scenario that was given, or NULL. */
static const char *scenario_of(const struct tool_context *ctx)
{
    static const char *const names[] = {"sm-down", "rotated", "half-rotated", "changed"};
    const char *found = NULL;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!tool_value(ctx, names[i]))
            continue;
        if (found)
            return NULL;
        found = names[i];
    }
    return found;
}

static void show_member(const cJSON *object, const char *before, const char *member)
{
    char scratch[DOCUMENT_SCRATCH];
    (void)fputs(before, stdout); /* checked when it is closed; so below */
    (void)render_text(stdout, document_text(object, member, scratch));
    (void)putchar('\n');
}

static void show_steps(const cJSON *object)
{
    const cJSON *step;
    cJSON_ArrayForEach(step, cJSON_GetObjectItemCaseSensitive(object, "steps"))
    {
        (void)fputs("    ", stdout);
        (void)render_text(stdout, cJSON_IsString(step) ? step->valuestring : "");
        (void)putchar('\n');
    }
}

static void show_target(const cJSON *target)
{
    const cJSON *then = cJSON_GetObjectItemCaseSensitive(target, "then");
    show_member(target, "target ", "target");
    show_member(target, "  ", "text");
    show_steps(target);
    if (!then)
        return;
    show_member(target, "  and so on until ", "served_until");
    show_member(then, "  from then on ", "text");
    show_steps(then);
}

/* Whether the next login at any target would be refused. */
static bool is_refused(const cJSON *document)
{
    char scratch[DOCUMENT_SCRATCH];
    const cJSON *target;
    cJSON_ArrayForEach(target, cJSON_GetObjectItemCaseSensitive(document, "targets"))
    {
        if (strcmp(document_text(target, "outcome", scratch), "in") != 0)
            return true;
    }
    return false;
}

static void show(const cJSON *document)
{
    const cJSON *target;
    show_member(document, "if ", "text");
    cJSON_ArrayForEach(target, cJSON_GetObjectItemCaseSensitive(document, "targets"))
    {
        show_target(target);
    }
}

static int run(const struct tool_context *ctx, int argc, char **argv)
{
    struct question question;
    autodocument cJSON *document = NULL;
    const char *scenario = scenario_of(ctx);
    int code = TOOL_EXIT_OK;
    if (argc > 0)
        return tool_misused(ctx, "%s: no operand is expected; the secret is given by --secret",
                            argv[0]);
    if (!tool_value(ctx, "secret") || !scenario)
        return tool_misused(ctx, "--secret and one of --sm-down, --rotated, --half-rotated and "
                                 "--changed are expected");
    question_begin(&question, CTL_SIMULATE);
    sm_wire_put_text(&question.wire, CTL_NAME, tool_value(ctx, "secret"));
    sm_wire_put_text(&question.wire, CTL_KIND, scenario);
    code = document_ask(ctx, &question, &document);
    if (code != TOOL_EXIT_OK)
        return code;
    if (ctx->json)
        code = document_print(ctx, document);
    else
        show(document);
    return code == TOOL_EXIT_OK && is_refused(document) ? TOOL_EXIT_FAILED : code;
}

const struct tool_command tool_simulate = {
    .name = "simulate",
    .summary = "Say what would become of the next login if something happened now",
    .operands = "--secret NAME --sm-down|--rotated|--half-rotated|--changed",
    .options = options,
    .run = run,
};
