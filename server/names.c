/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * names.c - names, ARNs, and finding a secret by either.  Called by dispatch and the operations.
 */
#include "server/names.h"

#include <ctype.h>
#include <openssl/rand.h>
#include <stdio.h>

#include "server/call.h"

#define SUFFIX_LEN 6

static const char alphanumeric[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

bool server_name_is_valid(const char *name)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/_+=.@!-";
    return *name && name[strspn(name, allowed)] == '\0';
}

bool server_id_is_valid(const char *id)
{
    return strncmp(id, "arn:", 4) == 0 || server_name_is_valid(id);
}

bool server_region_is_valid(const char *region)
{
    const char *dash = strrchr(region, '-');
    return dash && dash != region && islower((unsigned char)*region) &&
           region[strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0' && dash[1] &&
           dash[1 + strspn(dash + 1, "0123456789")] == '\0' && strlen(region) <= SERVER_REGION_MAX;
}

bool server_regions_are_valid(const char *list)
{
    char region[SERVER_REGION_MAX + 1];
    for (;;) {
        size_t len = strcspn(list, ",");
        if (len > SERVER_REGION_MAX)
            return false;
        memcpy(region, list, len);
        region[len] = '\0';
        if (!server_region_is_valid(region) || !list[len])
            return server_region_is_valid(region);
        list += len + 1;
    }
}

bool server_region_is_served(const struct server *server, const char *region)
{
    size_t len = strlen(region);
    const char *at = server->regions;
    if (!server_region_is_valid(region))
        return false;
    while (at && *at) {
        size_t word = strcspn(at, ",");
        if (word == len && memcmp(at, region, len) == 0)
            return true;
        at += word + (at[word] == ',');
    }
    return !server->regions;
}

const char *server_partition(const char *region)
{
    return strncmp(region, "cn-", 3) == 0       ? "aws-cn"
           : strncmp(region, "us-gov-", 7) == 0 ? "aws-us-gov"
                                                : "aws";
}

/* "arn:aws:secretsmanager:REGION:ACCOUNT:secret:"; answers its length. */
static size_t arn_head(const struct server_place *place, char *out, size_t size)
{
    int len =
        snprintf(out, size, "arn:%s:secretsmanager:%s:%s:secret:", server_partition(place->region),
                 place->region, place->account);
    return (size_t)len;
}

enum smcred_status server_arn_make(const struct server_place *place, const char *name,
                                   char out_arn[SERVER_ARN_MAX + 1])
{
    char head[SERVER_ARN_MAX - SERVER_NAME_MAX - SUFFIX_LEN];
    char suffix[SUFFIX_LEN + 1] = "";
    for (size_t i = 0; i < SUFFIX_LEN;) {
        uint8_t byte;
        if (RAND_bytes(&byte, 1) != 1)
            return SMCRED_UNAVAILABLE;
        if (byte < 4 * (sizeof alphanumeric - 1)) /* 248: every character equally likely */
            suffix[i++] = alphanumeric[byte % (sizeof alphanumeric - 1)];
    }
    (void)arn_head(place, head, sizeof head);
    (void)snprintf(out_arn, SERVER_ARN_MAX + 1, "%s%s-%s", head, name, suffix); /* fits */
    return SMCRED_OK;
}

void server_arn_in(const struct server_place *place, const char *arn,
                   char out_arn[SERVER_ARN_MAX + 1])
{
    const char *tail = strstr(arn, ":secret:");
    size_t len = arn_head(place, out_arn, SERVER_ARN_MAX + 1);
    (void)snprintf(out_arn + len, SERVER_ARN_MAX + 1 - len, "%s",
                   tail ? tail + strlen(":secret:") : ""); /* fits as `arn` did */
}

static bool has_suffix(const char *tail)
{
    const char *dash = strrchr(tail, '-');
    return dash && strlen(dash + 1) == SUFFIX_LEN && strspn(dash + 1, alphanumeric) == SUFFIX_LEN;
}

bool server_arn_account(const char *arn, char out_account[SERVER_ACCOUNT_LEN + 1])
{
    for (int colons = 0; colons < 4; colons++) {
        const char *colon = strchr(arn, ':');
        if (!colon)
            return false;
        arn = colon + 1;
    }
    if (strspn(arn, "0123456789") != SERVER_ACCOUNT_LEN)
        return false;
    memcpy(out_account, arn, SERVER_ACCOUNT_LEN);
    out_account[SERVER_ACCOUNT_LEN] = '\0';
    return true;
}

enum smcred_status server_secret_find(const struct server_call *call, const char *id,
                                      struct server_secret *out_secret)
{
    struct server_store *store = call->server->store;
    struct server_place place = call->place;
    char head[SERVER_ARN_MAX];
    if (strncmp(id, "arn:", 4) != 0)
        return server_store_secret_by_name(store, &place, sm_bytes_of(id), out_secret);
    if (!server_arn_account(id, place.account))
        return SMCRED_NOT_FOUND;
    size_t len = arn_head(&place, head, sizeof head);
    if (strncmp(id, head, len) != 0)
        return SMCRED_NOT_FOUND;
    if (has_suffix(id + len))
        return server_store_secret_by_arn(store, sm_bytes_of(id), out_secret);
    return server_store_secret_by_name(store, &place, sm_bytes_of(id + len), out_secret);
}
