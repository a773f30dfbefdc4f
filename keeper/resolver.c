/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * resolver.c - names looked up in workers, and remembered.
 *
 * Called by the keeper's dispatch when a login opens.  Numbers and socket paths are answered by
 * answer_literal(); the rest waits for, or finds, an entry of the table.
 */
#include "keeper/resolver.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <netdb.h>
#include <sys/queue.h>
#include <sys/un.h>

#include "keeper/table.h"
#include "keeper/workers.h"

#define TTL_MS_DEFAULT    (30 * 1000)
#define STALE_MS_DEFAULT  (3600 * 1000)
#define NAMES_MAX_DEFAULT 1024
#define RETRY_MS          1000 /* between look-ups of a name that fails */

struct resolver_ask {
    LIST_ENTRY(resolver_ask) link;
    uint16_t port;
    int64_t deadline_ms;
    resolver_done *done;
    void *arg;
};
LIST_HEAD(asks, resolver_ask);

struct addresses {
    struct resolver_address list[RESOLVER_ADDRESSES_MAX];
    size_t count;
};

struct entry {
    struct table_entry node; /* first; its key is `host` */
    struct addresses *known; /* NULL: nothing good yet */
    struct lookup *lookup;   /* under way, or NULL */
    struct asks asks;
    int64_t expires_ms;
    int64_t retry_ms;
    enum smcred_status last_status;
    struct sm_error last_error;
    char host[RESOLVER_HOST_MAX];
};

struct lookup {
    struct resolver *resolver;
    struct entry *entry;
    struct addresses found;
    enum smcred_status status;
    struct sm_error err;
    char host[RESOLVER_HOST_MAX];
};

struct resolver {
    struct resolver_options options;
    struct table entries;
    struct event *timer;
    int64_t timer_at_ms; /* INT64_MAX: not set */
};

static void schedule(struct resolver *resolver, int64_t at_ms)
{
    if (at_ms >= resolver->timer_at_ms)
        return;
    int64_t wait_ms = at_ms - resolver->options.now_ms();
    if (wait_ms < 1)
        wait_ms = 1;
    struct timeval wait = {.tv_sec = (time_t)(wait_ms / 1000),
                           .tv_usec = (suseconds_t)(wait_ms % 1000 * 1000)};
    if (evtimer_add(resolver->timer, &wait) == 0) /* else the look-up's end answers */
        resolver->timer_at_ms = at_ms;
}

/* ---- getaddrinfo() ---- */

static enum smcred_status status_of_gai(int error)
{
    switch (error) {
    case EAI_NONAME:
    case EAI_FAIL:
#ifdef EAI_NODATA
    case EAI_NODATA:
#endif
        return SMCRED_NOT_FOUND;
    case EAI_MEMORY:
        return SMCRED_NO_MEMORY;
    default: /* temporary, or the system's; more codes exist than POSIX names */
        return SMCRED_UNAVAILABLE;
    }
}

enum smcred_status resolver_lookup(void *arg, const char *host, struct resolver_address *addresses,
                                   size_t *out_count, struct sm_error *err)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    (void)arg;
    int error = getaddrinfo(host, NULL, &hints, &list);
    if (error != 0)
        return sm_error_set(err, status_of_gai(error), "%s", gai_strerror(error));
    size_t count = 0;
    for (struct addrinfo *at = list; at && count < RESOLVER_ADDRESSES_MAX; at = at->ai_next) {
        if (at->ai_family != AF_INET && at->ai_family != AF_INET6)
            continue;
        memset(&addresses[count], 0, sizeof addresses[count]);
        memcpy(&addresses[count].address, at->ai_addr, at->ai_addrlen);
        addresses[count++].len = at->ai_addrlen;
    }
    freeaddrinfo(list);
    if (count == 0)
        return sm_error_set(err, SMCRED_NOT_FOUND, "the name has no address");
    *out_count = count;
    return SMCRED_OK;
}

/* ---- answers ---- */

static void set_port(struct resolver_address *address, uint16_t port)
{
    switch (address->address.ss_family) {
    case AF_INET:
        ((struct sockaddr_in *)&address->address)->sin_port = htons(port);
        break;
    case AF_INET6:
        ((struct sockaddr_in6 *)&address->address)->sin6_port = htons(port);
        break;
    default: /* a path has no port */
        break;
    }
}

static void tell_error(resolver_done *done, void *arg, enum smcred_status status, const char *text)
{
    struct sm_error err;
    (void)sm_error_set(&err, status, "%s", text);
    done(arg, &(struct resolver_answer){.status = status, .err = &err});
}

/* By value: a callback may cause the entry they came from to go. */
static void tell_addresses(struct addresses found, uint16_t port, bool stale,
                           const struct sm_error *why, resolver_done *done, void *arg)
{
    static const struct sm_error none;
    for (size_t i = 0; i < found.count; i++)
        set_port(&found.list[i], port);
    done(arg, &(struct resolver_answer){.status = SMCRED_OK,
                                        .addresses = found.list,
                                        .count = found.count,
                                        .stale = stale,
                                        .err = stale ? why : &none});
}

static bool parse_path(const char *host, struct resolver_address *out)
{
    struct sockaddr_un *path = (struct sockaddr_un *)&out->address;
    path->sun_family = AF_UNIX;
    memcpy(path->sun_path, host, strlen(host) + 1);
    out->len = sizeof *path;
    return true;
}

/* "10.0.0.7", "::1", "fe80::1%eth0": getaddrinfo() that may not look anything up. */
static bool parse_number(const char *host, struct resolver_address *out)
{
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST};
    struct addrinfo *list = NULL;
    if (getaddrinfo(host, NULL, &hints, &list) != 0)
        return false;
    memcpy(&out->address, list->ai_addr, list->ai_addrlen);
    out->len = list->ai_addrlen;
    freeaddrinfo(list);
    return true;
}

/* True if it was answered, one way or the other. */
static bool answer_literal(const char *host, uint16_t port, resolver_done *done, void *arg)
{
    struct addresses found = {.count = 1};
    size_t len = strlen(host);
    bool is_path = host[0] == '/';
    size_t max = is_path ? sizeof((struct sockaddr_un *)NULL)->sun_path : RESOLVER_HOST_MAX;
    if (len == 0 || len >= max) {
        tell_error(done, arg, SMCRED_INVALID,
                   len == 0 ? "the host name is empty" : "the host name is too long");
        return true;
    }
    if (!(is_path ? parse_path(host, &found.list[0]) : parse_number(host, &found.list[0])))
        return false;
    tell_addresses(found, port, false, NULL, done, arg);
    return true;
}

static bool may_serve(const struct resolver *resolver, const struct entry *entry, int64_t now)
{
    return entry->known && now < entry->expires_ms + resolver->options.stale_ms;
}

/* Empties `ready`; its callbacks may cancel what is still in it. */
static void tell_ready(struct asks *ready, const struct addresses *found, bool stale,
                       enum smcred_status status, const struct sm_error *err)
{
    struct resolver_ask *ask;
    while ((ask = LIST_FIRST(ready))) {
        LIST_REMOVE(ask, link);
        if (status == SMCRED_OK)
            tell_addresses(*found, ask->port, stale, err, ask->done, ask->arg);
        else
            tell_error(ask->done, ask->arg, status, err->text);
        free(ask);
    }
}

/* Answers those in `ready` from the entry, which may be gone afterwards. */
static void settle(struct resolver *resolver, struct entry *entry, struct asks *ready,
                   enum smcred_status failed, const struct sm_error *why)
{
    int64_t now = resolver->options.now_ms();
    bool fresh = entry->known && now < entry->expires_ms;
    bool good = fresh || may_serve(resolver, entry, now);
    struct addresses found = {.count = 0};
    struct sm_error err = *why;
    if (good)
        found = *entry->known;
    tell_ready(ready, &found, !fresh, good ? SMCRED_OK : failed, &err);
}

/* ---- look-ups ---- */

static void lookup_run(void *arg)
{
    struct lookup *lookup = arg;
    const struct resolver_options *options = &lookup->resolver->options;
    lookup->status = options->lookup(options->lookup_arg, lookup->host, lookup->found.list,
                                     &lookup->found.count, &lookup->err);
}

static void accept_lookup(struct resolver *resolver, struct entry *entry,
                          const struct lookup *lookup)
{
    int64_t now = resolver->options.now_ms();
    entry->last_status = lookup->status;
    entry->last_error = lookup->err;
    if (lookup->status == SMCRED_OK && !entry->known) {
        entry->known = malloc(sizeof *entry->known);
        if (!entry->known)
            entry->last_status = SMCRED_NO_MEMORY;
    }
    if (entry->last_status != SMCRED_OK) {
        entry->retry_ms = now + RETRY_MS;
        return;
    }
    *entry->known = lookup->found;
    entry->expires_ms = now + resolver->options.ttl_ms;
}

static void move_asks(struct entry *entry, struct asks *ready)
{
    struct resolver_ask *ask;
    while ((ask = LIST_FIRST(&entry->asks))) {
        LIST_REMOVE(ask, link);
        LIST_INSERT_HEAD(ready, ask, link);
    }
}

static void lookup_done(void *arg, bool ran)
{
    struct lookup *lookup = arg;
    struct entry *entry = lookup->entry;
    struct asks ready = LIST_HEAD_INITIALIZER(ready);
    if (!ran)
        lookup->status = sm_error_set(&lookup->err, SMCRED_UNAVAILABLE, "the keeper is stopping");
    entry->lookup = NULL;
    accept_lookup(lookup->resolver, entry, lookup);
    move_asks(entry, &ready);
    settle(lookup->resolver, entry, &ready, entry->last_status, &lookup->err);
    free(lookup);
}

/* True if a look-up is under way afterwards. */
static bool ensure_lookup(struct resolver *resolver, struct entry *entry, int64_t now)
{
    if (entry->lookup)
        return true;
    if (entry->last_status != SMCRED_OK && now < entry->retry_ms)
        return false;
    struct lookup *lookup = calloc(1, sizeof *lookup);
    enum smcred_status status = SMCRED_NO_MEMORY;
    if (lookup) {
        lookup->resolver = resolver;
        lookup->entry = entry;
        memcpy(lookup->host, entry->host, sizeof lookup->host);
        status = workers_submit(resolver->options.workers, lookup_run, lookup_done, lookup);
    }
    if (status == SMCRED_OK) {
        entry->lookup = lookup;
        return true;
    }
    free(lookup);
    entry->last_status = sm_error_set(&entry->last_error, status, "no look-up could be started: %s",
                                      sm_status_text(status));
    entry->retry_ms = now + RETRY_MS;
    return false;
}

/* ---- entries ---- */

static void entry_free(struct resolver *resolver, struct entry *entry)
{
    table_remove(&resolver->entries, &entry->node);
    free(entry->known);
    free(entry);
}

static bool evict_one(struct resolver *resolver)
{
    for (struct table_entry *at = resolver->entries.oldest; at; at = at->newer) {
        struct entry *entry = (struct entry *)at;
        if (entry->lookup || !LIST_EMPTY(&entry->asks))
            continue;
        entry_free(resolver, entry);
        return true;
    }
    return false;
}

static enum smcred_status entry_get(struct resolver *resolver, const char *host,
                                    struct entry **out_entry)
{
    struct table_entry *found = table_find(&resolver->entries, sm_bytes_of(host));
    if (found) {
        table_touch(&resolver->entries, found);
        *out_entry = (struct entry *)found;
        return SMCRED_OK;
    }
    while (resolver->entries.count >= resolver->options.names_max)
        if (!evict_one(resolver))
            return SMCRED_LIMITED;
    struct entry *entry = calloc(1, sizeof *entry);
    if (!entry)
        return SMCRED_NO_MEMORY;
    memcpy(entry->host, host, strlen(host) + 1); /* answer_literal() saw that it fits */
    entry->node.key = sm_bytes_of(entry->host);
    LIST_INIT(&entry->asks);
    table_add(&resolver->entries, &entry->node);
    *out_entry = entry;
    return SMCRED_OK;
}

/* ---- asking ---- */

void resolver_get(struct resolver *resolver, const char *host, uint16_t port, int64_t deadline_ms,
                  resolver_done *done, void *arg, struct resolver_ask **out_ask)
{
    int64_t now = resolver->options.now_ms();
    struct entry *entry;
    if (out_ask)
        *out_ask = NULL;
    if (answer_literal(host, port, done, arg))
        return;
    enum smcred_status status = entry_get(resolver, host, &entry);
    if (status != SMCRED_OK) {
        tell_error(done, arg, status, "too many host names are being looked up");
        return;
    }
    if (entry->known && now < entry->expires_ms) { /* the usual case */
        tell_addresses(*entry->known, port, false, NULL, done, arg);
        return;
    }
    bool under_way = ensure_lookup(resolver, entry, now);
    bool failing = entry->last_status != SMCRED_OK, late = now >= deadline_ms;
    struct sm_error why = entry->last_error;
    if ((failing || late) && may_serve(resolver, entry, now)) {
        tell_addresses(*entry->known, port, true, &why, done, arg);
        return;
    }
    struct resolver_ask *ask = under_way && !late ? malloc(sizeof *ask) : NULL;
    if (!ask) {
        if (late)
            tell_error(done, arg, SMCRED_TIMED_OUT, "no time was left to look up the host name");
        else if (!under_way)
            tell_error(done, arg, entry->last_status, why.text);
        else
            tell_error(done, arg, SMCRED_NO_MEMORY, "no memory to wait for the host name");
        return;
    }
    *ask =
        (struct resolver_ask){.port = port, .deadline_ms = deadline_ms, .done = done, .arg = arg};
    LIST_INSERT_HEAD(&entry->asks, ask, link);
    schedule(resolver, deadline_ms);
    if (out_ask)
        *out_ask = ask;
}

void resolver_cancel(struct resolver_ask *ask)
{
    if (!ask)
        return;
    LIST_REMOVE(ask, link);
    free(ask);
}

/* False if nobody of this entry was late. */
static bool answer_late(struct resolver *resolver, struct entry *entry, int64_t now)
{
    struct asks ready = LIST_HEAD_INITIALIZER(ready);
    struct resolver_ask *ask, *next;
    struct sm_error err;
    for (ask = LIST_FIRST(&entry->asks); ask; ask = next) {
        next = LIST_NEXT(ask, link);
        if (now < ask->deadline_ms) {
            schedule(resolver, ask->deadline_ms);
            continue;
        }
        LIST_REMOVE(ask, link);
        LIST_INSERT_HEAD(&ready, ask, link);
    }
    if (LIST_EMPTY(&ready))
        return false;
    (void)sm_error_set(&err, SMCRED_TIMED_OUT, "the host name was not looked up in time");
    settle(resolver, entry, &ready, SMCRED_TIMED_OUT, &err);
    return true;
}

/* Callbacks may add and evict, so the walk starts again after each entry that called back.  It
 * ends: an ask that is late already is never queued. */
void resolver_tick(struct resolver *resolver)
{
    int64_t now = resolver->options.now_ms();
    resolver->timer_at_ms = INT64_MAX;
    (void)evtimer_del(resolver->timer); /* a timer of ours */
    for (struct table_entry *at = resolver->entries.oldest; at;)
        at = answer_late(resolver, (struct entry *)at, now) ? resolver->entries.oldest : at->newer;
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    resolver_tick(arg);
}

enum smcred_status resolver_new(const struct resolver_options *options,
                                struct resolver **out_resolver)
{
    struct resolver *resolver = calloc(1, sizeof *resolver);
    if (!resolver)
        return SMCRED_NO_MEMORY;
    resolver->options = *options;
    if (resolver->options.ttl_ms == 0)
        resolver->options.ttl_ms = TTL_MS_DEFAULT;
    if (resolver->options.stale_ms == 0)
        resolver->options.stale_ms = STALE_MS_DEFAULT;
    if (resolver->options.names_max == 0)
        resolver->options.names_max = NAMES_MAX_DEFAULT;
    resolver->timer_at_ms = INT64_MAX;
    resolver->timer = evtimer_new(options->base, on_timer, resolver);
    if (!resolver->timer ||
        table_init(&resolver->entries, resolver->options.names_max) != SMCRED_OK) {
        resolver_free(resolver);
        return SMCRED_NO_MEMORY;
    }
    *out_resolver = resolver;
    return SMCRED_OK;
}

void resolver_free(struct resolver *resolver)
{
    if (!resolver)
        return;
    struct asks ready = LIST_HEAD_INITIALIZER(ready);
    struct sm_error err;
    for (struct table_entry *at = resolver->entries.oldest; at; at = at->newer)
        move_asks((struct entry *)at, &ready);
    (void)sm_error_set(&err, SMCRED_UNAVAILABLE, "the keeper is stopping");
    tell_ready(&ready, NULL, false, SMCRED_UNAVAILABLE, &err);
    while (resolver->entries.oldest)
        entry_free(resolver, (struct entry *)resolver->entries.oldest);
    table_done(&resolver->entries);
    if (resolver->timer)
        event_free(resolver->timer);
    free(resolver);
}
