/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mysql_guard.h - what a client of MySQL says that is not the server's business.
 *
 * Looked at is what a client says first after the server's last words, at the beginning of one
 * read: a packet has its length and its command in its first five bytes, and no more is read of
 * most.  What no server may hear is found in pipelines and pieces, too.
 */
#ifndef RELAY_MYSQL_GUARD_H
#define RELAY_MYSQL_GUARD_H

#include "common/bytes.h"
#include "relay/mysql_answers.h"
#include "relay/protocol.h"
#include "relay/sql_lexer.h"

enum mysql_command {
    MYSQL_COM_SLEEP = 0x00, /* which servers answer with 1047, in its turn */
    MYSQL_COM_QUIT = 0x01,
    MYSQL_COM_QUERY = 0x03,
    MYSQL_COM_PROCESS_KILL = 0x0c,
    MYSQL_COM_CHANGE_USER = 0x11,
    MYSQL_COM_BINLOG_DUMP = 0x12,
    MYSQL_COM_TABLE_DUMP = 0x13,
    MYSQL_COM_REGISTER_REPLICA = 0x15,
    MYSQL_COM_PREPARE = 0x16,
    MYSQL_COM_SET_OPTION = 0x1b,
    MYSQL_COM_BINLOG_DUMP_GTID = 0x1e,
    MYSQL_COM_CLONE = 0x20, /* MySQL's, for all of a server's files */
    MYSQL_COM_NONE = 0x100, /* the words are not one whole command */
};

/* The command of a client's words: one of these, or the number of any other. */
enum mysql_command mysql_command_of(struct sm_bytes words);
/* The statement in such words as MYSQL_COM_QUERY's, and a lexer for it. */
struct sm_bytes mysql_sql_of(struct sm_bytes words);
struct sql_lexer mysql_sql_lexer(struct sm_bytes sql);
/*
 * Would this statement change the password of `user`, the session's own?  SET PASSWORD and ALTER
 * USER, in the forms that people and clients use.
 */
bool mysql_sets_password(struct sm_bytes sql, const char *user);
/* Do these words say so, in a query or to be prepared? */
bool mysql_says_sets_password(struct sm_bytes words, const char *user);
/* Where a client's packets begin, however they come in pieces, and what they are answered. */
struct mysql_flow {
    uint8_t header[4]; /* what has come of the present one's */
    uint8_t header_len;
    bool leaves_traces; /* a command was among them that no reset of the connection undoes */
    bool is_command;    /* the next byte is one */
    bool is_in_doubt; /* it is a file's first one, and would be a command to who has given it up */
    bool is_wrapped;  /* the next packet's number is 0, and it goes on with data */
    uint32_t left;    /* bytes of the present one */
    struct mysql_answers answers;
};
bool mysql_is_of_replication(enum mysql_command command);
/*
 * The next words for the server.  A change of user that was not heard as a command of its own
 * (RELAY_ANEW) becomes one that no server knows, and so does replication unless it is permitted.
 * False: a file's first packet may pass for such a command if the server has given the file up by
 * itself, as MariaDB does for want of memory (max_session_mem_used); it must not be passed on.
 */
SM_MUST_CHECK bool mysql_deny(struct mysql_flow *flow, struct sm_bytes words, bool may_replicate);
/* Nothing of a packet is left to come, and the next one may be a command. */
bool mysql_may_command(const struct mysql_flow *flow);
/*
 * True if a server that said this last has answered a command and says no more by itself.  Only the
 * common ends are known: an OK without a text, and the end of rows.
 */
bool mysql_is_idle_after(const uint8_t tail[RELAY_TAIL]);

#endif
