/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * wipe.c - malloc() whose free() wipes.  Given to libcurl and cJSON by the modules that use them.
 */
#include "sources/wipe.h"

#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

void *wipe_malloc(size_t size)
{
    return malloc(size);
}

void *wipe_calloc(size_t count, size_t size)
{
    return calloc(count, size);
}

void wipe_free(void *memory)
{
    if (memory)
        explicit_bzero(memory, malloc_usable_size(memory));
    free(memory);
}

/* Never in place: realloc() itself would free the old bytes as they are. */
void *wipe_realloc(void *old, size_t size)
{
    void *moved = malloc(size);
    if (!moved || !old)
        return moved;
    size_t had = malloc_usable_size(old);
    memcpy(moved, old, had < size ? had : size);
    wipe_free(old);
    return moved;
}

char *wipe_strdup(const char *text)
{
    return strdup(text);
}

static void hook(void)
{
    cJSON_Hooks hooks = {.malloc_fn = wipe_malloc, .free_fn = wipe_free};
    cJSON_InitHooks(&hooks);
}

void wipe_hook_cjson(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, hook); /* fails only when misused */
}
