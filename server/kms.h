/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kms.h - the keys of KMS, as far as secrets and parameters need them.
 *
 * A key belongs to an account and a region.  It has material, 32 bytes sealed under the master key;
 * the material wraps the data keys of values.  Rotation gives it new material and wraps the data
 * keys anew; the values stay as they are.
 */
#ifndef SERVER_KMS_H
#define SERVER_KMS_H

#include "server/call.h"

#define SERVER_KMS_DEFAULT "alias/aws/secretsmanager"
#define SERVER_KMS_SSM     "alias/aws/ssm" /* the default one of parameters */
#define SERVER_KMS_ARN_MAX 160

struct server_kms;                       /* material in memory */
struct server_kms *server_kms_new(void); /* NULL without memory */
void server_kms_free(struct server_kms *kms);

/*
 * The key that a KmsKeyId means in a place: an id, an alias/NAME, or the ARN of either; "" is the
 * default one.  SMCRED_NOT_FOUND for the ARN of another place as well.
 */
SM_MUST_CHECK enum smcred_status server_kms_find(const struct server *server,
                                                 const struct server_place *place,
                                                 const char *kms_key_id,
                                                 struct server_kms_key *out_key);

/*
 * Makes a key with its first material.
 *   id  NULL: a new UUID
 */
SM_MUST_CHECK enum smcred_status server_kms_create(const struct server *server,
                                                   const struct server_place *place, const char *id,
                                                   struct server_kms_key *out_key);

/* The key for something new: as server_kms_find(), and SMCRED_REVOKED if it is disabled or gone. */
SM_MUST_CHECK enum smcred_status server_kms_usable(const struct server *server,
                                                   const struct server_place *place,
                                                   const char *kms_key_id,
                                                   struct server_kms_key *out_key);

/* Seals `plain` for `context` under a data key of its own, which the key's material wraps. */
SM_MUST_CHECK enum smcred_status server_kms_seal(const struct server *server,
                                                 const struct server_kms_key *key,
                                                 struct sm_bytes context,
                                                 const struct sm_secret *plain,
                                                 struct server_sealed *out_sealed);
/* Opens it, or what is under the master key.  Whether the key is enabled is for callers to ask. */
SM_MUST_CHECK enum smcred_status server_kms_unseal(const struct server *server,
                                                   struct sm_bytes context,
                                                   const struct server_sealed *sealed,
                                                   struct sm_secret **out_plain);
/* Wraps its data key by the material of another row; the caller stores that. */
SM_MUST_CHECK enum smcred_status server_kms_rewrap(const struct server *server,
                                                   struct sm_bytes context, int64_t row,
                                                   struct server_sealed *sealed);

/* New material, under which all that the key wraps is wrapped anew.  In a transaction. */
SM_MUST_CHECK enum smcred_status server_kms_rotate(const struct server *server,
                                                   const struct server_kms_key *key,
                                                   int64_t *out_count);

/* A secret's key is its place's alias/aws/secretsmanager, named or not. */
bool server_kms_is_default(const char *kms_key_id);

/* A key's policy, as it is or as AWS would have given it.  Free with free(). */
SM_MUST_CHECK enum smcred_status server_kms_policy(const struct server *server,
                                                   const struct server_place *place, const char *id,
                                                   char **out_policy);
/*
 * Whether the caller may the action, kms:Decrypt or the like, on a key: the key's policy decides,
 * and as long as it has none, the policies of callers of its account.
 *   parameter  the name of the one it is for; NULL: it is for call->secret
 */
enum server_error server_kms_allow(struct server_call *call, const struct server_place *place,
                                   const char *id, const char *action, const char *parameter);
/*
 * Whether the caller may use a key, kms:Decrypt or kms:GenerateDataKey.  Nobody needs leave to use
 * the default key.
 */
enum server_error server_kms_access(struct server_call *call, const struct server_place *place,
                                    const char *kms_key_id, bool reads);

void server_kms_arn(const struct server_place *place, const char *id,
                    char out_arn[SERVER_KMS_ARN_MAX]);

#endif
