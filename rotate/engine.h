/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * engine.h - what the four steps need of a database: the seam where another kind of it goes in.
 *
 * An engine is one file with one `const struct engine`, and one line in engines.c.  It waits for
 * nobody longer than ENGINE_TIMEOUT_S at a time, reads no environment, and writes no password where
 * a server's log would keep it.
 */
#ifndef ROTATE_ENGINE_H
#define ROTATE_ENGINE_H

#include "common/bytes.h"
#include "common/status.h"

#define ENGINE_TIMEOUT_S  10 /* for one address to let us in, and for one statement */
#define ENGINE_SYSTEM_CAS "/etc/ssl/certs/ca-certificates.crt" /* where none is named */

struct session; /* an engine's own: one login */

/* One attempt to log in.  NULL where nothing is said. */
struct login {
    const char *host;
    const char *hostaddr; /* instead of what the host's name resolves to */
    const char *port;
    const char *dbname;
    const char *username;
    const char *password;
    bool plain;                           /* without TLS; else verified in full */
    const char *ca_file;                  /* NULL: those that the system trusts */
    const char *client_cert, *client_key; /* both or none */
};

struct engine {
    const char *name;          /* the operand of smcred-rotate */
    const char *const *spelt;  /* how secrets call it, NULL at the end */
    const char *port, *dbname; /* when the secret names none; dbname may be NULL */
    const char *excluded;      /* characters that break connection strings and scripts */
    size_t username_max;       /* bytes */

    /*
     *   out_session  end with log_out()
     * Errors: SMCRED_DENIED (this user and password are refused), SMCRED_UNAVAILABLE (all else that
     * keeps us out, before a password was asked for), SMCRED_NO_MEMORY.
     */
    enum smcred_status (*log_in)(const struct login *login, struct session **out_session,
                                 struct sm_error *err);
    void (*log_out)(struct session *session); /* NULL is allowed */

    /* Errors: SMCRED_DENIED (the database says no), SMCRED_UNAVAILABLE, SMCRED_NO_MEMORY. */
    enum smcred_status (*set_password)(struct session *session, const char *username,
                                       const char *password, struct sm_error *err);
    /*
     * A superuser's session gives `other` this password and, if it was made to act for the user of
     * the session `own`, the same rights.  One that is not there is made so; one that is there and
     * has nothing to do with that user is refused.  All of it, or not yet the password.
     */
    enum smcred_status (*set_other)(struct session *session, const struct session *own,
                                    const char *other, const char *password, struct sm_error *err);
    /*
     * A superuser's session gives a user that lost it its password back.  One that has special
     * rights is refused: else whoever can write a secret could become it.
     */
    enum smcred_status (*give_back)(struct session *session, const char *username,
                                    const char *password, struct sm_error *err);
    /*
     * A superuser's session gives the user of the session `own` this password, where a user seldom
     * may do so itself; NULL: it may.
     */
    enum smcred_status (*set_for)(struct session *session, const struct session *own,
                                  const char *password, struct sm_error *err);
    /* What is left to do for an administrator after a password was set, or NULL; lent.  NULL: there
     * is never anything. */
    const char *(*reminder)(const struct session *session);
    /* One query. */
    enum smcred_status (*test)(struct session *session, struct sm_error *err);
};

extern const struct engine engine_postgres, engine_mysql, engine_mariadb, engine_redis;

/* By the name of its own, or as a secret spells it; NULL: there is none. */
const struct engine *engine_find(const char *name);

#endif
