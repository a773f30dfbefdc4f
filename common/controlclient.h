/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * controlclient.h - the asking end of S1 (control.h): one question to the keeper, one checked
 * answer.
 *
 * Linked by libsmcred, pam and tools; needs libc alone.  The keeper's refusal becomes one sentence
 * that names its rule and its audit id.
 */
#ifndef SM_CONTROLCLIENT_H
#define SM_CONTROLCLIENT_H

#include "common/control.h"
#include "common/seqpacket.h"
#include "common/status.h"

/* Where the keeper listens: `given`, or $SMCRED_SOCKET (not in setuid programs), or the default. */
const char *sm_control_path(const char *given);

/* A question on its way. */
struct sm_control {
    const char *path; /* borrowed */
    int fd;
    uint16_t verb;
    uint64_t request_id;
    int64_t deadline_ms;
    bool unread; /* set with an answer that came before the keeper had read: it is too busy */
};

/*
 * Connects and sends.  What takes time on our side may be done before sm_control_answer().
 *   question     begun with its verb and request id; finished here
 *   deadline_ms  on sm_boot_ms()'s clock, for question and answer together
 *   out_control  end with sm_control_done(); untouched on failure
 * Errors, each with a sentence in err: those of sm_seqpacket_connect() and sm_seqpacket_send().
 */
SM_MUST_CHECK enum smcred_status sm_control_ask(const char *path, struct sm_wire_out *question,
                                                int64_t deadline_ms, struct sm_control *out_control,
                                                struct sm_error *err);

/*
 * Waits for the answer, which brings exactly one descriptor.
 *   out_fd  CLOEXEC; untouched on failure
 * Errors, each with a sentence in err: those of sm_seqpacket_receive(), the keeper's own, and
 * SMCRED_PROTOCOL for an answer that is not to this question.
 */
SM_MUST_CHECK enum smcred_status sm_control_answer(struct sm_control *control, int *out_fd,
                                                   struct sm_error *err);

/*
 * Waits for an answer that is fields, without a descriptor.
 *   buffer, size  hold the answer; 8192 bytes are always enough
 *   out_answer    borrows from buffer; untouched on failure
 * Errors: as sm_control_answer().
 */
SM_MUST_CHECK enum smcred_status sm_control_answer_fields(struct sm_control *control, void *buffer,
                                                          size_t size,
                                                          struct sm_wire_in *out_answer,
                                                          struct sm_error *err);

void sm_control_done(struct sm_control *control);
#define sm_autocontrol __attribute__((cleanup(sm_control_done)))

#endif
