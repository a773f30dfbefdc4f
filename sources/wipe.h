/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * wipe.h - an allocator that wipes what it frees, for libraries that secrets pass through.
 *
 * It takes its memory from malloc() and asks malloc_usable_size() how much to wipe, so a pointer
 * may come from plain malloc() and go through wipe_free() or the other way round: cJSON's hooks are
 * one per process, and neither another module nor the program need agree with us.
 */
#ifndef SM_SOURCES_WIPE_H
#define SM_SOURCES_WIPE_H

#include <stddef.h>

void *wipe_malloc(size_t size);
void *wipe_calloc(size_t count, size_t size);
void *wipe_realloc(void *old, size_t size);
char *wipe_strdup(const char *text);
void wipe_free(void *memory);

/* Makes cJSON use it, once per process. */
void wipe_hook_cjson(void);

#endif
