/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * manager.c - loads the module that speaks to Secrets Manager, and writes its requests.
 */
#include "tools/manager.h"

#include <stdio.h>
#include <sys/random.h>

#include "common/clock.h"
#include "sources/chain.h"

#define REQUEST_MAX (512 << 10) /* bytes: a value of 64 KiB, each byte as \u00NN, and its frame */

struct manager {
    struct sm_vault *vault;
    struct source_chain *chain;
};

struct request {
    struct sm_secret *body;
    bool begun;
    bool overflow;
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

int request_new(const struct tool_context *ctx, struct manager *manager,
                struct request **out_request)
{
    struct request *request = calloc(1, sizeof *request);
    if (!request || sm_secret_alloc(manager->vault, REQUEST_MAX, &request->body) != SMCRED_OK) {
        free(request);
        return tool_failed(ctx, SMCRED_NO_MEMORY, "out of memory");
    }
    *out_request = request;
    return TOOL_EXIT_OK;
}

void request_free(struct request *request)
{
    if (!request)
        return;
    sm_secret_free(request->body);
    free(request);
}

static void put(struct request *request, struct sm_bytes bytes)
{
    size_t room;
    void *at = sm_secret_room(request->body, &room);
    if (bytes.len > room) {
        request->overflow = true;
        return;
    }
    memcpy(at, bytes.data, bytes.len);
    sm_secret_grow(request->body, bytes.len);
}

static void put_escaped(struct request *request, struct sm_bytes text)
{
    const unsigned char *at = text.data;
    put(request, sm_bytes_of("\""));
    for (size_t i = 0; i < text.len; i++) {
        char escape[8];
        if (at[i] >= 0x20 && at[i] != '"' && at[i] != '\\') {
            put(request, sm_bytes(at + i, 1));
            continue;
        }
        (void)snprintf(escape, sizeof escape, "\\u%04x", at[i]);
        put(request, sm_bytes_of(escape));
        explicit_bzero(escape, sizeof escape);
    }
    put(request, sm_bytes_of("\""));
}

static void put_member(struct request *request, const char *member)
{
    put(request, sm_bytes_of(request->begun ? "," : "{"));
    request->begun = true;
    put_escaped(request, sm_bytes_of(member));
    put(request, sm_bytes_of(":"));
}

void request_text(struct request *request, const char *member, const char *value)
{
    if (!value)
        return;
    put_member(request, member);
    put_escaped(request, sm_bytes_of(value));
}

void request_secret(struct request *request, const char *member, const struct sm_secret *value)
{
    put_member(request, member);
    put_escaped(request, sm_secret_view(value));
}

void request_number(struct request *request, const char *member, unsigned value)
{
    char text[16];
    (void)snprintf(text, sizeof text, "%u", value);
    put_member(request, member);
    put(request, sm_bytes_of(text));
}

void request_token(struct request *request)
{
    unsigned char r[16];
    char text[37];
    if (getrandom(r, sizeof r, 0) != (ssize_t)sizeof r) {
        request->overflow = true; /* never on Linux for so few bytes, once booted */
        return;
    }
    r[6] = (unsigned char)((r[6] & 0x0f) | 0x40); /* RFC 4122, version 4 */
    r[8] = (unsigned char)((r[8] & 0x3f) | 0x80);
    (void)snprintf(text, sizeof text,
                   "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", r[0],
                   r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8], r[9], r[10], r[11], r[12], r[13],
                   r[14], r[15]);
    request_text(request, "ClientRequestToken", text);
}

int manager_call(const struct tool_context *ctx, struct manager *manager, const char *operation,
                 struct request *request, cJSON **out_answer)
{
    struct sm_error err = {0};
    sm_autosecret struct sm_secret *answer = NULL;
    put(request, sm_bytes_of(request->begun ? "}" : "{}"));
    if (request->overflow)
        return tool_failed(ctx, SMCRED_TOO_LARGE, "the request is too large");
    enum smcred_status status = source_chain_call(manager->chain, operation, request->body,
                                                  sm_boot_ms() + ctx->timeout_ms, &answer, &err);
    if (status != SMCRED_OK)
        return tool_failed(ctx, status, "%s", err.text);
    struct sm_bytes text = sm_secret_view(answer);
    cJSON *parsed = cJSON_ParseWithLength(text.data, text.len);
    if (!cJSON_IsObject(parsed)) {
        cJSON_Delete(parsed);
        return tool_failed(ctx, SMCRED_PROTOCOL, "the answer to %s is not a JSON object",
                           operation);
    }
    *out_answer = parsed;
    return TOOL_EXIT_OK;
}
