/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * envelope.h - sealing: each value under a data key of its own, each data key under the master key.
 *
 * A sealed value names, as additional authenticated data, the place it belongs to (secret and
 * version, or access key), so one row of the store cannot be passed off as another.
 */
#ifndef SERVER_ENVELOPE_H
#define SERVER_ENVELOPE_H

#include "common/secret.h"
#include "common/status.h"

#define SERVER_SEALED_OVERHEAD 89 /* bytes a sealed value is longer than its plaintext */

/*
 * Makes a master key and writes it to `path`, a new file of mode 0600, synced.
 * Errors: SMCRED_SYSTEM (EEXIST too), SMCRED_UNAVAILABLE (no random bytes).
 */
SM_MUST_CHECK enum smcred_status server_master_create(const char *path, struct sm_error *err);

/*
 * Reads it.  Refuses (SMCRED_DENIED) a link, a file of another user and one that others may read.
 *   out_key  free with sm_secret_free()
 */
SM_MUST_CHECK enum smcred_status server_master_read(struct sm_vault *vault, const char *path,
                                                    struct sm_secret **out_key,
                                                    struct sm_error *err);

/*
 * Seals `plain` for `place`.
 *   out_sealed  free with free(); nothing in it is secret
 */
SM_MUST_CHECK enum smcred_status server_seal(struct sm_vault *vault,
                                             const struct sm_secret *master_key,
                                             struct sm_bytes place, const struct sm_secret *plain,
                                             uint8_t **out_sealed, size_t *out_len);

/* Opens it.  Errors: SMCRED_INVALID (damaged, another place, another master key), SMCRED_NO_MEMORY.
 */
SM_MUST_CHECK enum smcred_status server_unseal(struct sm_vault *vault,
                                               const struct sm_secret *master_key,
                                               struct sm_bytes place, struct sm_bytes sealed,
                                               struct sm_secret **out_plain);

/* --- data keys apart from what they seal --------------------------------------------------------
 */

/* A new one.  out_key: free with sm_secret_free(). */
SM_MUST_CHECK enum smcred_status server_data_key_new(struct sm_vault *vault,
                                                     struct sm_secret **out_key);
/* Wraps a data key for `place`: SERVER_WRAPPED_LEN bytes. */
SM_MUST_CHECK enum smcred_status server_wrap(const struct sm_secret *key, struct sm_bytes place,
                                             const struct sm_secret *data_key,
                                             uint8_t *out_wrapped);
SM_MUST_CHECK enum smcred_status server_unwrap(struct sm_vault *vault, const struct sm_secret *key,
                                               struct sm_bytes place, const uint8_t *wrapped,
                                               struct sm_secret **out_data_key);
/* Seals with a data key that is kept elsewhere.  out_sealed: free with free(). */
SM_MUST_CHECK enum smcred_status server_enclose(const struct sm_secret *data_key,
                                                struct sm_bytes place,
                                                const struct sm_secret *plain, uint8_t **out_sealed,
                                                size_t *out_len);
SM_MUST_CHECK enum smcred_status server_disclose(struct sm_vault *vault,
                                                 const struct sm_secret *data_key,
                                                 struct sm_bytes place, struct sm_bytes sealed,
                                                 struct sm_secret **out_plain);

#endif
