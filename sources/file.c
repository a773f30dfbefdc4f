/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * file.c - the module libsmcred_source_file.so: secrets in a file, for hosts without any Secrets
 * Manager.
 *
 *   {"prod/orders/db": {"username": "app", "password": "...", "host": "...", "port": 5432},
 *    "prod/billing":   {"AWSCURRENT": {...}, "AWSPREVIOUS": {...}, "AWSPENDING": {...}}}
 *
 * or the same as INI (inifile.h).  The file is ours, or root's if we are root, and nobody else has
 * access; that is asked again each time it is read.  It is kept as text in the vault and parsed
 * when asked, so that no parsed copy stays in ordinary memory.
 */
#include <pthread.h>
#include <stdio.h>

#include "sources/inifile.h"
#include "sources/json.h"
#include "sources/module.h"
#include "sources/ownfile.h"
#include "sources/value.h"

#define CURRENT        "AWSCURRENT"
#define VERSION_ID     "VersionId"
#define VERSION_ID_MAX 65 /* bytes, NUL included */

static const char *const labels[] = {CURRENT, "AWSPENDING", "AWSPREVIOUS"};

struct sm_source {
    struct sm_vault *vault;
    char *path;
    bool keep;
    pthread_mutex_t lock;   /* of what follows */
    struct sm_secret *text; /* the file as read last; NULL if that failed */
    struct stat about;
};

static bool knows(const char *key)
{
    return strcmp(key, "path") == 0 || strcmp(key, "keep") == 0;
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mode == b->st_mode && a->st_uid == b->st_uid &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* Reads the file again if it is another one than last time.  Under the lock. */
static enum smcred_status refresh(struct sm_source *source, struct sm_error *err)
{
    struct stat now;
    if (source->text && lstat(source->path, &now) == 0 && is_same_file(&now, &source->about))
        return SMCRED_OK;
    sm_secret_free(source->text);
    source->text = NULL;
    return own_file_read(source->path, OWN_FILE_SECRET, source->vault, &source->text,
                         &source->about, err);
}

/* The file as JSON, whichever form it has.  Under the lock. */
static enum smcred_status parse(const struct sm_source *source, cJSON **out_json,
                                struct sm_error *err)
{
    struct sm_bytes text = sm_secret_view(source->text);
    const char *start = text.data;
    size_t at = 0, line = 0;
    while (at < text.len && strchr(" \t\r\n", start[at]) && start[at])
        at++;
    if (at < text.len && start[at] != '{') {
        *out_json = ini_file_parse(text, &line);
        if (*out_json)
            return SMCRED_OK;
        return sm_error_set(err, SMCRED_INVALID, "%s: line %zu is no INI we can read", source->path,
                            line);
    }
    cJSON *json = json_parse(text);
    if (!cJSON_IsObject(json)) {
        json_free(json);
        return sm_error_set(err, SMCRED_INVALID, "%s: is not a JSON object of secrets",
                            source->path);
    }
    *out_json = json;
    return SMCRED_OK;
}

static void close_source(struct sm_source *source)
{
    if (!source)
        return;
    sm_secret_free(source->text);
    free(source->path);
    (void)pthread_mutex_destroy(&source->lock); /* nobody holds it */
    free(source);
}

static enum smcred_status fill_source(struct sm_source *source,
                                      const struct sm_source_settings *settings,
                                      struct sm_error *err)
{
    json_auto cJSON *json = NULL;
    const char *path = module_setting(settings, "path");
    if (!path || path[0] != '/')
        return sm_error_set(err, SMCRED_INVALID, "path is %s", path ? "not absolute" : "not given");
    source->path = strdup(path);
    if (!source->path)
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    enum smcred_status status = module_switch(settings, "keep", &source->keep, err);
    if (status == SMCRED_OK) /* what is wrong with the file is said at once */
        status = refresh(source, err);
    if (status == SMCRED_OK)
        status = parse(source, &json, err);
    return status == SMCRED_OK || status == SMCRED_NO_MEMORY ? status : SMCRED_INVALID;
}

static enum smcred_status open_source(const struct sm_source_settings *settings,
                                      struct sm_vault *vault, struct sm_source **out_source,
                                      struct sm_error *err)
{
    struct sm_source *source = calloc(1, sizeof *source);
    if (!source)
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    source->vault = vault;
    (void)pthread_mutex_init(&source->lock, NULL); /* default attributes: cannot fail */
    enum smcred_status status = fill_source(source, settings, err);
    if (status != SMCRED_OK) {
        close_source(source);
        return status;
    }
    *out_source = source;
    return SMCRED_OK;
}

/* FNV-1a, to tell versions apart; nobody gains by a collision of two files of his own. */
static uint64_t mix(uint64_t hash, const void *data, size_t len)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3u; /* NOLINT: an integer's bytes are no garbage */
    return hash;
}

/*
 * The id of a version that names none: the same until the file changes.  It is made of what the
 * file is, not of what it says: version ids are public, and a hash of a password would let people
 * guess.
 */
static void derive_version_id(const struct stat *about, const char *name, const char *label,
                              char out[VERSION_ID_MAX])
{
    const uint64_t parts[] = {about->st_dev, about->st_ino, (uint64_t)about->st_size,
                              (uint64_t)about->st_mtim.tv_sec, (uint64_t)about->st_mtim.tv_nsec};
    uint64_t hash[2] = {0xcbf29ce484222325u, 0x84222325cbf29ce4u};
    for (size_t i = 0; i < 2; i++) {
        hash[i] = mix(hash[i], parts, sizeof parts);
        hash[i] = mix(hash[i], name, strlen(name) + 1);
        hash[i] = mix(hash[i], label, strlen(label) + 1);
    }
    (void)snprintf(out, VERSION_ID_MAX, "file-%016llx%016llx", (unsigned long long)hash[0],
                   (unsigned long long)hash[1]); /* fits: 37 characters */
}

/* One version of one secret in the file. */
struct version {
    const cJSON *value; /* an object, or a string that is the password */
    const char *label;
    char id[VERSION_ID_MAX];
};

static bool is_by_label(const cJSON *secret)
{
    const cJSON *item;
    return cJSON_IsObject(secret) && json_member(secret, CURRENT, &item) &&
           (cJSON_IsObject(item) || cJSON_IsString(item));
}

/* The version with that label; false if there is none, or it is there twice. */
static bool find_version(const struct sm_source *source, const char *name, const cJSON *secret,
                         const char *label, struct version *out_version)
{
    const cJSON *value = strcmp(label, CURRENT) == 0 ? secret : NULL;
    if (is_by_label(secret) && !json_member(secret, label, &value))
        return false;
    if (!cJSON_IsObject(value) && !cJSON_IsString(value))
        return false;
    const char *id = json_text(value, VERSION_ID);
    *out_version = (struct version){.value = value, .label = label};
    if (id && id[0] && strlen(id) < VERSION_ID_MAX)
        memcpy(out_version->id, id, strlen(id) + 1);
    else
        derive_version_id(&source->about, name, label, out_version->id);
    return true;
}

static bool choose_version(const struct sm_source *source, const struct sm_source_query *query,
                           const cJSON *secret, struct version *out_version)
{
    const char *wanted = query->stage ? query->stage : query->version_id ? NULL : CURRENT;
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        if (wanted && strcmp(labels[i], wanted) != 0)
            continue;
        if (find_version(source, query->secret_id, secret, labels[i], out_version) &&
            (!query->version_id || strcmp(query->version_id, out_version->id) == 0))
            return true;
    }
    return false;
}

static enum smcred_status make_snapshot(struct sm_source *source,
                                        const struct sm_source_query *query,
                                        const struct version *version,
                                        struct sm_snapshot **out_snapshot, struct sm_error *err)
{
    sm_autosecret struct sm_secret *value = NULL;
    const struct sm_snapshot about = {
        .name = query->secret_id, .version_id = version->id, .stages = version->label};
    bool is_text = cJSON_IsString(version->value);
    char *text = is_text ? version->value->valuestring : cJSON_PrintUnformatted(version->value);
    if (!text)
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    enum smcred_status status = sm_secret_new(source->vault, sm_bytes_of(text), &value);
    if (!is_text)
        cJSON_free(text); /* wiped by wipe_free() */
    if (status != SMCRED_OK)
        return sm_error_set(err, status, "%s: %s", source->path, sm_status_text(status));
    return value_snapshot(source->vault, &about, value, source->keep, out_snapshot, err);
}

/* Finds the secret in the file as it is now.  Under the lock. */
static enum smcred_status look_up(struct sm_source *source, const char *name, cJSON **out_json,
                                  const cJSON **out_secret, struct sm_error *err)
{
    json_auto cJSON *json = NULL;
    enum smcred_status status = refresh(source, err);
    if (status == SMCRED_OK)
        status = parse(source, &json, err);
    if (status != SMCRED_OK) /* the file is at fault, not the secret: what is cached may serve on */
        return status == SMCRED_NO_MEMORY ? status : SMCRED_UNAVAILABLE;
    if (!json_member(json, name, out_secret))
        return sm_error_set(err, SMCRED_INVALID, "%s: that secret is there twice", source->path);
    if (!*out_secret)
        return sm_error_set(err, SMCRED_NOT_FOUND, "%s: has no such secret", source->path);
    *out_json = json;
    json = NULL;
    return SMCRED_OK;
}

static enum smcred_status fetch_locked(struct sm_source *source,
                                       const struct sm_source_query *query,
                                       struct sm_snapshot **out_snapshot, struct sm_error *err)
{
    json_auto cJSON *json = NULL;
    const cJSON *secret;
    struct version version;
    enum smcred_status status = look_up(source, query->secret_id, &json, &secret, err);
    if (status != SMCRED_OK)
        return status;
    if (!choose_version(source, query, secret, &version))
        return sm_error_set(err, SMCRED_NOT_FOUND, "%s: has no such version or stage of it",
                            source->path);
    return make_snapshot(source, query, &version, out_snapshot, err);
}

static enum smcred_status fetch(struct sm_source *source, const struct sm_source_query *query,
                                struct sm_snapshot **out_snapshot, struct sm_error *err)
{
    (void)pthread_mutex_lock(&source->lock); /* fails only when misused */
    enum smcred_status status = fetch_locked(source, query, out_snapshot, err);
    (void)pthread_mutex_unlock(&source->lock);
    return status;
}

static enum smcred_status stages_locked(struct sm_source *source,
                                        const struct sm_source_query *query,
                                        struct sm_stage_map *out_map, struct sm_error *err)
{
    json_auto cJSON *json = NULL;
    const cJSON *secret;
    struct version version;
    size_t count = 0;
    enum smcred_status status = look_up(source, query->secret_id, &json, &secret, err);
    if (status != SMCRED_OK)
        return status;
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        if (!find_version(source, query->secret_id, secret, labels[i], &version))
            continue;
        struct sm_stage *stage = &out_map->list[count++]; /* there are fewer labels than rows */
        memcpy(stage->version_id, version.id, sizeof version.id);
        (void)snprintf(stage->label, sizeof stage->label, "%s", version.label); /* fits */
    }
    out_map->count = count;
    out_map->fixed = false; /* a file is edited in place, its VersionIds perhaps not */
    out_map->deleted = false;
    out_map->rotated_at_ms = out_map->next_rotation_ms = 0;
    return SMCRED_OK;
}

static enum smcred_status read_stages(struct sm_source *source, const struct sm_source_query *query,
                                      struct sm_stage_map *out_map, struct sm_error *err)
{
    (void)pthread_mutex_lock(&source->lock); /* fails only when misused */
    enum smcred_status status = stages_locked(source, query, out_map, err);
    (void)pthread_mutex_unlock(&source->lock);
    return status;
}

const struct sm_source_ops smcred_source = {.abi = SM_SOURCE_ABI,
                                            .name = "file",
                                            .knows = knows,
                                            .open = open_source,
                                            .close = close_source,
                                            .fetch = fetch,
                                            .stages = read_stages};
