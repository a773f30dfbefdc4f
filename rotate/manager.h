/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * manager.h - Secrets Manager, as a rotation function calls it: five operations.
 *
 * What signs and speaks HTTP is the source module, loaded as the keeper loads it.
 */
#ifndef ROTATE_MANAGER_H
#define ROTATE_MANAGER_H

#include <cjson/cJSON.h>

#include "common/secret.h"
#include "common/status.h"

struct manager;
struct options;
struct secret_value;

/*
 * Loads and opens the module, under --endpoint-url, --region and --profile.
 *   out_manager  free with manager_free(); untouched on failure
 */
SM_MUST_CHECK enum smcred_status manager_new(const struct options *options,
                                             struct manager **out_manager, struct sm_error *err);
void manager_free(struct manager *manager); /* NULL is allowed */
struct sm_vault *manager_vault(const struct manager *manager);

/* DescribeSecret; free the answer with json_free(). */
SM_MUST_CHECK enum smcred_status manager_describe(struct manager *manager, const char *secret_id,
                                                  cJSON **out_description, struct sm_error *err);
/*
 * GetSecretValue.
 *   version_id  NULL: by label alone
 *   out_value   free with secret_value_free()
 * Errors: SMCRED_NOT_FOUND if there is no such secret, version or label, or nothing in it.
 */
SM_MUST_CHECK enum smcred_status manager_value(struct manager *manager, const char *secret_id,
                                               const char *version_id, const char *label,
                                               struct secret_value **out_value,
                                               struct sm_error *err);
/* GetRandomPassword.  length  digits, or NULL: 32 */
SM_MUST_CHECK enum smcred_status manager_random_password(struct manager *manager,
                                                         const char *excluded, const char *length,
                                                         struct sm_secret **out_password,
                                                         struct sm_error *err);
/*
 * PutSecretValue, labelled AWSPENDING.
 *   rotation_token  of the event; NULL or "": none
 */
SM_MUST_CHECK enum smcred_status manager_put_pending(struct manager *manager, const char *secret_id,
                                                     const char *token, const char *rotation_token,
                                                     const struct sm_secret *text,
                                                     struct sm_error *err);
/* UpdateSecretVersionStage.  to, from  NULL: nobody */
SM_MUST_CHECK enum smcred_status manager_move_label(struct manager *manager, const char *secret_id,
                                                    const char *label, const char *to,
                                                    const char *from, struct sm_error *err);

#endif
