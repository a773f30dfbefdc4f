/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * refusal.h - a refusal in the database protocol's own form, so that the client prints why.
 *
 * Called by the shim and by `smcred exec --seccomp` when the keeper gives no connection.  No
 * function of libc is used (see index_find.h).
 */
#ifndef SM_REFUSAL_H
#define SM_REFUSAL_H

#include <stddef.h>
#include <stdint.h>

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

#endif
