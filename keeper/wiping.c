/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * wiping.c - allocators whose free() leaves nothing behind.
 */
#include "keeper/wiping.h"

#include <cjson/cJSON.h>
#include <malloc.h>
#include <openssl/crypto.h>

/* free() that wipes first, for whole capacity. */
static void wiping_free(void *memory)
{
    if (!memory)
        return;
    explicit_bzero(memory, malloc_usable_size(memory));
    free(memory);
}

static void *openssl_alloc(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return size > 0 ? malloc(size) : NULL;
}

static void openssl_free(void *memory, const char *file, int line)
{
    (void)file;
    (void)line;
    wiping_free(memory);
}

/* realloc() may move, and leave the old bytes as they were. */
static void *openssl_realloc(void *memory, size_t size, const char *file, int line)
{
    if (!memory)
        return openssl_alloc(size, file, line);
    size_t had = malloc_usable_size(memory);
    if (size > 0 && size <= had)
        return memory;
    void *moved = size > 0 ? malloc(size) : NULL;
    if (moved)
        memcpy(moved, memory, had);
    if (moved || size == 0)
        wiping_free(memory);
    return moved;
}

bool wiping_install(void)
{
    cJSON_Hooks hooks = {malloc, wiping_free};
    cJSON_InitHooks(&hooks);
    return CRYPTO_set_mem_functions(openssl_alloc, openssl_realloc, openssl_free) == 1;
}
