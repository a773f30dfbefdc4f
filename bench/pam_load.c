/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pam_load.c - logins by services of PAM, without a program such as sshd around them.
 *
 * usage: pam_load DIRECTORY USER ROUNDS SERVICE... < password
 *
 * DIRECTORY holds the services.  One login by each to warm up, then ROUNDS by all of them in turns;
 * prints for each, in their order, the median in ms of pam_authenticate() with a session opened and
 * closed, and of that session alone; a login that fails ends the run with status 1.
 */
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SERVICES_MAX = 8, ROUNDS_MAX = 100000, PASSWORD_MAX = 512 };

static int type(int count, const struct pam_message **messages, struct pam_response **answers,
                void *password)
{
    *answers = calloc((size_t)count, sizeof **answers);
    if (!*answers)
        return PAM_BUF_ERR;
    for (int i = 0; i < count; i++)
        if (messages[i]->msg_style == PAM_PROMPT_ECHO_OFF)
            (*answers)[i].resp = strdup(password); /* NULL is an answer, too */
    return PAM_SUCCESS;
}

static void no_delay(int status, unsigned us, void *context)
{
    (void)status;
    (void)us;
    (void)context;
}

static pam_handle_t *start(const char *directory, const char *service, const char *user,
                           const struct pam_conv *conversation)
{
    void (*delay)(int, unsigned, void *) = no_delay;
    const void *item;
    pam_handle_t *pamh = NULL;
    memcpy(&item, &delay, sizeof item); /* as pam_set_item() has it */
    if (pam_start_confdir(service, user, conversation, directory, &pamh) != PAM_SUCCESS ||
        pam_set_item(pamh, PAM_RHOST, "127.0.0.1") != PAM_SUCCESS ||
        pam_set_item(pamh, PAM_TTY, "ssh") != PAM_SUCCESS ||
        pam_set_item(pamh, PAM_FAIL_DELAY, item) != PAM_SUCCESS) {
        (void)fprintf(stderr, "pam_load: %s: no such service\n", service);
        exit(1);
    }
    return pamh;
}

struct took {
    double login_ms[ROUNDS_MAX];
    double session_ms[ROUNDS_MAX];
};

static double now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail */
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void need(pam_handle_t *pamh, const char *service, int code)
{
    if (code == PAM_SUCCESS)
        return;
    (void)fprintf(stderr, "pam_load: %s: %s\n", service, pam_strerror(pamh, code));
    exit(1);
}

static void time_login(pam_handle_t *pamh, const char *service, struct took *took, size_t round)
{
    double begun = now_ms();
    need(pamh, service, pam_authenticate(pamh, 0));
    double known = now_ms();
    need(pamh, service, pam_open_session(pamh, 0));
    need(pamh, service, pam_close_session(pamh, 0));
    double gone = now_ms();
    took->login_ms[round] = gone - begun;
    took->session_ms[round] = gone - known;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, ascending);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

static void compare(const char *directory, const char *user, size_t rounds, char **services,
                    const struct pam_conv *conversation)
{
    static struct took took[SERVICES_MAX];
    for (size_t turn = 0; turn <= rounds; turn++) /* the first is overwritten by the second */
        for (size_t i = 0; i < SERVICES_MAX && services[i]; i++) {
            pam_handle_t *pamh = start(directory, services[i], user, conversation);
            time_login(pamh, services[i], &took[i], turn ? turn - 1 : 0);
            (void)pam_end(pamh, PAM_SUCCESS); /* nothing is to be done about it */
        }
    for (size_t i = 0; i < SERVICES_MAX && services[i]; i++)
        printf("%.3f %.3f\n", median(took[i].login_ms, rounds), median(took[i].session_ms, rounds));
}

int main(int argc, char **argv)
{
    char password[PASSWORD_MAX];
    const struct pam_conv conversation = {type, password};
    size_t rounds = argc > 4 ? strtoul(argv[3], NULL, 10) : 0;
    if (rounds == 0 || rounds > ROUNDS_MAX || !fgets(password, sizeof password, stdin)) {
        (void)fprintf(stderr, "usage: pam_load DIRECTORY USER ROUNDS SERVICE...\n");
        return 2;
    }
    password[strcspn(password, "\n")] = '\0';
    compare(argv[1], argv[2], rounds, argv + 4, &conversation);
    explicit_bzero(password, sizeof password);
    return 0;
}
