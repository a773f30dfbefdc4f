/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * drift.c - sessions that ended lately, and the alarm that names them.
 */
#include "keeper/drift.h"

#include <stdio.h>

#include "common/clock.h"
#include "keeper/audit.h"
#include "keeper/session.h"

#define PAST_MAX     256 /* sessions that have ended, of all accounts */
#define ALARMS_MAX   256 /* accounts within ten minutes; of more, some are repeated */
#define AGAIN_MS     (10 * 60 * 1000)
#define NAMED_MAX    8 /* sessions in one alarm; the audit log has them all */
#define ACCOUNT_MAX  400
#define SUSPECTS_MAX 640

struct past {
    uint64_t id; /* 0: none */
    int64_t opened_ms, ended_ms;
    char account[ACCOUNT_MAX];
    char operator_name[ACCOUNTS_NAME_MAX];
};

struct drift {
    struct past past[PAST_MAX];
    size_t past_next;
    struct {
        char account[ACCOUNT_MAX];
        int64_t at_ms;
    } alarm[ALARMS_MAX];
    size_t alarm_next;
};

/* What a look at all sessions of one account brings together. */
struct suspects {
    const char *account;
    int64_t proven_ms; /* when the database last took the password */
    size_t count;
    char text[SUSPECTS_MAX];
    size_t len;
};

enum smcred_status drift_new(struct drift **out_drift)
{
    *out_drift = calloc(1, sizeof **out_drift);
    return *out_drift ? SMCRED_OK : SMCRED_NO_MEMORY;
}

void drift_free(struct drift *drift)
{
    free(drift);
}

/* "user endpoint"; cut, if somebody has such names. */
static void write_account(const char *user, const char *endpoint, char out[ACCOUNT_MAX])
{
    (void)snprintf(out, ACCOUNT_MAX, "%.100s %.280s", user, endpoint);
}

void drift_note_end(struct drift *drift, const struct session *session)
{
    struct past *past = &drift->past[drift->past_next++ % PAST_MAX];
    *past = (struct past){session->id, session->opened_ms, sm_boot_ms(), "", ""};
    write_account(session->user ? session->user : "", session->endpoint, past->account);
    (void)snprintf(past->operator_name, sizeof past->operator_name, "%s",
                   session->relay->operator_name);
}

/* ---- suspects ---- */

static void suspect(struct suspects *suspects, uint64_t id, const char *operator_name)
{
    if (suspects->count++ >= NAMED_MAX)
        return;
    int put =
        snprintf(suspects->text + suspects->len, SUSPECTS_MAX - suspects->len, "%s%016llx of %s",
                 suspects->len > 0 ? ", " : "", (unsigned long long)id, operator_name);
    suspects->len += put > 0 && (size_t)put < SUSPECTS_MAX - suspects->len ? (size_t)put : 0;
}

static bool is_of(const struct sessions_state *state, const char *account)
{
    char own[ACCOUNT_MAX];
    write_account(state->user, state->endpoint, own);
    return strcmp(state->state, "open") == 0 && strcmp(own, account) == 0;
}

static void find_proof(void *arg, const struct sessions_state *state)
{
    struct suspects *suspects = arg;
    if (is_of(state, suspects->account) && state->opened_ms > suspects->proven_ms)
        suspects->proven_ms = state->opened_ms;
}

static void suspect_open(void *arg, const struct sessions_state *state)
{
    struct suspects *suspects = arg;
    if (is_of(state, suspects->account))
        suspect(suspects, state->id, state->operator_name);
}

static void find_suspects(const struct drift *drift, const struct sessions *sessions,
                          struct suspects *suspects)
{
    sessions_walk(sessions, find_proof, suspects);
    for (size_t i = 0; i < PAST_MAX; i++)
        if (drift->past[i].id != 0 && strcmp(drift->past[i].account, suspects->account) == 0 &&
            drift->past[i].opened_ms > suspects->proven_ms)
            suspects->proven_ms = drift->past[i].opened_ms;
    sessions_walk(sessions, suspect_open, suspects);
    for (size_t i = 0; i < PAST_MAX; i++)
        if (drift->past[i].id != 0 && strcmp(drift->past[i].account, suspects->account) == 0 &&
            drift->past[i].ended_ms >= suspects->proven_ms)
            suspect(suspects, drift->past[i].id, drift->past[i].operator_name);
}

/* ---- the alarm ---- */

static bool is_known(struct drift *drift, const char *account)
{
    int64_t now_ms = sm_boot_ms();
    for (size_t i = 0; i < ALARMS_MAX; i++)
        if (strcmp(drift->alarm[i].account, account) == 0 &&
            now_ms - drift->alarm[i].at_ms < AGAIN_MS)
            return true;
    size_t at = drift->alarm_next++ % ALARMS_MAX;
    (void)snprintf(drift->alarm[at].account, ACCOUNT_MAX, "%s", account);
    drift->alarm[at].at_ms = now_ms;
    return false;
}

bool drift_alarm(struct drift *drift, const struct session *session)
{
    struct audit_line line;
    char account[ACCOUNT_MAX];
    struct suspects suspects = {.account = account};
    write_account(session->user ? session->user : "", session->endpoint, account);
    if (is_known(drift, account))
        return false;
    find_suspects(drift, session->owner, &suspects);
    log_error("alarm: the password of %s at %s was changed, and no version of secret=%s has it; "
              "sessions since it was last right: %zu%s%s",
              log_quote(session->user), session->endpoint, log_quote(session->secret),
              suspects.count, suspects.len > 0 ? ": " : "", suspects.text);
    session_audit_begin(&line, session, "alarm");
    audit_put(&line, "text",
              "the password was changed in the database, and no version of the secret has it");
    audit_put_number(&line, "suspect_count", suspects.count);
    audit_put(&line, "suspects", suspects.text);
    session_audit_fact(session, &line);
    return true;
}
