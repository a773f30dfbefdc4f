/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tools.c - from the command line to a row of the table, and from a status to an exit code.
 */
#include "tools/tools.h"

#include <assert.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>

#include <cjson/cJSON.h>

#include "common/controlclient.h"

#define TIMEOUT_MAX_S 3600
#define NAME_MAX_LEN  64 /* "smcred secret get-metadata" */

enum common_option { OPTION_HELP, OPTION_JSON, OPTION_SOCKET, OPTION_TIMEOUT, COMMON_COUNT };

static const struct tool_option common_options[COMMON_COUNT + 1] = {
    [OPTION_HELP] = {"help", NULL, "print this text and exit"},
    [OPTION_JSON] = {"json", NULL, "answer with one JSON document on standard output"},
    [OPTION_SOCKET] = {"socket", "PATH", "the keeper's control socket"},
    [OPTION_TIMEOUT] = {"timeout", "SECONDS", "how long to wait for an answer"},
};

/* The one translation from a status to an exit code. */
static enum tool_exit exit_of(enum smcred_status status)
{
    switch (status) {
    case SMCRED_OK:
        return TOOL_EXIT_OK;
    case SMCRED_UNAVAILABLE:
    case SMCRED_TIMED_OUT:
        return TOOL_EXIT_UNAVAILABLE;
    case SMCRED_SYSTEM:
    case SMCRED_NOT_FOUND:
    case SMCRED_DENIED:
    case SMCRED_INVALID:
    case SMCRED_TOO_LARGE:
    case SMCRED_NO_MEMORY:
    case SMCRED_PROTOCOL:
    case SMCRED_REVOKED:
    case SMCRED_LIMITED:
    case SMCRED_UNSUPPORTED:
        return TOOL_EXIT_FAILED;
    }
    return TOOL_EXIT_FAILED;
}

/* With --json a failure is a document too: {"error": {"status": "denied", "text": "..."}}. */
static void print_json_error(const char *status, const char *text)
{
    cJSON *document = cJSON_CreateObject();
    cJSON *error = cJSON_AddObjectToObject(document, "error");
    (void)cJSON_AddStringToObject(error, "status", status); /* a failure here leaves no document */
    (void)cJSON_AddStringToObject(error, "text", text);
    char *printed = cJSON_PrintUnformatted(document);
    if (printed)
        (void)puts(printed); /* checked when standard output is closed */
    cJSON_free(printed);
    cJSON_Delete(document);
}

SM_PRINTF(3, 0)
static void complain(const struct tool_context *ctx, const char *status, const char *format,
                     va_list args)
{
    char text[SM_ERROR_TEXT_MAX];
    (void)vsnprintf(text, sizeof text, format, args); /* truncation is fine */
    (void)fprintf(stderr, "%s: %s\n", ctx->name, text);
    if (ctx->json)
        print_json_error(status, text);
}

int tool_failed(const struct tool_context *ctx, enum smcred_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    complain(ctx, sm_status_text(status), format, args);
    va_end(args);
    return (int)exit_of(status);
}

int tool_misused(const struct tool_context *ctx, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    complain(ctx, "usage", format, args);
    va_end(args);
    (void)fprintf(stderr, "Try '%s --help'.\n", ctx->name);
    return TOOL_EXIT_USAGE;
}

/* The options of a row are numbered after the common ones; NULL after the last. */
static const struct tool_option *option_at(const struct tool_command *command, size_t i)
{
    if (i < COMMON_COUNT)
        return &common_options[i];
    const struct tool_option *own = command ? command->options : NULL;
    return own && own[i - COMMON_COUNT].name ? &own[i - COMMON_COUNT] : NULL;
}

const char *tool_value(const struct tool_context *ctx, const char *option)
{
    const struct tool_option *at;
    for (size_t i = 0; (at = option_at(ctx->command, i)); i++)
        if (strcmp(at->name, option) == 0)
            return ctx->values[i];
    assert(!"an option of this subcommand");
    return NULL;
}

static void print_options(const struct tool_option *options)
{
    for (; options && options->name; options++) {
        char left[NAME_MAX_LEN];
        (void)snprintf(left, sizeof left, "--%s%s%s", options->name, options->value ? " " : "",
                       options->value ? options->value : "");
        (void)printf("  %-22s  %s\n", left, options->help);
    }
}

static void print_command_help(const struct tool_context *ctx)
{
    const struct tool_command *command = ctx->command;
    (void)printf("Usage: %s [OPTION...]%s%s\n\n%s.\n\n", ctx->name, *command->operands ? " " : "",
                 command->operands, command->summary);
    if (command->options) {
        (void)printf("Options:\n");
        print_options(command->options);
        (void)printf("\n");
    }
    (void)printf("Common options:\n");
    print_options(common_options);
    (void)printf("\nSee smcred(1).\n");
}

/* The whole table, or the rows whose name begins with the word `family`. */
static void print_commands(const char *family)
{
    size_t len = strlen(family);
    for (size_t i = 0; tool_commands[i]; i++) {
        const struct tool_command *command = tool_commands[i];
        if (len == 0 || (strncmp(command->name, family, len) == 0 && command->name[len] == ' '))
            (void)printf("  %-22s  %s\n", command->name, command->summary);
    }
}

static void print_help(void)
{
    (void)printf("Usage: smcred [OPTION...] COMMAND [ARGUMENT...]\n\n"
                 "Reaches databases whose passwords nobody here has to know.\n\nCommands:\n");
    print_commands("");
    (void)printf("\nOptions:\n");
    print_options(common_options);
    (void)printf("  %-22s  print the version and exit\n\n"
                 "'smcred COMMAND --help' tells more.  See smcred(1).\n",
                 "--version");
}

/* no-color.org: present and not empty, whatever it says. */
static bool colour_wanted(void)
{
    const char *no_color = getenv("NO_COLOR");
    return isatty(STDOUT_FILENO) && !(no_color && *no_color);
}

static bool parse_timeout(const char *text, int64_t *out_ms)
{
    char *end;
    errno = 0;
    double seconds = strtod(text, &end);
    if (errno != 0 || end == text || *end != '\0' || !(seconds > 0) || seconds > TIMEOUT_MAX_S)
        return false;
    *out_ms = (int64_t)(seconds * 1000);
    return *out_ms > 0;
}

/* What a common option means, once all are read. */
static int apply_common(struct tool_context *ctx)
{
    if (ctx->values[OPTION_SOCKET])
        ctx->socket_path = ctx->values[OPTION_SOCKET];
    const char *timeout = ctx->values[OPTION_TIMEOUT];
    if (timeout && !parse_timeout(timeout, &ctx->timeout_ms))
        return tool_misused(ctx, "--timeout takes seconds, above 0 and up to %d", TIMEOUT_MAX_S);
    return TOOL_EXIT_OK;
}

#define WRONG_MAX    200 /* bytes of an option that is none, for its mention */
#define CODE_FIRST   256 /* what getopt_long() returns for option 0; above every letter */
#define CODE_VERSION 255

/* The option that getopt_long() has just complained of: one letter of several, or a whole word. */
static void name_option(char *const *argv, char out_name[WRONG_MAX])
{
    if (optopt > 0 && optopt < CODE_VERSION)
        (void)snprintf(out_name, WRONG_MAX, "-%c", optopt);
    else
        (void)snprintf(out_name, WRONG_MAX, "%s", argv[optind - 1]); /* may be cut */
}

/*
 * Reads the options in front (before the subcommand, or of one that runs a program) or all of them.
 * Values land in ctx->values; optind is the first operand.  *out_version tells of --version.
 */
static int parse_options(struct tool_context *ctx, int argc, char **argv, bool only_in_front,
                         bool *out_version)
{
    struct option longs[TOOL_OPTIONS_MAX + 2] = {0};
    const struct tool_option *at;
    size_t count = 0;
    for (; (at = option_at(ctx->command, count)); count++) {
        assert(count < TOOL_OPTIONS_MAX);
        longs[count] = (struct option){.name = at->name,
                                       .has_arg = at->value ? required_argument : no_argument,
                                       .val = CODE_FIRST + (int)count};
    }
    if (!ctx->command)
        longs[count] = (struct option){.name = "version", .val = CODE_VERSION};
    optind = 0; /* glibc: forget the last command line */
    int code, mistake = 0;
    char wrong[WRONG_MAX] = "";
    while ((code = getopt_long(argc, argv, only_in_front ? "+:h" : ":h", longs, NULL)) != -1) {
        if (code == 'h')
            code = CODE_FIRST + OPTION_HELP;
        if (code == CODE_VERSION) {
            *out_version = true;
        } else if (code >= CODE_FIRST) {
            ctx->values[code - CODE_FIRST] = optarg ? optarg : "";
        } else if (mistake == 0) { /* the first is told; a --json behind it still counts */
            mistake = code;
            name_option(argv, wrong);
        }
    }
    ctx->json |= ctx->values[OPTION_JSON] != NULL;
    if (mistake != 0)
        return tool_misused(
            ctx, mistake == ':' ? "%s needs an argument" : "there is no such option here: %s",
            wrong);
    return apply_common(ctx);
}

/* The row named by the next word, or the next two; *words gets how many. */
static const struct tool_command *find_command(char **words, int *out_count)
{
    for (size_t i = 0; tool_commands[i]; i++) {
        const char *name = tool_commands[i]->name;
        size_t len = strlen(words[0]);
        if (strncmp(name, words[0], len) != 0)
            continue;
        bool one = name[len] == '\0';
        bool two = name[len] == ' ' && words[1] && strcmp(name + len + 1, words[1]) == 0;
        if (one || two) {
            *out_count = two ? 2 : 1;
            return tool_commands[i];
        }
    }
    return NULL;
}

static bool is_family(const char *word)
{
    size_t len = strlen(word);
    for (size_t i = 0; tool_commands[i]; i++)
        if (strncmp(tool_commands[i]->name, word, len) == 0 && tool_commands[i]->name[len] == ' ')
            return true;
    return false;
}

/* "smcred secret" alone: its rows are asked for, or a second word is missing or wrong. */
static int answer_family(const struct tool_context *ctx, char **words)
{
    if (words[1] && (strcmp(words[1], "--help") == 0 || strcmp(words[1], "-h") == 0)) {
        (void)printf("Usage: smcred %s COMMAND [ARGUMENT...]\n\nCommands:\n", words[0]);
        print_commands(words[0]);
        return TOOL_EXIT_OK;
    }
    if (!words[1])
        return tool_misused(ctx, "%s needs one more word", words[0]);
    return tool_misused(ctx, "there is no command %s %s", words[0], words[1]);
}

static int run_command(struct tool_context *ctx, int argc, char **argv)
{
    int words;
    ctx->command = find_command(argv, &words);
    if (!ctx->command && is_family(argv[0]))
        return answer_family(ctx, argv);
    if (!ctx->command)
        return tool_misused(ctx, "there is no command %s", argv[0]);
    char name[NAME_MAX_LEN];
    (void)snprintf(name, sizeof name, "smcred %s", ctx->command->name);
    ctx->name = name;
    if (!ctx->values[OPTION_TIMEOUT] && ctx->command->timeout_ms > 0)
        ctx->timeout_ms = ctx->command->timeout_ms;
    /* getopt_long() skips one word, as if it were the program's name */
    int code =
        parse_options(ctx, argc - words + 1, argv + words - 1, ctx->command->runs_program, NULL);
    if (code != TOOL_EXIT_OK)
        return code;
    if (ctx->values[OPTION_HELP]) {
        print_command_help(ctx);
        return TOOL_EXIT_OK;
    }
    int first = words - 1 + optind;
    return ctx->command->run(ctx, argc - first, argv + first);
}

/* A full disk or a closed pipe must not look like success. */
static int close_output(const struct tool_context *ctx, int code)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    (void)fprintf(stderr, "%s: cannot write the answer: %s\n", ctx->name, strerror(errno));
    return code == TOOL_EXIT_OK ? TOOL_EXIT_FAILED : code;
}

int tool_main(int argc, char **argv)
{
    struct tool_context ctx = {.name = "smcred",
                               .socket_path = sm_control_path(NULL),
                               .timeout_ms = CTL_TIMEOUT_MS,
                               .colour = colour_wanted()};
    bool version = false;
    int code = parse_options(&ctx, argc, argv, true, &version);
    if (code != TOOL_EXIT_OK)
        return code;
    if (ctx.values[OPTION_HELP])
        print_help();
    else if (version)
        (void)printf("smcred %s\n", PACKAGE_VERSION);
    else if (optind >= argc)
        code = tool_misused(&ctx, "a command is missing");
    else
        code = run_command(&ctx, argc - optind, argv + optind);
    ctx.name = "smcred";
    return close_output(&ctx, code);
}
