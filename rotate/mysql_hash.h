/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mysql_hash.h - what MariaDB keeps of a password, so that no statement need have the password.
 */
#ifndef ROTATE_MYSQL_HASH_H
#define ROTATE_MYSQL_HASH_H

#include "common/bytes.h"

#define MYSQL_HASH_SIZE 64 /* NUL included */

/*
 *   plugin  the server's plugin that checks the password
 * False: it is none of those that are known here.
 */
SM_MUST_CHECK bool mysql_hash(const char *plugin, const char *password,
                              char out_hash[MYSQL_HASH_SIZE]);

#endif
