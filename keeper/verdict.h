/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * verdict.h - what a server's refusal of a login means for the secret.
 *
 * Called by the solver.  A message is in the server's language and its SQLSTATE says too little:
 * 28000 is said by "no pg_hba.conf entry" and by "role is not permitted to log in" alike, and by
 * MySQL of everything.  PostgreSQL's routine (field R) and MySQL's error number are the same in
 * every language.  No password is wrong that nobody was given: a relay may report what it likes.
 */
#ifndef KEEPER_VERDICT_H
#define KEEPER_VERDICT_H

#include "common/bytes.h"

enum verdict {
    VERDICT_WRONG_PASSWORD, /* another version may have the right one; it counts */
    VERDICT_UNCLEAR,        /* it may be the password, or not; another version may be right */
    VERDICT_OTHER_ROLE,     /* this role cannot log in, whatever its password; another may */
    VERDICT_NOT_SECRET,     /* no version helps: it is about the host, the database, the server */
};

struct verdict_refusal {
    const char *sqlstate;
    const char *routine; /* PostgreSQL's; "" if there is none (a pooler, another product) */
    uint32_t code;       /* MySQL's; 0: it is not MySQL */
    bool proved;         /* a password, or a proof of one, was handed out in this attempt */
};

enum verdict verdict_of(const struct verdict_refusal *refusal);

#endif
