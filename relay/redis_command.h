/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * redis_command.h - RESP as clients of Redis and Valkey send it: commands, as lists of words.
 *
 *     *2 and two words: $4 and four bytes, $3 and three     or a line, typed by hand
 *
 * Pure functions, for redis_filter.c and redis_login.c.  No more is accepted than servers accept.
 */
#ifndef RELAY_REDIS_COMMAND_H
#define RELAY_REDIS_COMMAND_H

#include "relay/buffer.h"

#define REDIS_COMMAND_MAX                                                                          \
    65536                 /* bytes of a command that is looked at; a server's limit of lines */
#define REDIS_SIZE_MAX 24 /* bytes of "*12" or "$12" and its end */

/*
 * Reads a number behind its mark, up to the end of its line.
 *   out_len  bytes of the line
 * Errors: SMCRED_NOT_FOUND (there is more to come), SMCRED_INVALID.
 */
SM_MUST_CHECK enum smcred_status redis_number_parse(struct sm_bytes bytes, char mark,
                                                    int64_t *out_number, size_t *out_len);

/* The words of a command that is here as a whole; by value. */
struct redis_words {
    struct sm_bytes left;
    size_t count; /* of those left */
};

/*
 * Finds the end of a command that begins with '*'.
 *   out_len  its bytes
 * Errors: SMCRED_NOT_FOUND (there is more to come), SMCRED_INVALID.
 */
SM_MUST_CHECK enum smcred_status redis_words_parse(struct sm_bytes bytes,
                                                   struct redis_words *out_words, size_t *out_len);
/* The next word, or false. */
bool redis_words_next(struct redis_words *words, struct sm_bytes *out_word);
/* A word, whatever its case. */
bool redis_word_is(struct sm_bytes word, const char *text);

/*
 * Writes what a server makes of a line: quotes, escapes.
 *   line  without its end
 * Errors: SMCRED_INVALID (a quote is not closed), those of relay_buffer_add().
 */
SM_MUST_CHECK enum smcred_status redis_line_write(struct relay_buffer *out, struct sm_bytes line);

/* Writes a command.  Errors: those of relay_buffer_add(). */
SM_MUST_CHECK enum smcred_status redis_command_write(struct relay_buffer *out,
                                                     const struct sm_bytes *words, size_t count);

#endif
