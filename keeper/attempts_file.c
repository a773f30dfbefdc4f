/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * attempts_file.c - no password, and by the wall clock, for the other one begins with the machine.
 * Called by keeper.c.
 */
#include "keeper/attempts_file.h"

#include <cjson/cJSON.h>
#include <stdio.h>

#include "keeper/statefile.h"

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

static char *print(const struct attempts *attempts, int64_t wall_ms)
{
    cJSON *document = cJSON_CreateObject();
    struct writing writing = {.list = cJSON_AddArrayToObject(document, "wrong"),
                              .wall_ms = wall_ms};
    if (writing.list)
        attempts_walk_wrong(attempts, put_one, &writing);
    char *text = writing.list && !writing.failed ? cJSON_PrintUnformatted(document) : NULL;
    cJSON_Delete(document);
    return text;
}

enum smcred_status attempts_save(const struct attempts *attempts, const char *directory,
                                 int64_t wall_ms, struct sm_error *err)
{
    sm_autofree char *path = NULL;
    if (asprintf(&path, "%s/" ATTEMPTS_FILE, directory) < 0) {
        path = NULL;
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    }
    char *text = print(attempts, wall_ms);
    if (!text)
        return sm_error_set(err, SMCRED_NO_MEMORY, "%s is not written: out of memory", path);
    enum smcred_status status = statefile_replace(path, text);
    cJSON_free(text);
    return status == SMCRED_OK
               ? status
               : sm_error_set(err, status, "%s is not written: %s", path, strerror(errno));
}

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

static enum smcred_status parse(struct attempts *attempts, const char *text, int64_t wall_ms)
{
    cJSON *document = cJSON_Parse(text);
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(document, "wrong"), *object;
    enum smcred_status status = cJSON_IsArray(list) ? SMCRED_OK : SMCRED_INVALID;
    cJSON_ArrayForEach(object, list)
    {
        enum smcred_status taken = take_one(attempts, object, wall_ms);
        if (taken != SMCRED_OK)
            status = taken;
    }
    cJSON_Delete(document);
    return status;
}

enum smcred_status attempts_load(struct attempts *attempts, const char *directory, int64_t wall_ms,
                                 struct sm_error *err)
{
    sm_autofree char *path = NULL, *text = NULL;
    if (asprintf(&path, "%s/" ATTEMPTS_FILE, directory) < 0) {
        path = NULL;
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    }
    enum smcred_status status = statefile_read(path, &text, err);
    if (status != SMCRED_OK || !text)
        return status;
    status = parse(attempts, text, wall_ms);
    return status == SMCRED_OK ? status : sm_error_set(err, status, "%s is damaged", path);
}
