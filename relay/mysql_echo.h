/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mysql_echo.h - asking a server whether it has said everything.
 *
 * A client may have left answers behind it that nobody has read: of statements that it sent in one
 * breath, say, and whoever logs in next over that connection would take them for his own.  So the
 * session is reset, and the server asked to repeat a word that nobody can have known before.  If
 * its next bytes are the answer to the one and then the word, nothing stood before them.
 *
 * On the way goes what MariaDB lets stand at a reset and at a change of user: a role that was set
 * is taken off, and where statements were profiled, no word comes.
 */
#ifndef RELAY_MYSQL_ECHO_H
#define RELAY_MYSQL_ECHO_H

#include "relay/buffer.h"

#define MYSQL_ECHO_WORD 32  /* bytes of the word: 128 bits as hexadecimal digits */
#define MYSQL_ECHO_MAX  512 /* bytes of the questions, and of the server's answers */

/* Makes a word.  False: there is no randomness. */
SM_MUST_CHECK bool mysql_echo_make(char word[MYSQL_ECHO_WORD]);
/*
 * Appends the commands, the query for the word as the last one.
 *   capabilities  that client and server have agreed on
 */
SM_MUST_CHECK enum smcred_status mysql_echo_write(struct relay_buffer *out, uint32_t capabilities,
                                                  const char word[MYSQL_ECHO_WORD]);
/*
 * Are these bytes the answers, whole and nothing else, with no transaction open behind them?
 * Errors: SMCRED_NOT_FOUND (not all of them is here yet), SMCRED_PROTOCOL (they are not).
 */
SM_MUST_CHECK enum smcred_status mysql_echo_parse(struct sm_bytes bytes, uint32_t capabilities,
                                                  const char word[MYSQL_ECHO_WORD]);

#endif
