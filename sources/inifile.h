/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * inifile.h - secrets written as INI, turned into the JSON they stand for.
 *
 *   [prod/orders/db]
 *   username = app
 *   password = it's # literal ; to the end of the line
 *   [prod/orders/db AWSPREVIOUS]
 *   password = older
 *
 * A line that starts with '#' or ';' is a comment; nothing after a value is, since a password may
 * hold any sign.  Blanks around a value go.
 */
#ifndef SM_SOURCES_INIFILE_H
#define SM_SOURCES_INIFILE_H

#include "sources/json.h"

/*
 * {"prod/orders/db": {"AWSCURRENT": {"username": ...}, "AWSPREVIOUS": {...}}}
 * Free with json_free().  NULL if a line makes no sense (out_line says which) or for want of
 * memory.
 */
cJSON *ini_file_parse(struct sm_bytes text, size_t *out_line);

#endif
