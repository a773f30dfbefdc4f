/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pagecache.h - the pages one handle has mapped, by name and stage.
 */
#ifndef LIBSMCRED_PAGECACHE_H
#define LIBSMCRED_PAGECACHE_H

#include "common/pagereader.h"

#define CRED_PAGES_MAX 32 /* per handle; the one not used for longest makes room */

struct cred_page {
    char *name;  /* with its NUL, then the stage */
    char *stage; /* inside name */
    struct sm_page_map map;
    uint64_t used_at; /* on the cache's own clock */
};

struct cred_pages {
    size_t count;
    uint64_t clock;
    struct cred_page page[CRED_PAGES_MAX]; /* `count` of them mean something */
};

/* No page yet.  Touches as little memory as it can. */
static inline void cred_pages_init(struct cred_pages *pages)
{
    pages->count = 0;
    pages->clock = 0;
}

/* The page of that name and stage, marked as used; NULL if there is none. */
struct cred_page *cred_pages_find(struct cred_pages *pages, const char *name, const char *stage);
/*
 * Adds a page, or replaces the one of that name and stage; takes `map` on success.
 * Errors: SMCRED_NO_MEMORY.
 */
SM_MUST_CHECK enum smcred_status cred_pages_put(struct cred_pages *pages, const char *name,
                                                const char *stage, struct sm_page_map *map,
                                                struct cred_page **out_page);
/* Unmaps and forgets one; NULL is allowed.  Pointers to other pages are no longer valid. */
void cred_pages_drop(struct cred_pages *pages, struct cred_page *page);
void cred_pages_clear(struct cred_pages *pages);

#endif
