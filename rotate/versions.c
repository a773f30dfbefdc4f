/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * versions.c - reads AWSCURRENT and AWSPENDING, and says whether they belong together.
 *
 * Called by steps.c and set_secret.c.
 */
#include "rotate/versions.h"

#include <stdio.h>

#include "common/log.h"
#include "rotate/engine.h"
#include "rotate/manager.h"
#include "rotate/options.h"
#include "rotate/stages.h"

static enum smcred_status find_next_user(const struct rotation *rotation, struct versions *versions,
                                         struct sm_error *err)
{
    const struct secret_value *current = versions->current;
    struct twin_name *next = &versions->next_user;
    size_t max = versions->logins.engine->username_max;
    const char *said = rotation->options->masterarn;
    versions->masterarn = said ? said : current->masterarn;
    versions->alternate = rotation->options->strategy == STRATEGY_ALTERNATING ||
                          (rotation->options->strategy == STRATEGY_OF_SECRET && current->masterarn);
    if (versions->alternate && !versions->masterarn)
        return sm_error_set(err, SMCRED_INVALID, "masterarn key is missing from secret JSON");
    if (versions->alternate)
        return twin_name(current->username, max, next, err);
    if (strlen(current->username) > max)
        return sm_error_set(err, SMCRED_TOO_LARGE, "username is longer than %zu bytes", max);
    (void)snprintf(next->text, sizeof next->text, "%s", current->username); /* fits */
    return SMCRED_OK;
}

enum smcred_status versions_read_current(const struct rotation *rotation, struct versions *versions,
                                         struct sm_error *err)
{
    *versions = (struct versions){.current = NULL};
    enum smcred_status status = manager_value(rotation->manager, rotation->secret_id, NULL,
                                              STAGE_CURRENT, &versions->current, err);
    if (status == SMCRED_OK)
        status = logins_init(&versions->logins, rotation->options, versions->current, err);
    return status == SMCRED_OK ? find_next_user(rotation, versions, err) : status;
}

enum smcred_status versions_read_pending(const struct rotation *rotation, struct versions *versions,
                                         struct sm_error *err)
{
    return manager_value(rotation->manager, rotation->secret_id, rotation->token, STAGE_PENDING,
                         &versions->pending, err);
}

enum smcred_status versions_check_pending(const struct versions *versions, struct sm_error *err)
{
    if (strcmp(versions->pending->username, versions->next_user.text) != 0)
        return sm_error_set(err, SMCRED_INVALID, "Attempting to modify user %s other than %s%s",
                            log_quote(versions->pending->username),
                            versions->alternate ? "the other one of the pair, " : "current user ",
                            log_quote(versions->next_user.text));
    return logins_agree(&versions->logins, versions->pending, STAGE_PENDING, err);
}

void versions_done(struct versions *versions)
{
    secret_value_free(versions->current);
    secret_value_free(versions->pending);
}
