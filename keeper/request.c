/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * request.c - one packet of a stranger's becomes a struct control_request, or a sentence.
 */
#include "keeper/control.h"

enum need {
    NEED_NAME = 1,
    NEED_HOST = 2,
    NEED_NAME_OR_ALL = 4,
    NEED_KIND = 8,
    NEED_LOGIN = 16, /* service and user */
    NEED_PASSWORD = 32,
    NEED_OLD = 64,
    NEED_SESSION = 128,
    SHORT_NAME = 256,
};

/* What each verb takes; the limits are on the packet's body. */
static const struct {
    enum ctl_verb verb;
    size_t body_max;
    unsigned needs;
} verbs[] = {
    {CTL_CONNECT, 256, NEED_NAME},
    {CTL_RESOLVE, CTL_REQUEST_MAX, NEED_NAME},
    {CTL_TARGETS, 0, 0},
    {CTL_EXPLAIN, 1024, NEED_HOST},
    {CTL_STATUS, 0, 0},
    {CTL_REFRESH, CTL_REQUEST_MAX, NEED_NAME_OR_ALL},
    {CTL_PROVE, 256, NEED_NAME},
    {CTL_REVOKE, CTL_REQUEST_MAX, NEED_KIND | NEED_NAME},
    {CTL_SIMULATE, CTL_REQUEST_MAX, NEED_KIND | NEED_NAME},
    {CTL_PAM_CHECK, CTL_REQUEST_MAX, NEED_NAME | SHORT_NAME | NEED_LOGIN | NEED_PASSWORD},
    {CTL_PAM_SUPPLY, CTL_REQUEST_MAX, NEED_NAME | SHORT_NAME | NEED_LOGIN},
    {CTL_PAM_ACCOUNT, 1024, NEED_LOGIN},
    {CTL_PAM_OPEN, 1024, NEED_LOGIN},
    {CTL_PAM_CLOSE, 512, NEED_SESSION},
    {CTL_PAM_CHANGE, CTL_REQUEST_MAX,
     NEED_NAME | SHORT_NAME | NEED_LOGIN | NEED_PASSWORD | NEED_OLD},
    {CTL_PAM_PREPARE, CTL_REQUEST_MAX, NEED_NAME | SHORT_NAME | NEED_LOGIN | NEED_OLD},
    {CTL_PAM_ROTATE, CTL_REQUEST_MAX, NEED_NAME | SHORT_NAME | NEED_LOGIN | NEED_OLD},
};

/* A text that may be left out, but not be empty, too long, or hold a NUL. */
static bool take_text(const struct sm_wire_in *in, enum ctl_tag tag, char *buffer, size_t size)
{
    struct sm_bytes value;
    bool there = sm_wire_get(in, (uint16_t)tag, &value);
    bool taken = sm_wire_get_text(in, (uint16_t)tag, buffer, size);
    return !there || (taken && buffer[0]);
}

/* Lent, not copied.  False: too long, or with a NUL. */
static bool take_password(const struct sm_wire_in *in, enum ctl_tag tag, struct sm_bytes *out)
{
    struct sm_bytes value;
    if (!sm_wire_get(in, (uint16_t)tag, &value))
        return true;
    if (value.len > CTL_PAM_PASSWORD_MAX || memchr(value.data, 0, value.len))
        return false;
    *out = value;
    return true;
}

static bool take_session(const struct sm_wire_in *in, struct control_request *request)
{
    struct sm_bytes value;
    char text[17];
    if (!sm_wire_get(in, CTL_SESSION_ID, &value))
        return true;
    if (!sm_wire_get_text(in, CTL_SESSION_ID, text, sizeof text) || strlen(text) != 16 ||
        strspn(text, "0123456789abcdef") != 16)
        return false;
    request->session = strtoull(text, NULL, 16);
    return request->session != 0;
}

/* What pam_smcred adds. */
static bool take_pam_fields(const struct sm_wire_in *in, struct control_request *request)
{
    struct sm_bytes value;
    bool has_grace = sm_wire_get(in, CTL_GRACE_S, &value);
    bool has_wait = sm_wire_get(in, CTL_WAIT_MS, &value);
    return take_text(in, CTL_SERVICE, request->service, sizeof request->service) &&
           take_text(in, CTL_RHOST, request->rhost, sizeof request->rhost) &&
           take_text(in, CTL_RUSER, request->ruser, sizeof request->ruser) &&
           take_text(in, CTL_TTY, request->tty, sizeof request->tty) &&
           take_password(in, CTL_PASSWORD, &request->password) &&
           take_password(in, CTL_OLD, &request->old_password) && take_session(in, request) &&
           (!has_grace || sm_wire_get_u32(in, CTL_GRACE_S, &request->grace_s)) &&
           (!has_wait || sm_wire_get_u32(in, CTL_WAIT_MS, &request->wait_ms));
}

static bool take_fields(const struct sm_wire_in *in, struct control_request *request)
{
    struct sm_bytes value;
    request->all = sm_wire_get(in, CTL_ALL, &value);
    request->lift = sm_wire_get(in, CTL_LIFT, &value);
    if (!take_text(in, CTL_NAME, request->name, sizeof request->name) ||
        (!request->name[0] && !take_text(in, CTL_TARGET, request->name, sizeof request->name)) ||
        !take_text(in, CTL_STAGE, request->stage, sizeof request->stage) ||
        !take_text(in, CTL_HOST, request->host, sizeof request->host) ||
        !take_text(in, CTL_USER, request->user, sizeof request->user) ||
        !take_text(in, CTL_KIND, request->kind, sizeof request->kind) ||
        !take_text(in, CTL_VERSION, request->version, sizeof request->version) ||
        !take_text(in, CTL_REASON, request->reason, sizeof request->reason) ||
        !take_pam_fields(in, request))
        return false;
    bool has_port = sm_wire_get(in, CTL_PORT, &value);
    return !has_port || (sm_wire_get_u32(in, CTL_PORT, &request->port) && request->port > 0 &&
                         request->port <= UINT16_MAX);
}

static bool has_needs(const struct control_request *request, unsigned needs)
{
    if (needs & NEED_NAME && !request->name[0])
        return false;
    if (needs & NEED_KIND && !request->kind[0])
        return false;
    if (needs & NEED_HOST && !request->host[0])
        return false;
    if (needs & SHORT_NAME && strlen(request->name) > CTL_PAM_NAME_MAX)
        return false;
    if (needs & NEED_LOGIN && (!request->service[0] || !request->user[0]))
        return false;
    if ((needs & NEED_PASSWORD && !request->password.data) ||
        (needs & NEED_OLD && !request->old_password.data))
        return false;
    if (needs & NEED_SESSION && request->session == 0)
        return false;
    return !(needs & NEED_NAME_OR_ALL) || (request->name[0] != '\0') != request->all;
}

static enum smcred_status fail(const char **out_why, enum smcred_status status, const char *why)
{
    *out_why = why;
    return status;
}

enum smcred_status control_parse(struct sm_bytes packet, struct control_request *out_request,
                                 const char **out_why)
{
    struct sm_wire_in in = {.header = {.verb = 0}};
    *out_request = (struct control_request){.verb = 0};
    enum smcred_status status = sm_wire_parse(packet, &in);
    out_request->verb = in.header.verb;
    out_request->id = in.header.request_id;
    if (status == SMCRED_UNSUPPORTED)
        return fail(out_why, status, "the keeper speaks version 1 of this protocol");
    if (status != SMCRED_OK)
        return fail(out_why, status, "the request is damaged, or no request");
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (verbs[i].verb != in.header.verb)
            continue;
        if (in.body.len > verbs[i].body_max)
            return fail(out_why, SMCRED_TOO_LARGE, "the request is too large for its verb");
        if (!take_fields(&in, out_request) || !has_needs(out_request, verbs[i].needs))
            return fail(out_why, SMCRED_INVALID,
                        "a field of the request is missing, empty, too long or impossible");
        return SMCRED_OK;
    }
    return fail(out_why, SMCRED_UNSUPPORTED, "the keeper does not know this verb");
}
