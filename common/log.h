/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * log.h - what programs say while they run.  Called by keeper, relay, server and tools; library
 * code returns instead.
 *
 * error: an operator must act.  warning: we served, degraded.  info: start, reload, stop.
 * debug: one line per request.
 */
#ifndef SM_LOG_H
#define SM_LOG_H

#include "common/bytes.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/*
 * Lines go to standard error, one write(2) each: "PROGRAM: LEVEL: text", or with journald's "<N>"
 * priority prefix when $JOURNAL_STREAM is set.  Call once, before the first line.
 */
void log_open(const char *program, enum log_level level);
/* "error", "warning", "info", "debug"; false for anything else. */
bool log_level_parse(const char *text, enum log_level *out_level);

void log_error(const char *format, ...) SM_PRINTF(1, 2);
void log_warning(const char *format, ...) SM_PRINTF(1, 2);
void log_info(const char *format, ...) SM_PRINTF(1, 2);
void log_debug(const char *format, ...) SM_PRINTF(1, 2);

/*
 * Text from outside, made safe for a log line or a terminal: quoted, control and non-ASCII bytes as
 * \xNN, at most 200 bytes of it.  Valid until the fourth next call in this thread.
 */
const char *log_quote(const char *text);
const char *log_quote_bytes(struct sm_bytes text);

#endif
