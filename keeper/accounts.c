/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * accounts.c - getpwnam_r() and its family.
 */
#include "keeper/accounts.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>

#define ENTRY_MAX (1 << 20) /* bytes of one entry; groups list their members */

/* Calls a *_r function with a buffer that grows until its answer fits. */
#define LOOK_UP(found, call)                                                                       \
    do {                                                                                           \
        int error = ERANGE;                                                                        \
        for (size_t size = 4096; error == ERANGE && size <= ENTRY_MAX; size *= 4) {                \
            free(buffer);                                                                          \
            buffer = malloc(size);                                                                 \
            error = buffer ? call : ENOMEM;                                                        \
        }                                                                                          \
        if (error != 0)                                                                            \
            found = NULL;                                                                          \
    } while (0)

bool accounts_user(const char *name, uid_t *out_uid, gid_t *out_gid)
{
    struct passwd entry, *found = NULL;
    sm_autofree char *buffer = NULL;
    LOOK_UP(found, getpwnam_r(name, &entry, buffer, size, &found));
    if (!found)
        return false;
    *out_uid = entry.pw_uid;
    *out_gid = entry.pw_gid;
    return true;
}

bool accounts_group(const char *name, gid_t *out_gid)
{
    struct group entry, *found = NULL;
    sm_autofree char *buffer = NULL;
    LOOK_UP(found, getgrnam_r(name, &entry, buffer, size, &found));
    if (!found)
        return false;
    *out_gid = entry.gr_gid;
    return true;
}

void accounts_name(uid_t uid, char out_name[ACCOUNTS_NAME_MAX])
{
    struct passwd entry, *found = NULL;
    sm_autofree char *buffer = NULL;
    LOOK_UP(found, getpwuid_r(uid, &entry, buffer, size, &found));
    if (found)
        (void)snprintf(out_name, ACCOUNTS_NAME_MAX, "%s", entry.pw_name);
    else
        (void)snprintf(out_name, ACCOUNTS_NAME_MAX, "%u", (unsigned)uid);
}

bool accounts_recent_name(const struct accounts_recent *recent, uid_t uid, int64_t now_ms,
                          char out_name[ACCOUNTS_NAME_MAX])
{
    size_t i = uid % ACCOUNTS_RECENT;
    if (recent->slot[i].uid != uid || now_ms >= recent->slot[i].until_ms)
        return false;
    memcpy(out_name, recent->slot[i].name, ACCOUNTS_NAME_MAX);
    return true;
}

void accounts_recent_note(struct accounts_recent *recent, uid_t uid, int64_t now_ms,
                          const char *name)
{
    size_t i = uid % ACCOUNTS_RECENT;
    recent->slot[i].uid = uid;
    recent->slot[i].until_ms = now_ms + ACCOUNTS_RECENT_MS;
    (void)snprintf(recent->slot[i].name, ACCOUNTS_NAME_MAX, "%s", name);
}

bool accounts_peer(const char *name, struct sm_peer *out_peer)
{
    struct sm_peer peer = {.loginuid = SM_ID_UNKNOWN, .audit_session = SM_ID_UNKNOWN, .pidfd = -1};
    if (!accounts_user(name, &peer.uid, &peer.gid))
        return false;
    int count = SM_PEER_GROUPS_MAX;
    if (getgrouplist(name, peer.gid, peer.groups, &count) >= 0)
        peer.group_count = (size_t)count; /* with more, as SO_PEERGROUPS: none is believed */
    *out_peer = peer;
    return true;
}
