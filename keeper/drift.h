/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * drift.h - a password that was changed behind our back: no version of the secret is the one that
 * the database has.  Who may have done it stands in the alarm.
 *
 * Any session can change the password of its own role, so the suspects are those that lived since
 * the database last took ours.
 */
#ifndef KEEPER_DRIFT_H
#define KEEPER_DRIFT_H

#include "common/bytes.h"
#include "common/status.h"

struct drift;
struct session;

SM_MUST_CHECK enum smcred_status drift_new(struct drift **out_drift);
void drift_free(struct drift *drift);

/* A session that was logged in has ended; it is remembered. */
void drift_note_end(struct drift *drift, const struct session *session);
/* This login found that the password has drifted.  One alarm for an account in ten minutes; false:
 * not again. */
bool drift_alarm(struct drift *drift, const struct session *session);

#endif
