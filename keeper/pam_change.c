/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pam_change.c - PAM_CHANGE: the old password is checked, the new one judged, and a new version
 * put.  A database's password is never changed here: it would not be the database's any more.
 */
#include <stdio.h>

#include "common/clock.h"
#include "keeper/pam_request.h"
#include "keeper/process.h"

static void on_changed(void *arg, enum smcred_status status, const char *version_id,
                       const struct sm_error *err)
{
    struct pam_request *request = arg;
    char text[SM_ERROR_TEXT_MAX];
    request->working = false;
    request->event = "pam_changed";
    (void)version_id; /* what was read since says it */
    (void)snprintf(text, sizeof text, "%s%.450s",
                   status == SMCRED_OK || status == SMCRED_UNSUPPORTED || status == SMCRED_INVALID
                       ? ""
                       : "the password may not be changed: ",
                   err->text);
    pam_answer(request, status, NULL, text);
    pam_go_on(request, true);
}

/* Nothing is done that is not recorded. */
static void put(struct pam_request *request)
{
    struct cache_change change = {.id = request->secret,
                                  .version_id = request->tried ? request->tried->version_id : NULL,
                                  .password = request->replacement,
                                  .deadline_ms = request->deadline_ms};
    if (!pam_audit(request, SMCRED_OK, NULL, NULL)) {
        request->answered = true;
        client_refuse_unrecorded(request->client);
        return;
    }
    enum smcred_status status = cache_change(request->keeper->cache, &change, on_changed, request);
    request->working = status == SMCRED_OK;
    if (status != SMCRED_OK)
        pam_answer(request, status, NULL, "the keeper is too busy to change a password");
}

/* Would the database be left behind? */
static bool is_a_databases(const struct pam_request *request)
{
    for (size_t i = 0; i < request->config->target_count; i++)
        if (strcmp(request->config->targets[i].secret, request->secret) == 0)
            return true;
    return false;
}

static bool refuse_password(struct pam_request *request)
{
    char text[POLICY_TEXT_MAX];
    const char *why =
        pam_policy_password(request->rules, sm_secret_view(request->replacement), text);
    if (why)
        pam_answer(request, SMCRED_INVALID, NULL, why);
    return why != NULL;
}

/* passwd(1) is root for everybody: the real uid tells. */
static bool is_root_himself(const struct pam_request *request)
{
    uid_t uid;
    const struct sm_peer *peer = &request->client->peer;
    return peer->uid == 0 && process_real_uid(peer->pid, &uid) && uid == 0;
}

static void begin_change(struct pam_request *request)
{
    bool without_old = sm_secret_view(request->typed).len == 0 && is_root_himself(request);
    if (pam_refuse_caller(request) || pam_refuse_name(request, PAM_USE_CHECK) ||
        pam_refuse_revoked(request))
        return;
    if (is_a_databases(request)) {
        pam_answer(request, SMCRED_UNSUPPORTED, NULL,
                   "this is a database's password: it must be changed there, too, so have the "
                   "secret rotated (smcred rotate)");
        return;
    }
    if (refuse_password(request) || pam_refuse_guesser(request))
        return;
    request->on_right = put;
    request->next = without_old && request->rules->root_changes ? put : pam_verify;
}

void pam_take_change(struct client *client, const struct control_request *asked)
{
    pam_take_typed(client, asked, asked->old_password, "pam_change", begin_change);
}
