/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mysql_answers.h - how far a server of MySQL is with its answers: does it wait for a file?
 *
 * In the middle of its answer to LOAD DATA LOCAL a server asks for a file, and what comes then is
 * data.  Its packets go on from the number of that request, so behind many results they may begin
 * with 0, as commands do.  Which it is knows who has followed all answers from the login on, and
 * nobody else: what looks like such a request may be in a row.
 *
 * Followed are the clients that send files at all.  Of each packet the first bytes are looked at,
 * of a row the first one.
 */
#ifndef RELAY_MYSQL_ANSWERS_H
#define RELAY_MYSQL_ANSWERS_H

#include "common/bytes.h"

#define MYSQL_OWED_MAX 64 /* answers under way, of clients that do not wait for them */
#define MYSQL_LOOK     28 /* bytes that are looked at, header included: an OK up to its status */

struct mysql_answers {
    bool is_followed;             /* false: not from the beginning, or lost */
    bool has_ends;                /* definitions end with a packet of their own */
    uint8_t owed[MYSQL_OWED_MAX]; /* enum answer, a ring */
    uint8_t first, count;         /* of them; the first one is under way */
    uint8_t place;                /* in it, enum place */
    uint32_t definitions;         /* that are to come */
    uint8_t begin[MYSQL_LOOK];    /* of the present packet */
    uint8_t begin_len;
    uint32_t left;  /* bytes behind them */
    bool continues; /* the next packet goes on with the one before */
};

/* For a login with these capabilities that has just been accepted. */
struct mysql_answers mysql_answers(uint32_t capabilities);
/* The server will hear this command next. */
void mysql_answers_owe(struct mysql_answers *answers, uint8_t command);
/* The server's next words, in any pieces. */
void mysql_answers_hear(struct mysql_answers *answers, struct sm_bytes words);
/* It waits for a file, of which the next packet is a part.  False also where it is not known. */
bool mysql_answers_want_file(const struct mysql_answers *answers);
/* The packet that ends the file was passed on. */
void mysql_answers_file_ends(struct mysql_answers *answers);

#endif
