/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * secret_id.c - the names of a secret.  Called by whoever revokes, or changes a password.
 */
#include "keeper/secret_id.h"

#include <string.h>

/* Behind "arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:"; NULL for a name. */
static const char *resource_of(const char *secret_id)
{
    const char *at = strncmp(secret_id, "arn:", 4) == 0 ? strstr(secret_id, ":secret:") : NULL;
    return at ? at + strlen(":secret:") : NULL;
}

/* An ARN's resource is the name, a hyphen and six characters, or the name alone. */
static bool is_resource_of(const char *resource, const char *name)
{
    size_t len = strlen(name);
    if (strncmp(resource, name, len) != 0)
        return false;
    return resource[len] == '\0' || (resource[len] == '-' && strlen(resource + len) == 7);
}

/* Of two ARNs one may be without the six characters, as Secrets Manager takes them. */
static bool same_arn(const char *a, const char *resource_a, const char *b, const char *resource_b)
{
    size_t len = (size_t)(resource_a - a);
    return len == (size_t)(resource_b - b) && memcmp(a, b, len) == 0 &&
           (is_resource_of(resource_a, resource_b) || is_resource_of(resource_b, resource_a));
}

bool secret_id_same(const char *a, const char *b)
{
    const char *resource_a = resource_of(a), *resource_b = resource_of(b);
    if (resource_a && resource_b)
        return same_arn(a, resource_a, b, resource_b);
    if (resource_a)
        return is_resource_of(resource_a, b);
    return resource_b ? is_resource_of(resource_b, a) : strcmp(a, b) == 0;
}
