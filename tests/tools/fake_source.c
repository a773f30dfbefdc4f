/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fake_source.c - stands for the module that speaks to Secrets Manager.
 *
 * Writes each request to $FAKE_SOURCE/requests, with the settings it was given, and answers with
 * $FAKE_SOURCE/OPERATION.json; where there is none it refuses as AWS would.
 */
#include <stdio.h>

#include "common/source.h"

#define ANSWER_MAX    65536
#define SETTING_COUNT 3
#define SETTING_MAX   256

extern const struct sm_source_ops smcred_source __attribute__((visibility("default")));

struct sm_source {
    struct sm_vault *vault;
    char settings[SETTING_COUNT][SETTING_MAX];
};

static enum smcred_status source_open(const struct sm_source_settings *settings,
                                      struct sm_vault *vault, struct sm_source **out_source,
                                      struct sm_error *err)
{
    static const char *const names[SETTING_COUNT] = {"endpoint_url", "region", "profile"};
    struct sm_source *source = calloc(1, sizeof *source);
    if (!source)
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    source->vault = vault;
    for (size_t i = 0; i < SETTING_COUNT; i++)
        for (size_t k = 0; k < settings->count; k++)
            if (strcmp(settings->list[k].key, names[i]) == 0)
                (void)snprintf(source->settings[i], sizeof source->settings[i], "%s",
                               settings->list[k].value);
    *out_source = source;
    return SMCRED_OK;
}

static void source_close(struct sm_source *source)
{
    free(source);
}

static bool knows(const char *key)
{
    (void)key;
    return false;
}

static enum smcred_status fetch(struct sm_source *source, const struct sm_source_query *query,
                                struct sm_snapshot **out_snapshot, struct sm_error *err)
{
    (void)source, (void)query, (void)out_snapshot;
    return sm_error_set(err, SMCRED_UNSUPPORTED, "a fake fetches nothing");
}

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value ? value : "";
}

static enum smcred_status call(struct sm_source *source, const char *operation,
                               const struct sm_secret *request, int64_t deadline_ms,
                               struct sm_secret **out_answer, struct sm_error *err)
{
    (void)deadline_ms;
    char path[4096];
    struct sm_bytes body = sm_secret_view(request);
    (void)snprintf(path, sizeof path, "%s/requests", variable("FAKE_SOURCE"));
    FILE *file = fopen(path, "a");
    if (!file)
        return sm_error_set(err, SMCRED_SYSTEM, "cannot write %s", path);
    (void)fprintf(file, "%s %s|%s|%s %.*s\n", operation, source->settings[0], source->settings[1],
                  source->settings[2], (int)body.len, (const char *)body.data);
    (void)fclose(file); /* a test that misses the line fails */
    (void)snprintf(path, sizeof path, "%s/%s.json", variable("FAKE_SOURCE"), operation);
    file = fopen(path, "r");
    if (!file)
        return sm_error_set(err, SMCRED_DENIED, "AccessDeniedException: you may not %s", operation);
    struct sm_secret *answer;
    enum smcred_status status = sm_secret_alloc(source->vault, ANSWER_MAX, &answer);
    if (status == SMCRED_OK) {
        size_t room;
        void *at = sm_secret_room(answer, &room);
        sm_secret_grow(answer, fread(at, 1, room, file));
        *out_answer = answer;
    }
    (void)fclose(file); /* only read from */
    return status;
}

const struct sm_source_ops smcred_source = {.abi = SM_SOURCE_ABI,
                                            .name = "secretsmanager",
                                            .knows = knows,
                                            .open = source_open,
                                            .close = source_close,
                                            .fetch = fetch,
                                            .call = call};
