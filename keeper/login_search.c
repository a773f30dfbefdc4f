/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * login_search.c - which version of a secret is tried next.
 *
 * A search goes through the steps of its line in the table `searches`; the first version that may
 * be right is taken, and if there is none, the line says what comes of that.
 */
#include <stdio.h>

#include "keeper/login_state.h"

enum step {
    END,
    KNOWN,    /* the version that is right with this salt, by the label it was found by */
    RELABEL,  /* the same, as AWSPREVIOUS: the label has moved on */
    CURRENT,  /* AWSCURRENT, read anew */
    MAP,      /* the stage map, read anew */
    MOVED,    /* AWSCURRENT, if the map names another than was read before it */
    PENDING,  /* what is being rotated in */
    PREVIOUS, /* AWSPREVIOUS */
};

static void take_step(struct login *login);

/* ---- what each search comes to if it finds nothing ---- */

/* Nothing fits.  Who has heard no error of the database's yet hears it now, within the budget. */
static void end_of_versions(struct login *login)
{
    if (login_wait(login))
        return;
    if (login->refused && login->last) {
        login_give_up_refused(login);
        return;
    }
    if (login->refused) { /* with what seemed unlikely */
        login->last = true;
        login_search(login, AFTER_REFUSAL);
        return;
    }
    login->last = true;
    if (login->prove)
        login_prove_on_trial(login);
    else
        login_offer(login, false, NULL);
}

static void try_first_anyway(struct login *login)
{
    struct sm_error err = login->why;
    login_offer(login, login->current_failed, login->current_failed ? &err : NULL);
}

static void decide_by_word(struct login *login)
{
    enum lesson_word word =
        lesson_says(login_lesson(login), login->current->version_id, &login->salt);
    if (word == LESSON_UNKNOWN || (word == LESSON_CHANGED && login->picked))
        login_prove_on_trial(login);
    else
        login_search(login, FOR_CHALLENGE);
}

/* It is being rotated, or was a moment ago, so what was right before will not be again. */
static bool may_wait_instead(struct login *login)
{
    return (login_is_rotating(login) || login_knows_better(login)) && login_window_end(login) != 0;
}

static void prove_or_wait(struct login *login)
{
    enum lesson_word word =
        lesson_says(login_lesson(login), login->current->version_id, &login->salt);
    if (word == LESSON_WRONG || may_wait_instead(login))
        end_of_versions(login);
    else
        login_prove_on_trial(login); /* it may be the same password, set once more */
}

static bool is_pending(const struct stages *map, const struct sm_snapshot *snapshot)
{
    const char *pending = stages_pending(map);
    return pending && strcmp(pending, snapshot->version_id) == 0;
}

/* One that was refused whatever its password is. */
static bool is_refused_role(const struct login *login, const struct tried *tried,
                            const struct sm_snapshot *snapshot)
{
    char there[LOGIN_ENDPOINT_SIZE], here[LOGIN_ENDPOINT_SIZE];
    return tried->for_its_role && strcmp(tried->snapshot->username, snapshot->username) == 0 &&
           login_endpoint(login, tried->snapshot, there) && login_endpoint(login, snapshot, here) &&
           strcmp(there, here) == 0;
}

static bool has_refused_role(const struct login *login, const struct sm_snapshot *snapshot)
{
    for (unsigned i = 0; i < login->tried_count; i++)
        if (is_refused_role(login, &login->tried[i], snapshot))
            return true;
    return false;
}

/* The map says that there is more to come: perhaps the salt has changed meanwhile. */
static void look_again(struct login *login)
{
    bool look = login_is_rotating(login) && login->salt.len > 0 &&
                login->dial_count < LOGIN_DIALS_MAX && !has_refused_role(login, login->current);
    if (!look || login_window_end(login) == 0) {
        end_of_versions(login);
        return;
    }
    for (unsigned i = 0; i < login->tried_count; i++)
        if (login->map && is_pending(login->map, login->tried[i].snapshot))
            login_set_current(login, login->tried[i].snapshot, "AWSPENDING");
    login_dial(login, false, NULL);
}

static const struct {
    void (*nothing)(struct login *login); /* what comes of it if no step finds a version */
    enum step steps[6];
} searches[] = {
    [FOR_FIRST] = {try_first_anyway, {CURRENT, MAP, MOVED, PENDING, PREVIOUS, END}},
    [BY_SALT] = {decide_by_word, {KNOWN, RELABEL, END}},
    [FOR_CHALLENGE] = {prove_or_wait, {CURRENT, MAP, MOVED, PENDING, PREVIOUS, END}},
    [AFTER_REFUSAL] = {end_of_versions, {CURRENT, MAP, MOVED, PENDING, PREVIOUS, END}},
    [IN_WINDOW] = {look_again, {MAP, CURRENT, PENDING, PREVIOUS, END}},
};

void login_search(struct login *login, enum search search)
{
    login->search = search;
    login->step = 0;
    login->why.text[0] = '\0';
    take_step(login);
}

/* ---- what may be right ---- */

static bool same(const struct sm_snapshot *a, const struct sm_snapshot *b)
{
    return strcmp(a->version_id, b->version_id) == 0 && strcmp(a->username, b->username) == 0 &&
           login_same_password(a, b);
}

/* A salt that has changed makes a version new; the salts of other users are not known here. */
static bool was_tried(const struct login *login, const struct sm_snapshot *snapshot)
{
    bool salt_counts = login->salt.len > 0 && login_fits(login, snapshot);
    for (unsigned i = 0; i < login->tried_count; i++)
        if (same(login->tried[i].snapshot, snapshot) &&
            (!salt_counts || salt_equal(&login->tried[i].salt, &login->salt)))
            return true;
    return has_refused_role(login, snapshot);
}

/* In an earlier login, by its own endpoint, and nothing has changed since. */
static bool was_refused(const struct login *login, const struct sm_snapshot *snapshot)
{
    char endpoint[LOGIN_ENDPOINT_SIZE];
    return login_endpoint(login, snapshot, endpoint) &&
           lesson_refused(lessons_find(&login->logins->lessons, login->secret_id, endpoint),
                          snapshot->version_id);
}

static bool is_wrong_here(const struct login *login, const struct sm_snapshot *snapshot)
{
    bool counts = login->salt.len > 0 || login->search == FOR_CHALLENGE;
    return counts && login_fits(login, snapshot) &&
           lesson_says(login_lesson(login), snapshot->version_id, &login->salt) == LESSON_WRONG;
}

/* An old one, of a user whose password was changed since. */
static bool is_unlikely(struct login *login, const struct sm_snapshot *snapshot, const char *stage)
{
    const struct lesson *lesson = login_lesson(login);
    bool is_old = strcmp(stage, "AWSPREVIOUS") == 0 ||
                  lesson_says(lesson, snapshot->version_id, &login->salt) == LESSON_CHANGED;
    return is_old && login_fits(login, snapshot) && may_wait_instead(login) &&
           lesson_is_behind(lesson, snapshot->username, &login->salt);
}

static bool may_be_right(struct login *login, const struct sm_snapshot *snapshot, const char *stage)
{
    int64_t until_ms;
    if (login_missing(login, snapshot) || !login_within_budget(login, snapshot, stage, &until_ms))
        return false;
    if (login->search == BY_SALT)
        return strcmp(snapshot->version_id, login->wanted) == 0 && login_fits(login, snapshot);
    if (login->search == FOR_FIRST)
        return !was_refused(login, snapshot);
    if (login->search == FOR_CHALLENGE && same(login->current, snapshot))
        return false;
    return login->tried_count < LOGIN_VERSIONS_MAX && !was_tried(login, snapshot) &&
           !is_wrong_here(login, snapshot) && !is_unlikely(login, snapshot, stage);
}

static void take(struct login *login, const struct cache_answer *answer, const char *stage)
{
    bool challenged = login->search == BY_SALT || login->search == FOR_CHALLENGE;
    struct sm_error err = *answer->err;
    bool fits = challenged && login_fits(login, answer->snapshot);
    bool stale = answer->stale;
    if (login->search == BY_SALT && login_same_password(login->current, answer->snapshot)) {
        login_tell_proof(login); /* then the current one is as right */
        return;
    }
    if (challenged && !fits && is_wrong_here(login, login->current))
        login_note_tried(login, false); /* by another login, which is as good */
    if (login->search == BY_SALT && was_tried(login, answer->snapshot)) {
        login_note_tried(login, false); /* not the right one's password, which did not help */
        login_search(login, AFTER_REFUSAL);
        return;
    }
    login_set_current(login, answer->snapshot, stage);
    if (!fits) {
        login_offer(login, stale, &err);
        return;
    }
    login->picked = true;
    login_decide(login);
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
    const struct fact *fact = lesson_right(login_lesson(login), &login->salt);
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
    struct lesson *lesson = login_lesson(login);
    if (map && login->map && !stages_equal(map, login->map))
        forget_tried(login);
    stages_unref(login->map);
    login->map = map;
    if (lesson)
        lesson_follow(lesson, map);
    take_step(login);
}

/* Of the version that the map has just named, or read after the map was; without one, any other
 * than the one that is refused will do. */
static void ask_current(struct login *login, bool by_map)
{
    bool is_current = strcmp(login->stage, "AWSCURRENT") == 0;
    struct cache_query query = {.id = login->secret_id,
                                .deadline_ms = login->deadline_ms,
                                .fresh_from_ms = by_map ? login_now(login) : login->fresh_from_ms,
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
    const struct fact *fact = lesson_right(login_lesson(login), &login->salt);
    if (!fact)
        return false;
    (void)snprintf(login->wanted, sizeof login->wanted, "%s", fact->version_id); /* as long */
    login_ask(login, fact->stage, 0, login->wanted, on_known);
    return true;
}

static bool ask_relabelled(struct login *login)
{
    const struct fact *fact = lesson_right(login_lesson(login), &login->salt);
    if (!fact || strcmp(fact->stage, "AWSPREVIOUS") == 0)
        return false;
    login_ask(login, "AWSPREVIOUS", login_now(login), login->wanted, on_previous);
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
    login_ask(login, stage, version_id ? login->fresh_from_ms : 0, version_id, done);
    return true;
}

/* What was right until the password was changed may be so again, if it was set anew; the version
 * before it is the last to expect. */
static bool previous_is_unlikely(const struct login *login)
{
    return login->search == FOR_CHALLENGE && !login->picked &&
           lesson_says(login_lesson(login), login->current->version_id, &login->salt) ==
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
        ask_current(login, login->search == IN_WINDOW && login->map);
        return true;
    case MOVED:
        if (!login->map)
            return false;
        ask_current(login, true);
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
        enum step step = searches[login->search].steps[login->step];
        if (step == END) {
            searches[login->search].nothing(login);
            return;
        }
        login->step++;
        if (begin_step(login, step))
            return;
    }
}
