/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pagecache.c - a handle's mapped pages.  Few and hot: a program asks for a handful of names, so
 * they are compared one by one.
 */
#include "libsmcred/pagecache.h"

struct cred_page *cred_pages_find(struct cred_pages *pages, const char *name, const char *stage)
{
    for (size_t i = 0; i < pages->count; i++) {
        struct cred_page *page = &pages->page[i];
        if (strcmp(page->name, name) == 0 && strcmp(page->stage, stage) == 0) {
            page->used_at = ++pages->clock;
            return page;
        }
    }
    return NULL;
}

static struct cred_page *oldest(struct cred_pages *pages)
{
    struct cred_page *found = &pages->page[0];
    for (size_t i = 1; i < pages->count; i++)
        if (pages->page[i].used_at < found->used_at)
            found = &pages->page[i];
    return found;
}

enum smcred_status cred_pages_put(struct cred_pages *pages, const char *name, const char *stage,
                                  struct sm_page_map *map, struct cred_page **out_page)
{
    size_t name_size = strlen(name) + 1, stage_size = strlen(stage) + 1;
    char *key = malloc(name_size + stage_size);
    if (!key)
        return SMCRED_NO_MEMORY;
    memcpy(key, name, name_size);
    memcpy(key + name_size, stage, stage_size);
    cred_pages_drop(pages, cred_pages_find(pages, name, stage));
    if (pages->count == CRED_PAGES_MAX)
        cred_pages_drop(pages, oldest(pages));
    struct cred_page *page = &pages->page[pages->count++];
    *page = (struct cred_page){
        .name = key, .stage = key + name_size, .map = *map, .used_at = ++pages->clock};
    *map = (struct sm_page_map){0};
    *out_page = page;
    return SMCRED_OK;
}

void cred_pages_drop(struct cred_pages *pages, struct cred_page *page)
{
    if (!page)
        return;
    sm_page_unmap(&page->map);
    free(page->name);
    *page = pages->page[--pages->count];
}

void cred_pages_clear(struct cred_pages *pages)
{
    while (pages->count > 0)
        cred_pages_drop(pages, &pages->page[pages->count - 1]);
}
