/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * controlclient.c - the asking end of S1.  What the keeper says is checked like a stranger's word:
 * the socket's path may come from the environment.
 */
#include "common/controlclient.h"

#include <sched.h>
#include <stdio.h>
#include <time.h>

#define ANSWER_MAX                                                                                 \
    8192 /* bytes; an answer is a descriptor, or a sentence with a rule and an id                  \
          */
#define RULE_MAX 256
#define ID_MAX   64
#define SPIN_US  30 /* saves a sleep and its wake-up, some 25 us, if the answer is in the cache */

const char *sm_control_path(const char *given)
{
    if (given)
        return given;
    const char *path = secure_getenv("SMCRED_SOCKET");
    return path && *path ? path : CTL_SOCKET_PATH;
}

/* The sentence for a failure on the way there or back. */
static enum smcred_status broken(const char *path, enum smcred_status status, struct sm_error *err)
{
    switch (status) {
    case SMCRED_UNAVAILABLE:
        return sm_error_set(err, status, "no keeper answers at %s; is smcredd running?", path);
    case SMCRED_TIMED_OUT:
        return sm_error_set(err, status, "the keeper at %s did not answer in time", path);
    case SMCRED_PROTOCOL:
    case SMCRED_UNSUPPORTED:
        return sm_error_set(err, status, "what answers at %s does not speak this version of smcred",
                            path);
    case SMCRED_INVALID:
        return sm_error_set(err, status, "the path %s is too long for a socket", path);
    case SMCRED_SYSTEM:
        return sm_error_set(err, status, "cannot ask the keeper at %s: %s", path, strerror(errno));
    case SMCRED_OK:
    case SMCRED_NOT_FOUND:
    case SMCRED_DENIED:
    case SMCRED_TOO_LARGE:
    case SMCRED_NO_MEMORY:
    case SMCRED_REVOKED:
    case SMCRED_LIMITED:
        break;
    }
    return sm_error_set(err, status, "cannot ask the keeper at %s: %s", path,
                        sm_status_text(status));
}

enum smcred_status sm_control_ask(const char *path, struct sm_wire_out *question,
                                  int64_t deadline_ms, struct sm_control *out_control,
                                  struct sm_error *err)
{
    struct sm_wire_header header;
    enum smcred_status status = sm_wire_finish(question);
    if (status != SMCRED_OK || question->len > CTL_REQUEST_MAX)
        return sm_error_set(err, SMCRED_TOO_LARGE, "the question is longer than %d bytes",
                            CTL_REQUEST_MAX);
    memcpy(&header, question->data, sizeof header);
    sm_autoclose int fd = -1;
    status = sm_seqpacket_connect(path, deadline_ms, &fd);
    if (status != SMCRED_OK)
        return broken(path, status, err);
    status = sm_seqpacket_send(fd, sm_bytes(question->data, question->len), NULL, deadline_ms);
    if (status != SMCRED_OK && status != SMCRED_UNAVAILABLE) /* hung up: the answer says why */
        return broken(path, status, err);
    *out_control = (struct sm_control){.path = path,
                                       .fd = sm_take_fd(&fd),
                                       .verb = header.verb,
                                       .request_id = header.request_id,
                                       .deadline_ms = deadline_ms};
    return SMCRED_OK;
}

/* Text goes to terminals: a control byte in it would be the terminal's order. */
static void make_printable(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = '?';
}

/* A status from the wire is a number until it is one of ours. */
static enum smcred_status status_from_wire(uint32_t number)
{
    return number <= SMCRED_UNSUPPORTED ? (enum smcred_status)number : SMCRED_PROTOCOL;
}

static enum smcred_status refused(const struct sm_wire_in *answer, struct sm_error *err)
{
    char text[SM_ERROR_TEXT_MAX], rule[RULE_MAX], id[ID_MAX], why[RULE_MAX + ID_MAX + 32] = "";
    enum smcred_status status = status_from_wire(answer->header.status);
    if (!sm_wire_get_text(answer, CTL_TEXT, text, sizeof text))
        (void)snprintf(text, sizeof text, "the keeper answers: %s", sm_status_text(status));
    bool has_rule = sm_wire_get_text(answer, CTL_RULE, rule, sizeof rule);
    bool has_id = sm_wire_get_text(answer, CTL_AUDIT_ID, id, sizeof id);
    if (has_rule && has_id)
        (void)snprintf(why, sizeof why, " (rule: %s; audit id %s)", rule, id);
    else if (has_rule)
        (void)snprintf(why, sizeof why, " (rule: %s)", rule);
    else if (has_id)
        (void)snprintf(why, sizeof why, " (audit id %s)", id);
    if (status == SMCRED_SYSTEM)
        errno = EREMOTEIO; /* the keeper's errno is not ours */
    (void)sm_error_set(err, status, "%s%s", text, why);
    if (err)
        make_printable(err->text);
    return status;
}

/* An answer that came before the keeper had read anything: it is too busy. */
static bool is_unread(const struct sm_wire_header *answer)
{
    return answer->verb == 0 && answer->request_id == 0 && answer->status != SMCRED_OK;
}

static bool is_answer(const struct sm_control *control, const struct sm_wire_header *answer)
{
    return is_unread(answer) ||
           (answer->verb == control->verb && answer->request_id == control->request_id);
}

static int64_t monotonic_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail */
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Looks for a while before it sleeps.  Where the keeper needs this very processor, it gets it. */
static enum smcred_status receive(struct sm_control *control, void *packet, size_t size,
                                  struct sm_fds *fds, size_t *out_len)
{
    int64_t until_us = monotonic_us() + SPIN_US;
    do {
        enum smcred_status status =
            sm_seqpacket_receive(control->fd, packet, size, fds, 0, out_len);
        if (status != SMCRED_TIMED_OUT)
            return status;
        (void)sched_yield(); /* cannot fail */
    } while (monotonic_us() < until_us);
    return sm_seqpacket_receive(control->fd, packet, size, fds, control->deadline_ms, out_len);
}

/* What arrives is an answer to this question; if it is a yes, with `fd_count` descriptors. */
static enum smcred_status receive_answer(struct sm_control *control, void *packet, size_t size,
                                         struct sm_fds *fds, size_t fd_count,
                                         struct sm_wire_in *answer)
{
    size_t len;
    enum smcred_status status = receive(control, packet, size, fds, &len);
    if (status != SMCRED_OK)
        return status;
    status = sm_wire_parse(sm_bytes(packet, len), answer);
    if (status != SMCRED_OK || !is_answer(control, &answer->header))
        return SMCRED_PROTOCOL; /* damaged, another version, or to somebody else */
    size_t wanted = answer->header.status == SMCRED_OK ? fd_count : 0;
    return fds->count == wanted ? SMCRED_OK : SMCRED_PROTOCOL;
}

/* As receive_answer(), with the keeper's refusal, or what went wrong, in words. */
static enum smcred_status await_yes(struct sm_control *control, void *packet, size_t size,
                                    struct sm_fds *fds, size_t fd_count, struct sm_wire_in *answer,
                                    struct sm_error *err)
{
    enum smcred_status status = receive_answer(control, packet, size, fds, fd_count, answer);
    if (status == SMCRED_UNAVAILABLE)
        return sm_error_set(err, status, "the keeper at %s hung up without an answer",
                            control->path);
    if (status != SMCRED_OK)
        return broken(control->path, status, err);
    control->unread = is_unread(&answer->header);
    return answer->header.status == SMCRED_OK ? SMCRED_OK : refused(answer, err);
}

enum smcred_status sm_control_answer(struct sm_control *control, int *out_fd, struct sm_error *err)
{
    uint8_t packet[ANSWER_MAX];
    struct sm_fds fds = {.count = 0};
    struct sm_wire_in answer;
    enum smcred_status status = await_yes(control, packet, sizeof packet, &fds, 1, &answer, err);
    if (status == SMCRED_OK)
        *out_fd = sm_take_fd(&fds.fd[0]);
    sm_fds_close(&fds);
    return status;
}

enum smcred_status sm_control_answer_fields(struct sm_control *control, void *buffer, size_t size,
                                            struct sm_wire_in *out_answer, struct sm_error *err)
{
    struct sm_fds fds = {.count = 0};
    struct sm_wire_in answer;
    enum smcred_status status = await_yes(control, buffer, size, &fds, 0, &answer, err);
    if (status == SMCRED_OK)
        *out_answer = answer;
    sm_fds_close(&fds);
    return status;
}

void sm_control_done(struct sm_control *control)
{
    sm_close_fd(&control->fd);
}
