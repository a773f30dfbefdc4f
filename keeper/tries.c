/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tries.c - guesses, counted as in a leaky bucket: one time per key says it all.
 */
#include "keeper/tries.h"

#include "keeper/table.h"

struct key {
    struct table_entry node; /* first; its key is `bytes` */
    int64_t paid_at_ms;      /* when all of its wrong ones are given back */
    unsigned under_way;
    uint8_t bytes[];
};

struct tries {
    int64_t (*now_ms)(void);
    size_t keys_max;
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

/* The key's entry, made if there is none.  NULL for want of memory. */
static struct key *get(struct tries *tries, struct sm_bytes bytes)
{
    struct table_entry *found = table_find(&tries->keys, bytes);
    if (found) {
        table_touch(&tries->keys, found);
        return (struct key *)found;
    }
    struct key *key = malloc(sizeof *key + bytes.len);
    if (!key)
        return NULL;
    *key = (struct key){.paid_at_ms = INT64_MIN};
    memcpy(key->bytes, bytes.data, bytes.len);
    key->node.key = sm_bytes(key->bytes, bytes.len);
    if (tries->keys.count >= tries->keys_max)
        forget_one(tries);
    table_add(&tries->keys, &key->node);
    return key;
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
    if (wrong)
        key->paid_at_ms = (key->paid_at_ms > now ? key->paid_at_ms : now) + price(limit);
    if (key->under_way == 0 && key->paid_at_ms <= now)
        free_key(tries, &key->node);
}

void tries_forgive(struct tries *tries, struct sm_bytes bytes)
{
    struct table_entry *found = table_find(&tries->keys, bytes);
    if (!found)
        return;
    ((struct key *)found)->paid_at_ms = INT64_MIN;
    if (((struct key *)found)->under_way == 0)
        free_key(tries, found);
}

size_t tries_count(const struct tries *tries)
{
    return tries->keys.count;
}
