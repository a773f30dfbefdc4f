/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_page.c - both sides of the shared pages: keeper/page.c writes, common/pagereader.c reads. */
#include "tests/lib/sm_test.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "common/pagereader.h"
#include "keeper/page.h"
#include "tests/keeper/world.h"

#define UNTIL_MS 5000

static int setup(void **state)
{
    (void)state;
    world_begin(1, 1);
    world.now_ms = 1;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_stop_workers();
    world_end();
    return 0;
}

static struct page *new_page(const char *password, struct sm_page_map *out_map)
{
    struct page *page;
    struct sm_snapshot *snapshot = world_snapshot("v1", "app", password);
    assert_int_equal(page_new(snapshot, UNTIL_MS, &page), SMCRED_OK);
    sm_snapshot_unref(snapshot);
    assert_int_equal(sm_page_map(page_fd(page), out_map), SMCRED_OK);
    return page;
}

struct reading {
    enum smcred_status status;
    struct sm_page_copy copy;
    size_t used;
    uint8_t buffer[8192];
};

static void read_page(const struct sm_page_map *map, struct reading *reading)
{
    memset(reading->buffer, 0x55, sizeof reading->buffer);
    reading->used = 0;
    reading->status = sm_page_read(map, world.now_ms, reading->buffer, sizeof reading->buffer,
                                   &reading->copy, &reading->used);
}

static void readers_see_what_was_written(void **state)
{
    (void)state;
    struct sm_page_map map;
    struct reading reading;
    struct page *page = new_page("correct horse", &map);
    read_page(&map, &reading);
    assert_int_equal(reading.status, SMCRED_OK);
    assert_true(sm_bytes_is(reading.copy.field[PAGE_NAME], "prod/orders/db"));
    assert_true(sm_bytes_is(reading.copy.field[PAGE_VERSION_ID], "v1"));
    assert_true(sm_bytes_is(reading.copy.field[PAGE_USERNAME], "app"));
    assert_true(sm_bytes_is(reading.copy.field[PAGE_PASSWORD], "correct horse"));
    assert_true(sm_bytes_is(reading.copy.field[PAGE_HOST], "orders-db.internal"));
    assert_true(sm_bytes_is(reading.copy.field[PAGE_DBNAME], "orders"));
    assert_true(sm_bytes_is(reading.copy.field[PAGE_ENGINE], "postgres"));
    assert_int_equal(reading.copy.port, 5432);
    assert_int_equal(reading.copy.valid_until_ms, UNTIL_MS);
    for (int i = 0; i < PAGE_FIELD_COUNT; i++) {
        const char *text = reading.copy.field[i].data;
        assert_int_equal(text[reading.copy.field[i].len], 0);
    }
    sm_page_unmap(&map);
    page_free(page);
}

static void only_what_is_in_use_is_copied(void **state)
{
    (void)state;
    struct sm_page_map map;
    struct reading reading;
    struct page *page = new_page("correct horse", &map);
    read_page(&map, &reading);
    assert_true(reading.used < 300 && reading.used >= 100);
    for (size_t i = reading.used; i < sizeof reading.buffer; i++)
        assert_int_equal(reading.buffer[i], 0x55);
    sm_page_unmap(&map);
    page_free(page);
}

static void nobody_else_can_write(void **state)
{
    (void)state;
    struct sm_page_map map;
    struct page *page = new_page("correct horse", &map);
    int fd = page_fd(page);
    char path[64];
    assert_int_equal(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_ptr_equal(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
    assert_int_not_equal(ftruncate(fd, 0), 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int again = open(path, O_RDWR | O_CLOEXEC); /* root may; the seals hold all the same */
    if (again >= 0) {
        assert_int_equal(pwrite(again, "x", 1, 0), -1);
        assert_int_not_equal(ftruncate(again, 0), 0);
        assert_ptr_equal(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, again, 0),
                         MAP_FAILED);
        close(again);
    }
    sm_page_unmap(&map);
    page_free(page);
}

static void a_shorter_secret_leaves_no_tail(void **state)
{
    (void)state;
    struct sm_page_map map;
    struct page *page = new_page("a long password that must not show any more", &map);
    struct sm_snapshot *snapshot = world_snapshot("v2", "app", "short");
    assert_int_equal(page_write(page, snapshot, UNTIL_MS), SMCRED_OK);
    assert_null(memmem(map.header, map.size, "password that", 13));
    assert_null(memmem(map.header, map.size, "any more", 8));
    sm_snapshot_unref(snapshot);
    sm_page_unmap(&map);
    page_free(page);
}

static void clearing_zeroes_and_says_why(void **state)
{
    (void)state;
    static const enum page_state states[] = {PAGE_REVOKED, PAGE_RETIRED};
    static const enum smcred_status wanted[] = {SMCRED_REVOKED, SMCRED_UNAVAILABLE};
    for (int i = 0; i < 2; i++) {
        struct sm_page_map map;
        struct reading reading;
        struct page *page = new_page("correct horse", &map);
        page_clear(page, states[i]);
        read_page(&map, &reading);
        assert_int_equal(reading.status, wanted[i]);
        const uint8_t *bytes = (const uint8_t *)map.header;
        for (size_t at = sizeof(struct page_header); at < map.size; at++)
            assert_int_equal(bytes[at], 0);
        sm_page_unmap(&map);
        page_free(page);
    }
}

static void freeing_retires(void **state)
{
    (void)state;
    struct sm_page_map map;
    struct reading reading;
    struct page *page = new_page("correct horse", &map);
    page_free(page);
    read_page(&map, &reading);
    assert_int_equal(reading.status, SMCRED_UNAVAILABLE);
    assert_null(memmem(map.header, map.size, "horse", 5));
    sm_page_unmap(&map);
}

static void a_page_past_its_time_is_not_believed(void **state)
{
    (void)state;
    struct sm_page_map map;
    struct reading reading;
    struct page *page = new_page("correct horse", &map);
    world.now_ms = UNTIL_MS - 1;
    read_page(&map, &reading);
    assert_int_equal(reading.status, SMCRED_OK);
    world.now_ms = UNTIL_MS;
    read_page(&map, &reading);
    assert_int_equal(reading.status, SMCRED_UNAVAILABLE);
    page_extend(page, UNTIL_MS + 1);
    read_page(&map, &reading);
    assert_int_equal(reading.status, SMCRED_OK);
    sm_page_unmap(&map);
    page_free(page);
}

static void what_outgrows_its_page_is_refused(void **state)
{
    (void)state;
    static char password[60000];
    struct sm_page_map map;
    struct reading reading;
    struct page *page = new_page("correct horse", &map);
    memset(password, 'p', sizeof password - 1);
    struct sm_snapshot *snapshot = world_snapshot("v2", "app", password);
    assert_int_equal(page_write(page, snapshot, UNTIL_MS), SMCRED_TOO_LARGE);
    read_page(&map, &reading);
    assert_true(sm_bytes_is(reading.copy.field[PAGE_VERSION_ID], "v1"));
    struct page *large;
    struct sm_page_map large_map;
    assert_int_equal(page_new(snapshot, UNTIL_MS, &large), SMCRED_OK);
    assert_int_equal(sm_page_map(page_fd(large), &large_map), SMCRED_OK);
    read_page(&large_map, &reading);
    assert_int_equal(reading.status, SMCRED_TOO_LARGE); /* of that buffer */
    sm_snapshot_unref(snapshot);
    sm_page_unmap(&large_map);
    sm_page_unmap(&map);
    page_free(large);
    page_free(page);
}

/* ---- hostile and broken pages ---- */

static struct page_header *forge(size_t size, int seals, int *out_fd)
{
    int fd = memfd_create("forged", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, (off_t)size), 0);
    struct page_header *header = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_ptr_not_equal(header, MAP_FAILED);
    assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
    *header = (struct page_header){.magic = PAGE_MAGIC,
                                   .version = PAGE_VERSION,
                                   .state = PAGE_READY,
                                   .size = (uint32_t)size,
                                   .valid_until_ms = UNTIL_MS,
                                   .used = 64};
    for (int i = 0; i < PAGE_FIELD_COUNT; i++)
        header->field[i].offset = sizeof *header;
    *out_fd = fd;
    return header;
}

#define GOOD_SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE)

static void only_sealed_pages_are_mapped(void **state)
{
    (void)state;
    struct sm_page_map map;
    int fd;
    static const int seals[] = {F_SEAL_GROW, F_SEAL_SHRINK, F_SEAL_FUTURE_WRITE | F_SEAL_GROW};
    for (int i = 0; i < 3; i++) {
        munmap(forge(4096, seals[i], &fd), 4096);
        assert_int_equal(sm_page_map(fd, &map), SMCRED_PROTOCOL);
        close(fd);
    }
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    assert_int_equal(sm_page_map(pipes[0], &map), SMCRED_PROTOCOL);
    close(pipes[0]);
    close(pipes[1]);
    assert_int_equal(sm_page_map(-1, &map), SMCRED_SYSTEM);
}

static void what_is_no_page_is_not_mapped(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct sm_page_map map;
        int fd;
        size_t size = i == 3 ? PAGE_SIZE_MAX + 4096 : 4096;
        struct page_header *header = forge(size, GOOD_SEALS, &fd);
        if (i == 0)
            header->magic++;
        else if (i == 1)
            header->version++;
        else if (i == 2)
            header->size = 8192;
        assert_int_equal(sm_page_map(fd, &map), SMCRED_PROTOCOL);
        munmap(header, size);
        close(fd);
    }
}

static void lying_headers_are_not_believed(void **state)
{
    (void)state;
    struct sm_page_map map;
    struct reading reading;
    int fd;
    struct page_header *header = forge(4096, GOOD_SEALS, &fd);
    const struct page_header good = *header;
    assert_int_equal(sm_page_map(fd, &map), SMCRED_OK);
    read_page(&map, &reading);
    assert_int_equal(reading.status, SMCRED_OK);
    static const uint32_t offsets[] = {
        0, 8, sizeof(struct page_header) - 1, sizeof(struct page_header) + 64, 4096, UINT32_MAX};
    static const uint32_t lengths[] = {64, 65, 4096, UINT32_MAX, UINT32_MAX - 95};
    static const uint32_t useds[] = {4096, 4097, UINT32_MAX, UINT32_MAX - 7, 63, 0};
    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
        *header = good;
        header->field[PAGE_HOST].offset = offsets[i];
        read_page(&map, &reading);
        assert_int_equal(reading.status, SMCRED_PROTOCOL);
    }
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        *header = good;
        header->field[PAGE_PASSWORD].len = lengths[i];
        read_page(&map, &reading);
        assert_int_equal(reading.status, SMCRED_PROTOCOL);
    }
    for (size_t i = 0; i < sizeof useds / sizeof *useds; i++) {
        *header = good;
        header->used = useds[i];
        read_page(&map, &reading);
        assert_int_equal(reading.status, SMCRED_PROTOCOL);
    }
    *header = good;
    header->state = 77;
    read_page(&map, &reading);
    assert_int_equal(reading.status, SMCRED_PROTOCOL);
    *header = good;
    ((char *)(header + 1))[0] = 'x'; /* no NUL behind an empty field */
    read_page(&map, &reading);
    assert_int_equal(reading.status, SMCRED_PROTOCOL);
    for (size_t i = 0; i < 64; i++) /* what was copied of it is gone */
        assert_int_equal(reading.buffer[i], 0);
    sm_page_unmap(&map);
    munmap(header, 4096);
    close(fd);
}

static void a_writer_that_died_is_not_waited_for(void **state)
{
    (void)state;
    struct sm_page_map map;
    struct reading reading;
    int fd;
    struct page_header *header = forge(4096, GOOD_SEALS, &fd);
    assert_int_equal(sm_page_map(fd, &map), SMCRED_OK);
    header->sequence = 7;
    read_page(&map, &reading);
    assert_int_equal(reading.status, SMCRED_UNAVAILABLE);
    sm_page_unmap(&map);
    munmap(header, 4096);
    close(fd);
}

/* ---- one writer, several readers ---- */

#define WRITES  20000
#define READERS 3

static _Atomic int writing;

/* Every field of a page says the same number, so a torn copy is seen. */
static void *read_until_done(void *arg)
{
    const struct sm_page_map *map = arg;
    struct reading reading;
    long torn = 0, good = 0;
    while (atomic_load(&writing)) {
        reading.status = sm_page_read(map, 1, reading.buffer, sizeof reading.buffer, &reading.copy,
                                      &reading.used);
        if (reading.status != SMCRED_OK)
            continue;
        struct sm_bytes version = reading.copy.field[PAGE_VERSION_ID];
        torn += !sm_bytes_equal(version, reading.copy.field[PAGE_USERNAME]) ||
                !sm_bytes_equal(version, reading.copy.field[PAGE_PASSWORD]) ||
                reading.copy.port != (uint32_t)strtoul(version.data, NULL, 10);
        good++;
    }
    assert_int_equal(torn, 0);
    return NULL;
}

static struct sm_snapshot *numbered(uint32_t number)
{
    char text[64];
    struct sm_snapshot *snapshot;
    struct sm_secret *password;
    snprintf(text, sizeof text, "%u%.*s", number, (int)(number % 40),
             "........................................");
    assert_int_equal(sm_secret_new(world.vault, sm_bytes_of(text), &password), SMCRED_OK);
    struct sm_snapshot from = {
        .version_id = text, .username = text, .port = number, .password = password};
    assert_int_equal(sm_snapshot_new(&from, &snapshot), SMCRED_OK);
    return snapshot;
}

static void readers_never_see_half_a_version(void **state)
{
    (void)state;
    struct page *page;
    struct sm_page_map map;
    pthread_t readers[READERS];
    struct sm_snapshot *snapshot = numbered(1);
    assert_int_equal(page_new(snapshot, UNTIL_MS, &page), SMCRED_OK);
    sm_snapshot_unref(snapshot);
    map = page_view(page); /* ThreadSanitizer knows memory by its address */
    atomic_store(&writing, 1);
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_until_done, &map), 0);
    for (uint32_t i = 1; i < WRITES; i++) {
        snapshot = numbered(i);
        assert_int_equal(page_write(page, snapshot, UNTIL_MS), SMCRED_OK);
        sm_snapshot_unref(snapshot);
    }
    atomic_store(&writing, 0);
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_join(readers[i], NULL), 0);
    page_free(page);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

SM_TEST_MAIN(TEST(readers_see_what_was_written), TEST(only_what_is_in_use_is_copied),
             TEST(nobody_else_can_write), TEST(a_shorter_secret_leaves_no_tail),
             TEST(clearing_zeroes_and_says_why), TEST(freeing_retires),
             TEST(a_page_past_its_time_is_not_believed), TEST(what_outgrows_its_page_is_refused),
             TEST(only_sealed_pages_are_mapped), TEST(what_is_no_page_is_not_mapped),
             TEST(lying_headers_are_not_believed), TEST(a_writer_that_died_is_not_waited_for),
             TEST(readers_never_see_half_a_version))
