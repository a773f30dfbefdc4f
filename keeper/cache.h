/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cache.h - the secrets this host uses: one immutable snapshot per (secret id, stage), and one
 * stage map per secret id.
 *
 * Called by the keeper from its loop's thread alone; doc/cache.md tells the life of an entry.  The
 * promises: at most one fetch per entry is under way; everybody who asks meanwhile waits for it,
 * each with a deadline; what is used is read again before it expires, but its value only if the
 * stage map says that the version has changed; when the source fails, the last good snapshot serves
 * for a bounded time, and `status` says so; "not found" and "denied" are believed at once, drop
 * what was cached, and are remembered briefly.
 *
 * Ages are judged at use, on now_ms(); timers are only hints.
 */
#ifndef KEEPER_CACHE_H
#define KEEPER_CACHE_H

#include "common/snapshot.h"
#include "common/source.h"

#define CACHE_STAGE_DEFAULT "AWSCURRENT"

struct cache;
struct cache_ask; /* somebody who waits */
struct event_base;
struct stages;
struct workers;

/* All in milliseconds unless said.  cache_limits_default() gives the values named here. */
struct cache_limits {
    int64_t ttl_ms;           /* 300 s; each expiry is moved by up to +-10 % */
    int64_t negative_ms;      /* 10 s: how long "not found" and "denied" are remembered */
    int64_t stale_ms;         /* 3600 s past expiry: the end of serving on errors; 0: never */
    int64_t backoff_min_ms;   /* 1 s, doubled with each failure, less up to half by chance */
    int64_t backoff_max_ms;   /* 60 s */
    int64_t fetch_timeout_ms; /* 10 s: the deadline a fetch is given, retries included */
    int64_t patience_ms;      /* 1 s of a fetch, for who could have something stale instead */
    int64_t no_news_ms;       /* 1 s between reads that were forced and brought nothing new */
    int64_t whole_ms;         /* 3600 s: a value is read again by then, whatever the map says */
    int64_t near_ms;          /* 60 s between refreshes in the hour before a rotation is due */
    size_t secrets_max;       /* 4096 entries */
};
struct cache_limits cache_limits_default(void);

/*
 * Reads one snapshot from where secrets come from: in a worker thread, several at once.  As fetch()
 * of struct sm_source_ops, whose errors it may return.
 */
typedef enum smcred_status cache_fetch(void *arg, const struct sm_source_query *query,
                                       struct sm_snapshot **out_snapshot, struct sm_error *err);

/* Reads a stage map: as stages() of struct sm_source_ops, likewise. */
typedef enum smcred_status cache_read_map(void *arg, const struct sm_source_query *query,
                                          struct sm_stage_map *out_map, struct sm_error *err);

/*
 * Has the secret rotated, as an administrator's RotateSecret does.
 *   out_version_id  that rotates in
 * Errors: those of fetch(); SMCRED_INVALID: it has no rotation function, or one at work.
 */
#define CACHE_VERSION_MAX 65
typedef enum smcred_status cache_ask_rotation(void *arg, const struct sm_source_query *query,
                                              char out_version_id[CACHE_VERSION_MAX],
                                              struct sm_error *err);

/* A new password in a new version. */
struct cache_change {
    const char *id;
    const char *version_id;           /* the one it is to replace; NULL: whichever there is */
    const struct sm_secret *password; /* borrowed until it is done */
    int64_t deadline_ms;
};
/*
 * Puts it, and keeps all else that is in the secret.
 * Errors: those of fetch(); SMCRED_UNSUPPORTED: it is not changed this way, err says by which;
 * SMCRED_UNAVAILABLE: it is another version by now.
 */
typedef enum smcred_status cache_put_change(void *arg, const struct cache_change *change,
                                            char out_version_id[CACHE_VERSION_MAX],
                                            struct sm_error *err);

/* Reads many at once: as stages_many() of struct sm_source_ops, likewise. */
typedef enum smcred_status cache_read_maps(void *arg, const char *const *ids, size_t count,
                                           int64_t deadline_ms, struct sm_stage_map *out_maps,
                                           bool *out_found, struct sm_error *err);

/* Where secrets come from.  release(arg), if not NULL, is called in the loop's thread once no fetch
 * uses `arg` any more, so that a reload may change the source while fetches are under way. */
struct cache_source {
    cache_fetch *fetch;
    void (*release)(void *arg);
    void *arg;
    cache_read_map *read_map;   /* NULL: there are no maps; every refresh reads the value */
    cache_ask_rotation *rotate; /* NULL: it cannot */
    cache_read_maps *read_maps; /* likewise */
    cache_put_change *change;   /* likewise */
};

struct cache_options {
    struct event_base *base;
    struct workers *workers;
    struct cache_source source;
    struct cache_limits limits;
    int64_t (*now_ms)(void);  /* sm_boot_ms */
    int64_t (*wall_ms)(void); /* sm_wall_ms; NULL: the dates of rotations do not matter */
    uint32_t (*random)(void); /* arc4random */
    /* A fetch brought a version (or content) that differs from the one before; `before` is NULL for
     * the first.  Called before those who wait are answered.  May be NULL. */
    void (*changed)(void *arg, const char *id, const char *stage, const struct sm_snapshot *before,
                    const struct sm_snapshot *now);
    /* A fetch failed.  For the log.  May be NULL. */
    void (*failed)(void *arg, const char *id, const char *stage, enum smcred_status status,
                   const struct sm_error *err);
    void *arg; /* for changed() and failed(); they must not call the cache */
};

/* `out_cache`: free with cache_free(), after workers_free(). */
SM_MUST_CHECK enum smcred_status cache_new(const struct cache_options *options,
                                           struct cache **out_cache);
/* Retires the pages, wipes the secrets; those who wait get SMCRED_UNAVAILABLE.  NULL is allowed. */
void cache_free(struct cache *cache);

/* For a reload.  Entries stay; new times count from their next fetch. */
void cache_set_limits(struct cache *cache, const struct cache_limits *limits);
/* For a reload.  Forgets the secrets that are not wanted any more, but those somebody waits for. */
void cache_keep(struct cache *cache, bool (*wanted)(void *arg, const char *id), void *arg);
/* For a reload.  Fetches under way finish with the old source; their results are not believed. */
SM_MUST_CHECK enum smcred_status cache_set_source(struct cache *cache,
                                                  const struct cache_source *source);

struct cache_query {
    const char *id;      /* name or ARN, as configured */
    const char *stage;   /* NULL: AWSCURRENT */
    int64_t deadline_ms; /* on now_ms(); past it the answer is what can be served, or TIMED_OUT */

    /*
     * 0, or: the answer must rest on a fetch begun at or after this time ("now" after a refused
     * password).  Never answered with a stale snapshot.  Joins a fetch that is late enough, else
     * the one after it.
     */
    int64_t fresh_from_ms;
    /* With fresh_from_ms: a snapshot that differs from this one in version, user or password will
     * do, whenever it was read.  NULL: none.  Borrowed until the answer or cache_cancel(): keep a
     * reference. */
    const struct sm_snapshot *other_than;
    /* Likewise: a snapshot of this version will do, whenever it was read. */
    const char *version_id;
    /* An administrator asks: fetch although failures or no_news_ms say to wait. */
    bool insist;
};

struct cache_answer {
    enum smcred_status status;
    struct sm_snapshot *snapshot; /* NULL if the status is not SMCRED_OK; borrowed: ref to keep */
    struct stages *stages;        /* likewise, of cache_stages(), which has no snapshot */
    bool stale;                   /* past its expiry, served because the source fails or is slow */
    bool waited;                  /* a fetch was needed */
    int64_t expires_ms;           /* of the snapshot, on now_ms() */
    int64_t known_ms;             /* when it was last found to be so, likewise */
    const struct sm_error *err;   /* never NULL; why, if not SMCRED_OK or if stale */
};

/* May call the cache again (cache_get, cache_cancel of others); must not free it. */
typedef void cache_done(void *arg, const struct cache_answer *answer);

/*
 * Answers through done(), exactly once unless cancelled: before it returns if nothing must be
 * waited for, then *out_ask is NULL. out_ask  for cache_cancel(); NULL if you never cancel Answers:
 * SMCRED_OK, and errors of the fetch; SMCRED_TIMED_OUT; SMCRED_LIMITED (too many secrets or jobs);
 * SMCRED_REVOKED (revoked while waiting); SMCRED_INVALID (an empty id); SMCRED_NO_MEMORY.
 */
void cache_get(struct cache *cache, const struct cache_query *query, cache_done *done, void *arg,
               struct cache_ask **out_ask);
/*
 * The secret's stage map, by the same rules: query->stage, other_than and version_id do not count.
 * What it says of values in the cache is believed: those whose version has changed are read again,
 * or dropped if nobody uses them.
 * Answers: those of cache_get(); SMCRED_UNSUPPORTED: its source has no maps; SMCRED_DENIED says
 * nothing of the value.
 */
void cache_stages(struct cache *cache, const struct cache_query *query, cache_done *done, void *arg,
                  struct cache_ask **out_ask);
/* The last one read, however old, or NULL.  Borrowed until the cache is called again. */
struct stages *cache_known_stages(const struct cache *cache, const char *id);
/* Likewise, of one stage; as long as it may be served. */
struct sm_snapshot *cache_known_snapshot(const struct cache *cache, const char *id,
                                         const char *stage);
/* Until when that may be served, though the source fails, on now_ms(); 0: there is none. */
int64_t cache_served_until(const struct cache *cache, const char *id, const char *stage);
/*
 * Limits, and what is known of one secret: as it is served, without who waits, shares or fetches.
 * `to` is new.  Errors: SMCRED_NO_MEMORY, SMCRED_LIMITED.
 */
SM_MUST_CHECK enum smcred_status cache_copy(const struct cache *from, const char *id,
                                            struct cache *to);
/* done() will not be called.  The fetch goes on.  NULL is allowed. */
void cache_cancel(struct cache_ask *ask);

/* cache_get() of an administrator's `smcred refresh`: a new fetch, whatever is cached. */
void cache_refresh(struct cache *cache, const char *id, const char *stage, int64_t deadline_ms,
                   cache_done *done, void *arg, struct cache_ask **out_ask);

typedef void cache_changed(void *arg, enum smcred_status status, const char *version_id,
                           const struct sm_error *err);
/* In a worker; done() follows, when the new value has been read.  Errors: SMCRED_LIMITED,
 * SMCRED_NO_MEMORY: it does not. */
SM_MUST_CHECK enum smcred_status cache_change(struct cache *cache,
                                              const struct cache_change *change,
                                              cache_changed *done, void *arg);

/* `differs` has as many as were asked; all false unless the status is SMCRED_OK. */
typedef void cache_compared(void *arg, enum smcred_status status, const bool *differs,
                            const struct sm_error *err);
/*
 * Looks, in one call and in a worker, which of these maps are not as they are known.  Who differs,
 * or was not to be seen, is worth a cache_stages(); what was seen may be minutes old, and is not
 * taken into the cache.
 *   ids  1..SM_STAGES_MANY_MAX; borrowed for the call
 * done() follows once, later, unless this returns an error: SMCRED_LIMITED, SMCRED_NO_MEMORY.
 */
SM_MUST_CHECK enum smcred_status cache_compare(struct cache *cache, const char *const *ids,
                                               size_t count, int64_t deadline_ms,
                                               cache_compared *done, void *arg);

/* `version_id` is "" unless the status is SMCRED_OK. */
typedef void cache_rotated(void *arg, enum smcred_status status, const char *version_id,
                           const struct sm_error *err);
/*
 * Asks for a rotation of the secret, in a worker.  When it was accepted, the map is read anew.
 * done() follows once, later, unless this returns an error: SMCRED_LIMITED, SMCRED_NO_MEMORY.
 */
SM_MUST_CHECK enum smcred_status cache_rotate(struct cache *cache, const char *id,
                                              int64_t deadline_ms, cache_rotated *done, void *arg);

/*
 * Withdraws a secret now: every stage of `id` is dropped and wiped, its pages are zeroed with state
 * REVOKED, and those who wait are answered SMCRED_REVOKED; a fetch under way is not believed.
 *   version_id  only entries that hold this version; NULL: all
 * Returns the number of entries dropped.  The next cache_get() fetches anew.
 */
size_t cache_revoke(struct cache *cache, const char *id, const char *version_id);

/*
 * The sealed page (common/page.h) of an entry that holds a valid snapshot, made on first use and
 * written again with each version.  Policy (`allow_value`) is the caller's.
 *   out_fd  read-only, borrowed: send it, do not close it; valid until the cache is called again
 * Errors: SMCRED_NOT_FOUND (nothing valid cached: cache_get() first), SMCRED_TOO_LARGE,
 * SMCRED_NO_MEMORY, SMCRED_SYSTEM.
 */
SM_MUST_CHECK enum smcred_status cache_page(struct cache *cache, const char *id, const char *stage,
                                            int *out_fd);

/* One entry, for `smcred status`.  Borrowed for the call.  Ages count from now. */
struct cache_state {
    const char *id;
    const char *stage;      /* "" for the stage map */
    const char *version_id; /* "" if nothing is cached */
    int64_t age_ms;         /* since the fetch that last found it so began; -1: nothing cached */
    int64_t expires_in_ms;  /* negative: past it */
    int64_t stale_for_ms;   /* how long a snapshot past its expiry has been served; 0: it is not */
    int64_t retry_in_ms;    /* until the next fetch may begin; 0: at once */
    enum smcred_status last_status; /* of the last fetch */
    const char *last_error;         /* "" if it went well */
    uint64_t hits;                  /* answers without waiting */
    uint64_t fetches;               /* fetches begun */
    uint64_t failures;              /* fetches that failed */
    size_t waiting;                 /* asks that wait now */
    bool fetching;
    bool shared; /* has a page */
};
/* Least recently used last.  `each` must not call the cache. */
void cache_walk(const struct cache *cache, void (*each)(void *arg, const struct cache_state *state),
                void *arg);
size_t cache_count(const struct cache *cache);

/* Does what is due: refreshes ahead, deadlines.  The cache's own timer calls it; so do tests. */
void cache_tick(struct cache *cache);

#endif
