/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * module.c - pam_smcred.so: the six entry points that libpam calls.
 *
 * They run inside sshd, sudo, su, login, cron and database servers: none blocks for longer than
 * timeout=, none exits, starts a thread, touches a signal or keeps anything outside the handle.
 * What a keeper's answer means stands in codes.c, in one table.
 */
#include <security/pam_ext.h>
#include <syslog.h>

#include "pam/account.h"
#include "pam/auth.h"
#include "pam/password.h"
#include "pam/session.h"

typedef int (*entry_point)(struct sm_pam_call *call);

/* A line that cannot be understood lets nobody in, and fail=ignore in it counts for nothing. */
static int call_entry(entry_point entry, bool needs_name, pam_handle_t *pamh, int flags, int argc,
                      const char **argv)
{
    const char *wrong = NULL;
    struct sm_pam_call call = {.pamh = pamh, .flags = flags};
    if (!sm_pam_options_parse(argc, argv, &call.options, &wrong)) {
        pam_syslog(pamh, LOG_ERR, "wrong option, or a second one: %s", wrong);
        return PAM_SERVICE_ERR;
    }
    if (needs_name && !call.options.name) {
        pam_syslog(pamh, LOG_ERR, "secret= or target= is missing");
        return PAM_SERVICE_ERR;
    }
    call.left_ms = call.options.timeout_ms;
    return entry(&call);
}

SMCRED_API int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    return call_entry(sm_pam_authenticate, true, pamh, flags, argc, argv);
}

/*
 * A process that has passed authentication holds nothing of ours.  Success always: sshd asks in
 * another process than the one that authenticated, or after a login by key, and where no module of
 * a stack says PAM_SUCCESS libpam takes that for a failure.
 */
SMCRED_API int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    (void)pamh, (void)flags, (void)argc, (void)argv;
    return PAM_SUCCESS;
}

SMCRED_API int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    return call_entry(sm_pam_account, false, pamh, flags, argc, argv);
}

SMCRED_API int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    return call_entry(sm_pam_open_session, false, pamh, flags, argc, argv);
}

SMCRED_API int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    return call_entry(sm_pam_close_session, false, pamh, flags, argc, argv);
}

SMCRED_API int pam_sm_chauthtok(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    return call_entry(sm_pam_change_password, true, pamh, flags, argc, argv);
}
