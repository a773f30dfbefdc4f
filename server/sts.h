/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sts.h - the Security Token Service: what its operations share.
 */
#ifndef SERVER_STS_H
#define SERVER_STS_H

#include "server/session.h"

/* The role that RoleArn names, if there is one; its account is out_account. */
SM_MUST_CHECK enum smcred_status server_sts_role(struct server_call *call,
                                                 struct server_principal *out_role,
                                                 char out_account[SERVER_ACCOUNT_LEN + 1]);

/*
 * Answers with credentials for the role, once it is known that the caller may have them: duration,
 * session name and policy are the request's.
 */
enum server_error server_sts_grant(struct server_call *call, const struct server_principal *role);

enum server_error server_assume_role_with_web_identity(struct server_call *call);

#endif
