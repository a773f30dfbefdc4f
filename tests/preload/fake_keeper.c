/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fake_keeper.c - as much of a keeper as the shim can see, with one of several characters.
 *
 *     fake_keeper DIR CHARACTER [TARGET...]
 *
 * Serves DIR/control.sock and DIR/TARGET/.s.PGSQL.5432, says "ready" on standard output, and ends
 * with its standard input.  A connection it hands out says "served TARGET" and then echoes; one to
 * a target's socket is told, in PostgreSQL's form, that it has reached TARGET.
 */
#include <err.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "common/clock.h"
#include "common/control.h"
#include "common/refusal.h"
#include "common/seqpacket.h"

#define MOST        512 /* descriptors watched at once */
#define PATIENCE_MS 2000

enum role { ROLE_STDIN, ROLE_CONTROL, ROLE_TARGET, ROLE_ASKER, ROLE_ECHO };

static struct pollfd watched[MOST];
static struct {
    enum role role;
    const char *target;
} about[MOST];
static nfds_t count;

static void watch(int fd, enum role role, const char *target)
{
    if (count == MOST)
        errx(1, "too many connections");
    watched[count] = (struct pollfd){.fd = fd, .events = POLLIN};
    about[count].role = role;
    about[count++].target = target;
}

static void forget(nfds_t at)
{
    close(watched[at].fd);
    count--;
    watched[at] = watched[count];
    about[at] = about[count];
}

static int listen_at(const char *path, int type)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        errx(1, "path too long: %s", path);
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(fd, 128) != 0)
        err(1, "%s", path);
    return fd;
}

/* One end of a loopback pair; the other greets and echoes. */
static int hand_out(const char *target)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int near = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(listener, (struct sockaddr *)&address, len) != 0 || listen(listener, 1) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &len) != 0 ||
        connect(near, (struct sockaddr *)&address, len) != 0)
        err(1, "loopback pair");
    int far = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    close(listener);
    dprintf(far, "served %s\n", target);
    watch(far, ROLE_ECHO, NULL);
    return near;
}

static void refuse(int fd, uint16_t verb, uint64_t id, enum smcred_status status, const char *text)
{
    uint8_t buffer[1024];
    struct sm_wire_out out;
    sm_wire_begin(&out, buffer, sizeof buffer, verb, status, id);
    sm_wire_put_text(&out, CTL_RULE, "target orders: allow");
    sm_wire_put_text(&out, CTL_TEXT, text);
    if (status == SMCRED_DENIED)
        sm_wire_put_text(&out, CTL_AUDIT_ID, "96870813c7093ea4");
    if (sm_wire_finish(&out) != SMCRED_OK ||
        sm_seqpacket_send(fd, sm_bytes(out.data, out.len), NULL, sm_boot_ms() + PATIENCE_MS) !=
            SMCRED_OK)
        warnx("cannot refuse");
}

static void grant(int fd, const struct sm_wire_in *in, bool with_fd)
{
    static char name[CTL_NAME_MAX];
    uint8_t buffer[64];
    struct sm_wire_out out;
    struct sm_fds fds = {.count = 0};
    if (!sm_wire_get_text(in, CTL_TARGET, name, sizeof name)) {
        refuse(fd, in->header.verb, in->header.request_id, SMCRED_INVALID, "no target is named");
        return;
    }
    if (with_fd)
        fds = (struct sm_fds){.fd = {hand_out(name)}, .count = 1};
    sm_wire_begin(&out, buffer, sizeof buffer, in->header.verb, SMCRED_OK, in->header.request_id);
    if (sm_wire_finish(&out) != SMCRED_OK ||
        sm_seqpacket_send(fd, sm_bytes(out.data, out.len), &fds, sm_boot_ms() + PATIENCE_MS) !=
            SMCRED_OK)
        warnx("cannot grant");
    sm_fds_close(&fds);
}

/* True while the connection is to be kept. */
static bool answer(int fd, const char *character)
{
    uint8_t packet[CTL_REQUEST_MAX];
    struct sm_wire_in in;
    size_t len;
    if (sm_seqpacket_receive(fd, packet, sizeof packet, NULL, sm_boot_ms() + PATIENCE_MS, &len) !=
            SMCRED_OK ||
        sm_wire_parse(sm_bytes(packet, len), &in) != SMCRED_OK)
        return false;
    if (strcmp(character, "mute") == 0)
        return true;
    if (strcmp(character, "kind") == 0)
        grant(fd, &in, true);
    else if (strcmp(character, "empty-handed") == 0)
        grant(fd, &in, false);
    else if (strcmp(character, "refusing") == 0)
        refuse(fd, in.header.verb, in.header.request_id, SMCRED_DENIED,
               "nobody is not allowed on target orders");
    else if (strcmp(character, "limiting") == 0)
        refuse(fd, in.header.verb, in.header.request_id, SMCRED_LIMITED, NULL);
    else if (strcmp(character, "failing") == 0)
        refuse(fd, in.header.verb, in.header.request_id, SMCRED_UNAVAILABLE,
               "Secrets Manager does not answer");
    else if (strcmp(character, "garbling") == 0)
        (void)!send(fd, memset(packet, 0x5a, sizeof packet), sizeof packet, MSG_NOSIGNAL);
    return false; /* and "closing" does nothing more */
}

/* What the keeper says to one connection too many: unasked, without having read a word. */
static void turn_away(int fd)
{
    refuse(fd, 0, 0, SMCRED_LIMITED, "too many connections to the keeper");
    close(fd);
}

static void tell_where(int fd, const char *target)
{
    char text[128], message[REFUSAL_MAX], startup[1024];
    snprintf(text, sizeof text, "reached %s", target);
    size_t len = refusal_postgres(message, REFUSAL_NOT_ALLOWED, text);
    if (recv(fd, startup, sizeof startup, 0) > 0)
        (void)!send(fd, message, len, MSG_NOSIGNAL);
    close(fd);
}

/* True if the descriptor at `at` has been forgotten. */
static bool serve(nfds_t at, const char *character)
{
    char bytes[4096];
    int fd = watched[at].fd;
    ssize_t len;
    switch (about[at].role) {
    case ROLE_STDIN:
        exit(0);
    case ROLE_CONTROL:
        fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
        if (strcmp(character, "overrun") == 0)
            turn_away(fd);
        else
            watch(fd, ROLE_ASKER, NULL);
        return false;
    case ROLE_TARGET:
        tell_where(accept4(fd, NULL, NULL, SOCK_CLOEXEC), about[at].target);
        return false;
    case ROLE_ASKER:
        if (answer(fd, character))
            return false;
        break;
    case ROLE_ECHO:
        len = recv(fd, bytes, sizeof bytes, 0);
        if (len > 0 && send(fd, bytes, (size_t)len, MSG_NOSIGNAL) == len)
            return false;
        break;
    }
    forget(at);
    return true;
}

int main(int argc, char **argv)
{
    char path[4096];
    if (argc < 3)
        errx(2, "usage: fake_keeper DIR CHARACTER [TARGET...]");
    signal(SIGPIPE, SIG_IGN);
    watch(0, ROLE_STDIN, NULL);
    snprintf(path, sizeof path, "%s/" CTL_SOCKET_NAME, argv[1]);
    unlink(path);
    watch(listen_at(path, SOCK_SEQPACKET), ROLE_CONTROL, NULL);
    for (int i = 3; i < argc; i++) {
        snprintf(path, sizeof path, "%s/%s", argv[1], argv[i]);
        mkdir(path, 0755);
        strcat(path, "/.s.PGSQL.5432");
        unlink(path);
        watch(listen_at(path, SOCK_STREAM), ROLE_TARGET, argv[i]);
    }
    puts("ready");
    fflush(stdout);
    while (poll(watched, count, -1) > 0)
        for (nfds_t at = 0; at < count;)
            if (!watched[at].revents || !serve(at, argv[2]))
                at++;
    err(1, "poll");
}
