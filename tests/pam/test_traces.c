/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_traces.c - what a login leaves behind in sshd: no password in its memory, and no descriptor.
 */
#include "tests/pam/stack.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>

#define LINES                                                                                      \
    "auth required MODULE secret=x/%u\naccount required MODULE\nsession required MODULE\n"         \
    "password required MODULE secret=x/%u"

/* Written so that it stands nowhere in this program as it is typed. */
#define VEIL 0x55
static const unsigned char veiled[] = {'c' ^ VEIL, 'a' ^ VEIL, 'n' ^ VEIL, 'a' ^ VEIL, 'r' ^ VEIL,
                                       'y' ^ VEIL, '-' ^ VEIL, '7' ^ VEIL, 'f' ^ VEIL, '3' ^ VEIL,
                                       '-' ^ VEIL, 'p' ^ VEIL, 'a' ^ VEIL, 'm' ^ VEIL, '!' ^ VEIL};

/* Three times, one behind the other: what free(3) writes into a block hides its beginning. */
#define WORD_SIZE (3 * sizeof veiled + 1)
static void unveil(char *word)
{
    for (size_t i = 0; i < WORD_SIZE - 1; i++)
        word[i] = (char)(veiled[i % sizeof veiled] ^ VEIL);
    word[WORD_SIZE - 1] = '\0';
}

static size_t count_in(const unsigned char *bytes, size_t len)
{
    size_t found = 0;
    for (size_t at = 0; at + sizeof veiled <= len; at++) {
        size_t same = 0;
        while (same < sizeof veiled && (bytes[at + same] ^ VEIL) == veiled[same])
            same++;
        found += same == sizeof veiled;
    }
    return found;
}

/* How often the word stands in this process's writable memory, the keeper's stack aside. */
static size_t traces(const struct stack *stack)
{
    static unsigned char room[1 << 16];
    char line[512];
    size_t found = 0;
    FILE *maps = fopen("/proc/self/maps", "re");
    int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    assert_true(maps && memory >= 0);
    while (fgets(line, sizeof line, maps)) {
        unsigned long from, to;
        char rights[5];
        if (sscanf(line, "%lx-%lx %4s", &from, &to, rights) != 3 || rights[1] != 'w')
            continue;
        if ((uintptr_t)stack->keeper_stack - from < to - from)
            continue;
        for (unsigned long at = from; at < to; at += sizeof room - sizeof veiled) {
            size_t want = to - at < sizeof room ? to - at : sizeof room;
            ssize_t got = pread(memory, room, want, (off_t)at);
            if (got > 0)
                found += count_in(room, (size_t)got);
            explicit_bzero(room, sizeof room); /* it is in writable memory itself */
        }
    }
    (void)fclose(maps);
    (void)close(memory);
    return found;
}

static size_t descriptors(void)
{
    size_t count = 0;
    DIR *directory = opendir("/proc/self/fd");
    assert_non_null(directory);
    while (readdir(directory))
        count++;
    (void)closedir(directory);
    return count;
}

/* A whole life: in, and a new password; then the fixture forgets what it saw. */
static void log_in_and_out(struct stack *stack, char *word)
{
    unveil(word);
    for (int i = 0; i < 5; i++)
        stack->typed[i] = word;
    stack_start(stack, LINES);
    assert_int_equal(pam_authenticate(stack->pamh, 0), PAM_SUCCESS);
    assert_int_equal(pam_acct_mgmt(stack->pamh, 0), PAM_SUCCESS);
    assert_int_equal(pam_open_session(stack->pamh, 0), PAM_SUCCESS);
    assert_int_equal(pam_chauthtok(stack->pamh, PAM_CHANGE_EXPIRED_AUTHTOK), PAM_SUCCESS);
    assert_int_equal(pam_close_session(stack->pamh, 0), PAM_SUCCESS);
    assert_int_equal(stack->asked_count, 6);
    stack_end(stack);
    explicit_bzero(stack->asked, sizeof stack->asked);
    explicit_bzero(word, WORD_SIZE);
}

/* Its copies are its own, and AddressSanitizer's shadow is of terabytes. */
static bool is_watched(void)
{
#if defined(__SANITIZE_ADDRESS__)
    return true;
#else
    return sm_under_valgrind();
#endif
}

static void no_password_stays_in_memory(void **state)
{
    struct stack *stack = *state;
    char word[WORD_SIZE];
    if (is_watched()) {
        print_message("# skipped: not a search for valgrind or AddressSanitizer\n");
        return;
    }
    unveil(word);
    assert_true(traces(stack) > 0); /* the search sees */
    explicit_bzero(word, sizeof word);
    assert_int_equal(traces(stack), 0);
    log_in_and_out(stack, word);
    assert_int_equal(traces(stack), 0);
    stack_keeper_says(stack, (struct fake_answer){.status = SMCRED_DENIED});
    unveil(word);
    stack->typed[0] = word;
    stack_start(stack, LINES);
    assert_int_equal(pam_authenticate(stack->pamh, 0), PAM_AUTH_ERR);
    stack_end(stack);
    explicit_bzero(stack->asked, sizeof stack->asked);
    explicit_bzero(word, sizeof word);
    assert_int_equal(traces(stack), 0);
}

static void no_descriptor_stays_open(void **state)
{
    struct stack *stack = *state;
    char word[WORD_SIZE];
    log_in_and_out(stack, word);
    size_t before = descriptors();
    for (int i = 0; i < 50; i++)
        log_in_and_out(stack, word);
    for (int manner = 0; manner < FAKE_MANNER_COUNT; manner++) {
        stack_keeper_says(stack, (struct fake_answer){.manner = manner, .fd = STDIN_FILENO});
        stack_start(stack, LINES);
        (void)pam_acct_mgmt(stack->pamh, 0); /* whatever comes of it */
        stack_end(stack);
    }
    assert_int_equal(descriptors(), before);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, stack_set_up, stack_tear_down)
SM_TEST_MAIN(TEST(no_password_stays_in_memory), TEST(no_descriptor_stays_open))
