/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hostaddr.c - a getaddrinfo() in front of libc's.  Called by mysql.c, and by every library of this
 * program that resolves a name.
 */
#include "rotate/hostaddr.h"

#include <dlfcn.h>
#include <netdb.h>

#include "common/bytes.h"

static struct {
    const char *host, *address;
} pinned; /* this program has one thread, and one login at a time */

void hostaddr_pin(const char *host, const char *address)
{
    pinned.host = address ? host : NULL;
    pinned.address = address;
}

/* Exported, so that a shared library's call comes here. */
__attribute__((visibility("default"))) int getaddrinfo(const char *restrict name,
                                                       const char *restrict service,
                                                       const struct addrinfo *restrict hints,
                                                       struct addrinfo **restrict out_list)
{
    int (*next)(const char *, const char *, const struct addrinfo *, struct addrinfo **) = NULL;
    *(void **)&next = dlsym(RTLD_NEXT, "getaddrinfo"); /* as dlsym(3) says it */
    if (!next)
        return EAI_SYSTEM;
    bool is_pinned = name && pinned.host && strcmp(name, pinned.host) == 0;
    return next(is_pinned ? pinned.address : name, service, hints, out_list);
}
