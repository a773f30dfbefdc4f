/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * serve.h - smcred-server without a command: make a store, or serve one.
 */
#ifndef SERVER_SERVE_H
#define SERVER_SERVE_H

/* Answers the exit code: 0, 1 if it could not start, 2 for a wrong command line. */
int server_serve(int argc, char **argv);

#endif
