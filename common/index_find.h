/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * index_find.h - which target a host name or a socket address means, by an index that was checked.
 *
 * Called by the shim and by `smcred exec --seccomp`.  No function of libc is used and nothing is
 * allocated: the shim calls this in signal handlers and links no libc.
 */
#ifndef SM_INDEX_FIND_H
#define SM_INDEX_FIND_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "common/index.h"

enum index_match {
    INDEX_NOT_OURS,
    INDEX_OURS,
    /* The address stands for a target, but no target has that port there.  Nothing but smcred may
       answer at a stand-in address, so the caller refuses. */
    INDEX_NO_SUCH_PORT,
};

/* `host` as the index spells it: lower case, no final dot.  False if no index can hold it. */
static inline bool index_spell(const char *host, char out_host[INDEX_HOST_MAX])
{
    size_t len = 0;
    for (; host[len] != '\0'; len++) {
        if (len == INDEX_HOST_MAX - 1)
            return false;
        bool upper = host[len] >= 'A' && host[len] <= 'Z';
        out_host[len] = (char)(upper ? host[len] - 'A' + 'a' : host[len]);
    }
    if (len > 0 && out_host[len - 1] == '.')
        len--;
    out_host[len] = '\0';
    return len > 0;
}

static inline int index_compare_text(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b)
        a++, b++;
    return (int)(unsigned char)*a - (int)(unsigned char)*b;
}

/*
 * The target of (host, port); NULL if there is none.
 *   host  as index_spell() wrote it
 *   port  0: the first target of that host, whatever its port
 */
static inline const struct index_target *index_find_name(const struct index_header *index,
                                                         const char *host, uint32_t port)
{
    const struct index_name *names = index_names(index);
    uint32_t low = 0, high = index->name_count;
    while (low < high) { /* the first name that is not before (host, port) */
        uint32_t middle = low + (high - low) / 2;
        int order = index_compare_text(names[middle].host, host);
        if (order < 0 || (order == 0 && names[middle].port < port))
            low = middle + 1;
        else
            high = middle;
    }
    if (low == index->name_count || index_compare_text(names[low].host, host) != 0 ||
        (port != 0 && names[low].port != port))
        return NULL;
    return &index_targets(index)[names[low].target];
}

/* IPv4 in IPv6 clothes, ::ffff:a.b.c.d.  <netinet/in.h> asks htonl() of libc for this. */
static inline bool index_is_mapped(const uint8_t address[16])
{
    for (int i = 0; i < 10; i++)
        if (address[i] != 0)
            return false;
    return address[10] == 0xff && address[11] == 0xff;
}

/*
 * The key under which a socket address stands in the index; IPv4 in IPv6 clothes is IPv4.  False
 * for other families and for addresses cut short.
 */
static inline bool index_key(const struct sockaddr *address, size_t len,
                             struct index_address *out_key)
{
    const uint8_t *from;
    size_t count;
    uint16_t port; /* network order */
    if (!address || len < sizeof address->sa_family)
        return false;
    if (address->sa_family == AF_INET && len >= sizeof(struct sockaddr_in)) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)address;
        from = (const uint8_t *)&in->sin_addr;
        port = in->sin_port;
        count = 4;
    } else if (address->sa_family == AF_INET6 &&
               len >= offsetof(struct sockaddr_in6, sin6_scope_id)) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)address;
        bool mapped = index_is_mapped((const uint8_t *)&in6->sin6_addr);
        from = (const uint8_t *)&in6->sin6_addr + (mapped ? 12 : 0);
        port = in6->sin6_port;
        count = mapped ? 4 : 16;
    } else {
        return false;
    }
    for (size_t i = 0; i < sizeof out_key->address; i++)
        out_key->address[i] = i < count ? from[i] : 0;
    out_key->family = count == 4 ? AF_INET : AF_INET6;
    const uint8_t *bytes = (const uint8_t *)&port;
    out_key->port = (uint16_t)(bytes[0] << 8 | bytes[1]);
    return true;
}

static inline int index_compare_address(const struct index_address *a,
                                        const struct index_address *b)
{
    if (a->family != b->family)
        return a->family < b->family ? -1 : 1;
    for (size_t i = 0; i < sizeof a->address; i++)
        if (a->address[i] != b->address[i])
            return a->address[i] < b->address[i] ? -1 : 1;
    return (int)a->port - (int)b->port;
}

static inline const struct index_address *index_find_key(const struct index_header *index,
                                                         const struct index_address *key)
{
    const struct index_address *addresses = index_addresses(index);
    uint32_t low = 0, high = index->address_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = index_compare_address(&addresses[middle], key);
        if (order == 0)
            return &addresses[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/*
 * A stand-in address stands for a host, and the port tells which of the host's targets is meant: it
 * may have been handed out before anybody knew the port.  Returns NULL if no target has that port.
 */
static inline const struct index_target *index_at_port(const struct index_header *index,
                                                       uint32_t target, uint16_t port)
{
    const struct index_name *names = index_names(index);
    if (index_targets(index)[target].default_port == port)
        return &index_targets(index)[target];
    for (uint32_t i = 0; i < index->name_count; i++) {
        if (names[i].target != target)
            continue;
        const struct index_target *found = index_find_name(index, names[i].host, port);
        if (found)
            return found;
    }
    return NULL;
}

/* The target that a connect() to `key` means; *out_target is stored for INDEX_OURS alone. */
static inline enum index_match index_find_address(const struct index_header *index,
                                                  const struct index_address *key,
                                                  const struct index_target **out_target)
{
    const struct index_address *found = index_find_key(index, key);
    if (found && key->port != 0) {
        *out_target = &index_targets(index)[found->target];
        return INDEX_OURS;
    }
    struct index_address any_port = *key;
    any_port.port = 0;
    found = index_find_key(index, &any_port);
    if (!found)
        return INDEX_NOT_OURS;
    const struct index_target *target = index_at_port(index, found->target, key->port);
    if (!target)
        return INDEX_NO_SUCH_PORT;
    *out_target = target;
    return INDEX_OURS;
}

#endif
