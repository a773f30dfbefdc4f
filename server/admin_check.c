/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * admin_check.c - smcred-server check: every page, every rule, every value.
 */
#include <stdio.h>

#include "common/log.h"
#include "server/admin.h"
#include "server/check.h"
#include "server/command.h"
#include "server/json.h"
#include "server/setup.h"

static void print_finding(void *context, const char *where, const char *what)
{
    (void)context;
    printf("%s: %s\n", log_quote(where), what);
}

static void add_finding(void *context, const char *where, const char *what)
{
    cJSON *finding = server_json_append_object(context);
    server_json_add(finding, "where", where);
    server_json_add(finding, "what", what);
}

static void print_json(const struct server_check *check, bool whole, cJSON *findings)
{
    server_autojson cJSON *answer = cJSON_CreateObject();
    server_json_add_bool(answer, "ok", whole && check->findings == 0);
    server_json_add_number(answer, "versions", (int64_t)check->versions);
    server_json_add_number(answer, "parameters", (int64_t)check->parameters);
    server_json_add_number(answer, "access_keys", (int64_t)check->keys);
    (void)cJSON_AddItemToObject(answer, "findings", findings); /* seen in the text below */
    char *text = cJSON_PrintUnformatted(answer);
    puts(text ? text : "{\"ok\":false}");
    cJSON_free(text);
}

/* Why it does not open was said; where it is damaged is a finding. */
static enum smcred_status check_pages(const char *directory, struct server_check *check)
{
    struct server_store *store;
    struct sm_error err = {.text = ""};
    enum smcred_status status = server_setup_open_store(directory, &store, &err);
    if (status != SMCRED_OK)
        return status;
    status = server_check_pages(store, check);
    server_store_close(store);
    return status == SMCRED_OK ? SMCRED_INVALID : status;
}

static enum smcred_status check_all(struct server *server, struct server_check *check)
{
    enum smcred_status status = server_check(server, check);
    (void)server_admin_end(server, status, "cannot read the store"); /* says why */
    return status;
}

int server_admin_check(const char *path, int argc, char **argv)
{
    struct server server;
    const char *directory = NULL, *json = NULL;
    const struct server_option options[] = {
        {"dir", "DIR", true, &directory}, {"json", NULL, false, &json}, {.out = NULL}};
    int code = server_command_options(
        path, "Opens everything in a store; fails if anything is wrong.", options, argc, argv);
    if (code != SERVER_GO_ON)
        return code;
    cJSON *findings = json ? cJSON_CreateArray() : NULL;
    struct server_check check = {.found = json ? add_finding : print_finding, .context = findings};
    enum smcred_status status = server_admin_open(directory, &server)
                                    ? check_all(&server, &check)
                                    : check_pages(directory, &check);
    if (json)
        print_json(&check, status == SMCRED_OK, findings);
    else if (status == SMCRED_OK && check.findings == 0)
        printf("ok: %llu values, %llu parameters, %llu access keys\n",
               (unsigned long long)check.versions, (unsigned long long)check.parameters,
               (unsigned long long)check.keys);
    return status == SMCRED_OK && check.findings == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
