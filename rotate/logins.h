/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * logins.h - logging in with versions of a secret, to one database: that of AWSCURRENT.
 *
 * Whoever can write a pending version cannot lead a password elsewhere: of other versions only user
 * and password are used, and where they name another database they are refused.
 */
#ifndef ROTATE_LOGINS_H
#define ROTATE_LOGINS_H

#include "common/bytes.h"
#include "common/status.h"

struct engine;
struct options;
struct secret_value;
struct session;

struct logins {
    const struct options *options;
    const struct engine *engine;
    const struct secret_value *current;
    const char *host, *port; /* lent by options, current and engine */
};

/*
 * Options and current version say which database, and agree where both do.
 * Errors: SMCRED_INVALID.
 */
SM_MUST_CHECK enum smcred_status logins_init(struct logins *logins, const struct options *options,
                                             const struct secret_value *current,
                                             struct sm_error *err);

/* Errors: SMCRED_INVALID, a version with this label names another database. */
SM_MUST_CHECK enum smcred_status logins_agree(const struct logins *logins,
                                              const struct secret_value *version, const char *label,
                                              struct sm_error *err);
/* The same for the superuser's secret, which must say itself where its password may go. */
SM_MUST_CHECK enum smcred_status logins_agree_master(const struct logins *logins,
                                                     const struct secret_value *master,
                                                     struct sm_error *err);

/* As struct engine's log_in(), with the user and password of `version`. */
SM_MUST_CHECK enum smcred_status logins_try(const struct logins *logins,
                                            const struct secret_value *version,
                                            struct session **out_session, struct sm_error *err);

#endif
