/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * config_check.c - what concerns more than one key, checked when everything has been read.
 */
#include "keeper/config_loader.h"

#include <arpa/inet.h>

#include "keeper/engine.h"

static const struct config_ca *find_ca(struct config_loader *loader, const char *path,
                                       struct sm_error *err)
{
    struct config_ca *ca = loader->config->cas;
    while (ca && strcmp(ca->path, path) != 0)
        ca = ca->next;
    if (ca)
        return ca;
    struct pemfile file;
    if (pemfile_ca(path, loader->options->owner, &file, err) != SMCRED_OK)
        return NULL;
    ca = calloc(1, sizeof *ca);
    if (!ca || !(ca->path = strdup(path))) {
        free(ca);
        pemfile_done(&file);
        loader->no_memory = true;
        (void)sm_error_set(err, SMCRED_NO_MEMORY, CONFIG_NO_MEMORY);
        return NULL;
    }
    ca->file = file;
    ca->next = loader->config->cas;
    loader->config->cas = ca;
    return ca;
}

static void check_ca(struct config_loader *loader, struct config_target *target)
{
    struct sm_error err = {0};
    if (target->tls == ORC_TLS_DISABLE || loader->options->without_files)
        return;
    const char *path = target->ca_file ? target->ca_file : CONFIG_CA_DEFAULT;
    const struct config_ca *ca = find_ca(loader, path, &err);
    if (!ca) {
        config_problem_at(loader, target->place, "[target %s] ca_file: %s: %s", target->name, path,
                          err.text);
        return;
    }
    target->ca = &ca->file;
}

static void check_identity(struct config_loader *loader, struct config_target *target)
{
    struct sm_error err = {0};
    const char *lonely = !target->client_cert ? "client_key" : "client_cert";
    if (!target->client_cert && !target->client_key)
        return;
    if (!target->client_cert || !target->client_key)
        config_problem_at(loader, target->place,
                          "[target %s] %s: client_cert and client_key go together", target->name,
                          lonely);
    else if (target->tls == ORC_TLS_DISABLE)
        config_problem_at(loader, target->place,
                          "[target %s] client_cert: without TLS it is never shown", target->name);
    else if (!loader->options->without_files &&
             pemfile_identity(target->client_cert, target->client_key, loader->options->owner,
                              &target->identity, &err) != SMCRED_OK)
        config_problem_at(loader, target->place, "[target %s] %s", target->name, err.text);
}

static void check_server_key(struct config_loader *loader, struct config_target *target)
{
    struct sm_error err = {0};
    if (!target->server_public_key || loader->options->without_files)
        return;
    if (pemfile_public_key(target->server_public_key, loader->options->owner, &target->server_key,
                           &err) != SMCRED_OK)
        config_problem_at(loader, target->place, "[target %s] server_public_key: %s: %s",
                          target->name, target->server_public_key, err.text);
}

static bool is_local(const char *host)
{
    struct in_addr in; /* "127.db.example" is a name, and may be anywhere */
    return *host == '/' || strcmp(host, "::1") == 0 || strcmp(host, "localhost") == 0 ||
           (inet_pton(AF_INET, host, &in) == 1 && ntohl(in.s_addr) >> 24 == 127);
}

/* Redis has one method, the password itself: where it may never be given, nobody ever gets in. */
static void check_only_method(struct config_loader *loader, const struct config_target *target,
                              const char *dialled)
{
    if (target->engine != INDEX_REDIS)
        return;
    if (target->cleartext == CONFIG_CLEARTEXT_NO)
        config_problem_at(loader, target->place,
                          "[target %s] cleartext: Redis has no login without it, so nobody would "
                          "get in",
                          target->name);
    if (target->tls != ORC_TLS_VERIFY_FULL && dialled && *dialled != '/')
        config_problem_at(loader, target->place,
                          "[target %s] tls: Redis's logins need verify-full, or a Unix socket; "
                          "nobody would get in",
                          target->name);
}

static void check_target(struct config_loader *loader, struct config_target *target)
{
    const char *dialled = target->hostaddr ? target->hostaddr : target->host;
    if (!target->secret)
        config_problem_at(loader, target->place, "[target %s] secret: is missing", target->name);
    /* A host that only the secret names, or that must be resolved, is judged at each login too. */
    if (target->tls == ORC_TLS_DISABLE && !target->allow_insecure && dialled && !is_local(dialled))
        config_problem_at(
            loader, target->place,
            "[target %s] tls: disable is for loopback and Unix sockets; %s is neither "
            "(allow_insecure = yes permits it)",
            target->name, dialled);
    if (target->tls == ORC_TLS_DISABLE && target->ca_file)
        config_problem_at(loader, target->place,
                          "[target %s] ca_file: without TLS nothing is verified", target->name);
    if (target->cleartext == CONFIG_CLEARTEXT_YES && target->tls == ORC_TLS_VERIFY_CA)
        config_problem_at(loader, target->place,
                          "[target %s] cleartext: needs tls = verify-full, or a Unix socket",
                          target->name);
    check_only_method(loader, target, dialled);
    if (target->keep_connection_ms > 0 && target->engine != INDEX_MYSQL)
        config_problem_at(loader, target->place,
                          "[target %s] keep_connection: is for engine = mysql only", target->name);
    check_ca(loader, target);
    check_identity(loader, target);
    check_server_key(loader, target);
}

/* Do two matches mean one (host, port)?  With port 0: the default port, and the target's own. */
static bool clash(const struct config_target *a, const struct config_match *of_a,
                  const struct config_target *b, const struct config_match *of_b)
{
    uint32_t ports_a[] = {of_a->port ? of_a->port : engine_port(a->engine),
                          of_a->port ? of_a->port : a->port};
    uint32_t ports_b[] = {of_b->port ? of_b->port : engine_port(b->engine),
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
static void check_matches(struct config_loader *loader)
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
                config_problem_at(loader, rows[k].match->place,
                                  "[target %s] match: %s means target %s already (%s)",
                                  rows[k].target->name, rows[k].match->host, rows[i].target->name,
                                  rows[i].match->place);
}

static void check_module_section(struct config_loader *loader, const struct config_section *section)
{
    const struct config_modules *modules = &loader->options->modules;
    if (!modules->reads(modules->arg, section->name)) {
        config_problem_at(loader, section->place,
                          "[%s] unknown section, or one of a module that sources does not name",
                          section->name);
        return;
    }
    for (size_t i = 0; i < section->settings.count; i++) {
        const struct config_setting *setting = &section->list[i];
        if (!modules->knows(modules->arg, section->name, setting->key))
            config_problem_at(loader, setting->place, "[%s] %s: unknown key", section->name,
                              setting->key);
    }
}

static void check_module_sections(struct config_loader *loader)
{
    const struct config_modules *modules = &loader->options->modules;
    const struct config *config = loader->config;
    struct sm_error err = {0};
    if (!modules->load)
        return;
    if (!modules->load(modules->arg, config->sources, config->module_dir, &err)) {
        config_problem_at(loader, config->sources_place, "[keeper] sources: %s", err.text);
        return; /* what its modules would know cannot be said */
    }
    for (size_t i = 0; i < config->section_count; i++)
        check_module_section(loader, &config->sections[i]);
}

void config_check(struct config_loader *loader)
{
    struct config *config = loader->config;
    for (size_t i = 0; i < config->target_count; i++)
        check_target(loader, &config->targets[i]);
    check_matches(loader);
    check_module_sections(loader);
}
