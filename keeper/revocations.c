/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * revocations.c - a list, and the same as JSON in a file that is replaced as a whole.
 */
#include "keeper/revocations.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <time.h>

#include "keeper/secret_id.h"
#include "keeper/statefile.h"

/* ---- names ---- */

static const char *const kind_names[] = {[REVOKED_NOTHING] = "",
                                         [REVOKED_SECRET] = "secret",
                                         [REVOKED_VERSION] = "version",
                                         [REVOKED_USER] = "user"};

const char *revocation_kind_name(enum revocation_kind kind)
{
    return kind_names[kind];
}

enum revocation_kind revocation_kind_of(const char *name)
{
    for (size_t i = REVOKED_SECRET; i < sizeof kind_names / sizeof *kind_names; i++)
        if (strcmp(kind_names[i], name) == 0)
            return (enum revocation_kind)i;
    return REVOKED_NOTHING;
}

void revocation_say(const struct revocation *revocation, char out_text[REVOCATIONS_TEXT_MAX])
{
    char when[32] = "";
    time_t seconds = (time_t)(revocation->at_ms / 1000);
    struct tm parts;
    if (gmtime_r(&seconds, &parts))
        (void)strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S UTC", &parts);
    bool is_version = revocation->kind == REVOKED_VERSION;
    (void)snprintf(out_text, REVOCATIONS_TEXT_MAX,
                   "%s%s%.64s%s%.120s was revoked by %.64s on %s%s%s", is_version ? "version " : "",
                   revocation->version, is_version ? " of secret " : kind_names[revocation->kind],
                   is_version ? "" : " ", revocation->name, revocation->by, when,
                   *revocation->reason ? ": " : "", revocation->reason);
}

/* ---- one of them ---- */

static void clear(struct revocation *revocation)
{
    const char *const texts[] = {revocation->name, revocation->version, revocation->by,
                                 revocation->reason};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free((void *)(uintptr_t)texts[i]);
    *revocation = (struct revocation){.kind = REVOKED_NOTHING};
}

static bool copy(const struct revocation *from, struct revocation *out)
{
    *out = *from;
    out->name = strdup(from->name);
    out->version = strdup(from->version);
    out->by = strdup(from->by);
    out->reason = strdup(from->reason);
    if (out->name && out->version && out->by && out->reason)
        return true;
    clear(out);
    return false;
}

static cJSON *to_json(const struct revocation *revocation)
{
    cJSON *object = cJSON_CreateObject();
    bool put = cJSON_AddStringToObject(object, "kind", kind_names[revocation->kind]) &&
               cJSON_AddStringToObject(object, "name", revocation->name) &&
               cJSON_AddStringToObject(object, "version", revocation->version) &&
               cJSON_AddNumberToObject(object, "uid", (double)revocation->uid) &&
               cJSON_AddStringToObject(object, "by", revocation->by) &&
               cJSON_AddStringToObject(object, "reason", revocation->reason) &&
               cJSON_AddNumberToObject(object, "at_ms", (double)revocation->at_ms);
    if (put)
        return object;
    cJSON_Delete(object);
    return NULL;
}

static const char *text_of(const cJSON *object, const char *member)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, member));
}

static double number_of(const cJSON *object, const char *member)
{
    const cJSON *number = cJSON_GetObjectItemCaseSensitive(object, member);
    return cJSON_IsNumber(number) ? number->valuedouble : -1;
}

/* Borrows the texts of `object`. */
static bool of_json(const cJSON *object, struct revocation *out)
{
    double uid = number_of(object, "uid"), at_ms = number_of(object, "at_ms");
    const char *kind = text_of(object, "kind");
    *out = (struct revocation){.name = text_of(object, "name"),
                               .version = text_of(object, "version"),
                               .by = text_of(object, "by"),
                               .reason = text_of(object, "reason")};
    if (!kind || !out->name || !out->version || !out->by || !out->reason)
        return false;
    out->kind = revocation_kind_of(kind);
    if (out->kind == REVOKED_NOTHING || uid < 0 || uid > UINT32_MAX || at_ms < 0 || at_ms > 1e15)
        return false;
    out->uid = (uid_t)uid;
    out->at_ms = (int64_t)at_ms;
    return true;
}

/* ---- the list ---- */

/* What `kind` has no use for is "" or 0. */
static struct revocation *find(const struct revocations *revocations, enum revocation_kind kind,
                               const char *name, const char *version, uid_t uid)
{
    for (size_t i = 0; i < revocations->count; i++) {
        struct revocation *at = &revocations->list[i];
        if (at->kind != kind || strcmp(at->version, version) != 0)
            continue;
        if (kind == REVOKED_USER ? at->uid == uid : secret_id_same(at->name, name))
            return at;
    }
    return NULL;
}

static struct revocation *find_like(const struct revocations *revocations,
                                    const struct revocation *like)
{
    return find(revocations, like->kind, like->name, like->version, like->uid);
}

static enum smcred_status keep(struct revocations *revocations, const struct revocation *revocation)
{
    struct revocation own;
    struct revocation *there = find_like(revocations, revocation);
    if (!there && revocations->count == REVOCATIONS_MAX)
        return SMCRED_LIMITED;
    if (!copy(revocation, &own))
        return SMCRED_NO_MEMORY;
    if (there) {
        clear(there);
        *there = own;
        return SMCRED_OK;
    }
    struct revocation *list =
        realloc(revocations->list, (revocations->count + 1) * sizeof *revocations->list);
    if (!list) {
        clear(&own);
        return SMCRED_NO_MEMORY;
    }
    revocations->list = list;
    list[revocations->count++] = own;
    return SMCRED_OK;
}

static void drop(struct revocations *revocations, struct revocation *revocation)
{
    clear(revocation);
    *revocation = revocations->list[--revocations->count];
}

const struct revocation *revocations_of_secret(const struct revocations *revocations,
                                               const char *secret_id)
{
    return find(revocations, REVOKED_SECRET, secret_id, "", 0);
}

const struct revocation *revocations_of_version(const struct revocations *revocations,
                                                const struct sm_snapshot *snapshot)
{
    for (size_t i = 0; i < revocations->count; i++) {
        const struct revocation *at = &revocations->list[i];
        if (at->kind == REVOKED_VERSION && strcmp(at->version, snapshot->version_id) == 0 &&
            (secret_id_same(at->name, snapshot->name) || secret_id_same(at->name, snapshot->arn)))
            return at;
    }
    return NULL;
}

bool revocations_have_users(const struct revocations *revocations)
{
    for (size_t i = 0; i < revocations->count; i++)
        if (revocations->list[i].kind == REVOKED_USER)
            return true;
    return false;
}

const struct revocation *revocations_of_user(const struct revocations *revocations, uid_t uid)
{
    return find(revocations, REVOKED_USER, "", "", uid);
}

/* ---- the file ---- */

static char *print(const struct revocations *revocations)
{
    cJSON *document = cJSON_CreateObject();
    cJSON *list = cJSON_AddArrayToObject(document, "revocations");
    char *text = NULL;
    for (size_t i = 0; list && i < revocations->count; i++) {
        cJSON *object = to_json(&revocations->list[i]);
        if (!object || !cJSON_AddItemToArray(list, object)) {
            cJSON_Delete(object);
            list = NULL;
        }
    }
    if (list)
        text = cJSON_Print(document);
    cJSON_Delete(document);
    return text;
}

static enum smcred_status save(const struct revocations *revocations, struct sm_error *err)
{
    char *text = print(revocations);
    if (!text)
        return sm_error_set(err, SMCRED_SYSTEM, "%s is not written: out of memory",
                            revocations->path);
    enum smcred_status status = statefile_replace(revocations->path, text);
    cJSON_free(text);
    return status == SMCRED_OK ? status
                               : sm_error_set(err, SMCRED_SYSTEM, "%s is not written: %s",
                                              revocations->path, strerror(errno));
}

static enum smcred_status parse(struct revocations *revocations, const char *text,
                                struct sm_error *err)
{
    cJSON *document = cJSON_Parse(text);
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(document, "revocations"), *object;
    enum smcred_status status = cJSON_IsArray(list) ? SMCRED_OK : SMCRED_INVALID;
    cJSON_ArrayForEach(object, list)
    {
        struct revocation revocation;
        if (status == SMCRED_OK)
            status = of_json(object, &revocation) ? keep(revocations, &revocation) : SMCRED_INVALID;
    }
    cJSON_Delete(document);
    if (status == SMCRED_OK)
        return status;
    return sm_error_set(err, status,
                        "%s is damaged: mend it, or remove it if nothing shall be revoked",
                        revocations->path);
}

static enum smcred_status read_file(struct revocations *revocations, struct sm_error *err)
{
    sm_autofree char *text = NULL;
    enum smcred_status status = statefile_read(revocations->path, &text, err);
    return status == SMCRED_OK && text ? parse(revocations, text, err) : status;
}

enum smcred_status revocations_load(const char *directory, struct revocations **out_revocations,
                                    struct sm_error *err)
{
    struct revocations *revocations = calloc(1, sizeof *revocations);
    if (!revocations || asprintf(&revocations->path, "%s/" REVOCATIONS_FILE, directory) < 0) {
        free(revocations);
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    }
    enum smcred_status status = read_file(revocations, err);
    if (status == SMCRED_OK)
        *out_revocations = revocations;
    else
        revocations_free(revocations);
    return status;
}

void revocations_free(struct revocations *revocations)
{
    if (!revocations)
        return;
    while (revocations->count > 0)
        drop(revocations, revocations->list);
    free(revocations->list);
    free(revocations->path);
    free(revocations);
}

enum smcred_status revocations_add(struct revocations *revocations,
                                   const struct revocation *revocation, struct sm_error *err)
{
    enum smcred_status status = keep(revocations, revocation);
    if (status != SMCRED_OK)
        return sm_error_set(err, status, "%s",
                            status == SMCRED_LIMITED ? "1024 revocations are in force"
                                                     : "out of memory");
    return save(revocations, err);
}

enum smcred_status revocations_lift(struct revocations *revocations,
                                    const struct revocation *revocation, struct sm_error *err)
{
    struct revocation *there = find_like(revocations, revocation);
    if (!there)
        return sm_error_set(err, SMCRED_NOT_FOUND, "no such revocation is in force");
    struct revocation kept = *there;
    *there = revocations->list[--revocations->count];
    enum smcred_status status = save(revocations, err);
    if (status == SMCRED_OK)
        clear(&kept);
    else
        revocations->list[revocations->count++] = kept;
    return status;
}
