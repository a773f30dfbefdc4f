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

static inline size_t refusal_put(char *message, size_t at, char tag, const char *text)
{
    if (tag)
        message[at++] = tag;
    for (; *text && at < REFUSAL_MAX - 2; text++)
        message[at++] = *text;
    message[at++] = '\0';
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
    size_t at = 5;
    at = refusal_put(message, at, 'S', "FATAL");
    at = refusal_put(message, at, 'V', "FATAL");
    at = refusal_put(message, at, 'C', sqlstate);
    at = refusal_put(message, at, 'M', "smcred: ") - 1; /* goes on over the NUL */
    at = refusal_put(message, at, 0, text);
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
