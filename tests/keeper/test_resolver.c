/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_resolver.c - one look-up a name, none for numbers and paths, and old answers when DNS is
 * down. */
#include "tests/lib/sm_test.h"

#include <arpa/inet.h>
#include <semaphore.h>
#include <sys/un.h>

#include "keeper/resolver.h"
#include "tests/keeper/world.h"

static struct dns {
    int calls;
    enum smcred_status status;
    const char *address;
    bool gated;
    sem_t gate;
} dns;

static struct resolver *resolver;

static enum smcred_status look_up(void *arg, const char *host, struct resolver_address *addresses,
                                  size_t *out_count, struct sm_error *err)
{
    struct dns *from = arg;
    struct sockaddr_in *in = (struct sockaddr_in *)&addresses[0].address;
    assert_true(host[0] != '\0');
    __atomic_add_fetch(&from->calls, 1, __ATOMIC_SEQ_CST);
    if (from->gated)
        sem_wait(&from->gate);
    if (from->status != SMCRED_OK)
        return sm_error_set(err, from->status, "DNS says %s", sm_status_text(from->status));
    in->sin_family = AF_INET;
    assert_int_equal(inet_pton(AF_INET, from->address, &in->sin_addr), 1);
    addresses[0].len = sizeof *in;
    *out_count = 1;
    return SMCRED_OK;
}

static int setup(void **state)
{
    (void)state;
    world_begin(2, 100);
    dns.calls = 0;
    dns.status = SMCRED_OK;
    dns.address = "10.0.0.7";
    dns.gated = false;
    assert_int_equal(sem_init(&dns.gate, 0, 0), 0);
    struct resolver_options options = {.base = world.base,
                                       .workers = world.workers,
                                       .lookup = look_up,
                                       .lookup_arg = &dns,
                                       .now_ms = world_now,
                                       .names_max = 2};
    return resolver_new(&options, &resolver) != SMCRED_OK;
}

static int teardown(void **state)
{
    (void)state;
    world_stop_workers();
    resolver_free(resolver);
    world_end();
    return 0;
}

struct told {
    int times;
    enum smcred_status status;
    bool stale;
    size_t count;
    struct resolver_address first;
};

static void note(void *arg, const struct resolver_answer *answer)
{
    struct told *told = arg;
    told->times++;
    told->status = answer->status;
    told->stale = answer->stale;
    told->count = answer->count;
    if (answer->status == SMCRED_OK)
        told->first = answer->addresses[0];
    else
        assert_true(answer->err->text[0]);
}

static struct told ask(const char *host, uint16_t port)
{
    struct told told = {0};
    resolver_get(resolver, host, port, world.now_ms + 5000, note, &told, NULL);
    world_settle();
    assert_int_equal(told.times, 1);
    return told;
}

static void assert_inet(const struct told *told, const char *address, uint16_t port)
{
    const struct sockaddr_in *in = (const struct sockaddr_in *)&told->first.address;
    char text[INET_ADDRSTRLEN];
    assert_int_equal(told->status, SMCRED_OK);
    assert_int_equal(in->sin_family, AF_INET);
    assert_string_equal(inet_ntop(AF_INET, &in->sin_addr, text, sizeof text), address);
    assert_int_equal(ntohs(in->sin_port), port);
    assert_int_equal(told->first.len, sizeof *in);
}

static void a_name_is_looked_up_once_within_its_time(void **state)
{
    (void)state;
    for (uint16_t port = 5432; port < 5442; port++) {
        struct told told = ask("orders-db.internal", port);
        assert_inet(&told, "10.0.0.7", port);
        assert_false(told.stale);
    }
    assert_int_equal(dns.calls, 1);
    world.now_ms += 30000;
    dns.address = "10.0.0.8";
    struct told told = ask("orders-db.internal", 5432);
    assert_inet(&told, "10.0.0.8", 5432);
    assert_int_equal(dns.calls, 2);
}

static void a_thousand_askers_make_one_look_up(void **state)
{
    (void)state;
    enum { COUNT = 1000 };
    static struct told told[COUNT];
    memset(told, 0, sizeof told);
    for (int i = 0; i < COUNT; i++)
        resolver_get(resolver, "orders-db.internal", (uint16_t)i, world.now_ms + 5000, note,
                     &told[i], NULL);
    world_settle();
    for (int i = 0; i < COUNT; i++)
        assert_inet(&told[i], "10.0.0.7", (uint16_t)i);
    assert_int_equal(dns.calls, 1);
}

static void numbers_and_paths_need_no_look_up(void **state)
{
    (void)state;
    struct told told = {0};
    resolver_get(resolver, "192.0.2.1", 5432, 0, note, &told, NULL);
    assert_inet(&told, "192.0.2.1", 5432);
    resolver_get(resolver, "::1", 5433, 0, note, &told, NULL);
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&told.first.address;
    assert_int_equal(in6->sin6_family, AF_INET6);
    assert_int_equal(ntohs(in6->sin6_port), 5433);
    resolver_get(resolver, "/run/pg/.s.PGSQL.5432", 1, 0, note, &told, NULL);
    const struct sockaddr_un *path = (const struct sockaddr_un *)&told.first.address;
    assert_int_equal(path->sun_family, AF_UNIX);
    assert_string_equal(path->sun_path, "/run/pg/.s.PGSQL.5432");
    assert_int_equal(told.times, 3);
    assert_int_equal(dns.calls, 0);
}

static void endless_and_empty_names_are_refused(void **state)
{
    (void)state;
    char name[RESOLVER_HOST_MAX + 1];
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(ask(name, 1).status, SMCRED_INVALID);
    assert_int_equal(ask("", 1).status, SMCRED_INVALID);
    name[0] = '/';
    name[108] = '\0'; /* one more than sun_path holds */
    assert_int_equal(ask(name, 1).status, SMCRED_INVALID);
    name[107] = '\0';
    assert_int_equal(ask(name, 1).status, SMCRED_OK);
}

static void old_answers_serve_while_dns_fails(void **state)
{
    (void)state;
    (void)ask("orders-db.internal", 5432);
    dns.status = SMCRED_UNAVAILABLE;
    world.now_ms += 30001;
    struct told told = ask("orders-db.internal", 5432);
    assert_inet(&told, "10.0.0.7", 5432);
    assert_true(told.stale);
    (void)ask("orders-db.internal", 5432);
    assert_int_equal(dns.calls, 2); /* a failing name rests for a second */
    world.now_ms += 3600 * 1000;
    assert_int_equal(ask("orders-db.internal", 5432).status, SMCRED_UNAVAILABLE);
}

static void a_name_that_is_not_there_says_so(void **state)
{
    (void)state;
    dns.status = SMCRED_NOT_FOUND;
    assert_int_equal(ask("no.such.host", 1).status, SMCRED_NOT_FOUND);
}

static void each_asker_has_a_deadline(void **state)
{
    (void)state;
    struct told soon = {0}, later = {0}, gone = {0};
    struct resolver_ask *asked;
    dns.gated = true;
    resolver_get(resolver, "slow.internal", 1, world.now_ms + 100, note, &soon, NULL);
    resolver_get(resolver, "slow.internal", 2, world.now_ms + 200, note, &later, NULL);
    resolver_get(resolver, "slow.internal", 3, world.now_ms + 200, note, &gone, &asked);
    resolver_cancel(asked);
    world.now_ms += 100;
    resolver_tick(resolver);
    assert_int_equal(soon.status, SMCRED_TIMED_OUT);
    assert_int_equal(later.times, 0);
    sem_post(&dns.gate);
    world_settle();
    assert_inet(&later, "10.0.0.7", 2);
    assert_int_equal(soon.times, 1);
    assert_int_equal(gone.times, 0);
}

static void names_are_bounded(void **state)
{
    (void)state;
    (void)ask("a.internal", 1);
    (void)ask("b.internal", 1);
    (void)ask("a.internal", 1);
    (void)ask("c.internal", 1);
    (void)ask("a.internal", 1);
    assert_int_equal(dns.calls, 3);
    struct told told[3] = {{0}};
    dns.gated = true;
    static const char *const names[] = {"d.internal", "e.internal", "f.internal"};
    for (int i = 0; i < 3; i++)
        resolver_get(resolver, names[i], 1, world.now_ms + 9, note, &told[i], NULL);
    assert_int_equal(told[2].status, SMCRED_LIMITED);
    sem_post(&dns.gate);
    sem_post(&dns.gate);
    world_settle();
    assert_int_equal(told[0].status, SMCRED_OK);
}

static void the_real_one_knows_localhost(void **state)
{
    (void)state;
    struct resolver_address addresses[RESOLVER_ADDRESSES_MAX];
    struct sm_error err;
    size_t count = 0;
    assert_int_equal(resolver_lookup(NULL, "localhost", addresses, &count, &err), SMCRED_OK);
    assert_in_range(count, 1, RESOLVER_ADDRESSES_MAX);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

SM_TEST_MAIN(TEST(a_name_is_looked_up_once_within_its_time),
             TEST(a_thousand_askers_make_one_look_up), TEST(numbers_and_paths_need_no_look_up),
             TEST(endless_and_empty_names_are_refused), TEST(old_answers_serve_while_dns_fails),
             TEST(a_name_that_is_not_there_says_so), TEST(each_asker_has_a_deadline),
             TEST(names_are_bounded), TEST(the_real_one_knows_localhost))
