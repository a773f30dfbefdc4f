/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * set_secret.c - the database gets the password of the pending version, unless it has it already.
 *
 * Called by steps.c.  As AWS's own functions do, it tries AWSPENDING, AWSCURRENT and AWSPREVIOUS,
 * each once, since a rotation may have been broken off anywhere.
 */
#include "rotate/set_secret.h"

#include <stdio.h>

#include "common/log.h"
#include "rotate/engine.h"
#include "rotate/manager.h"
#include "rotate/options.h"
#include "rotate/stages.h"
#include "rotate/versions.h"

/* --- the superuser ---------------------------------------------------------------------------- */

/* That of masterarn, in the database of the secret, on the same server or not at all. */
static enum smcred_status log_in_as_master(const struct rotation *rotation,
                                           const struct versions *versions,
                                           struct session **out_session, struct sm_error *err)
{
    autovalue struct secret_value *master = NULL;
    struct sm_error refusal = {.text = ""};
    const char *arn = versions->masterarn;
    enum smcred_status status =
        manager_value(rotation->manager, arn, NULL, STAGE_CURRENT, &master, err);
    if (status == SMCRED_OK)
        status = logins_agree_master(&versions->logins, master, err);
    if (status != SMCRED_OK)
        return status;
    status = logins_try(&versions->logins, master, out_session, &refusal);
    if (status == SMCRED_DENIED)
        return sm_error_set(err, status,
                            "Unable to log into database using credentials in master secret %s: %s",
                            arn, refusal.text);
    *err = refusal;
    return status;
}

/*
 * No version lets in: somebody changed the password in the database.  The superuser gives back the
 * one of AWSCURRENT, and logs in with it.
 */
static enum smcred_status mend(const struct rotation *rotation, const struct versions *versions,
                               struct session **out_session, struct sm_error *err)
{
    const struct engine *engine = versions->logins.engine;
    const struct secret_value *current = versions->current;
    struct session *session = NULL;
    if (!versions->masterarn)
        return sm_error_set(err, SMCRED_INVALID,
                            "masterarn key is missing from secret JSON, and --masterarn is not "
                            "given, so that --mend has no superuser");
    enum smcred_status status = log_in_as_master(rotation, versions, &session, err);
    if (status == SMCRED_OK)
        status = engine->give_back(session, current->username, current->password, err);
    engine->log_out(session);
    return status == SMCRED_OK ? logins_try(&versions->logins, current, out_session, err) : status;
}

/* --- single user ------------------------------------------------------------------------------ */

/* The user's own session, and what let it in. */
struct entry {
    struct session *session;
    const char *with;
    bool mended;
};

/* With the version before the current one, for a secret that was changed and its database not.
 * `out_refused`: the database says no, or there is no such version. */
static enum smcred_status log_in_as_before(const struct rotation *rotation,
                                           const struct versions *versions,
                                           struct session **out_session, bool *out_refused,
                                           struct sm_error *err)
{
    autovalue struct secret_value *previous = NULL;
    enum smcred_status status =
        manager_value(rotation->manager, rotation->secret_id, NULL, STAGE_PREVIOUS, &previous, err);
    *out_refused = status == SMCRED_NOT_FOUND;
    if (status == SMCRED_OK && strcmp(previous->username, versions->current->username) != 0)
        return sm_error_set(err, SMCRED_INVALID,
                            "Attempting to modify user %s other than previous valid user %s",
                            log_quote(versions->current->username), log_quote(previous->username));
    if (status == SMCRED_OK)
        status = logins_agree(&versions->logins, previous, STAGE_PREVIOUS, err);
    if (status != SMCRED_OK)
        return status;
    status = logins_try(&versions->logins, previous, out_session, err);
    *out_refused = status == SMCRED_DENIED;
    return status;
}

static enum smcred_status get_in(const struct rotation *rotation, const struct versions *versions,
                                 struct entry *entry, struct sm_error *err)
{
    struct sm_error refusal = {.text = ""}, second = {.text = ""};
    bool refused = false;
    *entry = (struct entry){.with = STAGE_CURRENT};
    enum smcred_status status =
        logins_try(&versions->logins, versions->current, &entry->session, &refusal);
    if (status != SMCRED_DENIED) {
        *err = refusal;
        return status;
    }
    entry->with = STAGE_PREVIOUS;
    status = log_in_as_before(rotation, versions, &entry->session, &refused, &second);
    if (!refused) {
        *err = second;
        return status;
    }
    if (rotation->options->mend) {
        *entry = (struct entry){.with = STAGE_CURRENT, .mended = true};
        return mend(rotation, versions, &entry->session, err);
    }
    return sm_error_set(err, SMCRED_DENIED,
                        "Unable to log into database with %scurrent, or pending secret of secret "
                        "arn %s: %s; if somebody changed the password there, set it to the one in "
                        "AWSCURRENT, or have --mend do it",
                        status == SMCRED_DENIED ? "previous, " : "", rotation->secret_id,
                        refusal.text);
}

/* What was done, and what an administrator has to do yet. */
static void tell(const struct engine *engine, const struct session *session, const char *username,
                 const char *how, struct step_result *result)
{
    const char *reminder = session && engine->reminder ? engine->reminder(session) : NULL;
    step_tell(result, false, "%s has the new password%s%s%s", log_quote(username), how,
              reminder ? "; but " : "", reminder ? reminder : "");
}

/* With rights that the user has not. */
static enum smcred_status set_own_by_master(const struct rotation *rotation,
                                            const struct versions *versions,
                                            const struct entry *entry, struct step_result *result,
                                            struct sm_error *err)
{
    const struct engine *engine = versions->logins.engine;
    const struct secret_value *pending = versions->pending;
    struct session *session = NULL;
    enum smcred_status status = log_in_as_master(rotation, versions, &session, err);
    if (status == SMCRED_OK)
        status = engine->set_for(session, entry->session, pending->password, err);
    if (status == SMCRED_OK)
        tell(engine, session, pending->username,
             entry->mended
                 ? ", set by the superuser of masterarn, who had given AWSCURRENT's back to it"
                 : ", set by the superuser of masterarn",
             result);
    engine->log_out(session);
    return status;
}

static enum smcred_status set_own(const struct rotation *rotation, const struct versions *versions,
                                  struct step_result *result, struct sm_error *err)
{
    const struct engine *engine = versions->logins.engine;
    const struct secret_value *pending = versions->pending;
    struct entry entry;
    char how[128];
    enum smcred_status status = get_in(rotation, versions, &entry, err);
    if (status == SMCRED_OK) {
        (void)snprintf(how, sizeof how, "; it logged in with %s%s to change it", entry.with,
                       entry.mended ? ", which the superuser had given back to it,"
                                    : ""); /* fits */
        status = engine->set_password(entry.session, pending->username, pending->password, err);
        if (status == SMCRED_OK)
            tell(engine, entry.session, pending->username, how, result);
        else if (status == SMCRED_DENIED && engine->set_for && versions->masterarn)
            status = set_own_by_master(rotation, versions, &entry, result, err);
    }
    engine->log_out(entry.session);
    return status;
}

/* --- alternating users ------------------------------------------------------------------------ */

/* Who can write the secret proves that its user is theirs, or they could have the superuser change
 * anybody. */
static enum smcred_status prove_current(const struct rotation *rotation,
                                        const struct versions *versions, struct session **out_own,
                                        bool *out_mended, struct sm_error *err)
{
    struct sm_error refusal = {.text = ""};
    enum smcred_status status = logins_try(&versions->logins, versions->current, out_own, &refusal);
    *out_mended = status == SMCRED_DENIED && rotation->options->mend;
    if (*out_mended)
        status = mend(rotation, versions, out_own, &refusal);
    if (status == SMCRED_DENIED && !*out_mended)
        return sm_error_set(
            err, status, "Unable to log into database using current credentials for secret %s: %s",
            rotation->secret_id, refusal.text);
    *err = refusal;
    return status;
}

static enum smcred_status set_by_master(const struct rotation *rotation,
                                        const struct versions *versions, struct step_result *result,
                                        struct sm_error *err)
{
    const struct engine *engine = versions->logins.engine;
    const struct secret_value *pending = versions->pending;
    struct session *own = NULL, *session = NULL;
    bool mended = false;
    enum smcred_status status = prove_current(rotation, versions, &own, &mended, err);
    if (status == SMCRED_OK)
        status = log_in_as_master(rotation, versions, &session, err);
    if (status == SMCRED_OK)
        status = engine->set_other(session, own, pending->username, pending->password, err);
    if (status == SMCRED_OK)
        tell(engine, session, pending->username,
             mended
                 ? ", set by the superuser of masterarn, who has given the other one's back to it"
                 : ", set by the superuser of masterarn",
             result);
    engine->log_out(session);
    engine->log_out(own);
    return status;
}

enum smcred_status set_secret(const struct rotation *rotation, struct step_result *result,
                              struct sm_error *err)
{
    autoversions struct versions versions;
    struct session *session = NULL;
    enum smcred_status status = versions_read_current(rotation, &versions, err);
    if (status == SMCRED_OK)
        status = versions_read_pending(rotation, &versions, err);
    if (status == SMCRED_OK)
        status = versions_check_pending(&versions, err);
    if (status != SMCRED_OK)
        return status;
    status = logins_try(&versions.logins, versions.pending, &session, err);
    versions.logins.engine->log_out(session);
    if (status == SMCRED_OK)
        step_tell(result, true, "%s has the new password already",
                  log_quote(versions.pending->username));
    if (status != SMCRED_DENIED)
        return status;
    return versions.alternate ? set_by_master(rotation, &versions, result, err)
                              : set_own(rotation, &versions, result, err);
}
