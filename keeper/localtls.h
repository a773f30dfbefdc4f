/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * localtls.h - what each target shows to clients that want TLS towards their relay: a number, for
 * S2, and a certificate with its key, made when it is needed first and anew before it ends.
 */
#ifndef KEEPER_LOCALTLS_H
#define KEEPER_LOCALTLS_H

#include "keeper/config.h"

struct localtls;

SM_MUST_CHECK enum smcred_status localtls_new(struct localtls **out_localtls);
/* NULL is allowed. */
void localtls_free(struct localtls *localtls);

/*
 * The configuration is new, or is the first: the CA is opened, if a target wants it and it is not
 * yet, and vouches for its targets' names.  An error leaves targets without TLS, or with the
 * certificates they had. Errors, which `err` explains: as localca.h's.
 */
SM_MUST_CHECK enum smcred_status localtls_update(struct localtls *localtls, const char *state_dir,
                                                 const char *runtime_dir,
                                                 const struct config *config, int64_t now_s,
                                                 struct sm_error *err);

/* Where clients of the target find the certificate of its CA; NULL: they get no TLS. */
const char *localtls_ca_path(const struct localtls *localtls, const struct config_target *target);

struct localtls_identity {
    uint32_t number; /* the target's, as long as the keeper lives */
    int fd;          /* a sealed memfd of PEM: certificate and key; borrowed */
    bool fresh;      /* made just now: whoever knows the number does not know this */
};

/*
 * The target's identity.
 * Errors, which `err` explains: SMCRED_NOT_FOUND (the target wants none, or there is no CA),
 * SMCRED_SYSTEM, SMCRED_NO_MEMORY.
 */
SM_MUST_CHECK enum smcred_status
localtls_identity(struct localtls *localtls, const struct config_target *target, int64_t now_s,
                  struct localtls_identity *out_identity, struct sm_error *err);

#endif
