/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * index_map.c - one map of the index for all threads, under one lock.
 */
#include "tools/index_map.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "common/bytes.h"

static struct {
    pthread_mutex_t lock;
    const struct index_header *index; /* NULL: none yet */
    size_t size;
} map = {.lock = PTHREAD_MUTEX_INITIALIZER};

const char *index_map_path(void)
{
    const char *path = secure_getenv("SMCRED_INDEX");
    return path && path[0] == '/' ? path : SM_RUNSTATEDIR "/smcred/" INDEX_FILE_NAME;
}

static void unmap(const struct index_header *index, size_t size)
{
    if (index)
        (void)munmap((void *)(uintptr_t)index, size); /* cannot fail: we mapped it */
}

static const struct index_header *map_newest(size_t *out_size)
{
    struct stat file;
    sm_autoclose int fd = open(index_map_path(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &file) != 0 || !S_ISREG(file.st_mode) ||
        (file.st_mode & (S_IWGRP | S_IWOTH)) || /* whoever cuts it short kills its readers */
        file.st_size < (off_t)sizeof(struct index_header) || file.st_size > (off_t)INDEX_SIZE_MAX)
        return NULL;
    size_t size = (size_t)file.st_size;
    void *at = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED)
        return NULL;
    if (!index_check(at, size)) {
        unmap(at, size);
        return NULL;
    }
    *out_size = size;
    return at;
}

/* Maps again if need be; without a new index the old one stays good. */
static void refresh(void)
{
    size_t size;
    if (map.index && !atomic_load(&map.index->superseded))
        return;
    const struct index_header *fresh = map_newest(&size);
    if (!fresh)
        return;
    unmap(map.index, map.size);
    map.index = fresh;
    map.size = size;
}

enum index_match index_map_find(const struct index_address *key, struct index_place *out_place)
{
    enum index_match match = INDEX_NOT_OURS;
    const struct index_target *target;
    (void)pthread_mutex_lock(&map.lock); /* cannot fail: initialised, not recursive */
    refresh();
    if (map.index)
        match = index_find_address(map.index, key, &target);
    if (match == INDEX_OURS) {
        out_place->target = *target;
        memcpy(out_place->control_path, map.index->control_path, INDEX_PATH_MAX);
    }
    (void)pthread_mutex_unlock(&map.lock);
    return match;
}

bool index_map_usable(void)
{
    (void)pthread_mutex_lock(&map.lock); /* cannot fail: initialised, not recursive */
    refresh();
    bool usable = map.index != NULL;
    (void)pthread_mutex_unlock(&map.lock);
    return usable;
}
