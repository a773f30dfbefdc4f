/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * map.c - the index in memory: mapped when it is first needed, mapped again when it is superseded.
 *
 * Readers announce themselves, so that whoever replaces the map knows whether an old one is still
 * in use.  It is unmapped when nobody else was reading, and left alone otherwise: a map of some
 * kilobytes, lost, is better than a lock in a signal handler.
 */
#include "preload/shim.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "common/raw.h"

static _Atomic(const struct index_header *) current;
static atomic_uint readers;

static const struct index_header *map_file(int fd)
{
    struct stat file = {.st_mode = 0};
    if (RAW(SYS_fstat, fd, &file) != 0)
        return NULL;
    if (file.st_mode & (S_IWGRP | S_IWOTH)) { /* whoever cuts it short kills its readers */
        shim_debug("index", shim_index_path(), "is writable by others, ignored");
        return NULL;
    }
    if (!S_ISREG(file.st_mode) || file.st_size < (off_t)sizeof(struct index_header) ||
        file.st_size > (off_t)INDEX_SIZE_MAX)
        return NULL;
    size_t size = (size_t)file.st_size;
    long at = RAW(SYS_mmap, NULL, size, PROT_READ, MAP_SHARED, fd, 0);
    if (at < 0 && at > -4096)
        return NULL;
    const struct index_header *index = (const struct index_header *)at;
    if (index_check(index, size))
        return index;
    shim_debug("index", shim_index_path(), "is damaged, ignored");
    (void)RAW(SYS_munmap, index, size); /* cannot fail: we just mapped it */
    return NULL;
}

static const struct index_header *map_newest(void)
{
    /* O_NONBLOCK: the path may lead to a FIFO, and this is somebody's connect(). */
    long fd =
        RAW(SYS_openat, AT_FDCWD, shim_index_path(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return NULL;
    const struct index_header *index = map_file((int)fd);
    (void)RAW(SYS_close, fd); /* read-only: nothing to lose */
    return index;
}

/* What to read from now on.  If there is nothing new to be had, the old one stays good. */
static const struct index_header *replace(const struct index_header *old)
{
    const struct index_header *fresh = map_newest();
    if (!fresh)
        return old;
    if (!atomic_compare_exchange_strong(&current, &old, fresh)) {
        (void)RAW(SYS_munmap, fresh, fresh->size); /* another thread was faster: `old` is its map */
        return old;
    }
    if (old && atomic_load(&readers) == 1) /* us alone; whoever comes now finds `fresh` */
        (void)RAW(SYS_munmap, old, old->size);
    return fresh;
}

const struct index_header *shim_index_enter(void)
{
    atomic_fetch_add(&readers, 1);
    const struct index_header *index = atomic_load(&current);
    if (index && !atomic_load_explicit(&index->superseded, memory_order_relaxed))
        return index;
    return replace(index);
}

void shim_index_leave(void)
{
    atomic_fetch_sub(&readers, 1);
}

void shim_target_copy(const struct index_header *index, const struct index_target *entry,
                      struct shim_target *out_target)
{
    out_target->entry = *entry;
    for (size_t i = 0; i < sizeof out_target->control_path; i++)
        out_target->control_path[i] = index->control_path[i];
}

enum index_match shim_find_address(const struct index_address *key, struct shim_target *out_target)
{
    enum index_match match = INDEX_NOT_OURS;
    const struct index_target *entry;
    const struct index_header *index = shim_index_enter();
    if (index)
        match = index_find_address(index, key, &entry);
    if (match == INDEX_OURS)
        shim_target_copy(index, entry, out_target);
    shim_index_leave();
    return match;
}

static const struct index_target *find_path(const struct index_header *index,
                                            const char path[INDEX_PATH_MAX])
{
    for (uint32_t i = 0; i < index->target_count; i++)
        if (index_compare_text(index_targets(index)[i].socket_path, path) == 0)
            return &index_targets(index)[i];
    return NULL;
}

bool shim_find_path(const struct sockaddr_un *path, socklen_t len, struct shim_target *out_target)
{
    char text[INDEX_PATH_MAX] = "";
    size_t count = len - offsetof(struct sockaddr_un, sun_path);
    if (len <= offsetof(struct sockaddr_un, sun_path) || count > sizeof path->sun_path)
        return false;
    for (size_t i = 0; i < count && i < sizeof text - 1; i++)
        text[i] = path->sun_path[i];
    if (text[0] != '/') /* unnamed, or of the abstract kind: none of ours */
        return false;
    const struct index_header *index = shim_index_enter();
    const struct index_target *entry = index ? find_path(index, text) : NULL;
    if (entry)
        shim_target_copy(index, entry, out_target);
    shim_index_leave();
    return entry != NULL;
}
