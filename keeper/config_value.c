/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * config_value.c - the language: every key, and how its value is read.
 */
#include "keeper/config_loader.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <strings.h>

#include "keeper/accounts.h"
#include "keeper/attempts.h"
#include "keeper/engine.h"
#include "keeper/watch.h"

#define WAIT_MAX_MS            (120 * 1000)
#define KEEP_CONNECTION_MAX_MS (300 * 1000)
#define WORD_BREAKS            " \t,"

/* ---- readers of values: NULL, or what is wrong with the value ---- */

static const char *keep(char **field, const char *value)
{
    free(*field);
    *field = strdup(value);
    return *field ? NULL : CONFIG_NO_MEMORY;
}

const char *config_read_text(struct config_loader *loader, void *field, const char *value)
{
    (void)loader;
    for (const char *at = value; *at; at++)
        if (iscntrl((unsigned char)*at))
            return "has a control character";
    return *value ? keep(field, value) : "is empty";
}

static const char *read_path(struct config_loader *loader, void *field, const char *value)
{
    return *value == '/' ? config_read_text(loader, field, value) : "is not an absolute path";
}

/* These two are found wanting later, by whoever opens them. */
static const char *read_sources(struct config_loader *loader, void *field, const char *value)
{
    free(loader->config->sources_place);
    loader->config->sources_place = config_place(loader->place);
    return loader->config->sources_place ? config_read_text(loader, field, value)
                                         : CONFIG_NO_MEMORY;
}

static const char *read_audit_file(struct config_loader *loader, void *field, const char *value)
{
    free(loader->config->audit_place);
    loader->config->audit_place = config_place(loader->place);
    return loader->config->audit_place ? read_path(loader, field, value) : CONFIG_NO_MEMORY;
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
static const char *read_duration(struct config_loader *loader, void *field, const char *value)
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

const char *config_read_positive_duration(struct config_loader *loader, void *field,
                                          const char *value)
{
    int64_t ms = 0;
    const char *why = read_duration(loader, &ms, value);
    if (!why && ms == 0)
        return "is zero";
    if (!why)
        *(int64_t *)field = ms;
    return why;
}

const char *config_read_count(struct config_loader *loader, void *field, const char *value)
{
    uint64_t number;
    const char *rest;
    (void)loader;
    if (!whole_number(value, 65536, &number, &rest) || *rest != '\0' || number == 0)
        return "is not a number from 1 to 65536";
    *(uint32_t *)field = (uint32_t)number;
    return NULL;
}

static const char *read_short_duration(struct config_loader *loader, void *field, const char *value,
                                       int64_t max_ms, const char *too_long)
{
    int64_t ms = 0;
    const char *why = read_duration(loader, &ms, value);
    if (!why && ms > max_ms)
        return too_long;
    if (!why)
        *(int64_t *)field = ms;
    return why;
}

/* What a person at a prompt, and a client's own timeout, may bear. */
const char *config_read_wait(struct config_loader *loader, void *field, const char *value)
{
    return read_short_duration(loader, field, value, WAIT_MAX_MS, "is more than 2 minutes");
}

static const char *read_keep_connection(struct config_loader *loader, void *field,
                                        const char *value)
{
    return read_short_duration(loader, field, value, KEEP_CONNECTION_MAX_MS,
                               "is more than 5 minutes");
}

static const char *read_wrong_max(struct config_loader *loader, void *field, const char *value)
{
    uint32_t count = 0;
    if (config_read_count(loader, &count, value) || count > ATTEMPTS_WRONG_MAX)
        return "is not a number from 1 to 16";
    *(uint32_t *)field = count;
    return NULL;
}

/* Closer than that is a login's own business. */
static const char *read_watch(struct config_loader *loader, void *field, const char *value)
{
    int64_t ms = 0;
    const char *why = read_duration(loader, &ms, value);
    if (!why && ms > 0 && ms < WATCH_CLOSE_MS)
        return "is less than 2s; 0 turns it off";
    if (!why)
        *(int64_t *)field = ms;
    return why;
}

static const char *read_watch_calls(struct config_loader *loader, void *field, const char *value)
{
    uint64_t number;
    const char *rest;
    (void)loader;
    if (!whole_number(value, WATCH_CALLS_MAX, &number, &rest) || *rest != '\0')
        return "is not a number from 0 to 6000";
    *(uint32_t *)field = (uint32_t)number;
    return NULL;
}

static const char *read_port(struct config_loader *loader, void *field, const char *value)
{
    uint64_t number;
    const char *rest;
    (void)loader;
    if (!whole_number(value, UINT16_MAX, &number, &rest) || *rest != '\0' || number == 0)
        return "is not a port from 1 to 65535";
    *(uint32_t *)field = (uint32_t)number;
    return NULL;
}

const char *config_read_flag(struct config_loader *loader, void *field, const char *value)
{
    (void)loader;
    if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
        return "is neither yes nor no";
    *(bool *)field = *value == 'y';
    return NULL;
}

static const char *read_cleartext(struct config_loader *loader, void *field, const char *value)
{
    bool permitted = false;
    const char *why = config_read_flag(loader, &permitted, value);
    if (!why)
        *(uint32_t *)field = permitted ? CONFIG_CLEARTEXT_YES : CONFIG_CLEARTEXT_NO;
    return why;
}

static const char *read_log_level(struct config_loader *loader, void *field, const char *value)
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

static const char *read_tls(struct config_loader *loader, void *field, const char *value)
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

static const char *read_engine(struct config_loader *loader, void *field, const char *value)
{
    enum index_engine engine;
    loader->target->engine_given = true;
    if (!engine_find(value, &engine))
        return "is none of the engines that are spoken: " ENGINE_NAMES;
    *(uint32_t *)field = engine;
    return NULL;
}

static const char *read_on_error(struct config_loader *loader, void *field, const char *value)
{
    (void)loader;
    if (strcmp(value, "refuse") != 0 && strcmp(value, "serve") != 0)
        return "is neither refuse nor serve";
    *(bool *)field = *value == 'r';
    return NULL;
}

static const char *read_on_drift(struct config_loader *loader, void *field, const char *value)
{
    (void)loader;
    if (strcmp(value, "rotate") != 0 && strcmp(value, "alarm") != 0)
        return "is neither rotate nor alarm";
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
static const char *read_host(struct config_loader *loader, void *field, const char *value)
{
    char host[INDEX_HOST_MAX];
    uint32_t port;
    if (*value == '/')
        return strlen(value) < INDEX_PATH_MAX - 16 ? config_read_text(loader, field, value)
                                                   : "is too long for a socket's directory";
    if (!config_parse_host(value, host, &port) || port != 0)
        return "is neither a host name, an address nor a socket's directory";
    return keep(field, host);
}

static const char *read_hostaddr(struct config_loader *loader, void *field, const char *value)
{
    (void)loader;
    return is_numeric(value) ? keep(field, value) : "is not a numeric address";
}

char *config_next_word(char **rest, const char *breaks)
{
    *rest += strspn(*rest, breaks);
    if (**rest == '\0')
        return NULL;
    char *word = *rest;
    *rest += strcspn(*rest, breaks);
    if (**rest != '\0')
        *(*rest)++ = '\0';
    return word;
}

/* False: no such user or group. */
static bool find_grant(const char *word, struct config_grant *out_grant)
{
    struct config_grant grant = {.group = *word == '@'};
    gid_t gid_of_user;
    if (!(grant.group ? accounts_group(word + 1, &grant.id)
                      : accounts_user(word, &grant.id, &gid_of_user)))
        return false;
    *out_grant = grant;
    return true;
}

/* Who is not there is granted nothing: an account that was deleted must not lock all others out. */
static const char *add_grant(struct config_loader *loader, struct config_grants *grants,
                             const char *word)
{
    struct config_grant grant;
    char why[160];
    const char *name = log_quote(*word == '@' ? word + 1 : word);
    if (!find_grant(word, &grant)) {
        (void)snprintf(why, sizeof why, "no %s %s on this host, so nobody is meant",
                       *word == '@' ? "group" : "user", name);
        config_warning(loader, why);
        return NULL;
    }
    if (!grant.group && grant.id == ACCOUNTS_UID_ANYBODY) {
        (void)snprintf(why, sizeof why, "user %s may be anybody", name);
        config_problem(loader, loader->last->name, why);
        return NULL;
    }
    struct config_grant *list = realloc(grants->list, (grants->count + 1) * sizeof *list);
    if (!list)
        return CONFIG_NO_MEMORY;
    grants->list = list;
    list[grants->count++] = grant;
    return NULL;
}

bool config_add_text(char **text, const char *value)
{
    char *whole;
    if (asprintf(&whole, "%s%s%s", *text ? *text : "", *text ? " " : "", value) < 0)
        return false;
    free(*text);
    *text = whole;
    return true;
}

const char *config_read_grants(struct config_loader *loader, void *field, const char *value)
{
    struct config_grants *grants = field;
    sm_autofree char *words = strdup(value);
    char *rest = words, *word;
    if (!words || !config_add_text(&grants->text, value))
        return CONFIG_NO_MEMORY;
    while ((word = config_next_word(&rest, WORD_BREAKS))) {
        const char *why =
            grants->count < CONFIG_LIST_MAX ? add_grant(loader, grants, word) : "is too long";
        if (why)
            return why;
    }
    return *value ? NULL : "is empty; leave the line out to allow nobody";
}

static const char *add_match(struct config_loader *loader, const char *word)
{
    struct config_target *target = loader->target;
    struct config_match match = {.port = 0};
    char host[INDEX_HOST_MAX];
    if (!config_parse_host(word, host, &match.port)) {
        char why[260];
        (void)snprintf(why, sizeof why, "%s is neither host nor host:port", log_quote(word));
        config_problem(loader, "match", why);
        return NULL;
    }
    struct config_match *list = realloc(target->matches, (target->match_count + 1) * sizeof *list);
    if (!list)
        return CONFIG_NO_MEMORY;
    target->matches = list;
    match.host = strdup(host);
    match.place = config_place(loader->place);
    list[target->match_count++] = match;
    return match.host && match.place ? NULL : CONFIG_NO_MEMORY;
}

static const char *read_matches(struct config_loader *loader, void *field, const char *value)
{
    sm_autofree char *words = strdup(value);
    char *rest = words, *word;
    (void)field; /* matches and match_count both */
    if (!words)
        return CONFIG_NO_MEMORY;
    while ((word = config_next_word(&rest, WORD_BREAKS))) {
        const char *why =
            loader->target->match_count < CONFIG_LIST_MAX ? add_match(loader, word) : "is too long";
        if (why)
            return why;
    }
    return *value ? NULL : "is empty";
}

/* ---- the language ---- */

static const struct config_key keeper_keys[] = {
    {"sources", read_sources, offsetof(struct config, sources), false},
    {"module_dir", read_path, offsetof(struct config, module_dir), false},
    {"ttl", config_read_positive_duration, offsetof(struct config, ttl_ms), false},
    {"stale", read_duration, offsetof(struct config, stale_ms), false},
    {"max_secrets", config_read_count, offsetof(struct config, max_secrets), false},
    {"admin", config_read_grants, offsetof(struct config, admin), true},
    {"log_level", read_log_level, offsetof(struct config, log_level), false},
    {"relay_idle", config_read_positive_duration, offsetof(struct config, relay_idle_ms), false},
    {"rotation_wait", config_read_wait, offsetof(struct config, rotation_wait_ms), false},
    {"watch", read_watch, offsetof(struct config, watch_ms), false},
    {"watch_calls", read_watch_calls, offsetof(struct config, watch_calls), false},
    {"watch_batch", config_read_flag, offsetof(struct config, watch_batch), false},
    {"wrong_max", read_wrong_max, offsetof(struct config, wrong_max), false},
    {"wrong_window", config_read_positive_duration, offsetof(struct config, wrong_window_ms),
     false},
};

static const struct config_key audit_keys[] = {
    {"file", read_audit_file, offsetof(struct config, audit_file), false},
    {"on_error", read_on_error, offsetof(struct config, audit_must_work), false},
};

static const struct config_key target_keys[] = {
    {"secret", config_read_text, offsetof(struct config_target, secret), false},
    {"match", read_matches, offsetof(struct config_target, matches), true},
    {"allow", config_read_grants, offsetof(struct config_target, allow), true},
    {"allow_value", config_read_grants, offsetof(struct config_target, allow_value), true},
    {"host", read_host, offsetof(struct config_target, host), false},
    {"hostaddr", read_hostaddr, offsetof(struct config_target, hostaddr), false},
    {"port", read_port, offsetof(struct config_target, port), false},
    {"dbname", config_read_text, offsetof(struct config_target, dbname), false},
    {"engine", read_engine, offsetof(struct config_target, engine), false},
    {"tls", read_tls, offsetof(struct config_target, tls), false},
    {"allow_insecure", config_read_flag, offsetof(struct config_target, allow_insecure), false},
    {"ca_file", read_path, offsetof(struct config_target, ca_file), false},
    {"client_cert", read_path, offsetof(struct config_target, client_cert), false},
    {"client_key", read_path, offsetof(struct config_target, client_key), false},
    {"server_public_key", read_path, offsetof(struct config_target, server_public_key), false},
    {"local_tls", config_read_flag, offsetof(struct config_target, local_tls), false},
    {"replication", config_read_flag, offsetof(struct config_target, replication), false},
    {"keep_connection", read_keep_connection, offsetof(struct config_target, keep_connection_ms),
     false},
    {"cleartext", read_cleartext, offsetof(struct config_target, cleartext), false},
    {"canary", config_read_flag, offsetof(struct config_target, canary), false},
    {"on_drift", read_on_drift, offsetof(struct config_target, mends), false},
    {"md5", config_read_flag, offsetof(struct config_target, md5), false},
    {"description", config_read_text, offsetof(struct config_target, description), false},
};

static const struct {
    const struct config_key *keys;
    size_t count;
} languages[] = {
    [SECTION_KEEPER] = {keeper_keys, CONFIG_COUNT(keeper_keys)},
    [SECTION_AUDIT] = {audit_keys, CONFIG_COUNT(audit_keys)},
    [SECTION_TARGET] = {target_keys, CONFIG_COUNT(target_keys)},
};

const struct config_key *config_language(enum section_kind kind, size_t *out_count)
{
    if (kind == SECTION_PAM)
        return config_pam_language(out_count);
    *out_count = languages[kind].count;
    return languages[kind].keys;
}

const char *const *config_keys(const char *kind)
{
    static const char *names[32];
    enum section_kind at = strcmp(kind, "keeper") == 0  ? SECTION_KEEPER
                           : strcmp(kind, "audit") == 0 ? SECTION_AUDIT
                           : strcmp(kind, "pam") == 0   ? SECTION_PAM
                                                        : SECTION_TARGET;
    size_t count;
    const struct config_key *keys = config_language(at, &count);
    for (size_t i = 0; i < count; i++)
        names[i] = keys[i].name;
    names[count] = NULL;
    return names;
}
