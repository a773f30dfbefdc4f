/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_page.c - whatever a shared page says, a reader stays inside its copy, and wipes it on
 * failure.
 */
#include <stdlib.h>

#include "common/pagereader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The reader may use no more room than it was given, and leaves nothing behind when it fails. */
static void read_into(const struct sm_page_map *map, size_t room)
{
    uint8_t *buffer = calloc(1, room > 0 ? room : 1); /* exact, so that a sanitizer sees the end */
    struct sm_page_copy copy;
    size_t used = 0;
    if (!buffer)
        abort();
    enum smcred_status status = sm_page_read(map, 0, buffer, room, &copy, &used);
    if (status == SMCRED_OK && used > room)
        abort();
    for (size_t i = 0; status == SMCRED_OK && i < PAGE_FIELD_COUNT; i++) {
        const uint8_t *at = copy.field[i].data;
        if (at < buffer || copy.field[i].len >= used - (size_t)(at - buffer) ||
            at[copy.field[i].len] != '\0')
            abort();
    }
    for (size_t i = 0; status != SMCRED_OK && i < room; i++)
        if (buffer[i] != 0)
            abort();
    free(buffer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t whole = size / sizeof(uint64_t) * sizeof(uint64_t);
    if (whole < sizeof(struct page_header) || whole > PAGE_SIZE_MAX)
        return 0;
    struct page_header *page = aligned_alloc(sizeof(uint64_t), whole);
    if (!page)
        abort();
    memcpy(page, data, whole);
    struct sm_page_map map = {page, whole};
    read_into(&map, whole);
    read_into(&map, 64);
    free(page);
    return 0;
}
