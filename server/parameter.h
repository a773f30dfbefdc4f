/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * parameter.h - parameters of Parameter Store on disk: one version of one parameter is one struct.
 *
 * Values come and go sealed.  Errors not named are those of store.h.
 */
#ifndef SERVER_PARAMETER_H
#define SERVER_PARAMETER_H

#include "server/store.h"

#define SERVER_PARAMETER_NAME_MAX  1011 /* characters, all of them ASCII */
#define SERVER_PARAMETER_ARN_MAX   (SERVER_PARAMETER_NAME_MAX + 128)
#define SERVER_PARAMETER_TEXT_MAX  (1024 * SERVER_UTF8_MAX)
#define SERVER_PARAMETER_KEY_MAX   256
#define SERVER_PARAMETER_WORD_MAX  31
#define SERVER_PARAMETER_VERSIONS  100 /* kept */
#define SERVER_PARAMETER_LABELS    10  /* on one version */
#define SERVER_PARAMETER_LABEL_MAX 100

struct server_parameter {
    int64_t row;
    struct server_place place;
    char name[SERVER_PARAMETER_NAME_MAX + 2];  /* begins with a slash; unique in its place */
    char shown[SERVER_PARAMETER_NAME_MAX + 1]; /* as it was created: "x" is "/x" as well */
    int64_t latest;
    /* of the one version */
    int64_t version;
    char type[SERVER_PARAMETER_WORD_MAX + 1];
    char description[SERVER_PARAMETER_TEXT_MAX + 1];
    char pattern[SERVER_PARAMETER_TEXT_MAX + 1];
    char key_id[SERVER_PARAMETER_KEY_MAX + 1]; /* "" unless a SecureString */
    char tier[SERVER_PARAMETER_WORD_MAX + 1];
    char data_type[SERVER_PARAMETER_WORD_MAX + 1];
    int64_t modified_ms;
    char modified_by[SERVER_PRINCIPAL_MAX + 1];
    struct server_sealed sealed;         /* free with server_parameter_done() */
    char kms_key[SERVER_KMS_ID_MAX + 1]; /* id of the key it is under; "": the master key alone */
    bool kms_disabled;
};

void server_parameter_done(struct server_parameter *parameter);
#define server_autoparameter __attribute__((cleanup(server_parameter_done)))

/* Whether it is there, and its row. */
SM_MUST_CHECK enum smcred_status server_store_parameter_row(struct server_store *store,
                                                            const struct server_place *place,
                                                            const char *name, int64_t *out_row);
/* version  0: the latest.  Errors: SMCRED_NOT_FOUND, for the parameter as for the version. */
SM_MUST_CHECK enum smcred_status server_store_parameter(struct server_store *store,
                                                        const struct server_place *place,
                                                        const char *name, int64_t version,
                                                        struct server_parameter *out_parameter);
/* Inserts the parameter if its row is 0, and in any case this version of it, now the latest. */
SM_MUST_CHECK enum smcred_status server_store_parameter_put(struct server_store *store,
                                                            struct server_parameter *parameter);
SM_MUST_CHECK enum smcred_status server_store_parameter_delete(struct server_store *store,
                                                               int64_t row);
/* A version that the key has sealed with other material than `but`; and that with other now. */
SM_MUST_CHECK enum smcred_status
server_store_parameter_under(struct server_store *store, int64_t key, int64_t but,
                             struct server_parameter *out_parameter);
SM_MUST_CHECK enum smcred_status
server_store_parameter_rewrap(struct server_store *store, const struct server_parameter *parameter);
/* How many versions there are, and which is the oldest. */
SM_MUST_CHECK enum smcred_status server_store_parameter_span(struct server_store *store,
                                                             int64_t row, int64_t *out_count,
                                                             int64_t *out_oldest);
SM_MUST_CHECK enum smcred_status server_store_parameter_drop(struct server_store *store,
                                                             int64_t row, int64_t version);

/* The latest of each parameter of the place, by name; or the versions of one, oldest first. */
typedef bool server_parameter_visit(void *context, const struct server_parameter *parameter);
SM_MUST_CHECK enum smcred_status server_store_parameters(struct server_store *store,
                                                         const struct server_place *place,
                                                         server_parameter_visit *visit,
                                                         void *context);
SM_MUST_CHECK enum smcred_status server_store_parameter_history(struct server_store *store,
                                                                int64_t row,
                                                                server_parameter_visit *visit,
                                                                void *context);

/* Labels: one of a name for each parameter.  SMCRED_NOT_FOUND where there is none. */
SM_MUST_CHECK enum smcred_status server_store_parameter_label(struct server_store *store,
                                                              int64_t row, const char *label,
                                                              int64_t *out_version);
SM_MUST_CHECK enum smcred_status server_store_parameter_label_set(struct server_store *store,
                                                                  int64_t row, const char *label,
                                                                  int64_t version);
SM_MUST_CHECK enum smcred_status
server_store_parameter_label_remove(struct server_store *store, int64_t row, const char *label);
typedef void server_text_visit(void *context, const char *text, const char *more);
SM_MUST_CHECK enum smcred_status server_store_parameter_labels(struct server_store *store,
                                                               int64_t row, int64_t version,
                                                               server_text_visit *visit,
                                                               void *context);

SM_MUST_CHECK enum smcred_status server_store_parameter_tag_set(struct server_store *store,
                                                                int64_t row, const char *key,
                                                                const char *value);
SM_MUST_CHECK enum smcred_status server_store_parameter_tag_remove(struct server_store *store,
                                                                   int64_t row, const char *key);
SM_MUST_CHECK enum smcred_status server_store_parameter_tags(struct server_store *store,
                                                             int64_t row, server_text_visit *visit,
                                                             void *context);

#endif
