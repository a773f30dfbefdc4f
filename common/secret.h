/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * secret.h - the only type a secret lives in.
 *
 * A vault is a set of pages that are locked and left out of core dumps, in memfd_secret(2) memory
 * where the kernel has it (then not even root reads them through /proc), else in anonymous locked
 * memory.  A secret is a piece of a vault.  It never moves, freeing it is wiping it, and it is
 * opaque so that printing or copying it by accident does not compile.
 *
 * One vault may be used by several threads.
 */
#ifndef SM_SECRET_H
#define SM_SECRET_H

#include "common/bytes.h"
#include "libsmcred/smcred.h"

#define SM_SECRET_MAX 65536 /* bytes; SecretString's maximum, Secrets Manager API 2017-10-17 */

struct sm_vault;
struct sm_secret;

/* Free with sm_vault_free().  Errors: SMCRED_NO_MEMORY. */
SM_MUST_CHECK enum smcred_status sm_vault_new(struct sm_vault **out_vault);
/* A vault whose pages are locked only, for copies of what its process can read elsewhere anyway. */
SM_MUST_CHECK enum smcred_status sm_vault_new_locked(struct sm_vault **out_vault);
/* Every secret of the vault must have been freed; pages are wiped and unmapped. */
void sm_vault_free(struct sm_vault *vault);
/*
 * Instead of sm_vault_free() in a child of fork(2): pages are not inherited, so at their addresses
 * there is nothing, or something else by now.
 */
void sm_vault_forget(struct sm_vault *vault);
/* True if all its pages are from memfd_secret(2), or would be; for `status` and the log. */
bool sm_vault_hidden(struct sm_vault *vault);
/* Bytes of pages the vault holds now. */
size_t sm_vault_size(struct sm_vault *vault);

/*
 * Copies `value` into a new secret.  The caller still owns, and wipes, the source.
 *   value       0..SM_SECRET_MAX bytes, any content
 *   out_secret  free with sm_secret_free(); untouched on failure
 * Errors: SMCRED_TOO_LARGE, SMCRED_NO_MEMORY.
 */
SM_MUST_CHECK enum smcred_status sm_secret_new(struct sm_vault *vault, struct sm_bytes value,
                                               struct sm_secret **out_secret);

/*
 * A secret of length 0 with room for `capacity` bytes, for data that arrives in pieces: write
 * behind sm_secret_room(), then say so with sm_secret_grow(). capacity  1..SM_BUFFER_MAX
 */
#define SM_BUFFER_MAX                                                                              \
    (1 << 20) /* bytes; a JSON answer with a 64 KiB value escaped, and its frame */
SM_MUST_CHECK enum smcred_status sm_secret_alloc(struct sm_vault *vault, size_t capacity,
                                                 struct sm_secret **out_secret);
/* The unused rest of the buffer; out_len gets its size in bytes. */
void *sm_secret_room(struct sm_secret *secret, size_t *out_len);
/* Declares `len` more bytes written; len must not exceed the room. */
void sm_secret_grow(struct sm_secret *secret, size_t len);

/* The bytes, borrowed until the secret is freed.  A NUL follows them, not counted. */
struct sm_bytes sm_secret_view(const struct sm_secret *secret);
/* Constant time in the content; the lengths may show. */
bool sm_secret_equal(const struct sm_secret *secret, struct sm_bytes other);
/* Wipes the whole capacity, then gives it back.  NULL is allowed; errno is kept. */
void sm_secret_free(struct sm_secret *secret);

static inline void sm_free_secret_ptr(struct sm_secret **secret)
{
    sm_secret_free(*secret);
}
#define sm_autosecret __attribute__((cleanup(sm_free_secret_ptr)))

#endif
