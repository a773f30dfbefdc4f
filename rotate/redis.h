/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * redis.h - what the files of the Redis engine share.
 */
#ifndef ROTATE_REDIS_H
#define ROTATE_REDIS_H

#include "common/bytes.h"
#include "common/status.h"
#include "rotate/redis_reply.h"

#define REDIS_HASH_SIZE 66 /* "#", SHA-256 in hexadecimal digits, NUL */

struct session;

/* As whom a session has logged in, and with which password: its hash, as rules have it. */
const char *redis_self(const struct session *session);
const char *redis_proof(const struct session *session);

/* A password as it stands in rules. */
void redis_hash(const char *password, char out_hash[REDIS_HASH_SIZE]);

/*
 * Runs one command.
 *   reply  release with redis_reply_done(), also after a failure
 * Errors: SMCRED_DENIED (the server says no; err has its words), those of redis_receive().
 */
SM_MUST_CHECK enum smcred_status redis_run(struct session *session, const char *const *words,
                                           size_t count, struct redis_reply *reply,
                                           struct sm_error *err);

/* ACL SETUSER with these rules, at once or not at all, and kept by the server if it can. */
SM_MUST_CHECK enum smcred_status redis_set_user(struct session *session, const char *username,
                                                const char *const *rules, size_t count,
                                                struct sm_error *err);

/* The refusal of a user with nopass: SMCRED_INVALID. */
enum smcred_status redis_lets_all_in(const char *username, struct sm_error *err);

/* Of the engine's functions, in redis_twin.c. */
SM_MUST_CHECK enum smcred_status redis_set_other(struct session *session, const struct session *own,
                                                 const char *other, const char *password,
                                                 struct sm_error *err);
SM_MUST_CHECK enum smcred_status redis_set_for(struct session *session, const struct session *own,
                                               const char *password, struct sm_error *err);
SM_MUST_CHECK enum smcred_status redis_give_back(struct session *session, const char *username,
                                                 const char *password, struct sm_error *err);

#endif
