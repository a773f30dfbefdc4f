/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_verdict.c - what servers refuse with, as PostgreSQL 15, MySQL 8.4 and MariaDB 11 word it,
 * and what it means.
 */
#include "tests/lib/sm_test.h"

#include "keeper/verdict.h"

static const struct {
    const char *sqlstate, *routine;
    bool proved;
    enum verdict verdict;
    const char *text;
} cases[] = {
    {"28P01", "auth_failed", true, VERDICT_WRONG_PASSWORD, "password authentication failed"},
    {"28P01", "", true, VERDICT_WRONG_PASSWORD, "PgBouncer: password authentication failed"},
    {"28P01", "", true, VERDICT_WRONG_PASSWORD, "Redis: WRONGPASS invalid username-password pair"},
    {"28P01", "", false, VERDICT_UNCLEAR, "a pooler: no such user"},
    {"28P01", "auth_failed", false, VERDICT_UNCLEAR, "a relay that makes it up"},
    {"28000", "auth_failed", false, VERDICT_OTHER_ROLE, "Peer authentication failed"},
    {"28000", "auth_failed", true, VERDICT_WRONG_PASSWORD, "LDAP authentication failed"},
    {"28000", "InitializeSessionUserId", true, VERDICT_OTHER_ROLE,
     "role is not permitted to log in"},
    {"28000", "InitializeSessionUserId", false, VERDICT_OTHER_ROLE, "role does not exist"},
    {"28000", "ClientAuthentication", false, VERDICT_NOT_SECRET, "no pg_hba.conf entry"},
    {"28000", "ClientAuthentication", false, VERDICT_NOT_SECRET, "pg_hba.conf rejects connection"},
    {"28000", "", true, VERDICT_UNCLEAR, "another product"},
    {"3D000", "InitPostgres", true, VERDICT_NOT_SECRET, "database does not exist"},
    {"42501", "CheckMyDatabase", true, VERDICT_NOT_SECRET, "permission denied for database"},
    {"53300", "InitializeSessionUserId", true, VERDICT_NOT_SECRET, "too many connections for role"},
    {"53300", "InitProcess", false, VERDICT_NOT_SECRET, "sorry, too many clients already"},
    {"55000", "CheckMyDatabase", true, VERDICT_NOT_SECRET, "not currently accepting connections"},
    {"57P03", "ProcessStartupPacket", false, VERDICT_NOT_SECRET, "the system is starting up"},
    {"08P01", "ProcessStartupPacket", false, VERDICT_NOT_SECRET, "invalid startup packet"},
    {"", "", false, VERDICT_NOT_SECRET, "nothing that is an SQLSTATE"},
};

static void each_refusal_means_what_the_table_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct verdict_refusal refusal = {cases[i].sqlstate, cases[i].routine, 0, cases[i].proved};
        if (verdict_of(&refusal) != cases[i].verdict)
            fail_msg("%s %s: %s", cases[i].sqlstate, cases[i].routine, cases[i].text);
    }
}

static const struct {
    uint32_t code;
    const char *sqlstate;
    bool proved;
    enum verdict verdict;
    const char *text;
} numbers[] = {
    {1045, "28000", true, VERDICT_WRONG_PASSWORD, "Access denied (using password: YES)"},
    {1045, "28000", false, VERDICT_OTHER_ROLE, "Access denied (using password: NO)"},
    {1698, "28000", true, VERDICT_OTHER_ROLE, "Access denied, and no word of a password"},
    {1862, "HY000", true, VERDICT_OTHER_ROLE, "Your password has expired"},
    {3118, "HY000", true, VERDICT_OTHER_ROLE, "Account is locked"},
    {3955, "HY000", true, VERDICT_OTHER_ROLE,
     "Account is blocked for 2 day(s) (.. consecutive ..)"},
    {4150, "HY000", true, VERDICT_OTHER_ROLE, "User is blocked because of too many errors"},
    {4151, "HY000", true, VERDICT_OTHER_ROLE, "Access denied, this account is locked"},
    {1040, "08004", false, VERDICT_NOT_SECRET, "Too many connections"},
    {1044, "42000", true, VERDICT_NOT_SECRET, "Access denied for user to database"},
    {1049, "42000", true, VERDICT_NOT_SECRET, "Unknown database"},
    {1129, "HY000", false, VERDICT_NOT_SECRET, "Host is blocked because of many errors"},
    {1130, "HY000", false, VERDICT_NOT_SECRET, "Host is not allowed to connect"},
    {1203, "42000", true, VERDICT_NOT_SECRET, "User already has more than max_user_connections"},
    {1226, "42000", true, VERDICT_NOT_SECRET, "User has exceeded max_connections_per_hour"},
    {1251, "08004", true, VERDICT_NOT_SECRET, "Client does not support the protocol requested"},
    {1524, "HY000", true, VERDICT_NOT_SECRET, "Plugin is not loaded"},
    {3159, "HY000", true, VERDICT_NOT_SECRET,
     "Connections using insecure transport are prohibited"},
};

static void each_number_of_mysql_means_what_the_table_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct verdict_refusal refusal = {numbers[i].sqlstate, "", numbers[i].code,
                                          numbers[i].proved};
        if (verdict_of(&refusal) != numbers[i].verdict)
            fail_msg("%u: %s", numbers[i].code, numbers[i].text);
    }
}

SM_TEST_MAIN(cmocka_unit_test(each_refusal_means_what_the_table_says),
             cmocka_unit_test(each_number_of_mysql_means_what_the_table_says))
