/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * line.h - what a server or its library says, which may have lines, as one line of ours.
 */
#ifndef ROTATE_LINE_H
#define ROTATE_LINE_H

#include <stddef.h>

/*
 * Each run of blanks and control characters becomes one blank; what does not fit is left out.
 *   size  of `out`, 1 or more
 */
void line_write(char *out, size_t size, const char *message);

#endif
