/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * probe.c - a client that looks closely at what connect() and getaddrinfo() do to it.
 *
 *     probe QUESTION [ARGUMENT...]      see the table at the end
 *
 * Prints one line per finding.  Plain C without the project's code, so that it can be built against
 * any libc, static or not.  Under the name libpq.probe it is taken for libpq.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define THREADS 8
#define ROUNDS  40

static struct sockaddr_storage address;
static socklen_t address_len;

static void set_address(const char *text, const char *port)
{
    memset(&address, 0, sizeof address);
    if (strchr(text, ':')) {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&address;
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons((uint16_t)atoi(port));
        address_len = sizeof *in6;
        if (inet_pton(AF_INET6, text, &in6->sin6_addr) == 1)
            return;
    } else {
        struct sockaddr_in *in = (struct sockaddr_in *)&address;
        in->sin_family = AF_INET;
        in->sin_port = htons((uint16_t)atoi(port));
        address_len = sizeof *in;
        if (inet_pton(AF_INET, text, &in->sin_addr) == 1)
            return;
    }
    fprintf(stderr, "not an address: %s\n", text);
    exit(2);
}

static int dial(int fd)
{
    return connect(fd, (struct sockaddr *)&address, address_len);
}

static int open_socket(int flags)
{
    return socket(address.ss_family, SOCK_STREAM | flags, 0);
}

/* The first line that comes from `fd` within 5 s; "" if none does. */
static const char *first_line(int fd, char *line, size_t size)
{
    size_t len = 0;
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    while (len < size - 1 && poll(&ready, 1, 5000) > 0 && recv(fd, line + len, 1, 0) == 1 &&
           line[len] != '\n')
        len++;
    line[len] = '\0';
    return line;
}

static void report(int fd)
{
    char line[256];
    if (dial(fd) != 0)
        printf("%s\n", strerror(errno));
    else
        printf("%s\n", first_line(fd, line, sizeof line));
}

static void ask_connect(void)
{
    report(open_socket(0));
}

static void ask_echo(void)
{
    char line[256];
    int fd = open_socket(0);
    report(fd);
    if (send(fd, "hello\n", 6, MSG_NOSIGNAL) == 6)
        printf("%s\n", first_line(fd, line, sizeof line));
}

static void ask_flags(void)
{
    for (int i = 0; i < 4; i++) {
        int cloexec = i & 1 ? SOCK_CLOEXEC : 0, nonblock = i & 2 ? SOCK_NONBLOCK : 0;
        int fd = open_socket(cloexec | nonblock), same = fd, next;
        errno = 4321;
        if (dial(fd) != 0)
            puts("not connected");
        if (errno != 4321)
            puts("errno is not kept");
        if (!(fcntl(fd, F_GETFD) & FD_CLOEXEC) != !cloexec)
            puts("FD_CLOEXEC is not kept");
        if (!(fcntl(fd, F_GETFL) & O_NONBLOCK) != !nonblock)
            puts("O_NONBLOCK is not kept");
        next = open_socket(0);
        if (next != same + 1)
            puts("a descriptor is left behind");
        close(next);
        close(fd);
    }
    puts("done");
}

static void ask_options(void)
{
    int on = 1, seconds = 77, value = 0, fd = open_socket(0);
    struct timeval wait = {3, 0}, found = {0, 0};
    socklen_t len = sizeof value, wait_len = sizeof found;
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof seconds);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    if (dial(fd) != 0)
        puts("not connected");
    getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, &len);
    printf("keepalive %d\n", value);
    getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, &len);
    printf("nodelay %d\n", value);
    getsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &value, &len);
    printf("keepidle %d\n", value);
    getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &found, &wait_len);
    printf("rcvtimeo %d\n", (int)found.tv_sec);
}

static void ask_twice(void)
{
    int fd = open_socket(0);
    report(fd);
    report(fd);
}

static void complain_unless(bool good, const char *what)
{
    if (!good)
        puts(what);
}

static bool went_well(int fd)
{
    int error = -1;
    socklen_t len = sizeof error;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 && error == 0;
}

static int dial_without_waiting(void)
{
    int fd = open_socket(SOCK_NONBLOCK);
    complain_unless(dial(fd) == 0 || errno == EINPROGRESS, "not connected");
    return fd;
}

/* As clients do that wait for a connect(): each way to wait, on a socket that is asked about
 * afterwards. */
static void ask_waiting(void)
{
    struct pollfd polled = {.fd = dial_without_waiting(), .events = POLLOUT};
    complain_unless(poll(&polled, 1, 5000) == 1 && polled.revents == POLLOUT,
                    "poll() does not say so");
    complain_unless(went_well(polled.fd), "SO_ERROR after poll()");

    struct timeval five = {5, 0};
    fd_set writable;
    int fd = dial_without_waiting();
    FD_ZERO(&writable);
    FD_SET(fd, &writable);
    complain_unless(select(fd + 1, NULL, &writable, NULL, &five) == 1, "select() does not say so");
    complain_unless(went_well(fd), "SO_ERROR after select()");

    struct epoll_event event = {.events = EPOLLOUT, .data.u64 = 7};
    int epoll = epoll_create1(0);
    fd = dial_without_waiting();
    complain_unless(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0, "EPOLL_CTL_ADD");
    complain_unless(epoll_wait(epoll, &event, 1, 5000) == 1 && event.events == EPOLLOUT,
                    "epoll_wait() does not say so");
    complain_unless(went_well(fd), "SO_ERROR after epoll_wait()");
    puts("done");
}

/* Registered with two instances before it is connected, under cookies that fill 64 bits. */
static void ask_registered(void)
{
    static const uint64_t cookie[] = {0xfedcba9876543210, 0x0123456789abcdef};
    static const uint32_t events[] = {EPOLLIN | EPOLLOUT, EPOLLIN | EPOLLOUT | EPOLLET};
    struct epoll_event event;
    int fd = open_socket(SOCK_NONBLOCK), other = open_socket(0), epoll[2];
    for (int i = 0; i < 2; i++) {
        epoll[i] = epoll_create1(0);
        event = (struct epoll_event){.events = EPOLLIN, .data.u64 = 1};
        complain_unless(epoll_ctl(epoll[i], EPOLL_CTL_ADD, other, &event) == 0, "EPOLL_CTL_ADD");
        event = (struct epoll_event){.events = events[i], .data.u64 = cookie[i]};
        complain_unless(epoll_ctl(epoll[i], EPOLL_CTL_ADD, fd, &event) == 0, "EPOLL_CTL_ADD");
        event = (struct epoll_event){.events = 0};
        complain_unless(epoll_ctl(epoll[i], EPOLL_CTL_DEL, other, &event) == 0, "EPOLL_CTL_DEL");
    }
    complain_unless(dial(fd) == 0 || errno == EINPROGRESS, "not connected");
    for (int i = 0; i < 2; i++) {
        bool heard = false;
        while (!heard && epoll_wait(epoll[i], &event, 1, 5000) == 1) {
            complain_unless(event.data.u64 == cookie[i], "another cookie");
            complain_unless(!(event.events & (EPOLLERR | EPOLLHUP)), "an error");
            heard = event.events & EPOLLIN;
        }
        complain_unless(heard, "the instance does not hear of it");
        event = (struct epoll_event){.events = EPOLLIN};
        complain_unless(epoll_ctl(epoll[i], EPOLL_CTL_MOD, fd, &event) == 0, "EPOLL_CTL_MOD");
        complain_unless(epoll_ctl(epoll[i], EPOLL_CTL_DEL, fd, &event) == 0, "EPOLL_CTL_DEL");
    }
    report(open_socket(0));
}

static int handler_fd;

static void connect_in_handler(int number)
{
    (void)number;
    if (dial(handler_fd) != 0)
        handler_fd = -1;
}

static void ask_signal(void)
{
    char line[256];
    stack_t small = {.ss_sp = malloc(16384), .ss_size = 16384};
    struct sigaction action = {.sa_handler = connect_in_handler, .sa_flags = SA_ONSTACK};
    sigaltstack(&small, NULL);
    sigaction(SIGINT, &action, NULL);
    handler_fd = open_socket(0);
    raise(SIGINT);
    puts(handler_fd < 0 ? "not connected" : first_line(handler_fd, line, sizeof line));
}

static void ask_fork(void)
{
    int status;
    report(open_socket(0));
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        report(open_socket(0));
        fflush(stdout);
        _exit(0);
    }
    waitpid(child, &status, 0);
    puts(WIFEXITED(status) ? "child is well" : "child has died");
}

static void *hammer(void *count)
{
    for (int i = 0; i < ROUNDS; i++) {
        char line[256];
        int fd = open_socket(SOCK_CLOEXEC);
        if (dial(fd) == 0 && strncmp(first_line(fd, line, sizeof line), "served ", 7) == 0)
            ++*(int *)count;
        close(fd);
    }
    return NULL;
}

static void ask_threads(void)
{
    pthread_t threads[THREADS];
    int counts[THREADS] = {0}, sum = 0;
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, hammer, &counts[i]);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        sum += counts[i];
    }
    printf("%d of %d\n", sum, THREADS * ROUNDS);
}

/* Once per line of standard input. */
static void ask_again(void)
{
    char line[256];
    while (fgets(line, sizeof line, stdin)) {
        int fd = open_socket(0);
        report(fd);
        fflush(stdout);
        close(fd);
    }
}

static void ask_others(void)
{
    struct sockaddr_un missing = {.sun_family = AF_UNIX, .sun_path = "/nonexistent/socket"};
    struct sockaddr_storage peer;
    socklen_t len = sizeof peer;
    int udp = socket(address.ss_family, SOCK_DGRAM, 0), fd = open_socket(0);
    printf("datagram %d\n", dial(udp));
    if (getpeername(udp, (struct sockaddr *)&peer, &len) != 0 || len != address_len ||
        memcmp(&peer, &address, len) != 0)
        puts("datagrams go elsewhere");
    printf("bad descriptor %d\n", dial(-1) == -1 && errno == EBADF);
    printf("a file %d\n", dial(open("/dev/null", O_RDONLY)) == -1 && errno == ENOTSOCK);
    printf("unix %d\n", connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&missing,
                                sizeof missing) == -1 &&
                            errno == ENOENT);
    printf("short %d\n", connect(fd, (struct sockaddr *)&address, 3) == -1 && errno == EINVAL);
    printf("null %d\n", connect(fd, NULL, 16) == -1 && errno == EFAULT);
}

/* As a PostgreSQL client: send a startup packet first, then read. */
static void ask_startup(void)
{
    static const char startup[] = "\0\0\0\x13\0\3\0\0user\0alice\0";
    char answer[1024];
    size_t len = 0;
    ssize_t more;
    int fd = open_socket(0);
    if (dial(fd) != 0) {
        printf("%s\n", strerror(errno));
        return;
    }
    (void)!send(fd, startup, sizeof startup, MSG_NOSIGNAL);
    usleep(10000); /* a client that is slow to read: a reset must not take the answer away */
    while (len < sizeof answer - 1 &&
           (more = recv(fd, answer + len, sizeof answer - 1 - len, 0)) > 0)
        len += (size_t)more;
    for (size_t i = 0; i < len; i++)
        putchar(answer[i] >= ' ' && answer[i] < 0x7f ? answer[i] : '.');
    puts("");
}

static void print_answer(const struct addrinfo *info)
{
    char text[256];
    const struct sockaddr_un *un = (const void *)info->ai_addr;
    if (info->ai_family == AF_UNIX)
        printf("unix %s type %d\n", un->sun_path, info->ai_socktype);
    else if (getnameinfo(info->ai_addr, info->ai_addrlen, text, sizeof text, NULL, 0,
                         NI_NUMERICHOST) == 0)
        printf("%s %s port %d type %d\n", info->ai_family == AF_INET ? "inet" : "inet6", text,
               ntohs(((const struct sockaddr_in *)(const void *)info->ai_addr)->sin_port),
               info->ai_socktype);
}

/* resolve HOST SERVICE|- [FAMILY [FLAGS [TYPE]]] */
static int resolve(char **arguments)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list;
    const char *service = strcmp(arguments[1], "-") == 0 ? NULL : arguments[1];
    if (arguments[2]) {
        hints.ai_family = atoi(arguments[2]);
        if (arguments[3]) {
            hints.ai_flags = atoi(arguments[3]);
            if (arguments[4])
                hints.ai_socktype = atoi(arguments[4]);
        }
    }
    int result = getaddrinfo(arguments[0], service, &hints, &list);
    if (result != 0) {
        printf("error %d\n", result);
        return 0;
    }
    for (const struct addrinfo *info = list; info; info = info->ai_next)
        print_answer(info);
    freeaddrinfo(list);
    for (int i = 0; i < 100; i++) /* a list freed wrongly shows in what malloc does next */
        free(malloc((size_t)i * 16));
    return 0;
}

static long resident_pages(void)
{
    long total, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file && fscanf(file, "%ld %ld", &total, &resident) != 2)
        resident = 0;
    if (file)
        fclose(file);
    return resident;
}

/* leak HOST SERVICE: whether memory grows with every answer that is freed */
static int leak(char **arguments)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list;
    long before = 0;
    for (int i = 0; i < 21000; i++) {
        if (i == 1000)
            before = resident_pages();
        if (getaddrinfo(arguments[0], arguments[1], &hints, &list) != 0)
            return 1;
        freeaddrinfo(list);
    }
    puts(resident_pages() - before < 256 ? "does not grow" : "grows");
    return 0;
}

/* What a call costs in nanoseconds, of a socket that cannot be connected to anything. */
static void ask_cost(void)
{
    struct timespec start, end;
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(1)};
    int fd = -1;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (int i = 0; i < 1000000; i++)
        (void)!connect(fd, (struct sockaddr *)&here, sizeof here);
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("%.1f ns\n",
           ((double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec)) /
               1e6);
}

static const struct {
    const char *name; /* asked as: probe NAME ADDRESS PORT */
    void (*ask)(void);
} questions[] = {
    {"connect", ask_connect},
    {"echo", ask_echo},
    {"flags", ask_flags},
    {"options", ask_options},
    {"twice", ask_twice},
    {"signal", ask_signal},
    {"fork", ask_fork},
    {"threads", ask_threads},
    {"again", ask_again},
    {"waiting", ask_waiting},
    {"registered", ask_registered},
    {"others", ask_others},
    {"startup", ask_startup},
    {"cost", ask_cost},
};

int main(int argc, char **argv)
{
    if (argc >= 4 && strcmp(argv[1], "resolve") == 0)
        return resolve(argv + 2);
    if (argc == 4 && strcmp(argv[1], "leak") == 0)
        return leak(argv + 2);
    for (size_t i = 0; argc == 4 && i < sizeof questions / sizeof *questions; i++) {
        if (strcmp(argv[1], questions[i].name) == 0) {
            set_address(argv[2], argv[3]);
            questions[i].ask();
            return 0;
        }
    }
    fprintf(stderr,
            "usage: probe QUESTION ADDRESS PORT | probe resolve HOST SERVICE [FAMILY...]\n");
    return 2;
}
