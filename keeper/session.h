/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * session.h - one session of the keeper's half of S2, as sessions.c, session_login.c,
 * session_proof.c, session_audit.c and their test see it; nobody else includes it.
 *
 * A function that sends may lose the relay and with it the session, so sending is always the last
 * thing it does.
 */
#ifndef KEEPER_SESSION_H
#define KEEPER_SESSION_H

#include "common/oracle.h"
#include "keeper/audit.h"
#include "keeper/humans.h"
#include "keeper/policy.h"
#include "keeper/relays.h"
#include "keeper/sessions.h"
#include "keeper/table.h"

#define NAME_TEXT_MAX 256 /* bytes of user, database and application, NUL included */
#define SESSION_STAMP_MAX                                                                          \
    64 /* of the application's name as it goes out; PostgreSQL's NAMEDATALEN */
#define SESSION_NAME_TOO_LONG "a user or database name is too long"
#define CANNOT_NOW            "57P03" /* cannot_connect_now */
#define CONFIG_ERROR          "F0000" /* config_file_error */
#define LIMIT_EXCEEDED        "53400" /* configuration_limit_exceeded */
#define NO_AUDIT              "58030" /* io_error */
#define NOT_ALLOWED           "28000" /* invalid_authorization_specification */

enum phase {
    WAITING, /* for the relay to be there */
    ASKED,   /* the relay has the client; OPEN is to come */
    SOLVING, /* looking for the version and the addresses to try */
    TRYING,  /* OPENED was sent; challenge and verdict are to come */
    OPEN,    /* logged in */
    REFUSED, /* told so; ENDED is to come */
};

struct session;

/* A server's, kept until it is known which version answers it. */
struct challenge {
    void (*answer)(struct session *session, const struct challenge *challenge);
    const struct mechanism *mechanism; /* NULL: SCRAM, or the password itself */
    uint32_t iterations;
    size_t salt_len;
    size_t message_len;
    uint8_t bytes[]; /* the salt, then the AuthMessage */
};

struct session {
    struct table_entry entry; /* first; the key is `id` */
    uint64_t id;
    struct sessions *owner;
    struct relay *relay;
    enum phase phase;
    struct sm_peer peer;
    uint64_t human_login; /* of PAM's that it was opened in (humans.h); 0: none */
    struct human *human;  /* whose; a reference, or NULL */
    uint32_t engine;      /* enum index_engine, as the target said when the client came */
    int client_fd;        /* while WAITING */
    bool tcp;
    int64_t started_ms;
    int64_t opened_ms; /* when the database took the password; of a resumed one: its beginning */

    /* Until the verdict. */
    struct config *config;
    const struct config_target *target;
    struct login *login;
    struct resolver_ask *resolving;
    struct challenge *challenge;
    struct proof_ask *proving;
    struct sm_snapshot *snapshot; /* of the present attempt */
    bool version_asked;           /* which one it is to be, in this attempt */
    unsigned again;               /* how often its proofs were for no server that heard them */
    unsigned proofs_given;        /* in the present attempt: claimed ... */
    bool is_proved;               /* ... and one of them was handed out */
    const char *methods[ORC_CHALLENGES_MAX]; /* of each of them */
    bool is_anew;                            /* it was logged in before */
    bool wishes_known; /* what the client asks for: by OPEN, or by the first challenge */
    bool waited;       /* for a version that is right, in any attempt */
    bool mending;      /* waits for sessions_mended(), ... */
    bool mended;       /* ... once */
    char *refusal;     /* what to say if nothing comes of that */
    bool local;        /* its addresses are all Unix sockets */
    char asked_user[NAME_TEXT_MAX];
    char asked_dbname[NAME_TEXT_MAX];
    char application[NAME_TEXT_MAX];

    /* For the audit log and status, to the end. */
    char target_name[INDEX_TARGET_MAX];
    char rule[POLICY_RULE_MAX];
    char *secret; /* ARN, or the name */
    char *version_id;
    char *user;
    char *dbname;
    char stage[64];
    char endpoint[INDEX_HOST_MAX + 16];
    char host[INDEX_HOST_MAX];
    char tls_version[16];
    unsigned attempt;
    uint32_t port;
    uint32_t backend_pid;
    bool stale;
    struct canary *canary; /* NULL: a client */
    bool resumed;          /* from the keeper before: who it was is known by uid alone */
};

struct sessions {
    struct keeper *keeper;
    struct table table;
};

/* ---- sessions.c ---- */

/* False for want of memory; the field is NULL then. */
SM_MUST_CHECK bool session_keep_text(char **field, const char *text);
/* The present attempt's challenge is not answered any more. */
void session_forget_challenge(struct session *session);
/* What only a login needs; the session may live on for days without it. */
void session_end_login(struct session *session);
/* Begins a message about this session. */
void session_begin_message(struct sm_wire_out *out, void *buffer, size_t size,
                           const struct session *session, enum orc_verb verb,
                           enum smcred_status status);
void session_send_refusal(struct session *session, enum orc_verb verb, enum smcred_status status,
                          const char *sqlstate, const char *text, const char *hint);
/* The login is over without success: said to the audit log, then to the client. */
void session_refuse(struct session *session, enum smcred_status status, const char *sqlstate,
                    const char *text, const char *hint);

/* ---- session_login.c ---- */

/* It has waited for a mend.  The session may be gone afterwards. */
void session_go_on(struct session *session, bool accepted);

/* ---- session_login.c and session_proof.c: a relay's message; NULL, or why it is dropped ---- */

const char *session_take_open(struct session *session, const struct sm_wire_in *in);
const char *session_take_scram(struct session *session, const struct sm_wire_in *in);
const char *session_take_challenge(struct session *session, const struct sm_wire_in *in);
const char *session_take_again(struct session *session, const struct sm_wire_in *in);
const char *session_take_cleartext(struct session *session, const struct sm_wire_in *in);

/* User, database and application that the client asks for.  False: one of them is too long. */
bool session_take_wishes(struct session *session, const struct sm_wire_in *in);
struct policy_decision session_decide_user(const struct session *session);
/* By what was asked for, target and secret.  False for want of memory. */
SM_MUST_CHECK bool session_name_database(struct session *session);
/* "smcred:OPERATOR:APPLICATION": the human, where the database's own log shows it. */
void session_stamp(const struct session *session, char out_stamp[SESSION_STAMP_MAX]);

/* ---- session_audit.c ---- */

/* A line with all that is known of the session. */
void session_audit_begin(struct audit_line *line, const struct session *session, const char *event);
/* What the client asked for. */
void session_audit_wishes(struct audit_line *line, const struct session *session);
/* False: it cannot be recorded, so it cannot be granted. */
SM_MUST_CHECK bool session_audit_decision(const struct session *session, const char *outcome,
                                          const char *sqlstate, const char *text);
/* A refusal that leaves the session as it is: its line alone names the rule that refused. */
void session_audit_refusal(struct session *session, const struct policy_decision *decision);
/* For what has happened and cannot be refused any more; a failure is logged there. */
void session_audit_fact(const struct session *session, struct audit_line *line);
void session_audit_lost(const struct session *session, const char *why);
/* The keeper stops.  Sessions that are open go on in their relays, whose logs tell the end. */
void session_audit_detached(const struct session *session);

#endif
