/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * options.h - the command line of smcred-server --init and --dir, and the file that it may name.
 */
#ifndef SERVER_OPTIONS_H
#define SERVER_OPTIONS_H

#include "common/log.h"
#include "server/config.h"

struct server_options {
    const char *init, *directory, *where, *tls_cert, *tls_key, *region, *account, *regions, *faults,
        *clock, *endpoint, *config, *level_name;
    unsigned connections_max, timeout_s, trail_max_mib, trail_keep;
    enum log_level level;
};

/*
 * Exits for --help and --version.
 *   inout_config  has the file's texts, which `out_options` borrows
 * False: a mistake, which is logged.
 */
bool server_options_parse(int argc, char **argv, struct server_config *inout_config,
                          struct server_options *out_options);

#endif
