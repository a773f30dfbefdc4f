/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pam_entries.c - how long every entry point of services of PAM takes while a keeper says nothing.
 *
 * usage: pam_entries DIRECTORY USER DEADLINE_MS SERVICE...
 *
 * DIRECTORY holds the services.  Opens a session by each, says "open", and waits for a line on
 * stdin; meanwhile t_pam_deadline.sh takes the keeper away.  Then every entry point of every
 * service is called, all at once, each in a child with a copy of the handle, as closing a session
 * needs one that is open.  Prints "SERVICE ENTRY CODE MS" for each.  One that took longer than the
 * deadline and its slack is called again, alone: a busy machine is not slow three times.  After
 * three that were late for good, nothing is called again.
 */
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SERVICES_MAX = 32, SLACK_MS = 500, TRIES = 3, LATE_MAX = 3 };

struct result {
    int code;
    long took_ms;
};

/* ---- the entry points ---- */

static int authenticate(pam_handle_t *pamh)
{
    return pam_authenticate(pamh, 0);
}

static int setcred(pam_handle_t *pamh)
{
    return pam_setcred(pamh, PAM_ESTABLISH_CRED);
}

static int acct_mgmt(pam_handle_t *pamh)
{
    return pam_acct_mgmt(pamh, 0);
}

static int open_session(pam_handle_t *pamh)
{
    return pam_open_session(pamh, 0);
}

static int close_session(pam_handle_t *pamh)
{
    return pam_close_session(pamh, 0);
}

/* By root, whom nobody asks for the old one; and at a login with an expired one. */
static int chauthtok(pam_handle_t *pamh)
{
    return pam_chauthtok(pamh, 0);
}

static int chauthtok_expired(pam_handle_t *pamh)
{
    return pam_chauthtok(pamh, PAM_CHANGE_EXPIRED_AUTHTOK);
}

static const struct entry {
    const char *name;
    int (*call)(pam_handle_t *pamh);
} entries[] = {
    {"authenticate", authenticate},   {"setcred", setcred},
    {"acct_mgmt", acct_mgmt},         {"open_session", open_session},
    {"close_session", close_session}, {"chauthtok", chauthtok},
    {"expired", chauthtok_expired},
};
#define ENTRIES (sizeof entries / sizeof entries[0])

static const char *name_of(int code)
{
    static const struct {
        int code;
        const char *name;
    } names[] = {
        {PAM_SUCCESS, "SUCCESS"},         {PAM_AUTHINFO_UNAVAIL, "AUTHINFO_UNAVAIL"},
        {PAM_SESSION_ERR, "SESSION_ERR"}, {PAM_TRY_AGAIN, "TRY_AGAIN"},
        {PAM_AUTHTOK_ERR, "AUTHTOK_ERR"},
    };
    static char other[16];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].code == code)
            return names[i].name;
    (void)snprintf(other, sizeof other, "%d", code);
    return other;
}

/* ---- an application ---- */

static int type(int count, const struct pam_message **messages, struct pam_response **answers,
                void *context)
{
    (void)context;
    *answers = calloc((size_t)count, sizeof **answers);
    if (!*answers)
        return PAM_BUF_ERR;
    for (int i = 0; i < count; i++)
        if (messages[i]->msg_style == PAM_PROMPT_ECHO_OFF)
            (*answers)[i].resp = strdup("Typed-Password-1"); /* NULL is an answer, too */
    return PAM_SUCCESS;
}

static void no_delay(int status, unsigned us, void *context)
{
    (void)status, (void)us, (void)context;
}

static pam_handle_t *start(const char *directory, const char *service, const char *user)
{
    static const struct pam_conv conversation = {type, NULL};
    void (*delay)(int, unsigned, void *) = no_delay;
    const void *item;
    pam_handle_t *pamh = NULL;
    memcpy(&item, &delay, sizeof item); /* as pam_set_item() has it */
    int code = pam_start_confdir(service, user, &conversation, directory, &pamh);
    if (code == PAM_SUCCESS)
        code = pam_set_item(pamh, PAM_FAIL_DELAY, item);
    if (code == PAM_SUCCESS)
        code = pam_open_session(pamh, 0);
    if (code == PAM_SUCCESS)
        return pamh;
    (void)fprintf(stderr, "pam_entries: %s: %s\n", service, pam_strerror(pamh, code));
    exit(1);
}

/* ---- children, and what they report ---- */

static long now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail */
    return (long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The end of a pipe that the child's result comes out of. */
static int call_in_child(const struct entry *entry, pam_handle_t *pamh)
{
    int ends[2];
    if (pipe(ends) != 0) {
        perror("pam_entries: pipe");
        exit(1);
    }
    pid_t child = fork();
    if (child == 0) {
        long begun_ms = now_ms();
        struct result result = {.code = entry->call(pamh)};
        result.took_ms = now_ms() - begun_ms;
        _exit(write(ends[1], &result, sizeof result) == sizeof result ? 0 : 1);
    }
    (void)close(ends[1]);
    if (child > 0)
        return ends[0];
    perror("pam_entries: fork");
    exit(1);
}

static struct result result_of(int end)
{
    struct result result = {.code = -1, .took_ms = -1}; /* it has crashed */
    if (read(end, &result, sizeof result) != sizeof result)
        result.code = -1;
    (void)close(end);
    (void)wait(NULL);
    return result;
}

/* As it was, or as it is alone. */
static struct result in_time_or_again(struct result result, const struct entry *entry,
                                      pam_handle_t *pamh, long limit_ms)
{
    static int late;
    for (int tries = 1; tries < TRIES && late < LATE_MAX && result.took_ms > limit_ms; tries++)
        result = result_of(call_in_child(entry, pamh));
    late += result.took_ms > limit_ms;
    return result;
}

int main(int argc, char **argv)
{
    static pam_handle_t *handles[SERVICES_MAX];
    static int ends[SERVICES_MAX][ENTRIES];
    char line[8];
    int count = argc - 4;
    long limit_ms = count > 0 ? strtol(argv[3], NULL, 10) + SLACK_MS : 0;
    if (count < 1 || count > SERVICES_MAX) {
        (void)fprintf(stderr, "usage: pam_entries DIRECTORY USER DEADLINE_MS SERVICE...\n");
        return 2;
    }
    for (int i = 0; i < count; i++)
        handles[i] = start(argv[1], argv[4 + i], argv[2]);
    (void)puts("open");
    (void)fflush(stdout);
    if (!fgets(line, sizeof line, stdin))
        return 1;
    for (int i = 0; i < count; i++)
        for (size_t e = 0; e < ENTRIES; e++)
            ends[i][e] = call_in_child(&entries[e], handles[i]);
    for (int i = 0; i < count; i++)
        for (size_t e = 0; e < ENTRIES; e++) {
            struct result result =
                in_time_or_again(result_of(ends[i][e]), &entries[e], handles[i], limit_ms);
            printf("%s %s %s %ld\n", argv[4 + i], entries[e].name, name_of(result.code),
                   result.took_ms);
        }
    return 0; /* without pam_end(), which would tell a keeper that the sessions are over */
}
