/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * verdict.c - the table.  Routines are PostgreSQL's own, 10 to 18; the first row that fits counts.
 */
#include "keeper/verdict.h"

static const struct {
    const char *sqlstate;
    const char *routine; /* NULL: any */
    enum verdict verdict;
} meanings[] = {
    {"28P01", NULL, VERDICT_WRONG_PASSWORD}, /* also: no such role, or the password has expired */
    {"28000", "auth_failed",
     VERDICT_OTHER_ROLE}, /* peer, cert, GSS; PAM, LDAP, RADIUS: see below */
    {"28000", "InitializeSessionUserId", VERDICT_OTHER_ROLE}, /* no such role; NOLOGIN */
    {"28000", "ClientAuthentication", VERDICT_NOT_SECRET},    /* pg_hba.conf: no entry, reject */
    {"28000", "ProcessStartupPacket", VERDICT_NOT_SECRET},    /* no user name in it */
    {"28000", NULL, VERDICT_OTHER_ROLE}, /* a pooler's "no such user", another product's */
};

enum verdict verdict_of(const char *sqlstate, const char *routine, bool proved)
{
    /* PAM, LDAP and RADIUS, which lock accounts, say 28000 of a wrong password too. */
    if (proved && strcmp(sqlstate, "28000") == 0 && strcmp(routine, "auth_failed") == 0)
        return VERDICT_WRONG_PASSWORD;
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
        if (strcmp(meanings[i].sqlstate, sqlstate) == 0 &&
            (!meanings[i].routine || strcmp(meanings[i].routine, routine) == 0))
            return meanings[i].verdict;
    return VERDICT_NOT_SECRET;
}
