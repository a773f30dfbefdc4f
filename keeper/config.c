/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * config.c - from files to one checked struct config, and its life.
 *
 * Nothing stops at the first mistake, so that an operator mends all of them at once.
 */
#include "keeper/config.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#include "keeper/attempts.h"
#include "keeper/config_loader.h"

#define PROBLEMS_MAX 200

/* ---- problems ---- */

SM_PRINTF(3, 0)
static bool add_problem(struct config_problems *problems, const char *place, const char *format,
                        va_list args)
{
    char *text = NULL, *line = NULL;
    if (problems->count == PROBLEMS_MAX)
        return true;
    if (vasprintf(&text, format, args) < 0)
        text = NULL;
    if (!text || asprintf(&line, "%s: %s", place, text) < 0)
        line = NULL;
    free(text);
    char **lines = line ? realloc(problems->lines, (problems->count + 1) * sizeof *lines) : NULL;
    if (!lines) {
        free(line);
        return false;
    }
    problems->lines = lines;
    lines[problems->count++] = line;
    return true;
}

bool config_problems_add(struct config_problems *problems, const char *place, const char *format,
                         ...)
{
    va_list args;
    va_start(args, format);
    bool added = add_problem(problems, place, format, args);
    va_end(args);
    return added;
}

void config_problem_at(struct config_loader *loader, const char *place, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    loader->no_memory |= !add_problem(loader->problems, place, format, args);
    va_end(args);
}

char *config_place(const struct inifile_place *place)
{
    char *text;
    return asprintf(&text, "%s:%d", place->file, place->line) < 0 ? NULL : text;
}

void config_problem(struct config_loader *loader, const char *key, const char *why)
{
    sm_autofree char *place = config_place(loader->place);
    config_problem_at(loader, place ? place : loader->place->file, "[%s] %s: %s", loader->section,
                      key, why);
}

void config_warning(struct config_loader *loader, const char *why)
{
    sm_autofree char *place = config_place(loader->place);
    loader->no_memory |=
        !config_problems_add(&loader->config->warnings, place ? place : loader->place->file,
                             "[%s] %s: %s", loader->section, loader->last->name, why);
}

void config_problems_done(struct config_problems *problems)
{
    for (size_t i = 0; i < problems->count; i++)
        free(problems->lines[i]);
    free(problems->lines);
    *problems = (struct config_problems){NULL, 0};
}

/* ---- from all of it to a configuration ---- */

static int compare_targets(const void *a, const void *b)
{
    return strcmp(((const struct config_target *)a)->name, ((const struct config_target *)b)->name);
}

/* What modules are given: the same settings without their places. */
static void fill_settings(struct config_loader *loader)
{
    for (size_t i = 0; i < loader->config->section_count; i++) {
        struct config_section *section = &loader->config->sections[i];
        struct sm_source_setting *list = calloc(section->settings.count + 1, sizeof *list);
        for (size_t k = 0; list && k < section->settings.count; k++)
            list[k] = (struct sm_source_setting){section->list[k].key, section->list[k].value};
        loader->no_memory |= !list;
        section->settings.list = list;
    }
}

static void set_defaults(struct config_loader *loader)
{
    struct config *config = loader->config;
    config->references = 1;
    config->ttl_ms = 300 * 1000;
    config->stale_ms = 3600 * 1000;
    config->max_secrets = 4096;
    config->log_level = LOG_LEVEL_INFO;
    config->relay_idle_ms = 600 * 1000;
    config->rotation_wait_ms = 15 * 1000;
    config->watch_calls = 60;
    config->wrong_max = ATTEMPTS_WRONG_DEFAULT;
    config->wrong_window_ms = ATTEMPTS_WINDOW_DEFAULT;
    config->audit_must_work = true;
    config->sources = strdup("secretsmanager");
    config->audit_file = strdup(SM_LOCALSTATEDIR "/log/smcred/audit.jsonl");
    config->sources_place = strdup(loader->options->file);
    config->audit_place = strdup(loader->options->file);
    loader->no_memory |=
        !config->sources || !config->audit_file || !config->sources_place || !config->audit_place;
}

static enum smcred_status finish(struct config_loader *loader, struct config **out_config)
{
    struct config *config = loader->config;
    if (config->target_count > 0)
        qsort(config->targets, config->target_count, sizeof *config->targets, compare_targets);
    config_inherit_pam(config);
    config_check(loader);
    fill_settings(loader);
    if (loader->no_memory || loader->problems->count > 0) {
        config_unref(config);
        return loader->no_memory ? SMCRED_NO_MEMORY : SMCRED_INVALID;
    }
    *out_config = config;
    return SMCRED_OK;
}

/* ---- entries ---- */

static int is_fragment(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return entry->d_name[0] != '.' && len > 5 && strcmp(entry->d_name + len - 5, ".conf") == 0;
}

/* A section ends with its file. */
static void end_file(struct config_loader *loader)
{
    loader->seen_once[loader->kind] = loader->seen;
    loader->kind = SECTION_NONE;
    loader->section[0] = '\0';
}

static void load_fragments(struct config_loader *loader, const struct inifile_reader *reader)
{
    const char *file = loader->options->file, *slash = strrchr(file, '/');
    sm_autofree char *directory = NULL;
    struct dirent **entries;
    struct stat about;
    if (asprintf(&directory, "%.*sconf.d", slash ? (int)(slash - file) + 1 : 0, file) < 0) {
        directory = NULL;
        loader->no_memory = true;
        return;
    }
    if (stat(directory, &about) != 0 && errno == ENOENT)
        return; /* there need not be any */
    const char *why = inifile_distrust(&about, S_IFDIR, loader->options->owner);
    int count = why ? -1 : scandir(directory, &entries, is_fragment, alphasort);
    if (count < 0)
        config_problem_at(loader, directory, "%s", why ? why : strerror(errno));
    for (int i = 0; i < count; i++) {
        char *path;
        if (asprintf(&path, "%s/%s", directory, entries[i]->d_name) >= 0) {
            inifile_load(path, loader->options->owner, reader);
            free(path);
        } else {
            loader->no_memory = true;
        }
        end_file(loader);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

static enum smcred_status load(const struct config_options *options, const struct sm_bytes *text,
                               struct config **out_config, struct config_problems *out_problems)
{
    *out_problems = (struct config_problems){NULL, 0};
    struct config_loader loader = {.options = options, .problems = out_problems};
    const struct inifile_reader reader = {&loader, config_on_section, config_on_setting,
                                          config_on_problem};
    loader.config = calloc(1, sizeof *loader.config);
    if (!loader.config)
        return SMCRED_NO_MEMORY;
    set_defaults(&loader);
    if (text) {
        inifile_parse(options->file, *text, &reader);
    } else {
        inifile_load(options->file, options->owner, &reader);
        end_file(&loader);
        load_fragments(&loader, &reader);
    }
    return finish(&loader, out_config);
}

enum smcred_status config_load(const struct config_options *options, struct config **out_config,
                               struct config_problems *out_problems)
{
    return load(options, NULL, out_config, out_problems);
}

enum smcred_status config_parse(const struct config_options *options, struct sm_bytes text,
                                struct config **out_config, struct config_problems *out_problems)
{
    return load(options, &text, out_config, out_problems);
}

struct config *config_ref(struct config *config)
{
    config->references++;
    return config;
}

static void free_grants(struct config_grants *grants)
{
    free(grants->list);
    free(grants->text);
}

static void free_target(struct config_target *target)
{
    char *const texts[] = {target->name,        target->place,    target->secret,
                           target->host,        target->dbname,   target->ca_file,
                           target->description, target->hostaddr, target->client_cert,
                           target->client_key};
    for (size_t i = 0; i < CONFIG_COUNT(texts); i++)
        free(texts[i]);
    pemfile_done(&target->identity);
    pemfile_key_free(target->server_key);
    free(target->server_public_key);
    free_grants(&target->allow);
    free_grants(&target->allow_value);
    for (size_t i = 0; i < target->match_count; i++) {
        free(target->matches[i].host);
        free(target->matches[i].place);
    }
    free(target->matches);
}

static void free_section(struct config_section *section)
{
    for (size_t i = 0; i < section->settings.count; i++) {
        free(section->list[i].key);
        free(section->list[i].value);
        free(section->list[i].place);
    }
    free(section->list);
    free((void *)(uintptr_t)section->settings.list);
    free(section->name);
    free(section->place);
}

void config_unref(struct config *config)
{
    if (!config || --config->references > 0)
        return;
    int saved = errno;
    for (size_t i = 0; i < config->target_count; i++)
        free_target(&config->targets[i]);
    for (size_t i = 0; i < config->section_count; i++)
        free_section(&config->sections[i]);
    for (size_t i = 0; i < config->pam_count; i++)
        config_free_pam(&config->pam[i]);
    while (config->cas) {
        struct config_ca *ca = config->cas;
        config->cas = ca->next;
        pemfile_done(&ca->file);
        free(ca->path);
        free(ca);
    }
    config_problems_done(&config->warnings);
    free(config->targets);
    free(config->pam);
    free(config->sections);
    free_grants(&config->admin);
    free(config->sources);
    free(config->sources_place);
    free(config->module_dir);
    free(config->audit_file);
    free(config->audit_place);
    free(config);
    errno = saved;
}

const struct config_target *config_find(const struct config *config, const char *name)
{
    size_t low = 0, high = config->target_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(name, config->targets[middle].name);
        if (order == 0)
            return &config->targets[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

const char *config_place_of(const struct config *config, const char *setting)
{
    for (size_t i = 0; i < config->section_count; i++) {
        const struct config_section *section = &config->sections[i];
        size_t len = strlen(section->name);
        if (strncmp(setting, section->name, len) != 0 || setting[len] != ' ')
            continue;
        for (size_t k = 0; k < section->settings.count; k++)
            if (strcmp(section->list[k].key, setting + len + 1) == 0)
                return section->list[k].place;
    }
    return NULL;
}
