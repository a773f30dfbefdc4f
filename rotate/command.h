/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * command.h - one run of smcred-rotate.
 */
#ifndef ROTATE_COMMAND_H
#define ROTATE_COMMAND_H

/* main() is no more than this, in a process that is closed to others.  Returns an exit code. */
int rotate_main(int argc, char **argv);

#endif
