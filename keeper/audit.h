/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * audit.h - the audit log: one JSON object per line, one line per decision and per session's end.
 * doc/processes.md names the members.
 */
#ifndef KEEPER_AUDIT_H
#define KEEPER_AUDIT_H

#include "common/peer.h"
#include "common/status.h"

#define AUDIT_LINE_MAX 16384 /* bytes; texts are cut so that every line fits */
#define AUDIT_TEXT_MAX 512   /* bytes of one text before escaping */

struct audit;

/*
 * Opens, or creates with mode 0640, the file at `path`.
 *   out_audit  free with audit_free(); untouched on failure
 * Errors: SMCRED_SYSTEM, SMCRED_INVALID (not a regular file), SMCRED_NO_MEMORY; err says why.
 */
SM_MUST_CHECK enum smcred_status audit_new(const char *path, struct audit **out_audit,
                                           struct sm_error *err);
/* Could audit_new() do it now?  Makes nothing.  Errors: as audit_new(). */
SM_MUST_CHECK enum smcred_status audit_check(const char *path, struct sm_error *err);
/* Opens `path` in place of what is open: after logrotate, or for a new configuration.  On failure
 * the old file stays in use.  Errors: as audit_new(). */
SM_MUST_CHECK enum smcred_status audit_reopen(struct audit *audit, const char *path,
                                              struct sm_error *err);
void audit_free(struct audit *audit);

/* A line being written.  Members appear in the order they are put; NULL and "" are left out. */
struct audit_line {
    char data[AUDIT_LINE_MAX];
    size_t len;
};

/*
 * Begins a line with "time" and "event".
 *   wall_ms  now, in ms since the epoch
 */
void audit_begin(struct audit_line *line, int64_t wall_ms, const char *event);
void audit_put(struct audit_line *line, const char *key, const char *text);
void audit_put_number(struct audit_line *line, const char *key, uint64_t number);
void audit_put_flag(struct audit_line *line, const char *key, bool flag);
/* A 64-bit id as 16 hex digits: JSON's numbers are too short for it. */
void audit_put_id(struct audit_line *line, const char *key, uint64_t id);
/* Who: operator, uid, loginuid, audit_session, tty, program, pid, as far as they are known. */
void audit_put_peer(struct audit_line *line, const struct sm_peer *peer, const char *operator_name);

struct human;
/* Behind it all: human, login_service, login_tty, login_rhost, login_session.  NULL: not known. */
void audit_put_human(struct audit_line *line, const struct human *human);

/*
 * Seals the line and appends it with one write(2).
 * Errors: SMCRED_SYSTEM (errno says why; a full disk); what was written in part is ended by the
 * next line's beginning.
 */
SM_MUST_CHECK enum smcred_status audit_write(struct audit *audit, struct audit_line *line);

#endif
