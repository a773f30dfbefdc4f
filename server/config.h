/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * config.h - a file of options: what stands in it is what could stand on the command line.
 */
#ifndef SERVER_CONFIG_H
#define SERVER_CONFIG_H

#include <getopt.h>

#include "common/bytes.h"
#include "libsmcred/smcred.h"

#define SERVER_CONFIG_OPTIONS 32

struct sm_error;

/* The arguments; release with server_config_done() when no option is needed any more. */
struct server_config {
    const struct option *known;
    char **argv; /* NULL: there is no file */
    int argc;
    int count; /* how many of them are ours, behind the program's name */
};

/*
 * Where argv has "--config FILE": the arguments with those of the file, "name = value" as
 * "--name=value", before the others, so that the command line has the last word.
 *   known                   all options; the file has them by their whole names
 *   inout_argc, inout_argv  replaced then
 * Errors: SMCRED_SYSTEM, SMCRED_DENIED (others may write the file), SMCRED_INVALID (which line).
 */
SM_MUST_CHECK enum smcred_status server_config_take(const struct option *known, int *inout_argc,
                                                    char ***inout_argv,
                                                    struct server_config *out_config,
                                                    struct sm_error *err);
void server_config_done(struct server_config *config);
#define server_autoconfig __attribute__((cleanup(server_config_done)))

#endif
