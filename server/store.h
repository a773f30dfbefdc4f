/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store.h - what is kept on disk: secrets, their versions, labels and tags, and access keys.
 *
 * A server and commands may hold the store at a time, each in one thread.  Values come and go
 * sealed; the store never sees a plaintext.  Errors not named: SMCRED_SYSTEM (the database failed;
 * it has been logged nowhere, server_store_error() says why), SMCRED_NO_MEMORY.
 */
#ifndef SERVER_STORE_H
#define SERVER_STORE_H

#include "common/bytes.h"
#include "common/status.h"

#define SERVER_UTF8_MAX        4 /* bytes of one character */
#define SERVER_NAME_MAX        512
#define SERVER_ARN_MAX         640
#define SERVER_DESCRIPTION_MAX (2048 * SERVER_UTF8_MAX)
#define SERVER_KMS_KEY_MAX     (2048 * SERVER_UTF8_MAX)
#define SERVER_VERSION_ID_MAX  (64 * SERVER_UTF8_MAX)
#define SERVER_LABEL_MAX       (256 * SERVER_UTF8_MAX)
#define SERVER_KEY_ID_MAX      128
#define SERVER_PRINCIPAL_MAX   256
#define SERVER_KMS_ID_MAX      36
#define SERVER_WRAPPED_LEN     60   /* bytes of a data key wrapped */
#define SERVER_TRUST_MAX       2048 /* bytes */

#define SERVER_REGION_MAX  63
#define SERVER_ACCOUNT_LEN 12

struct server_store;

/* Where a secret is, and where a caller calls. */
struct server_place {
    char account[SERVER_ACCOUNT_LEN + 1];
    char region[SERVER_REGION_MAX + 1];
};

struct server_secret {
    int64_t row;
    struct server_place place;
    char name[SERVER_NAME_MAX + 1];
    char arn[SERVER_ARN_MAX + 1];
    char description[SERVER_DESCRIPTION_MAX + 1];
    char kms_key_id[SERVER_KMS_KEY_MAX + 1]; /* as given; "" is the default key */
    int64_t created_ms;
    int64_t changed_ms;
    int64_t accessed_ms; /* 00:00 UTC of the day; 0: never, as in the other times */
    int64_t deleted_ms;  /* when deletion was asked for */
    int64_t purge_ms;    /* when it comes true */
    bool tagged;         /* has or had tags */
    char primary_region[SERVER_REGION_MAX + 1]; /* of a replica; "" */
};

/* A ciphertext, and what opens it. */
struct server_sealed {
    uint8_t *bytes; /* allocated */
    size_t len;
    int64_t material; /* of a KMS key, which wraps the data key; 0: `bytes` has all, under the
                         master key */
    uint8_t wrapped[SERVER_WRAPPED_LEN];
};

enum server_kind { SERVER_KIND_NONE, SERVER_KIND_TEXT, SERVER_KIND_BINARY };

struct server_version {
    int64_t row;
    char id[SERVER_VERSION_ID_MAX + 1];
    int64_t created_ms;
    int64_t accessed_ms;
    enum server_kind kind;
    struct server_sealed sealed;         /* free with server_version_done() */
    char kms_key[SERVER_KMS_ID_MAX + 1]; /* id of that key; "": the default one */
    bool kms_disabled;
};

/*
 * Opens, and makes or upgrades if need be, the database at `path`; ":memory:" lives until closed.
 * Errors: SMCRED_UNAVAILABLE (another process kept it too long), SMCRED_INVALID (not ours, or of a
 * newer version), SMCRED_SYSTEM.
 */
SM_MUST_CHECK enum smcred_status
server_store_open(const char *path, struct server_store **out_store, struct sm_error *err);
void server_store_close(struct server_store *store);
const char *server_store_error(const struct server_store *store);

/* All of an operation's changes, or none.  A committed change survives a power cut. */
SM_MUST_CHECK enum smcred_status server_store_begin(struct server_store *store);
/*
 * The same for an operation that reads, or notes only that it has read: no lock is taken before it
 * writes, and writing may answer SMCRED_UNAVAILABLE where another process was faster.  What it
 * wrote is never half there, but a power cut may undo it.
 */
SM_MUST_CHECK enum smcred_status server_store_begin_reading(struct server_store *store);
SM_MUST_CHECK enum smcred_status server_store_commit(struct server_store *store);
void server_store_rollback(struct server_store *store);

/* Secrets.  SMCRED_NOT_FOUND where there is none. */
SM_MUST_CHECK enum smcred_status server_store_secret_by_name(struct server_store *store,
                                                             const struct server_place *place,
                                                             struct sm_bytes name,
                                                             struct server_secret *out_secret);
SM_MUST_CHECK enum smcred_status server_store_secret_by_row(struct server_store *store, int64_t row,
                                                            struct server_secret *out_secret);
SM_MUST_CHECK enum smcred_status server_store_secret_by_arn(struct server_store *store,
                                                            struct sm_bytes arn,
                                                            struct server_secret *out_secret);
/* Sets secret->row. */
SM_MUST_CHECK enum smcred_status server_store_secret_insert(struct server_store *store,
                                                            struct server_secret *secret);
SM_MUST_CHECK enum smcred_status server_store_secret_update(struct server_store *store,
                                                            const struct server_secret *secret);
SM_MUST_CHECK enum smcred_status server_store_secret_delete(struct server_store *store,
                                                            int64_t row);
/* One whose window has ended.  To look takes no lock. */
SM_MUST_CHECK enum smcred_status server_store_secret_to_purge(struct server_store *store,
                                                              int64_t now_ms,
                                                              struct server_secret *out_secret);

/* The last that was seen of a list, so that what comes and goes meanwhile moves nothing else. */
struct server_spot {
    int64_t at;                    /* a row, or a count where the list says so; 0: the beginning */
    char key[SERVER_NAME_MAX + 1]; /* what the list is sorted by, if not by rows */
};

/*
 * The secrets of a place behind a spot, in an order.  Stops when `visit` answers false.
 */
enum server_order {
    SERVER_ORDER_CREATED,
    SERVER_ORDER_NAME,
    SERVER_ORDER_CHANGED,
    SERVER_ORDER_ACCESSED
};
typedef bool server_secret_visit(void *context, const struct server_secret *secret);
SM_MUST_CHECK enum smcred_status server_store_secrets(struct server_store *store,
                                                      const struct server_place *place,
                                                      enum server_order order, bool descending,
                                                      const struct server_spot *after,
                                                      server_secret_visit *visit, void *context);
/* Where `secret` is in that order. */
void server_spot_of(const struct server_secret *secret, enum server_order order,
                    struct server_spot *out_spot);

/* Versions. */
SM_MUST_CHECK enum smcred_status server_store_version(struct server_store *store, int64_t secret,
                                                      const char *id,
                                                      struct server_version *out_version);
/* Inserts the version, or gives a value to one that had none. */
SM_MUST_CHECK enum smcred_status server_store_version_put(struct server_store *store,
                                                          int64_t secret,
                                                          const struct server_version *version);
SM_MUST_CHECK enum smcred_status server_store_version_accessed(struct server_store *store,
                                                               int64_t secret, const char *id,
                                                               int64_t accessed_ms);
SM_MUST_CHECK enum smcred_status server_store_version_count(struct server_store *store,
                                                            int64_t secret, int64_t *out_count);
/* Removes the oldest version without labels made before `before_ms`; SMCRED_NOT_FOUND if none. */
SM_MUST_CHECK enum smcred_status server_store_version_prune(struct server_store *store,
                                                            int64_t secret, int64_t before_ms);
/*
 * The versions after a row, 0 for all, in the order of creation, without their values.
 *   deprecated  those without labels too
 * Stops when `visit` answers false.
 */
typedef bool server_version_visit(void *context, const struct server_version *version);
SM_MUST_CHECK enum smcred_status server_store_versions(struct server_store *store, int64_t secret,
                                                       bool deprecated, int64_t after,
                                                       server_version_visit *visit, void *context);
void server_version_done(struct server_version *version);

/* Not an error if there is none; its labels go with it. */
SM_MUST_CHECK enum smcred_status server_store_version_delete(struct server_store *store,
                                                             int64_t secret, const char *id);

/* Labels.  Each sits on at most one version of a secret. */
SM_MUST_CHECK enum smcred_status server_store_label(struct server_store *store, int64_t secret,
                                                    const char *label,
                                                    char out_version[SERVER_VERSION_ID_MAX + 1]);
/* Attaches it to `version`, from wherever it was. */
SM_MUST_CHECK enum smcred_status server_store_label_set(struct server_store *store, int64_t secret,
                                                        const char *label, const char *version);
/* Not an error if it is not attached. */
SM_MUST_CHECK enum smcred_status server_store_label_remove(struct server_store *store,
                                                           int64_t secret, const char *label);
SM_MUST_CHECK enum smcred_status server_store_label_count(struct server_store *store,
                                                          int64_t secret, int64_t *out_count);
/* All labels of the secret, version by version; `version` NULL means of all. */
typedef void server_label_visit(void *context, const char *version, const char *label);
SM_MUST_CHECK enum smcred_status server_store_labels(struct server_store *store, int64_t secret,
                                                     const char *version, server_label_visit *visit,
                                                     void *context);

/* Tags. */
SM_MUST_CHECK enum smcred_status server_store_tag_set(struct server_store *store, int64_t secret,
                                                      const char *key, const char *value);
SM_MUST_CHECK enum smcred_status server_store_tag_remove(struct server_store *store, int64_t secret,
                                                         const char *key);
SM_MUST_CHECK enum smcred_status server_store_tag_count(struct server_store *store, int64_t secret,
                                                        int64_t *out_count);
typedef void server_tag_visit(void *context, const char *key, const char *value);
SM_MUST_CHECK enum smcred_status server_store_tags(struct server_store *store, int64_t secret,
                                                   server_tag_visit *visit, void *context);

/* Rotation: how a secret is rotated, and how far it is. */
#define SERVER_FUNCTION_ARN_MAX  (2048 * SERVER_UTF8_MAX)
#define SERVER_FUNCTION_PATH_MAX 4096
#define SERVER_FUNCTION_USER_MAX 64
#define SERVER_EXPRESSION_MAX    256
#define SERVER_DURATION_MAX      3

/* Of a rotation function, in the order they are taken. */
enum server_step { SERVER_STEP_CREATE, SERVER_STEP_SET, SERVER_STEP_TEST, SERVER_STEP_FINISH };

struct server_rotation {
    int64_t secret; /* its row */
    bool enabled;
    char function_arn[SERVER_FUNCTION_ARN_MAX + 1];
    int32_t days; /* AutomaticallyAfterDays, given or worked out of the schedule; 0: none */
    char schedule[SERVER_EXPRESSION_MAX + 1]; /* "": by days */
    char duration[SERVER_DURATION_MAX + 1];
    int64_t rotated_ms; /* 0: never */
    int64_t opens_ms;   /* the next window; 0: none */
    int64_t closes_ms;
    /* the one under way */
    char token[SERVER_VERSION_ID_MAX + 1]; /* "": none is */
    enum server_step step;
    bool is_test; /* testSecret alone, on a copy of the value */
    int32_t failures;
    int64_t wake_ms; /* when there is something to do; 0: never */
};
/* SMCRED_NOT_FOUND where it was never configured. */
SM_MUST_CHECK enum smcred_status server_store_rotation(struct server_store *store, int64_t secret,
                                                       struct server_rotation *out_rotation);
SM_MUST_CHECK enum smcred_status server_store_rotation_put(struct server_store *store,
                                                           const struct server_rotation *rotation);
/* Those of secrets not scheduled for deletion that are to be woken by now.  Stops at false. */
typedef bool server_rotation_visit(void *context, int64_t secret);
SM_MUST_CHECK enum smcred_status server_store_rotations_due(struct server_store *store,
                                                            int64_t now_ms,
                                                            server_rotation_visit *visit,
                                                            void *context);

struct server_function {
    char arn[SERVER_FUNCTION_ARN_MAX + 1];
    char path[SERVER_FUNCTION_PATH_MAX + 1];
    char user[SERVER_FUNCTION_USER_MAX + 1]; /* "": the server's own */
    char reads[SERVER_ARN_MAX + 1];          /* ARN of a secret it may read besides; "" */
    int32_t timeout_s;                       /* of each step */
};
SM_MUST_CHECK enum smcred_status server_store_function(struct server_store *store, const char *arn,
                                                       struct server_function *out_function);
SM_MUST_CHECK enum smcred_status server_store_function_put(struct server_store *store,
                                                           const struct server_function *function);
/* SMCRED_NOT_FOUND where there is none. */
SM_MUST_CHECK enum smcred_status server_store_function_remove(struct server_store *store,
                                                              const char *arn);
typedef void server_function_visit(void *context, const struct server_function *function);
SM_MUST_CHECK enum smcred_status
server_store_functions(struct server_store *store, server_function_visit *visit, void *context);

/* Access keys: the secret half sealed. */
struct server_key {
    char id[SERVER_KEY_ID_MAX + 1];
    char principal[SERVER_PRINCIPAL_MAX + 1]; /* ARN of the user */
    int64_t created_ms;
    bool disabled;
};
SM_MUST_CHECK enum smcred_status server_store_key_insert(struct server_store *store,
                                                         const struct server_key *key,
                                                         struct sm_bytes sealed);
/* out_sealed: free with free(). */
SM_MUST_CHECK enum smcred_status server_store_key(struct server_store *store, struct sm_bytes id,
                                                  struct server_key *out_key, uint8_t **out_sealed,
                                                  size_t *out_len);
/* SMCRED_NOT_FOUND where there is none of this id. */
SM_MUST_CHECK enum smcred_status server_store_key_disable(struct server_store *store,
                                                          const char *id, bool disabled);
SM_MUST_CHECK enum smcred_status server_store_key_delete(struct server_store *store,
                                                         const char *id); /* likewise */
typedef void server_key_visit(void *context, const struct server_key *key);
SM_MUST_CHECK enum smcred_status server_store_keys(struct server_store *store,
                                                   server_key_visit *visit, void *context);

/* Users and roles, known by their ARNs. */
struct server_principal {
    char arn[SERVER_PRINCIPAL_MAX + 1];
    char trust[SERVER_TRUST_MAX + 1]; /* a role's trust policy; "" for a user */
    int64_t session_max_s;
};
/* Nothing happens to one that is there. */
SM_MUST_CHECK enum smcred_status server_store_principal_add(struct server_store *store,
                                                            const char *arn, int64_t created_ms);
SM_MUST_CHECK enum smcred_status server_store_principal_trust(struct server_store *store,
                                                              const char *arn, const char *trust,
                                                              int64_t session_max_s);
SM_MUST_CHECK enum smcred_status server_store_principal(struct server_store *store, const char *arn,
                                                        struct server_principal *out_principal);
SM_MUST_CHECK enum smcred_status
server_store_principal_age(struct server_store *store, const char *arn, int64_t *out_created_ms);
/* With its policies and tags.  SMCRED_NOT_FOUND where there is none. */
SM_MUST_CHECK enum smcred_status server_store_principal_delete(struct server_store *store,
                                                               const char *arn);
typedef void server_pair_visit(void *context, const char *name, const char *value);
/* ARN and the longest session, in seconds. */
SM_MUST_CHECK enum smcred_status server_store_roles(struct server_store *store,
                                                    server_pair_visit *visit, void *context);
SM_MUST_CHECK enum smcred_status server_store_policy_put(struct server_store *store,
                                                         const char *principal, const char *name,
                                                         const char *document);
SM_MUST_CHECK enum smcred_status
server_store_policy_delete(struct server_store *store, const char *principal, const char *name);
SM_MUST_CHECK enum smcred_status server_store_policies(struct server_store *store,
                                                       const char *principal,
                                                       server_pair_visit *visit, void *context);
SM_MUST_CHECK enum smcred_status server_store_principal_tag(struct server_store *store,
                                                            const char *principal, const char *key,
                                                            const char *value);
SM_MUST_CHECK enum smcred_status server_store_principal_tags(struct server_store *store,
                                                             const char *principal,
                                                             server_pair_visit *visit,
                                                             void *context);

/* Resource policies.  SMCRED_NOT_FOUND where the secret has none. */
SM_MUST_CHECK enum smcred_status
server_store_resource_policy_put(struct server_store *store, int64_t secret, const char *document);
/* out_document: free with free(). */
SM_MUST_CHECK enum smcred_status server_store_resource_policy(struct server_store *store,
                                                              int64_t secret, char **out_document);
SM_MUST_CHECK enum smcred_status server_store_resource_policy_delete(struct server_store *store,
                                                                     int64_t secret);

/* Issuers of web identities that an account trusts. */
#define SERVER_ISSUER_MAX      255
#define SERVER_AUDIENCES_MAX   1024
#define SERVER_ISSUER_KEYS_MAX 8192
struct server_issuer {
    char account[SERVER_ACCOUNT_LEN + 1];
    char url[SERVER_ISSUER_MAX + 1];          /* begins with https:// */
    char audiences[SERVER_AUDIENCES_MAX + 1]; /* separated by commas */
    char keys[SERVER_ISSUER_KEYS_MAX + 1];    /* PEM */
};
SM_MUST_CHECK enum smcred_status server_store_issuer_put(struct server_store *store,
                                                         const struct server_issuer *issuer);
SM_MUST_CHECK enum smcred_status server_store_issuer(struct server_store *store,
                                                     const char *account, const char *url,
                                                     struct server_issuer *out_issuer);

/* SMCRED_NOT_FOUND where there is none. */
SM_MUST_CHECK enum smcred_status server_store_issuer_delete(struct server_store *store,
                                                            const char *account, const char *url);
typedef void server_issuer_visit(void *context, const struct server_issuer *issuer);
SM_MUST_CHECK enum smcred_status server_store_issuers(struct server_store *store,
                                                      server_issuer_visit *visit, void *context);

/* Keys of KMS: kms.h. */
enum server_kms_state { SERVER_KMS_ENABLED, SERVER_KMS_DISABLED };
struct server_kms_key {
    int64_t row;
    struct server_place place;
    char id[SERVER_KMS_ID_MAX + 1];
    enum server_kms_state state;
    int64_t created_ms;
    int64_t material; /* row of the latest */
};
/* Sets key->row. */
SM_MUST_CHECK enum smcred_status server_store_kms_insert(struct server_store *store,
                                                         struct server_kms_key *key);
SM_MUST_CHECK enum smcred_status server_store_kms_by_id(struct server_store *store,
                                                        const struct server_place *place,
                                                        const char *id,
                                                        struct server_kms_key *out_key);
/* alias  "alias/NAME" */
SM_MUST_CHECK enum smcred_status server_store_kms_by_alias(struct server_store *store,
                                                           const struct server_place *place,
                                                           const char *alias,
                                                           struct server_kms_key *out_key);
SM_MUST_CHECK enum smcred_status server_store_kms_alias(struct server_store *store,
                                                        const struct server_kms_key *key,
                                                        const char *alias);
/* SMCRED_NOT_FOUND where there is none of this name. */
SM_MUST_CHECK enum smcred_status server_store_kms_unalias(struct server_store *store,
                                                          const struct server_place *place,
                                                          const char *alias);
/* How many data keys it wraps; without one it may be deleted. */
SM_MUST_CHECK enum smcred_status server_store_kms_wraps(struct server_store *store, int64_t key,
                                                        int64_t *out_count);
SM_MUST_CHECK enum smcred_status server_store_kms_delete(struct server_store *store, int64_t key);
SM_MUST_CHECK enum smcred_status server_store_kms_state(struct server_store *store, int64_t key,
                                                        enum server_kms_state state);
/* A policy of its own.  SMCRED_NOT_FOUND where it was given none; out_document: free with free().
 */
SM_MUST_CHECK enum smcred_status server_store_kms_policy(struct server_store *store,
                                                         const struct server_place *place,
                                                         const char *id, char **out_document);
SM_MUST_CHECK enum smcred_status server_store_kms_policy_put(struct server_store *store,
                                                             int64_t key, const char *document);
typedef void server_kms_visit(void *context, const struct server_kms_key *key, const char *aliases);
SM_MUST_CHECK enum smcred_status server_store_kms_keys(struct server_store *store,
                                                       server_kms_visit *visit, void *context);
SM_MUST_CHECK enum smcred_status server_store_kms_material_add(struct server_store *store,
                                                               int64_t key, struct sm_bytes sealed,
                                                               int64_t *out_row);
/* out_sealed: free with free(). */
SM_MUST_CHECK enum smcred_status server_store_kms_material(struct server_store *store, int64_t row,
                                                           int64_t *out_key, uint8_t **out_sealed,
                                                           size_t *out_len);
/* All material of the key but this. */
SM_MUST_CHECK enum smcred_status server_store_kms_material_drop(struct server_store *store,
                                                                int64_t key, int64_t but);

/* Data keys, one a version. */
struct server_data_key {
    int64_t secret, material;
    char version[SERVER_VERSION_ID_MAX + 1];
    uint8_t wrapped[SERVER_WRAPPED_LEN];
    char arn[SERVER_ARN_MAX + 1]; /* of the secret */
    enum server_kind kind;
};
SM_MUST_CHECK enum smcred_status server_store_data_key_put(struct server_store *store,
                                                           int64_t secret, const char *version,
                                                           int64_t material,
                                                           struct sm_bytes wrapped);
/* One that the key has wrapped with other material than `but`. */
SM_MUST_CHECK enum smcred_status server_store_data_key_next(struct server_store *store, int64_t key,
                                                            int64_t but,
                                                            struct server_data_key *out_data_key);

/* Regions a secret is replicated to. */
struct server_replica {
    char region[SERVER_REGION_MAX + 1];
    char kms_key_id[SERVER_KMS_KEY_MAX + 1]; /* as given; "" is the default key */
    bool failed;
    char message[1024];
    /* of one on another server */
    int64_t wake_ms;    /* when it is to be sent; 0: it has been, or it is of this server */
    int64_t attempts;   /* that failed since */
    int64_t change;     /* counts what there was to send */
    int64_t checked_ms; /* when it was known to be there; 0: it is not, or it is of this server */
    bool overwrite, leaving;
};
SM_MUST_CHECK enum smcred_status server_store_replica_put(struct server_store *store,
                                                          int64_t secret,
                                                          const struct server_replica *replica);
SM_MUST_CHECK enum smcred_status server_store_replica_remove(struct server_store *store,
                                                             int64_t secret, const char *region);
SM_MUST_CHECK enum smcred_status server_store_replica(struct server_store *store, int64_t secret,
                                                      const char *region,
                                                      struct server_replica *out_replica);
/* One that is to be sent, or was last checked before.  SMCRED_NOT_FOUND: none is. */
SM_MUST_CHECK enum smcred_status server_store_replica_due(struct server_store *store,
                                                          int64_t now_ms, int64_t checked_ms,
                                                          int64_t *out_secret, char *out_region,
                                                          size_t size);
/* Takes labels, tags and policy away. */
SM_MUST_CHECK enum smcred_status server_store_replica_clear(struct server_store *store,
                                                            int64_t secret);
/* Drops the versions whose ids are not in `ids`, a list in JSON. */
SM_MUST_CHECK enum smcred_status server_store_versions_keep(struct server_store *store,
                                                            int64_t secret, const char *ids);

/* Other servers, by the region they serve. */
#define SERVER_URL_TEXT_MAX 255
struct server_remote {
    char region[SERVER_REGION_MAX + 1];
    char url[SERVER_URL_TEXT_MAX + 1];     /* without a path */
    char ca_file[SERVER_URL_TEXT_MAX + 1]; /* "": the system's */
    char key_id[SERVER_KEY_ID_MAX + 1];
};
SM_MUST_CHECK enum smcred_status server_store_remote_put(struct server_store *store,
                                                         const struct server_remote *remote,
                                                         struct sm_bytes sealed);
/* out_sealed: free with free(). */
SM_MUST_CHECK enum smcred_status server_store_remote(struct server_store *store, const char *region,
                                                     struct server_remote *out_remote,
                                                     uint8_t **out_sealed, size_t *out_len);
typedef void server_remote_visit(void *context, const struct server_remote *remote);
SM_MUST_CHECK enum smcred_status server_store_remotes(struct server_store *store,
                                                      server_remote_visit *visit, void *context);
/* SMCRED_NOT_FOUND where there is none. */
SM_MUST_CHECK enum smcred_status server_store_remote_delete(struct server_store *store,
                                                            const char *region);
/* How many secrets have a replica in the region, and that they have none there. */
SM_MUST_CHECK enum smcred_status server_store_replicas_in(struct server_store *store,
                                                          const char *region, int64_t *out_count);
SM_MUST_CHECK enum smcred_status server_store_replicas_forget(struct server_store *store,
                                                              const char *region);
/* SMCRED_OK, or SMCRED_NOT_FOUND. */
SM_MUST_CHECK enum smcred_status server_store_remote_is_known(struct server_store *store,
                                                              const char *region);

/* The next region in order; "" begins.  SMCRED_NOT_FOUND after the last. */
SM_MUST_CHECK enum smcred_status server_store_replica_after(struct server_store *store,
                                                            int64_t secret, const char *region,
                                                            struct server_replica *out_replica);
/* Makes labels, tags and policy those of `from`, and drops versions it does not have. */
SM_MUST_CHECK enum smcred_status server_store_replica_copy(struct server_store *store, int64_t from,
                                                           int64_t to);

/* Settings of the whole store: region, account. */
SM_MUST_CHECK enum smcred_status server_store_setting_set(struct server_store *store,
                                                          const char *name, const char *value);
SM_MUST_CHECK enum smcred_status server_store_setting(struct server_store *store, const char *name,
                                                      char *out_value, size_t size);

#endif
