/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mend.c - asks for the rotation, and says what came of it.  Called by session_login.c.
 */
#include "keeper/mend.h"

#include <stdio.h>
#include <sys/queue.h>

#include "common/clock.h"
#include "keeper/cache.h"
#include "keeper/session.h"

/* One rotation that was asked for; what stands in its lines outlives the session. */
struct mend {
    LIST_ENTRY(mend) link;
    struct mends *mends; /* NULL: nobody hears of it */
    uint64_t session_id;
    char *secret_id, *secret, *target, *user, *endpoint;
};

struct mends {
    struct keeper *keeper;
    LIST_HEAD(mend_list, mend) asked;
};

enum smcred_status mends_new(struct keeper *keeper, struct mends **out_mends)
{
    struct mends *mends = calloc(1, sizeof *mends);
    if (!mends)
        return SMCRED_NO_MEMORY;
    mends->keeper = keeper;
    LIST_INIT(&mends->asked);
    *out_mends = mends;
    return SMCRED_OK;
}

void mends_free(struct mends *mends)
{
    struct mend *mend;
    if (!mends)
        return;
    LIST_FOREACH(mend, &mends->asked, link)
    {
        mend->mends = NULL;
    }
    free(mends);
}

bool mend_is_asked(const struct mends *mends, const char *secret_id)
{
    const struct mend *mend;
    LIST_FOREACH(mend, &mends->asked, link)
    {
        if (strcmp(mend->secret_id, secret_id) == 0)
            return true;
    }
    return false;
}

static void free_mend(struct mend *mend)
{
    free(mend->secret_id);
    free(mend->secret);
    free(mend->target);
    free(mend->user);
    free(mend->endpoint);
    free(mend);
}

static struct mend *new_mend(struct mends *mends, const struct session *session)
{
    struct mend *mend = calloc(1, sizeof *mend);
    if (!mend)
        return NULL;
    mend->mends = mends;
    mend->session_id = session->id;
    if (!session_keep_text(&mend->secret_id, session->target->secret) ||
        !session_keep_text(&mend->secret, session->secret ? session->secret : "") ||
        !session_keep_text(&mend->target, session->target_name) ||
        !session_keep_text(&mend->user, session->user ? session->user : "") ||
        !session_keep_text(&mend->endpoint, session->endpoint)) {
        free_mend(mend);
        return NULL;
    }
    return mend;
}

/* What an administrator does about it. */
static const char *advice(enum smcred_status status)
{
    switch (status) {
    case SMCRED_INVALID:
        return "; a secret without a rotation function needs one that mends (smcred-rotate "
               "--mend), "
               "or an administrator's hand";
    case SMCRED_DENIED:
        return "; on_drift = rotate needs secretsmanager:RotateSecret";
    case SMCRED_UNSUPPORTED:
        return "; an administrator has to set the password";
    case SMCRED_OK:
    case SMCRED_SYSTEM:
    case SMCRED_NO_MEMORY:
    case SMCRED_NOT_FOUND:
    case SMCRED_REVOKED:
    case SMCRED_UNAVAILABLE:
    case SMCRED_LIMITED:
    case SMCRED_TIMED_OUT:
    case SMCRED_PROTOCOL:
    case SMCRED_TOO_LARGE:
        break;
    }
    return "";
}

static void tell(const struct mend *mend, enum smcred_status status, const char *version_id,
                 const struct sm_error *err)
{
    struct audit_line line;
    char text[SM_ERROR_TEXT_MAX];
    (void)snprintf(text, sizeof text, "%.300s%s", err->text[0] ? err->text : sm_status_text(status),
                   advice(status));
    if (status == SMCRED_OK)
        log_warning("a rotation of secret=%s has begun, to version=%s: it gives %s at %s a new "
                    "password",
                    log_quote(mend->secret_id), log_quote(version_id), log_quote(mend->user),
                    mend->endpoint);
    else
        log_error("no rotation of secret=%s could be begun: %s", log_quote(mend->secret_id), text);
    audit_begin(&line, sm_wall_ms(), "rotation");
    audit_put_id(&line, "id", mend->session_id);
    audit_put(&line, "target", mend->target);
    audit_put(&line, "secret", mend->secret);
    audit_put(&line, "version", status == SMCRED_OK ? version_id : NULL);
    audit_put(&line, "endpoint", mend->endpoint);
    audit_put(&line, "user", mend->user);
    audit_put(&line, "outcome", status == SMCRED_OK ? "accepted" : "refused");
    audit_put(&line, "text", status == SMCRED_OK ? NULL : text);
    if (!keeper_audit(mend->mends->keeper, &line))
        log_error("what came of the rotation is not in the audit log");
}

static void on_rotated(void *arg, enum smcred_status status, const char *version_id,
                       const struct sm_error *err)
{
    struct mend *mend = arg;
    if (mend->mends) {
        LIST_REMOVE(mend, link);
        tell(mend, status, version_id, err);
        sessions_mended(mend->mends->keeper->sessions, mend->secret_id, status == SMCRED_OK);
    }
    free_mend(mend);
}

/* Nothing is done that is not recorded. */
static bool record(const struct session *session)
{
    struct audit_line line;
    session_audit_begin(&line, session, "rotation");
    audit_put(&line, "outcome", "asked");
    audit_put(&line, "text", "on_drift = rotate: the password was changed in the database");
    return keeper_audit(session->owner->keeper, &line);
}

void mend_start(struct mends *mends, const struct session *session)
{
    const char *secret_id = session->target->secret;
    enum smcred_status status = SMCRED_UNAVAILABLE;
    if (mend_is_asked(mends, secret_id))
        return;
    struct mend *mend = new_mend(mends, session);
    if (mend && record(session))
        status =
            cache_rotate(mends->keeper->cache, secret_id, sm_boot_ms() + MEND_MS, on_rotated, mend);
    if (status == SMCRED_OK) {
        log_warning("asks for a rotation of secret=%s", log_quote(secret_id));
        LIST_INSERT_HEAD(&mends->asked, mend, link);
        return;
    }
    log_error("no rotation of secret=%s is asked for: %s", log_quote(secret_id),
              mend ? sm_status_text(status) : "out of memory");
    if (mend)
        free_mend(mend);
}
