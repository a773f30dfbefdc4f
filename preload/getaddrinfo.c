/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * getaddrinfo.c - getaddrinfo(), as clients call it before they connect.
 *
 * A target's (host, port) becomes, for libpq, the target's Unix socket: libpq asks for no TLS
 * there, so any sslmode is content, and it goes on showing the host that was typed.  For everybody
 * else it becomes the target's stand-in address, which connect() recognises.  Editing the client's
 * own parameters instead would leak into its next `\c`.
 */
#include "preload/shim.h"

#include <netinet/in.h>
#include <sys/un.h>

#include "preload/libc.h"

#define PORT_UNKNOWN 0 /* the client will say it in connect() */
#define PORT_INVALID UINT32_MAX
#define STAND_IN_MAX 32 /* "::ffff:127.255.255.255", NUL included, with room */

/*
 * One AF_UNIX answer that the libc's own freeaddrinfo() frees, whichever libc it is.  glibc frees
 * each `info` on its own.  musl steps back `slot` elements from `info` to the start of a counted
 * array of 'struct aibuf', which `info` to `reference` mirror, and frees that when the count falls
 * to zero.
 */
struct unix_answer {
    struct addrinfo info;
    union {
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
    } unused; /* where musl keeps the address: too small for a path */
    int lock;
    short slot;      /* the first element */
    short reference; /* counted once */
    struct sockaddr_un address;
};

static int answer_unix(const char *what, const char path[INDEX_PATH_MAX],
                       struct addrinfo **out_list)
{
    struct unix_answer *answer = calloc ? calloc(1, sizeof *answer) : NULL;
    if (!answer)
        return EAI_MEMORY;
    answer->reference = 1;
    answer->address.sun_family = AF_UNIX;
    for (size_t i = 0; path[i] != '\0'; i++)
        answer->address.sun_path[i] = path[i];
    answer->info = (struct addrinfo){
        .ai_family = AF_UNIX,
        .ai_socktype = SOCK_STREAM,
        .ai_addrlen = sizeof answer->address,
        .ai_addr = (struct sockaddr *)(void *)&answer->address,
    };
    shim_debug("getaddrinfo", what, path);
    *out_list = &answer->info;
    return 0;
}

/* The stand-in address, through libc, so that the list is libc's own in every respect. */
static int answer_stand_in(const struct index_target *target, const char *service,
                           const struct addrinfo *hints, struct addrinfo **out_list)
{
    char text[STAND_IN_MAX];
    const uint8_t *address = (const uint8_t *)&target->synthetic;
    struct addrinfo numeric = {.ai_family = AF_UNSPEC};
    if (hints)
        numeric = (struct addrinfo){.ai_flags = hints->ai_flags & AI_NUMERICSERV,
                                    .ai_family = hints->ai_family,
                                    .ai_socktype = hints->ai_socktype,
                                    .ai_protocol = hints->ai_protocol};
    numeric.ai_flags |= AI_NUMERICHOST;
    char *at = shim_put_text(text, numeric.ai_family == AF_INET6 ? "::ffff:" : "");
    for (int i = 0; i < 4; i++) {
        at = shim_put_number(at, address[i]);
        *at++ = i < 3 ? '.' : '\0';
    }
    shim_debug("getaddrinfo", target->name, text);
    return shim_libc()->getaddrinfo(text, service, &numeric, out_list);
}

/* Calls from libpq.so.5, and from the libpq-1a2b3c.so.5 that Python's wheels bring along. */
static bool is_libpq(const void *caller)
{
    Dl_info object;
    if (!dladdr || !dladdr(caller, &object) || !object.dli_fname)
        return false;
    const char *name = object.dli_fname;
    for (const char *at = name; *at != '\0'; at++)
        if (*at == '/')
            name = at + 1;
    const char *libpq = "libpq";
    while (*libpq != '\0' && *name == *libpq)
        name++, libpq++;
    return *libpq == '\0' && (*name == '.' || *name == '-');
}

/* Names of services, and 0, say as little about the port as NULL does. */
static uint32_t port_of(const char *service)
{
    uint32_t port = 0;
    if (!service || service[0] < '0' || service[0] > '9')
        return PORT_UNKNOWN;
    for (; *service >= '0' && *service <= '9'; service++) {
        port = port * 10 + (uint32_t)(*service - '0');
        if (port > UINT16_MAX)
            return PORT_INVALID;
    }
    return *service == '\0' ? port : PORT_INVALID;
}

/* Whether the question is one that a database client asks of a host's name. */
static bool asks_for_host(const char *host, const struct addrinfo *hints)
{
    if (!host || !shim_libc()->getaddrinfo)
        return false;
    if (!hints)
        return true;
    bool family = hints->ai_family == AF_UNSPEC || hints->ai_family == AF_INET ||
                  hints->ai_family == AF_INET6;
    bool stream = hints->ai_socktype == 0 || hints->ai_socktype == SOCK_STREAM;
    return family && stream && !(hints->ai_flags & AI_PASSIVE);
}

static bool find_name(const char *host, uint32_t port, struct shim_target *out_target)
{
    char spelled[INDEX_HOST_MAX];
    if (port == PORT_INVALID || !index_spell(host, spelled))
        return false;
    const struct index_header *index = shim_index_enter();
    const struct index_target *entry = index ? index_find_name(index, spelled, port) : NULL;
    if (entry)
        shim_target_copy(index, entry, out_target);
    shim_index_leave();
    return entry != NULL;
}

static bool is_target(const struct addrinfo *info, struct shim_target *out_target)
{
    struct index_address key;
    return index_key(info->ai_addr, info->ai_addrlen, &key) &&
           shim_find_address(&key, out_target) == INDEX_OURS;
}

/* True if the addresses mean one target, all of them. */
static bool are_target(const struct addrinfo *list, struct shim_target *out_target)
{
    struct shim_target other;
    if (!list || !is_target(list, out_target))
        return false;
    for (list = list->ai_next; list; list = list->ai_next)
        if (!is_target(list, &other) ||
            index_compare_text(out_target->entry.name, other.entry.name) != 0)
            return false;
    return true;
}

/* True if `text` is one of the entries of `list`, which commas part. */
static bool is_entry(const char *list, const char *text)
{
    while (list && *list != '\0') {
        size_t len = 0;
        while (text[len] != '\0' && list[len] == text[len])
            len++;
        if (text[len] == '\0' && (list[len] == ',' || list[len] == '\0'))
            return true;
        while (*list != '\0' && *list++ != ',')
            continue;
    }
    return false;
}

/*
 * libpq asked about an address.  One that means a target is the target: PGHOSTADDR, the stand-in
 * that psycopg's own resolver was given, another name of the database.  Another one that comes from
 * PGHOSTADDR stands for whatever host was typed, possibly one of ours: it leads nowhere.
 */
static int answer_libpq_address(const char *host, const struct addrinfo *hints,
                                struct addrinfo **list)
{
    struct shim_target target;
    const char *path = NULL;
    bool numeric = hints && (hints->ai_flags & AI_NUMERICHOST);
    if (are_target(*list, &target))
        path = target.entry.socket_path;
    else if (numeric && is_entry(shim_environment("PGHOSTADDR"), host))
        path = SHIM_DIVERTED_PATH;
    if (!path || !freeaddrinfo)
        return 0;
    freeaddrinfo(*list);
    return answer_unix(host, path, list);
}

bool shim_is_diverted(const struct sockaddr_un *path, socklen_t len)
{
    static const char diverted[] = SHIM_DIVERTED_PATH;
    if (len < offsetof(struct sockaddr_un, sun_path) + sizeof diverted)
        return false;
    for (size_t i = 0; i < sizeof diverted; i++)
        if (path->sun_path[i] != diverted[i])
            return false;
    return true;
}

/* What libc says of names that nobody has told it about. */
static bool is_unknown(int result)
{
    return result == EAI_NONAME || result == EAI_AGAIN || result == EAI_FAIL ||
           result == -5; /* EAI_NODATA, which not every <netdb.h> has */
}

int shim_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                     struct addrinfo **out_list) SHIM_INTERPOSE(getaddrinfo);

int shim_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                     struct addrinfo **out_list)
{
    struct shim_target target;
    const struct shim_libc *libc = shim_libc();
    if (!libc->getaddrinfo)
        return EAI_FAIL;
    if (!asks_for_host(host, hints))
        return libc->getaddrinfo(host, service, hints, out_list);

    bool libpq = is_libpq(__builtin_return_address(0));
    bool by_name = !hints || !(hints->ai_flags & AI_NUMERICHOST);
    uint32_t port = port_of(service);
    if (by_name && port != PORT_UNKNOWN && find_name(host, port, &target))
        return libpq ? answer_unix(target.entry.name, target.entry.socket_path, out_list)
                     : answer_stand_in(&target.entry, service, hints, out_list);

    int result = libc->getaddrinfo(host, service, hints, out_list);
    if (result == 0 && libpq)
        return answer_libpq_address(host, hints, out_list);
    if (by_name && is_unknown(result) && port == PORT_UNKNOWN && find_name(host, 0, &target))
        return answer_stand_in(&target.entry, service, hints, out_list);
    return result;
}
