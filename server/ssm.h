/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ssm.h - Parameter Store as one of the services: models and handlers, for its table in ssm.c.
 *
 * Each handler reads call->input, which fits its model, and writes members into call->output, in a
 * transaction that is rolled back if it fails.
 */
#ifndef SERVER_SSM_H
#define SERVER_SSM_H

#include "server/call.h"
#include "server/validate.h"

/* ssm_model.c */
extern const struct server_member server_ssm_add_tags[], server_ssm_delete_parameter[],
    server_ssm_delete_parameters[], server_ssm_describe_parameters[], server_ssm_get_parameter[],
    server_ssm_get_parameter_history[], server_ssm_get_parameters[], server_ssm_get_by_path[],
    server_ssm_label_version[], server_ssm_list_tags[], server_ssm_put_parameter[],
    server_ssm_remove_tags[], server_ssm_unlabel_version[];

/* parameter_access.c */
enum server_error server_parameter_access(struct server_call *call);
/* parameters.c */
enum server_error server_put_parameter(struct server_call *call);
enum server_error server_delete_parameter(struct server_call *call);
enum server_error server_delete_parameters(struct server_call *call);
/* parameter_reading.c */
enum server_error server_get_parameter(struct server_call *call);
enum server_error server_get_parameters(struct server_call *call);
/* parameter_list.c */
enum server_error server_describe_parameters(struct server_call *call);
enum server_error server_get_parameters_by_path(struct server_call *call);
enum server_error server_get_parameter_history(struct server_call *call);
/* parameter_labels.c */
enum server_error server_label_parameter_version(struct server_call *call);
enum server_error server_unlabel_parameter_version(struct server_call *call);
/* parameter_tags.c */
enum server_error server_add_tags_to_resource(struct server_call *call);
enum server_error server_remove_tags_from_resource(struct server_call *call);
enum server_error server_list_tags_for_resource(struct server_call *call);

#endif
