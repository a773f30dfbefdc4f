/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * smcred.c - the handle of smcred.h: read the mapped page; where there is none, or it is out of
 * date or withdrawn, ask the keeper for it.
 */
#include "libsmcred/smcred.h"

#include "common/clock.h"
#include "common/controlclient.h"
#include "libsmcred/pagecache.h"
#include "libsmcred/snapshot.h"

#define STAGE_MAX     256 /* characters of a staging label, Secrets Manager API 2017-10-17 */
#define STAGE_DEFAULT "AWSCURRENT"
#define QUESTION_MAX  (CTL_NAME_MAX + STAGE_MAX + 64) /* bytes, with their frame */

struct smcred {
    struct cred_store *store; /* NULL until the first answer; there while a page is mapped */
    struct sm_error error;
    struct cred_pages pages;
    char socket_path[];
};

/* What a new process does before its first question is kept small: memory costs most of it. */
enum smcred_status smcred_open(const char *socket_path, struct smcred **out_cred)
{
    const char *path = sm_control_path(socket_path);
    size_t path_size = strlen(path) + 1;
    struct smcred *cred = malloc(sizeof *cred + path_size);
    if (!cred)
        return SMCRED_NO_MEMORY;
    cred->store = NULL;
    cred->error.text[0] = '\0';
    cred_pages_init(&cred->pages);
    memcpy(cred->socket_path, path, path_size);
    *out_cred = cred;
    return SMCRED_OK;
}

void smcred_close(struct smcred *cred)
{
    if (!cred)
        return;
    int saved = errno;
    cred_pages_clear(&cred->pages);
    cred_snapshot_leave(cred->store);
    free(cred);
    errno = saved;
}

/* After fork(2) a handle starts over: the child may be somebody else, and asks for itself. */
static void begin_again_in_child(struct smcred *cred)
{
    if (!cred->store || cred_store_ours(cred->store))
        return;
    cred_pages_clear(&cred->pages);
    cred_snapshot_leave(sm_take_ptr(&cred->store));
}

static enum smcred_status check_arguments(struct smcred *cred, const char *name, const char *stage)
{
    size_t name_len = strnlen(name, CTL_NAME_MAX + 1);
    size_t stage_len = strnlen(stage, STAGE_MAX + 1);
    if (name_len == 0 || stage_len == 0)
        return sm_error_set(&cred->error, SMCRED_INVALID,
                            "an empty name or stage resolves to "
                            "nothing");
    if (name_len > CTL_NAME_MAX || stage_len > STAGE_MAX)
        return sm_error_set(&cred->error, SMCRED_TOO_LARGE,
                            "a name has at most %d bytes and a stage %d", CTL_NAME_MAX, STAGE_MAX);
    return SMCRED_OK;
}

/* What a first answer needs besides, made while the keeper works on it. */
static enum smcred_status prepare(struct smcred *cred)
{
    if (cred->store)
        return SMCRED_OK;
    enum smcred_status status = cred_store_new(&cred->store);
    if (status != SMCRED_OK)
        return sm_error_set(&cred->error, status, "out of memory");
    cred_snapshot_prepare(cred->store);
    return SMCRED_OK;
}

static enum smcred_status ask_for_page(struct smcred *cred, const char *name, const char *stage,
                                       struct sm_page_map *out_map)
{
    uint8_t buffer[QUESTION_MAX];
    struct sm_wire_out question;
    int64_t deadline_ms = sm_boot_ms() + CTL_TIMEOUT_MS;
    sm_wire_begin(&question, buffer, sizeof buffer, CTL_RESOLVE, SMCRED_OK, (uint64_t)deadline_ms);
    sm_wire_put_text(&question, CTL_NAME, name);
    sm_wire_put_text(&question, CTL_STAGE, stage);
    sm_autocontrol struct sm_control control = {.fd = -1};
    enum smcred_status status =
        sm_control_ask(cred->socket_path, &question, deadline_ms, &control, &cred->error);
    if (status != SMCRED_OK)
        return status;
    sm_autoclose int fd = -1;
    status = prepare(cred);
    if (status == SMCRED_OK)
        status = sm_control_answer(&control, &fd, &cred->error);
    if (status != SMCRED_OK)
        return status;
    status = sm_page_map(fd, out_map);
    if (status == SMCRED_PROTOCOL)
        (void)sm_error_set(&cred->error, status, "what the keeper at %s shared is not a page",
                           cred->socket_path);
    else if (status != SMCRED_OK)
        (void)sm_error_set(&cred->error, status, "cannot map the keeper's page: %s",
                           strerror(errno));
    return status;
}

static enum smcred_status read_page(struct smcred *cred, struct cred_page *page,
                                    struct smcred_snapshot **out_snap)
{
    enum smcred_status status = cred_snapshot_new(cred->store, &page->map, sm_boot_ms(), out_snap);
    if (status != SMCRED_OK)
        (void)sm_error_set(&cred->error, status, "the keeper's page of %s is %s", page->name,
                           status == SMCRED_UNAVAILABLE ? "out of date" : sm_status_text(status));
    return status;
}

/* The keeper's word is newer than a page's: whatever it refuses is not kept. */
static enum smcred_status ask_and_read(struct smcred *cred, const char *name, const char *stage,
                                       struct smcred_snapshot **out_snap)
{
    struct sm_page_map map = {0};
    struct cred_page *page;
    enum smcred_status status = ask_for_page(cred, name, stage, &map);
    if (status != SMCRED_OK) {
        if (status != SMCRED_UNAVAILABLE && status != SMCRED_TIMED_OUT)
            cred_pages_drop(&cred->pages, cred_pages_find(&cred->pages, name, stage));
        return status;
    }
    status = cred_pages_put(&cred->pages, name, stage, &map, &page);
    if (status != SMCRED_OK) {
        sm_page_unmap(&map);
        return sm_error_set(&cred->error, status, "out of memory");
    }
    status = read_page(cred, page, out_snap);
    if (status != SMCRED_OK)
        cred_pages_drop(&cred->pages, page);
    return status;
}

enum smcred_status smcred_get(struct smcred *cred, const char *name, const char *stage,
                              struct smcred_snapshot **out_snap)
{
    if (!cred || !name || !out_snap)
        return SMCRED_INVALID;
    if (!stage)
        stage = STAGE_DEFAULT;
    begin_again_in_child(cred);
    struct cred_page *page = cred_pages_find(&cred->pages, name, stage);
    if (page) {
        enum smcred_status status = read_page(cred, page, out_snap);
        if (status == SMCRED_OK || status == SMCRED_NO_MEMORY)
            return status;
    }
    enum smcred_status status = check_arguments(cred, name, stage);
    return status == SMCRED_OK ? ask_and_read(cred, name, stage, out_snap) : status;
}

const char *smcred_status_text(enum smcred_status status)
{
    return sm_status_text(status);
}

const char *smcred_error(const struct smcred *cred)
{
    return cred ? cred->error.text : "no handle: smcred_open() failed or was not called";
}
