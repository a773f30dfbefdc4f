/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * page.h - the writer of the shared cache's pages (layout: common/page.h, drawing: doc/cache.md).
 *
 * One sealed memfd each; the cache owns them.  Readers use common/pagereader.h.
 */
#ifndef KEEPER_PAGE_H
#define KEEPER_PAGE_H

#include "common/pagereader.h"
#include "common/snapshot.h"

struct page;

/*
 * Makes a page with room for twice this snapshot, writes it, and seals it.
 *   out_page  free with page_free()
 * Errors: SMCRED_TOO_LARGE, SMCRED_NO_MEMORY, SMCRED_SYSTEM.
 */
SM_MUST_CHECK enum smcred_status page_new(const struct sm_snapshot *snapshot,
                                          int64_t valid_until_ms, struct page **out_page);
/* Retires the page first, so that no reader trusts it on.  NULL is allowed; errno is kept. */
void page_free(struct page *page);

/* Errors: SMCRED_TOO_LARGE: it does not fit; the page is untouched, make a new one. */
SM_MUST_CHECK enum smcred_status page_write(struct page *page, const struct sm_snapshot *snapshot,
                                            int64_t valid_until_ms);
void page_extend(struct page *page, int64_t valid_until_ms);
/* Zeroes everything behind the header and says why: PAGE_REVOKED or PAGE_RETIRED. */
void page_clear(struct page *page, enum page_state state);

/* A read-only descriptor, borrowed: it lives as long as the page. */
int page_fd(const struct page *page);

/* The writer's own mapping, for a reader in the same process, as ThreadSanitizer needs it. */
struct sm_page_map page_view(const struct page *page);

#endif
