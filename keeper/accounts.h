/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * accounts.h - the host's users and groups by name.  Called when the configuration is read, and
 * for explanations; through NSS, so it may block for as long as that does.  Those who log in, those
 * who ask, and whose relay is new, are looked up by people.h.
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

#define ACCOUNTS_RECENT    64
#define ACCOUNTS_RECENT_MS 10000
/* Names looked up a moment ago, so that one busy client does not make everybody wait for NSS. */
struct accounts_recent {
    struct {
        uid_t uid;
        int64_t until_ms; /* 0: none */
        char name[ACCOUNTS_NAME_MAX];
    } slot[ACCOUNTS_RECENT];
};
/* accounts_name(), as it was noted at most ACCOUNTS_RECENT_MS before now_ms (sm_boot_ms()).  False:
 * it was not. */
bool accounts_recent_name(const struct accounts_recent *recent, uid_t uid, int64_t now_ms,
                          char out_name[ACCOUNTS_NAME_MAX]);
void accounts_recent_note(struct accounts_recent *recent, uid_t uid, int64_t now_ms,
                          const char *name);

/* A peer as this user would be if he connected: uid, gid and groups.  False: no such user. */
bool accounts_peer(const char *name, struct sm_peer *out_peer);

#endif
