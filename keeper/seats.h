/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * seats.h - who may have one more of the control socket's connections, so that whoever takes many
 * leaves room for the others.
 *
 * Nobody may have more than a quarter of what is free: the first who takes all he gets has a fifth
 * of the seats, the second a fifth of the rest, and 30 of them together still leave some.  An
 * eighth is for root and for those whom policy lets ask for PAM: logins find room whatever users
 * do.  Root is never kept out.
 */
#ifndef KEEPER_SEATS_H
#define KEEPER_SEATS_H

#include <sys/types.h>

#include "common/bytes.h"
#include "libsmcred/smcred.h"

struct seats;

SM_MUST_CHECK enum smcred_status seats_new(size_t count, struct seats **out_seats);
void seats_free(struct seats *seats);

/* One more for this uid?  Then seats_leave() must follow.  Also false for want of memory.
 *   asks_for_pam  root, and `callers` of some service */
SM_MUST_CHECK bool seats_take(struct seats *seats, uid_t uid, bool asks_for_pam);
void seats_leave(struct seats *seats, uid_t uid);

#endif
