/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * endpoints.c - a list; there are about as many as targets.
 */
#include "keeper/endpoints.h"

#include <stdio.h>

#define ENDPOINTS_MAX 1000

struct endpoint {
    char host[INDEX_HOST_MAX];
    uint32_t tls;
    uint64_t ca_print;
    uint64_t identity_print;
};

struct endpoints {
    struct endpoint *list;
    size_t count;
};

enum smcred_status endpoints_new(struct endpoints **out_endpoints)
{
    struct endpoints *endpoints = calloc(1, sizeof *endpoints);
    if (!endpoints)
        return SMCRED_NO_MEMORY;
    *out_endpoints = endpoints;
    return SMCRED_OK;
}

void endpoints_free(struct endpoints *endpoints)
{
    if (!endpoints)
        return;
    free(endpoints->list);
    free(endpoints);
}

static bool is_for(const struct endpoint *endpoint, const struct endpoints_key *key)
{
    return endpoint->tls == key->tls && endpoint->ca_print == key->ca_print &&
           endpoint->identity_print == key->identity_print &&
           strcmp(endpoint->host, key->host) == 0;
}

enum smcred_status endpoints_number(struct endpoints *endpoints, const struct endpoints_key *key,
                                    uint32_t *out_number)
{
    for (size_t i = 0; i < endpoints->count; i++) {
        if (is_for(&endpoints->list[i], key)) {
            *out_number = (uint32_t)i + 1;
            return SMCRED_OK;
        }
    }
    if (endpoints->count == ENDPOINTS_MAX || strlen(key->host) >= INDEX_HOST_MAX)
        return SMCRED_LIMITED;
    struct endpoint *list = realloc(endpoints->list, (endpoints->count + 1) * sizeof *list);
    if (!list)
        return SMCRED_NO_MEMORY;
    endpoints->list = list;
    struct endpoint *added = &list[endpoints->count++];
    *added = (struct endpoint){
        .tls = key->tls, .ca_print = key->ca_print, .identity_print = key->identity_print};
    (void)snprintf(added->host, sizeof added->host, "%s", key->host); /* it fits */
    *out_number = (uint32_t)endpoints->count;
    return SMCRED_OK;
}
