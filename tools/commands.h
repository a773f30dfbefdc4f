/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * commands.h - the subcommands, each defined in the file of its name.
 */
#ifndef TOOLS_COMMANDS_H
#define TOOLS_COMMANDS_H

#include "tools/tools.h"

extern const struct tool_command tool_targets;
extern const struct tool_command tool_connect;
extern const struct tool_command tool_exec;
extern const struct tool_command tool_explain;
extern const struct tool_command tool_status;
extern const struct tool_command tool_doctor;
extern const struct tool_command tool_refresh;
extern const struct tool_command tool_rotate;
extern const struct tool_command tool_revoke;
extern const struct tool_command tool_simulate;
extern const struct tool_command tool_secret_create;
extern const struct tool_command tool_secret_put;
extern const struct tool_command tool_secret_get_metadata;
extern const struct tool_command tool_secret_list;

#endif
