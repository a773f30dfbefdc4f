/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pagereader.c - mapping and copying a shared page.  Linked by libsmcred; keeper/page.c writes.
 *
 * Copy, check that the sequence has not moved, validate, then use.  The copy is of whole words with
 * acquire order, so that the second look at the sequence cannot come before them.
 */
#include "common/pagereader.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define HEADER_WORDS (sizeof(struct page_header) / sizeof(uint64_t))

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010 /* Linux 5.1; musl's headers lack it */
#endif

union private_header {
    struct page_header header;
    uint64_t words[HEADER_WORDS];
};

/* A page that can shrink would kill its reader, and one that others can write would lie to it. */
static bool is_sealed(int fd)
{
    int seals = fcntl(fd, F_GET_SEALS);
    return seals >= 0 && (seals & F_SEAL_SHRINK) && (seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE));
}

enum smcred_status sm_page_map(int fd, struct sm_page_map *out_map)
{
    struct stat info;
    if (fstat(fd, &info) != 0)
        return SMCRED_SYSTEM;
    if (!is_sealed(fd) || info.st_size < (off_t)sizeof(struct page_header) ||
        info.st_size > (off_t)PAGE_SIZE_MAX || info.st_size % (off_t)sizeof(uint64_t) != 0)
        return SMCRED_PROTOCOL;
    size_t size = (size_t)info.st_size;
    void *pages = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
    if (pages == MAP_FAILED)
        return SMCRED_SYSTEM;
    const struct page_header *header = pages;
    struct sm_page_map map = {header, size};
    if (header->magic != PAGE_MAGIC || header->version != PAGE_VERSION || header->size != size) {
        sm_page_unmap(&map);
        return SMCRED_PROTOCOL;
    }
    (void)madvise(pages, size, MADV_DONTDUMP); /* the password is in it */
    *out_map = map;
    return SMCRED_OK;
}

void sm_page_unmap(struct sm_page_map *map)
{
    int saved = errno;
    if (map->header)
        (void)munmap((void *)(uintptr_t)map->header, map->size); /* a mapping of ours */
    *map = (struct sm_page_map){0};
    errno = saved;
}

static uint32_t sequence_of(const struct sm_page_map *map)
{
    return atomic_load_explicit(&map->header->sequence, memory_order_acquire);
}

static void copy_words(const struct sm_page_map *map, size_t first, size_t count, uint8_t *to)
{
    const uint64_t *words = (const uint64_t *)(const void *)map->header + first;
    for (size_t i = 0; i < count; i++) {
        uint64_t word = __atomic_load_n(words + i, __ATOMIC_ACQUIRE);
        memcpy(to + i * sizeof word, &word, sizeof word);
    }
}

/* The second word holds `sequence`, which is not ours to copy, and `size`, which is in the map. */
static void copy_header(const struct sm_page_map *map, union private_header *out)
{
    out->words[1] = 0;
    copy_words(map, 0, 1, (uint8_t *)&out->words[0]);
    copy_words(map, 2, HEADER_WORDS - 2, (uint8_t *)&out->words[2]);
}

static enum smcred_status judge_header(const struct sm_page_map *map,
                                       const struct page_header *header, int64_t now_ms)
{
    if (header->magic != PAGE_MAGIC || header->version != PAGE_VERSION)
        return SMCRED_PROTOCOL;
    switch (header->state) {
    case PAGE_READY:
        break;
    case PAGE_EMPTY:
    case PAGE_RETIRED:
        return SMCRED_UNAVAILABLE;
    case PAGE_REVOKED:
        return SMCRED_REVOKED;
    default: /* a number from outside, not our enum */
        return SMCRED_PROTOCOL;
    }
    if (header->used > map->size - sizeof *header || header->used % sizeof(uint64_t) != 0)
        return SMCRED_PROTOCOL;
    return now_ms >= header->valid_until_ms ? SMCRED_UNAVAILABLE : SMCRED_OK;
}

/* Every field lies within the copy, with its NUL. */
static bool point_fields(const struct page_header *header, const uint8_t *buffer,
                         struct sm_page_copy *copy)
{
    for (size_t i = 0; i < PAGE_FIELD_COUNT; i++) {
        uint32_t offset = header->field[i].offset, len = header->field[i].len;
        if (offset < sizeof *header || offset - sizeof *header >= header->used)
            return false;
        size_t at = offset - sizeof *header;
        if (len >= header->used - at || buffer[at + len] != '\0')
            return false;
        copy->field[i] = sm_bytes(buffer + at, len);
    }
    return true;
}

/* One try.  True if the sequence stood still meanwhile, so that *out_status is the answer. */
static bool try_copy(const struct sm_page_map *map, int64_t now_ms, uint8_t *buffer, size_t size,
                     union private_header *header, size_t *written, enum smcred_status *out_status)
{
    uint32_t sequence = sequence_of(map);
    if (sequence & 1)
        return false;
    copy_header(map, header);
    enum smcred_status status = judge_header(map, &header->header, now_ms);
    if (status == SMCRED_OK && header->header.used > size)
        status = SMCRED_TOO_LARGE;
    if (status == SMCRED_OK) {
        size_t used = header->header.used;
        copy_words(map, HEADER_WORDS, used / sizeof(uint64_t), buffer);
        if (used > *written)
            *written = used;
    }
    *out_status = status;
    return atomic_load_explicit(&map->header->sequence, memory_order_relaxed) == sequence;
}

enum smcred_status sm_page_read(const struct sm_page_map *map, int64_t now_ms, void *buffer,
                                size_t size, struct sm_page_copy *out_copy, size_t *out_used)
{
    union private_header header = {0};
    enum smcred_status status = SMCRED_UNAVAILABLE;
    size_t written = 0;
    bool whole = false;
    for (int tries = 0; tries < PAGE_TRIES && !whole; tries++)
        whole = try_copy(map, now_ms, buffer, size, &header, &written, &status);
    if (!whole)
        status = SMCRED_UNAVAILABLE;
    struct sm_page_copy copy = {.valid_until_ms = header.header.valid_until_ms,
                                .port = header.header.port};
    if (status == SMCRED_OK && !point_fields(&header.header, buffer, &copy))
        status = SMCRED_PROTOCOL;
    if (status != SMCRED_OK) {
        explicit_bzero(buffer, written);
        return status;
    }
    *out_copy = copy;
    *out_used = written;
    return SMCRED_OK;
}
