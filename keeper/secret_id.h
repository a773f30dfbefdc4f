/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * secret_id.h - one secret has a name, an ARN, and an ARN without the six characters at its end.
 */
#ifndef KEEPER_SECRET_ID_H
#define KEEPER_SECRET_ID_H

#include <stdbool.h>

/* Do two names mean one secret?  An ARN means the secret of its name. */
bool secret_id_same(const char *a, const char *b);

#endif
