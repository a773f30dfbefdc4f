/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * versions.h - the versions of a secret that a step looks at, read and checked.
 */
#ifndef ROTATE_VERSIONS_H
#define ROTATE_VERSIONS_H

#include "rotate/logins.h"
#include "rotate/secret_value.h"
#include "rotate/steps.h"
#include "rotate/twin.h"

struct versions {
    struct secret_value *current, *pending;
    struct logins logins;       /* to the database of the current one */
    const char *masterarn;      /* the superuser's secret, lent; NULL: none is known */
    bool alternate;             /* the superuser sets the password, of the user's twin */
    struct twin_name next_user; /* whose turn it is */
};

/*
 * The current version, and what follows from it.
 *   versions  release with versions_done(), also after a failure
 * Errors: SMCRED_NOT_FOUND (there is none), SMCRED_INVALID (it cannot be used), those of
 * manager_value().
 */
SM_MUST_CHECK enum smcred_status versions_read_current(const struct rotation *rotation,
                                                       struct versions *versions,
                                                       struct sm_error *err);

/* After that, the pending one.  Errors: SMCRED_NOT_FOUND, those of manager_value(). */
SM_MUST_CHECK enum smcred_status versions_read_pending(const struct rotation *rotation,
                                                       struct versions *versions,
                                                       struct sm_error *err);

/*
 * The pending version is as createSecret makes it, however it came there: of the same database, so
 * that nobody is led to another one, and of the user whose turn it is.
 * Errors: SMCRED_INVALID.
 */
SM_MUST_CHECK enum smcred_status versions_check_pending(const struct versions *versions,
                                                        struct sm_error *err);

/* Wipes. */
void versions_done(struct versions *versions);
#define autoversions __attribute__((cleanup(versions_done)))

#endif
