/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pagereader.h - the readers' half of page.h.  Linked by libsmcred; needs libc alone.
 *
 * Reading takes no lock and makes no system call.  Any number of threads may read one map.
 */
#ifndef SM_PAGEREADER_H
#define SM_PAGEREADER_H

#include "common/bytes.h"
#include "common/page.h"
#include "libsmcred/smcred.h"

#define PAGE_SIZE_MAX (256u << 10) /* bytes of a page; larger ones are not mapped */

struct sm_page_map {
    const struct page_header *header; /* NULL: nothing mapped */
    size_t size;
};

/*
 * Maps a page that came from the keeper.  `fd` stays the caller's and may be closed at once.
 * Errors: SMCRED_PROTOCOL (not a page, or not sealed against shrinking), SMCRED_SYSTEM.
 */
SM_MUST_CHECK enum smcred_status sm_page_map(int fd, struct sm_page_map *out_map);
/* Safe on a zeroed map, and twice. */
void sm_page_unmap(struct sm_page_map *map);

/* What a page said at one moment.  The fields point into the caller's buffer, a NUL behind each. */
struct sm_page_copy {
    int64_t valid_until_ms;
    uint32_t port;
    struct sm_bytes field[PAGE_FIELD_COUNT];
};

/*
 * Copies a consistent state into `buffer`, which holds the password afterwards: wipe it.  On
 * failure it has been wiped already, as far as it was written. now_ms    sm_boot_ms() size
 * map->size is always enough out_used  bytes of `buffer` written; what to wipe Errors:
 * SMCRED_UNAVAILABLE (empty, retired, past its time, or its writer died while writing) and
 * SMCRED_REVOKED: ask the keeper again.  SMCRED_TOO_LARGE: `size` is too small.
 * SMCRED_PROTOCOL: not what a keeper writes.
 */
SM_MUST_CHECK enum smcred_status sm_page_read(const struct sm_page_map *map, int64_t now_ms,
                                              void *buffer, size_t size,
                                              struct sm_page_copy *out_copy, size_t *out_used);

#endif
