/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fake_keeper.c - one thread that accepts, reads one question, and answers as its script says. */
#include "tests/lib/fake_keeper.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#define OVERSIZED 65536

struct fake_keeper {
    struct sockaddr_un address;
    char directory[64]; /* "" if the caller gave the path */
    int fd;
    fake_script script;
    void *context;
    atomic_uint heard;
    pthread_t thread;
};

static void send_packet(int fd, const void *data, size_t len, const int *fds, size_t count)
{
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(sizeof(int) * 2)];
    } control = {0};
    struct iovec piece = {.iov_base = (void *)(uintptr_t)data, .iov_len = len};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    if (count > 0) {
        message.msg_control = control.space;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * count);
        struct cmsghdr *head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof(int) * count);
        memcpy(CMSG_DATA(head), fds, sizeof(int) * count);
    }
    (void)sendmsg(fd, &message, MSG_NOSIGNAL); /* the asker may have gone */
}

/* Waits for the asker to hang up: it must be the one whose patience ends. */
static void say_nothing(int fd)
{
    char byte;
    (void)recv(fd, &byte, 1, 0); /* 0 when it closes */
}

static size_t write_answer(const struct fake_answer *answer, const struct sm_wire_in *question,
                           uint8_t *packet, size_t size)
{
    struct sm_wire_out out;
    uint32_t status = answer->manner == FAKE_STRANGE_STATUS            ? 4711
                      : answer->manner == FAKE_REFUSAL_WITH_DESCRIPTOR ? SMCRED_DENIED
                                                                       : answer->status;
    sm_wire_begin(&out, packet, size,
                  (uint16_t)(question->header.verb + (answer->manner == FAKE_OTHER_VERB)),
                  SMCRED_OK, question->header.request_id + (answer->manner == FAKE_OTHER_ID));
    sm_wire_put_text(&out, CTL_TEXT, answer->text);
    sm_wire_put_text(&out, CTL_RULE, answer->rule);
    sm_wire_put_text(&out, CTL_AUDIT_ID, answer->audit_id);
    sm_wire_put_text(&out, CTL_SESSION_ID, answer->session_id);
    sm_wire_put_text(&out, CTL_KIND, answer->kind);
    if (sm_wire_finish(&out) != SMCRED_OK)
        abort();
    struct sm_wire_header header;
    memcpy(&header, packet, sizeof header);
    header.status = status;
    if (answer->manner == FAKE_TURNED_AWAY) {
        header.verb = 0;
        header.request_id = 0;
        header.status = SMCRED_LIMITED;
    }
    if (answer->manner == FAKE_OTHER_VERSION)
        header.version = SM_WIRE_VERSION + 1;
    memcpy(packet, &header, sizeof header);
    return out.len;
}

static void give(int fd, const struct fake_answer *answer, const struct sm_wire_in *question)
{
    static uint8_t packet[OVERSIZED];
    const int fds[2] = {answer->fd, answer->fd};
    size_t count = answer->status == SMCRED_OK && !answer->fields;
    size_t len = write_answer(answer, question, packet, 8192);
    switch (answer->manner) {
    case FAKE_SILENT:
        say_nothing(fd);
        return;
    case FAKE_CLOSE:
        return;
    case FAKE_GARBAGE:
        memset(packet, 'A', len);
        break;
    case FAKE_EMPTY_PACKET:
        len = 0;
        break;
    case FAKE_TRUNCATED:
        len = len > 24 ? len - 8 : len - 1;
        break;
    case FAKE_OVERSIZED:
        len = OVERSIZED;
        break;
    case FAKE_NO_DESCRIPTOR:
        count = 0;
        break;
    case FAKE_TWO_DESCRIPTORS:
        count = 2;
        break;
    case FAKE_REFUSAL_WITH_DESCRIPTOR:
    case FAKE_STRANGE_STATUS:
    case FAKE_TURNED_AWAY:
    case FAKE_PROPER:
    case FAKE_OTHER_VERSION:
    case FAKE_OTHER_VERB:
    case FAKE_OTHER_ID:
    case FAKE_MANNER_COUNT:
        break;
    }
    send_packet(fd, packet, len, fds, count);
}

static void *serve(void *argument)
{
    struct fake_keeper *keeper = argument;
    for (;;) {
        int fd = accept4(keeper->fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            return NULL; /* shut down */
        uint8_t packet[CTL_REQUEST_MAX];
        struct sm_wire_in question;
        ssize_t len = recv(fd, packet, sizeof packet, 0);
        if (len > 0 && sm_wire_parse(sm_bytes(packet, (size_t)len), &question) == SMCRED_OK) {
            struct fake_answer answer = keeper->script(&question, keeper->context);
            atomic_fetch_add(&keeper->heard, 1);
            give(fd, &answer, &question);
        }
        explicit_bzero(packet, sizeof packet); /* tests look for what askers leave behind */
        (void)close(fd);                       /* a socket of one question */
    }
}

struct fake_keeper *fake_keeper_start(const char *path, fake_script script, void *context)
{
    struct fake_keeper *keeper = calloc(1, sizeof *keeper);
    if (!keeper)
        abort();
    keeper->script = script;
    keeper->context = context;
    keeper->address.sun_family = AF_UNIX;
    if (!path) {
        (void)strcpy(keeper->directory, "/tmp/fake-keeper.XXXXXX");
        if (!mkdtemp(keeper->directory))
            abort();
    }
    (void)snprintf(keeper->address.sun_path, sizeof keeper->address.sun_path, "%s%s",
                   path ? path : keeper->directory, path ? "" : "/" CTL_SOCKET_NAME);
    keeper->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (keeper->fd < 0 ||
        bind(keeper->fd, (struct sockaddr *)&keeper->address, sizeof keeper->address) != 0 ||
        listen(keeper->fd, 64) != 0 || pthread_create(&keeper->thread, NULL, serve, keeper) != 0)
        abort();
    return keeper;
}

const char *fake_keeper_path(const struct fake_keeper *keeper)
{
    return keeper->address.sun_path;
}

unsigned fake_keeper_heard(const struct fake_keeper *keeper)
{
    return atomic_load(&keeper->heard);
}

void fake_keeper_stop(struct fake_keeper *keeper)
{
    if (!keeper)
        return;
    (void)shutdown(keeper->fd, SHUT_RDWR);    /* wakes accept4() */
    (void)pthread_join(keeper->thread, NULL); /* made above */
    (void)close(keeper->fd);
    (void)unlink(keeper->address.sun_path);
    if (*keeper->directory)
        (void)rmdir(keeper->directory);
    free(keeper);
}
