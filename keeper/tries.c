/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tries.c - guesses, counted as in a leaky bucket: one time per key says it all.
 */
#include "keeper/tries.h"

#include <openssl/evp.h>

#include "keeper/table.h"

struct key {
    struct table_entry node; /* first; its key is `digest` */
    int64_t paid_at_ms;      /* when all of its wrong ones are given back */
    unsigned under_way;
    uint8_t digest[TRIES_DIGEST_SIZE];
};

struct tries {
    int64_t (*now_ms)(void);
    size_t keys_max;
    uint64_t changes;
    struct table keys;
};

enum smcred_status tries_new(int64_t (*now_ms)(void), size_t keys_max, struct tries **out_tries)
{
    struct tries *tries = calloc(1, sizeof *tries);
    if (!tries)
        return SMCRED_NO_MEMORY;
    tries->now_ms = now_ms;
    tries->keys_max = keys_max > 0 ? keys_max : TRIES_KEYS_DEFAULT;
    if (table_init(&tries->keys, tries->keys_max) != SMCRED_OK) {
        free(tries);
        return SMCRED_NO_MEMORY;
    }
    *out_tries = tries;
    return SMCRED_OK;
}

static void free_key(struct tries *tries, struct table_entry *entry)
{
    table_remove(&tries->keys, entry);
    free(entry);
}

void tries_free(struct tries *tries)
{
    if (!tries)
        return;
    while (tries->keys.oldest)
        free_key(tries, tries->keys.oldest);
    table_done(&tries->keys);
    free(tries);
}

/* The oldest of those that nobody guesses at; all may be in use, then there is one more. */
static void forget_one(struct tries *tries)
{
    for (struct table_entry *at = tries->keys.oldest; at; at = at->newer) {
        if (((struct key *)at)->under_way == 0) {
            free_key(tries, at);
            return;
        }
    }
}

/* False for want of memory. */
static bool digest_of(struct sm_bytes bytes, uint8_t out_digest[TRIES_DIGEST_SIZE])
{
    return EVP_Digest(bytes.data, bytes.len, out_digest, NULL, EVP_sha256(), NULL) == 1;
}

/* The key's entry, made if there is none.  NULL for want of memory. */
static struct key *get_digest(struct tries *tries, const uint8_t digest[TRIES_DIGEST_SIZE])
{
    struct table_entry *found = table_find(&tries->keys, sm_bytes(digest, TRIES_DIGEST_SIZE));
    if (found) {
        table_touch(&tries->keys, found);
        return (struct key *)found;
    }
    struct key *key = malloc(sizeof *key);
    if (!key)
        return NULL;
    *key = (struct key){.paid_at_ms = INT64_MIN};
    memcpy(key->digest, digest, sizeof key->digest);
    key->node.key = sm_bytes(key->digest, sizeof key->digest);
    if (tries->keys.count >= tries->keys_max)
        forget_one(tries);
    table_add(&tries->keys, &key->node);
    return key;
}

static struct key *get(struct tries *tries, struct sm_bytes bytes)
{
    uint8_t digest[TRIES_DIGEST_SIZE];
    return digest_of(bytes, digest) ? get_digest(tries, digest) : NULL;
}

static int64_t price(struct tries_limit limit)
{
    return limit.window_ms / (int64_t)limit.max;
}

bool tries_begin(struct tries *tries, struct sm_bytes bytes, struct tries_limit limit,
                 int64_t *out_until_ms)
{
    int64_t now = tries->now_ms(), each = price(limit);
    struct key *key = get(tries, bytes);
    *out_until_ms = now + each;
    if (!key)
        return false;
    if (key->paid_at_ms <= now && key->under_way < TRIES_AT_ONCE) {
        key->under_way++;
        return true;
    }
    int64_t paid_at = key->paid_at_ms > now ? key->paid_at_ms : now;
    int64_t then = paid_at + each * ((int64_t)key->under_way + 1); /* if all of them are wrong */
    if (key->paid_at_ms > now && then <= now + each * (int64_t)limit.max) {
        key->under_way++;
        return true;
    }
    if (then - each * (int64_t)limit.max > now)
        *out_until_ms = then - each * (int64_t)limit.max;
    return false;
}

void tries_end(struct tries *tries, struct sm_bytes bytes, struct tries_limit limit, bool wrong)
{
    int64_t now = tries->now_ms();
    struct key *key = get(tries, bytes);
    if (!key)
        return; /* memory is too short to remember it */
    if (key->under_way > 0)
        key->under_way--;
    if (wrong) {
        key->paid_at_ms = (key->paid_at_ms > now ? key->paid_at_ms : now) + price(limit);
        tries->changes++;
    }
    if (key->under_way == 0 && key->paid_at_ms <= now)
        free_key(tries, &key->node);
}

void tries_forgive(struct tries *tries, struct sm_bytes bytes)
{
    uint8_t digest[TRIES_DIGEST_SIZE];
    struct table_entry *found = NULL;
    if (digest_of(bytes, digest))
        found = table_find(&tries->keys, sm_bytes(digest, sizeof digest));
    if (!found)
        return;
    tries->changes++;
    ((struct key *)found)->paid_at_ms = INT64_MIN;
    if (((struct key *)found)->under_way == 0)
        free_key(tries, found);
}

size_t tries_count(const struct tries *tries)
{
    return tries->keys.count;
}

/* ---- what outlives the keeper ---- */

uint64_t tries_changes(const struct tries *tries)
{
    return tries->changes;
}

void tries_walk(const struct tries *tries, void (*each)(void *arg, const struct tries_debt *debt),
                void *arg)
{
    int64_t now = tries->now_ms();
    for (const struct table_entry *at = tries->keys.oldest; at; at = at->newer) {
        const struct key *key = (const struct key *)at;
        struct tries_debt debt = {.owes_ms = key->paid_at_ms > now ? key->paid_at_ms - now : 0};
        memcpy(debt.digest, key->digest, sizeof debt.digest);
        if (debt.owes_ms > 0)
            each(arg, &debt);
    }
}

enum smcred_status tries_restore(struct tries *tries, const struct tries_debt *debt)
{
    struct key *key = get_digest(tries, debt->digest);
    if (!key)
        return SMCRED_NO_MEMORY;
    key->paid_at_ms = tries->now_ms() + debt->owes_ms;
    return SMCRED_OK;
}
