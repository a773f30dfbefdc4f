/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * model.h - the members of each operation's request, as the service model (2017-10-17) has them.
 */
#ifndef SERVER_MODEL_H
#define SERVER_MODEL_H

#include "server/validate.h"

extern const struct server_member server_model_batch_get_secret_value[];
extern const struct server_member server_model_cancel_rotate_secret[];
extern const struct server_member server_model_create_secret[];
extern const struct server_member server_model_delete_secret[];
extern const struct server_member server_model_describe_secret[];
extern const struct server_member server_model_delete_resource_policy[];
extern const struct server_member server_model_get_resource_policy[];
extern const struct server_member server_model_put_resource_policy[];
extern const struct server_member server_model_validate_resource_policy[];
extern const struct server_member server_model_get_random_password[];
extern const struct server_member server_model_get_secret_value[];
extern const struct server_member server_model_list_secret_version_ids[];
extern const struct server_member server_model_list_secrets[];
extern const struct server_member server_model_put_secret_value[];
extern const struct server_member server_model_remove_regions[];
extern const struct server_member server_model_replicate_secret[];
extern const struct server_member server_model_restore_secret[];
extern const struct server_member server_model_stop_replication[];
extern const struct server_member server_model_rotate_secret[];
extern const struct server_member server_model_tag_resource[];
extern const struct server_member server_model_untag_resource[];
extern const struct server_member server_model_update_secret[];
extern const struct server_member server_model_update_secret_version_stage[];

#endif
