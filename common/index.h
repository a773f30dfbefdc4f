/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * index.h - the index of targets: which hosts and addresses are ours.  Public, holds no secret.
 *
 * The keeper writes RUNDIR/index and replaces it by rename(2); the shim and `smcred exec` map it
 * read-only.  When it is replaced, the keeper sets `superseded` in the old file, so a reader sees
 * in memory, without a system call, that it must map again.  doc/index.md draws it.
 *
 *   header | targets[] | names[] sorted by (host, port) | addresses[] sorted by (family, addr,
 * port)
 *
 * Readers trust nothing: every offset and count is checked against the file's size once, when
 * mapped (index_check()).  This header is all the shim includes, so it is self-contained.
 */
#ifndef SM_INDEX_H
#define SM_INDEX_H

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INDEX_MAGIC      0x58494d53u /* "SMIX" */
#define INDEX_VERSION    1
#define INDEX_FILE_NAME  "index"
#define INDEX_SIZE_MAX   (16u << 20)
#define INDEX_TARGET_MAX 64  /* bytes of a target's name, NUL included */
#define INDEX_HOST_MAX   256 /* bytes of a host name, NUL included; lower case */
#define INDEX_PATH_MAX   108 /* bytes, as sun_path */

enum index_engine { INDEX_POSTGRES = 1, INDEX_MYSQL = 2, INDEX_REDIS = 3 };

struct index_header {
    uint32_t magic;
    uint32_t version;
    uint32_t size; /* bytes of the file */
    _Atomic uint32_t superseded;
    uint32_t target_count;
    uint32_t name_count;
    uint32_t address_count;
    uint32_t zero;
    char control_path[INDEX_PATH_MAX]; /* the control socket; pads to 8 */
    char padding[4];
};
static_assert(sizeof(struct index_header) == 144, "layout is shared");

struct index_target {
    char name[INDEX_TARGET_MAX];
    char socket_path[INDEX_PATH_MAX]; /* what getaddrinfo() answers to libpq */
    uint32_t engine;                  /* enum index_engine */
    uint32_t synthetic; /* 127.x.y.z in network order, this target's stand-in address */
    uint32_t default_port;
};
static_assert(sizeof(struct index_target) == 184, "layout is shared");

/* `host` typed with `port` means `target`. */
struct index_name {
    char host[INDEX_HOST_MAX];
    uint32_t port;
    uint32_t target; /* index into targets[] */
};
static_assert(sizeof(struct index_name) == 264, "layout is shared");

/* A connect() to this address means `target`.  IPv4 stands in the first 4 bytes, the rest is zero.
 */
struct index_address {
    uint8_t address[16]; /* network order */
    uint16_t family;     /* AF_INET or AF_INET6 */
    uint16_t port;       /* host order; 0: any port (the synthetic address) */
    uint32_t target;
};
static_assert(sizeof(struct index_address) == 24, "layout is shared");

static inline const struct index_target *index_targets(const struct index_header *index)
{
    return (const struct index_target *)(const void *)(index + 1);
}

static inline const struct index_name *index_names(const struct index_header *index)
{
    return (const struct index_name *)(const void *)(index_targets(index) + index->target_count);
}

static inline const struct index_address *index_addresses(const struct index_header *index)
{
    return (const struct index_address *)(const void *)(index_names(index) + index->name_count);
}

/* True if `size` mapped bytes at `index` are a whole, consistent index of this version. */
static inline bool index_check(const struct index_header *index, size_t size)
{
    if (size < sizeof *index || size > INDEX_SIZE_MAX || index->magic != INDEX_MAGIC ||
        index->version != INDEX_VERSION || index->size != size)
        return false;
    uint64_t need = sizeof *index + (uint64_t)index->target_count * sizeof(struct index_target) +
                    (uint64_t)index->name_count * sizeof(struct index_name) +
                    (uint64_t)index->address_count * sizeof(struct index_address);
    if (need != size || index->control_path[INDEX_PATH_MAX - 1] != '\0')
        return false;
    for (uint32_t i = 0; i < index->target_count; i++) {
        const struct index_target *target = &index_targets(index)[i];
        if (target->name[INDEX_TARGET_MAX - 1] || target->socket_path[INDEX_PATH_MAX - 1])
            return false;
    }
    for (uint32_t i = 0; i < index->name_count; i++) {
        const struct index_name *name = &index_names(index)[i];
        if (name->host[INDEX_HOST_MAX - 1] || name->target >= index->target_count)
            return false;
    }
    for (uint32_t i = 0; i < index->address_count; i++)
        if (index_addresses(index)[i].target >= index->target_count)
            return false;
    return true;
}

#endif
