/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * welcome.h - what a person is told at login: which targets there are for him, and what to type.
 */
#ifndef KEEPER_WELCOME_H
#define KEEPER_WELCOME_H

#include "common/peer.h"
#include "keeper/config.h"

#define WELCOME_MAX 3584 /* bytes, NUL included: PAM_OPEN's answer fits CTL_REQUEST_MAX */

/*
 * A line for each target this account may use; "" if there is none.
 *   runtime_dir  where the targets' sockets are
 */
void welcome_say(const struct config *config, const char *runtime_dir,
                 const struct sm_peer *account, char out_text[WELCOME_MAX]);

#endif
