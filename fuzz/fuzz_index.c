/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_index.c - whatever an index says, its readers stay inside it, and what they find is one of
 * its targets.  They are the shim, in other people's programs, and `smcred exec --seccomp`.
 */
#include <stdlib.h>
#include <string.h>

#include "common/index_find.h"

#define LOOKUPS_MAX 64 /* names and addresses of the index that are looked up; it may have more */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* True if `target` is a whole one, with texts that end. */
static void judge(const struct index_header *index, const struct index_target *target)
{
    if (!target)
        return;
    const struct index_target *first = index_targets(index);
    if (target < first || target >= first + index->target_count ||
        !memchr(target->name, '\0', sizeof target->name) ||
        !memchr(target->socket_path, '\0', sizeof target->socket_path))
        abort();
}

static void find_name(const struct index_header *index, const char *host, uint32_t port)
{
    char spelled[INDEX_HOST_MAX];
    if (!index_spell(host, spelled))
        return;
    judge(index, index_find_name(index, spelled, port));
    judge(index, index_find_name(index, spelled, 0));
}

static void find_address(const struct index_header *index, const struct index_address *key)
{
    const struct index_target *target = NULL;
    enum index_match match = index_find_address(index, key, &target);
    if ((match == INDEX_OURS) != (target != NULL))
        abort();
    judge(index, target);
}

/* A stand-in address is looked up with every port that a client may name. */
static void find_stand_in(const struct index_header *index, const struct index_address *address)
{
    static const uint16_t ports[] = {0, 1, 5432, 5433, UINT16_MAX};
    struct index_address key = *address;
    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++) {
        key.port = ports[i];
        find_address(index, &key);
    }
}

static void read_index(const struct index_header *index)
{
    struct index_address nobody = {.family = AF_INET, .port = 1};
    find_name(index, "orders-db.internal", 5432);
    find_address(index, &nobody);
    for (uint32_t i = 0; i < index->name_count && i < LOOKUPS_MAX; i++)
        find_name(index, index_names(index)[i].host, index_names(index)[i].port);
    for (uint32_t i = 0; i < index->address_count && i < LOOKUPS_MAX; i++) {
        find_address(index, &index_addresses(index)[i]);
        find_stand_in(index, &index_addresses(index)[i]);
    }
}

/* A socket address of any length, as connect() is given it. */
static void read_key(const uint8_t *data, size_t size)
{
    struct sockaddr_storage address = {0};
    struct index_address key;
    size_t len = size < sizeof address ? size : sizeof address;
    memcpy(&address, data, len);
    if (index_key((const struct sockaddr *)&address, len, &key) && key.family != AF_INET &&
        key.family != AF_INET6)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct index_header *index = malloc(size > 0 ? size : 1); /* exact: a sanitizer sees the end */
    if (!index)
        abort();
    memcpy(index, data, size);
    if (index_check(index, size))
        read_index(index);
    free(index);
    read_key(data, size);
    return 0;
}
