/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * keys.c - access keys in AWS's forms.  Called by setup to make one and by auth to find it.
 */
#include "server/keys.h"

#include <openssl/rand.h>
#include <stdio.h>

#include "server/envelope.h"
#include "server/signing.h"

#define PLACE_MAX (SERVER_KEY_ID_MAX + 16)

/* What the seal is bound to. */
static struct sm_bytes place_of(struct sm_bytes id, char out[PLACE_MAX])
{
    int len = snprintf(out, PLACE_MAX, "access-key%c%.*s", 0, (int)id.len, (const char *)id.data);
    return sm_bytes(out,
                    (size_t)len); /* fits: ids longer than SERVER_KEY_ID_MAX are not looked up */
}

static bool make_id(const char *prefix, char out_id[SERVER_KEY_ID_LEN + 1])
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"; /* 32: no bias */
    uint8_t bytes[SERVER_KEY_ID_LEN];
    if (RAND_bytes(bytes, sizeof bytes) != 1)
        return false;
    for (size_t i = 0; i < SERVER_KEY_ID_LEN; i++)
        out_id[i] = i < 4 ? prefix[i] : alphabet[bytes[i] % 32];
    out_id[SERVER_KEY_ID_LEN] = '\0';
    return true;
}

static enum smcred_status make_secret(struct sm_vault *vault, struct sm_secret **out_secret)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"; /* 64: no bias */
    sm_autosecret struct sm_secret *secret = NULL;
    size_t room;
    enum smcred_status status = sm_secret_alloc(vault, SERVER_KEY_SECRET_LEN, &secret);
    if (status != SMCRED_OK)
        return status;
    uint8_t *text = sm_secret_room(secret, &room);
    if (RAND_priv_bytes(text, SERVER_KEY_SECRET_LEN) != 1)
        return SMCRED_UNAVAILABLE;
    for (size_t i = 0; i < SERVER_KEY_SECRET_LEN; i++)
        text[i] = (uint8_t)alphabet[text[i] % 64];
    sm_secret_grow(secret, SERVER_KEY_SECRET_LEN);
    *out_secret = sm_take_ptr(&secret);
    return SMCRED_OK;
}

enum smcred_status server_key_pair(struct sm_vault *vault, const char *prefix,
                                   char out_id[SERVER_KEY_ID_LEN + 1],
                                   struct sm_secret **out_secret)
{
    return make_id(prefix, out_id) ? make_secret(vault, out_secret) : SMCRED_UNAVAILABLE;
}

enum smcred_status server_key_create(const struct server *server, const char *principal,
                                     char out_id[SERVER_KEY_ID_LEN + 1],
                                     struct sm_secret **out_secret)
{
    struct server_key key = {.created_ms = server->now_ms()};
    char place[PLACE_MAX];
    sm_autosecret struct sm_secret *secret = NULL;
    sm_autofree uint8_t *sealed = NULL;
    size_t sealed_len;
    (void)snprintf(key.principal, sizeof key.principal, "%s", principal); /* fits */
    enum smcred_status status = server_key_pair(server->vault, "AKIA", key.id, &secret);
    if (status == SMCRED_OK)
        status = server_seal(server->vault, server->master_key,
                             place_of(sm_bytes_of(key.id), place), secret, &sealed, &sealed_len);
    if (status == SMCRED_OK)
        status = server_store_principal_add(server->store, principal, key.created_ms);
    if (status == SMCRED_OK)
        status = server_store_key_insert(server->store, &key, sm_bytes(sealed, sealed_len));
    if (status != SMCRED_OK)
        return status;
    memcpy(out_id, key.id, SERVER_KEY_ID_LEN + 1);
    *out_secret = sm_take_ptr(&secret);
    return SMCRED_OK;
}

/* The signing key anew, from the sealed secret half. */
static enum smcred_status derive(const struct server *server, struct sm_bytes id,
                                 const struct sigv4_scope *scope, struct sm_bytes sealed,
                                 const struct sm_secret **out_signing_key)
{
    char place[PLACE_MAX];
    sm_autosecret struct sm_secret *secret = NULL;
    struct sm_secret *key;
    enum smcred_status status =
        server_unseal(server->vault, server->master_key, place_of(id, place), sealed, &secret);
    if (status == SMCRED_OK)
        status = sigv4_derive(server->vault, scope, secret, &key);
    if (status == SMCRED_OK)
        *out_signing_key = server_signing_put(server->signing, sealed, scope, key);
    return status;
}

enum smcred_status server_key_find(const struct server *server, struct sm_bytes id,
                                   const struct sigv4_scope *scope, struct server_key *out_key,
                                   const struct sm_secret **out_signing_key)
{
    sm_autofree uint8_t *sealed = NULL;
    size_t sealed_len;
    if (id.len > SERVER_KEY_ID_MAX)
        return SMCRED_NOT_FOUND;
    enum smcred_status status = server_store_key(server->store, id, out_key, &sealed, &sealed_len);
    if (status != SMCRED_OK)
        return status;
    *out_signing_key = server_signing_find(server->signing, sm_bytes(sealed, sealed_len), scope);
    return *out_signing_key
               ? SMCRED_OK
               : derive(server, id, scope, sm_bytes(sealed, sealed_len), out_signing_key);
}

static void copy_first(void *context, const struct server_key *key)
{
    char *id = context;
    if (!*id)
        memcpy(id, key->id, SERVER_KEY_ID_MAX + 1);
}

enum smcred_status server_keys_check(const struct server *server)
{
    char id[SERVER_KEY_ID_MAX + 1] = "", place[PLACE_MAX];
    struct server_key key;
    sm_autofree uint8_t *sealed = NULL;
    sm_autosecret struct sm_secret *secret = NULL;
    size_t len;
    enum smcred_status status = server_store_keys(server->store, copy_first, id);
    if (status != SMCRED_OK || !*id)
        return status; /* a store that is being made has none */
    status = server_store_key(server->store, sm_bytes_of(id), &key, &sealed, &len);
    if (status != SMCRED_OK)
        return status;
    status = server_unseal(server->vault, server->master_key, place_of(sm_bytes_of(id), place),
                           sm_bytes(sealed, len), &secret);
    return status == SMCRED_INVALID ? SMCRED_DENIED : status;
}
