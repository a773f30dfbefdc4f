/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * resolver.h - from a host name to socket addresses, for the keeper, which dials nothing itself.
 *
 * Names are looked up in a worker, one look-up per name at a time, and kept for a short time.  When
 * a look-up fails, the last good answer serves on.  The loop's thread alone calls this.
 */
#ifndef KEEPER_RESOLVER_H
#define KEEPER_RESOLVER_H

#include <sys/socket.h>

#include "common/bytes.h"
#include "common/oracle.h"
#include "common/status.h"

#define RESOLVER_ADDRESSES_MAX ORC_ADDRESSES_MAX
#define RESOLVER_HOST_MAX      256 /* bytes of a name, NUL included */

struct event_base;
struct resolver;
struct resolver_ask;
struct workers;

struct resolver_address {
    struct sockaddr_storage address;
    socklen_t len;
};

/*
 * The blocking look-up, in a worker.  resolver_lookup() asks getaddrinfo(); tests give their own.
 *   addresses  room for RESOLVER_ADDRESSES_MAX, ports 0
 * Errors: SMCRED_NOT_FOUND (no such name), SMCRED_UNAVAILABLE, SMCRED_NO_MEMORY.
 */
typedef enum smcred_status resolver_lookup_fn(void *arg, const char *host,
                                              struct resolver_address *addresses, size_t *out_count,
                                              struct sm_error *err);
enum smcred_status resolver_lookup(void *arg, const char *host, struct resolver_address *addresses,
                                   size_t *out_count, struct sm_error *err);

struct resolver_options {
    struct event_base *base;
    struct workers *workers;    /* a slow DNS fills them: give it a pool apart from the sources' */
    resolver_lookup_fn *lookup; /* resolver_lookup */
    void *lookup_arg;
    int64_t (*now_ms)(void); /* sm_boot_ms */
    int64_t ttl_ms;          /* 0: 30 s */
    int64_t stale_ms; /* 0: 3600 s; how long past the TTL an answer serves when look-ups fail */
    size_t names_max; /* 0: 1024; the least recently used goes */
};

SM_MUST_CHECK enum smcred_status resolver_new(const struct resolver_options *options,
                                              struct resolver **out_resolver);
/* After workers_free().  Those who wait get SMCRED_UNAVAILABLE.  NULL is allowed. */
void resolver_free(struct resolver *resolver);

struct resolver_answer {
    enum smcred_status status;
    const struct resolver_address *addresses; /* in getaddrinfo()'s order, ports set; borrowed */
    size_t count;                             /* 1..RESOLVER_ADDRESSES_MAX if SMCRED_OK */
    bool stale;                               /* the last look-up failed or is slow */
    const struct sm_error *err;               /* never NULL; why, if not SMCRED_OK or if stale */
};
typedef void resolver_done(void *arg, const struct resolver_answer *answer);

/*
 * Answers through done(), exactly once unless cancelled; before it returns if nothing must be
 * waited for, then *out_ask is NULL.  Numeric addresses ("10.0.0.7", "::1", "fe80::1%eth0") and
 * absolute paths of Unix sockets (the whole path, with its ".s.PGSQL.5432") need no look-up.
 *   deadline_ms  on now_ms()
 *   out_ask      for resolver_cancel(); NULL if you never cancel
 * Answers: SMCRED_OK, SMCRED_NOT_FOUND, SMCRED_UNAVAILABLE, SMCRED_TIMED_OUT, SMCRED_INVALID
 * (empty, or too long for a name or a path), SMCRED_LIMITED (names_max look-ups are under way),
 * SMCRED_NO_MEMORY.
 */
void resolver_get(struct resolver *resolver, const char *host, uint16_t port, int64_t deadline_ms,
                  resolver_done *done, void *arg, struct resolver_ask **out_ask);
void resolver_cancel(struct resolver_ask *ask);

/* Does what is due; the resolver's own timer calls it, and so do tests. */
void resolver_tick(struct resolver *resolver);

#endif
