/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * secretvalue.c - reads a value from a file, a pipe or a person.  Never from argv, never echoed.
 */
#include "tools/secretvalue.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <termios.h>

/* The signal that came while a person was typing; the terminal is put right before it takes effect.
 */
static volatile sig_atomic_t caught;

static void remember(int number)
{
    caught = number;
}

static const int watched[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
enum { WATCHED_COUNT = sizeof watched / sizeof *watched };

/* True if bytes are UTF-8 without NUL, as SecretString must be. */
static bool is_text(struct sm_bytes value)
{
    const unsigned char *at = value.data, *end = at + value.len;
    while (at < end) {
        unsigned more = *at < 0x80 ? 0 : *at < 0xc2 ? 9 : *at < 0xe0 ? 1 : *at < 0xf0 ? 2 : 3;
        if (*at == 0 || *at > 0xf4 || more > (size_t)(end - at - 1))
            return false;
        bool overlong = (*at == 0xe0 && at[1] < 0xa0) || (*at == 0xf0 && at[1] < 0x90);
        bool outside = (*at == 0xed && at[1] > 0x9f) || (*at == 0xf4 && at[1] > 0x8f);
        if (more > 0 && (overlong || outside))
            return false;
        for (at++; more > 0; more--, at++)
            if ((*at & 0xc0) != 0x80)
                return false;
    }
    return true;
}

/* Reads to the end, or to the first newline of a terminal. */
static enum smcred_status read_all(int fd, bool one_line, struct sm_secret *value)
{
    for (;;) {
        size_t room;
        char *at = sm_secret_room(value, &room);
        if (room == 0)
            return SMCRED_TOO_LARGE;
        ssize_t got = read(fd, at, room);
        if (got < 0 && errno == EINTR && !caught)
            continue;
        if (got < 0)
            return SMCRED_SYSTEM;
        sm_secret_grow(value, (size_t)got);
        if (got == 0 || (one_line && memchr(at, '\n', (size_t)got)))
            return SMCRED_OK;
    }
}

/* A copy without the newline at its end, checked. */
static enum smcred_status finish(struct sm_vault *vault, const struct sm_secret *raw,
                                 struct sm_secret **out_value, struct sm_error *err)
{
    struct sm_bytes view = sm_secret_view(raw);
    if (view.len > 0 && ((const char *)view.data)[view.len - 1] == '\n')
        view.len--;
    if (view.len == 0)
        return sm_error_set(err, SMCRED_INVALID, "the value is empty");
    if (view.len > SM_SECRET_MAX)
        return sm_error_set(err, SMCRED_TOO_LARGE, "a value has at most %d bytes", SM_SECRET_MAX);
    if (!is_text(view))
        return sm_error_set(err, SMCRED_INVALID, "the value is not UTF-8 text");
    enum smcred_status status = sm_secret_new(vault, view, out_value);
    return status == SMCRED_OK ? status : sm_error_set(err, status, "out of memory");
}

static enum smcred_status read_from(struct sm_vault *vault, int fd, bool one_line,
                                    struct sm_secret **out_value, struct sm_error *err)
{
    sm_autosecret struct sm_secret *raw = NULL;
    if (sm_secret_alloc(vault, SM_SECRET_MAX + 2, &raw) != SMCRED_OK)
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    enum smcred_status status = read_all(fd, one_line, raw);
    if (status == SMCRED_TOO_LARGE)
        return sm_error_set(err, status, "a value has at most %d bytes", SM_SECRET_MAX);
    if (status != SMCRED_OK)
        return sm_error_set(err, status, "cannot read the value: %s", strerror(errno));
    return finish(vault, raw, out_value, err);
}

static enum smcred_status ask_twice(struct sm_vault *vault, struct sm_secret **out_value,
                                    struct sm_error *err)
{
    sm_autosecret struct sm_secret *first = NULL, *second = NULL;
    (void)fputs("New value: ", stderr);
    enum smcred_status status = read_from(vault, STDIN_FILENO, true, &first, err);
    if (status == SMCRED_OK) {
        (void)fputs("\nOnce more: ", stderr);
        status = read_from(vault, STDIN_FILENO, true, &second, err);
    }
    (void)fputc('\n', stderr);
    if (status != SMCRED_OK)
        return status;
    if (!sm_secret_equal(first, sm_secret_view(second)))
        return sm_error_set(err, SMCRED_INVALID, "the two are not the same");
    *out_value = sm_take_ptr(&first);
    return SMCRED_OK;
}

/* Without echo; whatever ends it, the terminal is left as it was. */
static enum smcred_status prompt(struct sm_vault *vault, struct sm_secret **out_value,
                                 struct sm_error *err)
{
    struct termios before, silent;
    struct sigaction on = {.sa_handler = remember}, old[WATCHED_COUNT];
    if (tcgetattr(STDIN_FILENO, &before) != 0)
        return sm_error_set(err, SMCRED_SYSTEM, "cannot ask the terminal: %s", strerror(errno));
    for (size_t i = 0; i < WATCHED_COUNT; i++)
        (void)sigaction(watched[i], &on, &old[i]); /* known numbers */
    silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    enum smcred_status status = SMCRED_SYSTEM;
    if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0)
        status = ask_twice(vault, out_value, err);
    else
        (void)sm_error_set(err, status, "cannot silence the terminal: %s", strerror(errno));
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before); /* nothing better to do about it */
    for (size_t i = 0; i < WATCHED_COUNT; i++)
        (void)sigaction(watched[i], &old[i], NULL);
    if (caught)
        (void)raise(caught);
    return status;
}

enum smcred_status secret_value_read(struct sm_vault *vault, const char *path,
                                     struct sm_secret **out_value, struct sm_error *err)
{
    if (!path && isatty(STDIN_FILENO))
        return prompt(vault, out_value, err);
    if (!path || strcmp(path, "-") == 0)
        return read_from(vault, STDIN_FILENO, false, out_value, err);
    sm_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return sm_error_set(err, SMCRED_SYSTEM, "cannot open %s: %s", path, strerror(errno));
    return read_from(vault, fd, false, out_value, err);
}
