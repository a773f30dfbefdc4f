/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* stack.c - the fixtures of stack.h. */
#include "tests/pam/stack.h"

#include <stdio.h>
#include <time.h>

static struct fake_answer answer(const struct sm_wire_in *question, void *context)
{
    struct stack *stack = context;
    struct stack_question *asked = &stack->asked[stack->asked_count % STACK_QUESTIONS];
    stack->keeper_stack = question;
    *asked = (struct stack_question){.verb = question->header.verb};
    (void)sm_wire_get_text(question, CTL_NAME, asked->name, sizeof asked->name);
    (void)sm_wire_get_text(question, CTL_SERVICE, asked->service, sizeof asked->service);
    (void)sm_wire_get_text(question, CTL_USER, asked->user, sizeof asked->user);
    (void)sm_wire_get_text(question, CTL_RHOST, asked->rhost, sizeof asked->rhost);
    (void)sm_wire_get_text(question, CTL_TTY, asked->tty, sizeof asked->tty);
    (void)sm_wire_get_text(question, CTL_RUSER, asked->ruser, sizeof asked->ruser);
    (void)sm_wire_get_text(question, CTL_PASSWORD, asked->password, sizeof asked->password);
    (void)sm_wire_get_text(question, CTL_SESSION_ID, asked->session_id, sizeof asked->session_id);
    (void)sm_wire_get_u32(question, CTL_GRACE_S, &asked->grace_s);
    (void)sm_wire_get_u32(question, CTL_WAIT_MS, &asked->wait_ms);
    asked->has_old = sm_wire_get_text(question, CTL_OLD, asked->old, sizeof asked->old);
    size_t turn = stack->asked_count++;
    return stack->answers[turn < stack->answer_count ? turn : stack->answer_count - 1];
}

static void append(char *text, size_t size, const char *more)
{
    size_t len = strlen(text);
    (void)snprintf(text + len, size - len, "%s\n", more);
}

static char *type(struct stack *stack)
{
    const char *word = stack->typed[stack->typed_count];
    if (!word || stack->types_nothing)
        return NULL;
    stack->typed_count++;
    return strdup(word);
}

static int converse(int count, const struct pam_message **messages, struct pam_response **answers,
                    void *context)
{
    struct stack *stack = context;
    if (stack->conversation_code != PAM_SUCCESS)
        return stack->conversation_code;
    *answers = stack->types_nothing ? NULL : calloc((size_t)count, sizeof **answers);
    for (int i = 0; i < count; i++) {
        bool prompt = messages[i]->msg_style == PAM_PROMPT_ECHO_OFF ||
                      messages[i]->msg_style == PAM_PROMPT_ECHO_ON;
        append(prompt ? stack->prompts : stack->heard,
               prompt ? sizeof stack->prompts : sizeof stack->heard, messages[i]->msg);
        if (prompt && *answers)
            (*answers)[i].resp = type(stack);
    }
    return PAM_SUCCESS;
}

static void write_lines(FILE *file, const struct stack *stack, const char *lines)
{
    static const char word[] = "MODULE";
    char timeout[32] = "";
    if (!strstr(lines, "timeout="))
        (void)snprintf(timeout, sizeof timeout, "timeout=%dms", STACK_TIMEOUT);
    for (const char *at; (at = strstr(lines, word)); lines = at + strlen(word))
        (void)fprintf(file, "%.*s%s socket=%s %s", (int)(at - lines), lines, STACK_MODULE,
                      stack->socket, timeout);
    (void)fprintf(file, "%s\n", lines);
}

void stack_write(struct stack *stack, const char *lines)
{
    char path[64];
    (void)snprintf(path, sizeof path, "%s/%s", stack->directory, STACK_SERVICE);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    write_lines(file, stack, lines);
    assert_int_equal(fclose(file), 0);
}

void stack_start(struct stack *stack, const char *lines)
{
    const struct pam_conv conversation = {converse, stack};
    stack_end(stack);
    stack_write(stack, lines);
    assert_int_equal(
        pam_start_confdir(STACK_SERVICE, STACK_USER, &conversation, stack->directory, &stack->pamh),
        PAM_SUCCESS);
}

void stack_end(struct stack *stack)
{
    if (stack->pamh)
        assert_int_equal(pam_end(stack->pamh, PAM_SUCCESS), PAM_SUCCESS);
    stack->pamh = NULL;
    stack->asked_count = 0;
    stack->typed_count = 0;
    stack->heard[0] = '\0';
    stack->prompts[0] = '\0';
}

void stack_keeper_says(struct stack *stack, struct fake_answer says)
{
    stack->answers[0] = says;
    stack->answer_count = 1;
}

void stack_keeper_goes(struct stack *stack)
{
    fake_keeper_stop(stack->keeper);
    stack->keeper = NULL;
}

void stack_keeper_comes(struct stack *stack)
{
    stack->keeper = fake_keeper_start(stack->socket, answer, stack);
}

int64_t stack_now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail */
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int stack_set_up(void **state)
{
    static struct stack stack;
    if (access(STACK_MODULE, R_OK) != 0)
        skip(); /* built without shared objects */
    stack = (struct stack){.typed = {"right"}};
    (void)strcpy(stack.directory, "/tmp/stack.XXXXXX");
    assert_non_null(mkdtemp(stack.directory));
    (void)snprintf(stack.socket, sizeof stack.socket, "%s/keeper", stack.directory);
    stack_keeper_says(&stack, (struct fake_answer){
                                  .fields = true, .session_id = "5e5510", .kind = CTL_WAY_CHOSEN});
    stack_keeper_comes(&stack);
    *state = &stack;
    return 0;
}

int stack_tear_down(void **state)
{
    struct stack *stack = *state;
    char path[64];
    stack->conversation_code = PAM_SUCCESS;
    stack_end(stack);
    stack_keeper_goes(stack);
    (void)snprintf(path, sizeof path, "%s/%s", stack->directory, STACK_SERVICE);
    (void)unlink(path); /* a test may not have written one */
    (void)unlink(stack->socket);
    return rmdir(stack->directory);
}
