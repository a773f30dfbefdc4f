/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * redis_reply.c - called by redis.c.  Without HELLO, servers of each version answer in RESP2:
 *
 *     +OK   -ERR why   :42   $5 and five bytes   *2 and two answers   $-1 and *-1 for nothing
 */
#include "rotate/redis_reply.h"

#include <stdio.h>

#include "rotate/channel.h"

#define LINE_MAX_LEN 4096
#define DEPTH_MAX    8
#define PARTS_MAX    1000000

/* --- commands --------------------------------------------------------------------------------- */

enum smcred_status redis_send(struct channel *channel, const char *const *words, size_t count,
                              struct sm_error *err)
{
    size_t size = 32;
    for (size_t i = 0; i < count; i++)
        size += strlen(words[i]) + 32;
    char *text = malloc(size);
    if (!text)
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    size_t len = (size_t)snprintf(text, size, "*%zu\r\n", count);
    for (size_t i = 0; i < count; i++)
        len += (size_t)snprintf(text + len, size - len, "$%zu\r\n%s\r\n", strlen(words[i]),
                                words[i]); /* room was made for all */
    enum smcred_status status = channel_write(channel, sm_bytes(text, len), err);
    explicit_bzero(text, len);
    free(text);
    return status;
}

/* --- answers ---------------------------------------------------------------------------------- */

static enum smcred_status garbled(struct sm_error *err)
{
    return sm_error_set(err, SMCRED_PROTOCOL, "the server does not speak Redis's protocol");
}

static enum smcred_status too_long(struct sm_error *err)
{
    return sm_error_set(err, SMCRED_TOO_LARGE, "the server's answer is too long");
}

static enum smcred_status read_line(struct channel *channel, char line[LINE_MAX_LEN],
                                    struct sm_error *err)
{
    for (size_t len = 0; len < LINE_MAX_LEN; len++) {
        enum smcred_status status = channel_read(channel, line + len, 1, err);
        if (status != SMCRED_OK)
            return status;
        if (line[len] == '\n') {
            if (len == 0 || line[len - 1] != '\r')
                return garbled(err);
            line[len - 1] = '\0';
            return SMCRED_OK;
        }
    }
    return garbled(err);
}

/* Room for a text of that many bytes, in the list. */
static enum smcred_status add(struct redis_reply *reply, size_t len, char **out_text,
                              struct sm_error *err)
{
    reply->bytes += len;
    if (reply->bytes > REDIS_REPLY_MAX)
        return too_long(err);
    if ((reply->count & (reply->count - 1)) == 0) { /* it doubles */
        size_t room = reply->count > 0 ? 2 * reply->count : 1;
        char **texts = reallocarray(reply->texts, room, sizeof *texts);
        if (!texts)
            return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
        reply->texts = texts;
    }
    char *text = calloc(1, len + 1);
    if (!text)
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    reply->texts[reply->count++] = text;
    *out_text = text;
    return SMCRED_OK;
}

static bool read_number(const char *digits, long *out_number)
{
    char *end;
    errno = 0;
    *out_number = strtol(digits, &end, 10);
    return *digits && !*end && errno == 0 && *out_number >= -1;
}

static enum smcred_status receive(struct channel *channel, struct redis_reply *reply, int depth,
                                  struct sm_error *err);

static enum smcred_status receive_bulk(struct channel *channel, struct redis_reply *reply, long len,
                                       struct sm_error *err)
{
    char *text = NULL, end[2];
    if (len > REDIS_REPLY_MAX)
        return too_long(err);
    enum smcred_status status = add(reply, len > 0 ? (size_t)len : 0, &text, err);
    if (status == SMCRED_OK && len > 0)
        status = channel_read(channel, text, (size_t)len, err);
    if (status == SMCRED_OK && len >= 0)
        status = channel_read(channel, end, sizeof end, err);
    if (status == SMCRED_OK && len >= 0 && memcmp(end, "\r\n", sizeof end) != 0)
        status = garbled(err);
    return status;
}

static enum smcred_status receive_list(struct channel *channel, struct redis_reply *reply,
                                       long count, int depth, struct sm_error *err)
{
    enum smcred_status status = SMCRED_OK;
    for (long i = 0; i < count && status == SMCRED_OK; i++)
        status = receive(channel, reply, depth + 1, err);
    return status;
}

static enum smcred_status receive(struct channel *channel, struct redis_reply *reply, int depth,
                                  struct sm_error *err)
{
    char line[LINE_MAX_LEN], *text = NULL;
    long number = 0;
    if (++reply->parts > PARTS_MAX)
        return too_long(err);
    enum smcred_status status = depth > DEPTH_MAX ? garbled(err) : read_line(channel, line, err);
    if (status != SMCRED_OK)
        return status;
    switch (line[0]) {
    case '-':
    case '+':
    case ':':
        reply->is_error = reply->is_error || line[0] == '-';
        status = add(reply, strlen(line + 1), &text, err);
        if (text)
            memcpy(text, line + 1, strlen(line + 1));
        return status;
    case '$':
        return read_number(line + 1, &number) ? receive_bulk(channel, reply, number, err)
                                              : garbled(err);
    case '*':
        return read_number(line + 1, &number) ? receive_list(channel, reply, number, depth, err)
                                              : garbled(err);
    default:
        return garbled(err);
    }
}

enum smcred_status redis_receive(struct channel *channel, struct redis_reply *reply,
                                 struct sm_error *err)
{
    *reply = (struct redis_reply){.texts = NULL};
    return receive(channel, reply, 0, err);
}

void redis_reply_done(struct redis_reply *reply)
{
    for (size_t i = 0; i < reply->count; i++) {
        explicit_bzero(reply->texts[i], strlen(reply->texts[i]));
        free(reply->texts[i]);
    }
    free(reply->texts);
    *reply = (struct redis_reply){.texts = NULL};
}
