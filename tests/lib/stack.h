/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stack.h - looks at a stack after a function has returned: is the secret still on it?
 *
 * The function runs in a thread whose stack is ours.  A test begins with stack_is_seen(), which
 * shows that a secret left there is found: not so where locals live elsewhere, as clang's ASan may
 * have it.  Under valgrind, which would complain of what was never written, nobody looks.
 */
#ifndef SM_TEST_STACK_H
#define SM_TEST_STACK_H

#include "tests/lib/sm_test.h"

#include <pthread.h>
#include <sys/mman.h>

#include "common/bytes.h"

#define STACK_SIZE  (1 << 20)
#define STACK_DEPTH (1 << 16) /* out of the reach of what a thread does when it ends */
#define STACK_PROOF "left-on-the-stack-53cr37"

struct stack_call {
    void *(*run)(void *);
    void *arg;
};

static void *stack_go_deep(void *arg)
{
    const struct stack_call *call = arg;
    char depth[STACK_DEPTH];
    __asm__ volatile("" : : "r"(depth) : "memory"); /* it is really there */
    (void)call->run(call->arg);
    __asm__ volatile("" : : "r"(depth) : "memory"); /* and until now */
    return NULL;
}

/* True if `secret` is on the stack after run(arg), which must keep it elsewhere. */
static bool stack_keeps(struct sm_bytes secret, void *(*run)(void *), void *arg)
{
    struct stack_call call = {run, arg};
    pthread_attr_t attributes;
    pthread_t thread;
    void *stack =
        mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(stack, MAP_FAILED);
    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(pthread_attr_setstack(&attributes, stack, STACK_SIZE), 0);
    assert_int_equal(pthread_create(&thread, &attributes, stack_go_deep, &call), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    bool kept = memmem(stack, STACK_SIZE, secret.data, secret.len) != NULL;
    assert_int_equal(munmap(stack, STACK_SIZE), 0);
    assert_int_equal(pthread_attr_destroy(&attributes), 0);
    return kept;
}

static void *stack_leave_proof(void *arg)
{
    char room[sizeof STACK_PROOF];
    memcpy(room, arg, sizeof room);
    __asm__ volatile("" : : "r"(room) : "memory"); /* it is really written */
    return NULL;
}

static bool stack_is_seen(void)
{
    char proof[] = STACK_PROOF;
    return !sm_under_valgrind() &&
           stack_keeps(sm_bytes(proof, strlen(proof)), stack_leave_proof, proof);
}

#endif
