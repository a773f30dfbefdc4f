/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * attempts_file.c - no password, and by the wall clock, for the other one begins with the machine.
 * Called by keeper.c.
 */
#include "keeper/attempts_file.h"

#include <cjson/cJSON.h>

#include "keeper/record.h"

struct attempts_file {
    struct attempts_file_options options;
    struct record *record;
};

/* ---- writing ---- */

struct writing {
    cJSON *list;
    int64_t wall_ms;
    bool failed;
};

static void put_one(void *arg, const struct attempts_wrong_one *one)
{
    struct writing *writing = arg;
    cJSON *object = cJSON_CreateObject();
    bool put = cJSON_AddStringToObject(object, "user", one->account.user) &&
               cJSON_AddStringToObject(object, "endpoint", one->account.endpoint) &&
               cJSON_AddStringToObject(object, "version", one->version_id) &&
               cJSON_AddNumberToObject(object, "at_ms", (double)(writing->wall_ms - one->age_ms)) &&
               cJSON_AddItemToArray(writing->list, object);
    if (put)
        return;
    cJSON_Delete(object);
    writing->failed = true;
}

static char *print(void *arg)
{
    const struct attempts_file *file = arg;
    cJSON *document = cJSON_CreateObject();
    struct writing writing = {.list = cJSON_AddArrayToObject(document, "wrong"),
                              .wall_ms = file->options.wall_ms()};
    if (writing.list)
        attempts_walk_wrong(file->options.attempts, put_one, &writing);
    char *text = writing.list && !writing.failed ? cJSON_PrintUnformatted(document) : NULL;
    cJSON_Delete(document);
    return text;
}

static void on_written(void *arg, uint64_t changes)
{
    const struct attempts_file *file = arg;
    attempts_kept(file->options.attempts, changes);
    if (file->options.kept)
        file->options.kept(file->options.arg);
}

/* ---- reading ---- */

static const char *text_of(const cJSON *object, const char *member)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, member));
}

static enum smcred_status take_one(struct attempts *attempts, const cJSON *object, int64_t wall_ms)
{
    const cJSON *at = cJSON_GetObjectItemCaseSensitive(object, "at_ms");
    struct attempts_wrong_one one = {
        .account = {text_of(object, "user"), text_of(object, "endpoint")},
        .version_id = text_of(object, "version")};
    if (!one.account.user || !one.account.endpoint || !one.version_id || !cJSON_IsNumber(at) ||
        at->valuedouble < 0 || at->valuedouble > 1e15)
        return SMCRED_INVALID;
    one.age_ms = wall_ms - (int64_t)at->valuedouble;
    if (one.age_ms < 0)
        one.age_ms = 0;
    return attempts_restore(attempts, &one);
}

static enum smcred_status parse(void *arg, const char *text)
{
    const struct attempts_file *file = arg;
    cJSON *document = cJSON_Parse(text);
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(document, "wrong"), *object;
    enum smcred_status status = cJSON_IsArray(list) ? SMCRED_OK : SMCRED_INVALID;
    cJSON_ArrayForEach(object, list)
    {
        enum smcred_status taken =
            take_one(file->options.attempts, object, file->options.wall_ms());
        if (taken != SMCRED_OK)
            status = taken;
    }
    cJSON_Delete(document);
    return status;
}

/* ---- the file ---- */

static uint64_t changes_of(void *arg)
{
    const struct attempts_file *file = arg;
    return attempts_changes(file->options.attempts);
}

enum smcred_status attempts_file_new(const struct attempts_file_options *options,
                                     struct attempts_file **out_file)
{
    struct attempts_file *file = calloc(1, sizeof *file);
    if (!file)
        return SMCRED_NO_MEMORY;
    file->options = *options;
    struct record_options record = {.workers = options->workers,
                                    .directory = options->directory,
                                    .name = ATTEMPTS_FILE,
                                    .what = "wrong passwords",
                                    .now_ms = options->now_ms,
                                    .changes = changes_of,
                                    .print = print,
                                    .written = on_written,
                                    .arg = file};
    enum smcred_status status = record_new(&record, &file->record);
    if (status != SMCRED_OK) {
        free(file);
        return status;
    }
    *out_file = file;
    return SMCRED_OK;
}

enum smcred_status attempts_file_load(struct attempts_file *file, struct sm_error *err)
{
    return record_load(file->record, parse, err);
}

void attempts_file_write(struct attempts_file *file)
{
    record_write(file->record);
}

void attempts_file_tick(struct attempts_file *file)
{
    record_tick(file->record);
}

void attempts_file_free(struct attempts_file *file)
{
    if (!file)
        return;
    record_free(file->record);
    free(file);
}
