/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tries_file.c - what each key owes still, and when that was so by the wall clock, for the other
 * one begins with the machine.  Called by keeper.c.
 */
#include "keeper/tries_file.h"

#include <cjson/cJSON.h>
#include <stdio.h>

#include "keeper/record.h"

#define HEX_SIZE (2 * TRIES_DIGEST_SIZE + 1)
#define OWES_MAX 1e11 /* ms: three years; a window is shorter */

struct tries_file {
    struct tries_file_options options;
    struct record *record;
};

/* ---- writing ---- */

struct writing {
    cJSON *list;
    bool failed;
};

static void put_one(void *arg, const struct tries_debt *debt)
{
    struct writing *writing = arg;
    char hex[HEX_SIZE];
    cJSON *object = cJSON_CreateObject();
    for (size_t i = 0; i < TRIES_DIGEST_SIZE; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", debt->digest[i]); /* fits */
    if (cJSON_AddStringToObject(object, "key", hex) &&
        cJSON_AddNumberToObject(object, "owes_ms", (double)debt->owes_ms) &&
        cJSON_AddItemToArray(writing->list, object))
        return;
    cJSON_Delete(object);
    writing->failed = true;
}

static char *print(void *arg)
{
    const struct tries_file *file = arg;
    cJSON *document = cJSON_CreateObject();
    bool dated = cJSON_AddNumberToObject(document, "at_ms", (double)file->options.wall_ms());
    struct writing writing = {.list = dated ? cJSON_AddArrayToObject(document, "wrong") : NULL};
    if (writing.list)
        tries_walk(file->options.tries, put_one, &writing);
    char *text = writing.list && !writing.failed ? cJSON_PrintUnformatted(document) : NULL;
    cJSON_Delete(document);
    return text;
}

/* ---- reading ---- */

static int digit_of(char character)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = character ? strchr(digits, character) : NULL;
    return at ? (int)(at - digits) : -1;
}

static bool read_digest(const char *hex, uint8_t out_digest[TRIES_DIGEST_SIZE])
{
    if (!hex || strlen(hex) != HEX_SIZE - 1)
        return false;
    for (size_t i = 0; i < TRIES_DIGEST_SIZE; i++) {
        int high = digit_of(hex[2 * i]), low = digit_of(hex[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out_digest[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/*   age_ms  of the file */
static enum smcred_status take_one(struct tries *tries, const cJSON *object, int64_t age_ms)
{
    struct tries_debt debt;
    const cJSON *owes = cJSON_GetObjectItemCaseSensitive(object, "owes_ms");
    const char *hex = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "key"));
    if (!read_digest(hex, debt.digest) || !cJSON_IsNumber(owes) || owes->valuedouble < 0 ||
        owes->valuedouble > OWES_MAX)
        return SMCRED_INVALID;
    debt.owes_ms = (int64_t)owes->valuedouble - age_ms;
    return debt.owes_ms > 0 ? tries_restore(tries, &debt) : SMCRED_OK;
}

static enum smcred_status parse(void *arg, const char *text)
{
    const struct tries_file *file = arg;
    cJSON *document = cJSON_Parse(text);
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(document, "wrong"), *object;
    const cJSON *at = cJSON_GetObjectItemCaseSensitive(document, "at_ms");
    bool whole =
        cJSON_IsArray(list) && cJSON_IsNumber(at) && at->valuedouble >= 0 && at->valuedouble < 1e15;
    enum smcred_status status = whole ? SMCRED_OK : SMCRED_INVALID;
    int64_t age_ms = whole ? file->options.wall_ms() - (int64_t)at->valuedouble : 0;
    if (age_ms < 0) /* the clock was set back: nothing is given back for that */
        age_ms = 0;
    cJSON_ArrayForEach(object, list)
    {
        enum smcred_status taken = take_one(file->options.tries, object, age_ms);
        if (taken != SMCRED_OK)
            status = taken;
    }
    cJSON_Delete(document);
    return status;
}

/* ---- the file ---- */

static uint64_t changes_of(void *arg)
{
    const struct tries_file *file = arg;
    return tries_changes(file->options.tries);
}

enum smcred_status tries_file_new(const struct tries_file_options *options,
                                  struct tries_file **out_file)
{
    struct tries_file *file = calloc(1, sizeof *file);
    if (!file)
        return SMCRED_NO_MEMORY;
    file->options = *options;
    struct record_options record = {.workers = options->workers,
                                    .directory = options->directory,
                                    .name = TRIES_FILE,
                                    .what = "who guesses",
                                    .now_ms = options->now_ms,
                                    .changes = changes_of,
                                    .print = print,
                                    .arg = file};
    enum smcred_status status = record_new(&record, &file->record);
    if (status != SMCRED_OK) {
        free(file);
        return status;
    }
    *out_file = file;
    return SMCRED_OK;
}

enum smcred_status tries_file_load(struct tries_file *file, struct sm_error *err)
{
    return record_load(file->record, parse, err);
}

void tries_file_tick(struct tries_file *file)
{
    record_tick(file->record);
}

void tries_file_free(struct tries_file *file)
{
    if (!file)
        return;
    record_free(file->record);
    free(file);
}
