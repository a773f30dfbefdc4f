/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kms.c - finds, makes and rotates keys, and keeps the material of the last ones in the vault.
 *
 * Called by value.c and parameter_value.c for every value, and by admin_kms.c.
 */
#include "server/kms.h"

#include <stdio.h>

#include "server/access.h"
#include "server/envelope.h"
#include "server/names.h"
#include "server/parameter_value.h"
#include "server/value.h"

#define SLOTS     16
#define PLACE_MAX 128

struct slot {
    int64_t row; /* 0: free; rows are never used again, so what is here stays true */
    struct sm_secret *material;
};

struct server_kms {
    struct slot slots[SLOTS];
    size_t next;
};

struct server_kms *server_kms_new(void)
{
    return calloc(1, sizeof(struct server_kms));
}

void server_kms_free(struct server_kms *kms)
{
    if (!kms)
        return;
    for (size_t i = 0; i < SLOTS; i++)
        sm_secret_free(kms->slots[i].material);
    free(kms);
}

void server_kms_arn(const struct server_place *place, const char *id,
                    char out_arn[SERVER_KMS_ARN_MAX])
{
    (void)snprintf(out_arn, SERVER_KMS_ARN_MAX, "arn:%s:kms:%s:%s:key/%s",
                   server_partition(place->region), place->region, place->account, id); /* fits */
}

/* --- material -----------------------------------------------------------------------------------
 */

/* What the seal is bound to. */
static struct sm_bytes place_of(int64_t key, char out[PLACE_MAX])
{
    int len = snprintf(out, PLACE_MAX, "kms-material%c%lld", 0, (long long)key);
    return sm_bytes(out, (size_t)len); /* fits */
}

static enum smcred_status add_material(const struct server *server, int64_t key, int64_t *out_row)
{
    char place[PLACE_MAX];
    sm_autosecret struct sm_secret *material = NULL;
    sm_autofree uint8_t *sealed = NULL;
    size_t len;
    enum smcred_status status = server_data_key_new(server->vault, &material);
    if (status == SMCRED_OK)
        status = server_seal(server->vault, server->master_key, place_of(key, place), material,
                             &sealed, &len);
    return status == SMCRED_OK
               ? server_store_kms_material_add(server->store, key, sm_bytes(sealed, len), out_row)
               : status;
}

static enum smcred_status load(const struct server *server, int64_t row,
                               struct sm_secret **out_material)
{
    char place[PLACE_MAX];
    sm_autofree uint8_t *sealed = NULL;
    size_t len;
    int64_t key;
    enum smcred_status status = server_store_kms_material(server->store, row, &key, &sealed, &len);
    if (status != SMCRED_OK)
        return status == SMCRED_NOT_FOUND ? SMCRED_INVALID : status;
    return server_unseal(server->vault, server->master_key, place_of(key, place),
                         sm_bytes(sealed, len), out_material);
}

/* Material by its row, lent until the next call. */
static enum smcred_status lend_material(const struct server *server, int64_t row,
                                        const struct sm_secret **out_material)
{
    struct server_kms *kms = server->kms;
    struct sm_secret *material;
    for (size_t i = 0; i < SLOTS; i++) {
        if (kms->slots[i].row == row) {
            *out_material = kms->slots[i].material;
            return SMCRED_OK;
        }
    }
    enum smcred_status status = load(server, row, &material);
    if (status != SMCRED_OK)
        return status;
    struct slot *slot = &kms->slots[kms->next];
    kms->next = (kms->next + 1) % SLOTS;
    sm_secret_free(slot->material);
    *slot = (struct slot){.row = row, .material = material};
    *out_material = material;
    return SMCRED_OK;
}

/* --- keys ---------------------------------------------------------------------------------------
 */

enum smcred_status server_kms_create(const struct server *server, const struct server_place *place,
                                     const char *id, struct server_kms_key *out_key)
{
    struct server_kms_key key = {.place = *place, .created_ms = server->now_ms()};
    if (id)
        (void)snprintf(key.id, sizeof key.id, "%s", id); /* checked: fits */
    else
        server_uuid(key.id);
    enum smcred_status status = server_store_kms_insert(server->store, &key);
    if (status == SMCRED_OK)
        status = add_material(server, key.row, &key.material);
    if (status == SMCRED_OK)
        *out_key = key;
    return status;
}

/* A default key is made when it is first needed. */
static enum smcred_status find_alias(const struct server *server, const struct server_place *place,
                                     const char *alias, struct server_kms_key *out_key)
{
    enum smcred_status status = server_store_kms_by_alias(server->store, place, alias, out_key);
    bool is_default = strcmp(alias, SERVER_KMS_DEFAULT) == 0 || strcmp(alias, SERVER_KMS_SSM) == 0;
    if (status != SMCRED_NOT_FOUND || !is_default)
        return status;
    status = server_kms_create(server, place, NULL, out_key);
    return status == SMCRED_OK ? server_store_kms_alias(server->store, out_key, alias) : status;
}

enum smcred_status server_kms_find(const struct server *server, const struct server_place *place,
                                   const char *kms_key_id, struct server_kms_key *out_key)
{
    char head[SERVER_KMS_ARN_MAX];
    if (!*kms_key_id)
        return find_alias(server, place, SERVER_KMS_DEFAULT, out_key);
    if (strncmp(kms_key_id, "arn:", 4) == 0) {
        int len = snprintf(head, sizeof head, "arn:%s:kms:%s:%s:", server_partition(place->region),
                           place->region, place->account); /* fits */
        if (strncmp(kms_key_id, head, (size_t)len) != 0)
            return SMCRED_NOT_FOUND;
        kms_key_id += len;
        if (strncmp(kms_key_id, "key/", 4) == 0)
            return server_store_kms_by_id(server->store, place, kms_key_id + 4, out_key);
    }
    if (strncmp(kms_key_id, "alias/", 6) == 0)
        return find_alias(server, place, kms_key_id, out_key);
    return server_store_kms_by_id(server->store, place, kms_key_id, out_key);
}

enum smcred_status server_kms_usable(const struct server *server, const struct server_place *place,
                                     const char *kms_key_id, struct server_kms_key *out_key)
{
    enum smcred_status status = server_kms_find(server, place, kms_key_id, out_key);
    bool is_off = status == SMCRED_OK && out_key->state != SERVER_KMS_ENABLED;
    return status == SMCRED_NOT_FOUND || is_off ? SMCRED_REVOKED : status;
}

/* One that was given none leaves it to its account's own policies. */
enum smcred_status server_kms_policy(const struct server *server, const struct server_place *place,
                                     const char *id, char **out_policy)
{
    enum smcred_status status = server_store_kms_policy(server->store, place, id, out_policy);
    if (status != SMCRED_NOT_FOUND)
        return status;
    return asprintf(out_policy,
                    "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\","
                    "\"Principal\":{\"AWS\":\"%s\"},\"Action\":\"kms:*\",\"Resource\":\"*\"}}",
                    place->account) < 0
               ? SMCRED_NO_MEMORY
               : SMCRED_OK;
}

enum server_error server_kms_allow(struct server_call *call, const struct server_place *place,
                                   const char *id, const char *action, const char *parameter)
{
    char arn[SERVER_KMS_ARN_MAX];
    char *policy = NULL;
    enum smcred_status status = server_kms_policy(call->server, place, id, &policy);
    if (status != SMCRED_OK)
        return server_fail_status(call, status);
    server_kms_arn(place, id, arn);
    enum server_error error = server_access_check(&(struct server_access){.call = call,
                                                                          .action = action,
                                                                          .resource = arn,
                                                                          .shown = arn,
                                                                          .parameter = parameter,
                                                                          .policy = policy,
                                                                          .sole = true});
    free(policy);
    return error;
}

bool server_kms_is_default(const char *kms_key_id)
{
    return !*kms_key_id || strcmp(kms_key_id, SERVER_KMS_DEFAULT) == 0;
}

enum server_error server_kms_access(struct server_call *call, const struct server_place *place,
                                    const char *kms_key_id, bool reads)
{
    struct server_kms_key key;
    if (server_kms_is_default(kms_key_id))
        return SERVER_OK;
    enum smcred_status status = server_kms_find(call->server, place, kms_key_id, &key);
    if (status == SMCRED_NOT_FOUND)
        return SERVER_OK; /* sealing and unsealing say so */
    if (status != SMCRED_OK)
        return server_fail_status(call, status);
    enum server_error error = server_kms_allow(call, &key.place, key.id,
                                               reads ? "kms:Decrypt" : "kms:GenerateDataKey", NULL);
    return error == SERVER_ACCESS_DENIED ? server_fail(call, error, "Access to KMS is not allowed")
                                         : error;
}

/* --- what keys seal -----------------------------------------------------------------------------
 */

enum smcred_status server_kms_seal(const struct server *server, const struct server_kms_key *key,
                                   struct sm_bytes context, const struct sm_secret *plain,
                                   struct server_sealed *out_sealed)
{
    sm_autosecret struct sm_secret *data_key = NULL;
    const struct sm_secret *material;
    enum smcred_status status = lend_material(server, key->material, &material);
    if (status == SMCRED_OK)
        status = server_data_key_new(server->vault, &data_key);
    if (status == SMCRED_OK)
        status = server_wrap(material, context, data_key, out_sealed->wrapped);
    if (status == SMCRED_OK)
        status = server_enclose(data_key, context, plain, &out_sealed->bytes, &out_sealed->len);
    if (status == SMCRED_OK)
        out_sealed->material = key->material;
    return status;
}

static enum smcred_status unwrap(const struct server *server, struct sm_bytes context,
                                 const struct server_sealed *sealed,
                                 struct sm_secret **out_data_key)
{
    const struct sm_secret *material;
    enum smcred_status status = lend_material(server, sealed->material, &material);
    return status == SMCRED_OK
               ? server_unwrap(server->vault, material, context, sealed->wrapped, out_data_key)
               : status;
}

enum smcred_status server_kms_unseal(const struct server *server, struct sm_bytes context,
                                     const struct server_sealed *sealed,
                                     struct sm_secret **out_plain)
{
    struct sm_bytes bytes = sm_bytes(sealed->bytes, sealed->len);
    sm_autosecret struct sm_secret *data_key = NULL;
    if (sealed->material == 0)
        return server_unseal(server->vault, server->master_key, context, bytes, out_plain);
    enum smcred_status status = unwrap(server, context, sealed, &data_key);
    return status == SMCRED_OK ? server_disclose(server->vault, data_key, context, bytes, out_plain)
                               : status;
}

enum smcred_status server_kms_rewrap(const struct server *server, struct sm_bytes context,
                                     int64_t row, struct server_sealed *sealed)
{
    sm_autosecret struct sm_secret *data_key = NULL;
    const struct sm_secret *material;
    enum smcred_status status = unwrap(server, context, sealed, &data_key);
    if (status == SMCRED_OK)
        status = lend_material(server, row, &material);
    if (status == SMCRED_OK)
        status = server_wrap(material, context, data_key, sealed->wrapped);
    if (status == SMCRED_OK)
        sealed->material = row;
    return status;
}

/* --- rotation -----------------------------------------------------------------------------------
 */

typedef enum smcred_status rewrap_next(const struct server *server, int64_t key, int64_t row);

static enum smcred_status rewrap_value(const struct server *server, int64_t key, int64_t row)
{
    struct server_data_key data_key;
    enum smcred_status status = server_store_data_key_next(server->store, key, row, &data_key);
    return status == SMCRED_OK ? server_data_key_rewrap(server, &data_key, row) : status;
}

static enum smcred_status rewrap_all(const struct server *server, int64_t key, int64_t row,
                                     rewrap_next *next, int64_t *count)
{
    enum smcred_status status;
    while ((status = next(server, key, row)) == SMCRED_OK)
        ++*count;
    return status == SMCRED_NOT_FOUND ? SMCRED_OK : status; /* that was the last */
}

enum smcred_status server_kms_rotate(const struct server *server, const struct server_kms_key *key,
                                     int64_t *out_count)
{
    int64_t row, count = 0;
    enum smcred_status status = add_material(server, key->row, &row);
    if (status == SMCRED_OK)
        status = rewrap_all(server, key->row, row, rewrap_value, &count);
    if (status == SMCRED_OK)
        status = rewrap_all(server, key->row, row, server_parameter_rewrap, &count);
    if (status == SMCRED_OK)
        status = server_store_kms_material_drop(server->store, key->row, row);
    if (status == SMCRED_OK)
        *out_count = count;
    return status;
}
