/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * source.h - the vtable of a source module, libsmcred_source_NAME.so, loaded by name.
 *
 * A module exports one symbol, `smcred_source`, of type struct sm_source_ops.  The keeper (or a
 * tool with an administrator's own credentials) opens it once per configuration and calls fetch()
 * from several threads at once.  A module logs nothing and never exits: it returns a status and a
 * sentence.
 */
#ifndef SM_SOURCE_H
#define SM_SOURCE_H

#include "common/secret.h"
#include "common/snapshot.h"
#include "common/status.h"

#define SM_SOURCE_ABI    4
#define SM_SOURCE_SYMBOL "smcred_source"

struct sm_source; /* a module's own */

/* The keys of the module's section of smcred.conf ([aws] for secretsmanager, [file] for file). */
struct sm_source_setting {
    const char *key;
    const char *value;
};

struct sm_source_settings {
    const struct sm_source_setting *list;
    size_t count;
};

struct sm_source_query {
    const char *secret_id;  /* name or ARN */
    const char *version_id; /* NULL: by stage */
    const char *stage;      /* NULL: AWSCURRENT */
    int64_t deadline_ms;    /* sm_boot_ms(); all retries included */
};

#define SM_STAGES_MAX 64 /* labels of one secret */

/* One row of DescribeSecret's VersionIdsToStages. */
struct sm_stage {
    char version_id[65];
    char label[257];
};

/* What is to be known of a secret without its value. */
struct sm_stage_map {
    bool fixed;               /* what a version holds never changes, as at AWS */
    bool deleted;             /* scheduled for deletion: no value of it can be read */
    bool rotates;             /* RotateSecret makes its next version: it has a rotation function */
    int64_t rotated_at_ms;    /* wall clock; 0: not said */
    int64_t next_rotation_ms; /* likewise; it may be past */
    size_t count;
    struct sm_stage list[SM_STAGES_MAX];
};

#define SM_STAGES_MANY_MAX                                                                         \
    10 /* secrets of one call: a filter of ListSecrets takes so many names                         \
        */

struct sm_source_ops {
    uint32_t abi; /* SM_SOURCE_ABI */
    const char *name;

    /* True for a key this module knows, so that a misspelt one can be refused with its line. */
    bool (*knows)(const char *key);

    /*
     * `settings` are borrowed for the call.  `vault` outlives the source.
     * Errors: SMCRED_INVALID (a setting; err names it), SMCRED_UNAVAILABLE, SMCRED_NO_MEMORY.
     */
    /* What it says of a setting begins with the setting's name or value: so its line is found. */
    enum smcred_status (*open)(const struct sm_source_settings *settings, struct sm_vault *vault,
                               struct sm_source **out_source, struct sm_error *err);
    void (*close)(struct sm_source *source);

    /*
     * Reads one version.
     *   out_snapshot  free with sm_snapshot_unref(); untouched on failure
     * Errors: SMCRED_NOT_FOUND (secret, version or stage), SMCRED_DENIED, SMCRED_UNAVAILABLE
     * (network, TLS, 5xx, after its retries), SMCRED_LIMITED (throttled, after its retries),
     * SMCRED_TIMED_OUT, SMCRED_INVALID (the value is not one we can use; err says why).
     */
    enum smcred_status (*fetch)(struct sm_source *source, const struct sm_source_query *query,
                                struct sm_snapshot **out_snapshot, struct sm_error *err);

    /*
     * The stage map, without a value: cheaper than fetch(), and no permission to read the value is
     * needed.  NULL if the source has none.
     *   out_map  untouched on failure, but for `list`
     * Errors: those of fetch(); SMCRED_TOO_LARGE: more labels than there is room for.
     */
    enum smcred_status (*stages)(struct sm_source *source, const struct sm_source_query *query,
                                 struct sm_stage_map *out_map, struct sm_error *err);

    /*
     * The stage maps of several secrets in one call; they may be some minutes old, so that they are
     * hints.  NULL if the source cannot.
     *   count      1..SM_STAGES_MANY_MAX
     *   out_maps   as many
     *   out_found  likewise; false: nothing was said of that secret
     * Errors: those of fetch(); SMCRED_DENIED is of the call, not of a secret.
     */
    enum smcred_status (*stages_many)(struct sm_source *source, const char *const *secret_ids,
                                      size_t count, int64_t deadline_ms,
                                      struct sm_stage_map *out_maps, bool *out_found,
                                      struct sm_error *err);

    /*
     * One administrator's operation ("CreateSecret"), JSON in and out.  NULL if the source cannot.
     *   out_answer  free with sm_secret_free(); may hold a secret value
     */
    enum smcred_status (*call)(struct sm_source *source, const char *operation,
                               const struct sm_secret *request, int64_t deadline_ms,
                               struct sm_secret **out_answer, struct sm_error *err);
};

#endif
