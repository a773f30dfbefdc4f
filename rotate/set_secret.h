/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * set_secret.h - the second step, the only one that changes the database.
 */
#ifndef ROTATE_SET_SECRET_H
#define ROTATE_SET_SECRET_H

#include "rotate/steps.h"

/* As steps_take(). */
SM_MUST_CHECK enum smcred_status set_secret(const struct rotation *rotation,
                                            struct step_result *result, struct sm_error *err);

#endif
