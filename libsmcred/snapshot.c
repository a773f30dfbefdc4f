/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * snapshot.c - one version of one secret, as smcred_get() hands it out.
 *
 * Everything a page said lives in one cell of the store, wiped when the snapshot is freed; the head
 * beside it holds no secret, and survives into a child, where it reads as empty.  A freed snapshot
 * is parked, wiped, for the next hit.
 */
#include "libsmcred/snapshot.h"

#include <assert.h>

#define ROOM 511 /* bytes; with its NUL one cell, and most secrets fit */

struct smcred_snapshot {
    struct cred_store *store; /* one reference */
    struct sm_secret *cell;   /* NULL: none yet */
    size_t used;              /* bytes of the cell that hold what the page said */
    struct sm_page_copy page; /* fields point into the cell */
};

/* Really gives back head and cell. */
static void destroy(struct smcred_snapshot *snap)
{
    if (!snap)
        return;
    if (cred_store_ours(snap->store))
        sm_secret_free(snap->cell);
    cred_store_unref(snap->store);
    free(snap);
}

static void wipe(struct smcred_snapshot *snap)
{
    size_t size;
    void *buffer = sm_secret_room(snap->cell, &size);
    assert(snap->used <= size);
    explicit_bzero(buffer, snap->used);
    snap->used = 0;
}

static enum smcred_status give_room(struct smcred_snapshot *snap, size_t room)
{
    sm_secret_free(sm_take_ptr(&snap->cell));
    return sm_secret_alloc(cred_store_vault(snap->store), room, &snap->cell);
}

/* A parked snapshot, or a new one with room for most secrets. */
static struct smcred_snapshot *take_empty(struct cred_store *store)
{
    struct smcred_snapshot *snap = cred_store_unpark(store);
    if (snap)
        return snap;
    snap = calloc(1, sizeof *snap);
    if (!snap)
        return NULL;
    snap->store = cred_store_ref(store);
    if (give_room(snap, ROOM) != SMCRED_OK) {
        destroy(snap);
        return NULL;
    }
    return snap;
}

void cred_snapshot_prepare(struct cred_store *store)
{
    struct smcred_snapshot *snap = take_empty(store);
    if (snap && !cred_store_park(store, snap))
        destroy(snap);
}

static enum smcred_status read_page(struct smcred_snapshot *snap, const struct sm_page_map *map,
                                    int64_t now_ms)
{
    size_t size;
    void *buffer = sm_secret_room(snap->cell, &size);
    return sm_page_read(map, now_ms, buffer, size, &snap->page, &snap->used);
}

enum smcred_status cred_snapshot_new(struct cred_store *store, const struct sm_page_map *map,
                                     int64_t now_ms, struct smcred_snapshot **out_snap)
{
    struct smcred_snapshot *snap = take_empty(store);
    if (!snap)
        return SMCRED_NO_MEMORY;
    enum smcred_status status = read_page(snap, map, now_ms);
    if (status == SMCRED_TOO_LARGE) {
        status = give_room(snap, map->size);
        if (status == SMCRED_OK)
            status = read_page(snap, map, now_ms);
    }
    if (status != SMCRED_OK) {
        destroy(snap); /* the cell holds nothing: a failed read wipes */
        return status;
    }
    *out_snap = snap;
    return SMCRED_OK;
}

void cred_snapshot_leave(struct cred_store *store)
{
    if (!store)
        return;
    destroy(cred_store_close(store));
    cred_store_unref(store);
}

void smcred_snapshot_free(struct smcred_snapshot *snap)
{
    if (!snap)
        return;
    int saved = errno;
    if (cred_store_ours(snap->store))
        wipe(snap);
    if (!cred_store_ours(snap->store) || !cred_store_park(snap->store, snap))
        destroy(snap);
    errno = saved;
}

static struct sm_bytes field(const struct smcred_snapshot *snap, enum page_field which)
{
    return cred_store_ours(snap->store) ? snap->page.field[which] : sm_bytes("", 0);
}

const char *smcred_snapshot_username(const struct smcred_snapshot *snap)
{
    return field(snap, PAGE_USERNAME).data;
}

const char *smcred_snapshot_host(const struct smcred_snapshot *snap)
{
    return field(snap, PAGE_HOST).data;
}

uint16_t smcred_snapshot_port(const struct smcred_snapshot *snap)
{
    return snap->page.port <= UINT16_MAX ? (uint16_t)snap->page.port : 0;
}

const char *smcred_snapshot_dbname(const struct smcred_snapshot *snap)
{
    return field(snap, PAGE_DBNAME).data;
}

const char *smcred_snapshot_engine(const struct smcred_snapshot *snap)
{
    return field(snap, PAGE_ENGINE).data;
}

const char *smcred_snapshot_arn(const struct smcred_snapshot *snap)
{
    return field(snap, PAGE_ARN).data;
}

const char *smcred_snapshot_version_id(const struct smcred_snapshot *snap)
{
    return field(snap, PAGE_VERSION_ID).data;
}

const char *smcred_snapshot_password(const struct smcred_snapshot *snap, size_t *out_len)
{
    struct sm_bytes password = field(snap, PAGE_PASSWORD);
    if (out_len)
        *out_len = password.len;
    return password.data;
}
