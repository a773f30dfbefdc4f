/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * listen.c - from the text after --listen to a listening socket.  Called by main.
 */
#include "server/listen.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define BACKLOG 128

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_un local;
};

static enum smcred_status fail_errno(struct sm_error *err, const char *what, const char *where)
{
    return sm_error_set(err, SMCRED_SYSTEM, "cannot %s %s: %s", what, where, strerror(errno));
}

static bool parse_port(const char *text, in_port_t *out_port)
{
    char *end;
    unsigned long port = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || port > 65535)
        return false;
    *out_port = htons((uint16_t)port);
    return true;
}

/* Numeric addresses alone: what a name means may change between check and use. */
static bool parse_address(const char *where, union address *out, socklen_t *out_len)
{
    char host[INET6_ADDRSTRLEN + 2] = "";
    const char *colon = strrchr(where, ':');
    in_port_t port;
    if (!colon || (size_t)(colon - where) >= sizeof host || !parse_port(colon + 1, &port))
        return false;
    memcpy(host, where, (size_t)(colon - where));
    size_t len = strlen(host);
    if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
        host[len - 1] = '\0';
        out->v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = port};
        *out_len = sizeof out->v6;
        return inet_pton(AF_INET6, host + 1, &out->v6.sin6_addr) == 1;
    }
    out->v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = port};
    *out_len = sizeof out->v4;
    return inet_pton(AF_INET, host, &out->v4.sin_addr) == 1;
}

static bool is_loopback(const union address *address)
{
    if (address->any.sa_family == AF_INET)
        return ntohl(address->v4.sin_addr.s_addr) >> 24 == 127;
    return IN6_IS_ADDR_LOOPBACK(&address->v6.sin6_addr);
}

static void write_url(int fd, bool tls, char out_url[SERVER_URL_MAX])
{
    union address bound = {.any.sa_family = AF_INET};
    socklen_t len = sizeof bound;
    char host[INET6_ADDRSTRLEN] = "";
    (void)getsockname(fd, &bound.any, &len); /* a socket of ours, bound */
    bool v6 = bound.any.sa_family == AF_INET6;
    const void *where = v6 ? (const void *)&bound.v6.sin6_addr : (const void *)&bound.v4.sin_addr;
    (void)inet_ntop(bound.any.sa_family, where, host, sizeof host); /* fits */
    (void)snprintf(out_url, SERVER_URL_MAX, v6 ? "%s://[%s]:%u" : "%s://%s:%u",
                   tls ? "https" : "http", host,
                   ntohs(v6 ? bound.v6.sin6_port : bound.v4.sin_port)); /* fits */
}

static enum smcred_status listen_inet(const char *where, bool tls, int *out_fd,
                                      char out_url[SERVER_URL_MAX], struct sm_error *err)
{
    union address address;
    socklen_t len;
    int on = 1;
    if (!parse_address(where, &address, &len))
        return sm_error_set(err, SMCRED_INVALID,
                            "%s is not ADDRESS:PORT, [ADDRESS]:PORT or unix:/PATH", where);
    if (!tls && !is_loopback(&address))
        return sm_error_set(err, SMCRED_DENIED,
                            "%s is not a loopback address; give --tls-cert and --tls-key", where);
    sm_autoclose int fd =
        socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(fd, &address.any, len) != 0 || listen(fd, BACKLOG) != 0)
        return fail_errno(err, "listen at", where);
    write_url(fd, tls, out_url);
    *out_fd = sm_take_fd(&fd);
    return SMCRED_OK;
}

/* A socket file nobody listens at is left over from a server that was killed. */
static enum smcred_status remove_stale(const struct sockaddr_un *address, struct sm_error *err)
{
    struct stat file;
    if (lstat(address->sun_path, &file) != 0)
        return errno == ENOENT ? SMCRED_OK : fail_errno(err, "look at", address->sun_path);
    sm_autoclose int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (!S_ISSOCK(file.st_mode))
        return sm_error_set(err, SMCRED_DENIED, "%s exists and is no socket", address->sun_path);
    if (probe < 0)
        return fail_errno(err, "make a socket for", address->sun_path);
    if (connect(probe, (const struct sockaddr *)address, sizeof *address) == 0 ||
        errno != ECONNREFUSED)
        return sm_error_set(err, SMCRED_UNAVAILABLE, "%s is in use", address->sun_path);
    return unlink(address->sun_path) == 0 ? SMCRED_OK
                                          : fail_errno(err, "remove", address->sun_path);
}

static enum smcred_status listen_local(const char *path, bool tls, int *out_fd,
                                       char out_url[SERVER_URL_MAX], struct sm_error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path || *path != '/')
        return sm_error_set(err, SMCRED_INVALID, "%s is not an absolute path of at most %zu bytes",
                            path, sizeof address.sun_path - 1);
    if (tls)
        return sm_error_set(err, SMCRED_INVALID, "TLS is not spoken on a Unix socket");
    memcpy(address.sun_path, path, strlen(path));
    enum smcred_status status = remove_stale(&address, err);
    if (status != SMCRED_OK)
        return status;
    sm_autoclose int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
        chmod(path, 0666) != 0 || /* signatures say who may; the directory says who gets here */
        listen(fd, BACKLOG) != 0)
        return fail_errno(err, "listen at", path);
    (void)snprintf(out_url, SERVER_URL_MAX, "unix:%s", path); /* fits */
    *out_fd = sm_take_fd(&fd);
    return SMCRED_OK;
}

enum smcred_status server_listen(const char *where, bool tls, int *out_fd,
                                 char out_url[SERVER_URL_MAX], struct sm_error *err)
{
    static const char local[] = "unix:";
    if (strncmp(where, local, sizeof local - 1) == 0)
        return listen_local(where + sizeof local - 1, tls, out_fd, out_url, err);
    return listen_inet(where, tls, out_fd, out_url, err);
}

bool server_listen_is_local(const char *where)
{
    union address address;
    socklen_t len;
    return strncmp(where, "unix:", 5) == 0 ||
           (parse_address(where, &address, &len) && is_loopback(&address));
}
