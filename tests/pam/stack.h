/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stack.h - pam_smcred in a PAM stack of its own, between a scripted keeper and a scripted person.
 *
 * The service file stands in a directory of the test (pam_start_confdir(3)): the host's own PAM
 * configuration is neither read nor needed.
 */
#ifndef TEST_PAM_STACK_H
#define TEST_PAM_STACK_H

#include "tests/lib/sm_test.h"

#include <security/pam_appl.h>

#include "common/bytes.h"
#include "tests/lib/fake_keeper.h"

#define STACK_SERVICE   "bastion"
#define STACK_USER      "alice"
#define STACK_TIMEOUT   400 /* ms: as short as a busy machine allows to be told from "at once" */
#define STACK_ANSWERS   8
#define STACK_QUESTIONS 64

/* What the keeper was asked, copied out of the question. */
struct stack_question {
    uint16_t verb;
    char name[CTL_PAM_NAME_MAX + 1];
    char service[CTL_PAM_SERVICE_MAX + 1];
    char user[CTL_PAM_USER_MAX + 1];
    char rhost[CTL_PAM_RHOST_MAX + 1];
    char tty[CTL_PAM_TTY_MAX + 1];
    char ruser[CTL_PAM_USER_MAX + 1];
    char password[CTL_PAM_PASSWORD_MAX + 1];
    char old[CTL_PAM_PASSWORD_MAX + 1];
    char session_id[64];
    bool has_old;
    uint32_t grace_s;
    uint32_t wait_ms;
};

struct stack {
    struct fake_keeper *keeper;
    char directory[32]; /* of the service file and the socket */
    char socket[64];
    pam_handle_t *pamh;

    const void *keeper_stack; /* an address on it: what stands there is no trace of the module's */

    /* The keeper's next answers; the last one for ever after. */
    struct fake_answer answers[STACK_ANSWERS];
    size_t answer_count;
    struct stack_question asked[STACK_QUESTIONS];
    size_t asked_count;

    /* What the person types, one word for each prompt; NULL: as far as it goes. */
    const char *typed[STACK_ANSWERS];
    size_t typed_count;
    int conversation_code; /* PAM_SUCCESS, or how the conversation fails */
    bool types_nothing;    /* answers with NULL */
    char heard[8192];      /* all that the person was told, a newline behind each */
    char prompts[256];
};

/* Group fixtures of one test. */
int stack_set_up(void **state);
int stack_tear_down(void **state);

/* Lines of the service file; MODULE stands for the module, its socket= and, if
 * they have none, a timeout=. */
void stack_write(struct stack *stack, const char *lines);
/* Starts a transaction of alice with these lines. */
void stack_start(struct stack *stack, const char *lines);
/* Ends it, with what has been asked and said. */
void stack_end(struct stack *stack);

/* The keeper says that from now on. */
void stack_keeper_says(struct stack *stack, struct fake_answer answer);
/* Takes the keeper away, or gives it back. */
void stack_keeper_goes(struct stack *stack);
void stack_keeper_comes(struct stack *stack);

int64_t stack_now_ms(void);

#endif
