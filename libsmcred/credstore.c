/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * credstore.c - a vault that knows its process.  Called by smcred.c and snapshot.c.
 */
#include "libsmcred/credstore.h"

#include <stdatomic.h>
#include <sys/mman.h>

struct cred_store {
    struct sm_vault *vault;
    const uint32_t *guard; /* memory that the kernel wipes in a child: 1 means ours */
    atomic_uint references;
    _Atomic(void *) spare; /* NULL: none; &closed: none any more */
};

#define GUARD_SIZE 65536 /* bytes: whole pages on every machine; one is touched */

static char closed;

/* Reads 1 here and 0 in every child (Linux 4.14). */
static const uint32_t *map_guard(void)
{
    uint32_t *guard =
        mmap(NULL, GUARD_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (guard == MAP_FAILED)
        return NULL;
    if (madvise(guard, GUARD_SIZE, MADV_WIPEONFORK) != 0) {
        (void)munmap(guard, GUARD_SIZE); /* a mapping of ours */
        return NULL;
    }
    *guard = 1;
    return guard;
}

enum smcred_status cred_store_new(struct cred_store **out_store)
{
    struct cred_store *store = calloc(1, sizeof *store);
    if (!store)
        return SMCRED_NO_MEMORY;
    atomic_init(&store->references, 1);
    store->guard = map_guard();
    if (!store->guard || sm_vault_new_locked(&store->vault) != SMCRED_OK) {
        cred_store_unref(store);
        return SMCRED_NO_MEMORY;
    }
    *out_store = store;
    return SMCRED_OK;
}

struct cred_store *cred_store_ref(struct cred_store *store)
{
    atomic_fetch_add_explicit(&store->references, 1, memory_order_relaxed);
    return store;
}

void cred_store_unref(struct cred_store *store)
{
    if (!store || atomic_fetch_sub_explicit(&store->references, 1, memory_order_acq_rel) != 1)
        return;
    int saved = errno;
    if (!store->guard || cred_store_ours(store))
        sm_vault_free(store->vault);
    else
        sm_vault_forget(store->vault);
    if (store->guard)
        (void)munmap((void *)(uintptr_t)store->guard, GUARD_SIZE); /* a mapping of ours */
    free(store);
    errno = saved;
}

bool cred_store_park(struct cred_store *store, void *spare)
{
    void *none = NULL;
    return atomic_compare_exchange_strong_explicit(&store->spare, &none, spare,
                                                   memory_order_release, memory_order_relaxed);
}

void *cred_store_unpark(struct cred_store *store)
{
    return atomic_exchange_explicit(&store->spare, NULL, memory_order_acquire);
}

void *cred_store_close(struct cred_store *store)
{
    return atomic_exchange_explicit(&store->spare, &closed, memory_order_acquire);
}

bool cred_store_ours(const struct cred_store *store)
{
    return *(const volatile uint32_t *)store->guard == 1;
}

struct sm_vault *cred_store_vault(const struct cred_store *store)
{
    return store->vault;
}
