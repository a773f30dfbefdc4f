/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * awserror.h - what an AWS error answer means.  Called by awsclient.c.
 *
 * The type stands in the member "__type" (or "code", or the header x-amzn-ErrorType), with or
 * without a namespace before '#' and a tail after ':'; the sentence in "message", "Message" or
 * "errorMessage".
 */
#ifndef SM_SOURCES_AWSERROR_H
#define SM_SOURCES_AWSERROR_H

#include "common/bytes.h"
#include "common/status.h"

struct aws_error {
    char code[SM_ERROR_CODE_MAX]; /* "ResourceNotFoundException"; "" if it is not an AWS error */
    char message[320];            /* printable; "" if there is none */
};

/*
 *   type_header  x-amzn-ErrorType, or ""
 *   body         anything at all
 */
void aws_error_parse(const char *type_header, struct sm_bytes body, struct aws_error *out_error);

enum smcred_status aws_error_status(long http_code, const struct aws_error *error);
bool aws_error_is_throttle(long http_code, const struct aws_error *error);
/* A fault that may pass: worth another attempt. */
bool aws_error_is_transient(long http_code, const struct aws_error *error);
/* The two clocks disagree. */
bool aws_error_is_skew(const struct aws_error *error);
/* These credentials are not, or no longer, right: others may be there by now. */
bool aws_error_is_credentials(const struct aws_error *error);

#endif
