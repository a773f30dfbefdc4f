/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * names.h - names of secrets, and what a SecretId may be: a name, an ARN, an ARN without its
 * suffix.
 */
#ifndef SERVER_NAMES_H
#define SERVER_NAMES_H

#include "common/bytes.h"
#include "server/store.h"

struct server;
struct server_call;

/* Not empty, and of A-Z a-z 0-9 / _ + = . @ ! - alone. */
bool server_name_is_valid(const char *name);
/* The same for a SecretId, where anything that begins with "arn:" passes. */
bool server_id_is_valid(const char *id);

/* Letters, digits and dashes, with a number at the end: us-east-1. */
bool server_region_is_valid(const char *region);
/* Some of them, separated by commas. */
bool server_regions_are_valid(const char *list);
bool server_region_is_served(const struct server *server, const char *region);

/* The account in an ARN; false if there are no twelve digits in its place. */
bool server_arn_account(const char *arn, char out_account[SERVER_ACCOUNT_LEN + 1]);

/* "aws", or what another part of the world calls it. */
const char *server_partition(const char *region);

/* arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-XXXXXX with six random letters and digits. */
SM_MUST_CHECK enum smcred_status server_arn_make(const struct server_place *place, const char *name,
                                                 char out_arn[SERVER_ARN_MAX + 1]);

/* The ARN of a replica: another region's, with the same suffix. */
void server_arn_in(const struct server_place *place, const char *arn,
                   char out_arn[SERVER_ARN_MAX + 1]);

/*
 * Finds the secret a SecretId means to the caller: a name is of the caller's place, an ARN of the
 * caller's region and any account; whether it may be touched is not asked here.  An ARN whose tail
 * ends in a dash and six letters or digits is a full one, even where the name itself ends so: AWS
 * reads it like that. Errors: SMCRED_NOT_FOUND, and the store's.
 */
SM_MUST_CHECK enum smcred_status server_secret_find(const struct server_call *call, const char *id,
                                                    struct server_secret *out_secret);

#endif
