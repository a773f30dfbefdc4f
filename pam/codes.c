/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * codes.c - the one table of return codes, as the Linux-PAM Module Writers' Guide names them.
 */
#include "pam/codes.h"

#include <security/pam_modules.h>

/* One row for each status.  `failed`: nobody decided, so fail= does. */
struct row {
    bool failed;
    int auth, account, session, preliminary, change;
};

/* clang-format off */
static struct row row_of(enum smcred_status status)
{
    switch (status) {
    case SMCRED_OK:
        return (struct row){false, PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS};
    case SMCRED_DENIED: /* a wrong password, or policy says no */
        return (struct row){false, PAM_AUTH_ERR, PAM_PERM_DENIED, PAM_SESSION_ERR, PAM_PERM_DENIED, PAM_PERM_DENIED};
    case SMCRED_INVALID: /* what was asked for makes no sense, such as a secret without a password */
    case SMCRED_TOO_LARGE:
        return (struct row){false, PAM_AUTH_ERR, PAM_PERM_DENIED, PAM_SESSION_ERR, PAM_AUTHTOK_ERR, PAM_AUTHTOK_ERR};
    case SMCRED_NOT_FOUND: /* another module may know this person */
        return (struct row){false, PAM_USER_UNKNOWN, PAM_USER_UNKNOWN, PAM_SESSION_ERR, PAM_USER_UNKNOWN, PAM_USER_UNKNOWN};
    case SMCRED_REVOKED:
        return (struct row){false, PAM_AUTH_ERR, PAM_ACCT_EXPIRED, PAM_SESSION_ERR, PAM_PERM_DENIED, PAM_PERM_DENIED};
    case SMCRED_LIMITED: /* "do not try again" */
        return (struct row){false, PAM_MAXTRIES, PAM_PERM_DENIED, PAM_SESSION_ERR, PAM_PERM_DENIED, PAM_PERM_DENIED};
    case SMCRED_NO_MEMORY:
        return (struct row){true, PAM_BUF_ERR, PAM_BUF_ERR, PAM_BUF_ERR, PAM_BUF_ERR, PAM_BUF_ERR};
    case SMCRED_UNAVAILABLE:
    case SMCRED_TIMED_OUT:
    case SMCRED_PROTOCOL:
    case SMCRED_UNSUPPORTED: /* a keeper that knows no PAM */
    case SMCRED_SYSTEM:
        break;
    }
    return (struct row){true, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL, PAM_SESSION_ERR, PAM_TRY_AGAIN, PAM_AUTHTOK_ERR};
}
/* clang-format on */

int sm_pam_code(enum sm_pam_entry entry, enum smcred_status status, bool ignore_failure)
{
    struct row row = row_of(status);
    if (row.failed && ignore_failure)
        return PAM_IGNORE;
    switch (entry) {
    case PAM_ENTRY_AUTH:
        return row.auth;
    case PAM_ENTRY_ACCOUNT:
        return row.account;
    case PAM_ENTRY_SESSION:
        return row.session;
    case PAM_ENTRY_PRELIMINARY:
        return row.preliminary;
    case PAM_ENTRY_CHANGE:
        return row.change;
    }
    return PAM_SYSTEM_ERR; /* no such entry */
}

bool sm_pam_is_verdict(enum smcred_status status)
{
    return !row_of(status).failed;
}
