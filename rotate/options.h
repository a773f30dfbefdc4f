/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * options.h - the command line of smcred-rotate.
 */
#ifndef ROTATE_OPTIONS_H
#define ROTATE_OPTIONS_H

#include "rotate/step.h"

enum strategy {
    STRATEGY_OF_SECRET, /* alternating if it has a masterarn */
    STRATEGY_SINGLE_USER,
    STRATEGY_ALTERNATING,
};

/* What the shell sees; smcred-rotate(1) documents each. */
enum exit_code {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,      /* the message says what to do first */
    EXIT_USAGE = 2,       /* the command line is wrong; nothing was done */
    EXIT_UNREACHABLE = 3, /* the database or Secrets Manager; worth another try */
};

struct engine;

/* NULL where nothing was said. */
struct options {
    const struct engine *engine; /* NULL: the secret says */
    enum strategy strategy;
    const char *secret_id; /* NULL: an event on standard input says what to do */
    const char *token;
    enum step first, last; /* the steps to take; without meaning for an event */
    const char *endpoint_url, *region, *profile;
    const char *host, *hostaddr;
    const char *ca_file, *client_cert, *client_key;
    const char *excluded;        /* characters that no password has */
    const char *password_length; /* a number that Secrets Manager accepts or refuses */
    const char *masterarn;       /* the superuser's secret; else the secret names it */
    bool mend;                   /* who is not let in any more gets AWSCURRENT's password back */
    bool allow_plain;
    bool json;
};

#define OPTIONS_GO_ON (-1)
/* Reads the command line.  Returns OPTIONS_GO_ON, or an exit code after having said why. */
SM_MUST_CHECK int options_read(int argc, char **argv, struct options *out_options);

#endif
