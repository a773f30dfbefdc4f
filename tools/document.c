/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * document.c - asks the keeper for a document, a sealed memfd, and reads it.  Called by every
 * subcommand that talks to the keeper.
 */
#include "tools/document.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "common/controlclient.h"

#define WHOLE_MAX 9007199254740992.0 /* 2^53: beyond it a JSON number is no count */

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

void question_begin(struct question *question, enum ctl_verb verb)
{
    sm_wire_begin(&question->wire, question->buffer, sizeof question->buffer, (uint16_t)verb,
                  SMCRED_OK, (uint64_t)sm_boot_ms());
}

/* What is sealed cannot change between our check and our read. */
static enum smcred_status document_size(int fd, size_t *out_size)
{
    struct stat about;
    int seals = fcntl(fd, F_GET_SEALS);
    if (seals < 0 || (seals & SEALS) != SEALS || fstat(fd, &about) != 0)
        return SMCRED_PROTOCOL;
    if (about.st_size <= 0 || about.st_size > DOCUMENT_MAX)
        return SMCRED_TOO_LARGE;
    *out_size = (size_t)about.st_size;
    return SMCRED_OK;
}

static enum smcred_status read_document(int fd, cJSON **out_document)
{
    size_t size, have = 0;
    enum smcred_status status = document_size(fd, &size);
    if (status != SMCRED_OK)
        return status;
    sm_autofree char *text = malloc(size);
    if (!text)
        return SMCRED_NO_MEMORY;
    while (have < size) {
        ssize_t got = pread(fd, text + have, size - have, (off_t)have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return SMCRED_PROTOCOL;
        have += (size_t)got;
    }
    cJSON *document = cJSON_ParseWithLength(text, size);
    if (!cJSON_IsObject(document)) {
        cJSON_Delete(document);
        return SMCRED_PROTOCOL;
    }
    *out_document = document;
    return SMCRED_OK;
}

enum smcred_status document_try(const struct tool_context *ctx, struct question *question,
                                cJSON **out_document, struct sm_error *err)
{
    sm_autocontrol struct sm_control control = {.fd = -1};
    sm_autoclose int fd = -1;
    enum smcred_status status = sm_control_ask(ctx->socket_path, &question->wire,
                                               sm_boot_ms() + ctx->timeout_ms, &control, err);
    if (status == SMCRED_OK)
        status = sm_control_answer(&control, &fd, err);
    if (status != SMCRED_OK)
        return status;
    status = read_document(fd, out_document);
    return status == SMCRED_OK
               ? status
               : sm_error_set(err, status, "the keeper's document cannot be read: %s",
                              sm_status_text(status));
}

int document_ask(const struct tool_context *ctx, struct question *question, cJSON **out_document)
{
    struct sm_error err = {0};
    enum smcred_status status = document_try(ctx, question, out_document, &err);
    return status == SMCRED_OK ? TOOL_EXIT_OK : tool_failed(ctx, status, "%s", err.text);
}

const char *document_text(const cJSON *object, const char *member, char scratch[DOCUMENT_SCRATCH])
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, member);
    if (cJSON_IsString(item) && item->valuestring)
        return item->valuestring;
    if (cJSON_IsBool(item))
        return cJSON_IsTrue(item) ? "yes" : "no";
    if (!cJSON_IsNumber(item))
        return "";
    double number = item->valuedouble;
    if (number > -WHOLE_MAX && number < WHOLE_MAX && (double)(int64_t)number == number)
        (void)snprintf(scratch, DOCUMENT_SCRATCH, "%lld", (long long)number);
    else
        (void)snprintf(scratch, DOCUMENT_SCRATCH, "%.3f", number);
    return scratch;
}

int document_print(const struct tool_context *ctx, const cJSON *document)
{
    char *text = cJSON_Print(document);
    if (!text)
        return tool_failed(ctx, SMCRED_NO_MEMORY, "out of memory");
    (void)puts(text); /* checked when standard output is closed */
    cJSON_free(text);
    return TOOL_EXIT_OK;
}
