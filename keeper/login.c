/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * login.c - the solver: attempts, and what the database says of them.
 *
 * Called by the keeper's sessions.  Which version is tried next is login_search.c's, and when it is
 * better to wait, login_wait.c's.
 */
#include "keeper/login.h"

#include <assert.h>
#include <event2/event.h>
#include <stdio.h>

#include "keeper/login_state.h"
#include "keeper/verdict.h"

#define ENDPOINTS_MAX_DEFAULT 4096
#define PATIENCE_MS_DEFAULT   8000
#define LOOK_MS               10000 /* between looks at the map while logins go by AWSPENDING */
#define FRESH_MS              500   /* what this login has searched so lately is not read again */

/* ---- small things ---- */

struct lesson *login_lesson(const struct login *login)
{
    return lessons_find(&login->logins->lessons, login->secret_id, login->endpoint);
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

bool login_endpoint(const struct login *login, const struct sm_snapshot *snapshot,
                    char endpoint[LOGIN_ENDPOINT_SIZE])
{
    const char *host = host_of(login, snapshot);
    int len = host[0] == '/' ? snprintf(endpoint, LOGIN_ENDPOINT_SIZE, "%s", host)
                             : snprintf(endpoint, LOGIN_ENDPOINT_SIZE, "%s:%u", host,
                                        port_of(login, snapshot));
    return len > 0 && len < LOGIN_ENDPOINT_SIZE;
}

const char *login_missing(const struct login *login, const struct sm_snapshot *snapshot)
{
    char endpoint[LOGIN_ENDPOINT_SIZE];
    if (!snapshot->username[0])
        return "the secret has no username";
    if (!snapshot->password || sm_secret_view(snapshot->password).len == 0)
        return "the secret has no password";
    if (!host_of(login, snapshot)[0])
        return "neither the target nor the secret says a host";
    return login_endpoint(login, snapshot, endpoint) ? NULL : "the host name is too long";
}

bool login_same_password(const struct sm_snapshot *a, const struct sm_snapshot *b)
{
    return a->password && b->password && sm_secret_equal(a->password, sm_secret_view(b->password));
}

bool login_fits(const struct login *login, const struct sm_snapshot *snapshot)
{
    char endpoint[LOGIN_ENDPOINT_SIZE];
    return login_endpoint(login, snapshot, endpoint) && strcmp(endpoint, login->endpoint) == 0 &&
           strcmp(snapshot->username, login->current->username) == 0 &&
           strcmp(snapshot->dbname, login->current->dbname) == 0;
}

bool login_within_budget(const struct login *login, const struct sm_snapshot *snapshot,
                         const char *stage, int64_t *out_until_ms)
{
    bool is_old = strcmp(stage, "AWSPREVIOUS") == 0;
    char endpoint[LOGIN_ENDPOINT_SIZE];
    if (!login_endpoint(login, snapshot, endpoint))
        return false;
    struct attempts_account account = {snapshot->username, endpoint};
    return attempts_allowed(login->logins->options.attempts, account,
                            is_old ? NULL : snapshot->version_id, out_until_ms);
}

/* Takes another snapshot; `snapshot` may be the only reference's. */
void login_set_current(struct login *login, struct sm_snapshot *snapshot, const char *stage)
{
    struct sm_snapshot *taken = sm_snapshot_ref(snapshot);
    sm_snapshot_unref(login->current);
    login->current = taken;
    if (stage != login->stage)
        (void)snprintf(login->stage, sizeof login->stage, "%s", stage);
    (void)login_endpoint(login, taken, login->endpoint); /* login_missing() has tried */
}

void login_note_tried(struct login *login, bool for_its_role)
{
    if (login->tried_count == LOGIN_VERSIONS_MAX)
        return;
    struct tried *tried = &login->tried[login->tried_count++];
    *tried = (struct tried){.snapshot = sm_snapshot_ref(login->current),
                            .salt = login->salt,
                            .for_its_role = for_its_role};
    memcpy(tried->stage, login->stage, sizeof tried->stage);
}

/* ---- answers ---- */

static void give_up(struct login *login, enum smcred_status status, const struct sm_error *err)
{
    login->next(login->arg,
                &(struct login_answer){.status = status, .attempt = login->dial_count, .err = err});
}

void login_give_up_saying(struct login *login, enum smcred_status status, const char *text)
{
    struct sm_error err;
    (void)sm_error_set(&err, status, "%s", text);
    give_up(login, status, &err);
}

/* The first of them that was right once, if nobody says that a password is being changed. */
static const struct tried *find_drifted(const struct login *login)
{
    char endpoint[LOGIN_ENDPOINT_SIZE];
    if (login_is_rotating(login))
        return NULL;
    for (unsigned i = 0; i < login->tried_count; i++) {
        const struct sm_snapshot *tried = login->tried[i].snapshot;
        const struct lesson *lesson =
            login_endpoint(login, tried, endpoint)
                ? lessons_find(&login->logins->lessons, login->secret_id, endpoint)
                : NULL;
        if (lesson && lesson_is_behind(lesson, tried->username, &login->tried[i].salt))
            return &login->tried[i];
    }
    return NULL;
}

static void give_up_at_last(struct login *login, struct login_answer *answer)
{
    const struct tried *drifted = find_drifted(login);
    answer->attempt = login->dial_count;
    answer->drifted = drifted;
    if (drifted) {
        answer->snapshot = drifted->snapshot;
        answer->host = host_of(login, drifted->snapshot);
        answer->port = port_of(login, drifted->snapshot);
        answer->stage = drifted->stage;
    }
    login->next(login->arg, answer);
}

void login_give_up_limited(struct login *login, int64_t until_ms)
{
    struct sm_error err;
    char until[ATTEMPTS_UNTIL_MAX];
    attempts_write_until(until_ms - login_now(login), until);
    (void)sm_error_set(
        &err, SMCRED_LIMITED,
        "too many wrong passwords for %.64s at %.200s: not tried again before %s, lest "
        "the account be locked",
        login->current->username, login->endpoint, until);
    give_up_at_last(login, &(struct login_answer){
                               .status = SMCRED_LIMITED, .allowed_from_ms = until_ms, .err = &err});
}

void login_give_up_refused(struct login *login)
{
    struct sm_error err;
    const struct sm_snapshot *last =
        login->tried_count > 0 ? login->tried[login->tried_count - 1].snapshot : login->current;
    (void)sm_error_set(&err, SMCRED_DENIED,
                       "%s refused version %s of %s, and there is no other%s%s", login->endpoint,
                       last->version_id, login->secret_id, login->why.text[0] ? ": " : "",
                       login->why.text);
    give_up_at_last(login, &(struct login_answer){.status = SMCRED_DENIED, .err = &err});
}

void login_dial(struct login *login, bool stale, const struct sm_error *err)
{
    static const struct sm_error none;
    const struct lesson *lesson = login_lesson(login);
    const struct fact *proven = lesson_proven(lesson);
    login->dial_count++;
    login->picked = false;
    login->prove = NULL;
    login->salt.len = 0;
    login->next(login->arg,
                &(struct login_answer){
                    .status = SMCRED_OK,
                    .snapshot = login->current,
                    .host = host_of(login, login->current),
                    .port = port_of(login, login->current),
                    .stage = login->stage,
                    .attempt = login->dial_count,
                    .stale = stale,
                    .proven = proven && strcmp(proven->version_id, login->current->version_id) == 0,
                    .err = err ? err : &none,
                });
}

void login_offer(struct login *login, bool stale, const struct sm_error *err)
{
    int64_t until_ms = 0;
    const char *missing = login_missing(login, login->current);
    if (missing)
        login_give_up_saying(login, SMCRED_INVALID, missing);
    else if (login->dial_count >= LOGIN_DIALS_MAX)
        login_give_up_refused(login);
    else if (!login_within_budget(login, login->current, login->stage, &until_ms))
        login_give_up_limited(login, until_ms);
    else
        login_dial(login, stale, err);
}

/* ---- the first attempt ---- */

void login_ask(struct login *login, const char *stage, int64_t fresh_from_ms,
               const char *version_id, cache_done *done)
{
    struct cache_query query = {.id = login->secret_id,
                                .stage = stage,
                                .deadline_ms = login->deadline_ms,
                                .fresh_from_ms = fresh_from_ms,
                                .version_id = version_id};
    cache_get(login->logins->options.cache, &query, done, login, &login->ask);
}

static void on_preferred(void *arg, const struct cache_answer *answer)
{
    struct login *login = arg;
    login->ask = NULL;
    bool good = answer->status == SMCRED_OK && !login_missing(login, answer->snapshot) &&
                strcmp(answer->snapshot->version_id, login->wanted) == 0;
    if (!good) {
        login_search(login, FOR_FIRST);
        return;
    }
    struct sm_error err = *answer->err;
    bool stale = answer->stale;
    const struct fact *fact = lesson_proven(login_lesson(login));
    login_set_current(login, answer->snapshot, fact ? fact->stage : login->stage);
    login_offer(login, stale, &err);
}

static void on_first(void *arg, const struct cache_answer *answer)
{
    struct login *login = arg;
    login->ask = NULL;
    if (answer->status != SMCRED_OK) {
        give_up(login, answer->status, answer->err);
        return;
    }
    struct sm_error err = *answer->err;
    bool stale = answer->stale;
    int64_t until_ms;
    const char *missing = login_missing(login, answer->snapshot);
    if (missing) {
        login_give_up_saying(login, SMCRED_INVALID, missing);
        return;
    }
    login_set_current(login, answer->snapshot, "AWSCURRENT");
    struct lesson *lesson = login_lesson(login);
    if (lesson)
        lesson_follow(lesson, cache_known_stages(login->logins->options.cache, login->secret_id));
    const struct fact *preferred = lesson_preferred(lesson, login->current->version_id);
    login->fresh_from_ms = login_now(login);
    if (preferred) {
        (void)snprintf(login->wanted, sizeof login->wanted, "%s", preferred->version_id);
        login_ask(login, preferred->stage, 0, login->wanted, on_preferred);
    } else if (lesson_refused(lesson, login->current->version_id) ||
               !login_within_budget(login, login->current, login->stage, &until_ms)) {
        login_search(login, FOR_FIRST); /* it may have been mended since */
    } else {
        login_offer(login, stale, &err);
    }
}

static char *copy_or_null(const char *text, bool *failed)
{
    char *copy = text ? strdup(text) : NULL;
    *failed = *failed || (text && !copy);
    return copy;
}

enum smcred_status login_begin(struct logins *logins, const struct login_target *target,
                               login_next *next, void *arg, struct login **out_login)
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
    login->next = next;
    login->arg = arg;
    if (failed) {
        login_free(login);
        return SMCRED_NO_MEMORY;
    }
    *out_login = login;
    login->deadline_ms = login_now(login) + logins->options.patience_ms;
    login_ask(login, "AWSCURRENT", 0, NULL, on_first);
    return SMCRED_OK;
}

/* ---- the challenge ---- */

void login_decide(struct login *login)
{
    enum lesson_word word =
        lesson_says(login_lesson(login), login->current->version_id, &login->salt);
    bool known = login->salt.len > 0; /* else any word but the last one may be out of date */
    if (word == LESSON_RIGHT && known)
        login_tell_proof(login);
    else if (word == LESSON_RIGHT)
        login_prove_in_flight(login);
    else if (login->last || (login->picked && word != LESSON_WRONG))
        login_prove_on_trial(login);
    else
        login_search(login, BY_SALT);
}

void login_challenged(struct login *login, struct sm_bytes salt, login_prove *prove)
{
    assert(login->dial_count > 0 && !login->ask && !login->prove);
    login->prove = prove;
    if (salt.len <= sizeof login->salt.bytes && salt.len > 0) { /* scram_check() refuses longer */
        memcpy(login->salt.bytes, salt.data, salt.len);
        login->salt.len = salt.len;
    }
    int64_t now_ms = login_now(login), since_ms = now_ms;
    struct lesson *lesson = lessons_get(&login->logins->lessons, login->secret_id, login->endpoint);
    if (lesson && login->salt.len > 0)
        since_ms = lesson_see(lesson, &login->salt, now_ms);
    if (login->search == NO_SEARCH || now_ms - login->fresh_from_ms > FRESH_MS)
        login->fresh_from_ms = since_ms > now_ms - FRESH_MS ? since_ms : now_ms;
    login->deadline_ms = now_ms + login->logins->options.patience_ms;
    login_decide(login);
}

/* ---- verdicts ---- */

/* The verdict came before the proof did: a server may say no, or even yes, without one. */
static void stop_asking(struct login *login)
{
    cache_cancel(login->ask);
    login->ask = NULL;
    login_stop_waiting(login);
}

static void learn_wrong_password(struct login *login)
{
    struct logins *logins = login->logins;
    struct attempts_account account = {login->current->username, login->endpoint};
    /* Without memory it is not counted, and the next one will be */
    if (attempts_wrong(logins->options.attempts, account, login->current->version_id) != SMCRED_OK)
        return;
    login->change = attempts_changes(logins->options.attempts);
    struct lesson *lesson = lessons_get(&logins->lessons, login->secret_id, login->endpoint);
    if (!lesson)
        return;
    lesson_follow(lesson, cache_known_stages(logins->options.cache, login->secret_id));
    lesson_note(lesson, login->current, login->stage, &login->salt, false, login_now(login));
}

void login_refused(struct login *login, const struct verdict_refusal *refusal)
{
    enum verdict verdict = verdict_of(refusal);
    int64_t now_ms = login_now(login);
    assert(login->dial_count > 0);
    stop_asking(login);
    login->refused = true;
    login->prove = NULL;
    login->deadline_ms = now_ms + login->logins->options.patience_ms;
    if (verdict == VERDICT_NOT_SECRET) {
        login_land(login);
        login_give_up_saying(login, SMCRED_DENIED,
                             "the database refused, and not for its password");
        return;
    }
    if (login->search == NO_SEARCH || now_ms - login->fresh_from_ms > FRESH_MS)
        login->fresh_from_ms = now_ms;
    if (verdict == VERDICT_WRONG_PASSWORD)
        learn_wrong_password(login);
    login_note_tried(login, verdict == VERDICT_OTHER_ROLE);
    if (!login_wait_for_record(login))
        login_recorded(login);
}

void login_recorded(struct login *login)
{
    bool is_kept = attempts_are_kept(login->logins->options.attempts, login->change);
    login_land(login);
    if (is_kept)
        login_search(login, AFTER_REFUSAL);
    else
        login_give_up_saying(login, SMCRED_TIMED_OUT,
                             "the password was wrong, and the disk does not take that down: "
                             "nothing else is tried, lest a restart forget it");
}

static void on_map_alone(void *arg, const struct cache_answer *answer)
{
    (void)arg;
    (void)answer; /* the cache has followed it */
}

/* What is pending is right, so AWSCURRENT is about to move, and the cache shall know it soon. */
static void look_for_the_end(const struct login *login)
{
    struct cache_query query = {.id = login->secret_id,
                                .deadline_ms =
                                    login_now(login) + login->logins->options.patience_ms,
                                .fresh_from_ms = login_now(login) - LOOK_MS};
    cache_stages(login->logins->options.cache, &query, on_map_alone, NULL, NULL);
}

void login_accepted(struct login *login)
{
    struct logins *logins = login->logins;
    assert(login->dial_count > 0);
    stop_asking(login);
    struct attempts_account account = {login->current->username, login->endpoint};
    attempts_right(logins->options.attempts, account);
    struct lesson *lesson = lessons_get(&logins->lessons, login->secret_id, login->endpoint);
    if (lesson) {
        lesson_follow(lesson, cache_known_stages(logins->options.cache, login->secret_id));
        lesson_note(lesson, login->current, login->stage, &login->salt, true, login_now(login));
        lesson->stuck_since_ms = 0;
    }
    login_land(login);
    if (strcmp(login->stage, "AWSPENDING") == 0)
        look_for_the_end(login);
}

void login_free(struct login *login)
{
    if (!login)
        return;
    stop_asking(login);
    if (login->secret_id)
        login_land(login);
    stages_unref(login->map);
    sm_snapshot_unref(login->current);
    for (unsigned i = 0; i < login->tried_count; i++)
        sm_snapshot_unref(login->tried[i].snapshot);
    free(login->secret_id);
    free(login->host);
    free(login);
}

/* ---- all logins ---- */

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    logins_tick(arg);
}

const char *logins_proven(const struct logins *logins, const char *secret_id, const char *endpoint)
{
    const struct fact *fact = lesson_proven(lessons_find(&logins->lessons, secret_id, endpoint));
    return fact ? fact->version_id : "";
}

void logins_walk(const struct logins *logins,
                 void (*each)(void *arg, const struct logins_state *state), void *arg)
{
    int64_t now_ms = logins->options.now_ms();
    for (struct table_entry *at = logins->lessons.table.oldest; at; at = at->newer) {
        const struct lesson *lesson = (const struct lesson *)at;
        for (size_t i = 0; i < LESSON_FACTS_MAX; i++) {
            const struct fact *fact = &lesson->facts[i];
            if (fact->number > 0)
                each(arg, &(struct logins_state){
                              .secret_id = lesson->key,
                              .endpoint = lesson->key + strlen(lesson->key) + 1,
                              .version_id = fact->version_id,
                              .user = fact->user,
                              .right = fact->right,
                              .age_ms = now_ms - fact->at_ms,
                          });
        }
    }
}

const struct lesson *logins_lesson(const struct logins *logins, const char *secret_id,
                                   const char *endpoint)
{
    return lessons_find(&logins->lessons, secret_id, endpoint);
}

enum smcred_status logins_copy(const struct logins *from, const char *secret_id, struct logins *to)
{
    to->options.patience_ms = from->options.patience_ms;
    to->options.rotation_wait_ms = from->options.rotation_wait_ms;
    return lessons_copy(&from->lessons, secret_id, &to->lessons);
}

void logins_set_rotation_wait(struct logins *logins, int64_t rotation_wait_ms)
{
    logins->options.rotation_wait_ms = rotation_wait_ms;
}

enum smcred_status logins_new(const struct logins_options *options, struct logins **out_logins)
{
    struct logins *logins = calloc(1, sizeof *logins);
    if (!logins)
        return SMCRED_NO_MEMORY;
    logins->options = *options;
    TAILQ_INIT(&logins->waiting);
    if (logins->options.endpoints_max == 0)
        logins->options.endpoints_max = ENDPOINTS_MAX_DEFAULT;
    if (logins->options.patience_ms == 0)
        logins->options.patience_ms = PATIENCE_MS_DEFAULT;
    logins->timer = evtimer_new(options->base, on_timer, logins);
    if (!logins->timer ||
        lessons_init(&logins->lessons, logins->options.endpoints_max) != SMCRED_OK) {
        logins_free(logins);
        return SMCRED_NO_MEMORY;
    }
    *out_logins = logins;
    return SMCRED_OK;
}

void logins_free(struct logins *logins)
{
    if (!logins)
        return;
    lessons_done(&logins->lessons);
    if (logins->timer)
        event_free(logins->timer);
    free(logins);
}
