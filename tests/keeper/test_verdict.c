/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_verdict.c - what servers refuse with, as PostgreSQL 15 words it, and what it means. */
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
    {"28000", "auth_failed", false, VERDICT_OTHER_ROLE, "Peer authentication failed"},
    {"28000", "auth_failed", true, VERDICT_WRONG_PASSWORD, "LDAP authentication failed"},
    {"28000", "InitializeSessionUserId", true, VERDICT_OTHER_ROLE,
     "role is not permitted to log in"},
    {"28000", "InitializeSessionUserId", false, VERDICT_OTHER_ROLE, "role does not exist"},
    {"28000", "ClientAuthentication", false, VERDICT_NOT_SECRET, "no pg_hba.conf entry"},
    {"28000", "ClientAuthentication", false, VERDICT_NOT_SECRET, "pg_hba.conf rejects connection"},
    {"28000", "", true, VERDICT_OTHER_ROLE, "another product"},
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
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (verdict_of(cases[i].sqlstate, cases[i].routine, cases[i].proved) != cases[i].verdict)
            fail_msg("%s %s: %s", cases[i].sqlstate, cases[i].routine, cases[i].text);
}

SM_TEST_MAIN(cmocka_unit_test(each_refusal_means_what_the_table_says))
