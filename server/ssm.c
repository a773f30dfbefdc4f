/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ssm.c - the table of Parameter Store's operations.  Found by dispatch.
 */
#include "server/ssm.h"

#include "server/service.h"

static const struct server_operation operations[] = {
    {.name = "AddTagsToResource",
     .members = server_ssm_add_tags,
     .id = "ResourceId",
     .handler = server_add_tags_to_resource},
    {.name = "DeleteParameter",
     .members = server_ssm_delete_parameter,
     .id = "Name",
     .handler = server_delete_parameter},
    {.name = "DeleteParameters",
     .members = server_ssm_delete_parameters,
     .handler = server_delete_parameters},
    {.name = "DescribeParameters",
     .members = server_ssm_describe_parameters,
     .handler = server_describe_parameters},
    {.name = "GetParameter",
     .members = server_ssm_get_parameter,
     .id = "Name",
     .handler = server_get_parameter},
    {.name = "GetParameterHistory",
     .members = server_ssm_get_parameter_history,
     .id = "Name",
     .handler = server_get_parameter_history},
    {.name = "GetParameters",
     .members = server_ssm_get_parameters,
     .handler = server_get_parameters},
    {.name = "GetParametersByPath",
     .members = server_ssm_get_by_path,
     .id = "Path",
     .handler = server_get_parameters_by_path},
    {.name = "LabelParameterVersion",
     .members = server_ssm_label_version,
     .id = "Name",
     .handler = server_label_parameter_version},
    {.name = "ListTagsForResource",
     .members = server_ssm_list_tags,
     .id = "ResourceId",
     .handler = server_list_tags_for_resource},
    {.name = "PutParameter",
     .members = server_ssm_put_parameter,
     .id = "Name",
     .handler = server_put_parameter},
    {.name = "RemoveTagsFromResource",
     .members = server_ssm_remove_tags,
     .id = "ResourceId",
     .handler = server_remove_tags_from_resource},
    {.name = "UnlabelParameterVersion",
     .members = server_ssm_unlabel_version,
     .id = "Name",
     .handler = server_unlabel_parameter_version},
    {.name = NULL},
};

const struct server_service server_ssm = {
    .name = "ssm", .target = "AmazonSSM.", .operations = operations};
