/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * inifile.h - one INI file as a stream of sections and settings, each with its file and line.
 *
 * Called by config.c.  libinih does the splitting; this layer adds what a security configuration
 * needs: whose file it is, the line of every event, and an error for what libinih passes over in
 * silence (cut lines, long section names, text behind a section's bracket, indented lines).
 */
#ifndef KEEPER_INIFILE_H
#define KEEPER_INIFILE_H

#include <sys/types.h>

#include "common/bytes.h"

#define INIFILE_SIZE_MAX    (1 << 20) /* bytes of one file */
#define INIFILE_SECTION_MAX 96        /* bytes of a section's name, NUL included */

struct inifile_place {
    const char *file;
    int line; /* 0: the file as a whole */
};

/* All are called in the file's order, with texts that are borrowed for the call. */
struct inifile_reader {
    void *arg;
    void (*section)(void *arg, const struct inifile_place *place, const char *section);
    void (*setting)(void *arg, const struct inifile_place *place, const char *key,
                    const char *value);
    void (*problem)(void *arg, const struct inifile_place *place, const char *text);
};

/* Parses `text`; `file` is its name in messages. */
void inifile_parse(const char *file, struct sm_bytes text, const struct inifile_reader *reader);

/*
 * Reads and parses the file at `path`.  What is not a regular file of root or of `owner`, or can be
 * written by group or others, is a problem and is not read.
 */
void inifile_load(const char *path, uid_t owner, const struct inifile_reader *reader);

/*
 * Why a file or directory with this state must not be believed, or NULL.
 *   kind  S_IFREG or S_IFDIR
 */
struct stat;
const char *inifile_distrust(const struct stat *about, mode_t kind, uid_t owner);

#endif
