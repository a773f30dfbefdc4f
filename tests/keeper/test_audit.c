/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_audit.c - what is put into a line comes out as one line of JSON, whatever it was. */
#include "tests/lib/sm_test.h"

#include <cjson/cJSON.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "keeper/audit.h"

static char directory[32], path[64];

static int make_directory(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/smcred-audit-XXXXXX");
    if (!mkdtemp(directory))
        return -1;
    (void)snprintf(path, sizeof path, "%s/audit.jsonl", directory);
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(directory);
}

static size_t read_log(char *buffer, size_t size)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t len = fread(buffer, 1, size - 1, file);
    buffer[len] = '\0';
    (void)fclose(file);
    return len;
}

static void escapes_what_json_cannot_hold(void **state)
{
    (void)state;
    struct audit_line line;
    struct audit *audit;
    struct sm_error err;
    char text[4096];
    assert_int_equal(audit_new(path, &audit, &err), SMCRED_OK);
    audit_begin(&line, 1795252673123, "decision");
    audit_put(&line, "text", "a\"b\\c\nd\x01\x7f\xff\xc3\xa9\xed\xa0\x80 \"}\n{\"event\":\"forged");
    audit_put_number(&line, "bytes", UINT64_MAX);
    audit_put_id(&line, "id", 0x1234abcd);
    audit_put(&line, "empty", "");
    audit_put(&line, "missing", NULL);
    assert_int_equal(audit_write(audit, &line), SMCRED_OK);
    audit_free(audit);
    size_t len = read_log(text, sizeof text);
    assert_ptr_equal(strchr(text, '\n'), text + len - 1);
    cJSON *object = cJSON_Parse(text);
    assert_non_null(object);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(object, "event")), "decision");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(object, "time")),
                        "2026-11-21T09:17:53.123Z");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(object, "id")),
                        "000000001234abcd");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(object, "text")),
                        "a\"b\\c\nd\x01\x7f\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
                        " \"}\n{\"event\":\"forged");
    assert_null(cJSON_GetObjectItem(object, "empty"));
    cJSON_Delete(object);
}

static void cuts_so_that_every_line_fits(void **state)
{
    (void)state;
    struct audit_line line;
    struct audit *audit;
    struct sm_error err;
    static char long_text[100000], text[AUDIT_LINE_MAX + 16];
    memset(long_text, '\n', sizeof long_text - 1);
    assert_int_equal(audit_new(path, &audit, &err), SMCRED_OK);
    audit_begin(&line, 0, "x");
    for (int i = 0; i < 50; i++)
        audit_put(&line, "key", long_text);
    assert_int_equal(audit_write(audit, &line), SMCRED_OK);
    audit_free(audit);
    size_t len = read_log(text, sizeof text);
    assert_in_range(len, 3000, AUDIT_LINE_MAX);
    cJSON *object = cJSON_Parse(text);
    assert_non_null(object);
    cJSON_Delete(object);
}

static void appends_and_keeps_others_out(void **state)
{
    (void)state;
    struct audit_line line;
    struct audit *audit;
    struct sm_error err;
    struct stat about;
    char text[1024], moved[80];
    assert_int_equal(audit_new(path, &audit, &err), SMCRED_OK);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 07027, 0);
    audit_begin(&line, 0, "one");
    assert_int_equal(audit_write(audit, &line), SMCRED_OK);
    (void)snprintf(moved, sizeof moved, "%s.1", path);
    assert_int_equal(rename(path, moved), 0);
    assert_int_equal(audit_reopen(audit, path, &err), SMCRED_OK);
    audit_begin(&line, 0, "two");
    assert_int_equal(audit_write(audit, &line), SMCRED_OK);
    audit_free(audit);
    (void)read_log(text, sizeof text);
    assert_null(strstr(text, "one"));
    assert_non_null(strstr(text, "two"));
    assert_int_equal(unlink(moved), 0);
}

static void says_when_the_disk_is_full(void **state)
{
    (void)state;
    struct audit_line line;
    struct audit *audit;
    struct sm_error err;
    assert_int_equal(audit_new("/dev/full", &audit, &err), SMCRED_INVALID); /* no file at all */
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    (void)close(fd);
    assert_int_equal(audit_new(path, &audit, &err), SMCRED_OK);
    /* Its descriptor becomes /dev/full: the lowest one free after ours was taken. */
    int full = open("/dev/full", O_WRONLY);
    assert_int_equal(dup2(full, full - 1), full - 1);
    audit_begin(&line, 0, "lost");
    errno = 0;
    assert_int_equal(audit_write(audit, &line), SMCRED_SYSTEM);
    assert_int_equal(errno, ENOSPC);
    (void)close(full);
    audit_free(audit);
}

SM_TEST_MAIN(
    cmocka_unit_test_setup_teardown(escapes_what_json_cannot_hold, make_directory,
                                    remove_directory),
    cmocka_unit_test_setup_teardown(cuts_so_that_every_line_fits, make_directory, remove_directory),
    cmocka_unit_test_setup_teardown(appends_and_keeps_others_out, make_directory, remove_directory),
    cmocka_unit_test_setup_teardown(says_when_the_disk_is_full, make_directory, remove_directory))
