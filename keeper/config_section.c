/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * config_section.c - sections and settings, as they come: which section is open, which key is read.
 */
#include "keeper/config_loader.h"

#include <stdio.h>

#define TARGETS_MAX 4096

static bool is_target_name(const char *name)
{
    size_t len = strlen(name);
    if (len == 0 || len >= INDEX_TARGET_MAX || *name == '_' || *name == '.' || *name == '-')
        return false;
    return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_.-") == len;
}

void *config_add_element(struct config_loader *loader, void *list, size_t *count, size_t size)
{
    void **at = list;
    char *grown = realloc(*at, (*count + 1) * size);
    if (!grown) {
        loader->no_memory = true;
        return NULL;
    }
    *at = grown;
    memset(grown + *count * size, 0, size);
    return grown + (*count)++ * size;
}

static void begin_target(struct config_loader *loader, const char *name)
{
    struct config *config = loader->config;
    loader->kind = SECTION_NONE;
    for (size_t i = 0; i < config->target_count; i++) {
        if (strcmp(config->targets[i].name, name) == 0) {
            char why[600];
            (void)snprintf(why, sizeof why, "the same name as at %s", config->targets[i].place);
            config_problem(loader, "duplicate target", why);
            return;
        }
    }
    if (!is_target_name(name) || config->target_count == TARGETS_MAX) {
        config_problem(loader, "target name",
                       is_target_name(name) ? "one target too many"
                                            : "is not [a-z0-9][a-z0-9_.-]*, 63 bytes at most");
        return;
    }
    struct config_target *target =
        config_add_element(loader, &config->targets, &config->target_count, sizeof *target);
    if (!target)
        return;
    target->identity = PEMFILE_NONE;
    target->engine = INDEX_POSTGRES;
    target->tls = ORC_TLS_VERIFY_FULL;
    target->md5 = true;
    target->name = strdup(name);
    target->place = config_place(loader->place);
    loader->no_memory |= !target->name || !target->place;
    loader->kind = SECTION_TARGET;
    loader->target = target;
}

static void begin_module(struct config_loader *loader, const char *name)
{
    struct config *config = loader->config;
    loader->kind = SECTION_MODULE;
    for (size_t i = 0; i < config->section_count; i++)
        if (strcmp(config->sections[i].name, name) == 0) {
            loader->module = &config->sections[i];
            return;
        }
    loader->module = config_add_element(loader, &config->sections, &config->section_count,
                                        sizeof *config->sections);
    if (loader->module) {
        loader->module->name = strdup(name);
        loader->module->place = config_place(loader->place);
    }
    if (!loader->module || !loader->module->name || !loader->module->place) {
        loader->no_memory = true;
        loader->kind = SECTION_NONE;
    }
}

void config_on_section(void *arg, const struct inifile_place *place, const char *section)
{
    struct config_loader *loader = arg;
    loader->place = place;
    loader->target = NULL;
    loader->last = NULL;
    (void)snprintf(loader->section, sizeof loader->section, "%s", section); /* it fits */
    loader->seen_once[loader->kind] = loader->seen;
    if (strcmp(section, "keeper") == 0)
        loader->kind = SECTION_KEEPER;
    else if (strcmp(section, "audit") == 0)
        loader->kind = SECTION_AUDIT;
    else if (strncmp(section, "target", 6) == 0 && strchr(" \t", section[6]))
        begin_target(loader, section + 6 + strspn(section + 6, " \t"));
    else if (strcmp(section, "pam") == 0)
        config_begin_pam(loader, "");
    else if (strncmp(section, "pam", 3) == 0 && strchr(" \t", section[3]))
        config_begin_pam(loader, section + 3 + strspn(section + 3, " \t"));
    else
        begin_module(loader, section);
    bool again = loader->kind == SECTION_KEEPER || loader->kind == SECTION_AUDIT;
    loader->seen = again ? loader->seen_once[loader->kind] : 0;
}

static void take_module_setting(struct config_loader *loader, const char *key, const char *value)
{
    struct config_section *section = loader->module;
    for (size_t i = 0; i < section->settings.count; i++) {
        if (strcmp(section->list[i].key, key) == 0) {
            config_problem(loader, key, "is there twice");
            return;
        }
    }
    struct config_setting *setting =
        config_add_element(loader, &section->list, &section->settings.count, sizeof *section->list);
    if (!setting)
        return;
    *setting = (struct config_setting){strdup(key), strdup(value), config_place(loader->place)};
    loader->no_memory |= !setting->key || !setting->value || !setting->place;
}

/* Whoever reads one `allow` must not overlook another one further down. */
static const char *distrust_repetition(const struct config_loader *loader,
                                       const struct config_key *row)
{
    if (!row->is_list)
        return "is there twice";
    return loader->last == row ? NULL
                               : "is there twice; a list goes on in the line right below it only";
}

static void take_setting(struct config_loader *loader, const char *key, const char *value)
{
    void *base = loader->kind == SECTION_TARGET ? (void *)loader->target
                 : loader->kind == SECTION_PAM  ? (void *)loader->pam
                                                : (void *)loader->config;
    size_t count;
    const struct config_key *keys = config_language(loader->kind, &count);
    for (size_t i = 0; i < count; i++) {
        const struct config_key *row = &keys[i];
        if (strcmp(row->name, key) != 0)
            continue;
        bool twice = loader->seen & (UINT64_C(1) << i);
        const char *why = twice ? distrust_repetition(loader, row) : NULL;
        loader->seen |= UINT64_C(1) << i;
        if (loader->kind == SECTION_PAM)
            loader->pam->given |= UINT64_C(1) << i;
        loader->last = row;
        if (!why)
            why = row->read(loader, (char *)base + row->offset, value);
        if (why)
            config_problem(loader, key, why);
        return;
    }
    loader->last = NULL;
    config_problem(loader, key, "unknown key");
}

void config_on_setting(void *arg, const struct inifile_place *place, const char *key,
                       const char *value)
{
    struct config_loader *loader = arg;
    loader->place = place;
    switch (loader->kind) {
    case SECTION_NONE:
        if (!loader->section[0])
            config_problem(loader, key, "stands before the first section");
        return; /* else the section itself was a problem */
    case SECTION_MODULE:
        take_module_setting(loader, key, value);
        return;
    case SECTION_KEEPER:
    case SECTION_AUDIT:
    case SECTION_TARGET:
    case SECTION_PAM:
        take_setting(loader, key, value);
    }
}

void config_on_problem(void *arg, const struct inifile_place *place, const char *text)
{
    struct config_loader *loader = arg;
    sm_autofree char *where = place->line > 0 ? config_place(place) : NULL;
    config_problem_at(loader, where ? where : place->file, "%s", text);
}
