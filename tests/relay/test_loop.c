/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_loop.c - a lone conversation is awaited awake, for a moment; whatever else is slept for. */
#include "tests/lib/sm_test.h"

#include <sys/epoll.h>

#include "relay/loop.h"

enum { ROUNDS = 40 };

/* The kernel's part: each sleep ends with `together` events; a glance sees one or nothing. */
static struct {
    struct relay_loop loop;
    struct relay_watch watch;
    int together;
    int seen_at_a_glance;
    int sleeps, glances, rounds;
} world;

int __wrap_epoll_wait(int epoll, struct epoll_event *events, int max, int timeout_ms);
int __wrap_epoll_wait(int epoll, struct epoll_event *events, int max, int timeout_ms)
{
    (void)epoll;
    assert_true(max >= world.together);
    int count = timeout_ms == 0 ? world.seen_at_a_glance : world.together;
    *(timeout_ms == 0 ? &world.glances : &world.sleeps) += 1;
    for (int i = 0; i < count; i++)
        events[i] = (struct epoll_event){.events = EPOLLIN, .data.ptr = &world.watch};
    return count;
}

static void on_event(struct relay_watch *watch, uint32_t events)
{
    (void)watch;
    (void)events;
}

static void after_round(struct relay_loop *loop)
{
    loop->stop = ++world.rounds == ROUNDS;
}

static void run(int together, int seen_at_a_glance)
{
    memset(&world, 0, sizeof world);
    world.together = together;
    world.seen_at_a_glance = seen_at_a_glance;
    assert_int_equal(relay_loop_init(&world.loop), SMCRED_OK);
    world.watch = (struct relay_watch){.fd = 0, .ready = on_event};
    world.loop.after_round = after_round;
    relay_loop_run(&world.loop);
    relay_loop_done(&world.loop);
}

static void a_lone_conversation_is_awaited_awake(void **state)
{
    (void)state;
    run(1, 1);
    assert_int_equal(world.sleeps, 16); /* until it is known for one */
    assert_int_equal(world.glances, ROUNDS - 16);
}

static void a_vain_wait_is_not_repeated_soon(void **state)
{
    (void)state;
    run(1, 0);
    assert_int_equal(world.sleeps, ROUNDS);
    assert_true(world.glances > 0);
    assert_true(world.loop.lone < 16);
}

static void a_crowd_is_slept_for(void **state)
{
    (void)state;
    run(2, 1);
    assert_int_equal(world.sleeps, ROUNDS);
    assert_int_equal(world.glances, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lone_conversation_is_awaited_awake),
        cmocka_unit_test(a_vain_wait_is_not_repeated_soon),
        cmocka_unit_test(a_crowd_is_slept_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
