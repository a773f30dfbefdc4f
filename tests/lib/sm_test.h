/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sm_test.h - first include of every unit test: cmocka with what it needs before it.
 *
 * Tests are sentences, run by SM_TEST_MAIN(cmocka_unit_test(wipes_on_free), ...).
 */
#ifndef SM_TEST_H
#define SM_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* True under valgrind, where maps, system calls and the process's name are valgrind's. */
static inline bool sm_under_valgrind(void)
{
    const char *preload = getenv("LD_PRELOAD");
    return preload && strstr(preload, "vgpreload");
}

#define SM_TEST_MAIN(...)                                                                          \
    int main(void)                                                                                 \
    {                                                                                              \
        const struct CMUnitTest tests[] = {__VA_ARGS__};                                           \
        return cmocka_run_group_tests(tests, NULL, NULL);                                          \
    }

#endif
