/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * config_pam.c - [pam] and [pam SERVICE]: their keys, and what a service takes from [pam].
 */
#include "keeper/config_loader.h"

#include <stdio.h>
#include <strings.h>

#include "common/control.h"

#define SERVICES_MAX        256
#define PASSWORD_LENGTH_MIN 8
#define PASSWORD_LENGTH_MAX 256
#define TRIES_MAX           1000
#define FRESH_MIN_MS        1000 /* so often at most a secret is read on demand */

/* ---- readers of values ---- */

static const char *add_span(struct config_hours *hours, const char *text)
{
    struct hours_span span;
    while (*text == ' ' || *text == '\t')
        text++;
    if (!hours_parse(text, &span))
        return "is no time of the week, such as Mon-Fri 08:00-18:00";
    struct hours_span *list = realloc(hours->list, (hours->count + 1) * sizeof *list);
    if (!list)
        return CONFIG_NO_MEMORY;
    hours->list = list;
    list[hours->count++] = span;
    return NULL;
}

static void cut_blanks(char *text)
{
    size_t len = strlen(text);
    while (len > 0 && strchr(" \t", text[len - 1]))
        text[--len] = '\0';
}

static const char *read_hours(struct config_loader *loader, void *field, const char *value)
{
    struct config_hours *hours = field;
    sm_autofree char *spans = strdup(value);
    char *rest = spans, *span;
    (void)loader;
    if (!spans || !config_add_text(&hours->text, value))
        return CONFIG_NO_MEMORY;
    while ((span = config_next_word(&rest, ","))) {
        cut_blanks(span);
        const char *why = hours->count < CONFIG_LIST_MAX ? add_span(hours, span) : "is too long";
        if (why)
            return why;
    }
    return *value ? NULL : "is empty; leave the line out to allow all hours";
}

static const char *add_rhost(struct config_rhosts *rhosts, const char *word)
{
    struct rhost rhost;
    const char *why = rhosts_parse(word, &rhost);
    if (why)
        return why;
    struct rhost *list = realloc(rhosts->list, (rhosts->count + 1) * sizeof *list);
    if (!list)
        return CONFIG_NO_MEMORY;
    rhosts->list = list;
    list[rhosts->count++] = rhost;
    return NULL;
}

static const char *read_rhosts(struct config_loader *loader, void *field, const char *value)
{
    struct config_rhosts *rhosts = field;
    sm_autofree char *words = strdup(value);
    char *rest = words, *word;
    if (!words || !config_add_text(&rhosts->text, value))
        return CONFIG_NO_MEMORY;
    while ((word = config_next_word(&rest, " \t,"))) {
        const char *why = rhosts->count < CONFIG_LIST_MAX ? add_rhost(rhosts, word) : "is too long";
        if (why) {
            char named[200];
            (void)snprintf(named, sizeof named, "%.100s %s", log_quote(word), why);
            config_problem(loader, "rhost", named);
        }
    }
    return *value ? NULL : "is empty; leave the line out to allow all hosts";
}

static const char *read_words(struct config_loader *loader, void *field, const char *value)
{
    struct config_words *words = field;
    sm_autofree char *copy = strdup(value);
    char *rest = copy, *word;
    (void)loader;
    if (!copy || !config_add_text(&words->text, value))
        return CONFIG_NO_MEMORY;
    while ((word = config_next_word(&rest, " \t,"))) {
        char **list = realloc(words->list, (words->count + 1) * sizeof *list);
        if (!list)
            return CONFIG_NO_MEMORY;
        words->list = list;
        list[words->count] = strdup(word);
        if (!list[words->count])
            return CONFIG_NO_MEMORY;
        if (++words->count > CONFIG_LIST_MAX)
            return "is too long";
    }
    return *value ? NULL : "is empty; leave the line out to allow nothing";
}

static const char *read_tries(struct config_loader *loader, void *field, const char *value)
{
    uint32_t count = 0;
    if (config_read_count(loader, &count, value) || count > TRIES_MAX)
        return "is not a number from 1 to 1000";
    *(uint32_t *)field = count;
    return NULL;
}

static const char *read_fresh(struct config_loader *loader, void *field, const char *value)
{
    int64_t ms = 0;
    if (config_read_wait(loader, &ms, value) || ms < FRESH_MIN_MS)
        return "is not a duration from 1s to 2m";
    *(int64_t *)field = ms;
    return NULL;
}

static const char *read_password_length(struct config_loader *loader, void *field,
                                        const char *value)
{
    uint32_t count = 0;
    if (config_read_count(loader, &count, value) || count < PASSWORD_LENGTH_MIN ||
        count > PASSWORD_LENGTH_MAX)
        return "is not a number from 8 to 256";
    *(uint32_t *)field = count;
    return NULL;
}

/* ---- the language ---- */

/* Name, reader, field, list: twice below, so that a service can take what it does not say. */
#define PAM_KEYS(KEY)                                                                              \
    KEY("allow", config_read_grants, allow, true)                                                  \
    KEY("hours", read_hours, hours, true)                                                          \
    KEY("rhost", read_rhosts, rhost, true)                                                         \
    KEY("callers", config_read_grants, callers, true)                                              \
    KEY("secrets", read_words, secrets, true)                                                      \
    KEY("supply", read_words, supply, true)                                                        \
    KEY("end_sessions", config_read_flag, end_sessions, false)                                     \
    KEY("fresh", read_fresh, fresh_ms, false)                                                      \
    KEY("tries", read_tries, tries, false)                                                         \
    KEY("tries_window", config_read_positive_duration, tries_window_ms, false)                     \
    KEY("root_changes", config_read_flag, root_changes, false)                                     \
    KEY("rotation_wait", config_read_wait, rotation_wait_ms, false)                                \
    KEY("password_length", read_password_length, password_length, false)                           \
    KEY("require_each_included_type", config_read_flag, require_each_type, false)                  \
    KEY("exclude_characters", config_read_text, exclude_characters, false)

#define AS_ROW(name, read, field, list)  {name, read, offsetof(struct config_pam, field), list},
#define AS_SIZE(name, read, field, list) sizeof((struct config_pam *)NULL)->field,

static const struct config_key pam_keys[] = {PAM_KEYS(AS_ROW)};
static const size_t pam_sizes[] = {PAM_KEYS(AS_SIZE)};

/* What [pam] is where it is silent, or not there. */
static const struct config_pam pam_defaults = {
    .fresh_ms = 10 * 1000,
    .tries = 5,
    .tries_window_ms = 600 * 1000,
    .root_changes = true,
    .rotation_wait_ms = 60 * 1000,
    .password_length = 12,
    .require_each_type = true,
};

const struct config_key *config_pam_language(size_t *out_count)
{
    *out_count = CONFIG_COUNT(pam_keys);
    return pam_keys;
}

/* ---- sections ---- */

static const struct config_pam *find_pam(const struct config *config, const char *service)
{
    for (size_t i = 0; i < config->pam_count; i++)
        if (strcasecmp(config->pam[i].service, service) == 0)
            return &config->pam[i];
    return NULL;
}

static bool is_service(const char *name)
{
    static const char sane[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    size_t len = strlen(name);
    return len > 0 && len <= CTL_PAM_SERVICE_MAX && strspn(name, sane) == len;
}

const struct config_pam *config_pam(const struct config *config, const char *service)
{
    if (!is_service(service))
        return NULL;
    const struct config_pam *own = find_pam(config, service);
    return own ? own : find_pam(config, "");
}

static const char *distrust_service(const struct config *config, const char *service, bool is_one)
{
    if (find_pam(config, service))
        return "is there twice";
    if (config->pam_count == SERVICES_MAX)
        return "is one service too many";
    if (is_one && !is_service(service))
        return "is no name of a PAM service";
    return NULL;
}

void config_begin_pam(struct config_loader *loader, const char *service)
{
    struct config *config = loader->config;
    const char *why = distrust_service(config, service, strcmp(loader->section, "pam") != 0);
    loader->kind = SECTION_NONE;
    if (why) {
        config_problem(loader, "section", why);
        return;
    }
    struct config_pam *pam =
        config_add_element(loader, &config->pam, &config->pam_count, sizeof *pam);
    if (!pam)
        return;
    pam->service = strdup(service);
    pam->place = config_place(loader->place);
    loader->no_memory |= !pam->service || !pam->place;
    if (!pam->service) {
        config->pam_count--;
        free(pam->place);
        return;
    }
    loader->kind = SECTION_PAM;
    loader->pam = pam;
}

static void take_over(struct config_pam *pam, const struct config_pam *base)
{
    for (size_t i = 0; i < CONFIG_COUNT(pam_keys); i++)
        if (!(pam->given & UINT64_C(1) << i))
            memcpy((char *)pam + pam_keys[i].offset, (const char *)base + pam_keys[i].offset,
                   pam_sizes[i]);
}

void config_inherit_pam(struct config *config)
{
    struct config_pam *base = NULL;
    for (size_t i = 0; i < config->pam_count; i++)
        if (!*config->pam[i].service)
            base = &config->pam[i];
    if (base)
        take_over(base, &pam_defaults);
    for (size_t i = 0; i < config->pam_count; i++)
        if (&config->pam[i] != base)
            take_over(&config->pam[i], base ? base : &pam_defaults);
}

static void free_words(struct config_words *words)
{
    for (size_t i = 0; i < words->count; i++)
        free(words->list[i]);
    free(words->list);
    free(words->text);
}

/* What was taken over is its owner's. */
static void forget_borrowed(struct config_pam *pam)
{
    static const struct config_pam nothing;
    take_over(pam, &nothing);
}

void config_free_pam(struct config_pam *pam)
{
    forget_borrowed(pam);
    free(pam->service);
    free(pam->place);
    free(pam->allow.list);
    free(pam->allow.text);
    free(pam->callers.list);
    free(pam->callers.text);
    free(pam->hours.list);
    free(pam->hours.text);
    free(pam->rhost.list);
    free(pam->rhost.text);
    free_words(&pam->secrets);
    free_words(&pam->supply);
    free(pam->exclude_characters);
}
