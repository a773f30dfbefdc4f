/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * localca.h - the certificate authority of this host, for TLS between a client and its relay
 * (doc/local-tls.md).  Its key is in the state directory, for the keeper alone; its certificate is
 * in the runtime directory, for everybody.
 */
#ifndef KEEPER_LOCALCA_H
#define KEEPER_LOCALCA_H

#include "common/status.h"
#include "keeper/certificate.h"
#include "keeper/pemfile.h"

#define LOCALCA_KEY_FILE                                                                           \
    "local-ca.key"                       /* in the state directory: the key, then its certificate  \
                                          */
#define LOCALCA_CERT_FILE "local-ca.pem" /* in the runtime directory */

struct localca;

/*
 * Reads the CA, or makes one that vouches for nobody yet.  Nothing is written before
 * localca_constrain().
 *   out_ca  free with localca_free()
 * Errors, which `err` explains: SMCRED_INVALID (the file is there and broken: it is not written
 * over), SMCRED_SYSTEM, SMCRED_TOO_LARGE, SMCRED_NO_MEMORY.
 */
SM_MUST_CHECK enum smcred_status localca_new(const char *state_dir, const char *runtime_dir,
                                             struct localca **out_ca, struct sm_error *err);
/* NULL is allowed. */
void localca_free(struct localca *ca);

/*
 * From now on the CA vouches for these names and no others: its certificate is made anew if it says
 * something else, or ends soon; and published.
 * Errors: SMCRED_SYSTEM, SMCRED_TOO_LARGE, SMCRED_NO_MEMORY; the certificate before is in use then.
 */
SM_MUST_CHECK enum smcred_status localca_constrain(struct localca *ca,
                                                   struct certificate_names names, int64_t now_s,
                                                   struct sm_error *err);
/* Where clients find its certificate; NULL: it has none yet. */
const char *localca_path(const struct localca *ca);
/*
 * A new key, and a certificate for it.
 *   names         of which the CA was told
 *   out_identity  done with pemfile_done()
 * Errors: SMCRED_SYSTEM, SMCRED_NO_MEMORY.
 */
SM_MUST_CHECK enum smcred_status localca_issue(const struct localca *ca, const char *target,
                                               struct certificate_names names, int64_t now_s,
                                               struct pemfile *out_identity, struct sm_error *err);

#endif
