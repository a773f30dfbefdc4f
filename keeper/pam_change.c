/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pam_change.c - PAM_PREPARE: the old password is checked, and it is said how there will be a new
 * one; PAM_CHANGE: the new one is judged, and a new version put.  A database's password is never
 * changed here: it would not be the database's any more.  Whose rotation function makes the new
 * one is pam_rotate.c's.
 */
#include <stdio.h>

#include "common/clock.h"
#include "keeper/pam_request.h"
#include "keeper/process.h"
#include "keeper/secret_id.h"

#define DATABASES                                                                                  \
    "this is a database's password: it must be changed there, too, so have the secret rotated "    \
    "(smcred rotate)"

/* ---- who may ---- */

/* passwd(1) is root for everybody: the real uid tells. */
static bool is_root_himself(const struct pam_request *request)
{
    uid_t uid;
    const struct sm_peer *peer = &request->client->peer;
    return peer->uid == 0 && process_real_uid(peer->pid, &uid) && uid == 0;
}

/* Who needs no old password guesses at none, however many others do. */
static void change_known(struct pam_request *request)
{
    bool without_old = sm_secret_view(request->typed).len == 0 && is_root_himself(request);
    if (pam_refuse_revoked(request))
        return;
    if (without_old && request->rules->root_changes)
        request->next = request->on_right;
    else if (!pam_refuse_guesser(request))
        request->next = pam_verify;
}

void pam_begin_change(struct pam_request *request, pam_step *on_right)
{
    request->on_right = on_right;
    if (!pam_refuse_caller(request) && !pam_refuse_name(request, PAM_USE_CHECK))
        pam_find_revoked(request, change_known);
}

/* Would the database be left behind? */
static bool is_a_databases(const struct pam_request *request)
{
    if (request->tried && request->tried->engine[0])
        return true;
    for (size_t i = 0; i < request->config->target_count; i++)
        if (secret_id_same(request->config->targets[i].secret, request->secret))
            return true;
    return false;
}

/* ---- PAM_PREPARE ---- */

static void answer_way(struct pam_request *request)
{
    const struct stages *stages = request->stages;
    if (request->status != SMCRED_OK && !stages)
        pam_answer_unread(request);
    else if (stages->deleted)
        pam_answer(request, SMCRED_NOT_FOUND, NULL, "the secret is scheduled for deletion");
    else if (!stages->rotates && is_a_databases(request))
        pam_answer(request, SMCRED_INVALID, NULL, DATABASES);
    else if (pam_record_yes(request))
        pam_answer_kind(request, stages->rotates ? CTL_WAY_ROTATED : CTL_WAY_CHOSEN);
}

static void read_way(struct pam_request *request)
{
    pam_read_map(request, sm_boot_ms(), request->deadline_ms, answer_way);
}

static void begin_prepare(struct pam_request *request)
{
    pam_begin_change(request, read_way);
}

void pam_take_prepare(struct client *client, const struct control_request *asked)
{
    pam_take_typed(client, asked, asked->old_password, "pam_prepare", begin_prepare);
}

/* ---- PAM_CHANGE ---- */

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
    if (!pam_record_yes(request))
        return;
    enum smcred_status status = cache_change(request->keeper->cache, &change, on_changed, request);
    request->working = status == SMCRED_OK;
    if (status != SMCRED_OK)
        pam_answer(request, status, NULL, "the keeper is too busy to change a password");
}

/* Known without asking anybody. */
static bool refuse_password(struct pam_request *request)
{
    char text[POLICY_TEXT_MAX];
    const char *why =
        pam_policy_password(request->rules, sm_secret_view(request->replacement), text);
    if (why)
        pam_answer(request, SMCRED_INVALID, NULL, why);
    return why != NULL;
}

static void judge_new(struct pam_request *request)
{
    if (is_a_databases(request))
        pam_answer(request, SMCRED_UNSUPPORTED, NULL, DATABASES);
    else if (!refuse_password(request))
        put(request);
}

static void begin_change(struct pam_request *request)
{
    pam_begin_change(request, judge_new);
}

void pam_take_change(struct client *client, const struct control_request *asked)
{
    pam_take_typed(client, asked, asked->old_password, "pam_change", begin_change);
}
