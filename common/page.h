/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * page.h - the shared cache: one sealed memfd per (secret, stage), written by the keeper and mapped
 * read-only by processes that policy lets have the value (doc/cache.md draws it).
 *
 * The keeper maps it writable, then seals it with F_SEAL_FUTURE_WRITE | SHRINK | GROW | SEAL, so
 * that nobody else ever can.  One writer, any number of readers, ordered by `sequence`: odd while
 * the writer is at work.  Readers copy, then check that the sequence has not moved, then validate,
 * then use; after PAGE_TRIES failed copies they give up with SMCRED_UNAVAILABLE.
 */
#ifndef SM_PAGE_H
#define SM_PAGE_H

#include <assert.h>
#include <stdatomic.h>
#include <stdint.h>

#define PAGE_MAGIC   0x47504d53u /* "SMPG" */
#define PAGE_VERSION 1
#define PAGE_TRIES   1000

enum page_state {
    PAGE_EMPTY = 0,
    PAGE_READY = 1,
    PAGE_REVOKED = 2, /* zeroed by the keeper; ask again */
    PAGE_RETIRED = 3, /* the keeper stopped or renewed the page; ask again */
};

enum page_field {
    PAGE_NAME,
    PAGE_ARN,
    PAGE_VERSION_ID,
    PAGE_USERNAME,
    PAGE_PASSWORD,
    PAGE_HOST,
    PAGE_DBNAME,
    PAGE_ENGINE,
    PAGE_FIELD_COUNT
};

struct page_header {
    uint32_t magic;
    uint16_t version;
    uint16_t state;            /* enum page_state */
    _Atomic uint32_t sequence; /* odd: being written */
    uint32_t size;             /* bytes of the whole mapping */
    int64_t valid_until_ms;    /* CLOCK_BOOTTIME; past it a reader asks the keeper again */
    uint32_t port;
    uint32_t used; /* bytes in use behind this header: the end of the last field */
    struct {
        uint32_t offset; /* from the start of the page; a NUL follows the bytes */
        uint32_t len;    /* bytes, without the NUL */
    } field[PAGE_FIELD_COUNT];
};
static_assert(sizeof(struct page_header) == 32 + 8 * PAGE_FIELD_COUNT, "layout is shared");

#endif
