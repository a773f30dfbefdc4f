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

enum smcred_status endpoints_number(struct endpoints *endpoints, const char *host, uint32_t tls,
                                    uint64_t ca_print, uint32_t *out_number)
{
    for (size_t i = 0; i < endpoints->count; i++) {
        const struct endpoint *at = &endpoints->list[i];
        if (at->tls == tls && at->ca_print == ca_print && strcmp(at->host, host) == 0) {
            *out_number = (uint32_t)i + 1;
            return SMCRED_OK;
        }
    }
    if (endpoints->count == ENDPOINTS_MAX || strlen(host) >= INDEX_HOST_MAX)
        return SMCRED_LIMITED;
    struct endpoint *list = realloc(endpoints->list, (endpoints->count + 1) * sizeof *list);
    if (!list)
        return SMCRED_NO_MEMORY;
    endpoints->list = list;
    struct endpoint *added = &list[endpoints->count++];
    *added = (struct endpoint){.tls = tls, .ca_print = ca_print};
    (void)snprintf(added->host, sizeof added->host, "%s", host); /* it fits */
    *out_number = (uint32_t)endpoints->count;
    return SMCRED_OK;
}
