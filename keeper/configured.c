/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * configured.c - reads, opens, tries.  Called by keeper.c and, for --check-config, by main.c.
 */
#include "keeper/configured.h"

#include "keeper/audit.h"
#include "keeper/index.h"
#include "keeper/source.h"

/* A socket's path is short by nature, and the runtime directory is the option's. */
static bool try_sockets(const struct config *config, const char *runtime_dir,
                        struct config_problems *problems)
{
    char path[INDEX_PATH_MAX];
    bool noted = true;
    for (size_t i = 0; i < config->target_count; i++) {
        const struct config_target *target = &config->targets[i];
        if (!index_socket_path(runtime_dir, target, path))
            noted = config_problems_add(problems, target->place,
                                        "[target %s] the path of its socket in %s is too long",
                                        target->name, runtime_dir) &&
                    noted;
    }
    return noted;
}

static bool add_source_problem(struct config_problems *problems, const struct config *config,
                               const struct sm_error *err)
{
    const char *place = config_place_of(config, err->code);
    if (place)
        return config_problems_add(problems, place, "%s", err->text);
    return config_problems_add(problems, config->sources_place, "[keeper] sources: %s", err->text);
}

/* False for want of memory. */
static bool try_all(const struct options *options, const struct config *config,
                    struct source *source, struct sm_vault *vault, struct config_problems *problems)
{
    struct sm_error err = {0};
    bool noted = try_sockets(config, options->runtime_dir, problems);
    if (source_open(source, config, vault, &err) != SMCRED_OK)
        noted = add_source_problem(problems, config, &err) && noted;
    if (audit_check(config->audit_file, &err) != SMCRED_OK)
        noted = config_problems_add(problems, config->audit_place, "[audit] file: %s", err.text) &&
                noted;
    return noted;
}

enum smcred_status configured_new(const struct options *options, struct sm_vault *vault,
                                  struct configured *out_configured,
                                  struct config_problems *out_problems)
{
    struct configured made = {NULL, NULL};
    *out_problems = (struct config_problems){NULL, 0};
    if (source_new(&made.source) != SMCRED_OK)
        return SMCRED_NO_MEMORY;
    struct config_options how = {.file = options->config_file,
                                 .owner = options->config_owner,
                                 .modules = source_modules(made.source)};
    enum smcred_status status = config_load(&how, &made.config, out_problems);
    if (status == SMCRED_OK && !try_all(options, made.config, made.source, vault, out_problems))
        status = SMCRED_NO_MEMORY;
    if (status == SMCRED_OK && out_problems->count > 0)
        status = SMCRED_INVALID;
    if (status == SMCRED_OK) {
        *out_configured = made;
        return SMCRED_OK;
    }
    config_unref(made.config);
    source_free(made.source);
    return status;
}
