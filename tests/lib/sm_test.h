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
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define SM_TEST_MAIN(...)                                                                          \
    int main(void)                                                                                 \
    {                                                                                              \
        const struct CMUnitTest tests[] = {__VA_ARGS__};                                           \
        return cmocka_run_group_tests(tests, NULL, NULL);                                          \
    }

#endif
