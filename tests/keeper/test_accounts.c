/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_accounts.c - a name that was just looked up is not looked up again, and not kept for long.
 */
#include "tests/lib/sm_test.h"

#include <pwd.h>
#include <stdio.h>

#include "keeper/accounts.h"

static unsigned asked;

int __wrap_getpwuid_r(uid_t uid, struct passwd *entry, char *buffer, size_t size,
                      struct passwd **out_found);

/* Everybody below 1000 has a name. */
int __wrap_getpwuid_r(uid_t uid, struct passwd *entry, char *buffer, size_t size,
                      struct passwd **out_found)
{
    asked++;
    (void)snprintf(buffer, size, "user-%u", (unsigned)uid);
    entry->pw_name = buffer;
    *out_found = uid < 1000 ? entry : NULL;
    return 0;
}

/* As control.c does. */
static void expect(struct accounts_recent *recent, uid_t uid, int64_t now_ms, const char *name)
{
    char got[ACCOUNTS_NAME_MAX];
    if (!accounts_recent_name(recent, uid, now_ms, got)) {
        accounts_name(uid, got);
        accounts_recent_note(recent, uid, now_ms, got);
    }
    assert_string_equal(got, name);
}

static void a_recent_name_is_not_looked_up_again(void **state)
{
    (void)state;
    static struct accounts_recent recent;
    asked = 0;
    expect(&recent, 0, 1, "user-0"); /* an empty slot is nobody's, not root's */
    expect(&recent, 7, 1, "user-7");
    expect(&recent, 0, 2, "user-0");
    expect(&recent, 7, ACCOUNTS_RECENT_MS, "user-7");
    assert_int_equal(asked, 2);
    expect(&recent, 7, ACCOUNTS_RECENT_MS + 1, "user-7");
    assert_int_equal(asked, 3);
}

static void uids_that_share_a_slot_are_kept_apart(void **state)
{
    (void)state;
    static struct accounts_recent recent;
    expect(&recent, 7, 1, "user-7");
    expect(&recent, 7 + ACCOUNTS_RECENT, 1, "user-71");
    expect(&recent, 7, 1, "user-7");
    expect(&recent, 5000, 1, "5000");
}

SM_TEST_MAIN(cmocka_unit_test(a_recent_name_is_not_looked_up_again),
             cmocka_unit_test(uids_that_share_a_slot_are_kept_apart))
