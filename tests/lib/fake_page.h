/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fake_page.h - pages as a keeper shares them, and as a liar would.  For tests of readers.
 */
#ifndef FAKE_PAGE_H
#define FAKE_PAGE_H

#include <stddef.h>

#include "common/page.h"

#define FAKE_PAGE_SIZE     4096
#define FAKE_PAGE_PASSWORD "canary-5up3r-53cr3t"

struct fake_page {
    int fd;
    struct page_header *header; /* writable, also after fake_page_seal() */
    size_t size;
};

/* A page in state READY that says "orders", with that password and version "v1"; not yet sealed. */
struct fake_page fake_page_new(int64_t valid_until_ms);
/* Writes the same fields under the sequence lock, with another password and version. */
void fake_page_write(struct fake_page *page, const char *password, const char *version_id);
void fake_page_set_state(struct fake_page *page, enum page_state state);
/* As the keeper seals. */
void fake_page_seal(struct fake_page *page);
void fake_page_free(struct fake_page *page);

#endif
