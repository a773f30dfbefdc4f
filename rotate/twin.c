/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * twin.c - names of alternating users, as AWS's own functions make them.  Called by versions.c.
 */
#include "rotate/twin.h"

#include <stdio.h>

static const char suffix[] = "_clone";
#define SUFFIX_LEN (sizeof suffix - 1)

bool twin_is_clone(const char *username)
{
    size_t len = strlen(username);
    return len > SUFFIX_LEN && strcmp(username + len - SUFFIX_LEN, suffix) == 0;
}

enum smcred_status twin_name(const char *username, size_t max, struct twin_name *out_name,
                             struct sm_error *err)
{
    size_t len = strlen(username);
    bool is_clone = twin_is_clone(username);
    if (len + (is_clone ? 0 : SUFFIX_LEN) > max)
        return sm_error_set(err, SMCRED_TOO_LARGE,
                            "Unable to clone user, username length with _clone appended would "
                            "exceed %zu characters",
                            max);
    (void)snprintf(out_name->text, sizeof out_name->text, "%.*s%s",
                   (int)(is_clone ? len - SUFFIX_LEN : len), username, is_clone ? "" : suffix);
    return SMCRED_OK;
}
