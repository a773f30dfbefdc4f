/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * commands.c - the table of subcommands, in the order in which --help lists them.
 */
#include "tools/commands.h"

const struct tool_command *const tool_commands[] = {
    &tool_targets,
    &tool_connect,
    &tool_exec,
    &tool_explain,
    &tool_status,
    &tool_doctor,
    &tool_refresh,
    &tool_rotate,
    &tool_revoke,
    &tool_simulate,
    &tool_secret_create,
    &tool_secret_put,
    &tool_secret_get_metadata,
    &tool_secret_list,
    NULL,
};
