/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * options.h - smcredd's command line.
 */
#ifndef KEEPER_OPTIONS_H
#define KEEPER_OPTIONS_H

#include <sys/types.h>

#include "common/log.h"

struct options {
    const char *config_file;
    const char *runtime_dir;
    const char *state_dir; /* the runtime directory, if that was given and this was not */
    const char *user;
    const char *relay_user;
    const char *relay_program;
    enum log_level log_level;
    bool log_level_given; /* it is stronger than the configuration's */
    bool check_config;
    uid_t config_owner; /* who may own the configuration besides root: whoever started us */
};

/*
 * Reads the command line.  --help and --version print and exit(0) here.
 * False: it was wrong, and standard error says how.
 */
bool options_read(int argc, char **argv, struct options *out_options);

/* Every long option's name, NULL-terminated; for the test that each is in the man page. */
const char *const *options_names(void);

#endif
