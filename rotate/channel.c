/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * channel.c - a socket with deadlines of the kernel's, and OpenSSL on it.  Called by redis.c.
 */
#include "rotate/channel.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "rotate/engine.h"

#define BUFFER_SIZE 4096

struct channel {
    int fd;
    SSL *tls; /* NULL: plain */
    size_t begin, end;
    char buffer[BUFFER_SIZE]; /* what came, and nobody has read */
};

/* --- sockets ---------------------------------------------------------------------------------- */

/* connect() too is ended by SO_SNDTIMEO. */
static int connect_to(const struct sockaddr *address, socklen_t len)
{
    const struct timeval patience = {.tv_sec = ENGINE_TIMEOUT_S};
    sm_autoclose int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0 ||
        connect(fd, address, len) != 0)
        return -1;
    return sm_take_fd(&fd);
}

static const char *reason(void)
{
    return errno == EAGAIN || errno == EINPROGRESS ? "it does not answer" : strerror(errno);
}

static enum smcred_status dial_unix(const char *path, int *out_fd, struct sm_error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return sm_error_set(err, SMCRED_INVALID, "the path of the socket is too long");
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path); /* fits */
    *out_fd = connect_to((const struct sockaddr *)&address, sizeof address);
    return *out_fd >= 0
               ? SMCRED_OK
               : sm_error_set(err, SMCRED_UNAVAILABLE, "cannot connect to %s: %s", path, reason());
}

static enum smcred_status dial(const struct login *login, int *out_fd, struct sm_error *err)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                   .ai_flags = login->hostaddr ? AI_NUMERICHOST : 0};
    struct addrinfo *list = NULL;
    const char *host = login->hostaddr ? login->hostaddr : login->host;
    if (*login->host == '/')
        return dial_unix(login->host, out_fd, err);
    int code = getaddrinfo(host, login->port, &hints, &list);
    if (code != 0)
        return sm_error_set(err, SMCRED_UNAVAILABLE, "cannot resolve %s: %s", host,
                            gai_strerror(code));
    *out_fd = -1;
    for (struct addrinfo *at = list; at && *out_fd < 0; at = at->ai_next)
        *out_fd = connect_to(at->ai_addr, at->ai_addrlen);
    enum smcred_status status =
        *out_fd >= 0 ? SMCRED_OK
                     : sm_error_set(err, SMCRED_UNAVAILABLE, "cannot connect to %s port %s: %s",
                                    host, login->port, reason());
    freeaddrinfo(list);
    return status;
}

/* --- TLS -------------------------------------------------------------------------------------- */

static SSL_CTX *new_context(const struct login *login, const char **out_failure)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    const char *ca_file = login->ca_file ? login->ca_file : ENGINE_SYSTEM_CAS;
    *out_failure = NULL;
    if (!context || !SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION))
        *out_failure = "out of memory";
    else if (SSL_CTX_load_verify_file(context, ca_file) != 1)
        *out_failure = "cannot read the file of CA certificates";
    else if (login->client_cert &&
             (SSL_CTX_use_certificate_chain_file(context, login->client_cert) != 1 ||
              SSL_CTX_use_PrivateKey_file(context, login->client_key, SSL_FILETYPE_PEM) != 1))
        *out_failure = "cannot use the client certificate and its key";
    else
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    return context;
}

/* SSL_set_tlsext_host_name(), whose macro casts const away; OpenSSL copies the name. */
static bool ask_for(SSL *tls, const char *host)
{
    return SSL_ctrl(tls, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                    (void *)(uintptr_t)host) == 1;
}

static bool expect_name(SSL *tls, const char *host)
{
    struct in6_addr address;
    bool numeric =
        inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1;
    if (numeric)
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), host) == 1;
    return SSL_set1_host(tls, host) == 1 && ask_for(tls, host);
}

static enum smcred_status refused(const struct channel *channel, struct sm_error *err)
{
    long verdict = SSL_get_verify_result(channel->tls);
    const char *text = ERR_reason_error_string(ERR_peek_error());
    if (verdict != X509_V_OK)
        text = X509_verify_cert_error_string(verdict);
    (void)sm_error_set(err, SMCRED_UNAVAILABLE, "no TLS: %s%s",
                       verdict != X509_V_OK ? "certificate verify failed: " : "",
                       text ? text : "the server has gone, or speaks something else");
    ERR_clear_error();
    return SMCRED_UNAVAILABLE;
}

static enum smcred_status begin_tls(struct channel *channel, const struct login *login,
                                    struct sm_error *err)
{
    const char *failure;
    SSL_CTX *context = new_context(login, &failure);
    if (!failure &&
        (!(channel->tls = SSL_new(context)) || !expect_name(channel->tls, login->host) ||
         SSL_set_fd(channel->tls, channel->fd) != 1))
        failure = "out of memory";
    SSL_CTX_free(context); /* the session has its own hold on it */
    ERR_clear_error();
    if (failure)
        return sm_error_set(err, SMCRED_INVALID, "no TLS: %s", failure);
    return SSL_connect(channel->tls) == 1 ? SMCRED_OK : refused(channel, err);
}

enum smcred_status channel_new(const struct login *login, struct channel **out_channel,
                               struct sm_error *err)
{
    struct channel *channel = calloc(1, sizeof *channel);
    if (!channel)
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    channel->fd = -1;
    enum smcred_status status = dial(login, &channel->fd, err);
    if (status == SMCRED_OK && !login->plain && *login->host != '/')
        status = begin_tls(channel, login, err);
    if (status != SMCRED_OK) {
        channel_free(channel);
        return status;
    }
    *out_channel = channel;
    return SMCRED_OK;
}

void channel_free(struct channel *channel)
{
    if (!channel)
        return;
    SSL_free(channel->tls);
    sm_close_fd(&channel->fd);
    explicit_bzero(channel, sizeof *channel);
    free(channel);
}

/* --- bytes ------------------------------------------------------------------------------------ */

static enum smcred_status gone(struct sm_error *err)
{
    ERR_clear_error();
    return sm_error_set(err, SMCRED_UNAVAILABLE, "the database is gone, or does not answer");
}

enum smcred_status channel_write(struct channel *channel, struct sm_bytes bytes,
                                 struct sm_error *err)
{
    const char *at = bytes.data;
    while (bytes.len > 0) {
        ssize_t sent = channel->tls ? SSL_write(channel->tls, at, (int)bytes.len)
                                    : send(channel->fd, at, bytes.len, MSG_NOSIGNAL);
        if (sent < 0 && !channel->tls && errno == EINTR)
            continue;
        if (sent <= 0)
            return gone(err);
        at += sent;
        bytes.len -= (size_t)sent;
    }
    return SMCRED_OK;
}

static bool fill(struct channel *channel)
{
    ssize_t got;
    do
        got = channel->tls ? SSL_read(channel->tls, channel->buffer, sizeof channel->buffer)
                           : recv(channel->fd, channel->buffer, sizeof channel->buffer, 0);
    while (got < 0 && !channel->tls && errno == EINTR);
    channel->begin = 0;
    channel->end = got > 0 ? (size_t)got : 0;
    return got > 0;
}

enum smcred_status channel_read(struct channel *channel, char *out, size_t len,
                                struct sm_error *err)
{
    while (len > 0) {
        if (channel->begin == channel->end && !fill(channel))
            return gone(err);
        size_t there = channel->end - channel->begin, part = len < there ? len : there;
        memcpy(out, channel->buffer + channel->begin, part);
        channel->begin += part;
        out += part;
        len -= part;
    }
    return SMCRED_OK;
}
