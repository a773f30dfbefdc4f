/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ask.c - one question to the keeper, "a connection to TARGET", within a deadline.
 *
 * The frame is that of common/wire.h, the verb CTL_CONNECT of common/control.h; here is the
 * smallest code that speaks them, since the shim links neither.  The keeper's answer is read like a
 * stranger's.
 */
#include "preload/shim.h"

#include <errno.h>
#include <poll.h>
#include <sys/un.h>
#include <time.h>

#include "common/control.h"
#include "common/raw.h"
#include "common/wire.h"

#define QUESTION_ID 1    /* one question per connection */
#define ANSWER_MAX  1024 /* bytes; a longer refusal is cut, and a grant is 24 */
#define PAUSE_NS    1000000

#define AUDIT_ID      " (audit id "
#define AUDIT_ID_ROOM (sizeof AUDIT_ID) /* bytes, for that and the ")" behind the id */

struct question {
    struct sm_wire_header header;
    struct sm_wire_field field;
    char target[INDEX_TARGET_MAX]; /* a multiple of 8: pads itself */
};
static_assert(sizeof(struct question) == 24 + 8 + INDEX_TARGET_MAX, "as on the wire");

struct answer {
    _Alignas(8) uint8_t packet[ANSWER_MAX];
    size_t len;
    int fd; /* what came along, or -1 */
};

static int64_t now_ms(void)
{
    struct timespec now = {0, 0};
    (void)RAW(SYS_clock_gettime, CLOCK_BOOTTIME, &now); /* cannot fail with these arguments */
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int wait_for(int fd, short events, int64_t deadline_ms)
{
    for (;;) {
        int64_t left = deadline_ms - now_ms();
        if (left <= 0)
            return -ETIMEDOUT;
        struct pollfd ready = {.fd = fd, .events = events};
        struct timespec wait = {left / 1000, left % 1000 * 1000000};
        long count = RAW(SYS_ppoll, &ready, 1, &wait, NULL, 0);
        if (count > 0)
            return 0;
        if (count < 0 && count != -EINTR)
            return (int)count;
    }
}

static int connect_until(int fd, const struct sockaddr_un *address, socklen_t len,
                         int64_t deadline_ms)
{
    for (;;) {
        long result = RAW(SYS_connect, fd, address, len);
        if (result == 0)
            return 0;
        if (result == -EINTR)
            continue;
        if (result != -EAGAIN)
            return (int)result;
        /* The keeper's queue is full, and ppoll() does not tell when it has room. */
        if (now_ms() >= deadline_ms)
            return -ETIMEDOUT;
        struct timespec pause = {0, PAUSE_NS};
        (void)RAW(SYS_ppoll, NULL, 0, &pause, NULL, 0);
    }
}

int shim_wait_in_queue(int fd, const struct sockaddr_un *address, socklen_t len)
{
    return connect_until(fd, address, len, now_ms() + CTL_TIMEOUT_MS);
}

static int connect_to(int fd, const char *path, int64_t deadline_ms)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    static_assert(sizeof address.sun_path == INDEX_PATH_MAX, "the index holds whole paths");
    for (size_t i = 0; i < INDEX_PATH_MAX; i++)
        address.sun_path[i] = path[i];
    return connect_until(fd, &address, sizeof address, deadline_ms);
}

static int send_question(int fd, const char *target, int64_t deadline_ms)
{
    struct question question = {
        .header = {.magic = SM_WIRE_MAGIC,
                   .version = SM_WIRE_VERSION,
                   .verb = CTL_CONNECT,
                   .request_id = QUESTION_ID},
        .field = {.tag = CTL_TARGET},
    };
    while (target[question.field.len] != '\0') {
        question.target[question.field.len] = target[question.field.len];
        question.field.len++;
    }
    question.header.body_len =
        (uint32_t)(sizeof question.field + ((question.field.len + 7) & ~(uint32_t)7));
    size_t len = sizeof question.header + question.header.body_len;
    for (;;) {
        long result = RAW(SYS_sendto, fd, &question, len, MSG_NOSIGNAL | MSG_DONTWAIT, NULL, 0);
        if (result >= 0)
            return 0;
        if (result == -EINTR)
            continue;
        if (result != -EAGAIN)
            return (int)result;
        int waited = wait_for(fd, POLLOUT, deadline_ms);
        if (waited < 0)
            return waited;
    }
}

/* The first descriptor of a message; others, which no honest keeper sends, are closed. */
static int take_descriptor(struct msghdr *message)
{
    int first = -1;
    struct cmsghdr *head = CMSG_FIRSTHDR(message); /* the kernel puts all rights into one */
    if (!head || head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS)
        return -1;
    size_t count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    const int *fds = (const int *)(const void *)CMSG_DATA(head);
    for (size_t i = 0; i < count; i++) {
        if (i == 0)
            first = fds[i];
        else
            (void)RAW(SYS_close, fds[i]); /* not ours to keep */
    }
    return first;
}

static int receive_answer(int fd, struct answer *answer, int64_t deadline_ms)
{
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(sizeof(int) * SM_WIRE_FDS_MAX)];
    } control = {.space = {0}};
    struct iovec piece = {answer->packet, sizeof answer->packet};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    bool reset = false;
    for (;;) {
        message.msg_control = control.space;
        message.msg_controllen = sizeof control.space;
        long len = RAW(SYS_recvmsg, fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (len == 0)
            return -ECONNRESET;
        if (len == -ECONNRESET && !reset) {
            reset = true; /* our question was not read; an answer may lie behind that error */
            continue;
        }
        if (len > 0) {
            answer->len = (size_t)len;
            answer->fd = take_descriptor(&message);
            return 0;
        }
        if (len == -EINTR)
            continue;
        if (len != -EAGAIN)
            return (int)len;
        int waited = wait_for(fd, POLLIN, deadline_ms);
        if (waited < 0)
            return waited;
    }
}

/* Appends `from` to the text, which ends at `at`, as far as there is room; where it ends then. */
static size_t put_text(char *text, size_t at, size_t size, struct sm_bytes from)
{
    const char *bytes = from.data;
    for (size_t i = 0; i < from.len && at < size - 1; i++, at++)
        text[at] = (char)(bytes[i] >= ' ' && bytes[i] < 0x7f ? bytes[i] : '?');
    text[at] = '\0';
    return at;
}

/* The field of that tag, as far as it lies within the packet; nothing if there is none. */
static struct sm_bytes find_field(const struct answer *answer, uint16_t tag)
{
    size_t at = sizeof(struct sm_wire_header);
    while (answer->len - at >= sizeof(struct sm_wire_field)) {
        const struct sm_wire_field *field = (const void *)(answer->packet + at);
        at += sizeof *field;
        size_t rest = answer->len - at;
        size_t len = field->len < rest ? field->len : rest;
        if (field->tag == tag)
            return sm_bytes(answer->packet + at, len);
        size_t padded = (len + 7) & ~(size_t)7;
        at += padded < rest ? padded : rest;
    }
    return sm_bytes(NULL, 0);
}

/* A refusal's reason, and where the audit log has it. */
static void find_reason(const struct answer *answer, char *text, size_t size)
{
    struct sm_bytes id = find_field(answer, CTL_AUDIT_ID);
    size_t room = id.len > 0 && id.len < size - AUDIT_ID_ROOM ? AUDIT_ID_ROOM + id.len : 0;
    size_t at = put_text(text, 0, size - room, find_field(answer, CTL_TEXT));
    if (at == 0 || room == 0)
        return;
    at = put_text(text, at, size, sm_bytes(AUDIT_ID, sizeof AUDIT_ID - 1));
    at = put_text(text, at, size, id);
    (void)put_text(text, at, size, sm_bytes(")", 1));
}

/* An answer to our question, or one that came before the keeper had read it: it is too busy. */
static bool is_answer(const struct sm_wire_header *header)
{
    bool unread = header->verb == 0 && header->request_id == 0 && header->status != SMCRED_OK;
    return unread || (header->verb == CTL_CONNECT && header->request_id == QUESTION_ID);
}

/* The descriptor that `answer` grants, or a negative errno. */
static int judge(const struct answer *answer, char *text, size_t size)
{
    const struct sm_wire_header *header = (const void *)answer->packet;
    if (answer->len < sizeof *header || header->magic != SM_WIRE_MAGIC ||
        header->version != SM_WIRE_VERSION || !is_answer(header))
        return -EPROTO;
    if (header->status != SMCRED_OK) {
        find_reason(answer, text, size);
        return header->status == SMCRED_DENIED    ? -EACCES
               : header->status == SMCRED_LIMITED ? -EUSERS
                                                  : -ECONNABORTED;
    }
    return answer->fd >= 0 ? answer->fd : -EPROTO;
}

static int ask_on(int fd, const struct shim_target *target, char *text, size_t size)
{
    struct answer answer = {.fd = -1};
    int64_t deadline_ms = now_ms() + CTL_TIMEOUT_MS;
    int result = connect_to(fd, target->control_path, deadline_ms);
    if (result == 0)
        result = send_question(fd, target->entry.name, deadline_ms);
    if (result == 0 || result == -EPIPE) /* turned away unheard: the reason was sent */
        result = receive_answer(fd, &answer, deadline_ms);
    if (result == 0)
        result = judge(&answer, text, size);
    if (result < 0 && answer.fd >= 0)
        (void)RAW(SYS_close, answer.fd); /* came with an answer we do not believe */
    return result;
}

const char *shim_sentence(int error)
{
    switch (error) {
    case -ENOENT:
    case -ECONNREFUSED:
        return "the keeper is not running";
    case -ECONNRESET:
    case -EPIPE:
        return "the keeper hung up without an answer";
    case -ETIMEDOUT:
        return "the keeper did not answer in time";
    case -EACCES:
    case -EPERM:
        return "you may not connect to the keeper";
    case -EUSERS:
        return "too many connections to the keeper";
    case -ECONNABORTED:
        return "the keeper refused, and did not say why";
    case -EPROTO:
        return "the keeper answered in a way this program does not understand";
    default:
        return "the keeper cannot be reached";
    }
}

int shim_ask(const struct shim_target *target, char *text, size_t size)
{
    text[0] = '\0';
    long fd = RAW(SYS_socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int result = (int)fd;
    if (fd >= 0) {
        result = ask_on((int)fd, target, text, size);
        (void)RAW(SYS_close, fd); /* the question is over */
    }
    if (result < 0 && text[0] == '\0') {
        const char *why = shim_sentence(result);
        size_t len = 0;
        while (why[len] != '\0')
            len++;
        (void)put_text(text, 0, size, sm_bytes(why, len));
    }
    return result;
}
