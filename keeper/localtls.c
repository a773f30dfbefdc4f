/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * localtls.c - a list by number: there are as many as targets that had a client.
 */
#include "keeper/localtls.h"

#include <stdio.h>

#include "keeper/localca.h"

#define LOCALHOST "localhost" /* what clients verify who were told the target's socket */
#define SPARE_S   (CERTIFICATE_SERVER_SPARE * 3600)
#define LIFE_S    (CERTIFICATE_SERVER_HOURS * 3600)

struct identity {
    char target[INDEX_TARGET_MAX];
    char *names; /* that its certificate is for, by white space */
    struct pemfile file;
    int64_t made_s;
};

struct localtls {
    struct localca *ca; /* NULL: it could not be opened */
    struct identity *list;
    size_t count;
};

enum smcred_status localtls_new(struct localtls **out_localtls)
{
    struct localtls *localtls = calloc(1, sizeof *localtls);
    if (!localtls)
        return SMCRED_NO_MEMORY;
    *out_localtls = localtls;
    return SMCRED_OK;
}

void localtls_free(struct localtls *localtls)
{
    if (!localtls)
        return;
    for (size_t i = 0; i < localtls->count; i++) {
        pemfile_done(&localtls->list[i].file);
        free(localtls->list[i].names);
    }
    free(localtls->list);
    localca_free(localtls->ca);
    free(localtls);
}

/* ---- names ---- */

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorts them, and leaves one of each. */
static size_t thin(const char **list, size_t count)
{
    size_t kept = 0;
    qsort(list, count, sizeof *list, compare);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || strcmp(list[kept - 1], list[i]) != 0)
            list[kept++] = list[i];
    return kept;
}

static size_t put_names(const char **list, size_t count, const struct config_target *target)
{
    for (size_t i = 0; i < target->match_count; i++)
        list[count++] = target->matches[i].host;
    return count;
}

/* Of some targets, each once; the caller frees the list.  NULL for want of memory. */
static const char **names_of(const struct config_target *targets, size_t count, size_t *out_count)
{
    size_t room = 1, used = 0;
    for (size_t i = 0; i < count; i++)
        room += targets[i].match_count;
    const char **list = calloc(room, sizeof *list);
    if (!list)
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (targets[i].local_tls)
            used = put_names(list, used, &targets[i]);
    list[used++] = LOCALHOST;
    *out_count = thin(list, used);
    return list;
}

/* ---- the CA ---- */

static bool is_wanted(const struct config *config)
{
    for (size_t i = 0; i < config->target_count; i++)
        if (config->targets[i].local_tls)
            return true;
    return false;
}

enum smcred_status localtls_update(struct localtls *localtls, const char *state_dir,
                                   const char *runtime_dir, const struct config *config,
                                   int64_t now_s, struct sm_error *err)
{
    struct certificate_names names;
    if (!localtls->ca && !is_wanted(config))
        return SMCRED_OK;
    if (!localtls->ca) {
        enum smcred_status status = localca_new(state_dir, runtime_dir, &localtls->ca, err);
        if (status != SMCRED_OK)
            return status;
    }
    sm_autofree const char **list = names_of(config->targets, config->target_count, &names.count);
    if (!list)
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    names.list = list;
    return localca_constrain(localtls->ca, names, now_s, err);
}

const char *localtls_ca_path(const struct localtls *localtls, const struct config_target *target)
{
    return localtls->ca && target->local_tls ? localca_path(localtls->ca) : NULL;
}

/* ---- one target's ---- */

static char *join(struct certificate_names names)
{
    size_t size = 1;
    for (size_t i = 0; i < names.count; i++)
        size += strlen(names.list[i]) + 1;
    char *text = malloc(size), *at = text;
    for (size_t i = 0; text && i < names.count; i++)
        at += sprintf(at, "%s ", names.list[i]); /* it fits: counted above */
    return text;
}

static struct identity *find(struct localtls *localtls, const char *target)
{
    for (size_t i = 0; i < localtls->count; i++)
        if (strcmp(localtls->list[i].target, target) == 0)
            return &localtls->list[i];
    struct identity *list = realloc(localtls->list, (localtls->count + 1) * sizeof *list);
    if (!list)
        return NULL;
    localtls->list = list;
    struct identity *added = &list[localtls->count++];
    *added = (struct identity){.file = PEMFILE_NONE};
    (void)snprintf(added->target, sizeof added->target, "%s", target); /* it fits */
    return added;
}

/* The clock may have been set back behind its making, too. */
static bool is_current(const struct identity *identity, const char *names, int64_t now_s)
{
    return identity->names && strcmp(identity->names, names) == 0 &&
           now_s >= identity->made_s - CERTIFICATE_EARLY_S / 2 &&
           now_s < identity->made_s + LIFE_S - SPARE_S;
}

/* Takes `*text` once it has succeeded. */
static enum smcred_status renew(const struct localca *ca, struct identity *identity,
                                struct certificate_names names, char **text, int64_t now_s,
                                struct sm_error *err)
{
    struct pemfile file;
    enum smcred_status status = localca_issue(ca, identity->target, names, now_s, &file, err);
    if (status != SMCRED_OK)
        return status;
    pemfile_done(&identity->file);
    free(identity->names);
    identity->file = file;
    identity->names = sm_take_ptr(text);
    identity->made_s = now_s;
    return SMCRED_OK;
}

enum smcred_status localtls_identity(struct localtls *localtls, const struct config_target *target,
                                     int64_t now_s, struct localtls_identity *out_identity,
                                     struct sm_error *err)
{
    struct certificate_names names = {NULL, 0};
    if (!localtls->ca || !target->local_tls)
        return sm_error_set(err, SMCRED_NOT_FOUND, "no TLS towards clients");
    sm_autofree const char **list = names_of(target, 1, &names.count);
    names.list = list;
    sm_autofree char *text = list ? join(names) : NULL;
    struct identity *identity = text ? find(localtls, target->name) : NULL;
    if (!identity)
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    bool fresh = !is_current(identity, text, now_s);
    enum smcred_status status =
        fresh ? renew(localtls->ca, identity, names, &text, now_s, err) : SMCRED_OK;
    if (status == SMCRED_OK)
        *out_identity =
            (struct localtls_identity){.number = (uint32_t)(identity - localtls->list) + 1,
                                       .fd = identity->file.fd,
                                       .fresh = fresh};
    return status;
}
