/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pam_rotate.c - PAM_ROTATE: the old password is checked, the secret's rotation function begins to
 * make another one, there and in the secret, and its end is waited for as long as who asks can.
 *
 * What becomes of a rotation shows in the secret alone: it has ended when the version that
 * RotateSecret named is AWSCURRENT.
 */
#include <event2/event.h>
#include <stdio.h>

#include "common/clock.h"
#include "common/log.h"
#include "keeper/pam_request.h"

#define LOOK_MS 500 /* between two looks; the cache has its own pace besides */
#define WAY_MS  300 /* of what who asks can wait: for the answer to reach him */

static pam_step look, judge;

static void on_pause_over(evutil_socket_t fd, short events, void *arg)
{
    struct pam_request *request = arg;
    (void)fd;
    (void)events;
    request->next = look;
    pam_go_on(request, true);
}

/* Later, if there is time for it.  False: there is none. */
static bool look_again(struct pam_request *request)
{
    static const struct timeval pause = {0, LOOK_MS * 1000};
    if (sm_boot_ms() + LOOK_MS >= request->deadline_ms)
        return false;
    if (!request->pause)
        request->pause = evtimer_new(request->keeper->base, on_pause_over, request);
    return request->pause && event_add(request->pause, &pause) == 0;
}

static void look(struct pam_request *request)
{
    struct cache_query query = {.version_id = request->new_version,
                                .deadline_ms = request->deadline_ms,
                                .fresh_from_ms = sm_boot_ms()};
    pam_ask(request, &query, judge);
}

static void judge(struct pam_request *request)
{
    bool done = request->status == SMCRED_OK &&
                strcmp(request->snapshot->version_id, request->new_version) == 0;
    if (!done && look_again(request))
        return;
    request->event = "pam_rotated";
    if (done && !pam_audit(request, SMCRED_OK, NULL, NULL)) /* it is all the same */
        log_error("a rotation that somebody asked for is not in the audit log");
    pam_answer_kind(request, done ? CTL_DONE : CTL_BEGUN);
}

/* What became of RotateSecret; who asked may have gone. */
static void on_begun(void *arg, enum smcred_status status, const char *version_id,
                     const struct sm_error *err)
{
    struct pam_request *request = arg;
    char text[SM_ERROR_TEXT_MAX];
    request->working = false;
    request->event = "pam_rotating";
    if (status != SMCRED_OK) {
        (void)snprintf(text, sizeof text, "the secret is not rotated: %.450s", err->text);
        pam_answer(request, status, NULL, text);
    } else {
        (void)snprintf(request->new_version, sizeof request->new_version, "%s", version_id);
        if (!pam_audit(request, SMCRED_OK, NULL, NULL)) /* it is under way */
            log_error("a rotation that somebody asked for is not in the audit log");
        request->answered = !request->client;
        request->next = request->client ? look : NULL;
    }
    pam_go_on(request, true);
}

static void begin_rotation(struct pam_request *request)
{
    if (!pam_record_yes(request))
        return;
    enum smcred_status status = cache_rotate(request->keeper->cache, request->secret,
                                             request->deadline_ms, on_begun, request);
    request->working = status == SMCRED_OK;
    if (status != SMCRED_OK)
        pam_answer(request, status, NULL, "the keeper is too busy to have a secret rotated");
}

static void begin_rotate(struct pam_request *request)
{
    pam_begin_change(request, begin_rotation);
    if (request->answered || request->wait_ms == 0)
        return;
    int64_t wait_ms = request->wait_ms, most_ms = request->rules->rotation_wait_ms;
    request->deadline_ms = sm_boot_ms() + (wait_ms < most_ms ? wait_ms : most_ms) - WAY_MS;
}

void pam_take_rotate(struct client *client, const struct control_request *asked)
{
    pam_take_typed(client, asked, asked->old_password, "pam_rotate", begin_rotate);
}
