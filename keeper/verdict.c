/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * verdict.c - the tables.  Routines are PostgreSQL's own, 10 to 18; the first row that fits counts.
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
    {"28000", NULL, VERDICT_UNCLEAR}, /* a pooler's "no such user", another product's */
};

/* Numbers of MySQL's and, from 4000 on, of MariaDB's; any other is not about the secret. */
static const struct {
    uint32_t code;
    enum verdict verdict;
} mysql_meanings[] = {
    {1045, VERDICT_WRONG_PASSWORD}, /* also: no such user, at least from this host */
    {1698, VERDICT_OTHER_ROLE},     /* the account has no password: unix_socket, another plugin */
    {1862, VERDICT_OTHER_ROLE},     /* its password has expired */
    {3118, VERDICT_OTHER_ROLE},     /* ACCOUNT LOCK */
    {3955, VERDICT_OTHER_ROLE},     /* locked by FAILED_LOGIN_ATTEMPTS: more would prolong it */
    {4150, VERDICT_OTHER_ROLE},     /* MariaDB's max_password_errors, likewise */
    {4151, VERDICT_OTHER_ROLE},     /* MariaDB's ACCOUNT LOCK */
};

static enum verdict mysql_verdict(const struct verdict_refusal *refusal)
{
    if (refusal->code == 1045 && !refusal->proved) /* it was not about a password of ours */
        return VERDICT_OTHER_ROLE;
    for (size_t i = 0; i < sizeof mysql_meanings / sizeof *mysql_meanings; i++)
        if (mysql_meanings[i].code == refusal->code)
            return mysql_meanings[i].verdict;
    return VERDICT_NOT_SECRET;
}

static enum verdict postgres_verdict(const struct verdict_refusal *refusal)
{
    const char *sqlstate = refusal->sqlstate, *routine = refusal->routine;
    /* PAM, LDAP and RADIUS, which lock accounts, say 28000 of a wrong password too. */
    if (refusal->proved && strcmp(sqlstate, "28000") == 0 && strcmp(routine, "auth_failed") == 0)
        return VERDICT_WRONG_PASSWORD;
    if (!refusal->proved && strcmp(sqlstate, "28P01") == 0) /* a pooler that knows no such user */
        return VERDICT_UNCLEAR;
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
        if (strcmp(meanings[i].sqlstate, sqlstate) == 0 &&
            (!meanings[i].routine || strcmp(meanings[i].routine, routine) == 0))
            return meanings[i].verdict;
    return VERDICT_NOT_SECRET;
}

enum verdict verdict_of(const struct verdict_refusal *refusal)
{
    return refusal->code > 0 ? mysql_verdict(refusal) : postgres_verdict(refusal);
}
