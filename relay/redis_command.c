/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * redis_command.c - reading and writing commands.
 */
#include "relay/redis_command.h"

#include <ctype.h>
#include <stdio.h>

#define WORDS_MAX INT32_MAX          /* a server's own limit */
#define WORD_MAX  ((int64_t)1 << 40) /* bytes; what a server permits is configured there */

enum smcred_status redis_number_parse(struct sm_bytes bytes, char mark, int64_t *out_number,
                                      size_t *out_len)
{
    const char *at = bytes.data;
    size_t look = bytes.len < REDIS_SIZE_MAX ? bytes.len : REDIS_SIZE_MAX;
    int64_t number = 0;
    size_t i = 1;
    if (look > 0 && at[0] != mark)
        return SMCRED_INVALID;
    bool negative = look > 1 && at[1] == '-';
    size_t first = negative ? 2 : 1;
    for (i = first; i < look && isdigit((unsigned char)at[i]) && i < first + 18; i++)
        number = 10 * number + (at[i] - '0');
    if (i >= look || (i + 1 == look && at[i] == '\r'))
        return look < REDIS_SIZE_MAX ? SMCRED_NOT_FOUND : SMCRED_INVALID;
    bool leads_with_zero = at[first] == '0' && (i > first + 1 || negative);
    if (i == first || leads_with_zero || at[i] != '\r' || at[i + 1] != '\n')
        return SMCRED_INVALID;
    *out_number = negative ? -number : number;
    *out_len = i + 2;
    return SMCRED_OK;
}

static struct sm_bytes behind(struct sm_bytes bytes, size_t len)
{
    return sm_bytes((const char *)bytes.data + len, bytes.len - len);
}

/* One word and what surrounds it. */
static enum smcred_status word_parse(struct sm_bytes bytes, struct sm_bytes *out_word,
                                     size_t *out_len)
{
    int64_t size = 0;
    size_t head = 0;
    enum smcred_status status = redis_number_parse(bytes, '$', &size, &head);
    if (status != SMCRED_OK)
        return status;
    if (size < 0 || size > WORD_MAX)
        return SMCRED_INVALID;
    if ((uint64_t)size + 2 > bytes.len - head)
        return SMCRED_NOT_FOUND;
    *out_word = sm_bytes((const char *)bytes.data + head, (size_t)size);
    if (memcmp((const char *)out_word->data + size, "\r\n", 2) != 0)
        return SMCRED_INVALID;
    *out_len = head + (size_t)size + 2;
    return SMCRED_OK;
}

enum smcred_status redis_words_parse(struct sm_bytes bytes, struct redis_words *out_words,
                                     size_t *out_len)
{
    int64_t count = 0;
    size_t head = 0, len = 0;
    struct sm_bytes word;
    enum smcred_status status = redis_number_parse(bytes, '*', &count, &head);
    if (status != SMCRED_OK)
        return status;
    if (count > WORDS_MAX)
        return SMCRED_INVALID;
    size_t end = head;
    for (int64_t i = 0; i < count; i++, end += len) {
        status = word_parse(behind(bytes, end), &word, &len);
        if (status != SMCRED_OK)
            return status;
    }
    *out_words = (struct redis_words){.left = sm_bytes((const char *)bytes.data + head, end - head),
                                      .count = count > 0 ? (size_t)count : 0};
    *out_len = end;
    return SMCRED_OK;
}

bool redis_words_next(struct redis_words *words, struct sm_bytes *out_word)
{
    size_t len = 0;
    if (words->count == 0 || word_parse(words->left, out_word, &len) != SMCRED_OK)
        return false;
    words->left = behind(words->left, len);
    words->count--;
    return true;
}

bool redis_word_is(struct sm_bytes word, const char *text)
{
    return word.len == strlen(text) && strncasecmp(word.data, text, word.len) == 0;
}

/* ---- lines ---- */

/* A line that is being split; words become bytes of `text`, each behind the other. */
struct line {
    const uint8_t *at, *end;
    uint8_t *text;
    size_t len;
};

static int hex(const struct line *line, size_t ahead)
{
    if (line->end - line->at <= (ptrdiff_t)ahead || !isxdigit(line->at[ahead]))
        return -1;
    uint8_t digit = line->at[ahead];
    return isdigit(digit) ? digit - '0' : tolower(digit) - 'a' + 10;
}

/* What stands behind a backslash in double quotes. */
static uint8_t escaped(struct line *line)
{
    static const char names[] = "n\nr\rt\tb\ba\a";
    if (*line->at == 'x' && hex(line, 1) >= 0 && hex(line, 2) >= 0) {
        int value = 16 * hex(line, 1) + hex(line, 2);
        line->at += 3;
        return (uint8_t)value;
    }
    uint8_t name = *line->at++;
    for (size_t i = 0; names[i] != '\0'; i += 2) {
        if ((uint8_t)names[i] == name)
            return (uint8_t)names[i + 1];
    }
    return name;
}

/* Up to the closing quote, behind which the word must end. */
static bool take_quoted(struct line *line, uint8_t quote)
{
    for (line->at++; line->at < line->end;) {
        bool escapes = *line->at == '\\' && line->end - line->at > 1;
        if (escapes && (quote == '"' || line->at[1] == '\'')) {
            line->at++;
            line->text[line->len++] = quote == '"' ? escaped(line) : *line->at++;
        } else if (*line->at == quote) {
            line->at++;
            return line->at == line->end || isspace(*line->at);
        } else {
            line->text[line->len++] = *line->at++;
        }
    }
    return false;
}

/* One word.  False: a quote is not closed as it should be. */
static bool take_word(struct line *line)
{
    while (line->at < line->end && !isspace(*line->at)) {
        if (*line->at == '"' || *line->at == '\'')
            return take_quoted(line, *line->at);
        line->text[line->len++] = *line->at++;
    }
    return true;
}

static bool find_word(struct line *line)
{
    while (line->at < line->end && isspace(*line->at))
        line->at++;
    return line->at < line->end;
}

static enum smcred_status write_size(struct relay_buffer *out, char mark, size_t size)
{
    char text[REDIS_SIZE_MAX];
    int len = snprintf(text, sizeof text, "%c%zu\r\n", mark, size);
    return relay_buffer_add(out, sm_bytes(text, (size_t)len));
}

static enum smcred_status write_word(struct relay_buffer *out, struct sm_bytes word)
{
    enum smcred_status status = write_size(out, '$', word.len);
    if (status == SMCRED_OK)
        status = relay_buffer_add(out, word);
    return status == SMCRED_OK ? relay_buffer_add(out, sm_bytes("\r\n", 2)) : status;
}

enum smcred_status redis_line_write(struct relay_buffer *out, struct sm_bytes bytes)
{
    size_t count = 0;
    struct relay_buffer words = relay_buffer(out->max);
    struct line line = {.at = bytes.data, .end = (const uint8_t *)bytes.data + bytes.len};
    line.text = malloc(bytes.len + 1);
    enum smcred_status status = line.text ? SMCRED_OK : SMCRED_NO_MEMORY;
    while (status == SMCRED_OK && find_word(&line)) {
        line.len = 0;
        status =
            take_word(&line) ? write_word(&words, sm_bytes(line.text, line.len)) : SMCRED_INVALID;
        count++;
    }
    if (status == SMCRED_OK)
        status = write_size(out, '*', count);
    if (status == SMCRED_OK)
        status = relay_buffer_add(out, relay_buffer_view(&words));
    relay_buffer_clear(&words);
    if (line.text)
        explicit_bzero(line.text, bytes.len);
    free(line.text);
    return status;
}

enum smcred_status redis_command_write(struct relay_buffer *out, const struct sm_bytes *words,
                                       size_t count)
{
    enum smcred_status status = write_size(out, '*', count);
    for (size_t i = 0; i < count && status == SMCRED_OK; i++)
        status = write_word(out, words[i]);
    return status;
}
