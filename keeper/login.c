/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * login.c - the solver: steps from one version of a secret to the next.
 *
 * Called by the keeper's sessions.  Whenever another version is wanted, a search goes through the
 * steps of its line in the table `searches`; the first version that may be right is taken, and if
 * there is none, the search's `nothing` says what then.  Nothing of a login is touched after its
 * callback, which may free it.
 */
#include "keeper/login.h"

#include <assert.h>
#include <event2/event.h>
#include <stdio.h>
#include <sys/queue.h>

#include "keeper/attempts.h"
#include "keeper/cache.h"
#include "keeper/lessons.h"
#include "keeper/stages.h"
#include "keeper/verdict.h"

#define ENDPOINTS_MAX_DEFAULT 4096
#define PATIENCE_MS_DEFAULT   8000
#define ENDPOINT_SIZE         320  /* bytes: a host name or a socket's path, a port, NUL */
#define TRIAL_MS              2000 /* that others wait for one login's verdict */
#define FRESH_MS              500  /* what this login has searched so lately is not read again */
#define PAUSE_MIN_MS          250  /* of a wait, doubled each time, less up to half by chance */
#define PAUSE_MAX_MS          2000

enum step {
    END,
    KNOWN,    /* the version that is right with this salt, by the label it was found by */
    RELABEL,  /* the same, as AWSPREVIOUS: the label has moved on */
    CURRENT,  /* AWSCURRENT, read anew */
    MAP,      /* the stage map, read anew */
    PENDING,  /* what is being rotated in */
    PREVIOUS, /* AWSPREVIOUS */
};

struct search {
    void (*nothing)(struct login *login);
    enum step steps[5];
};

struct tried { /* refused */
    struct sm_snapshot *snapshot;
    struct salt salt;
};

enum waiting { NOT_WAITING, FOR_TRIAL, FOR_ROTATION };

struct login {
    struct logins *logins;
    char *secret_id;
    char *host; /* NULL: the snapshot's */
    uint32_t port;
    uint32_t default_port;
    login_next *next;
    login_prove *prove; /* since the current attempt's challenge */
    void *arg;

    /* The search. */
    const struct search *search;
    size_t step;                     /* in its list, to be taken next */
    struct cache_ask *ask;           /* while the cache is asked */
    int64_t deadline_ms;             /* of what is asked */
    int64_t fresh_from_ms;           /* for what is read anew */
    char wanted[LESSON_VERSION_MAX]; /* by KNOWN and RELABEL */
    struct stages *map;              /* as last read; NULL: it could not be */
    bool current_failed;             /* AWSCURRENT could not be read anew */
    struct sm_error why;             /* of the last step that brought nothing */

    /* The current attempt. */
    struct sm_snapshot *current; /* before the first one: what to try if there is nothing better */
    char stage[LESSON_STAGE_MAX];
    char endpoint[ENDPOINT_SIZE];
    struct salt salt;
    bool picked;  /* it took the place of another version */
    bool sent;    /* its proof, or the password */
    bool last;    /* prove it, be it wrong: the client shall have the database's own error */
    bool refused; /* an attempt before it was, so the relay has such an error */
    unsigned dial_count;
    struct tried tried[LOGIN_VERSIONS_MAX];
    unsigned tried_count;

    /* Waiting. */
    enum waiting waiting;
    LIST_ENTRY(login) link;
    int64_t wake_ms;
    int64_t give_up_ms; /* of all waits for a rotation; 0: there was none */
    unsigned pause_count;
};
LIST_HEAD(login_list, login);

struct logins {
    struct logins_options options;
    struct lessons lessons;
    struct login_list waiting;
    struct event *timer;
};

static void take_step(struct login *login);
static void decide(struct login *login);
static void search_for(struct login *login, const struct search *search);
static const struct search for_challenge, after_refusal;

/* ---- small things ---- */

static int64_t now_of(const struct login *login)
{
    return login->logins->options.now_ms();
}

static struct lesson *lesson_of(const struct login *login)
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

/* Says what in the secret keeps it from being tried, or NULL. */
static const char *what_is_missing(const struct login *login, const struct sm_snapshot *snapshot)
{
    char endpoint[ENDPOINT_SIZE];
    if (!snapshot->username[0])
        return "the secret has no username";
    if (!snapshot->password || sm_secret_view(snapshot->password).len == 0)
        return "the secret has no password";
    if (!host_of(login, snapshot)[0])
        return "neither the target nor the secret says a host";
    return write_endpoint(login, snapshot, endpoint) ? NULL : "the host name is too long";
}

static bool has_password_of(const struct sm_snapshot *a, const struct sm_snapshot *b)
{
    return a->password && b->password && sm_secret_equal(a->password, sm_secret_view(b->password));
}

static bool same(const struct sm_snapshot *a, const struct sm_snapshot *b)
{
    return strcmp(a->version_id, b->version_id) == 0 && strcmp(a->username, b->username) == 0 &&
           has_password_of(a, b);
}

/* The connection of the current attempt is for one user and database at one endpoint. */
static bool fits_attempt(const struct login *login, const struct sm_snapshot *snapshot)
{
    char endpoint[ENDPOINT_SIZE];
    return write_endpoint(login, snapshot, endpoint) && strcmp(endpoint, login->endpoint) == 0 &&
           strcmp(snapshot->username, login->current->username) == 0 &&
           strcmp(snapshot->dbname, login->current->dbname) == 0;
}

static bool within_budget(const struct login *login, const struct sm_snapshot *snapshot,
                          const char *stage, int64_t *out_until_ms)
{
    bool is_old = strcmp(stage, "AWSPREVIOUS") == 0;
    char endpoint[ENDPOINT_SIZE];
    if (!write_endpoint(login, snapshot, endpoint))
        return false;
    struct attempts_account account = {snapshot->username, endpoint};
    return attempts_allowed(login->logins->options.attempts, account,
                            is_old ? NULL : snapshot->version_id, out_until_ms);
}

/* Takes another snapshot; `snapshot` may be the only reference's. */
static void set_current(struct login *login, struct sm_snapshot *snapshot, const char *stage)
{
    struct sm_snapshot *taken = sm_snapshot_ref(snapshot);
    sm_snapshot_unref(login->current);
    login->current = taken;
    if (stage != login->stage)
        (void)snprintf(login->stage, sizeof login->stage, "%s", stage);
    (void)write_endpoint(login, taken, login->endpoint); /* what_is_missing() has tried */
}

/* ---- answers ---- */

static void give_up(struct login *login, enum smcred_status status, const struct sm_error *err,
                    int64_t allowed_from_ms)
{
    login->next(login->arg, &(struct login_answer){.status = status,
                                                   .attempt = login->dial_count,
                                                   .allowed_from_ms = allowed_from_ms,
                                                   .err = err});
}

static void give_up_saying(struct login *login, enum smcred_status status, const char *text)
{
    struct sm_error err;
    (void)sm_error_set(&err, status, "%s", text);
    give_up(login, status, &err, 0);
}

static void give_up_limited(struct login *login, int64_t until_ms)
{
    struct sm_error err;
    char until[ATTEMPTS_UNTIL_MAX];
    attempts_write_until(until_ms - now_of(login), until);
    (void)sm_error_set(
        &err, SMCRED_LIMITED,
        "too many wrong passwords for %.64s at %.200s: not tried again before %s, lest "
        "the account be locked",
        login->current->username, login->endpoint, until);
    give_up(login, SMCRED_LIMITED, &err, until_ms);
}

static void give_up_refused(struct login *login)
{
    struct sm_error err;
    const struct sm_snapshot *last =
        login->tried_count > 0 ? login->tried[login->tried_count - 1].snapshot : login->current;
    (void)sm_error_set(&err, SMCRED_DENIED,
                       "%s refused version %s of %s, and there is no other%s%s", login->endpoint,
                       last->version_id, login->secret_id, login->why.text[0] ? ": " : "",
                       login->why.text);
    give_up(login, SMCRED_DENIED, &err, 0);
}

/* The current snapshot is to be tried over a new connection. */
static void dial(struct login *login, bool stale, const struct sm_error *err)
{
    static const struct sm_error none;
    const struct lesson *lesson = lesson_of(login);
    const struct fact *proven = lesson_proven(lesson);
    login->dial_count++;
    login->picked = false;
    login->sent = false;
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

/* The same, if its budget allows that it be sent. */
static void offer(struct login *login, bool stale, const struct sm_error *err)
{
    int64_t until_ms = 0;
    const char *missing = what_is_missing(login, login->current);
    if (missing)
        give_up_saying(login, SMCRED_INVALID, missing);
    else if (login->dial_count >= LOGIN_DIALS_MAX)
        give_up_refused(login);
    else if (!within_budget(login, login->current, login->stage, &until_ms))
        give_up_limited(login, until_ms);
    else
        dial(login, stale, err);
}

/* ---- waiting, all logins' ---- */

static void schedule(struct logins *logins)
{
    int64_t at_ms = INT64_MAX, now_ms = logins->options.now_ms();
    const struct login *login;
    LIST_FOREACH(login, &logins->waiting, link)
    {
        if (login->wake_ms < at_ms)
            at_ms = login->wake_ms;
    }
    int64_t wait_ms = at_ms > now_ms ? at_ms - now_ms : 0;
    struct timeval wait = {.tv_sec = (time_t)(wait_ms / 1000),
                           .tv_usec = (suseconds_t)(wait_ms % 1000 * 1000)};
    if (at_ms == INT64_MAX)
        (void)evtimer_del(logins->timer); /* a timer of ours; so below */
    else
        (void)evtimer_add(logins->timer, &wait); /* if it fails, the next one to wait does it */
}

static void wait_until(struct login *login, enum waiting what, int64_t wake_ms)
{
    login->waiting = what;
    login->wake_ms = wake_ms;
    LIST_INSERT_HEAD(&login->logins->waiting, login, link);
    schedule(login->logins);
}

static void stop_waiting(struct login *login)
{
    if (login->waiting == NOT_WAITING)
        return;
    login->waiting = NOT_WAITING;
    LIST_REMOVE(login, link);
}

/* ---- one proof at a time that may be wrong ---- */

static bool is_on_trial(const struct lesson *lesson, const struct login *login, int64_t now_ms)
{
    return lesson && lesson->trial && lesson->trial != login && now_ms < lesson->trial_until_ms;
}

/* The verdict is there, or will never be: who waited for it goes on. */
static void end_trial(struct login *login)
{
    struct lesson *lesson = lesson_of(login);
    if (!lesson || lesson->trial != login)
        return;
    lesson->trial = NULL;
    struct login *other;
    LIST_FOREACH(other, &login->logins->waiting, link)
    {
        if (other->waiting == FOR_TRIAL && lesson_of(other) == lesson)
            other->wake_ms = now_of(login);
    }
    schedule(login->logins);
}

static void tell_proof(struct login *login)
{
    login->sent = true;
    login->prove(login->arg, &(struct login_proof){.snapshot = login->current,
                                                   .stage = login->stage,
                                                   .renewed = login->picked});
}

static void wait_for_trial(struct login *login, const struct lesson *lesson, int64_t now_ms)
{
    int64_t wake_ms = lesson->trial_until_ms;
    if (now_ms >= login->deadline_ms)
        give_up_saying(login, SMCRED_TIMED_OUT,
                       "the database has not judged another login's password in time");
    else
        wait_until(login, FOR_TRIAL, wake_ms < login->deadline_ms ? wake_ms : login->deadline_ms);
}

/* Proves the current version, which is not known to be right. */
static void prove_on_trial(struct login *login)
{
    int64_t now_ms = now_of(login), until_ms = 0;
    struct lesson *lesson = lessons_get(&login->logins->lessons, login->secret_id, login->endpoint);
    if (is_on_trial(lesson, login, now_ms)) {
        wait_for_trial(login, lesson, now_ms);
        return;
    }
    if (!within_budget(login, login->current, login->stage, &until_ms)) {
        give_up_limited(login, until_ms);
        return;
    }
    if (lesson) {
        lesson->trial = login;
        lesson->trial_until_ms = now_ms + TRIAL_MS;
    }
    tell_proof(login);
}

/* ---- a rotation window ---- */

static bool is_rotating(const struct login *login)
{
    const struct stages *map =
        login->map ? login->map
                   : cache_known_stages(login->logins->options.cache, login->secret_id);
    return map && stages_pending(map);
}

/*
 * Until when it may help to wait; 0: it does not.  An endpoint that was stuck for all of that time
 * is not waited for again, unless the map or its salt has changed.
 */
static int64_t window_end(struct login *login)
{
    int64_t now_ms = now_of(login), wait_ms = login->logins->options.rotation_wait_ms;
    struct lesson *lesson = lesson_of(login);
    if (!lesson || wait_ms == 0 || login->last ||
        !(is_rotating(login) || lesson_is_behind(lesson, login->current->username, &login->salt)))
        return 0;
    if (lesson->stuck_since_ms == 0 || !salt_equal(&lesson->stuck_salt, &login->salt)) {
        lesson->stuck_since_ms = now_ms;
        lesson->stuck_salt = login->salt;
    }
    if (login->give_up_ms == 0)
        login->give_up_ms = now_ms + wait_ms;
    int64_t end_ms = lesson->stuck_since_ms + wait_ms;
    end_ms = end_ms < login->give_up_ms ? end_ms : login->give_up_ms;
    return end_ms > now_ms ? end_ms : 0;
}

static int64_t next_pause(struct login *login)
{
    int64_t pause_ms = PAUSE_MIN_MS;
    for (unsigned i = 0; i < login->pause_count && pause_ms < PAUSE_MAX_MS; i++)
        pause_ms *= 2;
    login->pause_count++;
    uint64_t less = (uint64_t)login->logins->options.random() * (uint64_t)(pause_ms / 2 + 1) >> 32;
    return pause_ms - (int64_t)less;
}

/* False: there is no window, or it is over. */
static bool wait_for_rotation(struct login *login)
{
    int64_t end_ms = window_end(login);
    if (end_ms == 0)
        return false;
    int64_t now_ms = now_of(login), pause_ms = next_pause(login);
    if (now_ms + pause_ms > end_ms)
        pause_ms = end_ms - now_ms;
    wait_until(login, FOR_ROTATION, now_ms + pause_ms);
    login->next(login->arg, &(struct login_answer){.status = SMCRED_OK,
                                                   .attempt = login->dial_count,
                                                   .wait_ms = pause_ms,
                                                   .err = &login->why});
    return true;
}

/* Nothing fits.  Who has heard no error of the database's yet hears it now, within the budget. */
static void end_of_versions(struct login *login)
{
    if (wait_for_rotation(login))
        return;
    if (login->refused && login->last) {
        give_up_refused(login);
        return;
    }
    if (login->refused) { /* with what seemed unlikely */
        login->last = true;
        search_for(login, &after_refusal);
        return;
    }
    login->last = true;
    if (login->prove)
        prove_on_trial(login);
    else
        offer(login, false, NULL);
}

/* ---- what each search comes to if it finds nothing ---- */

static void try_first_anyway(struct login *login)
{
    struct sm_error err = login->why;
    offer(login, login->current_failed, login->current_failed ? &err : NULL);
}

static void decide_by_word(struct login *login)
{
    enum lesson_word word = lesson_says(lesson_of(login), login->current->version_id, &login->salt);
    if (word == LESSON_UNKNOWN || (word == LESSON_CHANGED && login->picked))
        prove_on_trial(login);
    else
        search_for(login, &for_challenge);
}

/* It is being rotated, so what was right before will not be again. */
static bool may_wait_instead(struct login *login)
{
    return is_rotating(login) && window_end(login) != 0;
}

static void prove_or_wait(struct login *login)
{
    enum lesson_word word = lesson_says(lesson_of(login), login->current->version_id, &login->salt);
    if (word == LESSON_WRONG || may_wait_instead(login))
        end_of_versions(login);
    else
        prove_on_trial(login); /* it may be the same password, set once more */
}

static bool is_pending(const struct stages *map, const struct sm_snapshot *snapshot)
{
    const char *pending = stages_pending(map);
    return pending && strcmp(pending, snapshot->version_id) == 0;
}

/* The map says that there is more to come: perhaps the salt has changed meanwhile. */
static void look_again(struct login *login)
{
    bool look = is_rotating(login) && login->salt.len > 0 && login->dial_count < LOGIN_DIALS_MAX;
    if (!look || window_end(login) == 0) {
        end_of_versions(login);
        return;
    }
    for (unsigned i = 0; i < login->tried_count; i++)
        if (login->map && is_pending(login->map, login->tried[i].snapshot))
            set_current(login, login->tried[i].snapshot, "AWSPENDING");
    dial(login, false, NULL);
}

/* AWSCURRENT was refused by this endpoint in an earlier login. */
static const struct search for_first = {try_first_anyway, {CURRENT, MAP, PENDING, PREVIOUS, END}};
/* There is a challenge. */
static const struct search by_salt = {decide_by_word, {KNOWN, RELABEL, END}};
static const struct search for_challenge = {prove_or_wait, {CURRENT, MAP, PENDING, PREVIOUS, END}};
/* The database has refused the attempt. */
static const struct search after_refusal = {end_of_versions,
                                            {CURRENT, MAP, PENDING, PREVIOUS, END}};
/* A pause is over. */
static const struct search in_window = {look_again, {MAP, CURRENT, PENDING, PREVIOUS, END}};

static void search_for(struct login *login, const struct search *search)
{
    login->search = search;
    login->step = 0;
    login->why.text[0] = '\0';
    take_step(login);
}

/* ---- steps ---- */

static void note_tried(struct login *login)
{
    if (login->tried_count < LOGIN_VERSIONS_MAX)
        login->tried[login->tried_count++] =
            (struct tried){sm_snapshot_ref(login->current), login->salt};
}

/* A salt that has changed makes a version new; the salts of other users are not known here. */
static bool was_tried(const struct login *login, const struct sm_snapshot *snapshot)
{
    bool salt_counts = login->salt.len > 0 && fits_attempt(login, snapshot);
    for (unsigned i = 0; i < login->tried_count; i++)
        if (same(login->tried[i].snapshot, snapshot) &&
            (!salt_counts || salt_equal(&login->tried[i].salt, &login->salt)))
            return true;
    return false;
}

/* In an earlier login, by its own endpoint, and nothing has changed since. */
static bool was_refused(const struct login *login, const struct sm_snapshot *snapshot)
{
    char endpoint[ENDPOINT_SIZE];
    return write_endpoint(login, snapshot, endpoint) &&
           lesson_refused(lessons_find(&login->logins->lessons, login->secret_id, endpoint),
                          snapshot->version_id);
}

static bool is_wrong_here(const struct login *login, const struct sm_snapshot *snapshot)
{
    bool counts = login->salt.len > 0 || login->search == &for_challenge;
    return counts && fits_attempt(login, snapshot) &&
           lesson_says(lesson_of(login), snapshot->version_id, &login->salt) == LESSON_WRONG;
}

/* An old one, of a user whose password was changed since. */
static bool is_unlikely(struct login *login, const struct sm_snapshot *snapshot, const char *stage)
{
    const struct lesson *lesson = lesson_of(login);
    bool is_old = strcmp(stage, "AWSPREVIOUS") == 0 ||
                  lesson_says(lesson, snapshot->version_id, &login->salt) == LESSON_CHANGED;
    return is_old && fits_attempt(login, snapshot) && may_wait_instead(login) &&
           lesson_is_behind(lesson, snapshot->username, &login->salt);
}

static bool may_be_right(struct login *login, const struct sm_snapshot *snapshot, const char *stage)
{
    int64_t until_ms;
    if (what_is_missing(login, snapshot) || !within_budget(login, snapshot, stage, &until_ms))
        return false;
    if (login->search == &by_salt)
        return strcmp(snapshot->version_id, login->wanted) == 0 && fits_attempt(login, snapshot);
    if (login->search == &for_first)
        return !was_refused(login, snapshot);
    if (login->search == &for_challenge && same(login->current, snapshot))
        return false;
    return login->tried_count < LOGIN_VERSIONS_MAX && !was_tried(login, snapshot) &&
           !is_wrong_here(login, snapshot) && !is_unlikely(login, snapshot, stage);
}

static void take(struct login *login, const struct cache_answer *answer, const char *stage)
{
    bool challenged = login->search == &by_salt || login->search == &for_challenge;
    struct sm_error err = *answer->err;
    bool fits = challenged && fits_attempt(login, answer->snapshot);
    bool stale = answer->stale;
    if (login->search == &by_salt && has_password_of(login->current, answer->snapshot)) {
        tell_proof(login); /* then the current one is as right */
        return;
    }
    if (challenged && !fits && is_wrong_here(login, login->current))
        note_tried(login); /* by another login, which is as good */
    set_current(login, answer->snapshot, stage);
    if (!fits) {
        offer(login, stale, &err);
        return;
    }
    login->picked = true;
    decide(login);
}

static void on_snapshot(struct login *login, const struct cache_answer *answer, const char *stage)
{
    bool current = strcmp(stage, "AWSCURRENT") == 0;
    login->ask = NULL;
    if (current)
        login->current_failed = answer->status != SMCRED_OK;
    if (answer->status != SMCRED_OK && answer->status != SMCRED_NOT_FOUND)
        login->why = *answer->err;
    if (answer->status == SMCRED_OK && may_be_right(login, answer->snapshot, stage))
        take(login, answer, stage);
    else
        take_step(login);
}

static void on_known(void *arg, const struct cache_answer *answer)
{
    struct login *login = arg;
    const struct fact *fact = lesson_right(lesson_of(login), &login->salt);
    on_snapshot(login, answer, fact ? fact->stage : login->stage);
}

static void on_current(void *arg, const struct cache_answer *answer)
{
    on_snapshot(arg, answer, "AWSCURRENT");
}

static void on_pending(void *arg, const struct cache_answer *answer)
{
    on_snapshot(arg, answer, "AWSPENDING");
}

static void on_previous(void *arg, const struct cache_answer *answer)
{
    on_snapshot(arg, answer, "AWSPREVIOUS");
}

/* No salt tells whether a password is another one now; a rotation that goes on may. */
static void forget_tried(struct login *login)
{
    while (login->salt.len == 0 && login->tried_count > 0)
        sm_snapshot_unref(login->tried[--login->tried_count].snapshot);
}

static void on_map(void *arg, const struct cache_answer *answer)
{
    struct login *login = arg;
    login->ask = NULL;
    struct stages *map = answer->status == SMCRED_OK ? stages_ref(answer->stages) : NULL;
    struct lesson *lesson = lesson_of(login);
    if (map && login->map && !stages_equal(map, login->map))
        forget_tried(login);
    stages_unref(login->map);
    login->map = map;
    if (lesson)
        lesson_follow(lesson, map);
    take_step(login);
}

static void ask(struct login *login, const char *stage, int64_t fresh_from_ms,
                const char *version_id, cache_done *done)
{
    struct cache_query query = {.id = login->secret_id,
                                .stage = stage,
                                .deadline_ms = login->deadline_ms,
                                .fresh_from_ms = fresh_from_ms,
                                .version_id = version_id};
    cache_get(login->logins->options.cache, &query, done, login, &login->ask);
}

/* The version that the map has just named will do, or any other than the one that is refused. */
static void ask_current(struct login *login)
{
    bool by_map = login->search == &in_window && login->map;
    bool is_current = strcmp(login->stage, "AWSCURRENT") == 0;
    struct cache_query query = {.id = login->secret_id,
                                .deadline_ms = login->deadline_ms,
                                .fresh_from_ms = login->fresh_from_ms,
                                .other_than = !by_map && is_current ? login->current : NULL,
                                .version_id =
                                    by_map ? stages_version(login->map, "AWSCURRENT") : NULL};
    cache_get(login->logins->options.cache, &query, on_current, login, &login->ask);
}

static void ask_map(struct login *login)
{
    struct cache_query query = {.id = login->secret_id,
                                .deadline_ms = login->deadline_ms,
                                .fresh_from_ms = login->fresh_from_ms};
    cache_stages(login->logins->options.cache, &query, on_map, login, &login->ask);
}

/* False: the version that is right with this salt is not known. */
static bool ask_known(struct login *login)
{
    const struct fact *fact = lesson_right(lesson_of(login), &login->salt);
    if (!fact)
        return false;
    (void)snprintf(login->wanted, sizeof login->wanted, "%s", fact->version_id); /* as long */
    ask(login, fact->stage, 0, login->wanted, on_known);
    return true;
}

static bool ask_relabelled(struct login *login)
{
    const struct fact *fact = lesson_right(lesson_of(login), &login->salt);
    if (!fact || strcmp(fact->stage, "AWSPREVIOUS") == 0)
        return false;
    ask(login, "AWSPREVIOUS", now_of(login), login->wanted, on_previous);
    return true;
}

/* Of the other labels only what the map names is read; without a map, what is there. */
static bool ask_label(struct login *login, const char *stage, cache_done *done)
{
    const char *version_id = NULL;
    if (login->map)
        version_id = strcmp(stage, "AWSPENDING") == 0 ? stages_pending(login->map)
                                                      : stages_version(login->map, stage);
    if (login->map && !version_id)
        return false;
    ask(login, stage, version_id ? login->fresh_from_ms : 0, version_id, done);
    return true;
}

/* What was right until the password was changed may be so again, if it was set anew; the version
 * before it is the last to expect. */
static bool previous_is_unlikely(const struct login *login)
{
    return login->search == &for_challenge && !login->picked &&
           lesson_says(lesson_of(login), login->current->version_id, &login->salt) ==
               LESSON_CHANGED;
}

/* False: this step has nothing to ask for. */
static bool begin_step(struct login *login, enum step step)
{
    switch (step) {
    case KNOWN:
        return ask_known(login);
    case RELABEL:
        return ask_relabelled(login);
    case CURRENT:
        ask_current(login);
        return true;
    case MAP:
        ask_map(login);
        return true;
    case PENDING:
        return ask_label(login, "AWSPENDING", on_pending);
    case PREVIOUS:
        return !previous_is_unlikely(login) && ask_label(login, "AWSPREVIOUS", on_previous);
    case END:
        break;
    }
    return false;
}

static void take_step(struct login *login)
{
    for (;;) {
        enum step step = login->search->steps[login->step];
        if (step == END) {
            login->search->nothing(login);
            return;
        }
        login->step++;
        if (begin_step(login, step))
            return;
    }
}

/* ---- the first attempt ---- */

static void on_preferred(void *arg, const struct cache_answer *answer)
{
    struct login *login = arg;
    login->ask = NULL;
    bool good = answer->status == SMCRED_OK && !what_is_missing(login, answer->snapshot) &&
                strcmp(answer->snapshot->version_id, login->wanted) == 0;
    if (!good) {
        search_for(login, &for_first);
        return;
    }
    struct sm_error err = *answer->err;
    bool stale = answer->stale;
    const struct fact *fact = lesson_proven(lesson_of(login));
    set_current(login, answer->snapshot, fact ? fact->stage : login->stage);
    offer(login, stale, &err);
}

static void on_first(void *arg, const struct cache_answer *answer)
{
    struct login *login = arg;
    login->ask = NULL;
    if (answer->status != SMCRED_OK) {
        give_up(login, answer->status, answer->err, 0);
        return;
    }
    struct sm_error err = *answer->err;
    bool stale = answer->stale;
    const char *missing = what_is_missing(login, answer->snapshot);
    if (missing) {
        give_up_saying(login, SMCRED_INVALID, missing);
        return;
    }
    set_current(login, answer->snapshot, "AWSCURRENT");
    struct lesson *lesson = lesson_of(login);
    if (lesson)
        lesson_follow(lesson, cache_known_stages(login->logins->options.cache, login->secret_id));
    const struct fact *preferred = lesson_preferred(lesson, login->current->version_id);
    login->fresh_from_ms = now_of(login);
    if (preferred) {
        (void)snprintf(login->wanted, sizeof login->wanted, "%s", preferred->version_id);
        ask(login, preferred->stage, 0, login->wanted, on_preferred);
    } else if (lesson_refused(lesson, login->current->version_id)) {
        search_for(login, &for_first);
    } else {
        offer(login, stale, &err);
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
    login->deadline_ms = now_of(login) + logins->options.patience_ms;
    ask(login, "AWSCURRENT", 0, NULL, on_first);
    return SMCRED_OK;
}

/* ---- the challenge ---- */

/* There is a challenge that was not answered: what is to be proved, if anything? */
static void decide(struct login *login)
{
    enum lesson_word word = lesson_says(lesson_of(login), login->current->version_id, &login->salt);
    bool known = login->salt.len > 0; /* else any word but the last one may be out of date */
    if (word == LESSON_RIGHT && known)
        tell_proof(login);
    else if (login->last || word == LESSON_RIGHT || (login->picked && word != LESSON_WRONG))
        prove_on_trial(login);
    else
        search_for(login, &by_salt);
}

void login_challenged(struct login *login, struct sm_bytes salt, login_prove *prove)
{
    assert(login->dial_count > 0 && !login->ask && !login->prove);
    login->prove = prove;
    if (salt.len <= sizeof login->salt.bytes && salt.len > 0) { /* scram_check() refuses longer */
        memcpy(login->salt.bytes, salt.data, salt.len);
        login->salt.len = salt.len;
    }
    int64_t now_ms = now_of(login), since_ms = now_ms;
    struct lesson *lesson = lessons_get(&login->logins->lessons, login->secret_id, login->endpoint);
    if (lesson && login->salt.len > 0)
        since_ms = lesson_see(lesson, &login->salt, now_ms);
    if (!login->search || now_ms - login->fresh_from_ms > FRESH_MS)
        login->fresh_from_ms = since_ms > now_ms - FRESH_MS ? since_ms : now_ms;
    login->deadline_ms = now_ms + login->logins->options.patience_ms;
    decide(login);
}

/* ---- verdicts ---- */

/* The verdict came before the proof did: a server may say no, or even yes, without one. */
static void stop_asking(struct login *login)
{
    cache_cancel(login->ask);
    login->ask = NULL;
    stop_waiting(login);
}

static void learn_wrong_password(struct login *login)
{
    struct logins *logins = login->logins;
    struct attempts_account account = {login->current->username, login->endpoint};
    /* Without memory it is not counted, and the next one will be */
    if (attempts_wrong(logins->options.attempts, account, login->current->version_id) != SMCRED_OK)
        return;
    struct lesson *lesson = lessons_get(&logins->lessons, login->secret_id, login->endpoint);
    if (!lesson)
        return;
    lesson_follow(lesson, cache_known_stages(logins->options.cache, login->secret_id));
    lesson_note(lesson, login->current, login->stage, &login->salt, false);
}

void login_refused(struct login *login, const char *sqlstate, const char *routine)
{
    enum verdict verdict = verdict_of(sqlstate, routine, login->sent);
    int64_t now_ms = now_of(login);
    assert(login->dial_count > 0);
    stop_asking(login);
    if (verdict == VERDICT_WRONG_PASSWORD)
        learn_wrong_password(login);
    end_trial(login);
    login->refused = true;
    if (verdict == VERDICT_NOT_SECRET) {
        give_up_saying(login, SMCRED_DENIED, "the database refused, and not for its password");
        return;
    }
    note_tried(login);
    if (!login->search || now_ms - login->fresh_from_ms > FRESH_MS)
        login->fresh_from_ms = now_ms;
    login->deadline_ms = now_ms + login->logins->options.patience_ms;
    login->prove = NULL;
    search_for(login, &after_refusal);
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
        lesson_note(lesson, login->current, login->stage, &login->salt, true);
        lesson->stuck_since_ms = 0;
    }
    end_trial(login);
}

void login_free(struct login *login)
{
    if (!login)
        return;
    stop_asking(login);
    if (login->secret_id)
        end_trial(login);
    stages_unref(login->map);
    sm_snapshot_unref(login->current);
    for (unsigned i = 0; i < login->tried_count; i++)
        sm_snapshot_unref(login->tried[i].snapshot);
    free(login->secret_id);
    free(login->host);
    free(login);
}

/* ---- time passes ---- */

static void wake(struct login *login)
{
    enum waiting what = login->waiting;
    stop_waiting(login);
    if (what == FOR_TRIAL) {
        decide(login);
        return;
    }
    login->prove = NULL; /* that connection was given up */
    login->fresh_from_ms = now_of(login);
    login->deadline_ms = login->fresh_from_ms + login->logins->options.patience_ms;
    search_for(login, &in_window);
}

void logins_tick(struct logins *logins)
{
    int64_t now_ms = logins->options.now_ms();
    struct login *login = LIST_FIRST(&logins->waiting);
    while (login) {
        bool due = login->wake_ms <= now_ms;
        if (due)
            wake(login); /* any login may be gone then; those that wait on do so for a while */
        login = due ? LIST_FIRST(&logins->waiting) : LIST_NEXT(login, link);
    }
    schedule(logins);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    logins_tick(arg);
}

/* ---- all logins ---- */

const char *logins_proven(const struct logins *logins, const char *secret_id, const char *endpoint)
{
    const struct fact *fact = lesson_proven(lessons_find(&logins->lessons, secret_id, endpoint));
    return fact ? fact->version_id : "";
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
    LIST_INIT(&logins->waiting);
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
