/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * config.c - from files to one checked struct config.
 *
 * The tables below are the whole language.  A reader of values returns NULL or a complaint; nothing
 * stops at the first one, so that an operator mends all of them at once.  What concerns more than
 * one key is checked in the second half, when everything has been read.
 */
#include "keeper/config.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <strings.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "keeper/accounts.h"
#include "keeper/ca.h"
#include "keeper/inifile.h"

#define PROBLEMS_MAX 200
#define LIST_MAX     1024 /* words of one list */
#define TARGETS_MAX  4096
#define WORD_BREAKS  " \t,"

struct config_setting {
    char *key;
    char *value;
    char *place;
};

/* A CA file, read once however many targets name it. */
struct config_ca {
    struct config_ca *next;
    char *path;
    int fd;
    uint64_t print;
};

enum section_kind { SECTION_NONE, SECTION_KEEPER, SECTION_AUDIT, SECTION_TARGET, SECTION_MODULE };

struct loader {
    const struct config_options *options;
    struct config *config;
    struct config_problems *problems;
    bool no_memory;

    /* Where the reading stands. */
    enum section_kind kind;
    char section[INIFILE_SECTION_MAX];
    struct config_target *target;
    struct config_section *module;
    uint64_t seen; /* one bit per row of the kind's table: the keys of this section so far */
    uint64_t seen_once[SECTION_MODULE + 1]; /* of [keeper] and [audit], which may be opened again */
    const struct inifile_place *place;
};

/* ---- problems ---- */

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

SM_PRINTF(3, 4)
static void problem_at(struct loader *loader, const char *place, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    loader->no_memory |= !add_problem(loader->problems, place, format, args);
    va_end(args);
}

static char *text_of_place(const struct inifile_place *place)
{
    char *text;
    return asprintf(&text, "%s:%d", place->file, place->line) < 0 ? NULL : text;
}

static void problem(struct loader *loader, const char *key, const char *why)
{
    sm_autofree char *place = text_of_place(loader->place);
    problem_at(loader, place ? place : loader->place->file, "[%s] %s: %s", loader->section, key,
               why);
}

void config_problems_done(struct config_problems *problems)
{
    for (size_t i = 0; i < problems->count; i++)
        free(problems->lines[i]);
    free(problems->lines);
    *problems = (struct config_problems){NULL, 0};
}

/* ---- readers of values: NULL, or what is wrong with the value ---- */

typedef const char *read_value(struct loader *loader, void *field, const char *value);

#define OUT_OF_MEMORY "out of memory"

static const char *keep(char **field, const char *value)
{
    free(*field);
    *field = strdup(value);
    return *field ? NULL : OUT_OF_MEMORY;
}

static const char *read_text(struct loader *loader, void *field, const char *value)
{
    (void)loader;
    for (const char *at = value; *at; at++)
        if (iscntrl((unsigned char)*at))
            return "has a control character";
    return *value ? keep(field, value) : "is empty";
}

static const char *read_path(struct loader *loader, void *field, const char *value)
{
    return *value == '/' ? read_text(loader, field, value) : "is not an absolute path";
}

/* These two are found wanting later, by whoever opens them. */
static const char *read_sources(struct loader *loader, void *field, const char *value)
{
    free(loader->config->sources_place);
    loader->config->sources_place = text_of_place(loader->place);
    return loader->config->sources_place ? read_text(loader, field, value) : OUT_OF_MEMORY;
}

static const char *read_audit_file(struct loader *loader, void *field, const char *value)
{
    free(loader->config->audit_place);
    loader->config->audit_place = text_of_place(loader->place);
    return loader->config->audit_place ? read_path(loader, field, value) : OUT_OF_MEMORY;
}

static bool whole_number(const char *text, uint64_t max, uint64_t *out_number,
                         const char **out_rest)
{
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (!isdigit((unsigned char)*text) || errno != 0 || number > max)
        return false;
    *out_number = number;
    *out_rest = end;
    return true;
}

/* Seconds, or a number with s, m, h or d behind it; up to 30 days. */
static const char *read_duration(struct loader *loader, void *field, const char *value)
{
    static const struct {
        char unit;
        int64_t ms;
    } units[] = {{'s', 1000}, {'m', 60000}, {'h', 3600000}, {'d', 86400000}};
    uint64_t number;
    const char *rest;
    int64_t scale = 0;
    (void)loader;
    if (!whole_number(value, 2592000, &number, &rest))
        return "is not a number of seconds";
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if ((*rest == units[i].unit && rest[1] == '\0') || (*rest == '\0' && i == 0))
            scale = units[i].ms;
    if (scale == 0)
        return "has a unit other than s, m, h and d";
    if (number > 2592000000u / (uint64_t)scale)
        return "is more than 30 days";
    *(int64_t *)field = (int64_t)number * scale;
    return NULL;
}

static const char *read_positive_duration(struct loader *loader, void *field, const char *value)
{
    int64_t ms = 0;
    const char *why = read_duration(loader, &ms, value);
    if (!why && ms == 0)
        return "is zero";
    if (!why)
        *(int64_t *)field = ms;
    return why;
}

static const char *read_count(struct loader *loader, void *field, const char *value)
{
    uint64_t number;
    const char *rest;
    (void)loader;
    if (!whole_number(value, 65536, &number, &rest) || *rest != '\0' || number == 0)
        return "is not a number from 1 to 65536";
    *(uint32_t *)field = (uint32_t)number;
    return NULL;
}

static const char *read_port(struct loader *loader, void *field, const char *value)
{
    uint64_t number;
    const char *rest;
    (void)loader;
    if (!whole_number(value, UINT16_MAX, &number, &rest) || *rest != '\0' || number == 0)
        return "is not a port from 1 to 65535";
    *(uint32_t *)field = (uint32_t)number;
    return NULL;
}

static const char *read_flag(struct loader *loader, void *field, const char *value)
{
    (void)loader;
    if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
        return "is neither yes nor no";
    *(bool *)field = *value == 'y';
    return NULL;
}

static const char *read_log_level(struct loader *loader, void *field, const char *value)
{
    enum log_level level;
    (void)loader;
    if (!log_level_parse(value, &level))
        return "is none of error, warning, info, debug";
    *(uint32_t *)field = level;
    return NULL;
}

static const char *const tls_names[] = {[ORC_TLS_DISABLE] = "disable",
                                        [ORC_TLS_VERIFY_CA] = "verify-ca",
                                        [ORC_TLS_VERIFY_FULL] = "verify-full"};

const char *config_tls_name(uint32_t tls)
{
    return tls < sizeof tls_names / sizeof *tls_names ? tls_names[tls] : "";
}

static const char *read_tls(struct loader *loader, void *field, const char *value)
{
    (void)loader;
    for (uint32_t i = 0; i < sizeof tls_names / sizeof *tls_names; i++) {
        if (strcmp(value, tls_names[i]) == 0) {
            *(uint32_t *)field = i;
            return NULL;
        }
    }
    return "is none of verify-full, verify-ca, disable";
}

const char *config_engine_name(uint32_t engine)
{
    return engine == INDEX_POSTGRES ? "postgres" : "";
}

uint32_t config_engine_port(uint32_t engine)
{
    return engine == INDEX_POSTGRES ? 5432 : 0;
}

bool config_engine_is(uint32_t engine, const char *name)
{
    static const char *const names[] = {"postgres", "postgresql", "aurora-postgresql"};
    for (size_t i = 0; engine == INDEX_POSTGRES && i < sizeof names / sizeof *names; i++)
        if (strcasecmp(name, names[i]) == 0)
            return true;
    return false;
}

static const char *read_engine(struct loader *loader, void *field, const char *value)
{
    loader->target->engine_given = true;
    if (strcmp(value, "postgres") != 0)
        return "is not postgres, the only engine that is spoken";
    *(uint32_t *)field = INDEX_POSTGRES;
    return NULL;
}

static const char *read_on_error(struct loader *loader, void *field, const char *value)
{
    (void)loader;
    if (strcmp(value, "refuse") != 0 && strcmp(value, "serve") != 0)
        return "is neither refuse nor serve";
    *(bool *)field = *value == 'r';
    return NULL;
}

static bool is_numeric(const char *host)
{
    uint8_t address[16];
    return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}

static bool is_host_name(const char *text)
{
    size_t len = strlen(text);
    if (len == 0 || len >= INDEX_HOST_MAX || *text == '-' || *text == '.')
        return false;
    for (; *text; text++)
        if (!isalnum((unsigned char)*text) && !strchr("-._", *text))
            return false;
    return true;
}

bool config_parse_host(const char *text, char out_host[INDEX_HOST_MAX], uint32_t *out_port)
{
    char host[INDEX_HOST_MAX + 8];
    uint32_t port = 0;
    size_t len = strlen(text);
    if (len == 0 || len >= sizeof host)
        return false;
    memcpy(host, text, len + 1);
    char *colon = strrchr(host, ':');
    if (host[0] == '[' && colon && colon > host && colon[-1] == ']') {
        colon[-1] = '\0';
        memmove(host, host + 1, (size_t)(colon - host) - 1);
    } else if (colon && strchr(host, ':') == colon) {
        *colon = '\0';
    } else {
        colon = NULL; /* a name, or a bare IPv6 address */
    }
    if (colon && read_port(NULL, &port, colon + 1))
        return false;
    len = strlen(host);
    if (len > 1 && host[len - 1] == '.')
        host[len - 1] = '\0';
    for (char *at = host; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    if (!is_numeric(host) && !is_host_name(host))
        return false;
    memcpy(out_host, host, strlen(host) + 1);
    *out_port = port;
    return true;
}

/* Where the database is: a name, an address, or the directory of a Unix socket. */
static const char *read_host(struct loader *loader, void *field, const char *value)
{
    char host[INDEX_HOST_MAX];
    uint32_t port;
    if (*value == '/')
        return strlen(value) < INDEX_PATH_MAX - 16 ? read_text(loader, field, value)
                                                   : "is too long for a socket's directory";
    if (!config_parse_host(value, host, &port) || port != 0)
        return "is neither a host name, an address nor a socket's directory";
    return keep(field, host);
}

static const char *read_hostaddr(struct loader *loader, void *field, const char *value)
{
    (void)loader;
    return is_numeric(value) ? keep(field, value) : "is not a numeric address";
}

/* The next word of a list, cut out of `*rest`; NULL at its end. */
static char *next_word(char **rest)
{
    *rest += strspn(*rest, WORD_BREAKS);
    if (**rest == '\0')
        return NULL;
    char *word = *rest;
    *rest += strcspn(*rest, WORD_BREAKS);
    if (**rest != '\0')
        *(*rest)++ = '\0';
    return word;
}

static const char *add_grant(struct loader *loader, struct config_grants *grants, const char *word)
{
    struct config_grant grant = {.group = *word == '@'};
    uid_t uid = 0;
    gid_t gid = 0;
    char why[160];
    bool found = grant.group ? accounts_group(word + 1, &gid) : accounts_user(word, &uid, &gid);
    grant.id = grant.group ? gid : uid;
    if (!found || (!grant.group && uid == ACCOUNTS_UID_ANYBODY)) {
        const char *what = grant.group ? "group" : "user";
        (void)snprintf(why, sizeof why, found ? "%s %s may be anybody" : "no %s %s on this host",
                       what, log_quote(word + grant.group));
        problem(loader, loader->target ? "allow" : "admin", why);
        return NULL;
    }
    struct config_grant *list = realloc(grants->list, (grants->count + 1) * sizeof *list);
    if (!list)
        return OUT_OF_MEMORY;
    grants->list = list;
    list[grants->count++] = grant;
    return NULL;
}

static const char *read_grants(struct loader *loader, void *field, const char *value)
{
    struct config_grants *grants = field;
    sm_autofree char *words = strdup(value);
    char *text, *rest = words, *word;
    if (!words || asprintf(&text, "%s%s%s", grants->text ? grants->text : "",
                           grants->text ? " " : "", value) < 0)
        return OUT_OF_MEMORY;
    free(grants->text);
    grants->text = text;
    while ((word = next_word(&rest))) {
        const char *why =
            grants->count < LIST_MAX ? add_grant(loader, grants, word) : "is too long";
        if (why)
            return why;
    }
    return *value ? NULL : "is empty; leave the line out to allow nobody";
}

static const char *add_match(struct loader *loader, const char *word)
{
    struct config_target *target = loader->target;
    struct config_match match = {.port = 0};
    char host[INDEX_HOST_MAX];
    if (!config_parse_host(word, host, &match.port)) {
        char why[260];
        (void)snprintf(why, sizeof why, "%s is neither host nor host:port", log_quote(word));
        problem(loader, "match", why);
        return NULL;
    }
    struct config_match *list = realloc(target->matches, (target->match_count + 1) * sizeof *list);
    if (!list)
        return OUT_OF_MEMORY;
    target->matches = list;
    match.host = strdup(host);
    match.place = text_of_place(loader->place);
    list[target->match_count++] = match;
    return match.host && match.place ? NULL : OUT_OF_MEMORY;
}

static const char *read_matches(struct loader *loader, void *field, const char *value)
{
    sm_autofree char *words = strdup(value);
    char *rest = words, *word;
    (void)field; /* matches and match_count both */
    if (!words)
        return OUT_OF_MEMORY;
    while ((word = next_word(&rest))) {
        const char *why =
            loader->target->match_count < LIST_MAX ? add_match(loader, word) : "is too long";
        if (why)
            return why;
    }
    return *value ? NULL : "is empty";
}

/* ---- the language ---- */

struct key {
    const char *name;
    read_value *read;
    size_t offset; /* of the field in struct config or struct config_target */
    bool repeats;  /* a list; further lines add to it */
};

static const struct key keeper_keys[] = {
    {"sources", read_sources, offsetof(struct config, sources), false},
    {"module_dir", read_path, offsetof(struct config, module_dir), false},
    {"ttl", read_positive_duration, offsetof(struct config, ttl_ms), false},
    {"stale", read_duration, offsetof(struct config, stale_ms), false},
    {"max_secrets", read_count, offsetof(struct config, max_secrets), false},
    {"admin", read_grants, offsetof(struct config, admin), true},
    {"log_level", read_log_level, offsetof(struct config, log_level), false},
    {"relay_idle", read_positive_duration, offsetof(struct config, relay_idle_ms), false},
};

static const struct key audit_keys[] = {
    {"file", read_audit_file, offsetof(struct config, audit_file), false},
    {"on_error", read_on_error, offsetof(struct config, audit_must_work), false},
};

static const struct key target_keys[] = {
    {"secret", read_text, offsetof(struct config_target, secret), false},
    {"match", read_matches, offsetof(struct config_target, matches), true},
    {"allow", read_grants, offsetof(struct config_target, allow), true},
    {"allow_value", read_grants, offsetof(struct config_target, allow_value), true},
    {"host", read_host, offsetof(struct config_target, host), false},
    {"hostaddr", read_hostaddr, offsetof(struct config_target, hostaddr), false},
    {"port", read_port, offsetof(struct config_target, port), false},
    {"dbname", read_text, offsetof(struct config_target, dbname), false},
    {"engine", read_engine, offsetof(struct config_target, engine), false},
    {"tls", read_tls, offsetof(struct config_target, tls), false},
    {"allow_insecure", read_flag, offsetof(struct config_target, allow_insecure), false},
    {"ca_file", read_path, offsetof(struct config_target, ca_file), false},
    {"replication", read_flag, offsetof(struct config_target, replication), false},
    {"cleartext", read_flag, offsetof(struct config_target, cleartext), false},
    {"md5", read_flag, offsetof(struct config_target, md5), false},
    {"description", read_text, offsetof(struct config_target, description), false},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct {
    const struct key *keys;
    size_t count;
} languages[] = {
    [SECTION_KEEPER] = {keeper_keys, COUNT(keeper_keys)},
    [SECTION_AUDIT] = {audit_keys, COUNT(audit_keys)},
    [SECTION_TARGET] = {target_keys, COUNT(target_keys)},
};

const char *const *config_keys(const char *kind)
{
    static const char *names[32];
    size_t at = strcmp(kind, "keeper") == 0  ? SECTION_KEEPER
                : strcmp(kind, "audit") == 0 ? SECTION_AUDIT
                                             : SECTION_TARGET;
    size_t count = 0;
    for (; count < languages[at].count; count++)
        names[count] = languages[at].keys[count].name;
    names[count] = NULL;
    return names;
}

/* ---- sections and settings, as they come ---- */

static bool is_target_name(const char *name)
{
    size_t len = strlen(name);
    if (len == 0 || len >= INDEX_TARGET_MAX || *name == '_' || *name == '.' || *name == '-')
        return false;
    return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_.-") == len;
}

/* Grows a list of the configuration by one zeroed element. */
static void *add_element(struct loader *loader, void *list, size_t *count, size_t size)
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

static void begin_target(struct loader *loader, const char *name)
{
    struct config *config = loader->config;
    loader->kind = SECTION_NONE;
    for (size_t i = 0; i < config->target_count; i++) {
        if (strcmp(config->targets[i].name, name) == 0) {
            char why[600];
            (void)snprintf(why, sizeof why, "the same name as at %s", config->targets[i].place);
            problem(loader, "duplicate target", why);
            return;
        }
    }
    if (!is_target_name(name) || config->target_count == TARGETS_MAX) {
        problem(loader, "target name",
                is_target_name(name) ? "one target too many"
                                     : "is not [a-z0-9][a-z0-9_.-]*, 63 bytes at most");
        return;
    }
    struct config_target *target =
        add_element(loader, &config->targets, &config->target_count, sizeof *target);
    if (!target)
        return;
    target->ca_fd = -1;
    target->engine = INDEX_POSTGRES;
    target->tls = ORC_TLS_VERIFY_FULL;
    target->md5 = true;
    target->name = strdup(name);
    target->place = text_of_place(loader->place);
    loader->no_memory |= !target->name || !target->place;
    loader->kind = SECTION_TARGET;
    loader->target = target;
}

static void begin_module(struct loader *loader, const char *name)
{
    struct config *config = loader->config;
    loader->kind = SECTION_MODULE;
    for (size_t i = 0; i < config->section_count; i++)
        if (strcmp(config->sections[i].name, name) == 0) {
            loader->module = &config->sections[i];
            return;
        }
    loader->module =
        add_element(loader, &config->sections, &config->section_count, sizeof *config->sections);
    if (!loader->module || !(loader->module->name = strdup(name))) {
        loader->no_memory = true;
        loader->kind = SECTION_NONE;
    }
}

static void on_section(void *arg, const struct inifile_place *place, const char *section)
{
    struct loader *loader = arg;
    loader->place = place;
    loader->target = NULL;
    (void)snprintf(loader->section, sizeof loader->section, "%s", section); /* it fits */
    loader->seen_once[loader->kind] = loader->seen;
    if (strcmp(section, "keeper") == 0)
        loader->kind = SECTION_KEEPER;
    else if (strcmp(section, "audit") == 0)
        loader->kind = SECTION_AUDIT;
    else if (strncmp(section, "target", 6) == 0 && strchr(" \t", section[6]))
        begin_target(loader, section + 6 + strspn(section + 6, " \t"));
    else
        begin_module(loader, section);
    bool again = loader->kind == SECTION_KEEPER || loader->kind == SECTION_AUDIT;
    loader->seen = again ? loader->seen_once[loader->kind] : 0;
}

static void take_module_setting(struct loader *loader, const char *key, const char *value)
{
    struct config_section *section = loader->module;
    for (size_t i = 0; i < section->settings.count; i++) {
        if (strcmp(section->list[i].key, key) == 0) {
            problem(loader, key, "is there twice");
            return;
        }
    }
    struct config_setting *setting =
        add_element(loader, &section->list, &section->settings.count, sizeof *section->list);
    if (!setting)
        return;
    *setting = (struct config_setting){strdup(key), strdup(value), text_of_place(loader->place)};
    loader->no_memory |= !setting->key || !setting->value || !setting->place;
}

static void take_setting(struct loader *loader, const char *key, const char *value)
{
    void *base = loader->kind == SECTION_TARGET ? (void *)loader->target : (void *)loader->config;
    for (size_t i = 0; i < languages[loader->kind].count; i++) {
        const struct key *row = &languages[loader->kind].keys[i];
        if (strcmp(row->name, key) != 0)
            continue;
        bool twice = loader->seen & (UINT64_C(1) << i);
        loader->seen |= UINT64_C(1) << i;
        const char *why = twice && !row->repeats
                              ? "is there twice"
                              : row->read(loader, (char *)base + row->offset, value);
        if (why)
            problem(loader, key, why);
        return;
    }
    problem(loader, key, "unknown key");
}

static void on_setting(void *arg, const struct inifile_place *place, const char *key,
                       const char *value)
{
    struct loader *loader = arg;
    loader->place = place;
    switch (loader->kind) {
    case SECTION_NONE:
        if (!loader->section[0])
            problem(loader, key, "stands before the first section");
        return; /* else the section itself was a problem */
    case SECTION_MODULE:
        take_module_setting(loader, key, value);
        return;
    case SECTION_KEEPER:
    case SECTION_AUDIT:
    case SECTION_TARGET:
        take_setting(loader, key, value);
    }
}

static void on_problem(void *arg, const struct inifile_place *place, const char *text)
{
    struct loader *loader = arg;
    sm_autofree char *where = place->line > 0 ? text_of_place(place) : NULL;
    problem_at(loader, where ? where : place->file, "%s", text);
}

/* ---- checks over all of it ---- */

static const struct config_ca *find_ca(struct loader *loader, const char *path,
                                       struct sm_error *err)
{
    struct config_ca *ca = loader->config->cas;
    while (ca && strcmp(ca->path, path) != 0)
        ca = ca->next;
    if (ca)
        return ca;
    sm_autoclose int fd = -1;
    uint64_t print = 0;
    if (ca_load(path, loader->options->owner, &fd, &print, err) != SMCRED_OK)
        return NULL;
    ca = calloc(1, sizeof *ca);
    if (!ca || !(ca->path = strdup(path))) {
        free(ca);
        loader->no_memory = true;
        (void)sm_error_set(err, SMCRED_NO_MEMORY, OUT_OF_MEMORY);
        return NULL;
    }
    ca->fd = sm_take_fd(&fd);
    ca->print = print;
    ca->next = loader->config->cas;
    loader->config->cas = ca;
    return ca;
}

static void check_ca(struct loader *loader, struct config_target *target)
{
    struct sm_error err = {0};
    if (target->tls == ORC_TLS_DISABLE || loader->options->without_files)
        return;
    const char *path = target->ca_file ? target->ca_file : CONFIG_CA_DEFAULT;
    const struct config_ca *ca = find_ca(loader, path, &err);
    if (!ca) {
        problem_at(loader, target->place, "[target %s] ca_file: %s: %s", target->name, path,
                   err.text);
        return;
    }
    target->ca_fd = ca->fd;
    target->ca_print = ca->print;
}

static bool is_local(const char *host)
{
    return *host == '/' || strncmp(host, "127.", 4) == 0 || strcmp(host, "::1") == 0 ||
           strcmp(host, "localhost") == 0;
}

static void check_target(struct loader *loader, struct config_target *target)
{
    const char *dialled = target->hostaddr ? target->hostaddr : target->host;
    if (!target->secret)
        problem_at(loader, target->place, "[target %s] secret: is missing", target->name);
    /* A host that only the secret names, or that must be resolved, is judged at each login too. */
    if (target->tls == ORC_TLS_DISABLE && !target->allow_insecure && dialled && !is_local(dialled))
        problem_at(loader, target->place,
                   "[target %s] tls: disable is for loopback and Unix sockets; %s is neither "
                   "(allow_insecure = yes permits it)",
                   target->name, dialled);
    if (target->tls == ORC_TLS_DISABLE && target->ca_file)
        problem_at(loader, target->place, "[target %s] ca_file: without TLS nothing is verified",
                   target->name);
    if (target->cleartext && target->tls == ORC_TLS_VERIFY_CA)
        problem_at(loader, target->place,
                   "[target %s] cleartext: needs tls = verify-full, or a Unix socket",
                   target->name);
    check_ca(loader, target);
}

/* Do two matches mean one (host, port)?  With port 0: the default port, and the target's own. */
static bool clash(const struct config_target *a, const struct config_match *of_a,
                  const struct config_target *b, const struct config_match *of_b)
{
    uint32_t ports_a[] = {of_a->port ? of_a->port : config_engine_port(a->engine),
                          of_a->port ? of_a->port : a->port};
    uint32_t ports_b[] = {of_b->port ? of_b->port : config_engine_port(b->engine),
                          of_b->port ? of_b->port : b->port};
    if (strcmp(of_a->host, of_b->host) != 0)
        return false;
    for (size_t i = 0; i < 2; i++)
        for (size_t k = 0; k < 2; k++)
            if (ports_a[i] != 0 && ports_a[i] == ports_b[k])
                return true;
    return false;
}

struct match_row {
    const struct config_target *target;
    const struct config_match *match;
};

static int compare_rows(const void *a, const void *b)
{
    const struct match_row *left = a, *right = b;
    int order = strcmp(left->match->host, right->match->host);
    return order ? order : strcmp(left->target->name, right->target->name);
}

/* Rows of one host stand together once sorted, and are few. */
static void check_matches(struct loader *loader)
{
    const struct config *config = loader->config;
    size_t count = 0, at = 0;
    for (size_t i = 0; i < config->target_count; i++)
        count += config->targets[i].match_count;
    sm_autofree struct match_row *rows = calloc(count + 1, sizeof *rows);
    if (!rows) {
        loader->no_memory = true;
        return;
    }
    for (size_t i = 0; i < config->target_count; i++)
        for (size_t k = 0; k < config->targets[i].match_count; k++)
            rows[at++] = (struct match_row){&config->targets[i], &config->targets[i].matches[k]};
    qsort(rows, count, sizeof *rows, compare_rows);
    for (size_t i = 0; i < count; i++)
        for (size_t k = i + 1; k < count && strcmp(rows[k].match->host, rows[i].match->host) == 0;
             k++)
            if (clash(rows[i].target, rows[i].match, rows[k].target, rows[k].match))
                problem_at(loader, rows[k].match->place,
                           "[target %s] match: %s means target %s already (%s)",
                           rows[k].target->name, rows[k].match->host, rows[i].target->name,
                           rows[i].match->place);
}

static void check_module_sections(struct loader *loader)
{
    const struct config_modules *modules = &loader->options->modules;
    struct config *config = loader->config;
    struct sm_error err = {0};
    if (!modules->load)
        return;
    if (!modules->load(modules->arg, config->sources, config->module_dir, &err)) {
        problem_at(loader, config->sources_place, "[keeper] sources: %s", err.text);
        return; /* what its modules would know cannot be said */
    }
    for (size_t i = 0; i < config->section_count; i++) {
        const struct config_section *section = &config->sections[i];
        for (size_t k = 0; k < section->settings.count; k++) {
            const struct config_setting *setting = &section->list[k];
            if (!modules->reads(modules->arg, section->name))
                problem_at(loader, setting->place,
                           "[%s] unknown section, or one of a module that sources does not name",
                           section->name);
            else if (!modules->knows(modules->arg, section->name, setting->key))
                problem_at(loader, setting->place, "[%s] %s: unknown key", section->name,
                           setting->key);
            else
                continue;
            if (!modules->reads(modules->arg, section->name))
                break; /* once is enough */
        }
    }
}

static int compare_targets(const void *a, const void *b)
{
    return strcmp(((const struct config_target *)a)->name, ((const struct config_target *)b)->name);
}

/* What modules are given: the same settings without their places. */
static void fill_settings(struct loader *loader)
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

static void set_defaults(struct loader *loader)
{
    struct config *config = loader->config;
    config->references = 1;
    config->ttl_ms = 300 * 1000;
    config->stale_ms = 3600 * 1000;
    config->max_secrets = 4096;
    config->log_level = LOG_LEVEL_INFO;
    config->relay_idle_ms = 600 * 1000;
    config->audit_must_work = true;
    config->sources = strdup("secretsmanager");
    config->audit_file = strdup(SM_LOCALSTATEDIR "/log/smcred/audit.jsonl");
    config->sources_place = strdup(loader->options->file);
    config->audit_place = strdup(loader->options->file);
    loader->no_memory |=
        !config->sources || !config->audit_file || !config->sources_place || !config->audit_place;
}

static enum smcred_status finish(struct loader *loader, struct config **out_config)
{
    struct config *config = loader->config;
    if (config->target_count > 0)
        qsort(config->targets, config->target_count, sizeof *config->targets, compare_targets);
    for (size_t i = 0; i < config->target_count; i++)
        check_target(loader, &config->targets[i]);
    check_matches(loader);
    check_module_sections(loader);
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
static void end_file(struct loader *loader)
{
    loader->seen_once[loader->kind] = loader->seen;
    loader->kind = SECTION_NONE;
    loader->section[0] = '\0';
}

static void load_fragments(struct loader *loader, const struct inifile_reader *reader)
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
        problem_at(loader, directory, "%s", why ? why : strerror(errno));
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
    struct loader loader = {.options = options, .problems = out_problems};
    const struct inifile_reader reader = {&loader, on_section, on_setting, on_problem};
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
    char *const texts[] = {target->name,   target->place,   target->secret,      target->host,
                           target->dbname, target->ca_file, target->description, target->hostaddr};
    for (size_t i = 0; i < COUNT(texts); i++)
        free(texts[i]);
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
    while (config->cas) {
        struct config_ca *ca = config->cas;
        config->cas = ca->next;
        sm_close_fd(&ca->fd);
        free(ca->path);
        free(ca);
    }
    free(config->targets);
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
