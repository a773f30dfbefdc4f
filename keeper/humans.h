/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * humans.h - who is behind a process: the logins that PAM has opened, and whose they are.
 *
 * sudo and su open logins inside logins; the person is the one of the outermost.  A process belongs
 * to a login if the kernel's audit session says so, or if it descends from the process that opened
 * it.  Logins are kept in the runtime directory, so that a keeper's restart forgets nobody; there
 * is no secret in them.  The loop's thread alone calls this.
 */
#ifndef KEEPER_HUMANS_H
#define KEEPER_HUMANS_H

#include "common/control.h"
#include "common/peer.h"
#include "common/status.h"
#include "keeper/process.h"

#define HUMANS_LOGINS_MAX 4096
#define HUMANS_EACH_MAX   512       /* of one person, so that nobody keeps the others out */
#define HUMANS_DIRECTORY  "_logins" /* under the runtime directory; no target's name begins so */

/* A person at his outermost login.  Immutable, shared by reference. */
struct human {
    unsigned references;
    uint64_t login; /* its id */
    char user[CTL_PAM_USER_MAX + 1];
    char service[CTL_PAM_SERVICE_MAX + 1];
    char tty[CTL_PAM_TTY_MAX + 1];
    char rhost[CTL_PAM_RHOST_MAX + 1];
};
/* NULL is allowed in both. */
struct human *human_ref(struct human *human);
void human_unref(struct human *human);

struct human_login {
    struct human_login *next; /* opened later */
    uint64_t id;
    uint64_t inside; /* the login it was opened in, or 0 */
    char user[CTL_PAM_USER_MAX + 1];
    char service[CTL_PAM_SERVICE_MAX + 1];
    uid_t opened_by;
    uint32_t loginuid;
    uint32_t audit_session; /* SM_ID_UNKNOWN: the kernel has none */
    struct process process; /* that opened it; pid 0: not known */
    int64_t opened_at_ms;   /* wall clock */
    struct human *human;
};

struct humans;

/*   directory  where they are kept, made if need be; NULL: nowhere, for tests */
SM_MUST_CHECK enum smcred_status humans_new(const char *directory, struct humans **out_humans);
void humans_free(struct humans *humans);

/* What PAM's application says; "" where it says nothing. */
struct humans_claim {
    const char *user, *service, *tty, *rhost;
    const char *ruser; /* who called sudo or su */
};
/*
 * A login begins.
 *   id         random, not 0
 *   opener     the process that asks
 *   out_login  borrowed until it is closed
 * Errors: SMCRED_LIMITED (too many), SMCRED_NO_MEMORY.  If it cannot be kept for the next keeper,
 * that is logged.
 */
SM_MUST_CHECK enum smcred_status humans_open(struct humans *humans, uint64_t id,
                                             const struct humans_claim *claim,
                                             const struct sm_peer *opener, int64_t wall_ms,
                                             const struct human_login **out_login);
/* NULL if there is none. */
const struct human_login *humans_find(const struct humans *humans, uint64_t id);
/* Was that login opened in this one, or in one inside it? */
bool humans_inside(const struct humans *humans, uint64_t id, uint64_t outer);
void humans_close(struct humans *humans, uint64_t id);
/* The innermost login that this process is known to be in, or NULL.  Borrowed. */
const struct human_login *humans_of(const struct humans *humans, const struct sm_peer *peer);
/* One whose process is gone without having closed it, or NULL. */
const struct human_login *humans_orphan(const struct humans *humans);

/* In the order in which they were opened. */
const struct human_login *humans_first(const struct humans *humans);
size_t humans_count(const struct humans *humans);

/* ---- humans_file.c: how a login is kept ---- */

/* Errors: SMCRED_SYSTEM. */
SM_MUST_CHECK enum smcred_status humans_store(const char *directory,
                                              const struct human_login *login);
void humans_remove(const char *directory, uint64_t id);
/* Reads one file.  NULL if it is none of ours; free with humans_free_login(). */
struct human_login *humans_restore(const char *directory, const char *name);
void humans_free_login(struct human_login *login);

#endif
