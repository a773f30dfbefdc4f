/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * signing.c - a ring of signing keys.  Called by keys, in the one thread that answers calls.
 */
#include "server/signing.h"

#define SEALED_MAX                                                                                 \
    512 /* bytes; a longer one shares a slot with nobody, and is derived each time                 \
         */
#define DAY_LEN 8

struct slot {
    struct sm_secret *key; /* NULL: free */
    uint8_t sealed[SEALED_MAX];
    size_t sealed_len;
    struct sigv4_scope scope; /* of its date the day alone counts */
};

struct server_signing {
    struct slot slots[SERVER_SIGNING_KEYS];
    size_t next;
};

struct server_signing *server_signing_new(void)
{
    return calloc(1, sizeof(struct server_signing));
}

void server_signing_free(struct server_signing *signing)
{
    if (!signing)
        return;
    for (size_t i = 0; i < SERVER_SIGNING_KEYS; i++)
        sm_secret_free(signing->slots[i].key);
    free(signing);
}

static bool is_for(const struct slot *slot, struct sm_bytes sealed, const struct sigv4_scope *scope)
{
    return slot->key && slot->sealed_len == sealed.len &&
           sm_bytes_equal(sm_bytes(slot->sealed, slot->sealed_len), sealed) &&
           memcmp(slot->scope.date, scope->date, DAY_LEN) == 0 &&
           strcmp(slot->scope.region, scope->region) == 0 &&
           strcmp(slot->scope.service, scope->service) == 0;
}

const struct sm_secret *server_signing_find(const struct server_signing *signing,
                                            struct sm_bytes sealed, const struct sigv4_scope *scope)
{
    for (size_t i = 0; i < SERVER_SIGNING_KEYS; i++) {
        if (is_for(&signing->slots[i], sealed, scope))
            return signing->slots[i].key;
    }
    return NULL;
}

const struct sm_secret *server_signing_put(struct server_signing *signing, struct sm_bytes sealed,
                                           const struct sigv4_scope *scope, struct sm_secret *key)
{
    struct slot *slot = &signing->slots[signing->next];
    signing->next = (signing->next + 1) % SERVER_SIGNING_KEYS;
    sm_secret_free(slot->key);
    *slot = (struct slot){.key = key, .sealed_len = SIZE_MAX, .scope = *scope};
    if (sealed.len <= SEALED_MAX) {
        memcpy(slot->sealed, sealed.data, sealed.len);
        slot->sealed_len = sealed.len;
    }
    return key;
}
