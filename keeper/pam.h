/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pam.h - what pam_smcred asks (doc/control-protocol.md, doc/pam.md), each verb with its policy and
 * its line in the audit log.  Called by control.c's table.
 */
#ifndef KEEPER_PAM_H
#define KEEPER_PAM_H

#include "keeper/client.h"

#define PAM_PATIENCE_MS 2500 /* less than the module's own, 3 s */

void pam_take_check(struct client *client, const struct control_request *request);
void pam_take_supply(struct client *client, const struct control_request *request);
void pam_take_account(struct client *client, const struct control_request *request);
void pam_take_change(struct client *client, const struct control_request *request);
void pam_take_prepare(struct client *client, const struct control_request *request);
void pam_take_rotate(struct client *client, const struct control_request *request);
void pam_take_open(struct client *client, const struct control_request *request);
void pam_take_close(struct client *client, const struct control_request *request);

/* Logins whose process is gone have ended. */
void pam_sweep(struct keeper *keeper, int64_t now_ms);

/* The client has gone: what is under way for it ends without a verdict.  NULL is allowed. */
void pam_request_free(struct pam_request *request);

#endif
