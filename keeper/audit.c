/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * audit.c - JSON lines, escaped here and nowhere else.
 */
#include "keeper/audit.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "keeper/humans.h"

#define TAIL_ROOM 256 /* bytes kept free behind the members for what seals the line */

struct audit {
    int fd;
    bool torn; /* the last write ended inside a line */
};

#define OPEN_FLAGS (O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)

/* `flags` besides those: O_CREAT or none. */
static enum smcred_status open_log(const char *path, int flags, int *out_fd, struct sm_error *err)
{
    struct stat about;
    sm_autoclose int fd = open(path, OPEN_FLAGS | flags, 0640);
    if (fd < 0 || fstat(fd, &about) != 0)
        return sm_error_set(err, SMCRED_SYSTEM, "%s: %s", path, strerror(errno));
    if (!S_ISREG(about.st_mode))
        return sm_error_set(err, SMCRED_INVALID, "%s: is not a regular file", path);
    *out_fd = sm_take_fd(&fd);
    return SMCRED_OK;
}

enum smcred_status audit_new(const char *path, struct audit **out_audit, struct sm_error *err)
{
    sm_autofree struct audit *audit = calloc(1, sizeof *audit);
    if (!audit)
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    enum smcred_status status = open_log(path, O_CREAT, &audit->fd, err);
    if (status == SMCRED_OK)
        *out_audit = sm_take_ptr(&audit);
    return status;
}

enum smcred_status audit_check(const char *path, struct sm_error *err)
{
    struct stat about;
    const char *slash = strrchr(path, '/');
    sm_autoclose int fd = -1;
    if (!slash || lstat(path, &about) == 0 || errno != ENOENT)
        return open_log(path, 0, &fd, err);
    sm_autofree char *directory =
        slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
    if (!directory)
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    if (faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS) != 0)
        return sm_error_set(err, SMCRED_SYSTEM, "%s: cannot be made: %s", path, strerror(errno));
    return SMCRED_OK;
}

enum smcred_status audit_reopen(struct audit *audit, const char *path, struct sm_error *err)
{
    int fd = -1;
    enum smcred_status status = open_log(path, O_CREAT, &fd, err);
    if (status != SMCRED_OK)
        return status;
    sm_close_fd(&audit->fd);
    audit->fd = fd;
    audit->torn = false;
    return SMCRED_OK;
}

void audit_free(struct audit *audit)
{
    if (!audit)
        return;
    sm_close_fd(&audit->fd);
    free(audit);
}

/* ---- members ---- */

static bool has_room(const struct audit_line *line, size_t need)
{
    return need <= sizeof line->data - TAIL_ROOM - line->len;
}

static void put_raw(struct audit_line *line, const char *text)
{
    size_t len = strlen(text);
    memcpy(line->data + line->len, text, len);
    line->len += len;
}

/* Length of the UTF-8 character at `at`, 0 if there is none: overlong, surrogate, cut or stray. */
static size_t utf8_len(const unsigned char *at, size_t left)
{
    size_t len = *at < 0x80                  ? 1
                 : *at >= 0xc2 && *at < 0xe0 ? 2
                 : *at >= 0xe0 && *at < 0xf0 ? 3
                 : *at >= 0xf0 && *at < 0xf5 ? 4
                                             : 0;
    if (len == 0 || len > left)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    if ((*at == 0xe0 && at[1] < 0xa0) || (*at == 0xed && at[1] > 0x9f) ||
        (*at == 0xf0 && at[1] < 0x90) || (*at == 0xf4 && at[1] > 0x8f))
        return 0;
    return len;
}

/* Escapes into at most 6 bytes for each one; what is not UTF-8 becomes U+FFFD. */
static void put_escaped(struct audit_line *line, struct sm_bytes text)
{
    const unsigned char *at = text.data, *end = at + text.len;
    while (at < end) {
        char escape[8];
        size_t len = utf8_len(at, (size_t)(end - at));
        if (len == 0) {
            put_raw(line, "\\ufffd");
            at++;
        } else if (len == 1 && (*at < 0x20 || *at == 0x7f || *at == '"' || *at == '\\')) {
            (void)snprintf(escape, sizeof escape, "\\u%04x", *at); /* fits */
            put_raw(line, escape);
            at++;
        } else {
            memcpy(line->data + line->len, at, len);
            line->len += len;
            at += len;
        }
    }
}

static void put_bytes(struct audit_line *line, const char *key, struct sm_bytes text)
{
    bool cut = text.len > AUDIT_TEXT_MAX;
    if (cut)
        text.len = AUDIT_TEXT_MAX;
    if (text.len == 0 || !has_room(line, strlen(key) + 6 * text.len + 16))
        return;
    put_raw(line, ",\"");
    put_raw(line, key);
    put_raw(line, "\":\"");
    put_escaped(line, text);
    put_raw(line, cut ? "...\"" : "\"");
}

void audit_put(struct audit_line *line, const char *key, const char *text)
{
    put_bytes(line, key, sm_bytes_of(text));
}

/* A value that needs no quotes. */
static void put_bare(struct audit_line *line, const char *key, const char *value)
{
    if (!has_room(line, strlen(key) + strlen(value) + 4))
        return;
    put_raw(line, ",\"");
    put_raw(line, key);
    put_raw(line, "\":");
    put_raw(line, value);
}

void audit_put_number(struct audit_line *line, const char *key, uint64_t number)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)number); /* fits */
    put_bare(line, key, text);
}

void audit_put_flag(struct audit_line *line, const char *key, bool flag)
{
    put_bare(line, key, flag ? "true" : "false");
}

void audit_put_id(struct audit_line *line, const char *key, uint64_t id)
{
    char text[20];
    (void)snprintf(text, sizeof text, "%016llx", (unsigned long long)id); /* fits */
    audit_put(line, key, text);
}

void audit_put_peer(struct audit_line *line, const struct sm_peer *peer, const char *operator_name)
{
    audit_put(line, "operator", operator_name);
    audit_put_number(line, "uid", peer->uid);
    if (peer->loginuid != SM_ID_UNKNOWN)
        audit_put_number(line, "loginuid", peer->loginuid);
    if (peer->audit_session != SM_ID_UNKNOWN)
        audit_put_number(line, "audit_session", peer->audit_session);
    audit_put(line, "tty", peer->tty);
    audit_put(line, "program", peer->program);
    if (peer->pid > 0)
        audit_put_number(line, "pid", (uint64_t)peer->pid);
}

void audit_put_human(struct audit_line *line, const struct human *human)
{
    if (!human)
        return;
    audit_put(line, "human", human->user);
    audit_put(line, "login_service", human->service);
    audit_put(line, "login_tty", human->tty);
    audit_put(line, "login_rhost", human->rhost);
    audit_put_id(line, "login_session", human->login);
}

void audit_begin(struct audit_line *line, int64_t wall_ms, const char *event)
{
    time_t seconds = wall_ms / 1000;
    struct tm utc;
    char time[32] = "";
    if (gmtime_r(&seconds, &utc))
        (void)strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%S", &utc); /* fits until the year 9999 */
    int len = snprintf(line->data, sizeof line->data, "{\"time\":\"%s.%03dZ\",\"event\":\"%s\"",
                       time, (int)(wall_ms % 1000), event);
    line->len = (size_t)len; /* event is a literal of ours */
}

/* What makes a line of it.  The hash chain goes here: this is the only way to the file. */
static void seal(struct audit_line *line)
{
    put_raw(line, "}\n");
}

enum smcred_status audit_write(struct audit *audit, struct audit_line *line)
{
    char whole[AUDIT_LINE_MAX + 1];
    size_t head = audit->torn ? 1 : 0;
    ssize_t put;
    seal(line);
    whole[0] = '\n';
    memcpy(whole + head, line->data, line->len);
    do {
        put = write(audit->fd, whole, head + line->len);
    } while (put < 0 && errno == EINTR);
    if (put == (ssize_t)(head + line->len)) {
        audit->torn = false;
        return SMCRED_OK;
    }
    if (put > 0) {
        audit->torn = true;
        errno = ENOSPC; /* a regular file takes less for no other reason */
    }
    return SMCRED_SYSTEM;
}
