/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rotator.c - one thread that looks what is due, starts functions, and takes what comes of them to
 * rotation.c.
 *
 * Started by serve.  It shares the vault, the key, the clock and the trail with the thread that
 * answers requests, and has a connection to the database of its own.
 */
#include "server/rotator.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/file.h>

#include "common/clock.h"
#include "common/log.h"
#include "server/deletion.h"
#include "server/environment.h"
#include "server/executable.h"
#include "server/hush.h"
#include "server/invocation.h"
#include "server/json.h"
#include "server/kms.h"
#include "server/listen.h"
#include "server/record.h"
#include "server/replication.h"
#include "server/rotation.h"
#include "server/setup.h"
#include "server/trail.h"

#define RUNNING_MAX    8    /* functions at a time */
#define TICK_MS        1000 /* between two looks at the clock */
#define STORE_PAUSE_MS 5000 /* without a new step, after the store has failed */
#define LOCKED_MS      20 /* between two looks whether the functions of an earlier server have ended */

struct run {
    int64_t secret; /* 0: free */
    char token[SERVER_VERSION_ID_MAX + 1];
    struct server_invocation *invocation;
};

struct server_rotator {
    struct server server; /* with a store of its own */
    char url[SERVER_URL_MAX];
    int wake_fd;
    int lock_fd; /* DIR/functions.lock: held by us, and by the watchers of our functions */
    atomic_bool stopping;
    bool started;
    pthread_t thread;
    int64_t paused_until_ms;
    struct run running[RUNNING_MAX];
    _Atomic int64_t retries[RUNNING_MAX]; /* rows of secrets; 0: free */
};

/* --- transactions ----------------------------------------------------------------------------- */

/* A call of our own about one secret and its rotation, in a transaction. */
struct work {
    struct server_call call;
    struct server_rotation rotation;
};

/* What could not be stored is done again, but not at once: the disk may be full for a while. */
static void say_store(struct server_rotator *rotator, enum smcred_status status)
{
    rotator->paused_until_ms = sm_boot_ms() + STORE_PAUSE_MS;
    log_error("rotation: %s (store: %s)", sm_status_text(status),
              server_store_error(rotator->server.store));
}

/* Begins; on failure it has been said, and nothing is left open.  SMCRED_NOT_FOUND: the secret is
 * gone. */
static enum smcred_status begin_work(struct server_rotator *rotator, int64_t secret,
                                     struct work *work)
{
    struct server_store *store = rotator->server.store;
    server_call_init(&work->call, &rotator->server, SERVER_OURSELVES);
    enum smcred_status status = server_store_begin(store);
    if (status != SMCRED_OK) {
        say_store(rotator, status);
        return status;
    }
    status = server_store_secret_by_row(store, secret, &work->call.secret);
    if (status == SMCRED_OK)
        status = server_store_rotation(store, secret, &work->rotation);
    if (status != SMCRED_OK) {
        if (status != SMCRED_NOT_FOUND)
            say_store(rotator, status);
        server_store_rollback(store);
        return status;
    }
    work->call.place = work->call.secret.place;
    return SMCRED_OK;
}

/* Commits; or says why not, as the store forgets that with a rollback.  SMCRED_DENIED has been
 * said. */
static enum smcred_status end_work(struct server_rotator *rotator, struct work *work,
                                   enum smcred_status status)
{
    if (status == SMCRED_OK)
        status = server_replication_sync(&work->call);
    if (status == SMCRED_OK)
        status = server_store_commit(rotator->server.store);
    if (status != SMCRED_OK && status != SMCRED_DENIED)
        say_store(rotator, status);
    if (status != SMCRED_OK)
        server_store_rollback(rotator->server.store);
    server_call_done(&work->call);
    return status;
}

/* --- what comes of a step --------------------------------------------------------------------- */

static void say_result(const struct work *work, enum server_step step,
                       enum server_rotation_result result, const char *why)
{
    const char *name = log_quote(work->call.secret.name), *step_name = server_step_name(step);
    switch (result) {
    case SERVER_ROTATION_GOES_ON:
        log_debug("rotation of %s: %s is done", name, step_name);
        return;
    case SERVER_ROTATION_DONE:
        log_info("rotation of %s: done", name);
        return;
    case SERVER_ROTATION_FAILED:
        log_warning("rotation of %s: %s failed: %s", name, step_name, why);
        return;
    case SERVER_ROTATION_ABANDONED:
        log_error("rotation of %s: %s failed again: %s; it waits for the next window", name,
                  step_name, why);
        return;
    }
}

/* Into the trail, as an event of the service's own. */
static void note_event(const struct work *work, const char *token, const char *name,
                       const char *why)
{
    struct server_trail *trail = work->call.server->trail;
    struct server_call call = work->call; /* for its place and secret; nothing of it is freed */
    memccpy(call.version_id, token, 0, sizeof call.version_id); /* fits */
    if (trail && server_trail_write(trail, server_record_of_event(&call, name, why)) != SMCRED_OK)
        log_error("cannot write the event trail: %s", strerror(errno));
}

static void note_result(const struct work *work, const char *token, bool is_test,
                        enum server_rotation_result result, const char *why)
{
    static const char *const names[][2] = {
        [SERVER_ROTATION_DONE] = {"RotationSucceeded", "TestRotationSucceeded"},
        [SERVER_ROTATION_FAILED] = {"RotationFailed", "TestRotationFailed"},
        [SERVER_ROTATION_ABANDONED] = {"RotationAbandoned", "TestRotationFailed"},
    };
    if (result != SERVER_ROTATION_GOES_ON)
        note_event(work, token, names[result][is_test],
                   result == SERVER_ROTATION_DONE ? NULL : why);
}

/* why  "" for success */
static enum smcred_status advance(struct work *work, const char *why)
{
    enum server_rotation_result result = SERVER_ROTATION_GOES_ON;
    enum server_step step = work->rotation.step;
    bool success = *why == '\0', is_test = work->rotation.is_test;
    char token[SERVER_VERSION_ID_MAX + 1];
    memcpy(token, work->rotation.token, sizeof token);
    if (success)
        why = "AWSCURRENT was not moved"; /* if it fails nevertheless */
    enum smcred_status status =
        server_rotation_advance(&work->call, &work->rotation, success, &result);
    if (status != SMCRED_OK)
        return status;
    say_result(work, step, result, why);
    note_result(work, token, is_test, result, why);
    return SMCRED_OK;
}

static void end_run(struct run *run)
{
    server_invocation_free(run->invocation);
    *run = (struct run){.secret = 0};
}

/* Line by line, without values; nothing of it where values cannot be told. */
static void say_output(struct work *work, struct run *run)
{
    char *rest = NULL;
    size_t len = 0;
    char *said = run->invocation ? server_invocation_said(run->invocation, &len) : NULL;
    if (len == 0)
        return;
    if (server_hush(&work->call, said, len) != SMCRED_OK) {
        log_warning("rotation of %s: what %s says cannot be shown",
                    log_quote(work->call.secret.name), server_step_name(work->rotation.step));
        return;
    }
    for (char *line = strtok_r(said, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        log_info("rotation of %s: %s says %s", log_quote(work->call.secret.name),
                 server_step_name(work->rotation.step), log_quote(line));
}

static void finish_run(struct server_rotator *rotator, struct run *run, const char *why)
{
    struct work work;
    enum smcred_status status = begin_work(rotator, run->secret, &work);
    if (status == SMCRED_OK) {
        say_output(&work, run);
        bool is_ours = strcmp(work.rotation.token, run->token) == 0; /* else it was cancelled */
        (void)end_work(rotator, &work,
                       is_ours ? advance(&work, why) : SMCRED_OK); /* if not, it is done again */
    }
    end_run(run);
}

/* --- starting a step -------------------------------------------------------------------------- */

static char *event_of(const struct work *work)
{
    server_autojson cJSON *event = cJSON_CreateObject();
    server_json_add(event, "Step", server_step_name(work->rotation.step));
    server_json_add(event, "SecretId", work->call.secret.arn);
    server_json_add(event, "ClientRequestToken", work->rotation.token);
    /* Of its own: a ClientRequestToken may have what a RotationToken must not. */
    server_json_add(event, "RotationToken", work->call.request_id);
    char *text = cJSON_PrintUnformatted(event);
    if (server_json_failed()) {
        cJSON_free(text);
        return NULL;
    }
    return text;
}

static enum smcred_status invoke(const struct server_rotator *rotator, const struct work *work,
                                 const struct server_function *function,
                                 struct server_environment *environment, struct run *run,
                                 struct sm_error *err)
{
    char *variables[SERVER_ENVIRONMENT_VARIABLES];
    enum smcred_status status = server_executable_check(function->path, err);
    if (status != SMCRED_OK)
        return status;
    char *event = event_of(work);
    if (!event)
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    server_environment_list(environment, variables);
    status = server_invocation_start(
        &(struct server_invocation_plan){
            .path = function->path,
            .user = function->user,
            .event = event,
            .environment = variables,
            .timeout_s = function->timeout_s,
            .lock_fd = rotator->lock_fd,
            .vault = work->call.server->vault,
        },
        &run->invocation, err);
    cJSON_free(event);
    return status;
}

/* A window has opened.  SMCRED_DENIED: it has to pass. */
static enum smcred_status begin_scheduled(struct work *work)
{
    char token[SERVER_REQUEST_ID_LEN + 1];
    server_uuid(token);
    enum server_error error = server_rotation_begin(&work->call, &work->rotation, token, false);
    if (error == SERVER_OK)
        return SMCRED_OK;
    if (error == SERVER_INTERNAL)
        return SMCRED_UNAVAILABLE;
    log_warning("rotation of %s: cannot begin: %s", log_quote(work->call.secret.name),
                work->call.message);
    return SMCRED_DENIED;
}

static void skip_window(struct server_rotator *rotator, int64_t secret)
{
    struct work work;
    if (begin_work(rotator, secret, &work) == SMCRED_OK)
        (void)end_work(rotator, &work,
                       server_rotation_skip(&work.call, &work.rotation)); /* likewise */
}

static bool is_at_its_beginning(const struct server_rotation *rotation)
{
    return rotation->failures == 0 &&
           rotation->step == (rotation->is_test ? SERVER_STEP_TEST : SERVER_STEP_CREATE);
}

/* Up to what has to be in the store before the function starts. */
static enum smcred_status prepare(struct server_rotator *rotator, struct work *work,
                                  struct server_function *function,
                                  struct server_environment **out_environment)
{
    enum smcred_status status = SMCRED_OK;
    if (!*work->rotation.token)
        status = begin_scheduled(work);
    if (status != SMCRED_OK || !*work->rotation.token)
        return status;
    status = server_store_function(rotator->server.store, work->rotation.function_arn, function);
    if (status == SMCRED_NOT_FOUND)
        return advance(work, "its function is not registered");
    if (status != SMCRED_OK)
        return status;
    if (is_at_its_beginning(&work->rotation))
        note_event(work, work->rotation.token,
                   work->rotation.is_test ? "TestRotationStarted" : "RotationStarted", NULL);
    return server_environment_new(&work->call, rotator->url, function, out_environment);
}

static void start_step(struct server_rotator *rotator, int64_t secret, struct run *run)
{
    struct work work;
    struct server_function function;
    struct server_environment *environment = NULL;
    struct sm_error err = {.text = ""};
    enum smcred_status status = begin_work(rotator, secret, &work);
    if (status != SMCRED_OK)
        return;
    status = prepare(rotator, &work, &function, &environment);
    status = end_work(rotator, &work, status);
    if (status == SMCRED_DENIED)
        skip_window(rotator, secret);
    if (status == SMCRED_OK && environment) {
        run->secret = secret;
        memcpy(run->token, work.rotation.token, sizeof run->token);
        if (invoke(rotator, &work, &function, environment, run, &err) != SMCRED_OK)
            finish_run(rotator, run, err.text);
    }
    server_environment_free(environment);
}

/* --- looking ---------------------------------------------------------------------------------- */

struct due {
    const struct server_rotator *rotator;
    int64_t secrets[RUNNING_MAX];
    size_t count;
};

static bool note_due(void *context, int64_t secret)
{
    struct due *due = context;
    for (size_t i = 0; i < RUNNING_MAX; i++) {
        if (due->rotator->running[i].secret == secret)
            return true; /* never two at once */
    }
    due->secrets[due->count++] = secret;
    return due->count < RUNNING_MAX;
}

static enum smcred_status retry(struct server_store *store, int64_t secret, int64_t now_ms)
{
    struct server_rotation rotation;
    enum smcred_status status = server_store_rotation(store, secret, &rotation);
    if (status != SMCRED_OK)
        return status == SMCRED_NOT_FOUND ? SMCRED_OK : status;
    if (!*rotation.token || (rotation.wake_ms > 0 && rotation.wake_ms <= now_ms))
        return SMCRED_OK; /* nothing waits */
    rotation.wake_ms = now_ms;
    return server_store_rotation_put(store, &rotation);
}

static enum smcred_status take_retries(struct server_rotator *rotator, int64_t now_ms)
{
    enum smcred_status status = SMCRED_OK;
    for (size_t i = 0; i < RUNNING_MAX && status == SMCRED_OK; i++) {
        int64_t secret = atomic_exchange(&rotator->retries[i], 0);
        if (secret != 0)
            status = retry(rotator->server.store, secret, now_ms);
    }
    return status;
}

/* In a transaction, so that it waits for the one that woke it. */
static void find_due(struct server_rotator *rotator, struct due *due)
{
    struct server_store *store = rotator->server.store;
    int64_t now_ms = rotator->server.now_ms();
    enum smcred_status status = server_purge(&rotator->server, now_ms);
    if (status == SMCRED_OK)
        status = server_store_begin(store);
    if (status == SMCRED_OK)
        status = take_retries(rotator, now_ms);
    if (status == SMCRED_OK)
        status = server_store_rotations_due(store, now_ms, note_due, due);
    if (status == SMCRED_OK)
        status = server_store_commit(store);
    if (status != SMCRED_OK) {
        say_store(rotator, status);
        server_store_rollback(store);
        due->count = 0;
    }
}

static void start_due(struct server_rotator *rotator)
{
    struct due due = {.rotator = rotator};
    size_t next = 0;
    if (sm_boot_ms() < rotator->paused_until_ms)
        return;
    find_due(rotator, &due);
    for (size_t i = 0; i < RUNNING_MAX && next < due.count; i++) {
        if (rotator->running[i].secret == 0)
            start_step(rotator, due.secrets[next++], &rotator->running[i]);
    }
}

/* Ends what was cancelled while it runs. */
static void end_cancelled(struct server_rotator *rotator)
{
    for (size_t i = 0; i < RUNNING_MAX; i++) {
        struct run *run = &rotator->running[i];
        struct server_rotation rotation;
        if (run->secret == 0)
            continue;
        enum smcred_status status =
            server_store_rotation(rotator->server.store, run->secret, &rotation);
        if (status == SMCRED_NOT_FOUND ||
            (status == SMCRED_OK && strcmp(rotation.token, run->token) != 0))
            end_run(run);
    }
}

static void look_at_runs(struct server_rotator *rotator, bool *out_ended)
{
    const char *why;
    *out_ended = false;
    for (size_t i = 0; i < RUNNING_MAX; i++) {
        struct run *run = &rotator->running[i];
        if (run->secret != 0 && server_invocation_look(run->invocation, sm_boot_ms(), &why)) {
            finish_run(rotator, run, why);
            *out_ended = true;
        }
    }
}

/* Until something happens, a function's time is over, or the clock is to be looked at. */
static void wait_for_event(struct server_rotator *rotator)
{
    struct pollfd fds[1 + RUNNING_MAX * SERVER_INVOCATION_FDS] = {
        {.fd = rotator->wake_fd, .events = POLLIN}};
    nfds_t count = 1;
    int64_t now_ms = sm_boot_ms(), wait_ms = TICK_MS;
    uint64_t wakes;
    for (size_t i = 0; i < RUNNING_MAX; i++) {
        const struct run *run = &rotator->running[i];
        if (run->secret == 0)
            continue;
        server_invocation_poll(run->invocation, &fds[count]);
        count += SERVER_INVOCATION_FDS;
        int64_t left_ms = server_invocation_deadline_ms(run->invocation) - now_ms;
        if (left_ms > 0 && left_ms < wait_ms)
            wait_ms = left_ms;
    }
    (void)poll(fds, count, (int)wait_ms);                /* whatever it says, all are looked at */
    (void)!read(rotator->wake_fd, &wakes, sizeof wakes); /* does not block */
}

/* A server that was killed has watchers for a moment, which end what it had started. */
static void await_earlier_functions(struct server_rotator *rotator)
{
    struct pollfd wake = {.fd = rotator->wake_fd, .events = POLLIN};
    while (!atomic_load(&rotator->stopping) && flock(rotator->lock_fd, LOCK_EX | LOCK_NB) != 0)
        (void)poll(&wake, 1, LOCKED_MS); /* whatever it says, both are looked at */
}

static void *rotate(void *context)
{
    struct server_rotator *rotator = context;
    bool ended = false;
    await_earlier_functions(rotator);
    while (!atomic_load(&rotator->stopping)) {
        start_due(rotator);
        if (!ended)
            wait_for_event(rotator);
        end_cancelled(rotator);
        look_at_runs(rotator, &ended);
    }
    for (size_t i = 0; i < RUNNING_MAX; i++)
        end_run(&rotator->running[i]);
    return NULL;
}

/* --- start and stop --------------------------------------------------------------------------- */

enum smcred_status server_rotator_new(const struct server *server, const char *directory,
                                      struct server_rotator **out_rotator, struct sm_error *err)
{
    struct server_rotator *rotator = calloc(1, sizeof *rotator);
    if (!rotator)
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    rotator->server = *server;
    rotator->server.store = NULL;
    rotator->server.signing = NULL;         /* the other thread's, and nobody signs here */
    rotator->server.kms = server_kms_new(); /* of one thread each */
    rotator->lock_fd = -1;
    rotator->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    enum smcred_status status =
        !rotator->server.kms   ? sm_error_set(err, SMCRED_NO_MEMORY, "out of memory")
        : rotator->wake_fd < 0 ? sm_error_set(err, SMCRED_SYSTEM, "no eventfd: %s", strerror(errno))
                               : server_setup_open_store(directory, &rotator->server.store, err);
    if (status == SMCRED_OK)
        status = server_setup_open_lock(directory, "functions.lock", &rotator->lock_fd, err);
    if (status != SMCRED_OK) {
        server_rotator_free(rotator);
        return status;
    }
    *out_rotator = rotator;
    return SMCRED_OK;
}

enum smcred_status server_rotator_start(struct server_rotator *rotator, const char *url,
                                        struct sm_error *err)
{
    (void)snprintf(rotator->url, sizeof rotator->url, "%s", url); /* fits */
    int code = pthread_create(&rotator->thread, NULL, rotate, rotator);
    if (code != 0)
        return sm_error_set(err, SMCRED_SYSTEM, "cannot start a thread: %s", strerror(code));
    rotator->started = true;
    return SMCRED_OK;
}

void server_rotator_wake(struct server_rotator *rotator)
{
    const uint64_t one = 1;
    if (rotator)
        (void)!write(rotator->wake_fd, &one, sizeof one); /* full: it is awake */
}

void server_rotator_retry(struct server_rotator *rotator, int64_t secret)
{
    for (size_t i = 0; rotator && i < RUNNING_MAX; i++) {
        int64_t none = 0;
        if (atomic_compare_exchange_strong(&rotator->retries[i], &none, secret))
            break; /* where none is free the caller may ask again */
    }
    server_rotator_wake(rotator);
}

void server_rotator_free(struct server_rotator *rotator)
{
    if (!rotator)
        return;
    atomic_store(&rotator->stopping, true);
    server_rotator_wake(rotator);
    if (rotator->started)
        (void)pthread_join(rotator->thread, NULL); /* it has no other end */
    server_kms_free(rotator->server.kms);
    server_store_close(rotator->server.store);
    sm_close_fd(&rotator->wake_fd);
    sm_close_fd(&rotator->lock_fd);
    free(rotator);
}
