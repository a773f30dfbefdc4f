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

/* Cells are cut off as they are needed, so that a block's pages are touched one by one. */
struct block {
    struct block *next;
    uint8_t *pages;
    size_t cell_size, cut;   /* `cut` cells have been given out at least once */
    struct sm_secret head[]; /* one a cell */
};

struct sm_vault {
    pthread_mutex_t lock;
    struct sm_secret *free_cells[CLASS_COUNT];
    struct block *cutting[CLASS_COUNT]; /* among `blocks`: the newest of each class */
    struct block *blocks;
    size_t size;
    size_t live; /* secrets not yet freed */
    bool plain;  /* memfd_secret(2) is not wanted */
    bool locked; /* pages had to be taken that are locked only */
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
    if (pages != MAP_FAILED && mlock2(pages, size, MLOCK_ONFAULT) != 0)
        (void)mlock(pages, size); /* RLIMIT_MEMLOCK may be 0; a login must still work */
    return pages;
}

/* Hidden pages while RLIMIT_MEMLOCK allows them, then locked ones. */
static void *map_pages(struct sm_vault *vault, size_t size)
{
    void *pages = vault->plain ? MAP_FAILED : map_hidden(size);
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

enum smcred_status sm_vault_new_locked(struct sm_vault **out_vault)
{
    struct sm_vault *vault;
    enum smcred_status status = sm_vault_new(&vault);
    if (status != SMCRED_OK)
        return status;
    vault->plain = true;
    *out_vault = vault;
    return SMCRED_OK;
}

void sm_vault_free(struct sm_vault *vault)
{
    if (!vault)
        return;
    int saved = errno;
    assert(vault->live == 0);
    while (vault->blocks) {
        struct block *block = vault->blocks;
        vault->blocks = block->next;
        explicit_bzero(block->pages, block->cut * block->cell_size);
        (void)munmap(block->pages, BLOCK_SIZE); /* a mapping of ours */
        free(block);
    }
    (void)pthread_mutex_destroy(&vault->lock); /* nobody holds it */
    free(vault);
    errno = saved;
}

void sm_vault_forget(struct sm_vault *vault)
{
    int saved = errno;
    while (vault && vault->blocks) {
        struct block *block = vault->blocks;
        vault->blocks = block->next;
        free(block);
    }
    free(vault);
    errno = saved;
}

static bool can_hide(void)
{
    void *probe = map_hidden(CELL_MIN);
    if (probe == MAP_FAILED)
        return false;
    (void)munmap(probe, CELL_MIN); /* a mapping of ours */
    return true;
}

/* Asks the kernel only while there are no pages to tell: the question costs some 40 us. */
bool sm_vault_hidden(struct sm_vault *vault)
{
    (void)pthread_mutex_lock(&vault->lock); /* fails only when misused */
    bool hidden = vault->size > 0 ? !vault->locked : !vault->plain && can_hide();
    (void)pthread_mutex_unlock(&vault->lock);
    return hidden;
}

size_t sm_vault_size(struct sm_vault *vault)
{
    (void)pthread_mutex_lock(&vault->lock); /* fails only when misused */
    size_t size = vault->size;
    (void)pthread_mutex_unlock(&vault->lock);
    return size;
}

static unsigned class_of(size_t need)
{
    unsigned class = 0;
    while ((size_t)CELL_MIN << class < need)
        class ++;
    return class;
}

static struct block *add_block(struct sm_vault *vault, size_t cell_size)
{
    struct block *block = malloc(sizeof *block + BLOCK_SIZE / cell_size * sizeof block->head[0]);
    void *pages = block ? map_pages(vault, BLOCK_SIZE) : NULL;
    if (!pages) {
        free(block);
        return NULL;
    }
    *block = (struct block){.next = vault->blocks, .pages = pages, .cell_size = cell_size};
    vault->blocks = block;
    return block;
}

/* A cell that nobody has had yet. */
static struct sm_secret *cut_cell(struct sm_vault *vault, unsigned class)
{
    struct block *block = vault->cutting[class];
    size_t cell_size = (size_t)CELL_MIN << class;
    if (!block || block->cut == BLOCK_SIZE / cell_size)
        block = add_block(vault, cell_size);
    if (!block)
        return NULL;
    vault->cutting[class] = block;
    struct sm_secret *secret = &block->head[block->cut];
    *secret = (struct sm_secret){
        .vault = vault, .cell = block->pages + block->cut * cell_size, .capacity = cell_size - 1};
    block->cut++;
    return secret;
}

static struct sm_secret *take_cell(struct sm_vault *vault, size_t need)
{
    unsigned class = class_of(need);
    struct sm_secret *secret = vault->free_cells[class];
    if (!secret)
        return cut_cell(vault, class);
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
