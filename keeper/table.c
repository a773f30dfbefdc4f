/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * table.c - the hash table in order of use.  Called by cache, resolver, proof, attempts and login.
 */
#include "keeper/table.h"

/* FNV-1a.  No seed: every table is bounded, so a chosen collision costs a short walk and no more.
 */
static uint32_t hash_of(struct sm_bytes key)
{
    const uint8_t *at = key.data;
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < key.len; i++)
        hash = (hash ^ at[i]) * 16777619u;
    return hash;
}

enum smcred_status table_init(struct table *table, size_t expected)
{
    size_t bucket_count = 16;
    while (bucket_count < expected)
        bucket_count *= 2;
    struct table_entry **buckets = calloc(bucket_count, sizeof *buckets);
    if (!buckets)
        return SMCRED_NO_MEMORY;
    *table = (struct table){.buckets = buckets, .bucket_count = bucket_count};
    return SMCRED_OK;
}

void table_done(struct table *table)
{
    sm_free_ptr(&table->buckets);
    *table = (struct table){0};
}

static struct table_entry **bucket_of(const struct table *table, uint32_t hash)
{
    return &table->buckets[hash & (table->bucket_count - 1)];
}

struct table_entry *table_find(const struct table *table, struct sm_bytes key)
{
    uint32_t hash = hash_of(key);
    struct table_entry *entry = *bucket_of(table, hash);
    while (entry && (entry->hash != hash || !sm_bytes_equal(entry->key, key)))
        entry = entry->chain;
    return entry;
}

static void link_newest(struct table *table, struct table_entry *entry)
{
    entry->newer = NULL;
    entry->older = table->newest;
    if (table->newest)
        table->newest->newer = entry;
    else
        table->oldest = entry;
    table->newest = entry;
}

static void unlink_age(struct table *table, struct table_entry *entry)
{
    if (entry->older)
        entry->older->newer = entry->newer;
    else
        table->oldest = entry->newer;
    if (entry->newer)
        entry->newer->older = entry->older;
    else
        table->newest = entry->older;
}

void table_add(struct table *table, struct table_entry *entry)
{
    entry->hash = hash_of(entry->key);
    struct table_entry **bucket = bucket_of(table, entry->hash);
    entry->chain = *bucket;
    *bucket = entry;
    link_newest(table, entry);
    table->count++;
}

void table_remove(struct table *table, struct table_entry *entry)
{
    struct table_entry **at = bucket_of(table, entry->hash);
    while (*at != entry)
        at = &(*at)->chain;
    *at = entry->chain;
    unlink_age(table, entry);
    table->count--;
}

void table_touch(struct table *table, struct table_entry *entry)
{
    if (table->newest == entry)
        return;
    unlink_age(table, entry);
    link_newest(table, entry);
}
