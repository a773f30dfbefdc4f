/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * server_load.c - many kept connections, one call after another on each, every one signed anew.
 *
 * Run by bench/server, against smcred-server and against others that speak Secrets Manager.  One
 * thread and one epoll, so that a client of this machine takes no more of it than it must.
 *
 *     server_load HOST:PORT OPERATION CONNECTIONS REQUESTS SECRETS
 *
 * OPERATION is create or each (secret after secret, made or read), put or get (any of the SECRETS).
 * The access key is read from the environment as SDKs do.  Answers "REQUESTS-PER-SECOND P50-US
 * P99-US".
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#include "common/clock.h"
#include "common/sigv4.h"

#define ROOM         16384 /* bytes of a request or an answer */
#define BODY_MAX     512
#define ANSWER_MS    30000
#define CONTENT_TYPE "application/x-amz-json-1.1"
#define SIGNED       "content-type;host;x-amz-date;x-amz-target"

enum operation { CREATE, PUT, GET, EACH };

struct connection {
    int fd;
    size_t request_len, sent, received;
    int64_t began_ns;
    char request[ROOM], answer[ROOM + 1];
};

struct load {
    struct sockaddr_in address;
    const char *host, *access_key_id;
    struct sm_secret *signing_key; /* of `scope` */
    struct sigv4_scope scope;
    enum operation operation;
    unsigned connections, requests, secrets;
    unsigned begun, done;
    int epoll;
    uint64_t random;
    int64_t *took_ns;
};

static int64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static uint64_t next_random(struct load *load)
{
    load->random ^= load->random << 13;
    load->random ^= load->random >> 7;
    load->random ^= load->random << 17;
    return load->random;
}

/* --- requests --------------------------------------------------------------------------------- */

static int write_body(struct load *load, char out[BODY_MAX])
{
    bool in_order = load->operation == CREATE || load->operation == EACH;
    unsigned which = (in_order ? load->begun : (unsigned)next_random(load)) % load->secrets;
    switch (load->operation) {
    case GET:
    case EACH:
        return snprintf(out, BODY_MAX, "{\"SecretId\": \"bench/%06u\"}", which);
    case CREATE:
    case PUT:
        return snprintf(out, BODY_MAX,
                        "{\"%s\": \"bench/%06u\", \"ClientRequestToken\": \"%032llx%08x\","
                        " \"SecretString\": \"{\\\"username\\\":\\\"app\\\",\\\"password\\\":"
                        "\\\"%016llx\\\",\\\"host\\\":\\\"db.example\\\",\\\"port\\\":5432}\"}",
                        load->operation == CREATE ? "Name" : "SecretId", which,
                        (unsigned long long)next_random(load), load->begun,
                        (unsigned long long)next_random(load));
    }
    return 0;
}

static void write_request(struct load *load, struct connection *connection)
{
    static const char *const names[] = {"CreateSecret", "PutSecretValue", "GetSecretValue",
                                        "GetSecretValue"};
    char body[BODY_MAX], target[64], signature[SIGV4_SIGNATURE_LEN + 1];
    int len = write_body(load, body);
    (void)snprintf(target, sizeof target, "secretsmanager.%s", names[load->operation]);
    sigv4_date(sm_wall_ms(), load->scope.date);
    const struct sigv4_header headers[] = {
        {sm_bytes_of("content-type"), sm_bytes_of(CONTENT_TYPE)},
        {sm_bytes_of("host"), sm_bytes_of(load->host)},
        {sm_bytes_of("x-amz-date"), sm_bytes_of(load->scope.date)},
        {sm_bytes_of("x-amz-target"), sm_bytes_of(target)}};
    const struct sigv4_request request = {.method = sm_bytes_of("POST"),
                                          .path = sm_bytes_of("/"),
                                          .headers = headers,
                                          .header_count = sizeof headers / sizeof *headers,
                                          .body = sm_bytes(body, (size_t)len)};
    if (sigv4_sign(&request, &load->scope, SIGNED, load->signing_key, signature) != SMCRED_OK)
        errx(1, "cannot sign");
    connection->request_len = (size_t)snprintf(
        connection->request, ROOM,
        "POST / HTTP/1.1\r\nHost: %s\r\nContent-Type: " CONTENT_TYPE "\r\nX-Amz-Target: %s\r\n"
        "X-Amz-Date: %s\r\nAuthorization: AWS4-HMAC-SHA256 Credential=%s/%.8s/%s/%s/aws4_request, "
        "SignedHeaders=" SIGNED ", Signature=%s\r\nContent-Length: %d\r\n\r\n%s",
        load->host, target, load->scope.date, load->access_key_id, load->scope.date,
        load->scope.region, load->scope.service, signature, len, body);
}

/* --- connections ------------------------------------------------------------------------------ */

static void connect_anew(struct load *load, struct connection *connection)
{
    const int on = 1;
    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection->fd < 0 ||
        connect(connection->fd, (const struct sockaddr *)&load->address, sizeof load->address) != 0)
        err(1, "cannot connect to %s", load->host);
    (void)setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, connection->fd, &event) != 0)
        err(1, "epoll_ctl");
}

/* A request is shorter than a socket's buffer, and that is empty. */
static void begin(struct load *load, struct connection *connection)
{
    if (load->begun == load->requests)
        return;
    write_request(load, connection);
    load->begun++;
    connection->received = 0;
    connection->began_ns = now_ns();
    if (send(connection->fd, connection->request, connection->request_len, MSG_NOSIGNAL) !=
        (ssize_t)connection->request_len)
        err(1, "cannot send");
}

/* The answer's length with its header, once it is known; 0 before. */
static size_t answer_len(const struct connection *connection)
{
    const char *end = strstr(connection->answer, "\r\n\r\n");
    const char *length = end ? strcasestr(connection->answer, "\r\nContent-Length:") : NULL;
    if (!end)
        return 0;
    if (!length || length > end)
        errx(1, "an answer without a length: %s", connection->answer);
    return (size_t)(end + 4 - connection->answer) + strtoul(length + 17, NULL, 10);
}

static void finish(struct load *load, struct connection *connection)
{
    load->took_ns[load->done++] = now_ns() - connection->began_ns;
    if (strncmp(connection->answer, "HTTP/1.", 7) != 0 ||
        strncmp(connection->answer + 8, " 200", 4) != 0)
        errx(1, "refused: %s", connection->answer);
    if (strcasestr(connection->answer, "\r\nConnection: close")) {
        (void)close(connection->fd);
        connect_anew(load, connection);
    }
    begin(load, connection);
}

static void receive(struct load *load, struct connection *connection)
{
    ssize_t len = recv(connection->fd, connection->answer + connection->received,
                       ROOM - connection->received, 0);
    if (len <= 0)
        errx(1, "the server has closed the connection after %u answers", load->done);
    connection->received += (size_t)len;
    connection->answer[connection->received] = '\0';
    size_t whole = answer_len(connection);
    if (whole > ROOM)
        errx(1, "an answer of %zu bytes", whole);
    if (whole > 0 && connection->received >= whole)
        finish(load, connection);
}

static void run(struct load *load)
{
    struct epoll_event events[64];
    struct connection *connections = calloc(load->connections, sizeof *connections);
    if (!connections)
        err(1, "calloc");
    for (unsigned i = 0; i < load->connections; i++) {
        connect_anew(load, &connections[i]);
        begin(load, &connections[i]);
    }
    while (load->done < load->requests) {
        int count = epoll_wait(load->epoll, events, 64, ANSWER_MS);
        if (count <= 0)
            errx(1, "no answer within %d ms, after %u", ANSWER_MS, load->done);
        for (int i = 0; i < count; i++)
            receive(load, events[i].data.ptr);
    }
    for (unsigned i = 0; i < load->connections; i++)
        (void)close(connections[i].fd);
    free(connections);
}

/* --- the program ------------------------------------------------------------------------------ */

static int compare(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static enum operation operation_of(const char *text)
{
    if (strcmp(text, "create") == 0)
        return CREATE;
    if (strcmp(text, "put") == 0)
        return PUT;
    if (strcmp(text, "get") == 0)
        return GET;
    if (strcmp(text, "each") == 0)
        return EACH;
    errx(2, "what is %s?", text);
}

static unsigned number_of(const char *text)
{
    unsigned long number = strtoul(text, NULL, 10);
    if (number == 0 || number > 10000000)
        errx(2, "%s is not a number of anything", text);
    return (unsigned)number;
}

static struct sockaddr_in address_of(const char *text)
{
    char host[64] = "";
    const char *colon = strrchr(text, ':');
    struct sockaddr_in address = {.sin_family = AF_INET};
    if (!colon || (size_t)(colon - text) >= sizeof host)
        errx(2, "%s is not HOST:PORT", text);
    memcpy(host, text, (size_t)(colon - text));
    address.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
    if (inet_pton(AF_INET, host, &address.sin_addr) != 1)
        errx(2, "%s is not an address", host);
    return address;
}

static struct sm_secret *derive_key(struct sm_vault *vault, struct sigv4_scope *scope)
{
    struct sm_secret *secret_key, *signing_key;
    const char *text = getenv("AWS_SECRET_ACCESS_KEY");
    sigv4_date(sm_wall_ms(), scope->date); /* the bench does not run over midnight */
    if (!text || sm_secret_new(vault, sm_bytes_of(text), &secret_key) != SMCRED_OK ||
        sigv4_derive(vault, scope, secret_key, &signing_key) != SMCRED_OK)
        errx(1, "no AWS_SECRET_ACCESS_KEY");
    sm_secret_free(secret_key);
    return signing_key;
}

int main(int argc, char **argv)
{
    struct sm_vault *vault;
    if (argc != 6)
        errx(2, "usage: server_load HOST:PORT create|each|put|get CONNECTIONS REQUESTS SECRETS");
    struct load load = {.address = address_of(argv[1]),
                        .host = argv[1],
                        .access_key_id = getenv("AWS_ACCESS_KEY_ID"),
                        .scope = {.region = "us-east-1", .service = "secretsmanager"},
                        .operation = operation_of(argv[2]),
                        .connections = number_of(argv[3]),
                        .requests = number_of(argv[4]),
                        .secrets = number_of(argv[5]),
                        .epoll = epoll_create1(EPOLL_CLOEXEC),
                        .random = (uint64_t)now_ns() | 1};
    load.took_ns = calloc(load.requests, sizeof *load.took_ns);
    if (!load.access_key_id || load.epoll < 0 || !load.took_ns || sm_vault_new(&vault) != SMCRED_OK)
        errx(1, "no AWS_ACCESS_KEY_ID, or out of memory");
    load.signing_key = derive_key(vault, &load.scope);
    int64_t began_ns = now_ns();
    run(&load);
    double seconds = (double)(now_ns() - began_ns) / 1e9;
    qsort(load.took_ns, load.done, sizeof *load.took_ns, compare);
    printf("%.0f %.1f %.1f\n", load.done / seconds, (double)load.took_ns[load.done / 2] / 1e3,
           (double)load.took_ns[(uint64_t)load.done * 99 / 100] / 1e3);
    sm_secret_free(load.signing_key);
    sm_vault_free(vault);
    free(load.took_ns);
    return 0;
}
