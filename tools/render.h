/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * render.h - JSON rows as a table for people.
 *
 * Nothing from outside reaches a terminal as it is: control bytes are shown as \xNN.
 */
#ifndef TOOLS_RENDER_H
#define TOOLS_RENDER_H

#include "tools/document.h"

struct render_column {
    const char *title;  /* NULL ends a list */
    const char *member; /* of each row */
};

/* Prints `rows`, an array of objects, one line each under a line of titles. */
void render_table(const struct tool_context *ctx, const cJSON *rows,
                  const struct render_column *columns);

/*
 * Prints an object whose members we do not all know: single values first, "name  value", then each
 * array of objects as a table of its own members, and nested objects.  What is empty is left out.
 */
void render_object(const struct tool_context *ctx, const cJSON *object);

/* Prints text with control bytes shown.  Returns the columns it took. */
int render_text(FILE *out, const char *text);

#endif
