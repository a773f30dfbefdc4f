/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fake.c - a source module for test_chain: it answers as its settings say.
 *
 * Built twice, as libsmcred_source_fake1.so and _fake2.so; and as _stale.so with a wrong ABI.
 */
#include <stdio.h>

#include "sources/module.h"

#ifndef FAKE_ABI
#define FAKE_ABI SM_SOURCE_ABI
#endif

struct sm_source {
    struct sm_vault *vault;
    unsigned status;
    char name[32];
};

static bool knows(const char *key)
{
    return strcmp(key, "status") == 0 || strcmp(key, "name") == 0;
}

static enum smcred_status open_fake(const struct sm_source_settings *settings,
                                    struct sm_vault *vault, struct sm_source **out_source,
                                    struct sm_error *err)
{
    struct sm_source *source = calloc(1, sizeof *source);
    if (!source)
        return SMCRED_NO_MEMORY;
    const char *name = module_setting(settings, "name");
    source->vault = vault;
    (void)snprintf(source->name, sizeof source->name, "%s", name ? name : "");
    enum smcred_status status = module_number(settings, "status", 0, 12, &source->status, err);
    if (status != SMCRED_OK) {
        free(source);
        return status;
    }
    *out_source = source;
    return SMCRED_OK;
}

static void close_fake(struct sm_source *source)
{
    free(source);
}

static enum smcred_status fetch(struct sm_source *source, const struct sm_source_query *query,
                                struct sm_snapshot **out_snapshot, struct sm_error *err)
{
    const struct sm_snapshot from = {
        .name = query->secret_id, .version_id = "v", .username = source->name};
    if (source->status == SMCRED_OK)
        return sm_snapshot_new(&from, out_snapshot);
    (void)sm_error_set(err, (enum smcred_status)source->status, "no %s here", query->secret_id);
    if (err)
        (void)snprintf(err->code, sizeof err->code, "Fake%u", source->status);
    return (enum smcred_status)source->status;
}

const struct sm_source_ops smcred_source = {.abi = FAKE_ABI,
                                            .name = "fake",
                                            .knows = knows,
                                            .open = open_fake,
                                            .close = close_fake,
                                            .fetch = fetch};
