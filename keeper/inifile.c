/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * inifile.c - libinih over bytes in memory, with lines counted and nothing passed over.
 */
#include "keeper/inifile.h"

#include <fcntl.h>
#include <ini.h>
#include <stdio.h>
#include <sys/stat.h>

#define BLANKS " \t\r\f\v"

struct parse {
    const struct inifile_reader *reader;
    struct inifile_place place;
    const char *at, *end;
    bool skip; /* settings of a section whose name was not understood */
};

static void complain(struct parse *parse, const char *text)
{
    parse->reader->problem(parse->reader->arg, &parse->place, text);
}

/* "[target orders] ; comment": libinih would cut the name at 49 bytes and ignore what follows. */
static void read_section(struct parse *parse, const char *line)
{
    char name[INIFILE_SECTION_MAX];
    const char *close = strchr(line, ']');
    parse->skip = true;
    if (!close) {
        complain(parse, "a section's name ends with ']'");
        return;
    }
    const char *start = line + 1 + strspn(line + 1, BLANKS);
    size_t len = (size_t)(close - start);
    const char *rest = close + 1 + strspn(close + 1, BLANKS "\n");
    if (start > close)
        len = 0;
    while (len > 0 && strchr(BLANKS, start[len - 1]))
        len--;
    if (*rest != '\0' && *rest != ';' && *rest != '#') {
        complain(parse, "text behind a section's ']'");
    } else if (len == 0 || len >= sizeof name) {
        complain(parse, len == 0 ? "a section without a name" : "a section's name is too long");
    } else {
        memcpy(name, start, len);
        name[len] = '\0';
        parse->skip = false;
        parse->reader->section(parse->reader->arg, &parse->place, name);
    }
}

/* A line that is neither section, comment nor setting; libinih tells only the first one of a file.
 */
static bool is_setting(const char *line)
{
    return strpbrk(line, "=:") != NULL && *line != '=' && *line != ':';
}

static void blank(char *line)
{
    line[0] = '\n';
    line[1] = '\0';
}

/*
 * fgets() for libinih.  Leading blanks go, since libinih takes an indented line for more of the
 * setting before it; a line that does not fit is reported and becomes an empty one.
 */
static char *next_line(char *line, int size, void *arg)
{
    struct parse *parse = arg;
    if (parse->at == parse->end)
        return NULL;
    const char *newline = memchr(parse->at, '\n', (size_t)(parse->end - parse->at));
    const char *stop = newline ? newline : parse->end;
    const char *start = parse->at;
    parse->at = newline ? newline + 1 : parse->end;
    parse->place.line++;
    while (start < stop && strchr(BLANKS, *start) && *start != '\0')
        start++;
    size_t len = (size_t)(stop - start);
    if (memchr(start, '\0', len)) {
        complain(parse, "a NUL byte");
        len = 0;
    } else if (len > (size_t)size - 3) {
        char text[80];
        (void)snprintf(text, sizeof text,
                       "a line longer than %d bytes; a list may go on in the next", size - 3);
        complain(parse, text);
        len = 0;
    }
    memcpy(line, start, len);
    memcpy(line + len, "\n", 2);
    if (*line == '[') {
        read_section(parse, line);
        blank(line); /* libinih needs no section */
    } else if (len > 0 && *line != ';' && *line != '#' && !is_setting(line)) {
        complain(parse, "neither [section] nor key = value");
        blank(line);
    }
    return line;
}

static int take_setting(void *arg, const char *section, const char *key, const char *value)
{
    struct parse *parse = arg;
    (void)section; /* see read_section() */
    if (!parse->skip)
        parse->reader->setting(parse->reader->arg, &parse->place, key, value);
    return 1;
}

void inifile_parse(const char *file, struct sm_bytes text, const struct inifile_reader *reader)
{
    struct parse parse = {.reader = reader, .place = {file, 0}, .at = text.data};
    if (text.len == 0)
        return;
    parse.end = parse.at + text.len;
    int line = ini_parse_stream(next_line, &parse, take_setting, &parse);
    if (line != 0) { /* what is_setting() let pass and libinih does not take */
        parse.place.line = line > 0 ? line : 0;
        complain(&parse, line > 0 ? "neither [section] nor key = value" : "cannot be parsed");
    }
}

const char *inifile_distrust(const struct stat *about, mode_t kind, uid_t owner)
{
    if ((about->st_mode & S_IFMT) != kind)
        return kind == S_IFDIR ? "is not a directory" : "is not a regular file";
    if (about->st_uid != 0 && about->st_uid != owner)
        return "does not belong to root";
    if (about->st_mode & (S_IWGRP | S_IWOTH))
        return "can be written by group or others";
    return NULL;
}

/* The whole file; NULL with *out_why otherwise. */
static char *read_all(int fd, size_t size, size_t *out_len, const char **out_why)
{
    sm_autofree char *text = malloc(size + 1);
    size_t len = 0;
    while (text && len < size) {
        ssize_t got = read(fd, text + len, size - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            *out_why = strerror(errno);
            return NULL;
        }
        if (got == 0)
            break;
        len += (size_t)got;
    }
    if (!text) {
        *out_why = strerror(ENOMEM);
        return NULL;
    }
    *out_len = len;
    return sm_take_ptr(&text);
}

void inifile_load(const char *path, uid_t owner, const struct inifile_reader *reader)
{
    struct inifile_place place = {path, 0};
    struct stat about;
    size_t len = 0;
    const char *why = NULL;
    /* O_NONBLOCK: a FIFO must not hold us up before it is refused. */
    sm_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &about) != 0) {
        reader->problem(reader->arg, &place, strerror(errno));
        return;
    }
    why = inifile_distrust(&about, S_IFREG, owner);
    if (!why && about.st_size > INIFILE_SIZE_MAX)
        why = "is larger than 1 MiB";
    sm_autofree char *text = why ? NULL : read_all(fd, (size_t)about.st_size, &len, &why);
    if (why)
        reader->problem(reader->arg, &place, why);
    else
        inifile_parse(path, sm_bytes(text, len), reader);
}
