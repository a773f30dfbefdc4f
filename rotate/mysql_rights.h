/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mysql_rights.h - what a user or role of MySQL or MariaDB may do, as SHOW GRANTS has it.
 */
#ifndef ROTATE_MYSQL_RIGHTS_H
#define ROTATE_MYSQL_RIGHTS_H

#include "rotate/mysql.h"

enum mydb_right_kind {
    MYDB_RIGHT_PRIVILEGE,    /* SELECT, INSERT ON `orders`.* */
    MYDB_RIGHT_ROLE,         /* `reader`, or `reader`@`%` and others */
    MYDB_RIGHT_DEFAULT_ROLE, /* MariaDB's SET DEFAULT ROLE `reader` FOR ... */
    MYDB_RIGHT_REVOKED,      /* MySQL's partial revoke: INSERT ON `mysql`.* */
};

struct mydb_right {
    enum mydb_right_kind kind;
    bool option; /* WITH GRANT OPTION, WITH ADMIN OPTION */
    char *body;  /* between the verb and the user's name */
};

/*
 * One line of SHOW GRANTS.
 *   right  without a body
 *   body   lent by the line
 * False: it is about somebody else than `holder`.
 */
SM_MUST_CHECK bool mydb_right_parse(const char *line, const struct mydb_account *holder,
                                    struct mydb_right *right, struct sm_bytes *body);

struct mydb_rights {
    struct mydb_right *list;
    size_t count;
};

/*
 * Those of an account; roles' own are not among them.
 *   name    as SHOW GRANTS FOR takes it
 *   holder  whose lines count, as mysql_word_unquote() reads them; an empty host: a MariaDB role
 *   rights  release with mydb_rights_done(), also after a failure
 * Errors: those of mydb_run().
 */
SM_MUST_CHECK enum smcred_status mydb_read_rights(struct session *session, const char *name,
                                                  const struct mydb_account *holder,
                                                  struct mydb_rights *rights, struct sm_error *err);
void mydb_rights_done(struct mydb_rights *rights);
#define mydb_autorights __attribute__((cleanup(mydb_rights_done)))

SM_MUST_CHECK bool mydb_rights_have(const struct mydb_rights *rights,
                                    const struct mydb_right *right);

/* Of the user with this quoted name. */
SM_MUST_CHECK enum smcred_status mydb_give(struct session *session, const char *name,
                                           const struct mydb_right *right, struct sm_error *err);
SM_MUST_CHECK enum smcred_status mydb_take(struct session *session, const char *name,
                                           const struct mydb_right *right, struct sm_error *err);

#endif
