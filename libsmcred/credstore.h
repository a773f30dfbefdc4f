/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * credstore.h - where a handle keeps private copies of secrets, and how it notices fork(2).
 *
 * A store outlives its handle while snapshots are out, so that the order of smcred_close() and
 * smcred_snapshot_free() does not matter.  Its pages are not inherited by children: a child sees
 * cred_store_ours() false, treats old snapshots as empty, and makes a store of its own.
 */
#ifndef LIBSMCRED_CREDSTORE_H
#define LIBSMCRED_CREDSTORE_H

#include "common/secret.h"

struct cred_store;

/* One reference, the caller's.  Errors: SMCRED_NO_MEMORY. */
SM_MUST_CHECK enum smcred_status cred_store_new(struct cred_store **out_store);
struct cred_store *cred_store_ref(struct cred_store *store);
/* The last one out frees the vault.  NULL is allowed; errno is kept. */
void cred_store_unref(struct cred_store *store);

/*
 * One object that is kept for its next use, so that a hit allocates nothing.
 * Parking fails while there is one, and for ever after cred_store_close(), which gives back the
 * last.  Parking may happen in any thread, the other two only in the handle's.
 */
SM_MUST_CHECK bool cred_store_park(struct cred_store *store, void *spare);
void *cred_store_unpark(struct cred_store *store);
void *cred_store_close(struct cred_store *store);

/* False in a child of the process that made it.  No system call. */
bool cred_store_ours(const struct cred_store *store);
/* Borrowed; only for its own process. */
struct sm_vault *cred_store_vault(const struct cred_store *store);

#endif
