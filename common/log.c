/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * log.c - log lines on standard error.  Linked by programs only.
 */
#include "common/log.h"

#include <stdarg.h>
#include <stdio.h>

#define LINE_MAX_BYTES 2048
#define QUOTE_MAX      200 /* bytes of outside text shown */

static struct {
    const char *program;
    enum log_level level;
    bool journal;
} settings = {.program = "smcred", .level = LOG_LEVEL_INFO};

void log_open(const char *program, enum log_level level)
{
    settings.program = program;
    settings.level = level;
    settings.journal = getenv("JOURNAL_STREAM") != NULL;
}

bool log_level_parse(const char *text, enum log_level *out_level)
{
    static const char *const names[] = {"error", "warning", "info", "debug"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(text, names[i]) == 0) {
            *out_level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

SM_PRINTF(2, 0) static void write_line(enum log_level level, const char *format, va_list args)
{
    static const struct {
        const char *word;
        int priority; /* syslog's, for journald */
    } words[] = {{"error", 3}, {"warning", 4}, {"info", 6}, {"debug", 7}};
    char line[LINE_MAX_BYTES];
    if (level > settings.level)
        return;
    int saved = errno;
    int head = settings.journal
                   ? snprintf(line, sizeof line, "<%d>", words[level].priority)
                   : snprintf(line, sizeof line, "%s: %s: ", settings.program, words[level].word);
    int tail = vsnprintf(line + head, sizeof line - (size_t)head - 1, format, args);
    size_t len = (size_t)head + (tail > 0 ? (size_t)tail : 0);
    if (len > sizeof line - 2)
        len = sizeof line - 2;
    line[len++] = '\n';
    ssize_t written = write(STDERR_FILENO, line, len);
    (void)written; /* where would one say so */
    errno = saved;
}

#define LOG_AT(name, at)                                                                           \
    void name(const char *format, ...)                                                             \
    {                                                                                              \
        va_list args;                                                                              \
        va_start(args, format);                                                                    \
        write_line(at, format, args);                                                              \
        va_end(args);                                                                              \
    }
LOG_AT(log_error, LOG_LEVEL_ERROR)
LOG_AT(log_warning, LOG_LEVEL_WARNING)
LOG_AT(log_info, LOG_LEVEL_INFO)
LOG_AT(log_debug, LOG_LEVEL_DEBUG)

const char *log_quote_bytes(struct sm_bytes text)
{
    static _Thread_local char rooms[4][QUOTE_MAX * 4 + 8];
    static _Thread_local unsigned turn;
    char *room = rooms[turn++ % 4];
    char *at = room;
    const unsigned char *byte = text.data;
    size_t shown = text.len < QUOTE_MAX ? text.len : QUOTE_MAX;
    *at++ = '"';
    for (size_t i = 0; i < shown; i++) {
        if (byte[i] < 0x20 || byte[i] >= 0x7f || byte[i] == '"' || byte[i] == '\\')
            at += snprintf(at, 5, "\\x%02x", byte[i]);
        else
            *at++ = (char)byte[i];
    }
    if (shown < text.len) {
        memcpy(at, "...", 3);
        at += 3;
    }
    *at++ = '"';
    *at = '\0';
    return room;
}

const char *log_quote(const char *text)
{
    return log_quote_bytes(sm_bytes_of(text));
}
