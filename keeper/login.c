/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * login.c - the solver: steps from one version of a secret to the next.
 *
 * Called by the keeper's dispatch for each database session.  The order of attempts is the table
 * `steps`.  A step asks the cache; what it brings is offered unless this login has tried it, then
 * the next step is taken.  Nothing of a login is touched after its callback, which may free it.
 */
#include "keeper/login.h"

#include <assert.h>
#include <stdio.h>

#include "keeper/attempts.h"
#include "keeper/cache.h"
#include "keeper/scram.h"
#include "keeper/table.h"

#define ENDPOINTS_MAX_DEFAULT 4096
#define ENDPOINT_SIZE         320 /* bytes: a host name or a socket's path, a port, NUL */

/* What is tried, in order; after the last comes the database's own error. */
static const struct step {
    const char *stage;
    bool again; /* read anew, because the one before was refused */
} steps[] = {
    {"AWSCURRENT", .again = false},
    {"AWSCURRENT", .again = true},
};
#define STEP_COUNT (sizeof steps / sizeof *steps)
static_assert(STEP_COUNT <= LOGIN_ATTEMPTS_MAX, "each step may be an attempt");

/* Of a SCRAM challenge; empty: there was none. */
struct salt {
    size_t len;
    uint8_t bytes[ORC_SALT_MAX];
};

/* What logins remember of one (secret, endpoint). */
struct memory {
    struct table_entry node; /* first; its key is secret id NUL endpoint */
    char *proven;            /* version that last worked; NULL: none */
    struct salt salt;        /* that it worked with */
    char *refused;           /* version that was last refused as a wrong password; NULL: none */
    char key[];
};

struct logins {
    struct logins_options options;
    struct table memories;
};

struct login {
    struct logins *logins;
    char *secret_id;
    char *host; /* NULL: the snapshot's */
    uint32_t port;
    uint32_t default_port;
    int64_t deadline_ms;
    login_next *next;
    login_prove *prove; /* since the current attempt's challenge */
    void *arg;

    size_t step;              /* the one to take next */
    struct cache_ask *ask;    /* while the cache is asked */
    int64_t fresh_from_ms;    /* for a step that reads anew */
    struct sm_snapshot *held; /* found, but refused before; offered if reading anew fails */
    struct sm_snapshot *tried[LOGIN_ATTEMPTS_MAX]; /* the last one is the current attempt */
    unsigned attempt_count;
    char endpoint[ENDPOINT_SIZE]; /* of the current attempt */
    struct salt salt;             /* likewise */
};

/* ---- what logins teach each other ---- */

static struct memory *memory_find(const struct logins *logins, const char *secret_id,
                                  const char *endpoint)
{
    char key[4096];
    int len = snprintf(key, sizeof key, "%s%c%s", secret_id, '\0', endpoint);
    if (len < 0 || (size_t)len >= sizeof key)
        return NULL;
    return (struct memory *)table_find(&logins->memories, sm_bytes(key, (size_t)len));
}

static void memory_free(struct logins *logins, struct memory *memory)
{
    table_remove(&logins->memories, &memory->node);
    free(memory->proven);
    free(memory->refused);
    free(memory);
}

/* The memory to write to, or NULL for want of memory: then nothing is learnt. */
static struct memory *memory_get(struct logins *logins, const char *secret_id, const char *endpoint)
{
    struct memory *memory = memory_find(logins, secret_id, endpoint);
    if (memory) {
        table_touch(&logins->memories, &memory->node);
        return memory;
    }
    size_t len = strlen(secret_id) + 1 + strlen(endpoint);
    memory = calloc(1, sizeof *memory + len + 1);
    if (!memory)
        return NULL;
    (void)snprintf(memory->key, len + 1, "%s%c%s", secret_id, '\0', endpoint); /* fits */
    memory->node.key = sm_bytes(memory->key, len);
    while (logins->memories.count >= logins->options.endpoints_max)
        memory_free(logins, (struct memory *)logins->memories.oldest);
    table_add(&logins->memories, &memory->node);
    return memory;
}

static void remember(char **slot, const char *version_id)
{
    char *copy = strdup(version_id);
    free(*slot);
    *slot = copy; /* NULL for want of memory: nothing is learnt */
}

static bool remembered(const char *slot, const struct sm_snapshot *snapshot)
{
    return slot && strcmp(slot, snapshot->version_id) == 0;
}

const char *logins_proven(const struct logins *logins, const char *secret_id, const char *endpoint)
{
    const struct memory *memory = memory_find(logins, secret_id, endpoint);
    return memory && memory->proven ? memory->proven : "";
}

/* ---- answers ---- */

static void give_up(struct login *login, enum smcred_status status, const struct sm_error *err,
                    int64_t allowed_from_ms)
{
    login->next(login->arg, &(struct login_answer){.status = status,
                                                   .attempt = login->attempt_count,
                                                   .allowed_from_ms = allowed_from_ms,
                                                   .err = err});
}

static void give_up_saying(struct login *login, enum smcred_status status, const char *text)
{
    struct sm_error err;
    (void)sm_error_set(&err, status, "%s", text);
    give_up(login, status, &err, 0);
}

static const char *host_of(const struct login *login, const struct sm_snapshot *snapshot)
{
    return login->host ? login->host : snapshot->host;
}

static uint32_t port_of(const struct login *login, const struct sm_snapshot *snapshot)
{
    if (login->port)
        return login->port;
    return snapshot->port ? snapshot->port : login->default_port;
}

/* False if the name is too long for any host. */
static bool write_endpoint(const struct login *login, const struct sm_snapshot *snapshot,
                           char endpoint[ENDPOINT_SIZE])
{
    const char *host = host_of(login, snapshot);
    int len = host[0] == '/'
                  ? snprintf(endpoint, ENDPOINT_SIZE, "%s", host)
                  : snprintf(endpoint, ENDPOINT_SIZE, "%s:%u", host, port_of(login, snapshot));
    return len > 0 && len < ENDPOINT_SIZE;
}

static struct sm_snapshot *current_of(const struct login *login)
{
    return login->tried[login->attempt_count - 1];
}

/* Says what in the secret keeps it from being tried, or NULL. */
static const char *what_is_missing(const struct login *login, const struct sm_snapshot *snapshot)
{
    if (!snapshot->username[0])
        return "the secret has no username";
    if (!snapshot->password || sm_secret_view(snapshot->password).len == 0)
        return "the secret has no password";
    if (!host_of(login, snapshot)[0])
        return "neither the target nor the secret says a host";
    return NULL;
}

static bool within_budget(const struct login *login, const struct sm_snapshot *snapshot,
                          int64_t *out_until_ms)
{
    struct attempts_account account = {snapshot->username, login->endpoint};
    return attempts_allowed(login->logins->options.attempts, account, snapshot->version_id,
                            out_until_ms);
}

static void offer(struct login *login, struct sm_snapshot *snapshot, const char *stage, bool stale,
                  const struct sm_error *err)
{
    int64_t until_ms = 0;
    const char *missing = what_is_missing(login, snapshot);
    if (!missing && !write_endpoint(login, snapshot, login->endpoint))
        missing = "the host name is too long";
    if (missing) {
        give_up_saying(login, SMCRED_INVALID, missing);
        return;
    }
    if (!within_budget(login, snapshot, &until_ms)) {
        struct sm_error over;
        (void)sm_error_set(&over, SMCRED_LIMITED,
                           "too many wrong passwords for %s at %s: not tried, lest it be locked",
                           snapshot->username, login->endpoint);
        give_up(login, SMCRED_LIMITED, &over, until_ms);
        return;
    }
    login->tried[login->attempt_count++] = sm_snapshot_ref(snapshot);
    login->salt.len = 0;
    login->prove = NULL;
    const struct memory *memory = memory_find(login->logins, login->secret_id, login->endpoint);
    login->next(login->arg, &(struct login_answer){
                                .status = SMCRED_OK,
                                .snapshot = snapshot,
                                .host = host_of(login, snapshot),
                                .port = port_of(login, snapshot),
                                .stage = stage,
                                .attempt = login->attempt_count,
                                .stale = stale,
                                .proven = memory && remembered(memory->proven, snapshot),
                                .err = err,
                            });
}

/* ---- steps ---- */

static bool same(const struct sm_snapshot *a, const struct sm_snapshot *b)
{
    return strcmp(a->version_id, b->version_id) == 0 && strcmp(a->username, b->username) == 0 &&
           a->password && b->password && sm_secret_equal(a->password, sm_secret_view(b->password));
}

static bool was_tried(const struct login *login, const struct sm_snapshot *snapshot)
{
    for (unsigned i = 0; i < login->attempt_count; i++)
        if (same(login->tried[i], snapshot))
            return true;
    return false;
}

/* The endpoint refused this very version, in an earlier login. */
static bool was_refused(const struct login *login, const struct sm_snapshot *snapshot)
{
    char endpoint[ENDPOINT_SIZE];
    if (!write_endpoint(login, snapshot, endpoint))
        return false;
    const struct memory *memory = memory_find(login->logins, login->secret_id, endpoint);
    return memory && remembered(memory->refused, snapshot);
}

static void take_step(struct login *login, const struct sm_error *why);

static void step_failed(struct login *login, const struct cache_answer *answer)
{
    if (login->held) { /* refused before, but it is all we can get */
        struct sm_snapshot *held = login->held;
        login->held = NULL;
        struct sm_error err = *answer->err;
        /* offer() may free the login, and its reference to the snapshot with it */
        offer(login, held, steps[0].stage, true, &err);
        sm_snapshot_unref(held);
    } else if (login->attempt_count == 0) {
        give_up(login, answer->status, answer->err, 0);
    } else {
        take_step(login, answer->err);
    }
}

static void on_answer(void *arg, const struct cache_answer *answer)
{
    struct login *login = arg;
    const struct step *step = &steps[login->step - 1];
    login->ask = NULL;
    if (answer->status != SMCRED_OK) {
        step_failed(login, answer);
        return;
    }
    if (was_tried(login, answer->snapshot)) {
        take_step(login, NULL);
        return;
    }
    if (!step->again && was_refused(login, answer->snapshot)) {
        login->held = sm_snapshot_ref(answer->snapshot);
        login->fresh_from_ms = login->logins->options.now_ms();
        take_step(login, NULL);
        return;
    }
    offer(login, answer->snapshot, step->stage, answer->stale, answer->err);
}

/* `why` the step before came to nothing, or NULL. */
static void take_step(struct login *login, const struct sm_error *why)
{
    if (login->step == STEP_COUNT) {
        struct sm_error err;
        (void)sm_error_set(&err, SMCRED_DENIED, "%s refused version %s of %s%s%s", login->endpoint,
                           current_of(login)->version_id, login->secret_id,
                           why ? ", and there is no other: " : ", and there is no other",
                           why ? why->text : "");
        give_up(login, SMCRED_DENIED, &err, 0);
        return;
    }
    const struct step *step = &steps[login->step++];
    struct cache_query query = {
        .id = login->secret_id, .stage = step->stage, .deadline_ms = login->deadline_ms};
    if (step->again) {
        query.fresh_from_ms = login->fresh_from_ms;
        query.other_than = login->held ? login->held : current_of(login);
    }
    cache_get(login->logins->options.cache, &query, on_answer, login, &login->ask);
}

/* ---- challenges ---- */

/* This version was accepted here with another salt, so it is not the password any more. */
static bool salt_has_changed(const struct login *login)
{
    const struct memory *memory = memory_find(login->logins, login->secret_id, login->endpoint);
    if (!memory || !remembered(memory->proven, current_of(login)) || memory->salt.len == 0)
        return false;
    return memory->salt.len != login->salt.len ||
           memcmp(memory->salt.bytes, login->salt.bytes, login->salt.len) != 0;
}

/* The connection is made, for one user at one endpoint. */
static bool fits_attempt(const struct login *login, const struct sm_snapshot *snapshot)
{
    char endpoint[ENDPOINT_SIZE];
    int64_t until_ms;
    return !what_is_missing(login, snapshot) && write_endpoint(login, snapshot, endpoint) &&
           strcmp(endpoint, login->endpoint) == 0 &&
           strcmp(snapshot->username, current_of(login)->username) == 0 &&
           within_budget(login, snapshot, &until_ms);
}

static void tell_proof(struct login *login, bool renewed)
{
    login->prove(login->arg, &(struct login_proof){.snapshot = current_of(login),
                                                   .stage = steps[login->step - 1].stage,
                                                   .renewed = renewed});
}

static void on_renewed(void *arg, const struct cache_answer *answer)
{
    struct login *login = arg;
    login->ask = NULL;
    bool renewed = answer->status == SMCRED_OK && !same(current_of(login), answer->snapshot) &&
                   fits_attempt(login, answer->snapshot);
    if (renewed) {
        sm_snapshot_unref(current_of(login)); /* untried */
        login->tried[login->attempt_count - 1] = sm_snapshot_ref(answer->snapshot);
    }
    tell_proof(login, renewed);
}

void login_challenged(struct login *login, struct sm_bytes salt, login_prove *prove)
{
    assert(login->attempt_count > 0 && !login->ask && !login->prove);
    login->prove = prove;
    if (salt.len <= sizeof login->salt.bytes) { /* what is longer is refused by scram_check() */
        memcpy(login->salt.bytes, salt.data, salt.len);
        login->salt.len = salt.len;
    }
    if (!salt_has_changed(login)) {
        tell_proof(login, false);
        return;
    }
    struct cache_query query = {.id = login->secret_id,
                                .stage = steps[login->step - 1].stage,
                                .deadline_ms = login->deadline_ms,
                                .fresh_from_ms = login->logins->options.now_ms(),
                                .other_than = current_of(login)};
    cache_get(login->logins->options.cache, &query, on_renewed, login, &login->ask);
}

/* ---- a login ---- */

static char *copy_or_null(const char *text, bool *failed)
{
    char *copy = text ? strdup(text) : NULL;
    *failed = *failed || (text && !copy);
    return copy;
}

enum smcred_status login_begin(struct logins *logins, const struct login_target *target,
                               int64_t deadline_ms, login_next *next, void *arg,
                               struct login **out_login)
{
    bool failed = false;
    struct login *login = calloc(1, sizeof *login);
    if (!login)
        return SMCRED_NO_MEMORY;
    login->logins = logins;
    login->secret_id = copy_or_null(target->secret_id, &failed);
    login->host = copy_or_null(target->host, &failed);
    login->port = target->port;
    login->default_port = target->default_port;
    login->deadline_ms = deadline_ms;
    login->next = next;
    login->arg = arg;
    if (failed) {
        login_free(login);
        return SMCRED_NO_MEMORY;
    }
    *out_login = login;
    take_step(login, NULL);
    return SMCRED_OK;
}

/* 28P01 invalid_password; 28000 also: the role may have been replaced, or may no longer log in. */
static bool is_about_credentials(const char *sqlstate)
{
    return strcmp(sqlstate, "28P01") == 0 || strcmp(sqlstate, "28000") == 0;
}

static void learn_wrong_password(struct login *login)
{
    struct logins *logins = login->logins;
    const struct sm_snapshot *current = current_of(login);
    struct attempts_account account = {current->username, login->endpoint};
    /* Without memory it is not counted, and the next one will be */
    if (attempts_wrong(logins->options.attempts, account, current->version_id) != SMCRED_OK)
        return;
    struct memory *memory = memory_get(logins, login->secret_id, login->endpoint);
    if (!memory)
        return;
    remember(&memory->refused, current->version_id);
}

/* The verdict came before the proof did: a server may say no, or even yes, without one. */
static void stop_asking(struct login *login)
{
    cache_cancel(login->ask);
    login->ask = NULL;
}

void login_refused(struct login *login, const char *sqlstate)
{
    assert(login->attempt_count > 0);
    stop_asking(login);
    if (strcmp(sqlstate, "28P01") == 0)
        learn_wrong_password(login);
    if (!is_about_credentials(sqlstate)) {
        give_up_saying(login, SMCRED_DENIED, "the database refused, and not for its password");
        return;
    }
    login->fresh_from_ms = login->logins->options.now_ms();
    take_step(login, NULL);
}

void login_accepted(struct login *login)
{
    struct logins *logins = login->logins;
    assert(login->attempt_count > 0);
    stop_asking(login);
    const struct sm_snapshot *current = current_of(login);
    struct attempts_account account = {current->username, login->endpoint};
    attempts_right(logins->options.attempts, account);
    struct memory *memory = memory_get(logins, login->secret_id, login->endpoint);
    if (!memory)
        return;
    remember(&memory->proven, current->version_id);
    memory->salt = login->salt;
    if (remembered(memory->refused, current)) {
        free(memory->refused);
        memory->refused = NULL;
    }
}

void login_free(struct login *login)
{
    if (!login)
        return;
    cache_cancel(login->ask);
    sm_snapshot_unref(login->held);
    for (unsigned i = 0; i < login->attempt_count; i++)
        sm_snapshot_unref(login->tried[i]);
    free(login->secret_id);
    free(login->host);
    free(login);
}

/* ---- all logins ---- */

enum smcred_status logins_new(const struct logins_options *options, struct logins **out_logins)
{
    struct logins *logins = calloc(1, sizeof *logins);
    if (!logins)
        return SMCRED_NO_MEMORY;
    logins->options = *options;
    if (logins->options.endpoints_max == 0)
        logins->options.endpoints_max = ENDPOINTS_MAX_DEFAULT;
    if (table_init(&logins->memories, logins->options.endpoints_max) != SMCRED_OK) {
        free(logins);
        return SMCRED_NO_MEMORY;
    }
    *out_logins = logins;
    return SMCRED_OK;
}

void logins_free(struct logins *logins)
{
    if (!logins)
        return;
    while (logins->memories.oldest)
        memory_free(logins, (struct memory *)logins->memories.oldest);
    table_done(&logins->memories);
    free(logins);
}
