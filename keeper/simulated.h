/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * simulated.h - SIMULATE's document: what simulate.c finds out, for each target of a secret.
 */
#ifndef KEEPER_SIMULATED_H
#define KEEPER_SIMULATED_H

#include <cjson/cJSON.h>

#include "keeper/keeper.h"

/* What may be said to happen: sm-down, rotated, half-rotated, changed. */
bool simulated_knows(const char *scenario);
/*
 * NULL for want of memory, or if the scenario is not known.
 *   peer      who asks: of users' revocations it is his that count
 */
cJSON *simulated_document(const struct keeper *keeper, const char *secret_id, const char *scenario,
                          const struct sm_peer *peer);

#endif
