/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * steps.c - from the state of a secret to the step that may be taken, and three of the four.
 *
 * Called by command.c.  setSecret is in set_secret.c, which database it is in logins.c, how to
 * speak to it in the engines.
 */
#include "rotate/steps.h"

#include "common/log.h"
#include "rotate/engine.h"
#include "rotate/manager.h"
#include "rotate/options.h"
#include "rotate/set_secret.h"
#include "rotate/stages.h"
#include "rotate/versions.h"
#include "sources/json.h"

/* --- createSecret ----------------------------------------------------------------------------- */

static enum smcred_status put_new(const struct rotation *rotation, const struct versions *versions,
                                  struct sm_error *err)
{
    const struct options *options = rotation->options;
    const char *excluded =
        options->excluded ? options->excluded : versions->logins.engine->excluded;
    sm_autosecret struct sm_secret *password = NULL, *text = NULL;
    enum smcred_status status = manager_random_password(rotation->manager, excluded,
                                                        options->password_length, &password, err);
    if (status == SMCRED_OK)
        status = secret_value_renewed(manager_vault(rotation->manager), versions->current,
                                      versions->alternate ? versions->next_user.text : NULL,
                                      password, &text, err);
    if (status == SMCRED_OK)
        status = manager_put_pending(rotation->manager, rotation->secret_id, rotation->token,
                                     rotation->rotation_token, text, err);
    return status;
}

static enum smcred_status create_secret(const struct rotation *rotation, struct step_result *result,
                                        struct sm_error *err)
{
    autoversions struct versions versions;
    enum smcred_status status = versions_read_current(rotation, &versions, err);
    if (status != SMCRED_OK)
        return status;
    status = versions_read_pending(rotation, &versions, err);
    bool was_there = status == SMCRED_OK;
    if (status == SMCRED_NOT_FOUND) {
        status = put_new(rotation, &versions, err);
        /* Somebody else who takes this very step may have been faster. */
        if (status == SMCRED_OK || strcmp(err->code, "ResourceExistsException") == 0)
            status = versions_read_pending(rotation, &versions, err);
    }
    if (status == SMCRED_OK)
        status = versions_check_pending(&versions, err);
    if (status == SMCRED_OK)
        step_tell(result, was_there, "version %s has a new password for %s%s", rotation->token,
                  log_quote(versions.pending->username), was_there ? " already" : "");
    return status;
}

/* --- testSecret ------------------------------------------------------------------------------- */

/*
 * A test without a rotation (RotateImmediately=false) has a copy of the current version pending, so
 * it may be of the current user with alternating users too.
 */
static enum smcred_status test_secret(const struct rotation *rotation, struct step_result *result,
                                      struct sm_error *err)
{
    autoversions struct versions versions;
    struct session *session = NULL;
    struct sm_error refusal = {.text = ""};
    enum smcred_status status = versions_read_current(rotation, &versions, err);
    if (status == SMCRED_OK)
        status = versions_read_pending(rotation, &versions, err);
    if (status == SMCRED_OK)
        status = logins_agree(&versions.logins, versions.pending, STAGE_PENDING, err);
    if (status != SMCRED_OK)
        return status;
    status = logins_try(&versions.logins, versions.pending, &session, &refusal);
    if (status == SMCRED_OK)
        status = versions.logins.engine->test(session, &refusal);
    versions.logins.engine->log_out(session);
    if (status == SMCRED_DENIED)
        return sm_error_set(err, status,
                            "Unable to log into database with pending secret of secret ARN %s: %s",
                            rotation->secret_id, refusal.text);
    *err = refusal;
    if (status == SMCRED_OK)
        step_tell(result, false, "%s logged in with it, and its query was answered",
                  log_quote(versions.pending->username));
    return status;
}

/* --- finishSecret ----------------------------------------------------------------------------- */

static enum smcred_status already_finished(const struct rotation *rotation,
                                           struct step_result *result)
{
    step_tell(result, true, "version %s is AWSCURRENT already", rotation->token);
    return SMCRED_OK;
}

/* True if somebody else has moved the label meanwhile. */
static bool has_moved(const struct rotation *rotation)
{
    json_auto cJSON *description = NULL;
    return manager_describe(rotation->manager, rotation->secret_id, &description, NULL) ==
               SMCRED_OK &&
           stages_has(description, rotation->token, STAGE_CURRENT);
}

static enum smcred_status finish_secret(const struct rotation *rotation, const cJSON *description,
                                        struct step_result *result, struct sm_error *err)
{
    const char *current = stages_holder(description, STAGE_CURRENT);
    enum smcred_status status = manager_move_label(rotation->manager, rotation->secret_id,
                                                   STAGE_CURRENT, rotation->token, current, err);
    if (status == SMCRED_INVALID && has_moved(rotation))
        return already_finished(rotation, result);
    if (status == SMCRED_OK)
        step_tell(result, false, "AWSCURRENT moved from version %s to %s",
                  current ? current : "none", rotation->token);
    return status;
}

/* Where no service does it: the label has done its work. */
static enum smcred_status drop_pending(const struct rotation *rotation, const cJSON *description,
                                       struct sm_error *err)
{
    if (!rotation->alone || !stages_has(description, rotation->token, STAGE_PENDING))
        return SMCRED_OK;
    return manager_move_label(rotation->manager, rotation->secret_id, STAGE_PENDING, NULL,
                              rotation->token, err);
}

/* --- all of them ------------------------------------------------------------------------------ */

static enum smcred_status check_state(const struct rotation *rotation, enum step step,
                                      const cJSON *description, struct sm_error *err)
{
    if (!rotation->alone && stages_rotation_is_off(description))
        return sm_error_set(err, SMCRED_INVALID, "Secret %s is not enabled for rotation",
                            rotation->secret_id);
    if (!stages_know(description, rotation->token))
        return rotation->alone && step == STEP_CREATE
                   ? SMCRED_OK
                   : sm_error_set(err, SMCRED_INVALID,
                                  "Secret version %s has no stage for rotation of secret %s",
                                  log_quote(rotation->token), rotation->secret_id);
    if (!stages_has(description, rotation->token, STAGE_PENDING) &&
        !stages_has(description, rotation->token, STAGE_CURRENT))
        return sm_error_set(err, SMCRED_INVALID,
                            "Secret version %s not set as AWSPENDING for rotation of secret %s",
                            rotation->token, rotation->secret_id);
    return SMCRED_OK;
}

static enum smcred_status take(const struct rotation *rotation, enum step step,
                               const cJSON *description, struct step_result *result,
                               struct sm_error *err)
{
    switch (step) {
    case STEP_CREATE:
        return create_secret(rotation, result, err);
    case STEP_SET:
        return set_secret(rotation, result, err);
    case STEP_TEST:
        return test_secret(rotation, result, err);
    case STEP_FINISH:
        return finish_secret(rotation, description, result, err);
    }
    return SMCRED_INVALID;
}

enum smcred_status steps_take(const struct rotation *rotation, enum step step,
                              struct step_result *out_result, struct sm_error *err)
{
    json_auto cJSON *description = NULL;
    struct step_result result = {.text = ""};
    enum smcred_status status =
        manager_describe(rotation->manager, rotation->secret_id, &description, err);
    if (status == SMCRED_OK)
        status = check_state(rotation, step, description, err);
    if (status != SMCRED_OK)
        return status;
    status = stages_has(description, rotation->token, STAGE_CURRENT)
                 ? already_finished(rotation, &result)
                 : take(rotation, step, description, &result, err);
    if (status == SMCRED_OK && step == STEP_FINISH)
        status = drop_pending(rotation, description, err);
    if (status == SMCRED_OK)
        *out_result = result;
    return status;
}
