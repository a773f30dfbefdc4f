/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_log.c - one line per call, at its level, and no text from outside breaks out of it. */
#include "tests/lib/sm_test.h"

#include <fcntl.h>
#include <stdio.h>

#include "common/log.h"

static int pipe_fds[2], saved_stderr;

static int set_up(void **state)
{
    (void)state;
    (void)unsetenv("JOURNAL_STREAM");
    saved_stderr = dup(STDERR_FILENO);
    return saved_stderr < 0 || pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) != 0 ||
           dup2(pipe_fds[1], STDERR_FILENO) < 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)dup2(saved_stderr, STDERR_FILENO);
    sm_close_fd(&saved_stderr);
    sm_close_fd(&pipe_fds[0]);
    sm_close_fd(&pipe_fds[1]);
    return 0;
}

/* What was written since last time. */
static const char *written(void)
{
    static char text[8192];
    ssize_t len = read(pipe_fds[0], text, sizeof text - 1);
    text[len > 0 ? len : 0] = '\0';
    return text;
}

static void lines_name_program_and_level(void **state)
{
    (void)state;
    log_open("smcredd", LOG_LEVEL_INFO);
    log_error("a %d", 1);
    log_warning("b");
    log_info("c");
    log_debug("d");
    assert_string_equal(written(), "smcredd: error: a 1\nsmcredd: warning: b\nsmcredd: info: c\n");
}

static void the_journal_gets_priorities(void **state)
{
    (void)state;
    assert_int_equal(setenv("JOURNAL_STREAM", "1:2", 1), 0);
    log_open("smcredd", LOG_LEVEL_DEBUG);
    log_error("a");
    log_debug("b");
    assert_string_equal(written(), "<3>a\n<7>b\n");
}

static void a_long_line_is_cut_and_ended(void **state)
{
    (void)state;
    char text[5000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    log_open("smcredd", LOG_LEVEL_INFO);
    errno = ERANGE;
    log_info("%s", text);
    assert_int_equal(errno, ERANGE);
    const char *line = written();
    assert_in_range(strlen(line), 1000, 2048);
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
}

static void outside_text_is_quoted_and_harmless(void **state)
{
    (void)state;
    char text[500];
    assert_string_equal(log_quote("plain"), "\"plain\"");
    assert_string_equal(log_quote("a\nb\"c\\d\x1b[2J\xc3\xa4"),
                        "\"a\\x0ab\\x22c\\x5cd\\x1b[2J\\xc3\\xa4\"");
    assert_string_equal(log_quote_bytes(sm_bytes("a\0b", 3)), "\"a\\x00b\"");
    assert_string_equal(log_quote_bytes(sm_bytes(NULL, 0)), "\"\"");
    memset(text, '\n', sizeof text);
    const char *quoted = log_quote_bytes(sm_bytes(text, sizeof text));
    assert_int_equal(strlen(quoted), 200 * 4 + 5);
    assert_string_equal(quoted + strlen(quoted) - 4, "...\"");
}

static void four_quotes_live_side_by_side(void **state)
{
    (void)state;
    const char *one = log_quote("1"), *two = log_quote("2"), *three = log_quote("3"),
               *four = log_quote("4");
    assert_string_equal(one, "\"1\"");
    assert_string_equal(two, "\"2\"");
    assert_string_equal(three, "\"3\"");
    assert_string_equal(four, "\"4\"");
}

static void levels_have_their_names(void **state)
{
    (void)state;
    enum log_level level = LOG_LEVEL_ERROR;
    assert_true(log_level_parse("debug", &level));
    assert_int_equal(level, LOG_LEVEL_DEBUG);
    assert_false(log_level_parse("DEBUG", &level));
    assert_false(log_level_parse("", &level));
    assert_int_equal(level, LOG_LEVEL_DEBUG);
}

#define CAPTURED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
SM_TEST_MAIN(CAPTURED(lines_name_program_and_level), CAPTURED(the_journal_gets_priorities),
             CAPTURED(a_long_line_is_cut_and_ended),
             cmocka_unit_test(outside_text_is_quoted_and_harmless),
             cmocka_unit_test(four_quotes_live_side_by_side),
             cmocka_unit_test(levels_have_their_names))
