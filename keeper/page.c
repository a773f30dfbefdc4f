/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * page.c - writing the shared pages.  Called by the cache.
 *
 * The sequence lock needs no fence.  Every word but `sequence` itself is stored with release order,
 * and loaded with acquire order by common/pagereader.c: a reader that saw one new word will also
 * see that `sequence` became odd before it.  On x86 these are plain moves, and ThreadSanitizer
 * understands them.
 */
#include "keeper/page.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define ROOM_UNIT    4096u
#define HEADER_WORDS (sizeof(struct page_header) / sizeof(uint64_t))

struct page {
    struct page_header *header; /* the mapping, writable by us alone; used for `sequence` only */
    uint64_t *words;            /* the same, for everything else */
    size_t size;
    uint32_t used;
    int fd; /* read-only */
};

/* A header as it is assembled in private, before its words are stored. */
union private_header {
    struct page_header header;
    uint64_t words[HEADER_WORDS];
};
static_assert(sizeof(struct page_header) % sizeof(uint64_t) == 0 &&
                  offsetof(struct page_header, sequence) == 8 &&
                  offsetof(struct page_header, valid_until_ms) == 16,
              "stored by words, of which the second, with `sequence`, is left alone");
#define SEQUENCE_WORD    1
#define VALID_UNTIL_WORD 2

static void store_word(uint64_t *at, uint64_t word)
{
    __atomic_store_n(at, word, __ATOMIC_RELEASE);
}

static size_t words_for(size_t len)
{
    return (len + sizeof(uint64_t) - 1) / sizeof(uint64_t);
}

/* Odd, from here to end_write(): readers wait, or throw away what they copied. */
static void begin_write(struct page *page)
{
    atomic_fetch_add_explicit(&page->header->sequence, 1, memory_order_relaxed);
}

static void end_write(struct page *page)
{
    atomic_fetch_add_explicit(&page->header->sequence, 1, memory_order_release);
}

static void store_header(struct page *page, const union private_header *from)
{
    for (size_t i = 0; i < HEADER_WORDS; i++)
        if (i != SEQUENCE_WORD)
            store_word(page->words + i, from->words[i]);
    page->used = from->header.used;
}

/* Stores `len` bytes and their NUL, padded with zeroes to whole words. */
static void store_text(uint64_t *at, struct sm_bytes text)
{
    for (size_t done = 0; done <= text.len; done += sizeof(uint64_t), at++) {
        uint64_t word = 0;
        size_t left = text.len - done;
        if (left > 0)
            memcpy(&word, (const uint8_t *)text.data + done,
                   left < sizeof word ? left : sizeof word);
        store_word(at, word);
    }
}

static void list_fields(const struct sm_snapshot *snapshot,
                        struct sm_bytes fields[PAGE_FIELD_COUNT])
{
    fields[PAGE_NAME] = sm_bytes_of(snapshot->name);
    fields[PAGE_ARN] = sm_bytes_of(snapshot->arn);
    fields[PAGE_VERSION_ID] = sm_bytes_of(snapshot->version_id);
    fields[PAGE_USERNAME] = sm_bytes_of(snapshot->username);
    fields[PAGE_PASSWORD] =
        snapshot->password ? sm_secret_view(snapshot->password) : sm_bytes_of("");
    fields[PAGE_HOST] = sm_bytes_of(snapshot->host);
    fields[PAGE_DBNAME] = sm_bytes_of(snapshot->dbname);
    fields[PAGE_ENGINE] = sm_bytes_of(snapshot->engine);
}

/* Each field begins at a word of its own. */
static size_t room_for(const struct sm_bytes fields[PAGE_FIELD_COUNT])
{
    size_t room = 0;
    for (size_t i = 0; i < PAGE_FIELD_COUNT; i++)
        room += words_for(fields[i].len + 1) * sizeof(uint64_t);
    return room;
}

enum smcred_status page_write(struct page *page, const struct sm_snapshot *snapshot,
                              int64_t valid_until_ms)
{
    struct sm_bytes fields[PAGE_FIELD_COUNT];
    list_fields(snapshot, fields);
    size_t room = room_for(fields);
    if (room > page->size - sizeof(struct page_header))
        return SMCRED_TOO_LARGE;
    uint32_t used_before = page->used;
    union private_header next = {.header = {.magic = PAGE_MAGIC,
                                            .version = PAGE_VERSION,
                                            .state = PAGE_READY,
                                            .valid_until_ms = valid_until_ms,
                                            .port = snapshot->port,
                                            .used = (uint32_t)room}};
    size_t at = HEADER_WORDS;
    begin_write(page);
    for (size_t i = 0; i < PAGE_FIELD_COUNT; i++) {
        next.header.field[i].offset = (uint32_t)(at * sizeof(uint64_t));
        next.header.field[i].len = (uint32_t)fields[i].len;
        store_text(page->words + at, fields[i]);
        at += words_for(fields[i].len + 1);
    }
    for (size_t end = HEADER_WORDS + words_for(used_before); at < end; at++)
        store_word(page->words + at, 0); /* the tail of a longer one */
    store_header(page, &next);
    end_write(page);
    return SMCRED_OK;
}

void page_extend(struct page *page, int64_t valid_until_ms)
{
    begin_write(page);
    store_word(page->words + VALID_UNTIL_WORD, (uint64_t)valid_until_ms);
    end_write(page);
}

void page_clear(struct page *page, enum page_state state)
{
    union private_header next = {
        .header = {.magic = PAGE_MAGIC, .version = PAGE_VERSION, .state = (uint16_t)state}};
    begin_write(page);
    for (size_t i = HEADER_WORDS; i < page->size / sizeof(uint64_t); i++)
        store_word(page->words + i, 0);
    store_header(page, &next);
    end_write(page);
}

/*
 * A read-only descriptor of the same memory.  Without /proc the sealed one must do: nobody can
 * write through it either.
 */
static int reopen_read_only(int fd)
{
    char path[32];
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd); /* always fits */
    int read_only = open(path, O_RDONLY | O_CLOEXEC);
    return read_only >= 0 ? read_only : fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

/* Maps `fd` for writing; after that nobody can any more. */
static enum smcred_status map_and_seal(struct page *page, int fd)
{
    const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL;
    if (fchmod(fd, S_IRUSR) != 0 || ftruncate(fd, (off_t)page->size) != 0)
        return SMCRED_SYSTEM;
    void *pages = mmap(NULL, page->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (pages == MAP_FAILED)
        return SMCRED_SYSTEM;
    page->header = pages;
    page->words = pages;
    (void)mlock(pages, page->size);                  /* RLIMIT_MEMLOCK may be small */
    (void)madvise(pages, page->size, MADV_DONTDUMP); /* a core file would hold the password */
    if (fcntl(fd, F_ADD_SEALS, seals) != 0)
        return SMCRED_SYSTEM;
    page->fd = reopen_read_only(fd);
    return page->fd < 0 ? SMCRED_SYSTEM : SMCRED_OK;
}

enum smcred_status page_new(const struct sm_snapshot *snapshot, int64_t valid_until_ms,
                            struct page **out_page)
{
    struct sm_bytes fields[PAGE_FIELD_COUNT];
    list_fields(snapshot, fields);
    size_t need = sizeof(struct page_header) + 2 * room_for(fields);
    size_t size = (need + ROOM_UNIT - 1) / ROOM_UNIT * ROOM_UNIT;
    if (size > PAGE_SIZE_MAX)
        return SMCRED_TOO_LARGE;
    struct page *page = malloc(sizeof *page);
    if (!page)
        return SMCRED_NO_MEMORY;
    *page = (struct page){.size = size, .fd = -1};
    sm_autoclose int fd = memfd_create("smcred-page", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    enum smcred_status status = fd < 0 ? SMCRED_SYSTEM : map_and_seal(page, fd);
    if (status == SMCRED_OK) {
        page->header->size = (uint32_t)size; /* never changes again */
        status = page_write(page, snapshot, valid_until_ms);
    }
    if (status != SMCRED_OK) {
        page_free(page);
        return status;
    }
    *out_page = page;
    return SMCRED_OK;
}

void page_free(struct page *page)
{
    if (!page)
        return;
    int saved = errno;
    if (page->header) {
        page_clear(page, PAGE_RETIRED);
        (void)munmap(page->header, page->size); /* a mapping of ours */
    }
    sm_close_fd(&page->fd);
    free(page);
    errno = saved;
}

int page_fd(const struct page *page)
{
    return page->fd;
}

struct sm_page_map page_view(const struct page *page)
{
    return (struct sm_page_map){page->header, page->size};
}
