/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_table.c - everything is found until it is removed, and use decides who is oldest. */
#include "tests/lib/sm_test.h"

#include "keeper/table.h"

enum { COUNT = 1000 };

static struct item {
    struct table_entry node;
    int number;
} items[COUNT];

static void fill(struct table *table, size_t expected)
{
    assert_int_equal(table_init(table, expected), SMCRED_OK);
    for (int i = 0; i < COUNT; i++) {
        items[i].number = i;
        items[i].node.key = sm_bytes(&items[i].number, sizeof items[i].number);
        table_add(table, &items[i].node);
    }
}

static void finds_what_is_there_and_nothing_else(void **state)
{
    (void)state;
    struct table table;
    fill(&table, 16); /* long chains */
    for (int i = 0; i < COUNT; i += 2)
        table_remove(&table, &items[i].node);
    assert_int_equal(table.count, COUNT / 2);
    for (int i = 0; i < COUNT; i++) {
        int number = i;
        struct table_entry *found = table_find(&table, sm_bytes(&number, sizeof number));
        assert_ptr_equal(found, i % 2 ? &items[i].node : NULL);
    }
    table_done(&table);
}

static void the_oldest_is_what_was_not_used_longest(void **state)
{
    (void)state;
    struct table table;
    fill(&table, COUNT);
    for (int i = 0; i < COUNT; i += 3)
        table_touch(&table, &items[i].node);
    table_touch(&table, table.newest);
    for (int i = 0; i < COUNT; i++) {
        if (i % 3 == 0)
            continue;
        assert_ptr_equal(table.oldest, &items[i].node);
        table_remove(&table, table.oldest);
    }
    for (int i = 0; i < COUNT; i += 3) {
        assert_ptr_equal(table.oldest, &items[i].node);
        table_remove(&table, table.oldest);
    }
    assert_null(table.newest);
    assert_int_equal(table.count, 0);
    table_done(&table);
}

SM_TEST_MAIN(cmocka_unit_test(finds_what_is_there_and_nothing_else),
             cmocka_unit_test(the_oldest_is_what_was_not_used_longest))
