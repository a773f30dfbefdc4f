/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * main.c - smcred, what operators and administrators type.  The table is in commands.c.
 */
#include "tools/tools.h"

int main(int argc, char **argv)
{
    return tool_main(argc, argv);
}
