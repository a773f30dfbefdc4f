/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * signing.h - signing keys of the day, remembered.
 *
 * A client signs with a key derived from its secret access key, the day, the region and the
 * service. To derive it takes four HMACs, and unsealing the secret key two AES keys more: most of
 * what a small request costs.  What is remembered belongs to the very sealed bytes in the store, so
 * a key that was disabled, replaced or sealed anew is never served from here.
 */
#ifndef SERVER_SIGNING_H
#define SERVER_SIGNING_H

#include "common/sigv4.h"

#define SERVER_SIGNING_KEYS 64

struct server_signing;

/* Free with server_signing_free(), before the vault.  NULL without memory. */
struct server_signing *server_signing_new(void);
void server_signing_free(struct server_signing *signing);

/* The key derived from what is sealed there for that scope, lent until the next put; or NULL. */
const struct sm_secret *server_signing_find(const struct server_signing *signing,
                                            struct sm_bytes sealed,
                                            const struct sigv4_scope *scope);
/* Takes `key`, in place of the one put longest ago. */
const struct sm_secret *server_signing_put(struct server_signing *signing, struct sm_bytes sealed,
                                           const struct sigv4_scope *scope, struct sm_secret *key);

#endif
