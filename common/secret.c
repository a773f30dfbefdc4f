/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * secret.c - vaults: pages that hold secrets, and the small allocator inside them.
 *
 * Linked by keeper, source modules, libsmcred and tools.  Pages are cut into cells of one size
 * class each (powers of two from 64 bytes); what is larger than a block gets pages of its own.
 * The book-keeping stands outside the pages, so a wipe may take the whole cell.
 */
#include "common/secret.h"

#include <assert.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define BLOCK_SIZE  65536u /* bytes of one block of cells */
#define CELL_MIN    64u
#define CLASS_COUNT 11u /* 64 << 10 = 65536 */

struct sm_secret {
    struct sm_vault *vault;
    struct sm_secret *next_free; /* while in a class's free list */
    uint8_t *cell;
    size_t len;
    size_t capacity; /* the cell's size less one for the NUL */
    size_t mapped;   /* bytes of a mapping of its own, or 0 for a cell in a block */
};

struct block {
    struct block *next;
    void *pages;
};

struct sm_vault {
    pthread_mutex_t lock;
    struct sm_secret *free_cells[CLASS_COUNT];
    struct block *blocks;
    size_t size;
    size_t live; /* secrets not yet freed */
    bool locked; /* pages had to be taken that are locked only, for want of memfd_secret(2) */
};

static void *map_hidden(size_t size)
{
#ifdef SYS_memfd_secret
    sm_autoclose int fd = (int)syscall(SYS_memfd_secret, O_CLOEXEC);
    if (fd < 0 || ftruncate(fd, (off_t)size) != 0)
        return MAP_FAILED;
    return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
#else
    (void)size; /* no such system call on this architecture */
    errno = ENOSYS;
    return MAP_FAILED;
#endif
}

static void *map_locked(size_t size)
{
    void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages != MAP_FAILED)
        (void)mlock(pages, size); /* RLIMIT_MEMLOCK may be 0; a login must still work */
    return pages;
}

/* Hidden pages while RLIMIT_MEMLOCK allows them, then locked ones. */
static void *map_pages(struct sm_vault *vault, size_t size)
{
    void *pages = map_hidden(size);
    if (pages == MAP_FAILED) {
        pages = map_locked(size);
        vault->locked = true;
    }
    if (pages == MAP_FAILED)
        return NULL;
    (void)madvise(pages, size, MADV_DONTDUMP); /* hidden pages are never dumped anyway */
    (void)madvise(pages, size, MADV_DONTFORK); /* a child has no business here */
    vault->size += size;
    return pages;
}

enum smcred_status sm_vault_new(struct sm_vault **out_vault)
{
    struct sm_vault *vault = calloc(1, sizeof *vault);
    if (!vault)
        return SMCRED_NO_MEMORY;
    (void)pthread_mutex_init(&vault->lock, NULL); /* default attributes: cannot fail on Linux */
    *out_vault = vault;
    return SMCRED_OK;
}

static void free_cell_heads(struct sm_secret *secret)
{
    while (secret) {
        struct sm_secret *next = secret->next_free;
        free(secret);
        secret = next;
    }
}

void sm_vault_free(struct sm_vault *vault)
{
    if (!vault)
        return;
    int saved = errno;
    assert(vault->live == 0);
    for (size_t i = 0; i < CLASS_COUNT; i++)
        free_cell_heads(vault->free_cells[i]);
    while (vault->blocks) {
        struct block *block = vault->blocks;
        vault->blocks = block->next;
        explicit_bzero(block->pages, BLOCK_SIZE);
        (void)munmap(block->pages, BLOCK_SIZE); /* a mapping of ours */
        free(block);
    }
    (void)pthread_mutex_destroy(&vault->lock); /* nobody holds it */
    free(vault);
    errno = saved;
}

/* Asks the kernel only while there are no pages to tell: the question costs some 40 us. */
bool sm_vault_hidden(const struct sm_vault *vault)
{
    if (vault->size > 0)
        return !vault->locked;
    void *probe = map_hidden(CELL_MIN);
    if (probe == MAP_FAILED)
        return false;
    (void)munmap(probe, CELL_MIN); /* a mapping of ours */
    return true;
}

size_t sm_vault_size(const struct sm_vault *vault)
{
    return vault->size;
}

static unsigned class_of(size_t need)
{
    unsigned class = 0;
    while ((size_t)CELL_MIN << class < need)
        class ++;
    return class;
}

/* Cuts a new block into cells of `class`.  A cell without a head for want of memory is just lost.
 */
static void add_block(struct sm_vault *vault, unsigned class)
{
    struct block *block = malloc(sizeof *block);
    void *pages = block ? map_pages(vault, BLOCK_SIZE) : NULL;
    if (!pages) {
        free(block);
        return;
    }
    *block = (struct block){vault->blocks, pages};
    vault->blocks = block;
    size_t cell_size = (size_t)CELL_MIN << class;
    for (size_t at = 0; at < BLOCK_SIZE; at += cell_size) {
        struct sm_secret *secret = malloc(sizeof *secret);
        if (!secret)
            return;
        *secret = (struct sm_secret){.vault = vault,
                                     .next_free = vault->free_cells[class],
                                     .cell = (uint8_t *)pages + at,
                                     .capacity = cell_size - 1};
        vault->free_cells[class] = secret;
    }
}

static struct sm_secret *take_cell(struct sm_vault *vault, size_t need)
{
    unsigned class = class_of(need);
    if (!vault->free_cells[class])
        add_block(vault, class);
    struct sm_secret *secret = vault->free_cells[class];
    if (secret)
        vault->free_cells[class] = secret->next_free;
    return secret;
}

static struct sm_secret *map_alone(struct sm_vault *vault, size_t need)
{
    size_t mapped = (need + BLOCK_SIZE - 1) / BLOCK_SIZE * BLOCK_SIZE;
    struct sm_secret *secret = malloc(sizeof *secret);
    void *pages = secret ? map_pages(vault, mapped) : NULL;
    if (!pages) {
        free(secret);
        return NULL;
    }
    *secret =
        (struct sm_secret){.vault = vault, .cell = pages, .capacity = mapped - 1, .mapped = mapped};
    return secret;
}

enum smcred_status sm_secret_alloc(struct sm_vault *vault, size_t capacity,
                                   struct sm_secret **out_secret)
{
    if (capacity > SM_BUFFER_MAX)
        return SMCRED_TOO_LARGE;
    size_t need = capacity + 1;
    (void)pthread_mutex_lock(&vault->lock); /* fails only when misused */
    struct sm_secret *secret = need <= BLOCK_SIZE ? take_cell(vault, need) : map_alone(vault, need);
    if (secret)
        vault->live++;
    (void)pthread_mutex_unlock(&vault->lock);
    if (!secret)
        return SMCRED_NO_MEMORY;
    secret->next_free = NULL;
    secret->len = 0;
    secret->cell[0] = '\0';
    *out_secret = secret;
    return SMCRED_OK;
}

enum smcred_status sm_secret_new(struct sm_vault *vault, struct sm_bytes value,
                                 struct sm_secret **out_secret)
{
    if (value.len > SM_SECRET_MAX)
        return SMCRED_TOO_LARGE;
    struct sm_secret *secret;
    enum smcred_status status = sm_secret_alloc(vault, value.len, &secret);
    if (status != SMCRED_OK)
        return status;
    if (value.len > 0)
        memcpy(secret->cell, value.data, value.len);
    sm_secret_grow(secret, value.len);
    *out_secret = secret;
    return SMCRED_OK;
}

void *sm_secret_room(struct sm_secret *secret, size_t *out_len)
{
    *out_len = secret->capacity - secret->len;
    return secret->cell + secret->len;
}

void sm_secret_grow(struct sm_secret *secret, size_t len)
{
    assert(len <= secret->capacity - secret->len);
    secret->len += len;
    secret->cell[secret->len] = '\0';
}

struct sm_bytes sm_secret_view(const struct sm_secret *secret)
{
    return sm_bytes(secret->cell, secret->len);
}

bool sm_secret_equal(const struct sm_secret *secret, struct sm_bytes other)
{
    const volatile uint8_t *a = secret->cell;
    const volatile uint8_t *b = other.data;
    if (secret->len != other.len)
        return false;
    uint8_t differ = 0;
    for (size_t i = 0; i < other.len; i++)
        differ |= a[i] ^ b[i];
    return differ == 0;
}

void sm_secret_free(struct sm_secret *secret)
{
    if (!secret)
        return;
    int saved = errno;
    struct sm_vault *vault = secret->vault;
    explicit_bzero(secret->cell, secret->capacity + 1);
    secret->len = 0;
    (void)pthread_mutex_lock(&vault->lock);
    vault->live--;
    if (secret->mapped > 0) {
        vault->size -= secret->mapped;
        (void)munmap(secret->cell, secret->mapped); /* a mapping of ours */
        free(secret);
    } else {
        unsigned class = class_of(secret->capacity + 1);
        secret->next_free = vault->free_cells[class];
        vault->free_cells[class] = secret;
    }
    (void)pthread_mutex_unlock(&vault->lock);
    errno = saved;
}
