/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * refusal.h - a refusal in the database protocol's own form, so that the client prints why.
 *
 * Called by the shim and by `smcred exec --seccomp` when the keeper gives no connection, by the
 * keeper when there is no relay, and for MySQL's numbers by the relay.  No function of libc is used
 * (see index_find.h).
 */
#ifndef SM_REFUSAL_H
#define SM_REFUSAL_H

#include <stddef.h>
#include <stdint.h>

#include "common/index.h"

#define REFUSAL_TEXT_MAX 400 /* bytes, NUL included */
#define REFUSAL_MAX      512 /* bytes of a whole message */

#define REFUSAL_NOT_ALLOWED "28000" /* invalid_authorization_specification */
#define REFUSAL_NOT_NOW     "57P03" /* cannot_connect_now: clients may try again later */
#define REFUSAL_TOO_MANY    "53300" /* too_many_connections */

/* Appends bytes of `text` without its NUL, as far as `limit` allows. */
static inline size_t refusal_put(char *message, size_t at, size_t limit, const char *text)
{
    while (*text != '\0' && at < limit)
        message[at++] = *text++;
    return at;
}

/*
 * PostgreSQL's ErrorResponse "FATAL: smcred: TEXT".
 *   text  at most REFUSAL_TEXT_MAX; what is longer is cut
 * Returns the bytes written to `message`.
 */
static inline size_t refusal_postgres(char message[REFUSAL_MAX], const char *sqlstate,
                                      const char *text)
{
    static const char head[] = "SFATAL\0VFATAL\0C"; /* severity, untranslated severity, code */
    const size_t limit = REFUSAL_MAX - 2; /* two NULs end the last field and the message */
    size_t at = 5;
    for (size_t i = 0; i < sizeof head - 1; i++)
        message[at++] = head[i];
    for (size_t i = 0; i < 6; i++) /* an SQLSTATE is five characters, and its NUL */
        message[at++] = sqlstate[i];
    at = refusal_put(message, at, limit, "Msmcred: ");
    at = refusal_put(message, at, limit, text);
    message[at++] = '\0';
    message[at++] = '\0';
    uint32_t len = (uint32_t)at - 1;
    message[0] = 'E';
    message[1] = (char)(len >> 24);
    message[2] = (char)(len >> 16);
    message[3] = (char)(len >> 8);
    message[4] = (char)len;
    return at;
}

/* MySQL's words for an SQLSTATE of ours. */
struct refusal_code {
    const char *ours; /* the beginning of it */
    uint16_t number;
    const char *sqlstate;
};

static inline struct refusal_code refusal_mysql_code(const char *sqlstate)
{
    static const struct refusal_code codes[] = {
        {"28", 1045, "28000"},    /* ER_ACCESS_DENIED_ERROR */
        {"42501", 1227, "42000"}, /* ER_SPECIFIC_ACCESS_DENIED_ERROR */
        {"533", 1040, "08004"},   /* ER_CON_COUNT_ERROR */
        {"534", 1226, "42000"},   /* ER_USER_LIMIT_REACHED */
        {"57P", 1053, "08S01"},   /* ER_SERVER_SHUTDOWN: clients may try again later */
        {"08", 1429, "HY000"},    /* ER_CONNECT_TO_FOREIGN_DATA_SOURCE */
        {"0A", 1235, "42000"},    /* ER_NOT_SUPPORTED_YET */
        {"", 1105, "HY000"},      /* ER_UNKNOWN_ERROR */
    };
    const struct refusal_code *code = codes;
    for (;; code++) {
        size_t same = 0;
        while (code->ours[same] != '\0' && code->ours[same] == sqlstate[same])
            same++;
        if (code->ours[same] == '\0')
            return *code;
    }
}

/* MySQL's ERR packet "smcred: TEXT", as a server's first word.  The rest as above. */
static inline size_t refusal_mysql(char message[REFUSAL_MAX], const char *sqlstate,
                                   const char *text)
{
    const struct refusal_code code = refusal_mysql_code(sqlstate);
    size_t at = 4;
    message[at++] = (char)0xff;
    message[at++] = (char)code.number;
    message[at++] = (char)(code.number >> 8);
    at = refusal_put(message, at, REFUSAL_MAX, "#");
    at = refusal_put(message, at, REFUSAL_MAX, code.sqlstate);
    at = refusal_put(message, at, REFUSAL_MAX, "smcred: ");
    at = refusal_put(message, at, REFUSAL_MAX, text);
    message[0] = (char)(at - 4);
    message[1] = (char)((at - 4) >> 8);
    message[2] = 0;
    message[3] = 0; /* the first packet's number */
    return at;
}

/* The first word of a Redis error, by which clients tell them apart, for an SQLSTATE of ours. */
static inline const char *refusal_redis_code(const char *sqlstate)
{
    if (sqlstate[0] == '2' && sqlstate[1] == '8')
        return "WRONGPASS";
    return sqlstate[0] == '4' && sqlstate[1] == '2' ? "NOPERM" : "ERR";
}

/* Redis's error "-CODE smcred: TEXT".  The rest as above. */
static inline size_t refusal_redis(char message[REFUSAL_MAX], const char *sqlstate,
                                   const char *text)
{
    const size_t limit = REFUSAL_MAX - 2;
    size_t at = refusal_put(message, 0, limit, "-");
    at = refusal_put(message, at, limit, refusal_redis_code(sqlstate));
    at = refusal_put(message, at, limit, " smcred: ");
    at = refusal_put(message, at, limit, text);
    for (size_t i = 0; i < at; i++) /* it is a line */
        if (message[i] == '\r' || message[i] == '\n')
            message[i] = ' ';
    message[at++] = '\r';
    message[at++] = '\n';
    return at;
}

/* In the engine's form.  Returns 0 for one that has none here. */
static inline size_t refusal_write(char message[REFUSAL_MAX], uint32_t engine, const char *sqlstate,
                                   const char *text)
{
    if (engine == INDEX_MYSQL)
        return refusal_mysql(message, sqlstate, text);
    if (engine == INDEX_REDIS)
        return refusal_redis(message, sqlstate, text);
    return engine == INDEX_POSTGRES ? refusal_postgres(message, sqlstate, text) : 0;
}

#endif
