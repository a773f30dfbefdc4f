/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * chain.c - loads the source modules of a line, and asks them in turn.
 *
 * Immutable once opened, hence free of locks: a module brings its own.
 */
#include "sources/chain.h"

#include <dlfcn.h>
#include <stdio.h>

#include "sources/line.h"

struct link {
    struct line_source line;
    void *object; /* from dlopen() */
    const struct sm_source_ops *ops;
    struct sm_source *source; /* NULL until opened */
};

struct source_chain {
    struct link list[SOURCE_CHAIN_MAX];
    size_t count;
};

/* The path is absolute or has a slash in any case, so that no search path has a say. */
static enum smcred_status load_module(struct link *link, const char *module_dir,
                                      struct sm_error *err)
{
    char path[4096];
    const char *name = link->line.name;
    int len = snprintf(path, sizeof path, "%s/libsmcred_source_%s.so", module_dir, name);
    if (len < 0 || (size_t)len >= sizeof path)
        return sm_error_set(err, SMCRED_INVALID, "source %s: the module directory is too long",
                            name);
    /* Never unloaded: curl and OpenSSL below it keep per-thread state and exit handlers. */
    link->object = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!link->object)
        return sm_error_set(err, SMCRED_NOT_FOUND, "source %s: %s", name, dlerror());
    link->ops = dlsym(link->object, SM_SOURCE_SYMBOL);
    if (!link->ops)
        return sm_error_set(err, SMCRED_UNSUPPORTED,
                            "source %s: %s has no symbol " SM_SOURCE_SYMBOL, name, path);
    if (link->ops->abi != SM_SOURCE_ABI)
        return sm_error_set(err, SMCRED_UNSUPPORTED, "source %s: %s has ABI %u, we have %u", name,
                            path, (unsigned)link->ops->abi, (unsigned)SM_SOURCE_ABI);
    return SMCRED_OK;
}

enum smcred_status source_chain_load(const char *line, const char *module_dir,
                                     struct source_chain **out_chain, struct sm_error *err)
{
    struct source_line parsed;
    enum smcred_status status = source_line_parse(line, &parsed, err);
    if (status != SMCRED_OK)
        return status;
    struct source_chain *chain = calloc(1, sizeof *chain);
    if (!chain)
        return sm_error_set(err, SMCRED_NO_MEMORY, "sources: out of memory");
    for (size_t i = 0; i < parsed.count && status == SMCRED_OK; i++) {
        chain->list[i].line = parsed.list[i];
        chain->count++;
        status = load_module(&chain->list[i], module_dir ? module_dir : SM_MODULEDIR, err);
    }
    if (status != SMCRED_OK) {
        source_chain_free(chain);
        return status;
    }
    *out_chain = chain;
    return SMCRED_OK;
}

void source_chain_free(struct source_chain *chain)
{
    if (!chain)
        return;
    int saved = errno;
    for (size_t i = 0; i < chain->count; i++) {
        struct link *link = &chain->list[i];
        if (link->source)
            link->ops->close(link->source);
        if (link->object)
            (void)dlclose(link->object); /* RTLD_NODELETE: only the count goes down */
    }
    free(chain);
    errno = saved;
}

const char *source_chain_section_of(const char *module)
{
    bool of_aws = strcmp(module, "secretsmanager") == 0 || strcmp(module, "ssm") == 0;
    return of_aws ? "aws" : module;
}

static bool reads_section(const struct link *link, const char *section)
{
    return strcmp(source_chain_section_of(link->line.name), section) == 0;
}

bool source_chain_reads(const struct source_chain *chain, const char *section)
{
    for (size_t i = 0; i < chain->count; i++)
        if (reads_section(&chain->list[i], section))
            return true;
    return false;
}

bool source_chain_knows(const struct source_chain *chain, const char *section, const char *key)
{
    for (size_t i = 0; i < chain->count; i++)
        if (reads_section(&chain->list[i], section) && chain->list[i].ops->knows(key))
            return true;
    return false;
}

/* Puts the module's name before what it said. */
static enum smcred_status name_error(const struct link *link, enum smcred_status status,
                                     const struct sm_error *said, struct sm_error *err)
{
    (void)sm_error_set(err, status, "source %s: %.*s", link->line.name, SM_ERROR_TEXT_MAX - 64,
                       said->text[0] ? said->text : sm_status_text(status));
    if (err)
        memcpy(err->code, said->code, sizeof err->code);
    return status;
}

static bool begins_with(const char *text, const char *word)
{
    size_t len = strlen(word);
    return len > 0 && strncmp(text, word, len) == 0 && (text[len] == ' ' || text[len] == ':');
}

/* Which setting a module complains of: the one whose key or value its sentence begins with. */
static void blame(const char *section, const struct sm_source_settings *settings,
                  const struct sm_error *said, struct sm_error *err)
{
    for (size_t i = 0; err && i < settings->count; i++) {
        const struct sm_source_setting *setting = &settings->list[i];
        if (begins_with(said->text, setting->key) || begins_with(said->text, setting->value))
            (void)snprintf(err->code, sizeof err->code, "%s %s", section, setting->key);
    }
}

enum smcred_status source_chain_open(struct source_chain *chain,
                                     const struct source_chain_section *sections, size_t count,
                                     struct sm_vault *vault, struct sm_error *err)
{
    for (size_t i = 0; i < chain->count; i++) {
        struct link *link = &chain->list[i];
        struct sm_source_settings settings = {.count = 0};
        struct sm_error said = {.text = ""};
        for (size_t k = 0; k < count; k++)
            if (reads_section(link, sections[k].name))
                settings = sections[k].settings;
        enum smcred_status status = link->ops->open(&settings, vault, &link->source, &said);
        if (status != SMCRED_OK) {
            (void)name_error(link, status, &said, err);
            blame(source_chain_section_of(link->line.name), &settings, &said, err);
            return status;
        }
    }
    return SMCRED_OK;
}

/* A decision of the source itself: another source has nothing to add to it. */
static bool is_final(enum smcred_status status)
{
    switch (status) {
    case SMCRED_DENIED:
    case SMCRED_INVALID:
    case SMCRED_TOO_LARGE:
    case SMCRED_REVOKED:
        return true;
    case SMCRED_OK:
    case SMCRED_SYSTEM:
    case SMCRED_NOT_FOUND:
    case SMCRED_UNAVAILABLE:
    case SMCRED_TIMED_OUT:
    case SMCRED_NO_MEMORY:
    case SMCRED_PROTOCOL:
    case SMCRED_LIMITED:
    case SMCRED_UNSUPPORTED:
        return false;
    }
    return false;
}

static enum line_status line_status_of(enum smcred_status status)
{
    switch (status) {
    case SMCRED_OK:
        return LINE_SUCCESS;
    case SMCRED_NOT_FOUND:
    case SMCRED_UNSUPPORTED:
        return LINE_NOTFOUND;
    case SMCRED_TIMED_OUT:
    case SMCRED_LIMITED:
    case SMCRED_NO_MEMORY:
        return LINE_TRYAGAIN;
    case SMCRED_SYSTEM:
    case SMCRED_DENIED:
    case SMCRED_UNAVAILABLE:
    case SMCRED_INVALID:
    case SMCRED_TOO_LARGE:
    case SMCRED_PROTOCOL:
    case SMCRED_REVOKED:
        return LINE_UNAVAIL;
    }
    return LINE_UNAVAIL;
}

/* What the sources asked so far have said. */
struct verdict {
    enum smcred_status status;
    struct sm_error err;
};

/* True if the next source is to be asked. */
static bool goes_on(struct verdict *verdict, const struct link *link, enum smcred_status status,
                    const struct sm_error *said)
{
    if (status == SMCRED_OK) {
        verdict->status = SMCRED_OK;
        return false;
    }
    struct sm_error named;
    (void)name_error(link, status, said, &named);
    size_t len = strlen(verdict->err.text);
    (void)snprintf(verdict->err.text + len, sizeof verdict->err.text - len, "%s%s", len ? "; " : "",
                   named.text); /* truncation is fine */
    bool is_first = verdict->status == SMCRED_UNSUPPORTED;
    if (is_final(status) || is_first || verdict->status == SMCRED_NOT_FOUND) {
        verdict->status = status;
        memcpy(verdict->err.code, said->code, sizeof said->code);
    }
    return !is_final(status) && !link->line.returns[line_status_of(status)];
}

static enum smcred_status finish(const struct verdict *verdict, struct sm_error *err)
{
    if (verdict->status == SMCRED_OK)
        return SMCRED_OK;
    if (err)
        *err = verdict->err;
    if (!verdict->err.text[0])
        return sm_error_set(err, verdict->status, "no source of the line can do this");
    return verdict->status;
}

enum smcred_status source_chain_fetch(const struct source_chain *chain,
                                      const struct sm_source_query *query,
                                      struct sm_snapshot **out_snapshot, struct sm_error *err)
{
    struct verdict verdict = {.status = SMCRED_UNSUPPORTED};
    for (size_t i = 0; i < chain->count; i++) {
        const struct link *link = &chain->list[i];
        struct sm_error said = {.text = ""};
        enum smcred_status status = link->ops->fetch(link->source, query, out_snapshot, &said);
        if (!goes_on(&verdict, link, status, &said))
            break;
    }
    return finish(&verdict, err);
}

enum smcred_status source_chain_stages(const struct source_chain *chain,
                                       const struct sm_source_query *query,
                                       struct sm_stage_map *out_map, struct sm_error *err)
{
    struct verdict verdict = {.status = SMCRED_UNSUPPORTED};
    for (size_t i = 0; i < chain->count; i++) {
        const struct link *link = &chain->list[i];
        struct sm_error said = {.text = ""};
        if (!link->ops->stages)
            continue;
        enum smcred_status status = link->ops->stages(link->source, query, out_map, &said);
        if (!goes_on(&verdict, link, status, &said))
            break;
    }
    return finish(&verdict, err);
}

enum smcred_status source_chain_stages_many(const struct source_chain *chain,
                                            const char *const *secret_ids, size_t count,
                                            int64_t deadline_ms, struct sm_stage_map *out_maps,
                                            bool *out_found, struct sm_error *err)
{
    for (size_t i = 0; i < chain->count; i++) {
        const struct link *link = &chain->list[i];
        struct sm_error said = {.text = ""};
        if (!link->ops->stages_many)
            continue;
        enum smcred_status status = link->ops->stages_many(link->source, secret_ids, count,
                                                           deadline_ms, out_maps, out_found, &said);
        return status == SMCRED_OK ? status : name_error(link, status, &said, err);
    }
    return sm_error_set(err, SMCRED_UNSUPPORTED, "no source of the line can do this");
}

enum smcred_status source_chain_call(const struct source_chain *chain, const char *operation,
                                     const struct sm_secret *request, int64_t deadline_ms,
                                     struct sm_secret **out_answer, struct sm_error *err)
{
    for (size_t i = 0; i < chain->count; i++) {
        const struct link *link = &chain->list[i];
        struct sm_error said = {.text = ""};
        if (!link->ops->call)
            continue;
        enum smcred_status status =
            link->ops->call(link->source, operation, request, deadline_ms, out_answer, &said);
        return status == SMCRED_OK ? status : name_error(link, status, &said, err);
    }
    return sm_error_set(err, SMCRED_UNSUPPORTED, "no source of the line can do this");
}
