/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * login_wait.c - what keeps a login waiting: another one's verdict, its own wrong password's way to
 * the disk, or a rotation that is under way.
 */
#include <event2/event.h>

#include "keeper/login_state.h"

#define FLIGHT_MS    2000 /* that others wait for one login's verdict */
#define PAUSE_MIN_MS 250  /* of a wait, doubled each time, less up to half by chance */
#define PAUSE_MAX_MS 2000

/* ---- waiting, all logins' ---- */

static void schedule(struct logins *logins)
{
    int64_t at_ms = INT64_MAX, now_ms = logins->options.now_ms();
    const struct login *login;
    TAILQ_FOREACH(login, &logins->waiting, link)
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
    TAILQ_INSERT_TAIL(&login->logins->waiting, login, link);
    schedule(login->logins);
}

void login_stop_waiting(struct login *login)
{
    if (login->waiting == NOT_WAITING)
        return;
    login->waiting = NOT_WAITING;
    TAILQ_REMOVE(&login->logins->waiting, login, link);
}

/* ---- proofs that may be wrong ---- */

static bool is_out(const struct flight *flight, int64_t now_ms)
{
    return flight->login && now_ms < flight->until_ms;
}

/* As many as the account may have wrong passwords, but one, which is for the next version.  One
 * alone while a rotation is known to be under way: the password may change at any moment. */
static unsigned flights_max(const struct login *login)
{
    if (login_is_rotating(login))
        return 1;
    struct attempts_account account = {login->current->username, login->endpoint};
    unsigned left = attempts_left(login->logins->options.attempts, account);
    if (left > LESSON_FLIGHTS_MAX)
        left = LESSON_FLIGHTS_MAX;
    return left > 2 ? left - 1 : 1;
}

/* Until when it has to wait for the verdicts of others at least; 0: it may go. */
static int64_t held_until(const struct login *login, const struct lesson *lesson, bool trial)
{
    int64_t now_ms = login_now(login), trial_ms = 0, first_ms = INT64_MAX;
    unsigned count = 0;
    for (size_t i = 0; lesson && i < LESSON_FLIGHTS_MAX; i++) {
        const struct flight *flight = &lesson->flights[i];
        if (!is_out(flight, now_ms) || flight->login == login)
            continue;
        if (flight->trial)
            trial_ms = flight->until_ms;
        if (flight->until_ms < first_ms)
            first_ms = flight->until_ms;
        count++;
    }
    if (trial_ms > 0)
        return trial_ms;
    return !trial && count >= flights_max(login) ? first_ms : 0;
}

static void take_off(struct login *login, struct lesson *lesson, bool trial)
{
    int64_t now_ms = login_now(login);
    for (size_t i = 0; lesson && i < LESSON_FLIGHTS_MAX; i++) {
        if (is_out(&lesson->flights[i], now_ms) && lesson->flights[i].login != login)
            continue;
        lesson->flights[i] = (struct flight){login, now_ms + FLIGHT_MS, trial};
        return;
    }
}

/* Those who wait for this endpoint's verdicts decide anew: all, or who has waited longest. */
static void let_go_on(const struct login *login, const struct lesson *lesson, bool all)
{
    struct login *other;
    TAILQ_FOREACH(other, &login->logins->waiting, link)
    {
        if (other->waiting != FOR_VERDICT || login_lesson(other) != lesson ||
            other->wake_ms <= login_now(login))
            continue;
        other->wake_ms = login_now(login);
        if (!all)
            break;
    }
    schedule(login->logins);
}

void login_land(struct login *login)
{
    struct lesson *lesson = login_lesson(login);
    for (size_t i = 0; lesson && i < LESSON_FLIGHTS_MAX; i++) {
        struct flight *flight = &lesson->flights[i];
        if (flight->login != login)
            continue;
        flight->login = NULL;
        bool is_news =
            lesson_says(lesson, login->current->version_id, &login->salt) != LESSON_RIGHT;
        let_go_on(login, lesson, flight->trial || is_news);
    }
}

void login_tell_proof(struct login *login)
{
    login->prove(login->arg, &(struct login_proof){.snapshot = login->current,
                                                   .stage = login->stage,
                                                   .renewed = login->picked});
}

/* Secrets Manager may have used up all of the time; one verdict is waited for all the same. */
static void wait_for_verdict(struct login *login, int64_t wake_ms)
{
    int64_t now_ms = login_now(login);
    if (now_ms >= login->deadline_ms && !login->overtime)
        login->deadline_ms = wake_ms;
    login->overtime = true;
    if (now_ms >= login->deadline_ms)
        login_give_up_saying(login, SMCRED_TIMED_OUT,
                             "the database has not judged other logins' passwords in time");
    else
        wait_until(login, FOR_VERDICT, wake_ms < login->deadline_ms ? wake_ms : login->deadline_ms);
}

static void prove_in_turn(struct login *login, bool trial)
{
    int64_t until_ms = 0;
    struct lesson *lesson = lessons_get(&login->logins->lessons, login->secret_id, login->endpoint);
    int64_t wake_ms = held_until(login, lesson, trial);
    if (wake_ms > 0) {
        wait_for_verdict(login, wake_ms);
    } else if (!login_within_budget(login, login->current, login->stage, &until_ms)) {
        login_give_up_limited(login, until_ms);
    } else {
        take_off(login, lesson, trial);
        login_tell_proof(login);
    }
}

void login_prove_on_trial(struct login *login)
{
    prove_in_turn(login, true);
}

void login_prove_in_flight(struct login *login)
{
    prove_in_turn(login, false);
}

/* ---- a wrong password that is to be written down ---- */

bool login_wait_for_record(struct login *login)
{
    struct lesson *lesson = login_lesson(login);
    if (attempts_are_kept(login->logins->options.attempts, login->change))
        return false;
    for (size_t i = 0; lesson && i < LESSON_FLIGHTS_MAX; i++)
        if (lesson->flights[i].login == login)
            lesson->flights[i].until_ms = login->deadline_ms;
    wait_until(login, FOR_RECORD, login->deadline_ms);
    return true;
}

void logins_recorded(struct logins *logins)
{
    struct login *login;
    TAILQ_FOREACH(login, &logins->waiting, link)
    {
        if (login->waiting == FOR_RECORD &&
            attempts_are_kept(logins->options.attempts, login->change))
            login->wake_ms = logins->options.now_ms();
    }
    schedule(logins);
}

/* ---- a rotation window ---- */

bool login_is_rotating(const struct login *login)
{
    const struct stages *map =
        login->map ? login->map
                   : cache_known_stages(login->logins->options.cache, login->secret_id);
    return map && stages_pending(map);
}

/* Another version than the current one is right with this salt: it was read once, by a label that
 * has moved on since, and is found again when AWSCURRENT can be read. */
bool login_knows_better(const struct login *login)
{
    const struct fact *fact = lesson_right(login_lesson(login), &login->salt);
    return fact && strcmp(fact->version_id, login->current->version_id) != 0;
}

/*
 * Until when it may help to wait; 0: it does not.  An endpoint that was stuck for all of that time
 * is not waited for again, unless the map or its salt has changed.
 */
int64_t login_window_end(struct login *login)
{
    int64_t now_ms = login_now(login), wait_ms = login->logins->options.rotation_wait_ms;
    struct lesson *lesson = login_lesson(login);
    if (!lesson || wait_ms == 0 || login->last ||
        !(login_is_rotating(login) || login_knows_better(login) ||
          lesson_is_behind(lesson, login->current->username, &login->salt)))
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

bool login_wait(struct login *login)
{
    int64_t end_ms = login_window_end(login);
    if (end_ms == 0)
        return false;
    int64_t now_ms = login_now(login), pause_ms = next_pause(login);
    if (now_ms + pause_ms > end_ms)
        pause_ms = end_ms - now_ms;
    wait_until(login, FOR_ROTATION, now_ms + pause_ms);
    login->next(login->arg, &(struct login_answer){.status = SMCRED_OK,
                                                   .attempt = login->dial_count,
                                                   .wait_ms = pause_ms,
                                                   .err = &login->why});
    return true;
}

/* ---- time passes ---- */

static void wake(struct login *login)
{
    enum waiting what = login->waiting;
    login_stop_waiting(login);
    if (what == FOR_VERDICT) {
        login_decide(login);
        return;
    }
    if (what == FOR_RECORD) {
        login_recorded(login);
        return;
    }
    login->prove = NULL; /* that connection was given up */
    login->fresh_from_ms = login_now(login);
    login->deadline_ms = login->fresh_from_ms + login->logins->options.patience_ms;
    login_search(login, IN_WINDOW);
}

void logins_tick(struct logins *logins)
{
    int64_t now_ms = logins->options.now_ms();
    struct login *login = TAILQ_FIRST(&logins->waiting);
    while (login) {
        bool due = login->wake_ms <= now_ms;
        if (due)
            wake(login); /* any login may be gone then; those that wait on do so for a while */
        login = due ? TAILQ_FIRST(&logins->waiting) : TAILQ_NEXT(login, link);
    }
    schedule(logins);
}
