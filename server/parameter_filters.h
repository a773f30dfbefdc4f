/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * parameter_filters.h - Filters and ParameterFilters of a request.
 */
#ifndef SERVER_PARAMETER_FILTERS_H
#define SERVER_PARAMETER_FILTERS_H

#include "server/call.h"
#include "server/parameter.h"

/* In AWS's words what is wrong with the filters of DescribeParameters, or of GetParametersByPath.
 */
enum server_error server_parameter_filters_check(struct server_call *call, bool by_path);
/*
 * Whether the parameter passes them all.
 *   inout_status  what failed meanwhile; not OK: the answer means nothing
 */
bool server_parameter_filters_pass(const struct server_call *call,
                                   const struct server_parameter *parameter,
                                   enum smcred_status *inout_status);

#endif
