/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pam_verify.c - PAM_CHECK's search for the version that what was typed fits: AWSCURRENT as it is
 * cached; AWSCURRENT as it is, if it has changed since; within the grace of a rotation AWSPREVIOUS
 * and AWSPENDING.  Each version is tried once.
 *
 * What is cached is no yes until the secret was seen within `fresh`: it may have been deleted, or
 * its password changed because somebody else knew it.
 */
#include "common/clock.h"
#include "keeper/keeper.h"
#include "keeper/pam_request.h"
#include "keeper/revocations.h"

#define PACE_MS 1000 /* between two reads that were forced: cache_limits.no_news_ms */

static pam_step judge_cached, want_news, judge_seen, judge_moved, judge_unread, judge_fresh,
    after_fresh, judge_stages, judge_previous, after_previous, judge_pending, after_pending;

static void finish(struct pam_request *request, enum smcred_status status, const char *text)
{
    pam_limit_end(&request->limit, status == SMCRED_OK       ? PAM_RIGHT
                                   : status == SMCRED_DENIED ? PAM_WRONG
                                                             : PAM_NO_VERDICT);
    if (status == SMCRED_OK && request->on_right)
        request->next = request->on_right;
    else
        pam_answer(request, status, NULL, text);
}

static void refuse_wrong(struct pam_request *request)
{
    finish(request, SMCRED_DENIED, "the password is wrong");
}

/* Names that are tried on spec cost as much as passwords. */
static void answer_unread(struct pam_request *request)
{
    pam_limit_end(&request->limit,
                  request->status == SMCRED_NOT_FOUND ? PAM_WRONG : PAM_NO_VERDICT);
    pam_answer_unread(request);
}

static void refuse_deleted(struct pam_request *request)
{
    request->status = sm_error_set(&request->err, SMCRED_NOT_FOUND, "it is scheduled for deletion");
    answer_unread(request);
}

/* A secret that is scheduled for deletion has no value to be read, but its map says so, and what is
 * cached of it goes. */
static void judge_unread(struct pam_request *request)
{
    if (request->stages && request->stages->deleted) {
        refuse_deleted(request);
        return;
    }
    request->status = SMCRED_INVALID;
    request->err = request->unread;
    answer_unread(request);
}

void pam_refuse_unread(struct pam_request *request)
{
    if (request->status != SMCRED_INVALID) {
        answer_unread(request);
        return;
    }
    request->unread = request->err;
    pam_read_map(request, sm_boot_ms(), pam_news_until(request), judge_unread);
}

/* ---- one version ---- */

static void on_checked(void *arg, enum smcred_status status)
{
    struct pam_request *request = arg;
    request->check = NULL;
    request->status = status;
    request->next = request->then;
    pam_go_on(request, true);
}

/* Whoever guesses from one host, or without one at one secret, waits for himself. */
static struct sm_bytes for_whom(const struct pam_request *request)
{
    return sm_bytes_of(request->rhost[0] ? request->rhost : request->secret);
}

/* Does what was typed fit the version that was read? */
static void check(struct pam_request *request, pam_step *then)
{
    struct pam_check_options options = {request->keeper->hashing, for_whom(request),
                                        request->keeper->vault};
    struct pam_check *under_way = NULL;
    request->then = then;
    pam_check_start(&options, request->snapshot, request->typed, on_checked, request, &under_way);
    request->check = under_way; /* NULL: it was answered */
}

/* It does, or it is not known.  False: it does not, so there may be another. */
static bool settled(struct pam_request *request)
{
    enum smcred_status status = request->status;
    if (status == SMCRED_DENIED)
        return false;
    finish(request, status,
           status == SMCRED_INVALID   ? "the secret has no password that can be checked"
           : status == SMCRED_LIMITED ? "too many passwords are being checked at once"
                                      : "the password could not be checked");
    return true;
}

/* ---- from one to the next ---- */

void pam_verify(struct pam_request *request)
{
    pam_read(request, CACHE_STAGE_DEFAULT, 0, request->deadline_ms, judge_cached);
}

static void judge_cached(struct pam_request *request)
{
    if (request->status != SMCRED_OK) {
        pam_refuse_unread(request);
        return;
    }
    if (pam_is_revoked(request))
        return;
    request->tried = sm_snapshot_ref(request->snapshot);
    check(request, want_news);
}

static void confirm(struct pam_request *request);

/* How long for news that must wait until it is time for the next read. */
static int64_t paced_news_until(const struct pam_request *request)
{
    int64_t until_ms = pam_news_until(request) + PACE_MS;
    return until_ms < request->deadline_ms ? until_ms : request->deadline_ms;
}

/* It may have been changed a moment ago, elsewhere. */
static void want_news(struct pam_request *request)
{
    if (request->status == SMCRED_OK) {
        confirm(request);
        return;
    }
    if (settled(request))
        return;
    request->limit.was_wrong = true;
    /* Somebody else's guess may have had it read this second: that must not make news of this one
     * a wrong password. */
    pam_read(request, CACHE_STAGE_DEFAULT, sm_boot_ms(), paced_news_until(request), judge_fresh);
}

static bool is_same(const struct sm_snapshot *a, const struct sm_snapshot *b)
{
    return strcmp(a->version_id, b->version_id) == 0 && a->password && b->password &&
           sm_secret_equal(a->password, sm_secret_view(b->password));
}

static void read_stages(struct pam_request *request);

/* Another version, or another password in it. */
static void check_news(struct pam_request *request)
{
    if (pam_is_revoked(request))
        return;
    sm_snapshot_unref(request->tried);
    request->tried = sm_snapshot_ref(request->snapshot);
    check(request, after_fresh);
}

static void judge_fresh(struct pam_request *request)
{
    bool gone = request->status == SMCRED_NOT_FOUND || request->status == SMCRED_REVOKED ||
                request->status == SMCRED_INVALID;
    bool news = request->status == SMCRED_OK && !is_same(request->snapshot, request->tried);
    if (gone)
        pam_refuse_unread(request);
    else if (news)
        check_news(request);
    else /* or none to be had: it was wrong */
        read_stages(request);
}

static void after_fresh(struct pam_request *request)
{
    if (!settled(request))
        read_stages(request);
}

/* ---- what fits what is cached ---- */

/* Has the secret been seen within `fresh`, and is it still so?  Its map costs less than its value.
 */
static void confirm(struct pam_request *request)
{
    int64_t from_ms = sm_boot_ms() - request->rules->fresh_ms;
    if (request->known_ms >= from_ms)
        finish(request, SMCRED_OK, NULL);
    else
        pam_read_map(request, from_ms, pam_news_until(request), judge_seen);
}

static void judge_seen(struct pam_request *request)
{
    const struct stages *stages = request->status == SMCRED_OK ? request->stages : NULL;
    const char *current = stages ? stages_version(stages, CACHE_STAGE_DEFAULT) : NULL;
    bool same = current && strcmp(current, request->tried->version_id) == 0;
    int64_t now_ms = sm_boot_ms();
    if (request->status == SMCRED_NOT_FOUND) {
        answer_unread(request);
    } else if (stages && stages->deleted) {
        refuse_deleted(request);
    } else if (pam_heard_nothing(request) || (same && stages->fixed)) {
        finish(request, SMCRED_OK,
               NULL); /* nothing heard: what is cached counts, as long as it may */
    } else {          /* or there is no map that would tell */
        request->moved = stages && !same;
        pam_read(request, CACHE_STAGE_DEFAULT,
                 request->moved ? now_ms : now_ms - request->rules->fresh_ms,
                 pam_news_until(request), judge_moved);
    }
}

static void judge_moved(struct pam_request *request)
{
    if (request->status == SMCRED_OK && !is_same(request->snapshot, request->tried))
        check_news(request);
    else if (request->status == SMCRED_OK || (pam_heard_nothing(request) && !request->moved))
        finish(request, SMCRED_OK, NULL);
    else
        pam_refuse_unread(request);
}

/* ---- the grace of a rotation ---- */

static void read_stages(struct pam_request *request)
{
    if (request->grace_s == 0)
        refuse_wrong(request);
    else
        pam_read_map(request, sm_boot_ms(), paced_news_until(request), judge_stages);
}

static bool is_young(const struct pam_request *request, int64_t wall_ms)
{
    return wall_ms > 0 && sm_wall_ms() - wall_ms < (int64_t)request->grace_s * 1000;
}

/* The version that has the label by the map: what is cached for it may be the one before. */
static void read_labelled(struct pam_request *request, const char *label, pam_step *then)
{
    struct cache_query query = {.stage = label,
                                .version_id = stages_version(request->stages, label),
                                .deadline_ms = request->deadline_ms,
                                .fresh_from_ms = sm_boot_ms()};
    pam_ask(request, &query, then);
}

static void read_pending(struct pam_request *request)
{
    if (stages_pending(request->stages))
        read_labelled(request, "AWSPENDING", judge_pending);
    else
        refuse_wrong(request);
}

/* A rotation is as old as AWSCURRENT; LastRotatedDate knows only those of a rotation function. */
static void judge_stages(struct pam_request *request)
{
    const struct stages *stages = request->stages;
    if (!stages || stages->deleted)
        refuse_wrong(request);
    else if (stages_version(stages, "AWSPREVIOUS") &&
             (is_young(request, stages->rotated_at_ms) ||
              is_young(request, request->tried->created_at_ms)))
        read_labelled(request, "AWSPREVIOUS", judge_previous);
    else
        read_pending(request);
}

/* Is the version that was read the one with that label, and does it count? */
static bool counts(struct pam_request *request, const char *label)
{
    return request->status == SMCRED_OK && request->snapshot->password &&
           strcmp(request->snapshot->version_id, stages_version(request->stages, label)) == 0 &&
           !revocations_of_version(request->keeper->revocations, request->snapshot);
}

static void judge_previous(struct pam_request *request)
{
    if (counts(request, "AWSPREVIOUS"))
        check(request, after_previous);
    else
        read_pending(request);
}

static void after_previous(struct pam_request *request)
{
    if (!settled(request))
        read_pending(request);
}

static void judge_pending(struct pam_request *request)
{
    if (counts(request, "AWSPENDING") && is_young(request, request->snapshot->created_at_ms))
        check(request, after_pending);
    else
        refuse_wrong(request);
}

static void after_pending(struct pam_request *request)
{
    if (!settled(request))
        refuse_wrong(request);
}
