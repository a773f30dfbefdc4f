/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * accounts.h - the host's users and groups by name.  Called when the configuration is read, once
 * per new relay, and for explanations; through NSS, so it may block for as long as that does.
 */
#ifndef KEEPER_ACCOUNTS_H
#define KEEPER_ACCOUNTS_H

#include "common/peer.h"

#define ACCOUNTS_NAME_MAX    64    /* bytes of a user's name, NUL included; longer ones are cut */
#define ACCOUNTS_UID_ANYBODY 65534 /* the overflow uid: whoever a user namespace does not map */

bool accounts_user(const char *name, uid_t *out_uid, gid_t *out_gid);
bool accounts_group(const char *name, gid_t *out_gid);
/* The name of a uid, or its number. */
void accounts_name(uid_t uid, char out_name[ACCOUNTS_NAME_MAX]);
/* A peer as this user would be if he connected: uid, gid and groups.  False: no such user. */
bool accounts_peer(const char *name, struct sm_peer *out_peer);

#endif
