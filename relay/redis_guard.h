/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * redis_guard.h - commands by which a session would change, show or take away its own user's login.
 *
 * For redis_filter.c.  A guard against accidents: who may administer a server has other ways.
 */
#ifndef RELAY_REDIS_GUARD_H
#define RELAY_REDIS_GUARD_H

#include "relay/redis_command.h"

/*
 * Why ACL or CONFIG is not for the session of `user`, as a sentence for the client; or NULL.
 *   words  those behind the command's name
 */
const char *redis_guard_acl(struct redis_words words, const char *user);
const char *redis_guard_config(struct redis_words words, const char *user);

#endif
