/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * endpoint.h - where Secrets Manager is.
 *
 * In this order: the setting endpoint_url; AWS_ENDPOINT_URL_SECRETS_MANAGER; AWS_ENDPOINT_URL; the
 * profile's `services` section; the profile's endpoint_url; AWS's own name for the region, with its
 * partition's suffix and the FIPS and dual-stack variants.
 */
#ifndef SM_SOURCES_ENDPOINT_H
#define SM_SOURCES_ENDPOINT_H

#include "sources/awsprofile.h"

#define REGION_MAX 64 /* bytes, NUL included */

struct endpoint_wishes {
    const char *(*env)(const char *name);
    const struct aws_profiles *profiles;
    const char *profile; /* its name */
    const char *url;     /* the setting, or NULL */
    const char *region;
};

struct endpoint {
    char url[1024];
    char host[280]; /* the Host header: with a port if it is not the scheme's */
    char path[512]; /* as on the wire */
};

/*
 * Plain http is for loopback alone: secrets come back over this connection.
 * Errors: SMCRED_INVALID; err says which value, from where.
 */
SM_MUST_CHECK enum smcred_status endpoint_resolve(const struct endpoint_wishes *wishes,
                                                  struct endpoint *out_endpoint,
                                                  struct sm_error *err);

/* True for letters, digits and '-', as regions are made of. */
bool endpoint_region_is_sane(const char *region);

#endif
