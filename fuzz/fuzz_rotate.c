/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_rotate.c - what a rotation function reads: events, and secrets whose next version it writes.
 *
 * That one is the same secret with another user and password, whatever else stands in it.
 */
#include <stdlib.h>

#include "rotate/event.h"
#include "rotate/secret_value.h"

static struct sm_vault *vault;

static void must(bool truth)
{
    if (!truth)
        abort();
}

static bool same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static void check_renewed(const struct secret_value *old, struct sm_bytes text)
{
    static const char username[] = "u\"\\\n", password[] = "p\x01\",}{";
    autovalue struct secret_value *fresh = NULL;
    must(secret_value_parse(vault, text, &fresh, NULL) == SMCRED_OK);
    must(same(fresh->username, username) && same(fresh->password, password));
    must(same(fresh->host, old->host) && same(fresh->hostaddr, old->hostaddr));
    must(same(fresh->engine, old->engine) && same(fresh->dbname, old->dbname));
    must(same(fresh->masterarn, old->masterarn) && same(fresh->port, old->port));
    must(fresh->ssl == old->ssl);
}

static void renew(const struct secret_value *value)
{
    sm_autosecret struct sm_secret *password = NULL, *text = NULL;
    must(sm_secret_new(vault, sm_bytes_of("p\x01\",}{"), &password) == SMCRED_OK);
    if (secret_value_renewed(vault, value, "u\"\\\n", password, &text, NULL) == SMCRED_OK)
        check_renewed(value, sm_secret_view(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct event event;
    autovalue struct secret_value *value = NULL;
    if (!vault)
        must(sm_vault_new(&vault) == SMCRED_OK);
    if (event_parse(sm_bytes(data, size), &event, NULL) == SMCRED_OK)
        must(*event.secret_id && *event.token && event.step <= STEP_FINISH);
    if (secret_value_parse(vault, sm_bytes(data, size), &value, NULL) == SMCRED_OK)
        renew(value);
    return 0;
}
