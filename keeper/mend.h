/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mend.h - on_drift = rotate: a password that was changed behind our back is mended by a rotation,
 * which Secrets Manager is asked for at once.
 *
 * The keeper sets no password: the secret's rotation function does, with a superuser's.  Who finds
 * the drift waits for Secrets Manager's answer, and is then let in by the rotation as by any other.
 */
#ifndef KEEPER_MEND_H
#define KEEPER_MEND_H

#include "keeper/keeper.h"

#define MEND_MS 8000 /* for RotateSecret; a relay waits as long, and then ten seconds more */

struct mends;
struct session;

SM_MUST_CHECK enum smcred_status mends_new(struct keeper *keeper, struct mends **out_mends);
/* What is under way is not heard of any more.  NULL is allowed. */
void mends_free(struct mends *mends);

/*
 * Asks for a rotation of this session's secret, unless that is under way.  The audit log and the
 * log say so, and later what came of it.  Called when an alarm was raised, so as often as that.
 */
void mend_start(struct mends *mends, const struct session *session);
/* Has a rotation of this secret been asked for, and not been answered yet?  Then
 * sessions_mended() follows. */
bool mend_is_asked(const struct mends *mends, const char *secret_id);

#endif
