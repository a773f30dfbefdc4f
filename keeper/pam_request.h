/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pam_request.h - one of pam_smcred's requests while it takes time, as pam.c and the pam_*.c see
 * it; nobody else includes it.
 *
 * It goes from step to step.  A step asks somebody and names the next one; pam_go_on() takes the
 * steps, be they answered at once or from the loop, until the request has been answered.
 */
#ifndef KEEPER_PAM_REQUEST_H
#define KEEPER_PAM_REQUEST_H

#include "keeper/audit.h"
#include "keeper/cache.h"
#include "keeper/pam.h"
#include "keeper/pam_check.h"
#include "keeper/pam_limit.h"
#include "keeper/pam_policy.h"
#include "keeper/people.h"
#include "keeper/stages.h"

typedef void pam_step(struct pam_request *request);

struct pam_request {
    struct client *client; /* NULL: it has gone, while a change is under way */
    struct keeper *keeper;
    struct config *config; /* held; so are `rules` and `target` */
    const struct config_pam *rules;
    const struct config_target *target; /* NULL: no target has this name */
    const char *event;                  /* in the audit log */
    const char *secret;                 /* the target's, or `name` */
    char name[CTL_PAM_NAME_MAX + 1];
    char service[CTL_PAM_SERVICE_MAX + 1];
    char user[CTL_PAM_USER_MAX + 1];
    char rhost[CTL_PAM_RHOST_MAX + 1];
    char ruser[CTL_PAM_USER_MAX + 1]; /* of PAM_OPEN */
    char tty[CTL_PAM_TTY_MAX + 1];
    uint32_t grace_s;
    uint32_t wait_ms;
    uint64_t login; /* that was opened; 0: none */
    int64_t deadline_ms;

    pam_step *next; /* NULL: somebody is asked, or it is answered */
    pam_step *then; /* once who is asked has answered */
    bool going_on;
    bool answered;
    bool working; /* a change is under way, whose end must be recorded */

    struct pam_limit limit;
    struct sm_secret *typed;
    pam_step *on_right;                  /* of a change: what follows if it fits */
    struct sm_secret *replacement;       /* of PAM_CHANGE */
    char new_version[CACHE_VERSION_MAX]; /* of PAM_ROTATE: that rotates in */
    struct event *pause;                 /* of PAM_ROTATE, between two looks */
    struct cache_ask *ask;
    struct pam_check *check;
    struct people_ask *looking; /* for `person` */

    /* Who was asked has said: */
    enum smcred_status status;
    struct sm_snapshot *snapshot; /* a reference */
    int64_t known_ms;             /* when that was last found to be so */
    struct sm_peer person;        /* `user`, once looked up */
    bool is_known;                /* this host has that user */
    struct sm_error err;
    struct stages *stages; /* likewise */

    struct sm_snapshot *tried; /* likewise: AWSCURRENT, as it was tried last */
    struct sm_error unread;    /* why its value could not be read, while its map is */
    bool moved;                /* by its map it is AWSCURRENT no longer */
};

/* ---- pam.c ---- */

/* What was asked, kept for as long as it takes, and its first step. */
void pam_take(struct client *client, const struct control_request *asked, const char *event,
              pam_step *first);
/* The same, with what was typed in the vault. */
void pam_take_typed(struct client *client, const struct control_request *asked,
                    struct sm_bytes typed, const char *event, pam_step *first);
/* Looks the user up; `then` is the next step, unless nobody can say: then it is answered. */
void pam_find_person(struct pam_request *request, pam_step *then);
/* The same, if it matters who that is because somebody's rights are revoked. */
void pam_find_revoked(struct pam_request *request, pam_step *then);
/* There is no such user: then it is answered. */
bool pam_refuse_stranger(struct pam_request *request);
/* Policy says no, or the person's rights or the secret are revoked: then it is answered. */
bool pam_refuse_caller(struct pam_request *request);
bool pam_refuse_revoked(struct pam_request *request);
bool pam_refuse_name(struct pam_request *request, enum pam_use use);
bool pam_refuse_guesser(struct pam_request *request);
/* The line alone, for who answers himself.  False: it cannot be recorded, so not be granted. */
SM_MUST_CHECK bool pam_audit(struct pam_request *request, enum smcred_status status,
                             const char *rule, const char *text);

/* Takes steps.  `from_loop`: a client that is gone is freed; nothing may follow then. */
void pam_go_on(struct pam_request *request, bool from_loop);
/* Asks the cache for a version of the secret; `then` is the next step.
 *   fresh_from_ms  as in struct cache_query */
void pam_read(struct pam_request *request, const char *stage, int64_t fresh_from_ms,
              int64_t deadline_ms, pam_step *then);
/* The same, of whatever query: it may borrow from the request.  The id is filled in. */
void pam_ask(struct pam_request *request, struct cache_query *query, pam_step *then);
/* Asks the cache for the secret's map, read at that time or later; if there is none to be had, the
 * last one known is in `stages`. */
void pam_read_map(struct pam_request *request, int64_t fresh_from_ms, int64_t deadline_ms,
                  pam_step *then);
/* Nobody has answered who knows: neither yes nor no. */
bool pam_heard_nothing(const struct pam_request *request);
/* As long as somebody waits for news who could do without: on sm_boot_ms(). */
int64_t pam_news_until(const struct pam_request *request);
/* The answer, with its line in the audit log.  Without a rule: "" . */
void pam_answer(struct pam_request *request, enum smcred_status status, const char *rule,
                const char *text);
/* A yes of that kind; its line is the caller's. */
void pam_answer_kind(struct pam_request *request, const char *kind);
/* The line of a yes whose answer follows.  False: it cannot be recorded, so it is refused. */
SM_MUST_CHECK bool pam_record_yes(struct pam_request *request);
/* Why nothing could be read, in a sentence that says which secret. */
void pam_answer_unread(struct pam_request *request);
/* Has an administrator withdrawn what was read?  Then it is answered. */
bool pam_is_revoked(struct pam_request *request);

/* ---- pam_verify.c ---- */

/* The step that begins to look whether `typed` fits; ends with pam_answer(). */
pam_step pam_verify;

/* The value could not be read: the answer, which of a secret that is scheduled for deletion is
 * NOT_FOUND, whatever its source says of the value. */
void pam_refuse_unread(struct pam_request *request);

/* ---- pam_change.c ---- */

/* May this person's password be changed by this service?  Then the old one is checked, or root
 * himself needs none, and `on_right` follows. */
void pam_begin_change(struct pam_request *request, pam_step *on_right);

#endif
