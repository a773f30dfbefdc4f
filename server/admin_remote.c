/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * admin_remote.c - smcred-server remote: put, list, delete.
 */
#include <stdio.h>

#include "common/log.h"
#include "server/admin.h"
#include "server/command.h"
#include "server/names.h"
#include "server/remote.h"
#include "server/setup.h"

static bool fill(struct server_remote *remote, const char *region, const char *url,
                 const char *key_id, const char *ca_file)
{
    const char *host = strstr(url, "://");
    if (!server_region_is_valid(region) || !host || strpbrk(host + 3, "/@?#") ||
        strlen(url) > SERVER_URL_TEXT_MAX ||
        (strncmp(url, "https://", 8) != 0 && strncmp(url, "http://127.0.0.1:", 17) != 0)) {
        log_error("a remote is a region like eu-west-1 and a URL like https://HOST:PORT without a "
                  "path; http:// is for 127.0.0.1 alone");
        return false;
    }
    if (strlen(key_id) > SERVER_KEY_ID_MAX || strlen(ca_file) > SERVER_URL_TEXT_MAX) {
        log_error("the key id or the path is too long");
        return false;
    }
    if (*ca_file && (*ca_file != '/' || access(ca_file, R_OK) != 0)) {
        log_error("--ca-file is the whole path of a file that can be read");
        return false;
    }
    (void)snprintf(remote->region, sizeof remote->region, "%s", region); /* all fit */
    (void)snprintf(remote->url, sizeof remote->url, "%s", url);
    (void)snprintf(remote->key_id, sizeof remote->key_id, "%s", key_id);
    (void)snprintf(remote->ca_file, sizeof remote->ca_file, "%s", ca_file);
    return true;
}

/* The secret half of the key, one line on standard input, which no list of processes shows. */
static struct sm_secret *read_secret(struct sm_vault *vault)
{
    char line[256];
    struct sm_secret *secret = NULL;
    static char room[1024];
    (void)setvbuf(stdin, room, _IOFBF, sizeof room); /* a buffer we can wipe */
    if (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\r\n")] = '\0';
        if (sm_secret_new(vault, sm_bytes_of(line), &secret) != SMCRED_OK)
            secret = NULL;
    }
    explicit_bzero(line, sizeof line);
    explicit_bzero(room, sizeof room);
    if (!secret || sm_secret_view(secret).len == 0)
        log_error("the secret access key is expected on standard input");
    return secret;
}

static int put(const char *path, int argc, char **argv)
{
    struct server server;
    struct server_remote remote;
    const char *directory = NULL, *region = NULL, *url = NULL, *key_id = NULL, *ca_file = "";
    const struct server_option options[] = {
        {"dir", "DIR", true, &directory},     {"region", "REGION", true, &region},
        {"url", "URL", true, &url},           {"key-id", "ID", true, &key_id},
        {"ca-file", "FILE", false, &ca_file}, {.out = NULL}};
    int code = server_command_options(
        path,
        "Replicates to a region through another server; its secret access key is read from "
        "standard input.",
        options, argc, argv);
    if (code != SERVER_GO_ON)
        return code;
    if (!fill(&remote, region, url, key_id, ca_file))
        return SERVER_EXIT_USAGE;
    if (!server_admin_open(directory, &server))
        return EXIT_FAILURE;
    struct sm_secret *secret = read_secret(server.vault);
    enum smcred_status status =
        secret ? server_remote_put(&server, &remote, secret) : SMCRED_INVALID;
    sm_secret_free(secret);
    return server_admin_done(directory, &server, status, "cannot put the remote",
                             &(struct server_deed){"secretsmanager",
                                                   "SmcredPutRemote",
                                                   {"region", region, "url", url, "accessKeyId",
                                                    key_id, "caFile", ca_file}});
}

static void print_remote(void *context, const struct server_remote *remote)
{
    (void)context;
    printf("%s  %s  %s  %s\n", remote->region, remote->url, remote->key_id,
           *remote->ca_file ? remote->ca_file : "-");
}

static int list(const char *path, int argc, char **argv)
{
    struct server server;
    const char *directory = NULL;
    const struct server_option options[] = {{"dir", "DIR", true, &directory}, {.out = NULL}};
    int code = server_command_options(path, "Lists remotes: region, URL, key id, CA.", options,
                                      argc, argv);
    if (code != SERVER_GO_ON)
        return code;
    if (!server_admin_open(directory, &server))
        return EXIT_FAILURE;
    return server_admin_end(&server, server_store_remotes(server.store, print_remote, NULL),
                            "cannot list the remotes");
}

/* Refused, unless forced, while secrets have replicas there. */
static enum smcred_status forget(struct server_store *store, const char *region, bool forced)
{
    int64_t count = 0;
    enum smcred_status status = server_store_replicas_in(store, region, &count);
    if (status == SMCRED_OK && count > 0 && !forced) {
        log_error("%lld secrets have a replica in %s; remove it from them first, or --force",
                  (long long)count, region);
        return SMCRED_DENIED;
    }
    if (status == SMCRED_OK)
        status = server_store_remote_delete(store, region);
    return status == SMCRED_OK ? server_store_replicas_forget(store, region) : status;
}

static int delete (const char *path, int argc, char **argv)
{
    struct server server;
    const char *directory = NULL, *region = NULL, *force = NULL;
    const struct server_option options[] = {{"dir", "DIR", true, &directory},
                                            {"region", "REGION", true, &region},
                                            {"force", NULL, false, &force},
                                            {.out = NULL}};
    int code = server_command_options(path,
                                      "Forgets a remote; --force also that secrets have replicas "
                                      "there, which stay as they are.",
                                      options, argc, argv);
    if (code != SERVER_GO_ON)
        return code;
    if (!server_admin_open(directory, &server))
        return EXIT_FAILURE;
    enum smcred_status status = server_store_begin(server.store);
    if (status != SMCRED_OK)
        return server_admin_end(&server, status, "cannot write");
    status = forget(server.store, region, force != NULL);
    if (status == SMCRED_OK)
        status = server_store_commit(server.store);
    if (status != SMCRED_OK)
        server_store_rollback(server.store);
    return server_admin_done(
        directory, &server, status, "cannot delete the remote",
        &(struct server_deed){"secretsmanager",
                              "SmcredDeleteRemote",
                              {"region", region, "force", force ? "true" : "false"}});
}

int server_admin_remote(const char *path, int argc, char **argv)
{
    static const struct server_command commands[] = {
        {"put", "replicate to a region through another server", put},
        {"list", "list them", list},
        {"delete", "forget one", delete},
        {.name = NULL},
    };
    return server_command_run(path, commands, argc, argv);
}
