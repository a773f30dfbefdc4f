/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_index.c - what the keeper writes, a reader finds; what is replaced says so. */
#include "tests/lib/sm_test.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "common/index_find.h"
#include "keeper/index.h"

static char directory[40], path[64];

static int make_directory(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/smcred-index-XXXXXX");
    if (!mkdtemp(directory))
        return -1;
    (void)snprintf(path, sizeof path, "%s/index", directory);
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(directory);
}

static struct config *parse(const char *text)
{
    struct config_options how = {.file = "c.conf"};
    struct config_problems problems;
    struct config *config = NULL;
    assert_int_equal(config_parse(&how, sm_bytes_of(text), &config, &problems), SMCRED_OK);
    config_problems_done(&problems);
    return config;
}

static const struct index_header *map_index(size_t *out_size)
{
    struct stat about;
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0644);
    void *at = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_SHARED, fd, 0);
    assert_true(at != MAP_FAILED);
    (void)close(fd);
    *out_size = (size_t)about.st_size;
    return at;
}

static const char *name_at(const struct index_header *index, const char *host, uint32_t port)
{
    const struct index_target *target = index_find_name(index, host, port);
    return target ? target->name : "-";
}

static const char *name_of_address(const struct index_header *index, const char *text,
                                   uint16_t port)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct index_address key;
    const struct index_target *target = NULL;
    assert_int_equal(inet_pton(AF_INET, text, &in.sin_addr), 1);
    assert_true(index_key((struct sockaddr *)&in, sizeof in, &key));
    return index_find_address(index, &key, &target) == INDEX_OURS ? target->name : "-";
}

static struct index_place port_7000(void *arg, const struct config_target *target)
{
    (void)arg;
    (void)target;
    return (struct index_place){true, "10.1.2.3", 7000};
}

#define ORDERS                                                                                     \
    "[target orders]\nsecret = s\ntls = disable\nmatch = Orders.internal 10.0.0.9\nport = 6432\n"  \
    "hostaddr = 127.0.0.1\n"
#define BILLING                                                                                    \
    "[target billing]\nsecret = s\ntls = disable\nmatch = billing.internal orders.internal:9999\n"

static void finds_what_was_configured(void **state)
{
    (void)state;
    struct index_writer *writer;
    size_t size;
    struct config *config = parse(ORDERS BILLING);
    assert_int_equal(index_new(directory, &writer), SMCRED_OK);
    assert_int_equal(index_write(writer, config, port_7000, NULL), SMCRED_OK);
    const struct index_header *index = map_index(&size);
    assert_true(index_check(index, size));
    assert_string_equal(name_at(index, "orders.internal", 5432), "orders");
    assert_string_equal(name_at(index, "orders.internal", 6432), "orders");
    assert_string_equal(name_at(index, "orders.internal", 9999), "billing");
    assert_string_equal(name_at(index, "orders.internal", 7000), "-");
    assert_string_equal(name_at(index, "billing.internal", 7000), "billing");
    assert_string_equal(name_of_address(index, "127.0.0.1", 6432), "orders");
    assert_string_equal(name_of_address(index, "127.0.0.1", 5432), "-");
    assert_string_equal(name_of_address(index, "10.0.0.9", 5432), "orders");
    assert_string_equal(name_of_address(index, "10.1.2.3", 7000), "billing");
    for (uint32_t i = 0; i < index->target_count; i++) {
        char text[INET_ADDRSTRLEN];
        const struct index_target *target = &index_targets(index)[i];
        assert_non_null(inet_ntop(AF_INET, &target->synthetic, text, sizeof text));
        assert_memory_equal(text, "127.83.", 7);
        assert_string_equal(name_of_address(index, text, 5432), target->name);
        assert_non_null(strstr(target->socket_path, "/.s.PGSQL.5432"));
    }
    (void)munmap((void *)(uintptr_t)index, size);
    index_free(writer);
    config_unref(config);
}

static const char *looked_up(const struct index_writer *writer, const char *host, uint32_t port)
{
    const char *name = index_look_up(writer, host, port);
    return name ? name : "-";
}

static struct index_place nowhere_yet(void *arg, const struct config_target *target)
{
    (void)arg;
    (void)target;
    return (struct index_place){false, "", 0};
}

/* Before the secret is read, another server may be at the default port of the address. */
static void guesses_no_port_of_an_address(void **state)
{
    (void)state;
    struct index_writer *writer;
    size_t size;
    struct config *config =
        parse("[target guess]\nsecret = s\ntls = disable\nmatch = guess.internal\n"
              "hostaddr = 127.0.0.1\n" ORDERS);
    assert_int_equal(index_new(directory, &writer), SMCRED_OK);
    assert_int_equal(index_write(writer, config, nowhere_yet, NULL), SMCRED_OK);
    const struct index_header *index = map_index(&size);
    assert_string_equal(name_of_address(index, "127.0.0.1", 5432), "-");
    assert_string_equal(name_of_address(index, "127.0.0.1", 6432), "orders");
    assert_string_equal(name_at(index, "guess.internal", 5432), "guess");
    (void)munmap((void *)(uintptr_t)index, size);
    index_free(writer);
    config_unref(config);
}

/* What `smcred explain` says of a host is what the shim does with it. */
static void looks_up_what_is_typed(void **state)
{
    (void)state;
    struct index_writer *writer;
    struct config *config =
        parse(ORDERS BILLING "[target third]\nsecret = s\nhost = third.internal\n"
                             "port = 5432\n");
    assert_int_equal(index_new(directory, &writer), SMCRED_OK);
    assert_null(index_look_up(writer, "orders.internal", 5432)); /* nothing is written yet */
    assert_int_equal(index_write(writer, config, port_7000, NULL), SMCRED_OK);
    assert_string_equal(looked_up(writer, "orders.internal", 6432), "orders");
    assert_string_equal(looked_up(writer, "orders.internal", 7000), "-");
    assert_string_equal(looked_up(writer, "10.0.0.9", 5432), "orders");
    assert_string_equal(looked_up(writer, "127.0.0.1", 6432), "orders");
    assert_string_equal(looked_up(writer, "127.0.0.1", 5432), "-");
    /* the secret's own address, which no target names */
    assert_string_equal(looked_up(writer, "10.1.2.3", 7000), "billing");
    assert_string_equal(looked_up(writer, "::ffff:10.1.2.3", 7000), "billing");
    /* the server's name, which is no match: it is not resolved for the index */
    assert_string_equal(looked_up(writer, "third.internal", 5432), "-");
    index_free(writer);
    config_unref(config);
}

static void tells_readers_of_the_old_one(void **state)
{
    (void)state;
    struct index_writer *writer;
    size_t size, same_size, next_size;
    struct config *one = parse(ORDERS), *two = parse(ORDERS BILLING);
    assert_int_equal(index_new(directory, &writer), SMCRED_OK);
    assert_int_equal(index_write(writer, one, NULL, NULL), SMCRED_OK);
    const struct index_header *old = map_index(&size);
    assert_int_equal(index_write(writer, one, NULL, NULL), SMCRED_OK);
    assert_int_equal(old->superseded, 0); /* it says the same */
    assert_int_equal(index_write(writer, two, NULL, NULL), SMCRED_OK);
    assert_int_equal(old->superseded, 1);
    const struct index_header *next = map_index(&next_size);
    assert_int_equal(next->target_count, 2);
    index_free(writer);
    assert_int_equal(next->superseded, 1);
    /* The next keeper takes the file over, whatever the last one left in it. */
    assert_int_equal(index_new(directory, &writer), SMCRED_OK);
    assert_int_equal(index_write(writer, two, NULL, NULL), SMCRED_OK);
    const struct index_header *again = map_index(&same_size);
    assert_int_equal(again->superseded, 0);
    index_free(writer);
    (void)munmap((void *)(uintptr_t)old, size);
    (void)munmap((void *)(uintptr_t)next, next_size);
    (void)munmap((void *)(uintptr_t)again, same_size);
    config_unref(one);
    config_unref(two);
}

static void recalls_what_secrets_had_said(void **state)
{
    (void)state;
    struct index_writer *writer;
    char host[INDEX_HOST_MAX];
    uint32_t port;
    struct config *config = parse(ORDERS BILLING);
    struct config *more = parse(ORDERS BILLING "[target third]\nsecret = s\ntls = disable\n");
    assert_int_equal(index_new(directory, &writer), SMCRED_OK);
    assert_false(index_recall(writer, config_find(config, "billing"), host, &port));
    assert_int_equal(index_write(writer, config, port_7000, NULL), SMCRED_OK);
    index_free(writer);
    assert_int_equal(index_new(directory, &writer), SMCRED_OK);
    assert_true(index_recall(writer, config_find(more, "billing"), host, &port));
    assert_int_equal(port, 7000);
    assert_string_equal(host, "10.1.2.3");
    assert_true(index_recall(writer, config_find(more, "orders"), host, &port));
    assert_int_equal(port, 6432);
    assert_string_equal(host, ""); /* hostaddr is the configuration's */
    assert_false(index_recall(writer, config_find(more, "third"), host, &port));
    index_free(writer);
    config_unref(config);
    config_unref(more);
}

static void gives_every_target_an_address_of_its_own(void **state)
{
    (void)state;
    enum { COUNT = 2000 };
    struct index_writer *writer;
    size_t size, len = 0;
    char *text = malloc(COUNT * 80);
    assert_non_null(text);
    for (int i = 0; i < COUNT; i++)
        len += (size_t)sprintf(text + len, "[target t%d]\nsecret = s\ntls = disable\n", i);
    struct config *config = parse(text);
    assert_int_equal(index_new(directory, &writer), SMCRED_OK);
    assert_int_equal(index_write(writer, config, NULL, NULL), SMCRED_OK);
    const struct index_header *index = map_index(&size);
    assert_true(index_check(index, size));
    assert_int_equal(index->address_count, COUNT); /* equal ones would have been thinned out */
    (void)munmap((void *)(uintptr_t)index, size);
    index_free(writer);
    config_unref(config);
    free(text);
}

SM_TEST_MAIN(
    cmocka_unit_test_setup_teardown(finds_what_was_configured, make_directory, remove_directory),
    cmocka_unit_test_setup_teardown(guesses_no_port_of_an_address, make_directory,
                                    remove_directory),
    cmocka_unit_test_setup_teardown(looks_up_what_is_typed, make_directory, remove_directory),
    cmocka_unit_test_setup_teardown(recalls_what_secrets_had_said, make_directory,
                                    remove_directory),
    cmocka_unit_test_setup_teardown(tells_readers_of_the_old_one, make_directory, remove_directory),
    cmocka_unit_test_setup_teardown(gives_every_target_an_address_of_its_own, make_directory,
                                    remove_directory))
