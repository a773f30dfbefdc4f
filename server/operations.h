/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * operations.h - the handlers that dispatch's table names.
 *
 * Each reads call->input, which fits its model, and writes members into call->output.  Where the
 * table says so call->secret has been found.  All run inside a transaction that is rolled back if
 * they fail.
 */
#ifndef SERVER_OPERATIONS_H
#define SERVER_OPERATIONS_H

#include "server/call.h"

struct cJSON;

/* secrets.c */
enum server_error server_create_secret(struct server_call *call);
enum server_error server_describe_secret(struct server_call *call);
enum server_error server_update_secret(struct server_call *call);
/* deletion.c */
enum server_error server_delete_secret(struct server_call *call);
enum server_error server_restore_secret(struct server_call *call);
/* replication.c */
enum server_error server_replicate_secret_to_regions(struct server_call *call);
enum server_error server_remove_regions_from_replication(struct server_call *call);
enum server_error server_stop_replication_to_replica(struct server_call *call);
/* resource_policy.c */
enum server_error server_put_resource_policy(struct server_call *call);
enum server_error server_get_resource_policy(struct server_call *call);
enum server_error server_delete_resource_policy(struct server_call *call);
enum server_error server_validate_resource_policy(struct server_call *call);
/* list.c */
enum server_error server_list_secrets(struct server_call *call);
/* reading.c */
enum server_error server_batch_get_secret_value(struct server_call *call);
enum server_error server_get_secret_value(struct server_call *call);
/* The value of call->secret that `id` and `stage` (NULL: as if left out) name, with all about it.
 */
enum server_error server_read_secret(struct server_call *call, const char *id, const char *stage,
                                     struct cJSON *object);
/* rotation.c */
enum server_error server_cancel_rotate_secret(struct server_call *call);
enum server_error server_rotate_secret(struct server_call *call);
/* stages.c */
enum server_error server_update_secret_version_stage(struct server_call *call);
/* versions.c */
enum server_error server_put_secret_value(struct server_call *call);
enum server_error server_list_secret_version_ids(struct server_call *call);
/* tags.c */
enum server_error server_tag_resource(struct server_call *call);
enum server_error server_untag_resource(struct server_call *call);
/* password.c */
enum server_error server_get_random_password(struct server_call *call);

#endif
