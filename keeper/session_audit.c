/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * session_audit.c - the lines that a session leaves in the audit log.
 */
#include "keeper/session.h"

#include "common/clock.h"
#include "common/log.h"

void session_audit_begin(struct audit_line *line, const struct session *session, const char *event)
{
    audit_begin(line, sm_wall_ms(), event);
    audit_put_id(line, "id", session->id);
    audit_put_peer(line, &session->peer, session->relay->operator_name);
    audit_put_human(line, session->human);
    audit_put(line, "target", session->target_name);
    audit_put(line, "rule", session->rule);
    audit_put(line, "via", session->resumed ? NULL : session->tcp ? "tcp" : "socket");
    audit_put(line, "secret", session->secret);
    audit_put(line, "version", session->version_id);
    audit_put(line, "stage", session->stage);
    if (session->attempt > 0)
        audit_put_number(line, "attempt", session->attempt);
    if (session->stale)
        audit_put_flag(line, "stale", true);
    audit_put(line, "endpoint", session->endpoint);
    audit_put(line, "user", session->user);
    audit_put(line, "dbname", session->dbname);
    if (session->backend_pid > 0)
        audit_put_number(line, "backend_pid", session->backend_pid);
    audit_put(line, "tls_version", session->tls_version);
}

void session_audit_wishes(struct audit_line *line, const struct session *session)
{
    audit_put(line, "asked_user", session->asked_user);
    audit_put(line, "asked_dbname", session->asked_dbname);
    audit_put(line, "application", session->application);
}

bool session_audit_decision(const struct session *session, const char *outcome,
                            const char *sqlstate, const char *text)
{
    struct audit_line line;
    session_audit_begin(&line, session, "decision");
    session_audit_wishes(&line, session);
    audit_put(&line, "outcome", outcome);
    audit_put(&line, "sqlstate", sqlstate);
    audit_put(&line, "text", text);
    return keeper_audit(session->owner->keeper, &line);
}

void session_audit_refusal(struct session *session, const struct policy_decision *decision)
{
    char rule[POLICY_RULE_MAX];
    memcpy(rule, session->rule, sizeof rule);
    memcpy(session->rule, decision->rule, sizeof rule);
    if (!session_audit_decision(session, "refused", decision->sqlstate, decision->text))
        log_warning("a refusal of session=%016llx is not in the audit log",
                    (unsigned long long)session->id);
    memcpy(session->rule, rule, sizeof rule);
}

void session_audit_fact(const struct session *session, struct audit_line *line)
{
    if (!keeper_audit(session->owner->keeper, line))
        log_error("session=%016llx goes on without its audit line",
                  (unsigned long long)session->id);
}

void session_audit_lost(const struct session *session, const char *why)
{
    struct audit_line line;
    session_audit_begin(&line, session, "end");
    audit_put(&line, "outcome", "lost");
    audit_put(&line, "text", why);
    audit_put_number(&line, "duration_ms", (uint64_t)(sm_boot_ms() - session->started_ms));
    session_audit_fact(session, &line);
}

void session_audit_detached(const struct session *session)
{
    struct audit_line line;
    if (session->phase != OPEN) {
        session_audit_lost(session, "smcredd stopped before the login was over");
        return;
    }
    session_audit_begin(&line, session, "detached");
    audit_put_number(&line, "duration_ms", (uint64_t)(sm_boot_ms() - session->started_ms));
    session_audit_fact(session, &line);
}
