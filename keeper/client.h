/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * client.h - one connection of S1, as control.c and those that answer for it see it: pam.c,
 * pam_verify.c; nobody else includes it.
 *
 * Every request is answered once, by one of the functions below, at once or from the loop; whoever
 * answers from the loop then frees a client that is gone.
 */
#ifndef KEEPER_CLIENT_H
#define KEEPER_CLIENT_H

#include <cjson/cJSON.h>

#include "keeper/accounts.h"
#include "keeper/control.h"
#include "keeper/policy.h"

struct audit_line;
struct cache_ask;
struct canary;
struct event;
struct pam_request;
struct people_ask;
struct refresh;

struct client {
    struct client *next, *previous;
    struct control *control;
    struct keeper *keeper;
    struct sm_peer peer;
    char name[ACCOUNTS_NAME_MAX]; /* looked up before the first request is read */
    struct people_ask *naming;    /* until then */
    int fd;
    struct event *readable;
    bool gone; /* it cannot be answered any more; who was called by the loop frees it */
    bool busy;
    int64_t last_ms;
    uint16_t verb;
    uint64_t request_id;
    uint64_t audit_id;
    struct cache_ask *ask; /* of RESOLVE */
    const struct config_target
        *target;        /* of RESOLVE and PROVE; of `config`, which is held meanwhile */
    const char *secret; /* the target's */
    struct config *config;
    char stage[257];
    struct refresh *refresh;
    struct canary *canary;   /* of PROVE */
    bool proving;            /* it is under way */
    struct pam_request *pam; /* of pam_smcred's verbs, while it takes time */
};

void client_free(struct client *client);
/* Who asks, and which human is behind it. */
void client_put_who(const struct client *client, struct audit_line *line);

/* ---- answers; each ends the request ---- */

void client_begin_answer(const struct client *client, struct sm_wire_out *out, void *buffer,
                         size_t size);
void client_answer(struct client *client, struct sm_wire_out *out, int fd);
void client_answer_yes(struct client *client);
void client_answer_fd(struct client *client, int fd);
/* Takes the document. */
void client_answer_document(struct client *client, cJSON *document);
void client_refuse(struct client *client, enum smcred_status status, const char *rule,
                   const char *text);
/* There is no audit log, and there must be one. */
void client_refuse_unrecorded(struct client *client);

#endif
