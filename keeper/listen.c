/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * listen.c - bind, accept, and who it is.
 */
#include "keeper/listen.h"

#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "common/control.h"
#include "common/refusal.h"
#include "keeper/control.h"
#include "keeper/index.h"
#include "keeper/sessions.h"

#define BACKLOG          4096 /* cut to net.core.somaxconn */
#define ACCEPTS_PER_TURN 64
#define PAIR_TRIES       16  /* strangers who may connect to a pair's listener before we give up */
#define PAUSE_MS         100 /* without accepting, when there are no descriptors left */

struct listener {
    struct listener *next;
    struct keeper *keeper;
    char target[INDEX_TARGET_MAX]; /* "": the control socket */
    uint32_t engine;               /* of the target; enum index_engine */
    char path[INDEX_PATH_MAX];
    int fd;
    struct event *event;
    struct event *pause;
    bool keep; /* during an update */
};

struct listeners {
    struct keeper *keeper;
    struct listener *first;
};

enum smcred_status listeners_new(struct keeper *keeper, struct listeners **out_listeners)
{
    struct listeners *listeners = calloc(1, sizeof *listeners);
    if (!listeners)
        return SMCRED_NO_MEMORY;
    listeners->keeper = keeper;
    *out_listeners = listeners;
    return SMCRED_OK;
}

/* ---- accepting ---- */

static void on_pause_over(evutil_socket_t fd, short events, void *arg)
{
    struct listener *listener = arg;
    (void)fd;
    (void)events;
    (void)event_add(listener->event, NULL); /* it was added before: nothing is allocated */
}

static void pause_accepting(struct listener *listener)
{
    static const struct timeval wait = {0, PAUSE_MS * 1000};
    log_error("cannot accept at %s: %s", listener->path, strerror(errno));
    (void)event_del(listener->event);
    if (event_add(listener->pause, &wait) != 0)
        on_pause_over(-1, 0, listener);
}

static void welcome(struct listener *listener, int fd)
{
    sm_autoclose int owned = fd;
    struct keeper *keeper = listener->keeper;
    struct sm_peer peer;
    enum smcred_status status = sm_peer_of(fd, &peer);
    if (status != SMCRED_OK) {
        log_warning("a client of %s is not served: who it is cannot be said (%s)", listener->path,
                    sm_status_text(status));
        return;
    }
    if (!listener->target[0]) {
        control_start(keeper->control, sm_take_fd(&owned), &peer);
        return;
    }
    const struct config_target *target = config_find(keeper->config, listener->target);
    if (target)
        sessions_start(keeper->sessions, target, &peer, sm_take_fd(&owned), false);
    else
        sm_peer_done(&peer); /* it is being removed */
}

static void on_readable(evutil_socket_t fd, short events, void *arg)
{
    struct listener *listener = arg;
    (void)events;
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (client >= 0) {
            welcome(listener, client);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            pause_accepting(listener);
            return;
        } else if (errno != EINTR && errno != ECONNABORTED) {
            return;
        }
    }
}

/* ---- binding ---- */

/* The directory is ours alone to write, so what a dead keeper left may simply go. */
static bool remove_stale(const char *path)
{
    struct stat about;
    if (lstat(path, &about) != 0)
        return errno == ENOENT;
    if (!S_ISSOCK(about.st_mode)) {
        errno = EEXIST;
        return false;
    }
    return unlink(path) == 0;
}

static int open_socket(const char *path, int type)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    sm_autoclose int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    memcpy(address.sun_path, path, strlen(path) + 1);
    if (fd < 0 || !remove_stale(path) ||
        bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || chmod(path, 0666) != 0 ||
        listen(fd, BACKLOG) != 0)
        return -1;
    return sm_take_fd(&fd);
}

static void close_listener(struct listener *listener, bool remove)
{
    if (listener->event)
        event_free(listener->event);
    if (listener->pause)
        event_free(listener->pause);
    if (listener->fd >= 0 && remove) {
        (void)unlink(listener->path); /* somebody else may have cleaned up */
        char *slash = strrchr(listener->path, '/');
        if (listener->target[0]) {
            *slash = '\0';
            (void)rmdir(listener->path); /* likewise */
        }
    }
    sm_close_fd(&listener->fd);
    free(listener);
}

/*  target  NULL: the control socket */
static enum smcred_status open_listener(struct listeners *listeners,
                                        const struct config_target *target, const char *path)
{
    struct listener *listener = calloc(1, sizeof *listener);
    if (!listener)
        return SMCRED_NO_MEMORY;
    struct event_base *base = listeners->keeper->base;
    listener->keeper = listeners->keeper;
    listener->keep = true;
    listener->engine = target ? target->engine : 0;
    (void)snprintf(listener->target, sizeof listener->target, "%s", target ? target->name : "");
    (void)snprintf(listener->path, sizeof listener->path, "%s", path);
    listener->fd = open_socket(path, target ? SOCK_STREAM : SOCK_SEQPACKET);
    if (listener->fd >= 0) {
        listener->event =
            event_new(base, listener->fd, EV_READ | EV_PERSIST, on_readable, listener);
        listener->pause = evtimer_new(base, on_pause_over, listener);
    }
    if (!listener->event || !listener->pause || event_add(listener->event, NULL) != 0) {
        log_error("cannot listen at %s: %s", path, strerror(errno));
        close_listener(listener, true);
        return SMCRED_SYSTEM;
    }
    listener->next = listeners->first;
    listeners->first = listener;
    return SMCRED_OK;
}

static struct listener *find(struct listeners *listeners, const char *path)
{
    struct listener *listener = listeners->first;
    while (listener && strcmp(listener->path, path) != 0)
        listener = listener->next;
    return listener;
}

static enum smcred_status want(struct listeners *listeners, const struct config_target *target,
                               const char *path)
{
    struct listener *listener = find(listeners, path);
    if (!listener)
        return open_listener(listeners, target, path);
    listener->keep = true;
    return SMCRED_OK;
}

static enum smcred_status want_target(struct listeners *listeners,
                                      const struct config_target *target)
{
    char path[INDEX_PATH_MAX];
    if (!index_socket_path(listeners->keeper->options->runtime_dir, target, path)) {
        log_error("target=%s: the path of its socket would be too long", target->name);
        return SMCRED_TOO_LARGE;
    }
    char *slash = strrchr(path, '/');
    *slash = '\0';
    if ((mkdir(path, 0755) != 0 && errno != EEXIST) || chmod(path, 0755) != 0) {
        log_error("cannot make the directory %s: %s", path, strerror(errno));
        return SMCRED_SYSTEM;
    }
    *slash = '/';
    return want(listeners, target, path);
}

static void close_unwanted(struct listeners *listeners)
{
    for (struct listener **at = &listeners->first; *at;) {
        struct listener *listener = *at;
        if (listener->keep) {
            at = &listener->next;
        } else {
            *at = listener->next;
            close_listener(listener, true);
        }
    }
}

enum smcred_status listeners_update(struct listeners *listeners, const struct config *config)
{
    char path[INDEX_PATH_MAX];
    int len =
        snprintf(path, sizeof path, "%s/" CTL_SOCKET_NAME, listeners->keeper->options->runtime_dir);
    if (len < 0 || (size_t)len >= sizeof path) {
        log_error("the runtime directory's name is too long for sockets in it");
        return SMCRED_TOO_LARGE;
    }
    for (struct listener *at = listeners->first; at; at = at->next)
        at->keep = false;
    enum smcred_status status = want(listeners, NULL, path);
    for (size_t i = 0; i < config->target_count; i++) {
        enum smcred_status one = want_target(listeners, &config->targets[i]);
        if (one != SMCRED_OK)
            status = one;
    }
    close_unwanted(listeners);
    return status;
}

void listeners_free(struct listeners *listeners)
{
    if (!listeners)
        return;
    for (struct listener *at = listeners->first; at; at = at->next)
        at->keep = false;
    close_unwanted(listeners);
    free(listeners);
}

void listeners_give_up(struct listeners *listeners)
{
    for (const struct listener *at = listeners->first; at; at = at->next) {
        if (!at->target[0])
            continue; /* who asks there has a deadline of his own */
        for (int i = 0; i < BACKLOG; i++) {
            sm_autoclose int client = accept4(at->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
            if (client < 0)
                break;
            sessions_send_away(client, at->engine, REFUSAL_NOT_NOW,
                               "the keeper does not answer; try again in a moment");
        }
    }
}

/* ---- pairs ---- */

static bool same_address(const struct sockaddr_in *a, const struct sockaddr_in *b)
{
    return a->sin_port == b->sin_port && a->sin_addr.s_addr == b->sin_addr.s_addr;
}

/* Whoever is at the listener's other end must be our own socket, and no stranger who was faster. */
static enum smcred_status accept_own(int listener, int client, int *out_server)
{
    struct sockaddr_in own = {0}, peer = {0};
    socklen_t len = sizeof own;
    if (getsockname(client, (struct sockaddr *)&own, &len) != 0)
        return SMCRED_SYSTEM;
    for (int i = 0; i < PAIR_TRIES; i++) {
        len = sizeof peer;
        sm_autoclose int fd =
            accept4(listener, (struct sockaddr *)&peer, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0)
            return SMCRED_SYSTEM;
        if (same_address(&own, &peer)) {
            *out_server = sm_take_fd(&fd);
            return SMCRED_OK;
        }
    }
    return SMCRED_LIMITED;
}

enum smcred_status listen_tcp_pair(int *out_client, int *out_server)
{
    static const int on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    sm_autoclose int server = -1;
    sm_autoclose int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    /* Non-blocking: what loopback does not do at once it does not do for us. */
    sm_autoclose int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (client < 0 || listener < 0 ||
        bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, PAIR_TRIES) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &len) != 0)
        return SMCRED_SYSTEM;
    static const struct timeval patience = {1, 0};
    (void)setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(client, (struct sockaddr *)&address, sizeof address) != 0)
        return SMCRED_SYSTEM;
    enum smcred_status status = accept_own(listener, client, &server);
    if (status != SMCRED_OK)
        return status;
    static const struct timeval forever = {0, 0};
    (void)setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &forever, sizeof forever);
    (void)setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* only slower without */
    (void)setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    *out_client = sm_take_fd(&client);
    *out_server = sm_take_fd(&server);
    return SMCRED_OK;
}
