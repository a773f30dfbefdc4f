/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * call.h - the server, and one call to it: what the request handlers share.
 */
#ifndef SERVER_CALL_H
#define SERVER_CALL_H

#include "common/secret.h"
#include "server/errors.h"
#include "server/store.h"

struct cJSON;
struct server_operation;
struct server_rotator;
struct server_service;
struct server_kms;
struct server_signing;
struct server_trail;

#define SERVER_REQUEST_ID_LEN 36                             /* a UUID */
#define SERVER_OURSELVES      "secretsmanager.amazonaws.com" /* where our own calls come from */
#define SERVER_USER_ID_MAX    96                             /* "AROA..." and a session name */

/* What lives as long as the process.  One thread answers all calls. */
struct server {
    struct sm_vault *vault;
    struct sm_secret *master_key;
    struct server_store *store;
    struct server_signing *signing;
    struct server_kms *kms;
    struct server_trail *trail;     /* NULL: none is kept */
    struct server_rotator *rotator; /* NULL: nothing rotates */
    int lock_fd;                    /* -1: somebody else may serve */
    int64_t (*signed_ms)(void);     /* the clock of signatures; NULL: now_ms */
    int64_t (*now_ms)(void);        /* wall clock; tests give their own */
    struct server_place home;       /* of the store: where --init put its first key */
    bool tls;                       /* callers come over TLS */
    const char *regions;            /* served, separated by commas; NULL: any */
};

/*
 * Reads what the open store says about itself, region and account, and sets the clock.  What it
 * made itself goes with server_done(), before store, key and vault.
 */
SM_MUST_CHECK enum smcred_status server_init(struct server *server, struct sm_error *err);
void server_done(struct server *server);

struct server_call {
    struct server *server;
    const struct server_service *service;     /* NULL until known */
    const struct server_operation *operation; /* likewise */
    struct cJSON *input;                      /* NULL until parsed */
    struct cJSON *output;
    int64_t now_ms;
    char request_id[SERVER_REQUEST_ID_LEN + 1];
    /* who */
    char access_key_id[SERVER_KEY_ID_MAX + 1]; /* "" until known */
    char principal[SERVER_PRINCIPAL_MAX + 1];  /* ARN */
    char role[SERVER_PRINCIPAL_MAX + 1];       /* ARN of a session's role; "" for a user */
    char user_id[SERVER_USER_ID_MAX + 1];
    int64_t issued_ms;          /* the session; 0 for a user */
    struct cJSON *session_tags; /* a list; NULL: none */
    char *session_policy;       /* that narrows what the role may; NULL: none */
    struct server_place place;  /* account of the key, region of the credential's scope */
    char source[64];            /* address of the peer */
    char user_agent[256];
    /* which; for operations that name a secret, and for the trail */
    struct server_secret secret; /* row 0: none found */
    char version_id[SERVER_VERSION_ID_MAX + 1];
    /* what came of it */
    enum server_error error;
    char *message;    /* NULL: none */
    bool is_recorded; /* as a success, in the event trail */
};

/* A random UUID, version 4. */
void server_uuid(char out_uuid[SERVER_REQUEST_ID_LEN + 1]);

void server_call_init(struct server_call *call, struct server *server, const char *source);
void server_call_done(struct server_call *call);

/* Says what went wrong; the message is for the caller's eyes and never holds a value. */
enum server_error server_fail(struct server_call *call, enum server_error error, const char *format,
                              ...) SM_PRINTF(3, 4);
/* The same for a failure of our own: logged here, and answered in words that tell nothing. */
enum server_error server_fail_status(struct server_call *call, enum smcred_status status);

/*
 * The answer, result or error, as the service's protocol has it.
 *   body  free with cJSON_free(), which wipes; NULL without memory
 */
struct server_answer {
    char *body;
    const char *type; /* the Content-Type */
    unsigned http_code;
};
struct server_answer server_call_answer(struct server_call *call);

#endif
