/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * freed.h - looks at memory at the moment it is freed: is the secret still in it?
 *
 * For tests that link with -Wl,--wrap=free and include this once.  Only what is linked in as an
 * archive is seen, which is why a test begins by showing that it sees a plain free().  Under
 * valgrind, which would complain of what was never written, nobody looks.
 */
#ifndef SM_TEST_FREED_H
#define SM_TEST_FREED_H

#include "tests/lib/sm_test.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#ifndef FREED_CANARY /* else the test's own */
#define FREED_CANARY "canary-5up3r-53cr37"
#endif

static bool freed_looks; /* since freed_begin() */
static size_t freed_with_canary;

void __real_free(void *memory);
void __wrap_free(void *memory);

void __wrap_free(void *memory)
{
    if (freed_looks && memory &&
        memmem(memory, malloc_usable_size(memory), FREED_CANARY, strlen(FREED_CANARY)))
        freed_with_canary++;
    __real_free(memory);
}

/* Proves that it looks, and starts to count. */
static void freed_begin(void)
{
    char *planted = strdup("--- " FREED_CANARY " ---");
    assert_non_null(planted);
    freed_looks = !sm_under_valgrind();
    freed_with_canary = 0;
    __wrap_free(planted);
    assert_int_equal(freed_with_canary, freed_looks);
    freed_with_canary = 0;
}

#endif
