/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pgsql_guard.h - does the client set the password of its own role?
 *
 * That would lock everybody out until the next rotation.  It catches psql's \password and whoever
 * types the statement by accident; it is no control, as SQL knows many other ways to say it.
 */
#ifndef RELAY_PGSQL_GUARD_H
#define RELAY_PGSQL_GUARD_H

#include "common/bytes.h"

/*
 * Is the first statement of `sql` an ALTER ROLE or ALTER USER that sets or removes the password of
 * `role`, by name or as the current or session user?
 */
bool pgsql_sets_password(struct sm_bytes sql, const char *role);

/*
 * Are these bytes such a statement, sent as libpq sends one: a Query, or Parse up to a Sync at the
 * end?  Whole messages only; the first byte is the type of the first.
 */
bool pgsql_says_sets_password(struct sm_bytes bytes, const char *role);

#endif
