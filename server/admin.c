/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * admin.c - what the commands share.  Called by the admin_*.c files and serve.
 */
#include "server/admin.h"

#include <stdio.h>

#include "common/log.h"
#include "server/json.h"
#include "server/names.h"
#include "server/setup.h"

bool server_admin_open(const char *directory, struct server *out_server)
{
    struct sm_error err = {.text = ""};
    if (server_setup_open(directory, SERVER_SETUP_BESIDE, out_server, &err) == SMCRED_OK)
        return true;
    log_error("%s", err.text);
    return false;
}

int server_admin_end(struct server *server, enum smcred_status status, const char *what)
{
    if (status == SMCRED_SYSTEM)
        log_error("%s: %s", what, server_store_error(server->store));
    else if (status != SMCRED_OK)
        log_error("%s: %s", what, sm_status_text(status));
    server_setup_close(server);
    return status == SMCRED_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

bool server_admin_show_key(const char *id, const struct sm_secret *secret)
{
    static char room[256];
    (void)setvbuf(stdout, room, _IOFBF, sizeof room); /* a buffer we can wipe */
    printf("AWS_ACCESS_KEY_ID=%s\nAWS_SECRET_ACCESS_KEY=%s\n", id,
           (const char *)sm_secret_view(secret).data);
    bool shown = fflush(stdout) == 0;
    explicit_bzero(room, sizeof room);
    return shown;
}

/* Letters, digits and + = , . @ _ -, as IAM has them. */
static bool is_name(const char *name)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789+=,.@_-";
    size_t len = strlen(name);
    return len > 0 && len <= 64 && strspn(name, allowed) == len;
}

bool server_admin_is_account(const char *text)
{
    return strlen(text) == SERVER_ACCOUNT_LEN && strspn(text, "0123456789") == SERVER_ACCOUNT_LEN;
}

bool server_admin_principal(const struct server *server, const char *user, const char *role,
                            const char *account, char out_arn[SERVER_PRINCIPAL_MAX + 1])
{
    const char *name = user ? user : role;
    if (!user == !role) {
        log_error("give one of --user and --role");
        return false;
    }
    if (!is_name(name) || (account && !server_admin_is_account(account))) {
        log_error("a name is up to 64 of A-Z a-z 0-9 + = , . @ _ -, an account twelve digits");
        return false;
    }
    (void)snprintf(out_arn, SERVER_PRINCIPAL_MAX + 1, "arn:%s:iam::%s:%s/%s",
                   server_partition(server->home.region), account ? account : server->home.account,
                   user ? "user" : "role", name); /* fits */
    return true;
}

char *server_admin_read(const char *path, size_t max)
{
    bool ours = strcmp(path, "-") != 0;
    sm_autofree char *text = malloc(max + 2);
    FILE *file = NULL;
    if (text)
        file = ours ? fopen(path, "re") : stdin;
    if (!file) {
        log_error("cannot open %s: %s", log_quote(path), strerror(errno));
        return NULL;
    }
    size_t len = fread(text, 1, max + 1, file);
    bool failed = ferror(file) != 0;
    if (ours)
        (void)fclose(file); /* only read from */
    text[len] = '\0';
    if (failed || len > max || strlen(text) != len) {
        log_error("%s cannot be read, or is no text of at most %zu bytes", log_quote(path), max);
        return NULL;
    }
    return sm_take_ptr(&text);
}

char *server_admin_read_policy(const char *file, enum server_iam_kind kind)
{
    server_autojson cJSON *document = NULL;
    struct sm_error err = {.text = ""};
    sm_autofree char *text = server_admin_read(
        file, kind == SERVER_IAM_TRUST ? SERVER_TRUST_MAX : SERVER_IAM_DOCUMENT_MAX);
    if (!text)
        return NULL;
    if (server_iam_parse(text, kind, &document, &err) == SMCRED_OK)
        return sm_take_ptr(&text);
    log_error("%s: %s", log_quote(file), err.text);
    return NULL;
}
