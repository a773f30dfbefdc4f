/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hush.h - what a rotation function said, made fit for the log.
 */
#ifndef SERVER_HUSH_H
#define SERVER_HUSH_H

#include "server/call.h"

/*
 * Overwrites with asterisks, in `text`, the values of call->secret: those labelled AWSCURRENT,
 * AWSPENDING and AWSPREVIOUS, and of JSON its texts, but for members that say where and as whom
 * ("host", "username").  Values written in another way than they are stored stay.
 */
SM_MUST_CHECK enum smcred_status server_hush(struct server_call *call, char *text, size_t len);

#endif
