/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_people.c - a directory that hangs stops nobody but those who are in it. */
#include "tests/lib/sm_test.h"

#include <event2/event.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>

#include "keeper/people.h"
#include "keeper/workers.h"

#define LONG_MS 60000

static struct event_base *base;
static struct workers *workers;
static struct people *people;
static sem_t gate; /* of those whose name begins with "slow" */
static atomic_int lookups;

static bool look_up(const char *name, struct person *out_person)
{
    atomic_fetch_add(&lookups, 1);
    if (strncmp(name, "slow", 4) == 0)
        (void)sem_wait(&gate);
    out_person->peer.uid = 1000 + (uid_t)name[0];
    return strcmp(name, "nobody-here") != 0;
}

struct told {
    int times;
    enum smcred_status status;
    uid_t uid;
    struct people_ask *cancels; /* another one, when told */
};

static void note(void *arg, enum smcred_status status, const struct person *person)
{
    struct told *told = arg;
    told->times++;
    told->status = status;
    assert_int_equal(person != NULL, status == SMCRED_OK);
    if (person)
        told->uid = person->peer.uid;
    people_cancel(told->cancels);
}

static int setup(void **state)
{
    (void)state;
    lookups = 0;
    assert_int_equal(sem_init(&gate, 0, 0), 0);
    base = event_base_new();
    assert_int_equal(workers_new(base, 2, PEOPLE_MAX, &workers), SMCRED_OK);
    struct people_options options = {base, workers, look_up};
    return people_new(&options, &people) != SMCRED_OK;
}

static void open_gate(void)
{
    for (int i = 0; i < 2 * PEOPLE_MAX; i++)
        (void)sem_post(&gate);
}

static int teardown(void **state)
{
    (void)state;
    open_gate();
    workers_free(workers);
    people_free(people);
    event_base_free(base);
    return 0;
}

static struct people_ask *ask(struct told *told, const char *name, int64_t wait_ms)
{
    struct people_ask *asked;
    people_find(people, name, wait_ms, note, told, &asked);
    return asked;
}

/* Until it is told; the loop has nothing else to do. */
static void settle(const struct told *told)
{
    while (told->times == 0)
        assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
}

/* ---- */

static void who_is_there_is_found_and_who_is_not_is_not(void **state)
{
    (void)state;
    struct told alice = {0}, nobody = {0};
    assert_non_null(ask(&alice, "alice", LONG_MS));
    assert_int_equal(alice.times, 0); /* nothing is looked up in the loop */
    settle(&alice);
    assert_int_equal(alice.status, SMCRED_OK);
    assert_int_equal(alice.uid, 1000 + 'a');
    (void)ask(&nobody, "nobody-here", LONG_MS);
    settle(&nobody);
    assert_int_equal(nobody.status, SMCRED_NOT_FOUND);
}

static void a_directory_that_hangs_stops_nobody_else(void **state)
{
    (void)state;
    struct told slow = {0}, alice = {0};
    (void)ask(&slow, "slow-joe", LONG_MS);
    (void)ask(&alice, "alice", LONG_MS);
    settle(&alice);
    assert_int_equal(alice.status, SMCRED_OK);
    assert_int_equal(slow.times, 0);
    open_gate();
    settle(&slow);
    assert_int_equal(slow.status, SMCRED_OK);
}

static void who_waits_has_a_deadline(void **state)
{
    (void)state;
    struct told hasty = {0}, patient = {0};
    (void)ask(&hasty, "slow-joe", 1);
    (void)ask(&patient, "slow-joe", LONG_MS);
    settle(&hasty);
    assert_int_equal(hasty.status, SMCRED_TIMED_OUT);
    assert_int_equal(patient.times, 0);
    open_gate();
    settle(&patient);
    assert_int_equal(patient.status, SMCRED_OK);
    assert_int_equal(hasty.times, 1);
    assert_int_equal(lookups, 1); /* for both */
}

static void each_new_look_is_one(void **state)
{
    (void)state;
    struct told first = {0}, second = {0};
    (void)ask(&first, "alice", LONG_MS);
    settle(&first);
    (void)ask(&second, "alice", LONG_MS);
    settle(&second);
    assert_int_equal(lookups, 2); /* who has left a group is out of it */
}

static void who_has_left_is_not_told(void **state)
{
    (void)state;
    struct told left = {0}, here = {0}, cancelled = {0}, alice = {0};
    people_cancel(ask(&left, "slow-joe", 1));
    cancelled.cancels = NULL;
    struct people_ask *other = ask(&cancelled, "slow-joe", LONG_MS);
    (void)ask(&here, "slow-joe", LONG_MS); /* told first */
    here.cancels = other;
    open_gate();
    settle(&here);
    (void)ask(&alice, "alice", LONG_MS);
    settle(&alice);
    assert_int_equal(left.times, 0);
    assert_int_equal(cancelled.times, 0);
}

static void so_many_and_no_more(void **state)
{
    (void)state;
    static struct told told[PEOPLE_MAX + 1];
    char name[32];
    for (size_t i = 0; i <= PEOPLE_MAX; i++) {
        (void)snprintf(name, sizeof name, "slow-%zu", i);
        told[i] = (struct told){0};
        assert_int_equal(ask(&told[i], name, LONG_MS) == NULL, i == PEOPLE_MAX);
    }
    assert_int_equal(told[PEOPLE_MAX].status, SMCRED_LIMITED);
    open_gate();
    for (size_t i = 0; i < PEOPLE_MAX; i++)
        settle(&told[i]);
}

static void at_the_end_each_is_told(void **state)
{
    (void)state;
    struct told told[4] = {{0}};
    (void)ask(&told[0], "slow-a", LONG_MS);
    (void)ask(&told[1], "slow-b", LONG_MS);
    (void)ask(&told[2], "slow-c", LONG_MS); /* both threads are taken */
    (void)ask(&told[3], "slow-c", LONG_MS);
    while (atomic_load(&lookups) < 2)
        (void)event_base_loop(base, EVLOOP_NONBLOCK);
    open_gate();
    workers_free(workers);
    workers = NULL;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(told[i].times, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
SM_TEST_MAIN(TEST(who_is_there_is_found_and_who_is_not_is_not),
             TEST(a_directory_that_hangs_stops_nobody_else), TEST(who_waits_has_a_deadline),
             TEST(each_new_look_is_one), TEST(who_has_left_is_not_told), TEST(so_many_and_no_more),
             TEST(at_the_end_each_is_told))
