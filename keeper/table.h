/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * table.h - a hash table whose entries also stand in order of use, oldest first out.
 *
 * What the keeper remembers (secrets, names, keys, accounts) is bounded, found by a key, and
 * forgotten by age; this is that, once.  Intrusive: the entry is the first member of what it holds,
 * which also owns the key's bytes.  The table allocates nothing but its buckets.
 */
#ifndef KEEPER_TABLE_H
#define KEEPER_TABLE_H

#include "common/bytes.h"
#include "libsmcred/smcred.h"

struct table_entry {
    struct sm_bytes key; /* set by the owner before table_add() */
    uint32_t hash;
    struct table_entry *chain;
    struct table_entry *older;
    struct table_entry *newer;
};

struct table {
    struct table_entry **buckets;
    size_t bucket_count; /* a power of two */
    size_t count;
    struct table_entry *oldest;
    struct table_entry *newest;
};

/* `expected` entries stay fast; more are possible.  Errors: SMCRED_NO_MEMORY. */
SM_MUST_CHECK enum smcred_status table_init(struct table *table, size_t expected);
/* The entries are the owner's to free, before.  Safe on a zeroed table. */
void table_done(struct table *table);

/* NULL if there is none.  Does not count as use. */
struct table_entry *table_find(const struct table *table, struct sm_bytes key);
/* The key must not be in the table.  The entry becomes the newest. */
void table_add(struct table *table, struct table_entry *entry);
void table_remove(struct table *table, struct table_entry *entry);
/* It was used: it becomes the newest. */
void table_touch(struct table *table, struct table_entry *entry);

#endif
