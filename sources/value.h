/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * value.h - from a SecretString to a snapshot.  Called by every module.
 *
 * AWS's layout of a database secret: {"engine","host","port","username","password","dbname", ...},
 * all optional, the port a number or digits, other members of no meaning here.  Text that is no
 * JSON object is a password and nothing else.
 */
#ifndef SM_SOURCES_VALUE_H
#define SM_SOURCES_VALUE_H

#include "common/snapshot.h"
#include "common/status.h"

#define VALUE_TEXT_MAX 1024 /* bytes of a username, host, dbname or engine */

/*
 *   about  name, arn, version_id, stages and created_at_ms of the snapshot; the rest is not read
 *   value  the SecretString, still the caller's
 *   keep   the snapshot holds a copy of the whole value besides
 * Errors: SMCRED_INVALID (err names the member, never what it holds), SMCRED_TOO_LARGE,
 * SMCRED_NO_MEMORY.
 */
SM_MUST_CHECK enum smcred_status value_snapshot(struct sm_vault *vault,
                                                const struct sm_snapshot *about,
                                                const struct sm_secret *value, bool keep,
                                                struct sm_snapshot **out_snapshot,
                                                struct sm_error *err);

#endif
