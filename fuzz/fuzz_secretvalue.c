/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_secretvalue.c - a value that becomes a snapshot has bounded texts and a password whose bytes
 * stand in the value, and nothing of the vault is left when it is gone.
 */
#include <stdlib.h>

#include "sources/inifile.h"
#include "sources/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct sm_snapshot *snapshot, size_t size)
{
    if (strlen(snapshot->username) > VALUE_TEXT_MAX || strlen(snapshot->host) > VALUE_TEXT_MAX ||
        strlen(snapshot->dbname) > VALUE_TEXT_MAX || strlen(snapshot->engine) > VALUE_TEXT_MAX ||
        snapshot->port > 65535)
        abort();
    if (snapshot->password && sm_secret_view(snapshot->password).len > size)
        abort();
    if (snapshot->password && memchr(sm_secret_view(snapshot->password).data, '\0',
                                     sm_secret_view(snapshot->password).len))
        abort();
}

static void check_value(struct sm_vault *vault, struct sm_bytes text)
{
    const struct sm_snapshot about = {.name = "x", .version_id = "v"};
    struct sm_secret *value;
    struct sm_snapshot *snapshot;
    struct sm_error err;
    if (sm_secret_new(vault, text, &value) != SMCRED_OK)
        return;
    if (value_snapshot(vault, &about, value, true, &snapshot, &err) == SMCRED_OK) {
        check(snapshot, text.len);
        sm_snapshot_unref(snapshot);
    }
    sm_secret_free(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sm_vault *vault;
    size_t line;
    if (!vault && sm_vault_new(&vault) != SMCRED_OK)
        abort();
    check_value(vault, sm_bytes(data, size));
    json_free(ini_file_parse(sm_bytes(data, size), &line));
    return 0;
}
