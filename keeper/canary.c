/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * canary.c - plays a client that says who it is and leaves when it is in.
 */
#include "keeper/canary.h"

#include <stdio.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "keeper/audit.h"
#include "keeper/session.h"

/*
 * What it says, without listening: that it is there, and that it leaves.  No user, so the
 * target's own.
 */
struct words {
    struct sm_bytes hello, goodbye;
};
#define WORDS(text)                                                                                \
    {                                                                                              \
        text, sizeof text - 1                                                                      \
    }

/* Protocol 3.0; Terminate. */
static const struct words postgres_words = {
    WORDS("\0\0\0\x21\0\x03\0\0application_name\0canary\0\0"), WORDS("X\0\0\0\x04")};
/* A response to a greeting, whatever is in it: no plug-in of its own, so it is not switched to
 * another one; COM_QUIT. */
static const struct words mysql_words = {
    WORDS(
        "\x22\0\0\x01\x01\x82\0\0\0\0\0\x01\x2d\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
    WORDS("\x01\0\0\0\x01")};

static const struct words redis_words = {WORDS("*1\r\n$4\r\nPING\r\n"),
                                         WORDS("*1\r\n$4\r\nQUIT\r\n")};

static const struct words *words_of(uint32_t engine)
{
    switch ((enum index_engine)engine) {
    case INDEX_POSTGRES:
        break;
    case INDEX_MYSQL:
        return &mysql_words;
    case INDEX_REDIS:
        return &redis_words;
    }
    return &postgres_words;
}

struct canary {
    canary_done *done; /* NULL: nobody waits any more */
    void *arg;
    int client_fd;
    int64_t began_ms;
    bool told;
    enum smcred_status status;
    char text[SM_ERROR_TEXT_MAX];
};

/* One target that is to be proven by itself. */
struct wanted {
    struct wanted *next;
    struct keeper *keeper;
    char *target;
    char *version_id; /* that came */
};

struct canaries {
    struct wanted *first;   /* for the next tick */
    struct wanted *started; /* on their way */
};

enum smcred_status canaries_new(struct canaries **out_canaries)
{
    *out_canaries = calloc(1, sizeof **out_canaries);
    return *out_canaries ? SMCRED_OK : SMCRED_NO_MEMORY;
}

static void free_wanted(struct wanted *wanted)
{
    free(wanted->target);
    free(wanted->version_id);
    free(wanted);
}

static void free_list(struct wanted *wanted)
{
    while (wanted) {
        struct wanted *next = wanted->next;
        free_wanted(wanted);
        wanted = next;
    }
}

void canaries_free(struct canaries *canaries)
{
    if (!canaries)
        return;
    free_list(canaries->first);
    free_list(canaries->started);
    free(canaries);
}

/* ---- one login ---- */

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

static void tell(struct canary *canary, enum smcred_status status, const struct session *session)
{
    struct canary_result result = {
        .status = status, .took_ms = sm_boot_ms() - canary->began_ms, .text = canary->text};
    result.version_id = session ? or_empty(session->version_id) : "";
    result.user = session ? or_empty(session->user) : "";
    result.stage = session ? session->stage : "";
    result.endpoint = session ? session->endpoint : "";
    result.attempt = session ? session->attempt : 0;
    canary_done *done = canary->done;
    canary->done = NULL;
    canary->told = true;
    if (done)
        done(canary->arg, &result);
}

void canary_logged_in(struct canary *canary, const struct session *session)
{
    const struct sm_bytes goodbye = words_of(session->engine)->goodbye;
    if (send(canary->client_fd, goodbye.data, goodbye.len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        log_debug("a canary leaves without a word");
    sm_close_fd(&canary->client_fd);
    canary->text[0] = '\0';
    tell(canary, SMCRED_OK, session);
}

void canary_refused(struct canary *canary, enum smcred_status status, const char *text)
{
    canary->status = status;
    (void)snprintf(canary->text, sizeof canary->text, "%s", text); /* may be cut */
}

void canary_ended(struct canary *canary, const struct session *session)
{
    if (!canary->told)
        tell(canary, canary->status, session);
    sm_close_fd(&canary->client_fd);
    free(canary);
}

void canary_forget(struct canary *canary)
{
    if (canary)
        canary->done = NULL;
}

/* Nobody but us. */
static struct sm_peer ourselves(void)
{
    struct sm_peer peer = {.pid = getpid(),
                           .uid = getuid(),
                           .gid = getgid(),
                           .loginuid = SM_ID_UNKNOWN,
                           .audit_session = SM_ID_UNKNOWN,
                           .pidfd = -1};
    (void)snprintf(peer.program, sizeof peer.program, "smcredd");
    return peer;
}

void canary_start(struct keeper *keeper, const struct config_target *target, canary_done *done,
                  void *arg, struct canary **out_canary)
{
    int pair[2] = {-1, -1};
    struct sm_peer peer = ourselves();
    struct canary *canary = calloc(1, sizeof *canary);
    const struct sm_bytes hello = words_of(target->engine)->hello;
    *out_canary = canary;
    if (!canary || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0 ||
        send(pair[0], hello.data, hello.len, MSG_NOSIGNAL) != (ssize_t)hello.len) {
        done(arg, &(struct canary_result){SMCRED_SYSTEM, "", "", "", "", 0, 0,
                                          "the keeper is short of memory or descriptors"});
        sm_close_fd(&pair[0]);
        sm_close_fd(&pair[1]);
        free(canary);
        return;
    }
    *canary =
        (struct canary){.done = done, .arg = arg, .client_fd = pair[0], .began_ms = sm_boot_ms()};
    canary_refused(canary, SMCRED_UNAVAILABLE, "the login broke off");
    sessions_start_canary(keeper->sessions, target, &peer, pair[1], canary);
}

/* ---- by itself ---- */

static void alarm_of(const struct wanted *wanted, const struct canary_result *result)
{
    struct audit_line line;
    char text[SM_ERROR_TEXT_MAX];
    bool other = result->status == SMCRED_OK;
    (void)snprintf(text, sizeof text, "version %.64s of target %.64s does not log in: %.300s",
                   wanted->version_id, wanted->target,
                   other ? "another one does, and goes on serving" : result->text);
    log_error("alarm: %s", text);
    audit_begin(&line, sm_wall_ms(), "alarm");
    audit_put(&line, "target", wanted->target);
    audit_put(&line, "version", wanted->version_id);
    audit_put(&line, "proven", other ? result->version_id : NULL);
    audit_put(&line, "endpoint", result->endpoint);
    audit_put(&line, "text", text);
    if (!keeper_audit(wanted->keeper, &line))
        log_error("the alarm is not in the audit log");
}

static void on_proven(void *arg, const struct canary_result *result)
{
    struct wanted *wanted = arg;
    struct wanted **at = &wanted->keeper->canaries->started;
    if (result->status == SMCRED_OK && strcmp(result->version_id, wanted->version_id) == 0)
        log_info("target=%s version=%s is proven, after %lld ms", wanted->target,
                 wanted->version_id, (long long)result->took_ms);
    else
        alarm_of(wanted, result);
    while (*at != wanted)
        at = &(*at)->next;
    *at = wanted->next;
    free_wanted(wanted);
}

static void want_target(struct keeper *keeper, const char *target, const char *version_id)
{
    struct wanted *wanted = calloc(1, sizeof *wanted);
    if (wanted) {
        *wanted = (struct wanted){.next = keeper->canaries->first,
                                  .keeper = keeper,
                                  .target = strdup(target),
                                  .version_id = strdup(version_id)};
    }
    if (wanted && wanted->target && wanted->version_id) {
        keeper->canaries->first = wanted;
        return;
    }
    log_warning("target=%s is not proven: out of memory", target);
    if (wanted)
        free_wanted(wanted);
}

void canary_want(struct keeper *keeper, const char *secret_id, const char *version_id)
{
    const struct config *config = keeper->config;
    for (size_t i = 0; i < config->target_count; i++)
        if (config->targets[i].canary && strcmp(config->targets[i].secret, secret_id) == 0)
            want_target(keeper, config->targets[i].name, version_id);
}

void canary_tick(struct keeper *keeper)
{
    struct canaries *canaries = keeper->canaries;
    while (canaries->first) {
        struct wanted *wanted = canaries->first;
        const struct config_target *target = config_find(keeper->config, wanted->target);
        struct canary *canary;
        canaries->first = wanted->next;
        if (!target) { /* it went with a reload */
            free_wanted(wanted);
            continue;
        }
        wanted->next = canaries->started;
        canaries->started = wanted;
        canary_start(keeper, target, on_proven, wanted, &canary);
    }
}
