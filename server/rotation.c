/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rotation.c - RotateSecret and CancelRotateSecret, and what becomes of the store as a rotation
 * goes on.  The rotator runs the functions and calls back here.
 */
#include "server/rotation.h"

#include "common/log.h"
#include "server/json.h"
#include "server/labels.h"
#include "server/operations.h"
#include "server/rotator.h"
#include "server/schedule.h"
#include "server/secrets.h"
#include "server/value.h"
#include "server/versions.h"

#define DAY_MS INT64_C(86400000)

static const char no_function[] = "No Lambda rotation function ARN is associated with this secret.";

const char *server_step_name(enum server_step step)
{
    static const char *const names[] = {[SERVER_STEP_CREATE] = "createSecret",
                                        [SERVER_STEP_SET] = "setSecret",
                                        [SERVER_STEP_TEST] = "testSecret",
                                        [SERVER_STEP_FINISH] = "finishSecret"};
    return names[step];
}

/* --- schedules -------------------------------------------------------------------------------- */

/* False if the secret rotates only when told to. */
static bool read_schedule(const struct server_rotation *rotation, struct server_schedule *out)
{
    if (!*rotation->schedule && rotation->days == 0)
        return false;
    *out = server_schedule_every(rotation->days);
    if (*rotation->schedule && !server_schedule_parse(rotation->schedule, out))
        return false; /* was checked when it came */
    return !*rotation->duration || server_schedule_set_duration(out, rotation->duration);
}

/* The window that follows a rotation at `now_ms`, and when to wake for it. */
static void set_window(struct server_rotation *rotation, int64_t now_ms)
{
    struct server_schedule schedule;
    struct server_window window = {0, 0};
    if (rotation->enabled && read_schedule(rotation, &schedule))
        window = server_schedule_next(&schedule, now_ms);
    rotation->opens_ms = window.opens_ms;
    rotation->closes_ms = window.closes_ms;
    if (!*rotation->token)
        rotation->wake_ms = window.opens_ms;
}

enum smcred_status server_rotation_put_off(struct server_call *call)
{
    struct server_rotation rotation;
    enum smcred_status status =
        server_store_rotation(call->server->store, call->secret.row, &rotation);
    if (status != SMCRED_OK)
        return status == SMCRED_NOT_FOUND ? SMCRED_OK : status;
    if (!rotation.enabled || *rotation.schedule)
        return SMCRED_OK;
    set_window(&rotation, call->now_ms);
    return server_store_rotation_put(call->server->store, &rotation);
}

enum smcred_status server_rotation_describe(struct server_call *call,
                                            const struct server_secret *secret, cJSON *object)
{
    struct server_rotation rotation;
    enum smcred_status status = server_store_rotation(call->server->store, secret->row, &rotation);
    if (status != SMCRED_OK)
        return status == SMCRED_NOT_FOUND ? SMCRED_OK : status;
    server_json_add_bool(object, "RotationEnabled", rotation.enabled);
    server_json_add(object, "RotationLambdaARN", rotation.function_arn);
    server_json_add_time(object, "LastRotatedDate", rotation.rotated_ms);
    if (rotation.closes_ms > 0) /* the last moment: 23:59:59 */
        server_json_add_time(object, "NextRotationDate", rotation.closes_ms - 1000);
    if (rotation.days == 0 && !*rotation.schedule)
        return SMCRED_OK;
    cJSON *rules = server_json_add_object(object, "RotationRules");
    if (rotation.days > 0)
        (void)cJSON_AddNumberToObject(rules, "AutomaticallyAfterDays",
                                      rotation.days); /* server_json_failed() */
    server_json_add(rules, "Duration", rotation.duration);
    server_json_add(rules, "ScheduleExpression", rotation.schedule);
    return SMCRED_OK;
}

/* --- beginning -------------------------------------------------------------------------------- */

/* AWSPENDING must not be on a version that is not the current one. */
static enum server_error check_pending(struct server_call *call)
{
    struct server_store *store = call->server->store;
    char pending[SERVER_VERSION_ID_MAX + 1], current[SERVER_VERSION_ID_MAX + 1] = "";
    enum smcred_status status =
        server_store_label(store, call->secret.row, SERVER_PENDING, pending);
    if (status == SMCRED_NOT_FOUND)
        return SERVER_OK;
    if (status == SMCRED_OK)
        status = server_store_label(store, call->secret.row, SERVER_CURRENT, current);
    if (status != SMCRED_OK && status != SMCRED_NOT_FOUND)
        return server_fail_status(call, status);
    if (strcmp(pending, current) == 0)
        return SERVER_OK;
    return server_fail(call, SERVER_INVALID_REQUEST,
                       "A previous rotation isn't complete. That rotation will be reattempted.");
}

/* The current value under another version's id, for testSecret; none if there is none. */
static enum smcred_status copy_current(struct server_call *call, struct server_version *version)
{
    struct server_store *store = call->server->store;
    server_autoversion struct server_version current = {.kind = SERVER_KIND_NONE};
    server_autovalue struct server_value value = {SERVER_KIND_NONE, NULL};
    char id[SERVER_VERSION_ID_MAX + 1];
    enum smcred_status status = server_store_label(store, call->secret.row, SERVER_CURRENT, id);
    if (status == SMCRED_OK)
        status = server_store_version(store, call->secret.row, id, &current);
    if (status == SMCRED_NOT_FOUND || (status == SMCRED_OK && current.kind == SERVER_KIND_NONE))
        return SMCRED_OK;
    if (status == SMCRED_OK)
        status = server_value_unseal(call, &current, &value);
    return status == SMCRED_OK ? server_value_seal(call, &value, version) : status;
}

enum server_error server_rotation_begin(struct server_call *call, struct server_rotation *rotation,
                                        const char *token, bool is_test)
{
    struct server_store *store = call->server->store;
    server_autoversion struct server_version version = {.created_ms = call->now_ms};
    memccpy(version.id, token, 0, sizeof version.id); /* 64 characters fit */
    enum server_error error = check_pending(call);
    if (error == SERVER_OK && is_test)
        error = server_fail_status(call, copy_current(call, &version));
    if (error == SERVER_OK)
        error = server_version_make_room(call);
    if (error == SERVER_OK)
        error =
            server_fail_status(call, server_store_version_put(store, call->secret.row, &version));
    if (error == SERVER_OK)
        error = server_version_label(call, SERVER_PENDING, token, SERVER_MOVE_KEEPS_PENDING);
    if (error != SERVER_OK)
        return error;
    memccpy(rotation->token, token, 0, sizeof rotation->token); /* as above */
    rotation->step = is_test ? SERVER_STEP_TEST : SERVER_STEP_CREATE;
    rotation->is_test = is_test;
    rotation->failures = 0;
    rotation->wake_ms = call->now_ms;
    return server_fail_status(call, server_store_rotation_put(store, rotation));
}

enum smcred_status server_rotation_skip(struct server_call *call, struct server_rotation *rotation)
{
    set_window(rotation, call->now_ms);
    return server_store_rotation_put(call->server->store, rotation);
}

/* --- going on --------------------------------------------------------------------------------- */

/* True if the function has moved AWSCURRENT to the version it rotated in. */
static bool is_promoted(struct server_call *call, const struct server_rotation *rotation)
{
    char current[SERVER_VERSION_ID_MAX + 1];
    return server_store_label(call->server->store, rotation->secret, SERVER_CURRENT, current) ==
               SMCRED_OK &&
           strcmp(current, rotation->token) == 0;
}

/* As AWS works it out of the schedule, for who reads AutomaticallyAfterDays alone. */
static int32_t days_until(int64_t from_ms, int64_t to_ms)
{
    return (int32_t)((to_ms - from_ms + DAY_MS - 1) / DAY_MS);
}

static enum smcred_status finish(struct server_call *call, struct server_rotation *rotation)
{
    struct server_store *store = call->server->store;
    rotation->token[0] = '\0';
    rotation->failures = 0;
    rotation->rotated_ms = call->now_ms;
    set_window(rotation, call->now_ms);
    if (*rotation->schedule && rotation->opens_ms > 0)
        rotation->days = days_until(call->now_ms, rotation->opens_ms);
    enum smcred_status status = server_store_rotation_put(store, rotation);
    return status == SMCRED_OK ? server_store_label_remove(store, rotation->secret, SERVER_PENDING)
                               : status;
}

/* testSecret is run once; the copy it looked at goes, whatever it said. */
static enum smcred_status finish_test(struct server_call *call, struct server_rotation *rotation)
{
    struct server_store *store = call->server->store;
    enum smcred_status status =
        server_store_version_delete(store, rotation->secret, rotation->token);
    rotation->token[0] = '\0';
    rotation->is_test = false;
    rotation->wake_ms = rotation->opens_ms;
    return status == SMCRED_OK ? server_store_rotation_put(store, rotation) : status;
}

/*
 * From the first step again, as every step can be repeated: soon at first, and after
 * SERVER_ROTATION_TRIES in the next window.
 */
static enum smcred_status try_again(struct server_call *call, struct server_rotation *rotation)
{
    static const int64_t pause_ms[SERVER_ROTATION_TRIES] = {60000, 300000, 900000, 3600000, 0};
    rotation->step = SERVER_STEP_CREATE;
    if (++rotation->failures < SERVER_ROTATION_TRIES) {
        rotation->wake_ms = call->now_ms + pause_ms[rotation->failures - 1];
    } else {
        rotation->failures = 0;
        if (rotation->opens_ms <= call->now_ms)
            set_window(rotation, call->now_ms);
        rotation->wake_ms = rotation->opens_ms;
    }
    return server_store_rotation_put(call->server->store, rotation);
}

enum smcred_status server_rotation_advance(struct server_call *call,
                                           struct server_rotation *rotation, bool success,
                                           enum server_rotation_result *out_result)
{
    if (rotation->is_test) {
        *out_result = success ? SERVER_ROTATION_DONE : SERVER_ROTATION_FAILED;
        return finish_test(call, rotation);
    }
    if (success && rotation->step < SERVER_STEP_FINISH) {
        rotation->step++;
        rotation->wake_ms = call->now_ms;
        *out_result = SERVER_ROTATION_GOES_ON;
        return server_store_rotation_put(call->server->store, rotation);
    }
    if (success && is_promoted(call, rotation)) {
        *out_result = SERVER_ROTATION_DONE;
        return finish(call, rotation);
    }
    enum smcred_status status = try_again(call, rotation);
    *out_result = rotation->failures > 0 ? SERVER_ROTATION_FAILED : SERVER_ROTATION_ABANDONED;
    return status;
}

/* --- RotateSecret ----------------------------------------------------------------------------- */

static enum server_error take_rules(struct server_call *call, struct server_rotation *rotation)
{
    const cJSON *rules = server_json_get(call->input, "RotationRules");
    const char *expression = server_json_text(rules, "ScheduleExpression");
    const char *duration = server_json_text(rules, "Duration");
    int32_t days = (int32_t)server_json_number(rules, "AutomaticallyAfterDays", 0);
    struct server_schedule schedule;
    if (expression && days > 0)
        return server_fail(call, SERVER_INVALID_PARAMETER,
                           "You can't specify both AutomaticallyAfterDays and ScheduleExpression "
                           "in RotationRules.");
    if (expression && !server_schedule_parse(expression, &schedule))
        return server_fail(call, SERVER_INVALID_PARAMETER, "Invalid ScheduleExpression.");
    if (expression || days > 0) {
        rotation->schedule[0] = rotation->duration[0] = '\0';
        rotation->days = days;
    }
    if (expression)
        memccpy(rotation->schedule, expression, 0, sizeof rotation->schedule); /* validated */
    if (duration)
        memccpy(rotation->duration, duration, 0, sizeof rotation->duration); /* likewise */
    if (duration && !read_schedule(rotation, &schedule))
        return server_fail(call, SERVER_INVALID_PARAMETER, "Invalid Duration.");
    return SERVER_OK;
}

static enum server_error take_function(struct server_call *call, struct server_rotation *rotation)
{
    struct server_function function;
    const char *arn = server_json_text(call->input, "RotationLambdaARN");
    if (arn && *arn)
        memccpy(rotation->function_arn, arn, 0, sizeof rotation->function_arn); /* validated */
    if (!*rotation->function_arn)
        return server_fail(call, SERVER_INVALID_REQUEST, no_function);
    enum smcred_status status =
        server_store_function(call->server->store, rotation->function_arn, &function);
    if (status == SMCRED_NOT_FOUND)
        return server_fail(call, SERVER_ACCESS_DENIED,
                           "Secrets Manager cannot invoke the specified Lambda function. Ensure "
                           "that the function policy grants access to the principal "
                           "secretsmanager.amazonaws.com.");
    return server_fail_status(call, status);
}

/* Whether it is the token of the rotation under way, or of the last one that succeeded. */
static bool is_rotated_in(struct server_call *call, const struct server_version *version)
{
    struct server_rotation rotation;
    if (server_store_rotation(call->server->store, call->secret.row, &rotation) != SMCRED_OK)
        return false;
    if (strcmp(rotation.token, version->id) == 0)
        return true;
    memcpy(rotation.token, version->id, sizeof rotation.token);
    return rotation.rotated_ms >= version->created_ms && is_promoted(call, &rotation);
}

/* A version of this id is there already: only who asks for the same again may name it. */
static enum server_error check_rotation_token(struct server_call *call, const char *token,
                                              bool *out_repeated)
{
    server_autoversion struct server_version version = {.kind = SERVER_KIND_NONE};
    enum smcred_status status =
        server_store_version(call->server->store, call->secret.row, token, &version);
    *out_repeated = status == SMCRED_OK && is_rotated_in(call, &version);
    if (status == SMCRED_NOT_FOUND || *out_repeated)
        return SERVER_OK;
    if (status != SMCRED_OK)
        return server_fail_status(call, status);
    return server_fail(call, SERVER_INVALID_REQUEST,
                       "You can't use ClientRequestToken %s because that value is already in use "
                       "for a version of secret %s.",
                       token, call->secret.arn);
}

static enum server_error start(struct server_call *call, const char *token)
{
    const cJSON *immediately = server_json_get(call->input, "RotateImmediately");
    struct server_rotation rotation = {.secret = call->secret.row};
    enum smcred_status status =
        server_store_rotation(call->server->store, call->secret.row, &rotation);
    if (status != SMCRED_OK && status != SMCRED_NOT_FOUND)
        return server_fail_status(call, status);
    enum server_error error = take_rules(call, &rotation);
    if (error == SERVER_OK)
        error = take_function(call, &rotation);
    if (error != SERVER_OK)
        return error;
    rotation.enabled = true;
    set_window(&rotation, call->now_ms);
    error = server_rotation_begin(call, &rotation, token, cJSON_IsFalse(immediately));
    if (error == SERVER_OK)
        server_rotator_wake(call->server->rotator);
    else if (error == SERVER_INVALID_REQUEST)
        server_rotator_retry(call->server->rotator, call->secret.row);
    return error;
}

enum server_error server_rotate_secret(struct server_call *call)
{
    const char *token = server_json_text(call->input, "ClientRequestToken");
    bool repeated;
    enum server_error error = check_rotation_token(call, token, &repeated);
    if (error == SERVER_OK && !repeated)
        error = start(call, token);
    memccpy(call->version_id, token, 0, sizeof call->version_id); /* 64 characters fit */
    server_secret_identify(call, call->output);
    server_json_add(call->output, "VersionId", token);
    return error;
}

enum server_error server_cancel_rotate_secret(struct server_call *call)
{
    struct server_rotation rotation;
    enum smcred_status status =
        server_store_rotation(call->server->store, call->secret.row, &rotation);
    if (status == SMCRED_NOT_FOUND)
        return server_fail(call, SERVER_INVALID_REQUEST, no_function);
    if (status != SMCRED_OK)
        return server_fail_status(call, status);
    memcpy(call->version_id, rotation.token, sizeof call->version_id);
    server_secret_identify(call, call->output);
    server_json_add(call->output, "VersionId", rotation.token);
    if (rotation.is_test)
        status = finish_test(call, &rotation);
    rotation.enabled = false;
    rotation.token[0] = '\0';
    rotation.failures = 0;
    set_window(&rotation, call->now_ms);
    if (status == SMCRED_OK)
        status = server_store_rotation_put(call->server->store, &rotation);
    server_rotator_wake(call->server->rotator); /* to end a function at work */
    return server_fail_status(call, status);
}
